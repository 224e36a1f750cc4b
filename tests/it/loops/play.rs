//! Playing a rule set: whether any of many messages gets too deep.

use rulegate::message::{Create, Delete, SetState, Update};
use rulegate::metadata::AttributeType;
use rulegate::{
    Engine, EntityReference, Error, ErrorCode, Fault, OrganizationService, Record, Request, Value,
};
use rulegate_script::{RuleSet, value_from_text};

use super::cast::{ATTRIBUTES, ENTITIES, lookup};
use super::dice::Dice;
use crate::engines::now;

/// How long a hierarchy is.
const GENERATIONS: usize = 10;

/// Records that point at each other, one of each entity.
type Cluster = Vec<EntityReference>;

/// What a client sends at first.
#[derive(Debug, Clone)]
enum Start {
    Create(&'static str, Values),
    Update(&'static str, Values),
    SetState(&'static str, i32),
    Delete(&'static str),
}

type Values = Vec<(String, Option<String>)>;

/// Whether a message gets too deep for the rules of a set; the first that does, in words.
pub(crate) fn too_deep(set: &RuleSet) -> Option<String> {
    let engine = Engine::builder(set.catalog.clone())
        .clock(rulegate::clock::ManualClock::at(now()))
        .ids(rulegate::clock::CountingIds::default())
        .settings(|it| it.message_limit = it.message_limit.max(20_000))
        .build()
        .unwrap();
    let elders: Vec<EntityReference> = ENTITIES.iter().map(|it| hierarchy(&engine, it)).collect();
    let heard =
        |it: &&str| set.steps.iter().any(|step| step.entity().is_some_and(|of| *of == **it));
    let starts = starts(ENTITIES.into_iter().filter(heard));
    let mut dice = Dice::new(starts.len() as u64);
    let clusters: Vec<Cluster> =
        starts.iter().map(|_| cluster(&engine, (&elders, &mut dice))).collect();
    engine.reload(set.catalog.clone(), set.steps.clone()).unwrap();
    starts.iter().zip(&clusters).find_map(|(start, cluster)| {
        let outcome = engine.execute(request(&engine, start, cluster));
        let is_too_deep = outcome.err().is_some_and(|it| is_too_deep(&it));
        let jobs = engine.run_jobs();
        let mut faults = jobs.iter().filter_map(|it| it.fault.as_ref());
        (is_too_deep || faults.any(is_too_deep_fault)).then(|| format!("{start:?}"))
    })
}

fn is_too_deep(error: &Error) -> bool {
    if let Error::Step(step) = error {
        return is_too_deep_fault(&step.fault);
    }
    error.code() == ErrorCode::TooDeep
}

fn is_too_deep_fault(fault: &Fault) -> bool {
    if let Fault::Nested(error) = fault { is_too_deep(error) } else { false }
}

/// A record whose parent has a parent, and so on.
fn hierarchy(engine: &Engine, entity: &str) -> EntityReference {
    let new = || engine.record(entity).unwrap().with("name", "elder").unwrap();
    let eldest = engine.create(new()).unwrap();
    (1..GENERATIONS)
        .fold(eldest, |parent, _| engine.create(new().with("parentid", parent).unwrap()).unwrap())
}

/// Records with whatever values.
fn cluster(engine: &Engine, (elders, dice): (&[EntityReference], &mut Dice)) -> Cluster {
    let new = |(entity, elder): (&&str, &EntityReference)| {
        let record = engine.record(entity).unwrap().with("name", "young").unwrap();
        let mut values = Values::new();
        for (name, all) in ATTRIBUTES {
            if dice.flip() {
                values.push((name.to_owned(), Some(dice.one(all).to_owned())));
            }
        }
        let record = filled(record, &values);
        engine.create(record.with("parentid", elder.clone()).unwrap()).unwrap()
    };
    let cluster: Cluster = ENTITIES.iter().zip(elders).map(new).collect();
    for own in &cluster {
        let mut change = engine.change(own).unwrap();
        for other in cluster.iter().filter(|it| it.entity != own.entity) {
            change.set(&lookup(&own.entity, &other.entity), other.clone()).unwrap();
        }
        engine.update(change).unwrap();
    }
    cluster
}

/// What clients send: each value of each attribute, each attribute emptied, several together, states, and deletes.
fn starts(entities: impl Iterator<Item = &'static str>) -> Vec<Start> {
    let mut all = Vec::new();
    for entity in entities {
        let values = values();
        all.extend(values.iter().cloned().map(|it| Start::Update(entity, it)));
        all.extend(values.into_iter().map(|it| Start::Create(entity, it)));
        all.extend([1, 0].map(|it| Start::SetState(entity, it)));
        all.extend(
            [1, 0].map(|it| {
                Start::Update(entity, vec![("statecode".to_owned(), Some(it.to_string()))])
            }),
        );
        all.push(Start::Delete(entity));
    }
    all
}

fn values() -> Vec<Values> {
    let some = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let mut all: Vec<Values> = vec![Vec::new()];
    for (name, values) in ATTRIBUTES {
        all.extend(values.iter().map(|value| vec![some(name, value)]));
        all.push(vec![(name.to_owned(), None)]);
    }
    for place in 0..4 {
        let one = |(name, values): &(&str, &[&str])| {
            some(name, values.get(place % values.len()).unwrap())
        };
        all.push(ATTRIBUTES.iter().map(one).collect());
    }
    all
}

fn request(engine: &Engine, start: &Start, cluster: &Cluster) -> Request {
    let own = |entity: &str| cluster.iter().find(|it| it.entity == *entity).unwrap().clone();
    match start {
        Start::Create(entity, values) => {
            let mut record = engine.record(entity).unwrap();
            for other in cluster.iter().filter(|it| it.entity != **entity) {
                record.set(&lookup(entity, &other.entity), other.clone()).unwrap();
            }
            Create::new(filled(record, values)).into()
        }
        Start::Update(entity, values) => {
            Update::new(filled(engine.change(&own(entity)).unwrap(), values)).into()
        }
        Start::SetState(entity, state) => {
            SetState { target: own(entity), state: *state, status: None }.into()
        }
        Start::Delete(entity) => Delete::new(own(entity)).into(),
    }
}

fn filled(mut record: Record, values: &Values) -> Record {
    for (name, text) in values {
        let kind = &record.metadata().attribute(name).unwrap().kind;
        let value = match text {
            None => Value::Null,
            Some(text) if matches!(kind, AttributeType::State(_)) => {
                Value::Choice(text.parse().unwrap())
            }
            Some(text) => {
                let entity = std::sync::Arc::clone(record.metadata());
                let attribute = entity.attribute(name).unwrap();
                value_from_text(text.trim_matches('"'), attribute).unwrap()
            }
        };
        record.set(name, value).unwrap();
    }
    record
}
