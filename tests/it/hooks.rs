//! What the shipped hooks promise, through the front door and on the shipped entities.

mod closing; // Win and Lose.
mod closing_transcripts; // The same, as people read it.
mod currencies; // Amounts in base currency.
mod deleting; // What goes with an opportunity, and what keeps a currency.
mod entities; // What the specification says of the entities themselves.
mod names; // Full names, customers, and catalogs that lack what hooks work on.
mod prices; // Price lists, product lines, and the customer of an opportunity.
mod roles; // The parts that customers play in an opportunity.
mod states; // Which changes of state pass without Win and Lose.

use std::sync::{Arc, Mutex};

use rulegate::message::Custom;
use rulegate::{
    Context, Engine, EntityReference, Error, Message, OrganizationService, Query, Record, Stage,
    Step, Value,
};

const OPEN: i32 = 0;
const WON: i32 = 1;
const LOST: i32 = 2;

/// The status reasons of an opportunity.
const IN_PROGRESS: i32 = 1;
const ON_HOLD: i32 = 2;
const STATUS_WON: i32 = 3;
const CANCELED: i32 = 4;
const OUT_SOLD: i32 = 5;
/// Whatever the state has by default (M-8).
const DEFAULT: i32 = -1;

/// What hooks of a test saw, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// A step that does nothing but tell that it ran.
    fn step(&self, message: &str, entity: &str, stage: Stage) -> Step {
        let (log, line) = (self.clone(), format!("{message} {entity} {}", stage.number()));
        let step = Step::on(message, entity).at(stage);
        step.run(format!("log {line}"), move |_: &mut Context| {
            log.add(line.clone());
            Ok(())
        })
    }

    /// Such a step at each stage.
    fn steps(&self, message: &str, entity: &str) -> [Step; 3] {
        Stage::ALL.map(|stage| self.step(message, entity, stage))
    }
}

/// The shipped engine with more steps.
fn shipped_with(steps: impl IntoIterator<Item = Step>) -> Engine {
    let builder = support::shipped_builder();
    steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step).build().unwrap()
}

/// A step that writes these attributes into the target before it is saved, as a rule would.
fn writing(
    message: Message,
    entity: &str,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Step {
    let values: Vec<_> = values.into_iter().collect();
    Step::on(message, entity).at(Stage::PreOperation).run("rule", move |ctx: &mut Context| {
        for (name, value) in values.clone() {
            ctx.target_mut()?.set(name, value)?;
        }
        Ok(())
    })
}

fn create(
    engine: &impl OrganizationService,
    entity: &str,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> EntityReference {
    try_create(engine, entity, values).unwrap()
}

fn try_create(
    engine: &impl OrganizationService,
    entity: &str,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<EntityReference, Error> {
    let mut record = engine.record(entity)?;
    for (name, value) in values {
        record.set(name, value)?;
    }
    engine.create(record)
}

fn update(
    engine: &impl OrganizationService,
    target: &EntityReference,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<(), Error> {
    let mut record = engine.change(target)?;
    for (name, value) in values {
        record.set(name, value)?;
    }
    engine.update(record)
}

fn count(engine: &Engine, entity: &str) -> usize {
    engine.retrieve_multiple(Query::new(entity)).unwrap().records.len()
}

/// The value that a record has; null where it has none.
fn value(engine: &Engine, target: &EntityReference, name: &str) -> Value {
    engine.retrieve(target).unwrap().get(name).cloned().unwrap_or(Value::Null)
}

/// State and status of an opportunity.
fn state(engine: &Engine, opportunity: &EntityReference) -> [i32; 2] {
    ["statecode", "statuscode"].map(|it| value(engine, opportunity, it).as_choice().unwrap())
}

fn account(engine: &Engine) -> EntityReference {
    create(engine, "account", [("name", "Acme".into())])
}

fn opportunity(engine: &Engine) -> EntityReference {
    create(engine, "opportunity", [("name", "200 licences".into())])
}

/// An opportunity close of an opportunity, to be sent.
fn close_of(engine: &Engine, opportunity: &EntityReference) -> Record {
    engine.record("opportunityclose").unwrap().with("opportunityid", opportunity).unwrap()
}

/// `Win` or `Lose`, to be sent.
fn closing(message: &str, close: Record, status: i32) -> Custom {
    Custom::new(message).with("OpportunityClose", close).with("Status", Value::Choice(status))
}

fn win(engine: &Engine, opportunity: &EntityReference) -> Result<(), Error> {
    engine.call(closing("Win", close_of(engine, opportunity), STATUS_WON)).map(drop)
}

fn lose(engine: &Engine, opportunity: &EntityReference) -> Result<(), Error> {
    engine.call(closing("Lose", close_of(engine, opportunity), CANCELED)).map(drop)
}

/// The number and the own code by which something was refused.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (u32, Option<String>) {
    let error = outcome.unwrap_err();
    (error.number(), error.rejection().and_then(|it| it.code.clone()))
}

/// A refusal by that number and code.
fn refused(number: u32, code: &str) -> (u32, Option<String>) {
    (number, Some(code.to_owned()))
}
