//! Jobs: asynchronous steps, after the commit.

use std::sync::{Arc, OnceLock};

use rulegate::error::OperationStatus;
use rulegate::pipeline::JobState;

use super::*;

fn job() -> Step {
    on_create(40).asynchronous()
}

/// Given a job that refuses, when an account is created, the caller hears nothing of it, and the job says
/// why it failed.
#[test]
fn t_022_a_job_that_refuses_fails_alone() {
    // E-30
    on_every_store(|given| {
        let engine = given.engine([job().run("job", refuse("too late"))]);

        let account = create(&engine, "account", []);
        engine.run_jobs();

        let [failed] = engine.jobs().try_into().unwrap();
        assert_eq!((failed.state, failed.state as u8), (JobState::Failed, 31));
        assert_eq!(failed.message.as_deref(), Some("too late"));
        assert!(engine.retrieve(&account).is_ok());
    });
}

/// Given a job that always asks to be run again, when it runs, it has failed after four times.
#[test]
fn t_023_a_job_that_asks_for_it_runs_four_times_and_no_more() {
    // E-31
    on_every_store(|given| {
        let log = Log::default();
        let ran = log.clone();
        let engine = given.engine([job().run("job", move |_: &mut Context| {
            ran.write("ran");
            Err(Fault::reject_job(OperationStatus::Retry, "not yet"))
        })]);

        create(&engine, "account", []);
        engine.run_jobs();

        assert_eq!(log.take(), ["ran"; 4]);
        let [failed] = engine.jobs().try_into().unwrap();
        assert_eq!(failed.state, JobState::Failed);
    });
}

/// Given a job that looks at itself, when somebody deletes it while it runs, it is an error; once it is
/// completed, it goes.
#[test]
fn t_171_a_job_is_deleted_once_it_is_completed() {
    // E-35
    on_every_store(|given| {
        let log = Log::default();
        let slot = Arc::new(OnceLock::<Engine>::new());
        let own = Arc::clone(&slot);
        let delete = log.hook(move |ctx: &mut Context| {
            let (job, _) = ctx.job().unwrap();
            format!("0x{:08X}", own.get().unwrap().delete_job(job).unwrap_err().number())
        });
        let engine = given.engine([job().run("job", delete)]);
        drop(slot.set(engine.clone()));
        create(&engine, "account", []);
        engine.run_jobs();
        assert_eq!(log.take(), ["0x8004416A"]);

        engine.delete_job(engine.jobs().first().unwrap().id).unwrap();

        assert!(engine.jobs().is_empty());
    });
}
