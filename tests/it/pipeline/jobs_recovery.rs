//! Recovery: what an engine finds in its store that another one has left there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use rulegate::clock::ManualClock;
use rulegate::engine::EngineBuilder;
use rulegate::error::OperationStatus;
use rulegate::pipeline::JobState;
use rulegate::settings::{JobGeneration, Jobs};
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Fault, Message, OrganizationService, Query, Step,
};
use rulegate_sqlite::Sqlite;
use uuid::Uuid;

use crate::engines::{Log, count, create, now};

/// A builder over the shipped entities and a store that others had before.
pub(super) fn on(store: &Memory) -> EngineBuilder {
    let builder = Engine::builder(support::shipped_catalog()).store(store.clone());
    builder.clock(ManualClock::at(now())).settings(|it| it.job_lease = Duration::ZERO)
}

fn job() -> Step {
    Step::on(Message::Create, "account").asynchronous()
}

fn name_of(ctx: &mut Context) -> String {
    ctx.target().unwrap().get("name").unwrap().to_string()
}

fn statuses(engine: &Engine) -> Vec<i32> {
    let query = Query::new("asyncoperation").order_by("sequence");
    let records = engine.retrieve_multiple(query).unwrap().records;
    records.iter().map(|it| it.get("statuscode").unwrap().as_choice().unwrap()).collect()
}

#[test]
fn what_waited_when_the_engine_went_runs_on_the_next_one_in_its_order() {
    // L-1, L-18, P-48
    let (store, log) = (Memory::default(), Log::default());
    let build = || on(&store).step(job().run("job", log.hook(name_of))).build().unwrap();
    let first = build();
    for name in ["A", "B", "C"] {
        create(&first, "account", [("name", name.into())]);
    }
    let before = first.jobs();
    drop(first);

    let second = build();
    assert_eq!(second.jobs(), before);
    create(&second, "account", [("name", "D".into())]);
    assert_eq!(second.jobs().iter().map(|it| it.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    second.run_jobs();

    assert_eq!(log.take(), ["\"A\"", "\"B\"", "\"C\"", "\"D\""]);
    assert_eq!(statuses(&second), [30; 4]);
    assert!(build().jobs().is_empty());
}

/// A store that goes down, as with its machine, and leaves what was committed.
#[derive(Debug, Clone)]
struct Falling {
    memory: Memory,
    is_down: Arc<AtomicBool>,
    begun: Arc<AtomicU32>,
}

impl Falling {
    fn new() -> Self {
        Self { memory: Memory::default(), is_down: Arc::default(), begun: Arc::default() }
    }
}

impl Store for Falling {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.memory.adopt(catalog)
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::Backend("down".into()));
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.memory.begin()
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.memory.snapshot()
    }
}

#[test]
fn a_job_that_ran_when_the_engine_went_runs_again_and_knows_itself_by_its_identity() {
    // L-9, P-27, E-36
    let store = Falling::new();
    let log = Log::default();
    let build = |falls: bool| {
        let (log, is_down) = (log.clone(), Arc::clone(&store.is_down));
        let call = move |ctx: &mut Context| {
            let (id, queued_on) = ctx.job().unwrap();
            log.write(format!("{id} {queued_on}"));
            let task = EntityReference::new("task", id);
            let service = ctx.service();
            if service.retrieve(&task).is_err() {
                let mut record = service.record("task")?;
                record.identify(id);
                service.create(record)?;
            }
            is_down.store(falls, Ordering::SeqCst);
            Ok(())
        };
        on(&store.memory).store(store.clone()).step(job().run("job", call)).build().unwrap()
    };
    let first = build(true);
    create(&first, "account", []);
    first.run_jobs();
    drop(first);
    store.is_down.store(false, Ordering::SeqCst);

    let second = build(false);
    assert_eq!(statuses(&second), [0]); // What ran is ready again.
    let outcomes = second.run_jobs();

    let [before, after] = log.take().try_into().unwrap();
    assert_eq!(before, after);
    assert_eq!((count(&second, "task"), statuses(&second)), (1, vec![30]));
    assert_eq!(outcomes.first().unwrap().record.retries, 1);
}

#[test]
fn a_job_with_which_the_engine_goes_each_time_fails_after_four_runs_and_can_be_queued_again() {
    // E-31
    let store = Falling::new();
    let runs = Arc::new(AtomicU32::new(0));
    let build = || {
        let (is_down, runs) = (Arc::clone(&store.is_down), Arc::clone(&runs));
        let fall = move |_: &mut Context| {
            runs.fetch_add(1, Ordering::SeqCst);
            is_down.store(true, Ordering::SeqCst);
            Ok(())
        };
        store.is_down.store(false, Ordering::SeqCst);
        on(&store.memory).store(store.clone()).step(job().run("job", fall)).build().unwrap()
    };
    create(&build(), "account", []);

    for _ in 0..6 {
        build().run_jobs();
    }

    let last = build();
    assert_eq!((runs.load(Ordering::SeqCst), statuses(&last)), (4, vec![31]));
    let failed = last.retrieve_multiple(Query::new("asyncoperation")).unwrap().records;
    let failed = failed.first().unwrap();
    let text = "the engine ended 4 times while the job ran";
    assert_eq!(failed.get("message"), Some(&text.into()));
    last.requeue_job(failed.id().unwrap()).unwrap();
    assert_eq!((last.run_jobs().len(), runs.load(Ordering::SeqCst)), (1, 5));
}

#[test]
fn a_job_whose_step_is_gone_fails_and_says_so() {
    // L-1
    let store = Memory::default();
    let well = |_: &mut Context| Ok(());
    create(&on(&store).step(job().run("old", well)).build().unwrap(), "account", []);

    let engine = on(&store).step(job().run("new", well)).build().unwrap();

    let [failed] = engine.jobs().try_into().unwrap();
    assert_eq!((failed.state, failed.step.as_str()), (JobState::Failed, "old"));
    let text = "the step `old` is not there any more, or disabled";
    assert_eq!(failed.message.as_deref(), Some(text));
    assert_eq!((statuses(&engine), engine.run_jobs().len()), (vec![31], 0));
}

#[test]
fn a_job_of_a_loaded_step_waits_until_steps_are_loaded() {
    // L-1
    let (store, log) = (Memory::default(), Log::default());
    let steps = || vec![job().run("loaded", log.hook(name_of))];
    let first = on(&store).build().unwrap();
    first.reload(support::shipped_catalog(), steps()).unwrap();
    create(&first, "account", [("name", "A".into())]);
    drop(first);

    let second = on(&store).settings(|it| it.jobs = Jobs::Manual).build().unwrap();
    assert_eq!((second.run_jobs().len(), statuses(&second)), (0, vec![0]));
    assert_eq!(second.jobs().len(), 1);
    second.reload(support::shipped_catalog(), steps()).unwrap();
    second.run_jobs();
    assert_eq!((log.take(), statuses(&second)), (vec!["\"A\"".to_owned()], vec![30]));

    create(&second, "account", [("name", "B".into())]);
    drop(second);
    let third = on(&store).build().unwrap();
    third.reload(support::shipped_catalog(), Vec::new()).unwrap();
    assert_eq!((statuses(&third), log.take().len()), (vec![30, 31], 0));
}

#[test]
fn what_was_asked_of_a_job_counts_after_the_engine_is_gone() {
    // L-7, E-33
    let store = Memory::default();
    let build = |status| {
        let end = move |_: &mut Context| Err(Fault::reject_job(status, "later"));
        on(&store).step(job().run("job", end)).build().unwrap()
    };
    let first = build(OperationStatus::Suspended);
    for _ in 0..3 {
        create(&first, "account", []);
    }
    let ids: Vec<Uuid> = first.jobs().iter().map(|it| it.id).collect();
    first.cancel_job(ids[0]).unwrap();
    first.postpone_job(ids[1], now() + TimeDelta::hours(1)).unwrap();
    first.run_jobs();
    assert_eq!(statuses(&first), [32, 0, 10]);
    drop(first);

    let second = build(OperationStatus::Succeeded);

    assert!(second.run_jobs().is_empty()); // One is canceled, one postponed, one waits to be resumed.
    assert_eq!(statuses(&second), [32, 0, 10]);
    second.resume_job(ids[2]).unwrap();
    assert_eq!(second.run_jobs().len(), 1);
    assert_eq!(statuses(&second), [32, 0, 30]);
    second.delete_job(ids[0]).unwrap(); // Only the store remembers it.
    second.postpone_job(ids[1], now()).unwrap();
    assert_eq!(second.run_jobs().len(), 1);
    assert_eq!(statuses(&second), [30, 30]);
}

#[test]
fn a_job_runs_on_the_generation_that_the_setting_names() {
    // L-1
    for (setting, ran) in [(JobGeneration::AsQueued, "old"), (JobGeneration::Latest, "new")] {
        let log = Log::default();
        let step = |word| vec![job().run("job", log.word(word))];
        let engine =
            on(&Memory::default()).settings(|it| it.job_generation = setting).build().unwrap();
        engine.reload(support::shipped_catalog(), step("old")).unwrap();
        create(&engine, "account", []);
        engine.reload(support::shipped_catalog(), step("new")).unwrap();
        engine.run_jobs();
        assert_eq!(log.take(), [ran]);
    }
}

#[test]
fn under_the_latest_generation_a_job_whose_step_is_gone_fails() {
    // L-1
    let log = Log::default();
    let engine = on(&Memory::default())
        .settings(|it| it.job_generation = JobGeneration::Latest)
        .build()
        .unwrap();
    engine.reload(support::shipped_catalog(), vec![job().run("job", log.word("ran"))]).unwrap();
    create(&engine, "account", []);
    engine.reload(support::shipped_catalog(), Vec::new()).unwrap();

    engine.run_jobs();

    let [failed] = engine.jobs().try_into().unwrap();
    assert_eq!(
        (failed.state, log.take().len(), statuses(&engine)),
        (JobState::Failed, 0, vec![31])
    );
}

#[test]
fn jobs_outlive_their_engine_in_a_file() {
    // L-1, L-18
    let folder = tempfile::tempdir().unwrap();
    let log = Log::default();
    let build = || {
        let store = Sqlite::open(folder.path().join("records.db")).unwrap();
        let builder = Engine::builder(support::shipped_catalog()).store(store);
        builder
            .clock(ManualClock::at(now()))
            .step(job().run("job", log.hook(super::jobs_data::all)))
            .build()
            .unwrap()
    };
    let first = build();
    let account = create(&first, "account", [("name", "A".into())]);
    let before = first.jobs();
    drop(first);

    let second = build();
    assert_eq!(second.jobs(), before);
    second.run_jobs();
    assert!(log.take().first().unwrap().contains(&account.id.to_string()));
    drop(second);

    let third = build();
    assert_eq!((third.run_jobs().len(), statuses(&third)), (0, vec![30]));
}

#[test]
fn a_job_is_queued_without_a_transaction_of_its_own_and_its_run_takes_two() {
    // P-41
    let store = Falling::new();
    let well = |_: &mut Context| Ok(());
    let engine = on(&store.memory).store(store.clone()).step(job().run("job", well)).build();
    let engine = engine.unwrap();
    let begun = || store.begun.swap(0, Ordering::SeqCst);
    begun();

    create(&engine, "account", []);
    assert_eq!(begun(), 1);
    create(&engine, "contact", [("lastname", "C".into())]);
    assert_eq!(begun(), 1);
    engine.run_jobs();
    assert_eq!(begun(), 2); // It is in progress; it is done.
}

#[test]
fn an_engine_leaves_the_jobs_of_another_alone_where_the_settings_say_so() {
    // L-9
    let (store, log) = (Memory::default(), Log::default());
    let build = |recovers: bool| {
        let builder = on(&store).settings(|it| it.job_recovery = recovers);
        builder.step(job().run("job", log.hook(name_of))).build().unwrap()
    };
    // Each counts for itself, so that the two have one place in the order.
    let sorted = |engine: &Engine| {
        let mut statuses = statuses(engine);
        statuses.sort_unstable();
        statuses
    };
    let first = build(true);
    create(&first, "account", [("name", "A".into())]);

    let second = build(false);
    create(&second, "account", [("name", "B".into())]);
    second.run_jobs();
    assert_eq!((log.take(), sorted(&second)), (vec!["\"B\"".to_owned()], vec![0, 30]));

    first.run_jobs();
    assert_eq!((log.take(), sorted(&first)), (vec!["\"A\"".to_owned()], vec![30, 30]));
}
