//! Jobs: their states, what can be asked of them, and what is known of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::TimeDelta;
use rulegate::clock::{Clock, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::error::OperationStatus;
use rulegate::pipeline::{JobError, JobRecord, JobState};
use rulegate::settings::{Jobs, Settings};
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{Catalog, Context, Engine, Fault, Hook, Message, OrganizationService, Step};
use uuid::Uuid;

use crate::engines::{Log, builder, create, create_task, engine, now, refuse};

fn job() -> Step {
    Step::on(Message::Create, "account").asynchronous()
}

/// A hook that asks for something each time that it runs, and does well when it runs out of words.
fn asking<const N: usize>(statuses: [OperationStatus; N]) -> impl Hook + 'static {
    let runs = AtomicU32::new(0);
    move |_: &mut Context| {
        let run = runs.fetch_add(1, Ordering::SeqCst) as usize;
        statuses.get(run).map_or(Ok(()), |it| Err(Fault::reject_job(*it, "not today")))
    }
}

/// An engine that the hooks of its steps can ask, and a clock to be moved.
struct Known {
    engine: Engine,
    clock: Arc<ManualClock>,
}

type Slot = Arc<OnceLock<Engine>>;

impl Known {
    fn new(steps: impl FnOnce(&Slot) -> Vec<Step>) -> Self {
        Self::with(|_| {}, steps)
    }

    fn with(settings: impl FnOnce(&mut Settings), steps: impl FnOnce(&Slot) -> Vec<Step>) -> Self {
        let (slot, clock) = (Slot::default(), Arc::new(ManualClock::at(now())));
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let builder = builder().shared_clock(shared).settings(settings);
        let engine = steps(&slot).into_iter().fold(builder, EngineBuilder::step).build().unwrap();
        drop(slot.set(engine.clone()));
        Self { engine, clock }
    }
}

/// A hook that does something to its own job, by the engine on which it runs.
fn on_itself(
    slot: &Slot,
    act: impl Fn(&Engine, Uuid) + Send + Sync + 'static,
) -> impl Fn(&mut Context) -> Result<(), Fault> + Send + Sync + 'static {
    let slot = Arc::clone(slot);
    move |ctx| {
        act(slot.get().unwrap(), ctx.job().unwrap().0);
        Ok(())
    }
}

fn only(engine: &Engine) -> JobRecord {
    let [record] = engine.jobs().try_into().unwrap();
    record
}

fn refused(outcome: Result<(), JobError>) -> (u32, &'static str) {
    let error = outcome.unwrap_err();
    (error.number(), error.code().name())
}

#[test]
fn states_have_the_codes_of_dataverse() {
    // L-6
    let all = [
        (JobState::Ready, 0, 0),
        (JobState::Waiting, 1, 10),
        (JobState::InProgress, 2, 20),
        (JobState::Pausing, 2, 21),
        (JobState::Canceling, 2, 22),
        (JobState::Succeeded, 3, 30),
        (JobState::Failed, 3, 31),
        (JobState::Canceled, 3, 32),
    ];
    for (state, code, status) in all {
        assert_eq!((state.code(), state as u8), (code, status));
        assert_eq!(state.is_completed(), code == 3);
    }
}

#[test]
fn a_job_that_runs_is_in_progress() {
    // L-6, L-9
    let log = Log::default();
    let seen = log.clone();
    let known = Known::new(|slot| {
        let look = on_itself(slot, move |engine, id| {
            let record = only(engine);
            assert_eq!(record.id, id);
            seen.write(format!("{:?} {:?}", record.state, record.started_on == Some(now())));
            assert!(engine.run_jobs().is_empty()); // Nobody takes it a second time.
        });
        vec![job().run("job", look)]
    });

    create(&known.engine, "account", []);
    known.engine.run_jobs();

    assert_eq!(log.take(), ["InProgress true"]);
    assert_eq!(only(&known.engine).state, JobState::Succeeded);
}

#[test]
fn between_its_runs_a_job_waits() {
    // E-31, E-32
    let log = Log::default();
    let seen = log.clone();
    let known = Known::new(|slot| {
        let look = on_itself(slot, move |engine, id| {
            let other = engine.jobs().into_iter().find(|it| it.id != id).unwrap();
            seen.write(format!("{:?} {:?}", other.state, other.message));
        });
        vec![
            job().rank(1).run("again", asking([OperationStatus::Retry])),
            job().rank(2).run("look", look),
        ]
    });

    create(&known.engine, "account", []);
    let outcomes = known.engine.run_jobs();

    assert_eq!(log.take(), ["Waiting Some(\"not today\")"]);
    let states: Vec<JobState> = outcomes.iter().map(|it| it.record.state).collect();
    assert_eq!(states, [JobState::Waiting, JobState::Succeeded, JobState::Succeeded]);
    assert_eq!(outcomes.last().unwrap().record.retries, 1);
}

#[test]
fn a_job_that_is_canceled_does_not_run() {
    // L-7
    let log = Log::default();
    let engine = engine([job().run("job", log.word("ran"))]);
    create(&engine, "account", []);

    engine.cancel_job(only(&engine).id).unwrap();
    engine.run_jobs();

    assert!(log.take().is_empty());
    let canceled = only(&engine);
    assert_eq!((canceled.state, canceled.completed_on), (JobState::Canceled, Some(now())));
}

#[test]
fn a_job_that_is_canceled_while_it_runs_is_canceled_at_its_end_and_what_it_did_stays() {
    // L-7, E-36
    for asked in [&[][..], &[OperationStatus::Retry]] {
        let log = Log::default();
        let seen = log.clone();
        let asked = asked.to_vec();
        let known = Known::new(|slot| {
            let cancel = on_itself(slot, move |engine, id| {
                engine.cancel_job(id).unwrap();
                seen.write(format!("{:?}", only(engine).state));
                engine.cancel_job(id).unwrap();
            });
            let step = job().auto_delete().run("job", move |ctx: &mut Context| {
                create_task("written").execute(ctx)?;
                cancel(ctx)?;
                asked.first().map_or(Ok(()), |it| Err(Fault::reject_job(*it, "again")))
            });
            vec![step]
        });

        create(&known.engine, "account", []);
        known.engine.run_jobs();

        assert_eq!(log.take(), ["Canceling"]);
        assert_eq!(only(&known.engine).state, JobState::Canceled);
        assert_eq!(crate::engines::count(&known.engine, "task"), 1);
    }
}

#[test]
fn a_job_that_waits_runs_once_it_is_resumed() {
    // E-33, L-7
    let engine = engine([job().run("job", asking([OperationStatus::Suspended]))]);
    create(&engine, "account", []);
    engine.run_jobs();
    let waiting = only(&engine);
    assert_eq!((waiting.state, waiting.message.as_deref()), (JobState::Waiting, Some("not today")));
    assert!(engine.run_jobs().is_empty());

    engine.resume_job(waiting.id).unwrap();

    assert_eq!(only(&engine).state, JobState::Ready);
    engine.run_jobs();
    let done = only(&engine);
    assert_eq!((done.state, done.retries, done.message), (JobState::Succeeded, 1, None));
}

#[test]
fn a_job_that_waits_can_be_canceled() {
    // L-7
    let engine = engine([job().run("job", asking([OperationStatus::Suspended]))]);
    create(&engine, "account", []);
    engine.run_jobs();

    engine.cancel_job(only(&engine).id).unwrap();

    assert_eq!(only(&engine).state, JobState::Canceled);
    assert!(engine.run_jobs().is_empty());
}

#[test]
fn a_job_that_is_paused_while_it_runs_waits_instead_of_running_again() {
    // L-7
    let known = Known::new(|slot| {
        let pause = on_itself(slot, |engine, id| {
            if only(engine).retries == 0 {
                engine.pause_job(id).unwrap();
                assert_eq!(only(engine).state, JobState::Pausing);
            }
        });
        let again = asking([OperationStatus::Retry]);
        vec![job().run("job", move |ctx: &mut Context| {
            pause(ctx)?;
            again.execute(ctx)
        })]
    });
    create(&known.engine, "account", []);

    assert_eq!(known.engine.run_jobs().len(), 1);
    assert_eq!(only(&known.engine).state, JobState::Waiting);
    known.engine.resume_job(only(&known.engine).id).unwrap();
    assert_eq!(known.engine.run_jobs().len(), 1);
    assert_eq!(only(&known.engine).state, JobState::Succeeded);
}

#[test]
fn what_the_state_of_a_job_does_not_allow_is_refused() {
    // L-7, L-8, E-35
    let (cancel, resume) =
        ((0x8004_4165, "job.not-cancelable"), (0x8004_4166, "job.not-resumable"));
    let (pause, postpone) =
        ((0x8004_4167, "job.not-pausable"), (0x8004_4162, "job.not-postponable"));
    let delete = (0x8004_416A, "job.not-completed");
    let running = Known::new(|slot| {
        let ask = on_itself(slot, move |engine, id| {
            assert_eq!(refused(engine.resume_job(id)), resume);
            assert_eq!(refused(engine.delete_job(id)), delete);
            engine.cancel_job(id).unwrap();
            assert_eq!(refused(engine.pause_job(id)), pause);
        });
        vec![job().run("job", ask)]
    });
    create(&running.engine, "account", []);
    running.engine.run_jobs();
    let (done, id) = (&running.engine, only(&running.engine).id);
    assert_eq!(only(done).state, JobState::Canceled); // The hook did not panic.
    assert_eq!(refused(done.cancel_job(id)), cancel);
    assert_eq!(refused(done.resume_job(id)), resume);
    assert_eq!(refused(done.pause_job(id)), pause);
    assert_eq!(refused(done.postpone_job(id, now())), postpone);

    let engine = engine([job().run("job", asking([OperationStatus::Suspended]))]);
    create(&engine, "account", []);
    let id = only(&engine).id;
    assert_eq!(refused(engine.resume_job(id)), resume); // Ready.
    assert_eq!(refused(engine.pause_job(id)), pause);
    assert_eq!(refused(engine.delete_job(id)), delete);
    engine.run_jobs();
    assert_eq!(refused(engine.pause_job(id)), pause); // Waiting.
    assert_eq!(refused(engine.postpone_job(id, now())), postpone);
    assert_eq!(refused(engine.delete_job(id)), delete);
}

#[test]
fn a_job_that_is_done_can_be_deleted_and_one_that_nobody_knows_is_not_found() {
    // E-35
    let engine = engine([job().run("job", refuse("no"))]);
    create(&engine, "account", []);
    engine.run_jobs();
    let id = only(&engine).id;

    engine.delete_job(id).unwrap();

    assert!(engine.jobs().is_empty());
    let missing = (0x8004_0217, "store.not-found");
    assert_eq!(refused(engine.delete_job(id)), missing);
    assert_eq!(refused(engine.cancel_job(id)), missing);
}

#[test]
fn a_postponed_job_does_not_run_before_its_time() {
    // L-7, L-12
    let log = Log::default();
    let known = Known::new(|_| {
        vec![job().rank(1).run("late", log.word("late")), job().rank(2).run("on", log.word("on"))]
    });
    create(&known.engine, "account", []);
    let late = known.engine.jobs().first().unwrap().id;
    let until = now() + TimeDelta::minutes(5);

    known.engine.postpone_job(late, until).unwrap();

    known.engine.run_jobs();
    assert_eq!(log.take(), ["on"]);
    let waiting = known.engine.jobs().into_iter().find(|it| it.id == late).unwrap();
    assert_eq!((waiting.state, waiting.postpone_until), (JobState::Ready, Some(until)));
    known.clock.advance(TimeDelta::seconds(299));
    assert!(known.engine.run_jobs().is_empty());
    known.clock.advance(TimeDelta::seconds(1));
    known.engine.run_jobs();
    assert_eq!(log.take(), ["late"]);
}

#[test]
fn a_job_that_is_postponed_while_it_runs_runs_again_at_that_time() {
    // L-7
    let until = now() + TimeDelta::minutes(5);
    let known = Known::new(|slot| {
        let postpone = on_itself(slot, move |engine, id| engine.postpone_job(id, until).unwrap());
        let again = asking([OperationStatus::Retry]);
        vec![job().run("job", move |ctx: &mut Context| {
            postpone(ctx)?;
            again.execute(ctx)
        })]
    });
    create(&known.engine, "account", []);

    assert_eq!(known.engine.run_jobs().len(), 1);
    assert_eq!(only(&known.engine).postpone_until, Some(until));
    known.clock.advance(TimeDelta::minutes(5));
    assert_eq!(known.engine.run_jobs().len(), 1);
    assert_eq!(only(&known.engine).state, JobState::Succeeded);
}

#[test]
fn workers_run_a_postponed_job_when_its_time_has_come_and_nobody_waits_for_it_before() {
    // L-7
    let until = now() + TimeDelta::minutes(5);
    let known = Known::with(
        |it| it.jobs = Jobs::Workers(2),
        |slot| {
            let postpone =
                on_itself(slot, move |engine, id| engine.postpone_job(id, until).unwrap());
            let again = asking([OperationStatus::Retry]);
            vec![job().run("job", move |ctx: &mut Context| {
                postpone(ctx)?;
                again.execute(ctx)
            })]
        },
    );
    create(&known.engine, "account", []);

    known.engine.wait_for_jobs();
    assert_eq!(only(&known.engine).state, JobState::Waiting);
    known.clock.advance(TimeDelta::minutes(5));
    known.engine.wait_for_jobs();
    assert_eq!(only(&known.engine).state, JobState::Succeeded);
}

/// A store that is not there for so many transactions.
#[derive(Debug)]
struct Absent {
    memory: Memory,
    left: Arc<AtomicU32>,
}

impl Store for Absent {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.memory.adopt(catalog)
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let step = |it: u32| it.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step) {
            Ok(_) => Err(StoreError::Backend("no answer".into())),
            Err(_) => self.memory.begin(),
        }
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.memory.snapshot()
    }
}

#[test]
fn a_job_that_the_store_failed_runs_again_by_itself() {
    // E-34, E-31
    for (failures, state, retries) in [(3, JobState::Succeeded, 3), (4, JobState::Failed, 3)] {
        let left = Arc::new(AtomicU32::new(0));
        let store = Absent { memory: Memory::default(), left: Arc::clone(&left) };
        let step = job().run("job", create_task("call"));
        let engine = builder().store(store).step(step).build().unwrap();
        create(&engine, "account", []);

        left.store(failures, Ordering::SeqCst);
        engine.run_jobs();

        let record = only(&engine);
        assert_eq!((record.state, record.retries), (state, retries));
    }
}

#[test]
fn a_job_that_succeeded_is_forgotten_where_its_step_says_so() {
    // P-58, L-10
    let engine = engine([
        job().rank(1).auto_delete().run("well", asking([])),
        job().rank(2).auto_delete().run("badly", refuse("no")),
        job().rank(3).run("kept", asking([])),
    ]);

    create(&engine, "account", []);
    let outcomes = engine.run_jobs();

    let states: Vec<JobState> = outcomes.iter().map(|it| it.record.state).collect();
    assert_eq!(states, [JobState::Succeeded, JobState::Failed, JobState::Succeeded]);
    let steps: Vec<String> = engine.jobs().into_iter().map(|it| it.step).collect();
    assert_eq!(steps, ["badly", "kept"]);
}

#[test]
fn a_job_tells_what_it_is_about_and_what_became_of_it() {
    // L-11, L-12, E-30
    let user = rulegate::bootstrap::SYSTEM_USER;
    let fail = |_: &mut Context| Err(Fault::failed("broken"));
    let known = Known::new(|_| {
        vec![
            job().rank(1).run("refuses", refuse("too late")),
            job().rank(2).run_as(user).run("fails", fail),
            job().rank(3).run("nests", |ctx: &mut Context| {
                let nobody = rulegate::EntityReference::new("account", Uuid::from_u128(1));
                Ok(ctx.service().delete(&nobody)?)
            }),
        ]
    });
    let account = create(&known.engine, "account", []);
    known.clock.advance(TimeDelta::seconds(7));

    known.engine.run_jobs();

    let [refuses, fails, nests] = known.engine.jobs().try_into().unwrap();
    let later = Some(now() + TimeDelta::seconds(7));
    assert_eq!(
        (&*refuses.step, &*refuses.message_name, &*refuses.entity),
        ("refuses", "Create", "account")
    );
    assert_eq!((refuses.regarding.as_ref(), refuses.depth), (Some(&account), 1));
    assert_eq!(
        (refuses.queued_on, refuses.started_on, refuses.completed_on),
        (now(), later, later)
    );
    assert_eq!((refuses.sequence, fails.sequence, nests.sequence), (1, 2, 3));
    assert_eq!((refuses.owner, fails.owner), (rulegate::bootstrap::DEFAULT_USER, user));
    assert_eq!(
        (refuses.error_code, refuses.friendly_message.as_deref()),
        (Some(0x8004_0265), Some("too late"))
    );
    assert_eq!((fails.error_code, fails.friendly_message), (Some(0x8004_0224), None));
    assert_eq!((fails.message.as_deref(), nests.error_code), (Some("broken"), Some(0x8004_0217)));
    assert_eq!(JobRecord::OPERATION_TYPE, 1);
}
