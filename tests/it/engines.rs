//! Engines that tests share, and hooks that remember what they saw.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::record::Query;
use rulegate::{
    Catalog, Context, Engine, EntityReference, ErrorCode, Fault, Hook, OrganizationService, Record,
    Stage, Step, Value,
};
use support::bare;

/// The time at which the clocks of tests stand.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-04T05:06:07Z".parse().unwrap()
}

pub(crate) fn catalog() -> Catalog {
    bare().check().unwrap()
}

/// A builder over the bare catalog whose clock stands still and whose identities count from one.
pub(crate) fn builder() -> EngineBuilder {
    Engine::builder(catalog()).clock(ManualClock::at(now())).ids(CountingIds::default())
}

pub(crate) fn engine(steps: impl IntoIterator<Item = Step>) -> Engine {
    steps.into_iter().fold(builder(), EngineBuilder::step).build().unwrap()
}

/// A record to be created.
pub(crate) fn record<const N: usize>(
    service: &impl OrganizationService,
    entity: &str,
    values: [(&str, Value); N],
) -> Record {
    let record = service.record(entity).unwrap();
    values.into_iter().fold(record, |it, (name, value)| it.with(name, value).unwrap())
}

/// A change to be sent.
pub(crate) fn change<const N: usize>(
    service: &impl OrganizationService,
    target: &EntityReference,
    values: [(&str, Value); N],
) -> Record {
    let record = service.change(target).unwrap();
    values.into_iter().fold(record, |it, (name, value)| it.with(name, value).unwrap())
}

pub(crate) fn create<const N: usize>(
    service: &impl OrganizationService,
    entity: &str,
    values: [(&str, Value); N],
) -> EntityReference {
    service.create(record(service, entity, values)).unwrap()
}

pub(crate) fn update<const N: usize>(
    service: &impl OrganizationService,
    target: &EntityReference,
    values: [(&str, Value); N],
) {
    service.update(change(service, target, values)).unwrap();
}

/// How many records of an entity are stored.
pub(crate) fn count(service: &impl OrganizationService, entity: &str) -> usize {
    service.retrieve_multiple(Query::new(entity)).unwrap().records.len()
}

/// What is stored in an attribute.
pub(crate) fn stored(
    service: &impl OrganizationService,
    target: &EntityReference,
    attribute: &str,
) -> Option<Value> {
    service.retrieve(target).unwrap().get(attribute).cloned()
}

/// A text that is stored.
pub(crate) fn text(value: &str) -> Option<Value> {
    Some(value.into())
}

/// A stage by its number.
pub(crate) fn at(number: u16) -> Stage {
    Stage::ALL.into_iter().find(|it| it.number() == number).unwrap()
}

/// What hooks wrote down, in the order in which they ran.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn write(&self, line: impl Display) {
        self.0.lock().unwrap().push(line.to_string());
    }

    /// What was written since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A hook that writes down what it sees.
    pub(crate) fn hook<T: Display>(
        &self,
        see: impl Fn(&mut Context) -> T + Send + Sync + 'static,
    ) -> impl Hook + 'static {
        let log = self.clone();
        move |ctx: &mut Context| {
            let line = see(ctx);
            log.write(line);
            Ok(())
        }
    }

    /// A hook that writes down that it ran.
    pub(crate) fn word(&self, word: &'static str) -> impl Hook + 'static {
        self.hook(move |_| word)
    }
}

/// A hook that refuses.
pub(crate) fn refuse(reason: &'static str) -> impl Hook + 'static {
    move |_: &mut Context| Err(Fault::reject(reason))
}

/// A hook that creates a task whose identity is taken, and goes on as if nothing had happened.
pub(crate) fn swallow_a_failed_create(ctx: &mut Context) -> Result<(), Fault> {
    let service = ctx.service();
    let first = service.create(service.record("task")?)?;
    let mut twin = service.record("task")?;
    twin.identify(first.id);
    assert_eq!(service.create(twin).unwrap_err().code(), ErrorCode::Duplicate);
    Ok(())
}

/// A hook that sets an attribute of the target.
pub(crate) fn set(name: &'static str, value: &'static str) -> impl Hook + 'static {
    move |ctx: &mut Context| Ok(ctx.target_mut()?.set(name, value)?)
}

/// A hook that creates a task.
pub(crate) fn create_task(subject: &'static str) -> impl Hook + 'static {
    move |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("task")?.with("subject", subject)?)?;
        Ok(())
    }
}
