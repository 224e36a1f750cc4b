//! Jobs in the store: records of `asyncoperation`, where the catalog has that entity.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use rulegate::bootstrap::{DEFAULT_USER, SYSTEM_USER};
use rulegate::clock::{Clock, CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::error::OperationStatus;
use rulegate::message::SetState;
use rulegate::pipeline::{JobChange, JobError, JobState};
use rulegate::settings::Jobs;
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Fault, Message, OrganizationService, Query,
    Record, Step, Value,
};

use crate::engines::{Log, count, create, create_task, now, record, refuse};

/// A builder over the shipped entities, that of jobs among them.
fn shipped() -> EngineBuilder {
    let builder = Engine::builder(support::shipped_catalog());
    builder.clock(ManualClock::at(now())).ids(CountingIds::default())
}

fn job() -> Step {
    Step::on(Message::Create, "account").asynchronous()
}

fn engine(step: Step) -> Engine {
    shipped().step(step).build().unwrap()
}

fn jobs(engine: &Engine) -> Vec<Record> {
    let query = Query::new("asyncoperation").order_by("sequence");
    engine.retrieve_multiple(query).unwrap().records
}

/// The state and the status of the only job, in the store and in the engine.
fn state(engine: &Engine) -> (i32, JobState) {
    let [kept] = jobs(engine).try_into().unwrap();
    let [shown] = engine.jobs().try_into().unwrap();
    let number = |name| kept.get(name).and_then(Value::as_choice).unwrap();
    assert_eq!((number("statecode"), number("statuscode")), {
        (shown.state.code().into(), shown.state as i32)
    });
    (number("statecode"), shown.state)
}

/// A hook that refuses with a status.
fn end_as(status: OperationStatus) -> impl Fn(&mut Context) -> Result<(), Fault> + Copy {
    move |_| Err(Fault::reject_job(status, "not today"))
}

#[test]
fn a_queued_job_is_a_record_that_tells_what_it_is_about() {
    // L-1, L-6, L-11, L-12
    let engine = engine(job().run_as(SYSTEM_USER).run("job", refuse("no")));

    let account = create(&engine, "account", []);

    let [kept] = jobs(&engine).try_into().unwrap();
    let [shown] = engine.jobs().try_into().unwrap();
    let user = |it| Value::Lookup(EntityReference::new("systemuser", it));
    for (column, value) in [
        ("asyncoperationid", Value::Id(shown.id)),
        ("name", "job".into()),
        ("messagename", "Create".into()),
        ("primaryentitytype", "account".into()),
        ("regardingobjectid", (&account).into()),
        ("correlationid", Value::Id(shown.correlation_id)),
        ("depth", 1.into()),
        ("sequence", 1.into()),
        ("operationtype", Value::Choice(1)),
        ("statecode", Value::Choice(0)),
        ("statuscode", Value::Choice(0)),
        ("retrycount", 0.into()),
        ("createdon", now().into()),
        ("createdby", user(DEFAULT_USER)),
        ("ownerid", user(SYSTEM_USER)),
    ] {
        assert_eq!(kept.get(column), Some(&value), "{column}");
    }
    for column in ["startedon", "completedon", "message", "errorcode", "postponeuntil"] {
        assert!(!kept.has(column), "{column}");
    }
    assert_eq!(engine.retrieve(&kept.reference().unwrap()).unwrap().id(), Some(shown.id));
}

#[test]
fn a_job_of_a_message_that_was_rolled_back_is_no_record() {
    // P-41
    let job = Step::on(Message::Create, "task").asynchronous().run("job", refuse("no"));
    let fail = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("task")?)?;
        Err(Fault::reject("no"))
    };
    let outer = Step::on(Message::Create, "account").run("outer", fail);
    let engine = shipped().step(job).step(outer).build().unwrap();

    engine.create(record(&engine, "account", [])).unwrap_err();
    assert!(jobs(&engine).is_empty() && engine.jobs().is_empty());

    create(&engine, "task", []);
    assert_eq!(jobs(&engine).len(), 1);
}

#[test]
fn what_becomes_of_a_job_stands_in_its_record() {
    // L-6, E-30
    let log = Log::default();
    let look = |ctx: &mut Context| {
        let (id, _) = ctx.job().unwrap();
        let job = EntityReference::new("asyncoperation", id);
        let kept = ctx.service().retrieve(&job).unwrap();
        format!("{:?} {:?}", kept.get("statecode").unwrap(), kept.get("statuscode").unwrap())
    };
    let engine = engine(job().run("job", log.hook(look)));

    create(&engine, "account", []);
    assert_eq!(state(&engine), (0, JobState::Ready));
    engine.run_jobs();

    assert_eq!(log.take(), ["Choice(2) Choice(20)"]);
    assert_eq!(state(&engine), (3, JobState::Succeeded));
    let [kept] = jobs(&engine).try_into().unwrap();
    for column in ["startedon", "completedon"] {
        assert_eq!(kept.get(column), Some(&now().into()), "{column}");
    }
    assert!(!kept.has("message"));
}

#[test]
fn a_job_that_failed_keeps_its_error_and_is_found_by_a_query() {
    // E-30, L-12
    let engine = engine(job().run("job", refuse("no such thing")));

    create(&engine, "account", []);
    engine.run_jobs();

    let failed = Query::new("asyncoperation").equal("statuscode", 31);
    let [kept] = engine.retrieve_multiple(failed).unwrap().records.try_into().unwrap();
    assert_eq!(kept.get("message"), Some(&"no such thing".into()));
    assert_eq!(kept.get("friendlymessage"), Some(&"no such thing".into()));
    let code = engine.jobs().first().unwrap().error_code.unwrap();
    assert_eq!(kept.get("errorcode"), Some(&i64::from(code.cast_signed()).into()));
}

#[test]
fn a_job_that_is_run_again_counts_its_retries() {
    // E-31, E-32
    let engine = engine(job().run("job", end_as(OperationStatus::Retry)));

    create(&engine, "account", []);
    engine.run_jobs();

    assert_eq!(state(&engine), (3, JobState::Failed));
    assert_eq!(jobs(&engine).first().unwrap().get("retrycount"), Some(&3.into()));
}

#[test]
fn between_its_runs_a_job_waits_as_long_as_the_setting_says_and_twice_as_long_each_time() {
    // E-32
    let clock = Arc::new(ManualClock::at(now()));
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let engine = shipped()
        .shared_clock(shared)
        .settings(|it| it.job_retry_delay = Duration::from_secs(10))
        .step(job().run("job", end_as(OperationStatus::Retry)))
        .build()
        .unwrap();
    create(&engine, "account", []);

    assert_eq!((engine.run_jobs().len(), state(&engine).0), (1, 1));
    for (seconds, status) in [(10, 1), (20, 1), (40, 3)] {
        clock.advance(TimeDelta::seconds(seconds - 1));
        assert_eq!(engine.run_jobs().len(), 0, "{seconds}");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!((engine.run_jobs().len(), state(&engine).0), (1, status), "{seconds}");
    }
}

#[test]
fn a_job_that_waits_for_its_next_run_has_the_time_in_its_record_and_runs_once_it_is_resumed() {
    // L-7, E-32
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let again = move |ctx: &mut Context| {
        counted.fetch_add(1, Ordering::SeqCst);
        end_as(OperationStatus::Retry)(ctx)
    };
    let engine = shipped()
        .settings(|it| it.job_retry_delay = Duration::from_secs(10))
        .step(job().run("job", again))
        .build()
        .unwrap();
    create(&engine, "account", []);
    engine.run_jobs();

    let [kept] = jobs(&engine).try_into().unwrap();
    assert_eq!(kept.get("postponeuntil"), Some(&(now() + TimeDelta::seconds(10)).into()));
    assert_eq!(state(&engine), (1, JobState::Waiting));
    engine.resume_job(kept.id().unwrap()).unwrap();
    assert_eq!(state(&engine), (0, JobState::Ready));
    assert!(!jobs(&engine).first().unwrap().has("postponeuntil"));

    engine.run_jobs();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn a_job_that_succeeded_leaves_no_record_where_its_step_says_so() {
    // L-10
    let well = engine(job().auto_delete().run("job", |_: &mut Context| Ok(())));
    create(&well, "account", []);
    assert_eq!(jobs(&well).len(), 1);
    well.run_jobs();
    assert!(jobs(&well).is_empty());

    let failing = engine(job().auto_delete().run("job", refuse("no")));
    create(&failing, "account", []);
    failing.run_jobs();
    assert_eq!(state(&failing), (3, JobState::Failed));
}

#[test]
fn what_is_asked_of_a_job_changes_its_record() {
    // L-7, E-33, E-35
    let engine = engine(job().run("job", end_as(OperationStatus::Suspended)));
    create(&engine, "account", []);
    let id = engine.jobs().first().unwrap().id;

    let until = now() + TimeDelta::hours(1);
    engine.postpone_job(id, until).unwrap();
    assert_eq!(jobs(&engine).first().unwrap().get("postponeuntil"), Some(&until.into()));
    engine.postpone_job(id, now()).unwrap();
    engine.run_jobs();
    assert_eq!(state(&engine), (1, JobState::Waiting));
    engine.resume_job(id).unwrap();
    assert_eq!(state(&engine), (0, JobState::Ready));
    engine.cancel_job(id).unwrap();
    assert_eq!(state(&engine), (3, JobState::Canceled));
    engine.delete_job(id).unwrap();
    assert!(jobs(&engine).is_empty() && engine.jobs().is_empty());
}

#[test]
fn a_job_that_failed_can_be_queued_again() {
    // L-7: Dataverse has no way back; the record has all that is needed for one.
    let log = Log::default();
    let log_and_fail = {
        let log = log.clone();
        move |ctx: &mut Context| {
            log.write(ctx.target().unwrap().get("name").unwrap());
            Err(Fault::reject_job(OperationStatus::Retry, "not today"))
        }
    };
    let engine = engine(job().run("job", log_and_fail));
    create(&engine, "account", [("name", "A".into())]);
    let id = engine.jobs().first().unwrap().id;
    let refused = JobError::Refused { job: id, state: JobState::Ready, change: JobChange::Requeue };
    assert_eq!(engine.requeue_job(id), Err(refused.clone()));
    assert_eq!(refused.code(), ErrorCode::JobNotResumable);
    engine.run_jobs();
    assert_eq!((log.take().len(), state(&engine)), (4, (3, JobState::Failed)));

    engine.requeue_job(id).unwrap();

    assert_eq!(state(&engine), (0, JobState::Ready));
    let [kept] = jobs(&engine).try_into().unwrap();
    assert!(["message", "startedon", "completedon", "errorcode"].iter().all(|it| !kept.has(it)));
    engine.run_jobs();
    assert_eq!(log.take(), ["\"A\""; 4]);
}

#[test]
fn where_the_catalog_lacks_the_entity_jobs_are_in_memory_alone() {
    // L-1
    let engine = crate::engines::engine([job().run("job", refuse("no"))]);
    create(&engine, "account", []);
    engine.run_jobs();

    let [failed] = engine.jobs().try_into().unwrap();
    assert_eq!(failed.state, JobState::Failed);
    let refused = engine.requeue_job(failed.id).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::JobNotResumable);
    assert!(engine.catalog().entity("asyncoperation").is_err());
}

#[test]
fn workers_leave_records_of_what_they_ran() {
    // L-9
    let engine = shipped()
        .settings(|it| it.jobs = Jobs::Workers(2))
        .step(job().run("job", create_task("call")))
        .build()
        .unwrap();
    for _ in 0..20 {
        create(&engine, "account", []);
    }
    engine.wait_for_jobs();

    assert_eq!(count(&engine, "task"), 20);
    let kept = jobs(&engine);
    let statuses = kept.iter().map(|it| it.get("statuscode").cloned());
    assert!(kept.len() == 20 && statuses.into_iter().all(|it| it == Some(Value::Choice(30))));
}

#[test]
fn differs_from_dataverse_the_record_of_a_job_is_changed_by_the_engine_alone() {
    // L-8
    let engine = engine(job().run("job", refuse("no")));
    create(&engine, "account", []);
    let kept = jobs(&engine).first().unwrap().reference().unwrap();

    crate::engines::update(&engine, &kept, [("statuscode", Value::Choice(32))]);
    let canceled = SetState { target: kept.clone(), state: 3, status: Some(32) };
    drop(engine.send(canceled));

    assert_eq!(state(&engine), (0, JobState::Ready));
    engine.run_jobs();
    assert_eq!(state(&engine), (3, JobState::Failed));
}

#[test]
fn the_record_of_a_job_that_is_not_completed_is_not_deleted() {
    // E-35
    let engine = engine(job().run("job", refuse("no")));
    create(&engine, "account", []);
    let kept = jobs(&engine).first().unwrap().reference().unwrap();

    let refused = engine.delete(&kept).unwrap_err();
    assert_eq!((refused.code(), refused.number()), (ErrorCode::JobNotCompleted, 0x8004_416A));
    engine.run_jobs();
    engine.delete(&kept).unwrap();

    assert!(jobs(&engine).is_empty());
}
