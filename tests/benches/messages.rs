//! What a message costs, in memory: time and allocations, side by side in one run.
//!
//! `cargo bench --package tests` prints a table; figures of two runs are comparable only as ratios.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::{
    Context, Engine, EntityReference, Message, OrganizationService, Record, Stage, Step,
};
use support::bare;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn engine(steps: impl IntoIterator<Item = Step>) -> Engine {
    let catalog = bare().check().unwrap();
    let builder = Engine::builder(catalog)
        .clock(ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap()))
        .ids(CountingIds::default());
    steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step).build().unwrap()
}

fn step(message: &Message, stage: Stage) -> Step {
    let name = format!("{message}-{}", stage.number());
    Step::on(message.clone(), "account").at(stage).run(name, |ctx: &mut Context| {
        divan::black_box(ctx.target());
        Ok(())
    })
}

/// One step at each stage.
fn three_steps() -> Engine {
    engine(
        [Message::Create, Message::Update]
            .iter()
            .flat_map(|message| Stage::ALL.map(|stage| step(message, stage))),
    )
}

/// A step whose filter matches, with both images, and one whose filter does not.
fn filtered() -> Engine {
    let on = || Step::on(Message::Update, "account").at(Stage::PostOperation);
    engine([
        on().filtering(["name"])
            .pre_image(["name"])
            .post_image(["name"])
            .run("hit", |_: &mut Context| Ok(())),
        on().filtering(["telephone1"]).run("miss", |_: &mut Context| Ok(())),
    ])
}

fn account(engine: &Engine) -> Record {
    let record = engine.record("account").unwrap().with("name", "Acme").unwrap();
    record.with("employees", 12).unwrap().with("telephone1", "555 0100").unwrap()
}

fn rename(engine: &Engine, target: &EntityReference) -> Record {
    engine.change(target).unwrap().with("name", "Acme Ltd").unwrap()
}

fn bench_create(bencher: Bencher<'_, '_>, engine: &Engine) {
    let record = account(engine);
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| record.clone())
        .bench_values(|it| engine.create(it).unwrap());
}

fn bench_update(bencher: Bencher<'_, '_>, engine: &Engine) {
    let target = engine.create(account(engine)).unwrap();
    let change = rename(engine, &target);
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| change.clone())
        .bench_values(|it| engine.update(it).unwrap());
}

#[divan::bench]
fn create_without_steps(bencher: Bencher<'_, '_>) {
    bench_create(bencher, &engine([]));
}

#[divan::bench]
fn create_with_three_steps(bencher: Bencher<'_, '_>) {
    bench_create(bencher, &three_steps());
}

#[divan::bench]
fn update_without_steps(bencher: Bencher<'_, '_>) {
    bench_update(bencher, &engine([]));
}

#[divan::bench]
fn update_with_three_steps(bencher: Bencher<'_, '_>) {
    bench_update(bencher, &three_steps());
}

#[divan::bench]
fn update_with_filters_and_images(bencher: Bencher<'_, '_>) {
    bench_update(bencher, &filtered());
}

#[divan::bench]
fn retrieve(bencher: Bencher<'_, '_>) {
    let engine = engine([]);
    let target = engine.create(account(&engine)).unwrap();
    bencher.counter(ItemsCount::new(1_u32)).bench(|| engine.retrieve(&target).unwrap());
}

/// A message that is refused before the transaction.
#[divan::bench]
fn refuse_in_pre_validation(bencher: Bencher<'_, '_>) {
    let no = |_: &mut Context| Err(rulegate::Fault::reject("no"));
    let engine =
        engine([Step::on(Message::Create, "account").at(Stage::PreValidation).run("no", no)]);
    let record = account(&engine);
    bencher.with_inputs(|| record.clone()).bench_values(|it| engine.create(it).unwrap_err());
}
