//! Jobs: asynchronous steps, after the commit.

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
