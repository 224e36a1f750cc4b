//! Many tasks, many threads, and cancellation at random: what is stored is what was acknowledged, and
//! what began before its future was dropped. Nothing is stored in part.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use rulegate::engine::EngineBuilder;
use rulegate::{Context, Error, ErrorCode, Fault, OrganizationService, Stage, Step, Value};
use rulegate_async::{AsyncEngine, OrganizationServiceAsync};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::{account, names, on_create, texts};
use crate::engines::builder;
use crate::store::BriefSqlite;

/// Tasks, and messages of each.
const TASKS: u64 = 100;
const MESSAGES: u64 = 20;

/// What is known of messages, by the names of their accounts.
#[derive(Default)]
struct Known {
    /// Who wants to hear that a message began.
    hearers: BTreeMap<String, oneshot::Sender<()>>,
    began: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    refused: BTreeSet<String>,
    cancelled: BTreeSet<String>,
}

type Shared = Arc<Mutex<Known>>;

/// When a task gives its message up.
enum Patience {
    Endless,
    /// After it was polled so often.
    Polls(u64),
    /// When the message begins.
    Beginning,
}

impl Patience {
    fn of(roll: u64) -> Self {
        match roll % 4 {
            0 => Self::Endless,
            1 => Self::Polls(0),
            2 => Self::Polls(roll / 4 % 200),
            _ => Self::Beginning,
        }
    }
}

/// The next of some numbers without order (SplitMix64): the same each time.
fn roll(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn name_of(ctx: &Context) -> String {
    match ctx.target().and_then(|it| it.get("name")) {
        Some(Value::Text(name)) => name.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A message writes three times: a task before, the account, and a task after. Some are refused at
/// their end.
fn steps(known: &Shared) -> [Step; 4] {
    let known = Arc::clone(known);
    let note = move |ctx: &mut Context| {
        let mut known = known.lock().unwrap();
        let name = name_of(ctx);
        if let Some(hearer) = known.hearers.remove(&name) {
            hearer.send(()).ok();
        }
        known.began.insert(name);
        Ok(())
    };
    let task = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("task")?.with("subject", name_of(ctx))?)?;
        Ok(())
    };
    let no = |ctx: &mut Context| {
        if is_refused(&name_of(ctx)) { Err(Fault::reject("no")) } else { Ok(()) }
    };
    [
        on_create(Stage::PreValidation).run("note", note),
        on_create(Stage::PreOperation).run("before", task),
        on_create(Stage::PostOperation).rank(1).run("after", task),
        on_create(Stage::PostOperation).rank(2).run("no", no),
    ]
}

fn is_refused(name: &str) -> bool {
    name.ends_with('7')
}

/// Sends messages one after the other, and gives some of them up.
async fn send(facade: AsyncEngine, known: Shared, task: u64) {
    let mut seed = task;
    for number in 0..MESSAGES {
        let name = format!("{task}-{number}");
        let patience = Patience::of(roll(&mut seed));
        let (hearer, began) = oneshot::channel();
        if matches!(patience, Patience::Beginning) {
            known.lock().unwrap().hearers.insert(name.clone(), hearer);
        }
        let outcome = attempt(&facade, &name, give_up(patience, began)).await;
        let mut known = known.lock().unwrap();
        let known = match outcome {
            None => &mut known.cancelled,
            Some(Ok(())) => &mut known.acknowledged,
            Some(Err(error)) => {
                assert_eq!(error.code(), ErrorCode::StepRejected, "{error}");
                &mut known.refused
            }
        };
        known.insert(name);
    }
}

/// Waits until the patience is at its end.
async fn give_up(patience: Patience, began: oneshot::Receiver<()>) {
    match patience {
        Patience::Endless => pending().await,
        Patience::Beginning => began.await.unwrap(),
        Patience::Polls(count) => {
            for _ in 0..count {
                yield_now().await;
            }
        }
    }
}

/// What came of a message; nothing where it was given up.
async fn attempt(
    facade: &AsyncEngine,
    name: &str,
    given_up: impl Future<Output = ()>,
) -> Option<Result<(), Error>> {
    let created = facade.create(account(facade, name));
    let mut created = Box::pin(created);
    // Once, so that it stands in the queue, or waits for a place.
    let first = poll_fn(|cx| Poll::Ready(created.as_mut().poll(cx)));
    if let Poll::Ready(outcome) = first.await {
        return Some(outcome.map(drop));
    }
    tokio::select! {
        biased;
        () = given_up => None,
        outcome = created => Some(outcome.map(drop)),
    }
}

#[test]
fn what_is_stored_was_acknowledged_or_began_before_it_was_given_up() {
    play(builder());
}

#[test]
fn what_is_in_the_file_was_acknowledged_or_began_before_it_was_given_up() {
    play(builder().store(BriefSqlite::new()));
}

fn play(builder: EngineBuilder) {
    let known = Shared::default();
    let engine = steps(&known).into_iter().fold(builder, EngineBuilder::step).build().unwrap();
    let facade = AsyncEngine::builder(engine).threads(3).queue_bound(8).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|it| tokio::spawn(send(facade.clone(), Arc::clone(&known), it)))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        facade.close().await;
    });

    let known = known.lock().unwrap();
    let (began, late): (BTreeSet<_>, BTreeSet<_>) =
        known.cancelled.iter().cloned().partition(|it| known.began.contains(it));
    for some in [&known.acknowledged, &known.refused, &began, &late] {
        assert!(!some.is_empty(), "each is to happen: {} began, {} not", began.len(), late.len());
    }
    let saved = began.into_iter().filter(|it| !is_refused(it));
    let expected: BTreeSet<String> = known.acknowledged.iter().cloned().chain(saved).collect();

    let accounts = names(facade.engine());
    assert_eq!(accounts.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(accounts.len(), expected.len(), "none twice");
    let mut tasks = texts(facade.engine(), "task", "subject");
    tasks.sort();
    let each_twice: Vec<String> = expected.iter().flat_map(|it| [it.clone(), it.clone()]).collect();
    assert_eq!(tasks, each_twice, "each whole, and nothing of the others");
}
