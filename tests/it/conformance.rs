//! The conformance cases of the specification, one test a case, on every store.
//!
//! Who does not know the platform learns it here, from top to bottom. A case says what is *given* (steps
//! that hear of messages, and records), what happens *when* a message is sent, and what is so *then*: three
//! paragraphs, and a sentence above them. Its name is its number and its promise; the comment below the name
//! cites the clauses on which it stands. `engine/COMPATIBILITY.md` has the table of all cases.
//!
//! A step at stage 10 runs before the transaction (pre-validation), at 20 within it and before the write
//! (pre-operation), at 40 within it and after the write (post-operation).

mod stages; // What can be changed where.

mod transactions; // What is undone together.

mod order; // Which step runs first, and which cannot be registered.

mod images; // A record before and after its message.

mod filters; // Which updates wake a step.

mod depth; // Messages within messages.

mod shared; // What steps leave for each other.

mod context; // What a step sees of its message.
mod options; // What it is told beside.

mod data; // What Create and Update do with records.
mod keys; // Alternate keys, Upsert and row versions.
mod state; // States and status reasons.
mod values; // What fits an attribute.

mod bulk; // Many records in one message.

mod associate; // Records are linked.
mod cascades; // What a message does to the children of its record.

mod opportunity; // Win, Lose, and the parts that customers play.

mod batches; // Many messages in one call.
mod custom; // Messages of an embedder's.
mod jobs; // Asynchronous steps.
mod trace; // What steps traced, and how long they may take.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::store::Memory;
use rulegate::{
    Catalog, Context, Engine, EntityReference, ErrorCode, Fault, Message, OrganizationService,
    Query, Record, Stage, Step, Value,
};

use crate::engines::{
    Log, at, catalog, change, count, create, create_task, now, record, refuse, set, stored,
    swallow_a_failed_create, text, update,
};
use crate::store::BriefSqlite;

/// Lets an engine keep its records somewhere.
type Keep = fn(EngineBuilder) -> EngineBuilder;

/// Every store that there is. What the engine promises, it promises on each.
const STORES: &[(&str, Keep)] =
    &[("memory", |it| it.store(Memory::default())), ("SQLite", |it| it.store(BriefSqlite::new()))];

/// What a case begins with: an engine that keeps its records in one of the stores.
struct Given {
    keep: Keep,
}

impl Given {
    /// An engine with these steps over the small catalog of the tests, and no record that a case could meet.
    fn engine(&self, steps: impl IntoIterator<Item = Step>) -> Engine {
        steps.into_iter().fold(self.builder(), EngineBuilder::step).build().unwrap()
    }

    /// The same, to be furnished further. Its clock stands still, and its identities count from one.
    fn builder(&self) -> EngineBuilder {
        self.builder_over(catalog())
    }

    fn builder_over(&self, catalog: Catalog) -> EngineBuilder {
        let builder = Engine::builder(catalog).clock(ManualClock::at(now()));
        (self.keep)(builder.ids(CountingIds::default()))
    }

    /// An engine with the entities and hooks of a sales team, and these steps.
    fn sales(&self, steps: impl IntoIterator<Item = Step>) -> Engine {
        let builder = (self.keep)(support::shipped_builder());
        steps.into_iter().fold(builder, EngineBuilder::step).build().unwrap()
    }
}

/// Plays a case on every store, and says on which it failed.
fn on_every_store(case: impl Fn(&Given)) {
    for (store, keep) in STORES {
        let kept = catch_unwind(AssertUnwindSafe(|| case(&Given { keep: *keep })));
        assert!(kept.is_ok(), "on the store `{store}`");
    }
}

/// A step on the Create of an account.
fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

/// A step on the Update of an account.
fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

/// Sends a message that fails: its code, and the number by which Dataverse knows it.
fn code<T: std::fmt::Debug>(outcome: Result<T, rulegate::Error>) -> (ErrorCode, u32) {
    let error = outcome.unwrap_err();
    (error.code(), error.number())
}

/// The identity at which an attribute points.
fn points_at(engine: &Engine, target: &EntityReference, name: &str) -> Option<uuid::Uuid> {
    stored(engine, target, name).and_then(|it| it.as_identity())
}

/// The record on which a step runs.
fn own(ctx: &Context) -> EntityReference {
    ctx.target().and_then(Record::reference).unwrap()
}

/// A value in words: as rules write it, or `–` where there is none.
fn word(value: Option<&Value>) -> String {
    value.map_or("–".to_owned(), ToString::to_string)
}
