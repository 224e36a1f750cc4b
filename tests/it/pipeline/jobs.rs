//! Jobs: asynchronous steps, after the commit.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rulegate::error::OperationStatus;
use rulegate::pipeline::JobState;
use rulegate::settings::Jobs;
use rulegate::{Context, Engine, Fault, Hook, Message, OrganizationService, Step};

use crate::engines::{
    Log, at, builder, count, create, create_task, engine, record, stored, update,
};

fn job() -> Step {
    Step::on(Message::Create, "account").asynchronous()
}

/// A hook that refuses with a status, and counts how often it ran.
fn refuse_with(status: OperationStatus, runs: &Arc<AtomicU32>) -> impl Hook + 'static {
    let runs = Arc::clone(runs);
    move |_: &mut Context| {
        runs.fetch_add(1, Ordering::SeqCst);
        Err(Fault::reject_job(status, "not today"))
    }
}

#[test]
fn a_job_waits_until_somebody_runs_it() {
    // L-1, L-2, L-18
    let log = Log::default();
    let engine = engine([job().run("job", log.word("ran"))]);

    create(&engine, "account", []);

    assert!(log.take().is_empty());
    let waiting = engine.jobs();
    assert_eq!(
        waiting.first().map(|it| (it.step.as_str(), it.state)),
        Some(("job", JobState::Ready))
    );

    engine.run_jobs();

    assert_eq!(log.take(), ["ran"]);
    let done = engine.jobs();
    assert_eq!(done.first().map(|it| it.state), Some(JobState::Succeeded));
}

#[test]
fn jobs_run_in_the_order_in_which_they_were_queued() {
    // L-17, P-48, L-3
    let log = Log::default();
    let name = |ctx: &mut Context| ctx.target().unwrap().get("name").unwrap().to_string();
    let engine = engine([job().run("job", log.hook(name))]);

    for name in ["A", "B", "C"] {
        create(&engine, "account", [("name", name.into())]);
    }
    engine.run_jobs();

    assert_eq!(log.take(), ["\"A\"", "\"B\"", "\"C\""]);
}

#[test]
fn a_job_that_asks_for_it_runs_four_times_and_no_more() {
    // E-31, E-32
    let runs = Arc::new(AtomicU32::new(0));
    let engine = engine([job().run("job", refuse_with(OperationStatus::Retry, &runs))]);

    create(&engine, "account", []);
    engine.run_jobs();

    let [failed] = engine.jobs().try_into().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!((failed.state, failed.retries), (JobState::Failed, 3));
}

#[test]
fn a_job_that_succeeds_when_it_runs_again_has_succeeded() {
    // E-31
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let engine = engine([job().run("job", move |_: &mut Context| {
        if counted.fetch_add(1, Ordering::SeqCst) < 2 {
            return Err(Fault::reject_job(OperationStatus::Retry, "again"));
        }
        Ok(())
    })]);

    create(&engine, "account", []);
    let outcomes = engine.run_jobs();

    assert_eq!(outcomes.len(), 3);
    let [done] = engine.jobs().try_into().unwrap();
    assert_eq!((done.state, done.retries, done.message), (JobState::Succeeded, 2, None));
}

#[test]
fn a_status_says_what_becomes_of_the_job() {
    // E-17, E-33
    for (status, state, code) in [
        (OperationStatus::Failed, JobState::Failed, 31),
        (OperationStatus::Canceled, JobState::Canceled, 32),
        (OperationStatus::Suspended, JobState::Waiting, 10),
        (OperationStatus::Succeeded, JobState::Succeeded, 30),
    ] {
        let runs = Arc::new(AtomicU32::new(0));
        let engine = engine([job().run("job", refuse_with(status, &runs))]);

        create(&engine, "account", []);
        engine.run_jobs();

        let [done] = engine.jobs().try_into().unwrap();
        assert_eq!((done.state, done.state as u8), (state, code));
        assert_eq!((done.message.as_deref(), runs.load(Ordering::SeqCst)), (Some("not today"), 1));
    }
}

#[test]
fn to_a_synchronous_step_every_status_is_a_failure() {
    // E-17, E-18
    for status in [OperationStatus::Succeeded, OperationStatus::Retry, OperationStatus::Suspended] {
        let runs = Arc::new(AtomicU32::new(0));
        let step = Step::on(Message::Create, "account").at(at(40));
        let engine = engine([step.run("sync", refuse_with(status, &runs))]);

        let error = engine.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((error.number(), runs.load(Ordering::SeqCst)), (0x8004_0265, 1));
        assert_eq!(error.rejection().unwrap().status, status);
        assert_eq!(count(&engine, "account"), 0);
    }
}

#[test]
fn what_a_failing_job_wrote_stays() {
    // E-36, P-27
    let engine = engine([job().run("job", |ctx: &mut Context| {
        create_task("written").execute(ctx)?;
        Err(Fault::reject("no"))
    })]);

    create(&engine, "account", []);
    engine.run_jobs();

    assert_eq!(count(&engine, "task"), 1);
}

#[test]
fn a_message_of_a_job_runs_its_steps_like_any_other() {
    // L-4
    let log = Log::default();
    let engine = engine([
        job().run("create", create_task("call")),
        Step::on(Message::Create, "task").at(at(10)).run("10", log.word("10")),
        Step::on(Message::Create, "task").at(at(40)).run("40", log.word("40")),
        Step::on(Message::Create, "task").asynchronous().run("job", log.word("job")),
    ]);

    create(&engine, "account", []);
    let outcomes = engine.run_jobs();

    assert_eq!(log.take(), ["10", "40", "job"]);
    assert_eq!(outcomes.len(), 2);
}

#[test]
fn a_job_changes_nothing_for_the_caller() {
    //
    let engine = engine([
        job().rank(1).run("target", crate::engines::set("name", "late")),
        job().rank(2).run("answer", |ctx: &mut Context| {
            *ctx.response_mut().unwrap() = rulegate::Response::Done;
            Ok(())
        }),
    ]);

    let account = create(&engine, "account", [("name", "A".into())]);
    engine.run_jobs();

    assert_eq!(stored(&engine, &account, "name"), Some("A".into()));
}

#[test]
fn a_job_of_a_record_that_is_gone_still_runs() {
    // L-14
    let log = Log::default();
    let read = |ctx: &mut Context| {
        let account = ctx.target().and_then(rulegate::Record::reference).unwrap();
        ctx.service().retrieve(&account).is_err()
    };
    let engine = engine([job().run("job", log.hook(read))]);

    let account = create(&engine, "account", []);
    engine.delete(&account).unwrap();
    engine.run_jobs();

    assert_eq!(log.take(), ["true"]);
}

#[test]
fn a_job_that_panics_has_failed_and_the_next_one_runs() {
    // E-30
    let log = Log::default();
    let engine = engine([
        job().rank(1).run("panic", |_: &mut Context| panic!("boom")),
        job().rank(2).run("next", log.word("next")),
    ]);

    create(&engine, "account", []);
    engine.run_jobs();

    let states: Vec<JobState> = engine.jobs().iter().map(|it| it.state).collect();
    assert_eq!(states, [JobState::Failed, JobState::Succeeded]);
    assert_eq!(log.take(), ["next"]);
}

#[test]
fn a_job_runs_in_the_name_of_its_message() {
    // L-13
    let log = Log::default();
    let engine = engine([job().run("job", log.hook(|ctx: &mut Context| ctx.user()))]);
    let user = create(&engine, "systemuser", []);

    let client = engine.as_user(user.id);
    client.create(client.record("account").unwrap()).unwrap();
    engine.run_jobs();

    assert_eq!(log.take(), [user.id.to_string()]);
}

#[test]
fn a_job_runs_on_the_steps_of_its_message_also_after_a_reload() {
    // P-105
    let log = Log::default();
    let engine = builder().build().unwrap();
    let catalog = || (*engine.catalog()).clone();
    engine.reload(catalog(), vec![job().run("old", log.word("old"))]).unwrap();
    create(&engine, "account", []);
    engine.reload(catalog(), vec![job().run("new", log.word("new"))]).unwrap();

    engine.run_jobs();

    assert_eq!(log.take(), ["old"]);
}

#[test]
fn workers_run_jobs_by_themselves() {
    // L-1
    let log = Log::default();
    let engine = builder()
        .settings(|it| it.jobs = Jobs::Workers(2))
        .step(job().run("job", log.word("ran")))
        .build()
        .unwrap();

    for _ in 0..20 {
        create(&engine, "account", []);
    }
    engine.wait_for_jobs();

    assert_eq!(log.take().len(), 20);
    assert!(engine.jobs().iter().all(|it| it.state == JobState::Succeeded));
}

#[test]
fn workers_run_a_job_again_that_asks_for_it() {
    // E-31, L-9
    let runs = Arc::new(AtomicU32::new(0));
    let engine = builder()
        .settings(|it| it.jobs = Jobs::Workers(3))
        .step(job().run("job", refuse_with(OperationStatus::Retry, &runs)))
        .build()
        .unwrap();

    create(&engine, "account", []);
    engine.wait_for_jobs();

    assert_eq!(runs.load(Ordering::SeqCst), 4);
}

#[test]
fn workers_finish_what_waits_when_the_engine_goes() {
    // L-18
    let done = Arc::new((Mutex::new(0), Condvar::new()));
    let finished = Arc::clone(&done);
    let engine: Engine = builder()
        .settings(|it| it.jobs = Jobs::Workers(1))
        .step(job().run("job", move |_: &mut Context| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            *finished.0.lock().unwrap() += 1;
            finished.1.notify_all();
            Ok(())
        }))
        .build()
        .unwrap();
    for _ in 0..5 {
        create(&engine, "account", []);
    }

    drop(engine);

    let (count, changed) = &*done;
    let patience = std::time::Duration::from_secs(10);
    let waited = changed.wait_timeout_while(count.lock().unwrap(), patience, |it| *it < 5).unwrap();
    assert_eq!(*waited.0, 5);
}

#[test]
fn a_job_of_an_update_keeps_its_images() {
    // I-23, V-9: what the step asked for is kept as it was when it was queued.
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let name = |it: Option<rulegate::pipeline::Image<'_>>| {
            it.unwrap().get("name").unwrap().to_string()
        };
        format!("{} {}", name(ctx.pre_image()), name(ctx.post_image()))
    };
    let step = Step::on(Message::Update, "account")
        .asynchronous()
        .pre_image(["name"])
        .post_image(["name"]);
    let engine = engine([step.run("job", log.hook(see))]);
    let account = create(&engine, "account", [("name", "A".into())]);

    update(&engine, &account, [("name", "B".into())]);
    engine.delete(&account).unwrap();
    engine.run_jobs();

    assert_eq!(log.take(), ["\"A\" \"B\""]);
}

#[test]
fn what_a_job_sends_after_its_time_fails() {
    // E-38
    let late = |ctx: &mut Context| {
        while std::time::Instant::now() < ctx.deadline() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        create_task("late").execute(ctx)
    };
    let engine = builder()
        .settings(|it| it.time_limit = std::time::Duration::from_millis(50))
        .step(job().run("job", late))
        .build()
        .unwrap();

    create(&engine, "account", []);
    let outcomes = engine.run_jobs();

    let fault = outcomes.first().unwrap().fault.as_ref().unwrap();
    assert_eq!(fault.code(), rulegate::ErrorCode::Timeout);
    assert_eq!(count(&engine, "task"), 0);
}
