//! The trace log in the store: rows as records, where the catalog has an entity for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use rulegate::bootstrap::{DEFAULT_USER, ORGANIZATION, SYSTEM_USER};
use rulegate::clock::{Clock, CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::pipeline::TraceRow;
use rulegate::settings::TraceLogSetting;
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Fault, Message, OrganizationService, Query, Record,
    Step, Value,
};

use crate::engines::{Log, at, count, create, now, record, refuse};

/// A builder over the shipped entities, the trace log among them.
fn shipped() -> EngineBuilder {
    let builder = Engine::builder(support::shipped_catalog());
    builder.clock(ManualClock::at(now())).ids(CountingIds::default())
}

fn logged(steps: impl IntoIterator<Item = Step>) -> Engine {
    let all = shipped().settings(|it| it.trace_log = TraceLogSetting::All);
    steps.into_iter().fold(all, EngineBuilder::step).build().unwrap()
}

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

fn well(_: &mut Context) -> Result<(), Fault> {
    Ok(())
}

/// The records of the log, oldest first.
fn records(engine: &Engine) -> Vec<Record> {
    let query = Query::new("plugintracelog").order_by("createdon");
    engine.retrieve_multiple(query).unwrap().records
}

fn names(engine: &Engine) -> Vec<String> {
    records(engine).iter().map(|it| it.primary_name().unwrap().to_owned()).collect()
}

#[test]
fn a_row_of_a_message_that_was_rolled_back_is_found_as_a_record() {
    // E-48, E-51, P-40
    let fail = |ctx: &mut Context| {
        ctx.trace("before");
        Err(Fault::reject("no"))
    };
    let step = on_create(40).configured("public").secured("hush").run_as(SYSTEM_USER);
    let engine = shipped().step(step.run("fail", fail)).build().unwrap();

    engine.create(record(&engine, "account", [])).unwrap_err();

    let [row] = records(&engine).try_into().unwrap();
    let [kept]: [TraceRow; 1] = engine.trace_log().try_into().unwrap();
    let user = |it| Value::Lookup(EntityReference::new("systemuser", it));
    for (column, value) in [
        ("typename", "fail".into()),
        ("messagename", "Create".into()),
        ("primaryentity", "account".into()),
        ("depth", 1.into()),
        ("mode", Value::Choice(0)),
        ("operationtype", Value::Choice(1)),
        ("messageblock", "before".into()),
        ("exceptiondetails", "no".into()),
        ("configuration", "public".into()),
        ("correlationid", Value::Id(kept.correlation_id)),
        ("requestid", Value::Id(kept.request_id)),
        ("issystemcreated", false.into()),
        ("organizationid", Value::Id(ORGANIZATION)),
        ("createdon", now().into()),
        ("createdby", user(SYSTEM_USER)),
        ("createdonbehalfby", user(DEFAULT_USER)),
    ] {
        assert_eq!(row.get(column), Some(&value), "{column}");
    }
    assert!(!row.has("secureconfiguration") && !format!("{row:?} {kept:?}").contains("hush"));
    assert_eq!(engine.retrieve(&row.reference().unwrap()).unwrap().id(), row.id());
    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn rows_of_messages_and_jobs_that_went_well_are_records_where_the_setting_says_all() {
    // E-47, E-48, E-53
    let engine = logged([
        on_create(10).run("10", well),
        on_create(40).run("40", well),
        on_create(40).asynchronous().run("job", well),
    ]);

    create(&engine, "account", []);
    assert_eq!(names(&engine), ["10", "40"]);
    engine.run_jobs();

    assert_eq!(names(&engine), ["10", "40", "job"]);
    let rows = records(&engine);
    let modes: Vec<_> = rows.iter().map(|it| it.get("mode").cloned()).collect();
    assert_eq!(modes, [0, 0, 1].map(|it| Some(Value::Choice(it))));
    assert!(rows.iter().all(|it| !it.has("exceptiondetails") && !it.has("createdonbehalfby")));
}

#[test]
fn a_row_knows_its_message_and_its_user() {
    // E-51
    let log = Log::default();
    let ids = |ctx: &mut Context| format!("{} {}", ctx.request_id(), ctx.user());
    let engine = logged([on_create(20).configured("a").run("see", log.hook(ids))]);

    create(&engine, "account", []);

    let [row]: [TraceRow; 1] = engine.trace_log().try_into().unwrap();
    assert_eq!(log.take(), [format!("{} {}", row.request_id, row.created_by)]);
    assert_eq!((&*row.configuration, row.created_on_behalf_by), ("a", None));
}

#[test]
fn a_record_of_the_log_is_no_event_and_nobody_can_write_one() {
    // E-48
    let log = Log::default();
    let on = |message| Step::on(message, "plugintracelog");
    let engine = logged([
        on(Message::Create).run("event", log.word("event")),
        on_create(20).run("well", well),
    ]);

    create(&engine, "account", []);
    assert!(log.take().is_empty());
    assert_eq!(names(&engine), ["well"]);

    let own = create(&engine, "plugintracelog", [("typename", "mine".into())]);
    assert_eq!(engine.retrieve(&own).unwrap().get("typename"), None); // C-6: what nobody can send is dropped.
}

#[test]
fn what_is_older_than_a_day_is_removed_once_a_day() {
    // E-50
    let clock = Arc::new(ManualClock::at(now()));
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let name = |ctx: &mut Context| {
        let name = ctx.target().and_then(|it| it.get("name")).map(ToString::to_string);
        ctx.trace(name.unwrap_or_default());
        Ok(())
    };
    let engine = shipped()
        .shared_clock(shared)
        .settings(|it| it.trace_log = TraceLogSetting::All)
        .step(on_create(20).run("name", name))
        .build()
        .unwrap();
    let log_after = |by: TimeDelta, name: &str| {
        clock.advance(by);
        create(&engine, "account", [("name", name.into())]);
        let texts = records(&engine);
        let texts =
            texts.iter().map(|it| it.get("messageblock").unwrap().as_text().unwrap().to_owned());
        texts.map(|it| it.replace('"', "")).collect::<Vec<_>>().join(" ")
    };

    assert_eq!(log_after(TimeDelta::zero(), "a"), "a");
    assert_eq!(log_after(TimeDelta::hours(24), "b"), "a b"); // A day old, and not older.
    assert_eq!(log_after(TimeDelta::seconds(1), "c"), "a b c"); // Removed today already.
    assert_eq!(log_after(TimeDelta::hours(24), "d"), "c d");
}

/// A store that counts its transactions, and refuses those that come later than so many.
#[derive(Debug)]
struct Counting {
    memory: Memory,
    begun: Arc<AtomicU32>,
    most: Arc<AtomicU32>,
}

impl Store for Counting {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.memory.adopt(catalog)
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        if self.most.load(Ordering::SeqCst) < self.begun.fetch_add(1, Ordering::SeqCst) + 1 {
            return Err(StoreError::Backend("no answer".into()));
        }
        self.memory.begin()
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.memory.snapshot()
    }
}

/// How many transactions a Create takes, whose step does well or not.
fn transactions(builder: EngineBuilder, step: Step) -> u32 {
    let begun = Arc::new(AtomicU32::new(0));
    let most = Arc::new(AtomicU32::new(u32::MAX));
    let store = Counting { memory: Memory::default(), begun: Arc::clone(&begun), most };
    let engine = builder.store(store).step(step).build().unwrap();
    let before = begun.load(Ordering::SeqCst);
    drop(engine.create(record(&engine, "account", [])));
    begun.load(Ordering::SeqCst) - before
}

#[test]
fn a_message_that_has_nothing_to_log_begins_no_transaction_for_it() {
    // E-48
    assert_eq!(transactions(shipped(), on_create(20).run("well", well)), 1);
    assert_eq!(transactions(crate::engines::builder(), on_create(20).run("no", refuse("no"))), 1);
    // The message, its row, and the removal of what is older than a day.
    assert_eq!(transactions(shipped(), on_create(20).run("no", refuse("no"))), 3);
}

#[test]
fn where_the_store_refuses_the_log_the_message_is_as_it_was() {
    // E-48
    let (begun, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(u32::MAX)));
    let (memory, begins) = (Memory::default(), Arc::clone(&begun));
    let engine = shipped()
        .store(Counting { memory, begun: begins, most: Arc::clone(&most) })
        .settings(|it| it.trace_log = TraceLogSetting::All)
        .step(on_create(20).run("well", well))
        .build()
        .unwrap();
    let message = begun.load(Ordering::SeqCst) + 1;
    most.store(message, Ordering::SeqCst);

    create(&engine, "account", []);

    assert_eq!(begun.load(Ordering::SeqCst), message + 1);
    assert_eq!(engine.trace_log().len(), 1);
    most.store(u32::MAX, Ordering::SeqCst);
    assert_eq!((count(&engine, "account"), count(&engine, "plugintracelog")), (1, 0));
}
