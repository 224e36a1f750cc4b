//! What the hop of a task to the engine's threads costs: the same message called and sent, side by
//! side in one run.
//!
//! `cargo bench --package tests --bench facade` prints a table: the difference of two medians is the
//! hop. Each sample is one message, from a runtime of one thread, which is asleep when its answer
//! comes.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use divan::{AllocProfiler, Bencher};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::{Engine, EntityReference, OrganizationService, Record};
use rulegate_async::{AsyncEngine, OrganizationServiceAsync};
use support::bare;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn engine() -> Engine {
    let clock = ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap());
    let builder = Engine::builder(bare().check().unwrap());
    builder.clock(clock).ids(CountingIds::default()).build().unwrap()
}

fn facade() -> (AsyncEngine, Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    (AsyncEngine::new(engine(), 2).unwrap(), runtime)
}

fn account(engine: &Engine) -> Record {
    let record = engine.record("account").unwrap().with("name", "Acme").unwrap();
    record.with("employees", 12).unwrap().with("telephone1", "555 0100").unwrap()
}

fn acme(engine: &Engine) -> EntityReference {
    engine.create(account(engine)).unwrap()
}

#[divan::bench(sample_count = 10_000, sample_size = 1)]
fn retrieve_called(bencher: Bencher<'_, '_>) {
    let engine = engine();
    let target = acme(&engine);
    bencher.bench(|| engine.retrieve(&target).unwrap());
}

#[divan::bench(sample_count = 10_000, sample_size = 1)]
fn retrieve_sent(bencher: Bencher<'_, '_>) {
    let (engine, runtime) = facade();
    let target = acme(engine.engine());
    bencher.bench_local(|| runtime.block_on(engine.retrieve(&target)).unwrap());
}

#[divan::bench(sample_count = 10_000, sample_size = 1)]
fn create_called(bencher: Bencher<'_, '_>) {
    let engine = engine();
    let record = account(&engine);
    bencher.with_inputs(|| record.clone()).bench_values(|it| engine.create(it).unwrap());
}

#[divan::bench(sample_count = 10_000, sample_size = 1)]
fn create_sent(bencher: Bencher<'_, '_>) {
    let (engine, runtime) = facade();
    let record = account(engine.engine());
    bencher
        .with_inputs(|| record.clone())
        .bench_local_values(|it| runtime.block_on(engine.create(it)).unwrap());
}
