//! Row versions, and threads that meet on the same records.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use rulegate::message::{ConcurrencyBehavior, Delete, Update};
use rulegate::{
    Context, Engine, EntityReference, Error, ErrorCode, Message, OrganizationService, Query,
    Record, Step,
};

use crate::engines::{Log, at, change, count, create, create_task, engine, record, stored, update};

fn version(engine: &Engine, target: &EntityReference) -> u64 {
    engine.retrieve(target).unwrap().version().unwrap()
}

fn update_if(engine: &Engine, target: Record) -> Result<(), Error> {
    let concurrency = ConcurrencyBehavior::IfRowVersionMatches;
    engine.send(Update { concurrency, ..Update::new(target) })
}

#[test]
fn every_write_gives_a_greater_version() {
    // C-50, C-51
    let engine = engine([]);
    let one = create(&engine, "account", []);
    let two = create(&engine, "contact", []);
    let before = (version(&engine, &one), version(&engine, &two));

    update(&engine, &one, []);

    let after = version(&engine, &one);
    assert!(before.0 < before.1 && before.1 < after, "{before:?} {after}");
    let stored = stored(&engine, &one, "versionnumber").and_then(|it| it.as_whole_number());
    assert_eq!(stored, i64::try_from(after).ok());
}

#[test]
fn an_entity_without_optimistic_concurrency_knows_no_versions() {
    // C-117, C-118
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let ticket = create(&engine, "ticket", [("accountid", account.into())]);
    let mut change = change(&engine, &ticket, []);
    change.set_version(version(&engine, &ticket));

    let error = update_if(&engine, change).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::ConcurrencyNotEnabled, 0x8006_088D));
}

#[test]
fn other_behaviors_do_not_ask() {
    // M-10
    let engine = engine([]);
    let account = create(&engine, "account", []);

    for concurrency in [ConcurrencyBehavior::Default, ConcurrencyBehavior::AlwaysOverwrite] {
        let mut target = change(&engine, &account, []);
        target.set_version(1);
        engine.send(Update { concurrency, ..Update::new(target) }).unwrap();
    }
}

#[test]
fn a_delete_may_demand_the_version_that_it_knows() {
    // C-116
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let known = version(&engine, &account);
    update(&engine, &account, []);
    let delete = |version| {
        let concurrency = ConcurrencyBehavior::IfRowVersionMatches;
        engine.send(Delete { concurrency, version, ..Delete::new(account.clone()) })
    };

    assert_eq!(delete(Some(known)).unwrap_err().code(), ErrorCode::VersionMismatch);
    assert_eq!(delete(None).unwrap_err().code(), ErrorCode::VersionMissing);
    delete(Some(version(&engine, &account))).unwrap();
}

#[test]
fn a_nested_update_of_the_same_record_changes_its_version() {
    // C-120
    let engine =
        engine([Step::on(Message::Update, "account").run("nested", |ctx: &mut Context| {
            if 1 < ctx.depth() {
                return Ok(());
            }
            let account = ctx.target().and_then(Record::reference).unwrap();
            let service = ctx.service();
            Ok(service.update(service.change(&account)?)?)
        })]);
    let account = create(&engine, "account", []);
    let mut change = change(&engine, &account, []);
    change.set_version(version(&engine, &account));

    assert_eq!(update_if(&engine, change).unwrap_err().code(), ErrorCode::VersionMismatch);
}

/// Adds one to the employees of an account, as it reads them.
fn hire(ctx: &mut Context) -> Result<(), rulegate::Fault> {
    let account = ctx.target().and_then(Record::reference).unwrap();
    let now = stored(&ctx.service(), &account, "employees").and_then(|it| it.as_whole_number());
    Ok(ctx.target_mut()?.set("employees", now.unwrap_or(0) + 1)?)
}

#[test]
fn threads_that_update_the_same_record_lose_no_update() {
    // LAYOUT, decided since the sketch, 4
    const THREADS: i64 = 4;
    const UPDATES: i64 = 100;
    let engine = engine([Step::on(Message::Update, "account").run("hire", hire)]);
    let account = create(&engine, "account", []);

    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..UPDATES).for_each(|_| update(&engine, &account, [])));
        }
    });

    assert_eq!(stored(&engine, &account, "employees"), Some((THREADS * UPDATES).into()));
}

#[test]
fn threads_that_see_a_count_and_add_to_it_see_each_other() {
    // P-51: LAYOUT, decided since the sketch, 4: what a query found must still be so.
    let at_most_five = |ctx: &mut Context| {
        if 5 <= ctx.service().retrieve_multiple(Query::new("contact"))?.records.len() {
            return Err(rulegate::Fault::reject("enough"));
        }
        Ok(())
    };
    let engine = engine([Step::on(Message::Create, "contact").run("limit", at_most_five)]);

    std::thread::scope(|scope| {
        for _ in 0..4 {
            let create = || drop(engine.create(record(&engine, "contact", [])));
            scope.spawn(move || (0..5).for_each(|_| create()));
        }
    });

    assert_eq!(count(&engine, "contact"), 5);
}

#[test]
fn threads_that_take_the_same_key_leave_it_to_one() {
    // C-108
    let engine = engine([]);
    let taken = AtomicU32::new(0);

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let twin = record(&engine, "account", [("accountnumber", "7".into())]);
                match engine.create(twin) {
                    Ok(_) => drop(taken.fetch_add(1, Ordering::SeqCst)),
                    Err(error) => assert_eq!(error.code(), ErrorCode::KeyViolated),
                }
            });
        }
    });

    assert_eq!((taken.load(Ordering::SeqCst), count(&engine, "account")), (1, 1));
}

/// An engine whose first update of an account meets another one that commits first.
fn engine_that_meets(log: &Log, more: impl IntoIterator<Item = Step>) -> (Engine, EntityReference) {
    let other = Arc::new(Mutex::new(None::<(Engine, EntityReference)>));
    let (meets, attempts) = (Arc::clone(&other), AtomicU32::new(0));
    let meet = move |ctx: &mut Context| {
        ctx.service().retrieve(&ctx.target().and_then(Record::reference).unwrap())?;
        if attempts.fetch_add(1, Ordering::SeqCst) == 0
            && let Some((engine, account)) = meets.lock().unwrap().take()
        {
            let change = engine.change(&account)?.with("telephone1", "met")?;
            std::thread::spawn(move || engine.as_user(uuid::Uuid::nil()).update(change))
                .join()
                .unwrap()?;
        }
        Ok(())
    };
    let attempt =
        log.hook(|ctx: &mut Context| format!("attempt {} {}", ctx.now(), ctx.request_id()));
    let mut steps = vec![
        Step::on(Message::Update, "account").rank(1).filtering(["name"]).run("attempt", attempt),
        Step::on(Message::Update, "account").rank(2).filtering(["name"]).run("meet", meet),
    ];
    steps.extend(more);
    let engine = engine(steps);
    let account = create(&engine, "account", [("name", "A".into())]);
    *other.lock().unwrap() = Some((engine.clone(), account.clone()));
    (engine, account)
}

#[test]
fn differs_from_dataverse_a_message_that_meets_another_is_carried_out_again() {
    // LAYOUT, decided since the sketch, 4
    let log = Log::default();
    let (engine, account) = engine_that_meets(&log, []);

    update(&engine, &account, [("name", "B".into())]);

    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines.first(), lines.last());
    let read = engine.retrieve(&account).unwrap();
    assert_eq!(read.get("name"), Some(&"B".into()));
    assert_eq!(read.get("telephone1"), Some(&"met".into()));
}

#[test]
fn what_is_created_again_has_the_same_identity() {
    // LAYOUT, decided since the sketch, 4
    let log = Log::default();
    let created = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("task").unwrap()).unwrap()
    };
    let step = Step::on(Message::Update, "account").rank(3).filtering(["name"]);
    let (engine, account) = engine_that_meets(&log, [step.run("create", log.hook(created))]);

    update(&engine, &account, [("name", "B".into())]);

    let lines = log.take();
    let tasks: Vec<&String> = lines.iter().filter(|it| it.starts_with("task(")).collect();
    assert_eq!(tasks.len(), 2, "{lines:?}");
    assert_eq!(tasks.first(), tasks.last());
    assert_eq!(count(&engine, "task"), 1);
}

#[test]
fn pre_validation_is_not_carried_out_again() {
    // P-24: what it did outside the transaction is not doubled.
    let log = Log::default();
    let step = Step::on(Message::Update, "account").at(at(10)).filtering(["name"]);
    let (engine, account) = engine_that_meets(&log, [step.run("create", create_task("once"))]);

    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(log.take().len(), 2);
    assert_eq!(count(&engine, "task"), 1);
}

#[test]
fn a_message_that_is_carried_out_again_begins_with_what_pre_validation_left() {
    // V-4, P-101: what pre-operation changed is forgotten.
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let was = format!(
            "{} {}",
            ctx.target().unwrap().has("description"),
            ctx.shared.contains_key("k")
        );
        ctx.target_mut().unwrap().set("description", "d").unwrap();
        ctx.shared.insert("k".to_owned(), 1.into());
        was
    };
    let step = Step::on(Message::Update, "account").rank(0).filtering(["name"]);
    let (engine, account) = engine_that_meets(&log, [step.run("see", log.hook(see))]);

    update(&engine, &account, [("name", "B".into())]);

    let lines = log.take();
    let seen: Vec<&String> = lines.iter().filter(|it| !it.starts_with("attempt")).collect();
    assert_eq!(seen, ["false false", "false false"]);
}

#[test]
fn a_message_that_is_carried_out_again_sees_the_image_of_the_last_attempt() {
    // I-17
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let image = ctx.pre_image().unwrap();
        image.get("telephone1").map_or("–".to_owned(), ToString::to_string)
    };
    let step =
        Step::on(Message::Update, "account").rank(3).filtering(["name"]).pre_image(["telephone1"]);
    let (engine, account) = engine_that_meets(&log, [step.run("see", log.hook(see))]);

    update(&engine, &account, [("name", "B".into())]);

    let lines = log.take();
    let seen: Vec<&String> = lines.iter().filter(|it| !it.starts_with("attempt")).collect();
    assert_eq!(seen, ["–", "\"met\""]);
}

#[test]
fn jobs_of_an_attempt_that_failed_do_not_run() {
    // P-41
    let log = Log::default();
    let step = Step::on(Message::Update, "account").asynchronous().filtering(["name"]);
    let (engine, account) = engine_that_meets(&log, [step.run("job", log.word("job"))]);

    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(engine.run_jobs().len(), 1);
}

#[test]
fn the_transcript_shows_the_attempt_that_was_saved() {
    // STYLE §7
    let log = Log::default();
    let (engine, account) = engine_that_meets(&log, []);

    let request = Update::new(change(&engine, &account, [("name", "B".into())]));
    let (transcript, outcome) = engine.trace(request);

    outcome.unwrap();
    assert_eq!(transcript.to_string().matches("attempt").count(), 1, "{transcript}");
}
