//! Recovery: what an engine finds in its store that another one has left there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chrono::{NaiveDate, TimeDelta};
use rulegate::bootstrap::SYSTEM_USER;
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::error::OperationStatus;
use rulegate::message::{
    Assign, Associate, Create, CreateMultiple, Custom, CustomMessage, Delete, Disassociate, Link,
    Options, Parameter, ParameterType, Parameters, Retrieve, RetrieveMultiple, SetState, Update,
    UpdateMultiple,
};
use rulegate::pipeline::{JobState, Origin, ParentContext};
use rulegate::record::{Operator, Party};
use rulegate::settings::{JobGeneration, Jobs};
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Fault, Message, OrganizationService, Query, Record,
    Request, Stage, Step, Value,
};
use rulegate_sqlite::Sqlite;
use uuid::Uuid;

use crate::engines::{Log, change, count, create, now, record};

/// A builder over the shipped entities and a store that others have, too.
fn on(store: &Memory) -> EngineBuilder {
    let builder = Engine::builder(support::shipped_catalog()).store(store.clone());
    builder.clock(ManualClock::at(now()))
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

/// Every kind of value, and of parameter.
fn every_parameter(ctx: &Context) -> Vec<(&'static str, Parameter)> {
    let id = Uuid::from_u128(7);
    let contact = EntityReference::new("contact", id);
    let mut record = ctx.service().record("account").unwrap().with("name", Value::Null).unwrap();
    record.identify(id);
    record.set_version(u64::MAX);
    let keyed = ctx.service().record("contact").unwrap().with_key("emailaddress1", "a@b").unwrap();
    let keyed = record.clone().with_lookup_by_key("primarycontactid", keyed).unwrap();
    let keyed = keyed.with_key("name", 1_i64);
    let party = Party { party: contact.clone(), participation: 2 };
    let double = |it: f64| Parameter::Value(it.into());
    vec![
        ("null", Parameter::Value(Value::Null)),
        ("text", "a \"quoted\"\n\u{0} ü".into()),
        ("least", i64::MIN.into()),
        ("most", i64::MAX.into()),
        ("decimal", Parameter::Value(Value::Decimal("1.1000".parse().unwrap()))),
        ("double", double(0.1 + 0.2)),
        ("negative zero", double(-0.0)),
        ("infinity", double(f64::INFINITY)),
        ("no number", double(f64::NAN)),
        ("flag", true.into()),
        ("moment", Parameter::Value((now() + TimeDelta::nanoseconds(1)).into())),
        ("date", Parameter::Value(NaiveDate::from_ymd_opt(1753, 1, 1).unwrap().into())),
        ("choice", Parameter::Value(Value::Choice(-1))),
        ("choices", Parameter::Value(Value::Choices(Arc::new([3, -1].into())))),
        ("lookup", Parameter::Value(Value::Lookup(contact.clone()))),
        ("parties", Parameter::Value(Value::Parties([party].into()))),
        ("id", Parameter::Value(Value::Id(id))),
        ("bytes", Parameter::Value(Value::Bytes((0..=255).collect()))),
        ("record", Parameter::Record(record.clone())),
        ("records", Parameter::Records(vec![record, keyed.unwrap()])),
        ("references", Parameter::References(vec![contact])),
        ("texts", Parameter::Texts(vec![String::new(), "b".to_owned()])),
    ]
}

/// All that a hook can see of a record, and more than `Debug` shows.
fn whole(record: &Record) -> String {
    let key: Vec<_> = record.key().map(|(it, value)| (record.metadata().name(it), value)).collect();
    let lookups = record.lookups_by_key().iter();
    let lookups: Vec<_> =
        lookups.map(|(it, to)| (record.metadata().name(*it), to, to.key().count())).collect();
    format!("{record:?} {:?} {key:?} {lookups:?}", record.version())
}

/// All that a job sees.
fn all(ctx: &mut Context) -> String {
    let mut parents = Vec::new();
    let mut parent: Option<&ParentContext> = ctx.parent();
    while let Some(it) = parent {
        let place = (it.message(), it.entity(), it.primary_id(), it.stage(), it.depth());
        parents.push(format!("{place:?} {:?} {:?}", it.input(), shared(it.shared())));
        parent = it.parent();
    }
    let message = (ctx.message(), ctx.entity(), ctx.request(), ctx.response());
    let images =
        (ctx.pre_image(), ctx.post_image(), ctx.pre_image_of(1, ""), ctx.post_image_of(1, ""));
    let place = (ctx.depth(), ctx.correlation_id(), ctx.job(), ctx.stage(), ctx.mode());
    let users = (ctx.user(), ctx.initiating_user(), ctx.authenticated_user());
    let client = (ctx.initiating_user_agent(), ctx.is_portals_client_call());
    let shared = shared(&ctx.shared);
    format!("{message:?} {images:?} {place:?} {users:?} {client:?} {parents:?} {shared:?}")
}

fn shared(variables: &Parameters) -> Vec<String> {
    let text = |(name, it): (&String, &Parameter)| match it {
        Parameter::Record(it) => format!("{name} {}", whole(it)),
        Parameter::Records(all) => {
            format!("{name} {:?}", all.iter().map(whole).collect::<Vec<_>>())
        }
        Parameter::Value(_) | Parameter::References(_) | Parameter::Texts(_) => {
            format!("{name} {it:?}")
        }
    };
    variables.iter().map(text).collect()
}

/// Sends every message of which there can be jobs.
fn send_everything(engine: &Engine) {
    let origin = Origin::new().user_agent("the tests").authenticated(SYSTEM_USER).portal(None);
    let client = engine.client().with_origin(origin).with_options(Options::new().tag("tagged"));
    let send = |request: Request| client.execute(request).unwrap();
    let account = create(engine, "account", [("name", "A".into())]);
    let other = create(engine, "account", [("name", "B".into())]);
    let contact = create(engine, "contact", [("lastname", "C".into())]);
    let task = create(engine, "task", [("subject", "T".into())]);
    let user = EntityReference::new("systemuser", SYSTEM_USER);
    let link = || Link::new(account.clone(), "account_primary_contact", [contact.clone()]);
    let query = Query::new("account")
        .select(["name"])
        .filter("name", Operator::In, ["A".into(), "B".into()])
        .order_by("name")
        .top(2);
    send(Update::new(change(engine, &account, [("telephone1", Value::Null)])).into());
    send(Retrieve::all(account.clone()).into());
    send(RetrieveMultiple { query }.into());
    send(Associate { link: link() }.into());
    send(Disassociate { link: link() }.into());
    send(Assign { target: task.clone(), assignee: user }.into());
    send(SetState { target: task, state: 1, status: Some(5) }.into());
    let named = |name: &str| record(engine, "account", [("name", name.into())]);
    send(
        Create::new(named("C"))
            .with_related("account_primary_contact", [named_contact(engine)])
            .into(),
    );
    send(CreateMultiple { targets: vec![named("D"), named("E")] }.into());
    let targets = [&account, &other].map(|it| change(engine, it, [("name", "F".into())]));
    send(UpdateMultiple { targets: targets.to_vec() }.into());
    let ring = Custom::new("Ring").with("Target", Value::Lookup(account)).with("Times", 2_i64);
    send(ring.with("As", named("G")).into());
    send(Delete::new(other).into());
}

fn named_contact(engine: &Engine) -> Create {
    Create::new(record(engine, "contact", [("lastname", "R".into())]))
}

/// An engine with jobs on everything, which see all, and every parameter among their shared variables.
fn seeing(store: &Memory, log: &Log) -> Engine {
    let ring = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("account")?.with("name", "nested")?)?;
        Ok(())
    };
    let ring_message = CustomMessage::new("Ring")
        .bound_to("account")
        .input("Times", ParameterType::Integer)
        .input("As", ParameterType::Entity)
        .output("Heard", ParameterType::Boolean);
    let mut builder = on(store).ids(CountingIds::default()).message(ring_message, ring);
    for message in Message::STANDARD.into_iter().chain(["Ring".into()]) {
        if matches!(message, Message::Upsert | Message::UpsertMultiple | Message::DeleteMultiple) {
            continue;
        }
        let job = Step::on_any(message.clone()).asynchronous().run("see", log.hook(all));
        let fill = |ctx: &mut Context| {
            let all = every_parameter(ctx).into_iter().map(|(name, it)| (name.to_owned(), it));
            ctx.shared.extend(all);
            Ok(())
        };
        builder.add_step(Step::on_any(message).at(Stage::PostOperation).run("fill", fill));
        builder.add_step(job);
    }
    for message in [Message::Update, Message::UpdateMultiple] {
        let step = Step::on(message, "account").asynchronous();
        builder.add_step(step.pre_image(["name"]).post_image(["name"]).run("i", log.hook(all)));
    }
    builder.build().unwrap()
}

#[test]
fn a_job_sees_after_the_engine_is_gone_what_it_would_have_seen_before() {
    // L-1, X-1 to X-31, P-73
    let (seen, log) = (Log::default(), Log::default());
    let engine = seeing(&Memory::default(), &seen);
    send_everything(&engine);
    engine.run_jobs();

    let store = Memory::default();
    send_everything(&seeing(&store, &log));
    assert!(log.take().is_empty());
    seeing(&store, &log).run_jobs();

    let (seen, found) = (seen.take(), log.take());
    assert!(20 < seen.len());
    for (seen, found) in seen.iter().zip(&found) {
        assert_eq!(seen, found);
    }
    assert_eq!(seen.len(), found.len());
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
        builder.clock(ManualClock::at(now())).step(job().run("job", log.hook(all))).build().unwrap()
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
    let first = build(true);
    create(&first, "account", [("name", "A".into())]);

    let second = build(false);
    create(&second, "account", [("name", "B".into())]);
    second.run_jobs();
    assert_eq!((log.take(), statuses(&second)), (vec!["\"B\"".to_owned()], vec![0, 30]));

    first.run_jobs();
    assert_eq!((log.take(), statuses(&first)), (vec!["\"A\"".to_owned()], vec![30, 30]));
}
