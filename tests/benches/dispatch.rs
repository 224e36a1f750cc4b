//! What the way to a rule costs: steps, false guards, registered steps that do not listen, threads, and traces.
//!
//! Each figure is a ratio, or a difference, of two sides that were measured in turns in this run: what a machine
//! does meanwhile happens to both. Beside messages stands an insert as a hand would write it, with the same checks
//! and stamps.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]
#![expect(clippy::print_stdout, reason = "a benchmark tells what it found")]

mod dispatch {
    pub(crate) mod by_hand;
    pub(crate) mod void;
}

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use rulegate::clock::{CountingIds, ManualClock};
use rulegate::metadata::Ordinal;
use rulegate::pipeline::Reach;
use rulegate::store::{Memory, Store};
use rulegate::{
    Context, Engine, Fault, Hook, Message, OrganizationService, Record, Stage, Step, Value,
};
use support::{bare, timed};

use self::dispatch::by_hand::ByHand;
use self::dispatch::void::Void;

/// How often the sides of a comparison take turns.
const TURNS: usize = 201;
/// How often a side does its work in one turn.
const TIMES: u32 = 400;
/// How many records are created in a store that was empty.
const RECORDS: usize = 300;
/// How many steps of a kind a message has whose cost is told.
const STEPS: u32 = 10;

fn main() {
    steps();
    creates();
    registered();
    traces();
    threads();
}

/// A rule as it is once it is lowered: two conditions, one write.
struct Rule {
    employees: Ordinal,
    rating: Ordinal,
    limit: i64,
    has_guard: bool,
}

impl Rule {
    fn new(engine: &Engine, limit: i64) -> Self {
        let account = engine.catalog().entity("account").unwrap().clone();
        let at = |it| account.find(it).unwrap();
        Self { employees: at("employees"), rating: at("rating"), limit, has_guard: false }
    }

    fn holds(&self, ctx: &Context) -> bool {
        let Some(target) = ctx.target() else { return false };
        let employees = target.at(self.employees).and_then(Value::as_whole_number);
        employees.is_some_and(|it| self.limit < it)
    }
}

impl Hook for Rule {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        if self.holds(ctx) && ctx.depth() == 1 {
            ctx.target_mut()?.put(self.rating, Value::Choice(1));
        }
        Ok(())
    }

    fn is_idle(&self, ctx: &Context) -> bool {
        self.has_guard && !self.holds(ctx)
    }

    fn reach(&self) -> Reach {
        Reach::Target
    }

    fn looks_at_images(&self) -> bool {
        false
    }
}

fn engine(store: impl Store + 'static, steps: impl IntoIterator<Item = Step>) -> Engine {
    let builder = Engine::builder(bare().check().unwrap())
        .clock(ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap()))
        .ids(CountingIds::default())
        .store(store);
    steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step).build().unwrap()
}

fn on_update() -> Step {
    Step::on(Message::Update, "account").at(Stage::PreOperation)
}

fn many(step: impl Fn(String) -> Step) -> Vec<Step> {
    (0..STEPS).map(|it| step(format!("step-{it}"))).collect()
}

/// Updates of one account, as often as a turn has it.
fn updates(engine: Engine) -> impl FnMut() -> Duration {
    let account = engine.record("account").unwrap().with("name", "Acme").unwrap();
    let target = engine.create(account).unwrap();
    let change = engine.change(&target).unwrap().with("name", "Acme Ltd").unwrap();
    let change = change.with("employees", 12).unwrap();
    move || {
        let inputs: Vec<Record> = (0..TIMES).map(|_| change.clone()).collect();
        timed(|| inputs.into_iter().for_each(|it| engine.update(it).unwrap())) / TIMES
    }
}

/// The least time of each side, which take turns: what a machine does meanwhile only adds.
fn compare<const N: usize>(mut sides: [Box<dyn FnMut() -> Duration>; N]) -> [f64; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..TURNS {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            times.push(side());
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one message")]
    times.map(|it| it.into_iter().min().unwrap().as_nanos() as f64)
}

/// What one more step adds to an update, in a store that does nothing.
fn steps() {
    let plain = engine(Void::default(), []);
    let rule = |limit, has_guard| {
        let plain = plain.clone();
        move |name: String| on_update().run(name, Rule { has_guard, ..Rule::new(&plain, limit) })
    };
    let closure = |name: String| {
        on_update().run(name, |ctx: &mut Context| {
            black_box(ctx.target());
            Ok(())
        })
    };
    let filtered = |name: String| closure(name).filtering(["telephone1"]);
    let imaged = |name: String| on_update().pre_image(["name"]).run(name, Rule::new(&plain, 5));
    let [none, rules, guards, closures, filters, images] = compare([
        Box::new(updates(plain.clone())),
        Box::new(updates(engine(Void::default(), many(rule(5, false))))),
        Box::new(updates(engine(Void::default(), many(rule(500, true))))),
        Box::new(updates(engine(Void::default(), many(closure)))),
        Box::new(updates(engine(Void::default(), many(filtered)))),
        Box::new(updates(engine(Void::default(), many(imaged)))),
    ]);
    println!("update without steps, no store        {none:7.0} ns");
    for (name, with) in [
        ("a native rule adds", rules),
        ("a false guard adds", guards),
        ("a closure adds", closures),
        ("a filter that does not match adds", filters),
        ("a rule with an image it leaves adds", images),
    ] {
        println!("{name:<38}{:7.1} ns", (with - none) / f64::from(STEPS));
    }
}

fn accounts(account: &Record) -> Vec<Record> {
    (0..RECORDS).map(|_| account.clone()).collect()
}

/// Creates without steps beside an insert as a hand would write it.
fn creates() {
    let account = |engine: &Engine| {
        let account = engine.record("account").unwrap().with("name", "Acme").unwrap();
        account.with("employees", 12).unwrap().with("telephone1", "555 0100").unwrap()
    };
    let by_message = move || {
        let engine = engine(Memory::default(), []);
        let inputs = accounts(&account(&engine));
        let time =
            timed(|| inputs.into_iter().for_each(|it| drop(black_box(engine.create(it).unwrap()))));
        time / u32::try_from(RECORDS).unwrap()
    };
    let by_hand = move || {
        let store = Memory::default();
        let engine = engine(store.clone(), []);
        let (inputs, hand) = (accounts(&account(&engine)), ByHand::new(&engine, store));
        let time = timed(|| inputs.into_iter().for_each(|it| drop(black_box(hand.create(it)))));
        time / u32::try_from(RECORDS).unwrap()
    };
    let [message, hand] = compare([Box::new(by_message), Box::new(by_hand)]);
    println!("create by hand                        {hand:7.0} ns");
    println!("create as a message                   {message:7.0} ns  {:6.2}×", message / hand);
}

/// Three steps that listen, among three and among ten thousand.
fn registered() {
    let three = |engine: &Engine| {
        let rule = |it| on_update().run(format!("own-{it}"), Rule::new(engine, 5));
        (0..3).map(rule).collect::<Vec<Step>>()
    };
    let plain = engine(Void::default(), []);
    let others = (0..9_997).map(|it| {
        let message = if it % 2 == 0 { Message::Create } else { Message::Update };
        let entity = if it % 2 == 0 { "account" } else { "contact" };
        Step::on(message, entity).run(format!("other-{it}"), Rule::new(&plain, 5))
    });
    let all = three(&plain).into_iter().chain(others);
    let [few, many] = compare([
        Box::new(updates(engine(Void::default(), three(&plain)))),
        Box::new(updates(engine(Void::default(), all))),
    ]);
    println!("update, 3 steps of 3                  {few:7.0} ns");
    println!("update, 3 steps of 10,000             {many:7.0} ns  {:6.2}×", many / few);
}

/// An update with three steps: while nothing is remembered, as it is by default, and with a transcript.
fn traces() {
    let plain = engine(Memory::default(), []);
    let rules = || (0..3).map(|it| on_update().run(format!("own-{it}"), Rule::new(&plain, 5)));
    let remembering = |count: usize| {
        let builder =
            Engine::builder(bare().check().unwrap()).settings(|it| it.recent_steps = count);
        rules().fold(builder, rulegate::engine::EngineBuilder::step).build().unwrap()
    };
    let traced = |engine: Engine| {
        let account = engine.record("account").unwrap().with("name", "Acme").unwrap();
        let target = engine.create(account).unwrap();
        let change = engine.change(&target).unwrap().with("name", "Acme Ltd").unwrap();
        let change = change.with("employees", 12).unwrap();
        move || {
            let inputs: Vec<Record> = (0..TIMES).map(|_| change.clone()).collect();
            let send = |it| drop(black_box(engine.trace(rulegate::message::Update::new(it))));
            timed(|| inputs.into_iter().for_each(send)) / TIMES
        }
    };
    let [off, on, full] = compare([
        Box::new(updates(remembering(0))),
        Box::new(updates(remembering(1_000))),
        Box::new(traced(remembering(1_000))),
    ]);
    println!("update, 3 steps, nothing remembered   {off:7.0} ns");
    println!("… recent steps remembered             {on:7.0} ns  {:6.3}×", on / off);
    println!("… and a full transcript               {full:7.0} ns  {:6.3}×", full / off);
}

/// One thread, and two at once, on records and engines' stores of their own or of one.
fn threads() {
    let work = |step: &(dyn Fn() + Sync), count: usize| {
        thread::scope(|scope| {
            timed(|| {
                let all: Vec<_> =
                    (0..count).map(|_| scope.spawn(|| (0..20_000).for_each(|_| step()))).collect();
                all.into_iter().for_each(|it| it.join().unwrap());
            })
        })
    };
    let arithmetic = || {
        let mut it = 1_u64;
        for _ in 0..2_000 {
            it = black_box(it.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    };
    let update = |engine: &Engine| {
        let account = engine.record("account").unwrap().with("name", "Acme").unwrap();
        let target = engine.create(account).unwrap();
        engine.change(&target).unwrap().with("employees", 12).unwrap()
    };
    let gain = |one: &dyn Fn(usize) -> Duration| {
        let mut gains: Vec<f64> = (0..21)
            .map(|_| {
                let (single, both) = (one(1), one(2));
                2.0 * single.as_secs_f64() / both.as_secs_f64()
            })
            .collect();
        gains.sort_by(f64::total_cmp);
        gains[gains.len() / 2]
    };
    let bare = gain(&|count| work(&arithmetic, count));
    println!("two threads of arithmetic             {bare:6.2}×");
    let run = |name: &str, engine: &Engine| {
        let messages = |count: usize| {
            let changes: Vec<Record> = (0..count).map(|_| update(engine)).collect();
            thread::scope(|scope| {
                timed(|| {
                    let send = |change: Record| {
                        move || (0..5_000).for_each(|_| engine.update(change.clone()).unwrap())
                    };
                    let all: Vec<_> = changes.into_iter().map(|it| scope.spawn(send(it))).collect();
                    all.into_iter().for_each(|it| it.join().unwrap());
                })
            })
        };
        let gain = gain(&messages);
        println!("{name:<38}{gain:6.2}×  {:6.2} of arithmetic", gain / bare);
    };
    let rules = |engine: &Engine| {
        (0..3)
            .map(|it| on_update().run(format!("own-{it}"), Rule::new(engine, 5)))
            .collect::<Vec<_>>()
    };
    let plain = engine(Void::default(), []);
    run("two threads of updates, no store", &engine(Void::default(), rules(&plain)));
    run("two threads of updates, memory", &engine(Memory::default(), rules(&plain)));
}
