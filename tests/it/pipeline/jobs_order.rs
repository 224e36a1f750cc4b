//! Which job is next: the lines of ordered steps, and turns between owners.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use rulegate::clock::{Clock, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::error::OperationStatus;
use rulegate::pipeline::JobState;
use rulegate::settings::{JobOrder, Jobs};
use rulegate::store::Memory;
use rulegate::{Context, Engine, EntityReference, Fault, Message, Step, Value};
use rulegate_sqlite::Sqlite;
use uuid::Uuid;

use crate::engines::{Log, builder, create, now, update};

fn job() -> Step {
    Step::on(Message::Update, "account").asynchronous().ordered()
}

fn on(store: &Memory) -> EngineBuilder {
    Engine::builder(support::shipped_catalog()).store(store.clone()).clock(ManualClock::at(now()))
}

/// What the record is called after the update that queued the job.
fn name_of(ctx: &mut Context) -> String {
    match ctx.target().unwrap().get("name") {
        Some(Value::Text(it)) => it.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Updates a record once for each name.
fn rename(engine: &Engine, account: &EntityReference, names: &[&str]) -> Vec<Uuid> {
    let rename = |name: &&str| {
        update(engine, account, [("name", (*name).into())]);
        engine.jobs().iter().max_by_key(|it| it.sequence).unwrap().id
    };
    names.iter().map(rename).collect()
}

#[test]
fn jobs_of_one_record_run_one_after_another_whatever_the_number_of_workers() {
    // L-5, L-9
    let folder = tempfile::tempdir().unwrap();
    let memory = Engine::builder(support::shipped_catalog());
    let sqlite = Engine::builder(support::shipped_catalog())
        .store(Sqlite::open(folder.path().join("records.db")).unwrap());
    for engine in [memory, sqlite] {
        let seen: Arc<Mutex<BTreeMap<Uuid, Vec<i64>>>> = Arc::default();
        let running: Arc<Mutex<BTreeSet<Uuid>>> = Arc::default();
        let (noted, busy) = (Arc::clone(&seen), Arc::clone(&running));
        let hook = move |ctx: &mut Context| {
            let target = ctx.target().unwrap();
            let (id, count) = (target.id().unwrap(), target.get("numberofemployees").unwrap());
            let count = count.as_whole_number().unwrap();
            assert!(busy.lock().unwrap().insert(id), "two at once");
            thread::sleep(Duration::from_micros(200));
            busy.lock().unwrap().remove(&id);
            noted.lock().unwrap().entry(id).or_default().push(count);
            Ok(())
        };
        let engine = engine
            .settings(|it| it.jobs = Jobs::Workers(4))
            .step(job().run("job", hook))
            .build()
            .unwrap();
        let accounts: Vec<EntityReference> =
            (0..3).map(|_| create(&engine, "account", [])).collect();
        for count in 1..=20 {
            for account in &accounts {
                update(&engine, account, [("numberofemployees", Value::WholeNumber(count))]);
            }
        }
        engine.wait_for_jobs();

        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 3);
        assert!(seen.values().all(|it| it.iter().copied().eq(1..=20)), "{seen:?}");
        assert!(engine.jobs().iter().all(|it| it.state == JobState::Succeeded));
    }
}

#[test]
fn a_postponed_job_holds_up_those_of_its_record_and_no_others() {
    // L-5, L-7
    let (log, clock) = (Log::default(), Arc::new(ManualClock::at(now())));
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let step = job().run("job", log.hook(name_of));
    let engine = on(&Memory::default()).shared_clock(shared).step(step).build().unwrap();
    let (one, other) = (create(&engine, "account", []), create(&engine, "account", []));
    let [first, _] = rename(&engine, &one, &["A1", "A2"]).try_into().unwrap();
    rename(&engine, &other, &["B1", "B2"]);

    engine.postpone_job(first, now() + TimeDelta::hours(1)).unwrap();
    engine.run_jobs();
    assert_eq!(log.take(), ["B1", "B2"]);
    clock.advance(TimeDelta::hours(1));
    engine.run_jobs();
    assert_eq!(log.take(), ["A1", "A2"]);

    let [first, _] = rename(&engine, &one, &["A3", "A4"]).try_into().unwrap();
    engine.postpone_job(first, now() + TimeDelta::hours(3)).unwrap();
    engine.cancel_job(first).unwrap();
    engine.run_jobs();
    assert_eq!(log.take(), ["A4"]);
}

#[test]
fn a_job_that_waits_for_its_next_run_or_to_be_resumed_holds_up_those_behind_it() {
    // L-5, E-32, E-33
    for status in [OperationStatus::Retry, OperationStatus::Suspended] {
        let (log, refuses) = (Log::default(), Arc::new(AtomicBool::new(true)));
        let (seen, once) = (log.clone(), Arc::clone(&refuses));
        let hook = move |ctx: &mut Context| {
            seen.write(name_of(ctx));
            let refuses = once.swap(false, Ordering::SeqCst);
            if refuses { Err(Fault::reject_job(status, "later")) } else { Ok(()) }
        };
        let engine = on(&Memory::default())
            .settings(|it| it.job_retry_delay = Duration::from_secs(10))
            .step(job().run("job", hook))
            .build()
            .unwrap();
        let account = create(&engine, "account", []);
        let ids = rename(&engine, &account, &["A1", "A2", "A3"]);

        engine.run_jobs();
        assert_eq!(log.take(), ["A1"], "{status:?}");
        engine.resume_job(*ids.first().unwrap()).unwrap();
        engine.run_jobs();
        assert_eq!(log.take(), ["A1", "A2", "A3"], "{status:?}");
    }
}

#[test]
fn a_failed_job_lets_those_behind_it_go_on() {
    // L-5, E-30
    let log = Log::default();
    let seen = log.clone();
    let fail = move |ctx: &mut Context| {
        seen.write(name_of(ctx));
        Err(Fault::reject("no"))
    };
    let engine = on(&Memory::default()).step(job().run("job", fail)).build().unwrap();
    let account = create(&engine, "account", []);
    let [first, _] = rename(&engine, &account, &["A1", "A2"]).try_into().unwrap();
    engine.run_jobs();
    assert_eq!(log.take(), ["A1", "A2"]);

    engine.requeue_job(first).unwrap();
    engine.run_jobs();
    assert_eq!(log.take(), ["A1"]);
}

#[test]
fn the_order_of_a_record_outlives_the_engine() {
    // L-5, L-18
    let (store, log) = (Memory::default(), Log::default());
    let build = || on(&store).step(job().run("job", log.hook(name_of))).build().unwrap();
    let first = build();
    let account = create(&first, "account", []);
    let ids = rename(&first, &account, &["A1", "A2"]);
    first.postpone_job(*ids.first().unwrap(), now() + TimeDelta::hours(1)).unwrap();
    drop(first);

    let second = build();
    rename(&second, &account, &["A3"]);
    assert!(second.run_jobs().is_empty());
    let token = format!("account:{}", account.id);
    let tokens = second.jobs().into_iter().map(|it| it.dependency_token);
    assert_eq!(tokens.collect::<Vec<_>>(), vec![Some(token); 3]);
    second.postpone_job(*ids.first().unwrap(), now()).unwrap();
    second.run_jobs();
    assert_eq!(log.take(), ["A1", "A2", "A3"]);
}

#[test]
fn steps_that_ask_for_no_order_have_none_unless_the_setting_says_so() {
    // P-48, L-3
    for (order, ran) in [(JobOrder::OfSteps, vec!["A2"]), (JobOrder::OfRecord, vec![])] {
        let log = Log::default();
        let step = Step::on(Message::Update, "account").asynchronous();
        let engine = on(&Memory::default())
            .settings(|it| it.job_order = order)
            .step(step.run("job", log.hook(name_of)))
            .build()
            .unwrap();
        let account = create(&engine, "account", []);
        let [first, _] = rename(&engine, &account, &["A1", "A2"]).try_into().unwrap();
        engine.postpone_job(first, now() + TimeDelta::hours(1)).unwrap();
        engine.run_jobs();
        assert_eq!(log.take(), ran, "{order:?}");
    }
}

#[test]
fn the_jobs_of_one_owner_do_not_hold_up_those_of_another() {
    // L-3
    let (log, is_open) = (Log::default(), Arc::new(AtomicBool::new(false)));
    let (seen, gate) = (log.clone(), Arc::clone(&is_open));
    let hook = move |ctx: &mut Context| {
        while !gate.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        seen.write(ctx.user());
        Ok(())
    };
    let engine = builder()
        .settings(|it| it.jobs = Jobs::Workers(1))
        .step(Step::on(Message::Create, "account").asynchronous().run("job", hook))
        .build()
        .unwrap();
    let users = [(); 2].map(|()| create(&engine, "systemuser", []).id);
    create(&engine.as_user(users[0]), "account", []); // The worker waits with this one.
    while !engine.jobs().iter().any(|it| it.state == JobState::InProgress) {
        thread::yield_now();
    }
    for _ in 0..50 {
        create(&engine.as_user(users[0]), "account", []);
    }
    create(&engine.as_user(users[1]), "account", []);
    is_open.store(true, Ordering::SeqCst);
    engine.wait_for_jobs();

    let order = log.take();
    let place = order.iter().position(|it| *it == users[1].to_string());
    assert_eq!((order.len(), place), (52, Some(1)));
}
