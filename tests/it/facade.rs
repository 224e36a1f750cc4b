//! What the engine promises to tasks: one hop, back-pressure, and messages that nobody cuts in two.

mod cancellation; // Futures that are dropped: before their message began, and after.
mod closing; // How it ends: what is finished, what is refused, and who lets go last.
mod gate; // A hook that stands still until it is let go on, and futures polled by hand.
mod stress; // Many tasks, many threads, and cancellation at random.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;

use rulegate::bootstrap::SYSTEM_USER;
use rulegate::message::{Create, Custom, CustomMessage, Options, ParameterType};
use rulegate::pipeline::Origin;
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Message, OrganizationService, Query, Record,
    Stage, Step, Value,
};
use rulegate_async::{AsyncEngine, OrganizationServiceAsync, StartError};
use uuid::Uuid;

use self::gate::{Gate, Wakes};
use crate::engines::{Log, builder, create_task, engine, record, refuse};

/// Tasks' way to an engine with these steps.
fn facade(threads: usize, steps: impl IntoIterator<Item = Step>) -> AsyncEngine {
    AsyncEngine::new(engine(steps), threads).unwrap()
}

/// An account of that name, to be created.
fn account(facade: &AsyncEngine, name: &str) -> Record {
    record(facade.engine(), "account", [("name", name.into())])
}

fn on_create(stage: Stage) -> Step {
    Step::on(Message::Create, "account").at(stage)
}

/// The names of the accounts that are stored.
fn names(engine: &Engine) -> Vec<String> {
    texts(engine, "account", "name")
}

/// The texts that the records of an entity have.
fn texts(engine: &Engine, entity: &str, attribute: &str) -> Vec<String> {
    let page = engine.retrieve_multiple(Query::new(entity)).unwrap();
    let text = |it: &Record| match it.get(attribute) {
        Some(Value::Text(text)) => text.to_string(),
        other => panic!("{other:?}"),
    };
    page.records.iter().map(text).collect()
}

/// Waits on one thread, as a small host does.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Sends a message of each kind, and answers what each answered. `await` makes it a story of tasks.
macro_rules! story {
    ($service:expr $(, $wait:tt)?) => {{
        let service = $service;
        let record = |entity: &str, name: &str, text: &str| {
            service.record(entity).unwrap().with(name, text).unwrap()
        };
        let change = |it: &EntityReference, name: &str, text: &str| {
            service.change(it).unwrap().with(name, text).unwrap()
        };
        let acme = service.create(record("account", "name", "Acme"))$(.$wait)?.unwrap();
        let many = vec![record("task", "subject", "a"), record("task", "subject", "b")];
        let tasks = service.create_multiple(many)$(.$wait)?.unwrap();
        let changes = tasks.iter().map(|it| change(it, "subject", "c")).collect();
        let unknown = EntityReference::new("task", Uuid::from_u128(7));
        let more = vec![change(&unknown, "subject", "d")];
        let user = EntityReference::new("systemuser", SYSTEM_USER);
        let add = Custom::new("x_Add").with("A", 2_i32);
        [
            shown(service.update(change(&acme, "name", "Acme Ltd"))$(.$wait)?),
            shown(service.update_multiple(changes)$(.$wait)?),
            shown(service.upsert(change(&acme, "telephone1", "555"))$(.$wait)?),
            shown(service.upsert_multiple(more)$(.$wait)?),
            shown(service.associate(&acme, "Account_Tasks", tasks.clone())$(.$wait)?),
            shown(service.disassociate(&acme, "Account_Tasks", tasks.clone())$(.$wait)?),
            shown(service.assign(&acme, &user)$(.$wait)?),
            shown(service.set_state(&acme, 1, None)$(.$wait)?),
            shown(service.retrieve(&acme)$(.$wait)?),
            shown(service.retrieve_columns(&acme, ["name"])$(.$wait)?),
            shown(service.delete(&tasks[0])$(.$wait)?),
            shown(service.retrieve(&tasks[0])$(.$wait)?),
            shown(service.retrieve_multiple(Query::new("task"))$(.$wait)?),
            shown(service.call(add)$(.$wait)?),
        ]
    }};
}

fn shown(answer: impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

/// An engine that knows a message of its host's.
fn adding() -> Engine {
    let add = CustomMessage::new("x_Add").input("A", ParameterType::Integer);
    builder().message(add, |_: &mut Context| Ok(())).build().unwrap()
}

#[test]
fn tasks_are_answered_what_callers_are() {
    let called = story!(adding());
    let sent = block_on(async { story!(AsyncEngine::new(adding(), 2).unwrap(), await) });

    assert_eq!(sent, called);
    let failed = sent.iter().filter(|it| it.starts_with("Err")).count();
    assert_eq!(failed, 1, "only the task that was deleted is not found: {sent:#?}");
}

#[test]
fn a_transcript_has_the_words_that_a_call_gives() {
    let steps =
        || [on_create(Stage::PostOperation).asynchronous().run("later", create_task("call"))];
    let alone = engine(steps());
    let (called, _) = alone.trace(Create::new(record(&alone, "account", [])));

    let facade = facade(2, steps());
    let request = Create::new(record(facade.engine(), "account", []));
    let (sent, outcome) = block_on(facade.trace(request));

    assert_eq!(sent, called);
    assert!(outcome.is_ok() && !sent.is_empty());
}

#[test]
fn what_is_refused_says_why_as_in_a_call() {
    let facade = facade(1, [on_create(Stage::PreOperation).run("no", refuse("not today"))]);

    let error = block_on(facade.create(account(&facade, "Acme"))).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepRejected);
    assert_eq!(error.rejection().unwrap().reason, "not today");
    assert_eq!(names(facade.engine()), Vec::<String>::new());
}

#[test]
fn a_client_says_who_sends_and_what_it_sends_along() {
    let log = Log::default();
    let see = log.hook(|ctx: &mut Context| {
        let is_tagged = ctx.shared.get("tag") == Some(&"import".into());
        format!("{} {is_tagged} {}", ctx.user(), ctx.initiating_user_agent())
    });
    let facade = facade(1, [on_create(Stage::PreOperation).run("see", see)]);
    let client = facade.as_user(SYSTEM_USER).with_options(Options::new().tag("import"));

    let client = client.with_origin(Origin::new().user_agent("a test"));
    block_on(client.create(account(&facade, "Acme"))).unwrap();

    assert_eq!(log.take(), [format!("{SYSTEM_USER} true a test")]);
}

#[test]
fn a_message_runs_whole_on_one_of_the_engines_threads() {
    let log = Log::default();
    let name = |_: &mut Context| thread::current().name().unwrap_or_default().to_owned();
    let see = |stage: Stage| on_create(stage).run(stage.name(), log.hook(name));
    let facade =
        facade(2, [Stage::PreValidation, Stage::PreOperation, Stage::PostOperation].map(see));

    for _ in 0..50 {
        block_on(facade.create(account(&facade, "Acme"))).unwrap();
        let seen: BTreeSet<String> = log.take().into_iter().collect();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(["rulegate-1", "rulegate-2"].contains(&seen.first().unwrap().as_str()), "{seen:?}");
    }
}

#[test]
fn a_message_wakes_its_caller_once_and_needs_no_runtime() {
    let (gate, stop) = Gate::new("Acme");
    let facade = facade(1, [on_create(Stage::PreOperation).run("stop", stop)]);
    let wakes = Wakes::default();
    let mut created = pin!(facade.create(account(&facade, "Acme")));

    assert!(wakes.poll(created.as_mut()).is_pending());
    gate.wait();
    assert_eq!(wakes.count(), 0);
    gate.open();
    wakes.wait();

    assert!(matches!(wakes.poll(created.as_mut()), Poll::Ready(Ok(_))));
    assert_eq!(wakes.count(), 1);
}

#[test]
fn a_future_that_nobody_polls_does_nothing() {
    let facade = facade(1, []);

    drop(facade.create(account(&facade, "Acme")));
    block_on(facade.close());

    assert_eq!(names(facade.engine()), Vec::<String>::new());
}

#[test]
fn messages_begin_in_the_order_in_which_they_came() {
    let (gate, stop) = Gate::new("0");
    let facade = facade(1, [on_create(Stage::PreOperation).run("stop", stop)]);
    let wakes = Wakes::default();
    let created: Vec<_> =
        (0..20).map(|it| facade.create(account(&facade, &it.to_string()))).collect();
    let mut created: Vec<_> = created.into_iter().map(Box::pin).collect();

    for it in &mut created {
        assert!(wakes.poll(it.as_mut()).is_pending());
    }
    gate.wait();
    gate.open();
    block_on(facade.close());

    let expected: Vec<String> = (0..20).map(|it| it.to_string()).collect();
    assert_eq!(names(facade.engine()), expected); // Identities count, and so order what was created.
}

#[test]
fn where_the_queue_is_full_callers_wait_for_a_place() {
    let (gate, stop) = Gate::new("first");
    let steps = [on_create(Stage::PreOperation).run("stop", stop)];
    let facade = AsyncEngine::builder(engine(steps)).threads(1).queue_bound(1).build().unwrap();
    let (first_wakes, wakes) = (Wakes::default(), Wakes::default());
    let mut first = pin!(facade.create(account(&facade, "first")));
    let mut second = Box::pin(facade.create(account(&facade, "second")));
    let mut third = pin!(facade.create(account(&facade, "third")));

    assert!(first_wakes.poll(first.as_mut()).is_pending());
    gate.wait(); // The first has begun, and waits no more: the only place is free.
    assert!(Wakes::default().poll(second.as_mut()).is_pending());
    assert!(wakes.poll(third.as_mut()).is_pending());
    assert_eq!(wakes.count(), 0);

    drop(second); // It gives its place back, without any thread's help.
    assert_eq!(wakes.count(), 1);
    assert!(wakes.poll(third.as_mut()).is_pending());
    gate.open();
    block_on(third).unwrap();

    assert_eq!(names(facade.engine()), ["first", "third"]);
}

#[test]
fn a_hook_that_panics_costs_no_thread() {
    let panics = |_: &mut Context| panic!("a hook that panics, as the test wants it");
    let facade = facade(1, [on_create(Stage::PreOperation).run("broken", panics)]);

    let error = block_on(facade.create(account(&facade, "Acme"))).unwrap_err();
    let task = facade.record("task").unwrap();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    block_on(facade.create(task)).unwrap();
}

#[test]
fn what_panics_outside_of_a_hook_panics_in_its_task_and_costs_no_thread() {
    let facade = facade(1, []);
    let panics =
        facade.run(|_: &Engine| -> u32 { panic!("work that panics, as the test wants it") });

    let panic = catch_unwind(AssertUnwindSafe(|| block_on(panics))).unwrap_err();

    assert_eq!(panic.downcast_ref(), Some(&"work that panics, as the test wants it"));
    assert_eq!(block_on(facade.run(Engine::generation)).unwrap(), 0);
}

#[test]
fn many_messages_go_in_one_hop() {
    let facade = facade(
        1,
        [on_create(Stage::PostOperation).run("no", |ctx: &mut Context| {
            if ctx.target().is_some_and(|it| it.has("telephone1")) {
                Err(rulegate::Fault::reject("no"))
            } else {
                Ok(())
            }
        })],
    );
    let good = account(&facade, "Acme");
    let bad = account(&facade, "Globex").with("telephone1", "555").unwrap();
    let requests = [Create::new(good).into(), Create::new(bad).into()];

    let failed = block_on(facade.client().run(move |it| it.execute_transaction(&requests)));

    assert_eq!(failed.unwrap().unwrap_err().index, 1);
    assert_eq!(names(facade.engine()), Vec::<String>::new());
}

#[test]
fn without_a_thread_or_a_place_nothing_starts() {
    let build = |threads, places| {
        AsyncEngine::builder(engine([])).threads(threads).queue_bound(places).build()
    };

    assert!(matches!(build(0, 1), Err(StartError::NoThreads)));
    assert!(matches!(build(1, 0), Err(StartError::NoPlaces)));
    assert!(build(1, 1).is_ok());
    assert!(build(1, usize::MAX).is_ok()); // As many as fit.
}
