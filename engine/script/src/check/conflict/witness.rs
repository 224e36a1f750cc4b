//! Witnesses: records on which the order of two rules matters, found by playing them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use chrono::{DateTime, Utc};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::message::{Create, Update};
use rulegate::metadata::EntityMetadata;
use rulegate::{
    Catalog, Engine, EntityReference, Error, Message, OrganizationService, Record, Step, Value,
};

use super::Pair;
use super::candidates::{Candidate, candidates};
use crate::rule_set::MadeRule;

/// How many records all pairs of one check are tried on, together: a check ends soon.
const BUDGET: usize = 1_000;

/// What trying a pair showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// On this record it matters which of them runs first: what comes of it, in words.
    Shown(String),
    /// There may be such a record. None was found.
    NotShown,
}

/// What trying a rule with others showed, as long as both are what they were.
#[derive(Debug, Default)]
pub(crate) struct Met(Mutex<Vec<Meeting>>);

#[derive(Debug)]
struct Meeting {
    other: Weak<MadeRule>,
    steps: [String; 3],
    verdict: Verdict,
}

/// Where pairs are tried: two engines without anything else.
pub(super) struct Laboratory<'a> {
    catalog: &'a Catalog,
    engines: Option<[Engine; 2]>,
    left: usize,
}

/// What came of a record.
#[derive(Debug, Clone, PartialEq)]
enum Played {
    Refused(String),
    Saved(BTreeMap<String, Value>),
}

impl<'a> Laboratory<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, engines: None, left: BUDGET }
    }

    /// What trying a pair shows, or showed before.
    pub(super) fn verdict(&mut self, pair: Pair<'_, '_>) -> Verdict {
        let (step, other) = (pair.first.step, pair.second.step);
        let steps = [step, other].map(|it| it.name().to_owned());
        let [first, second] = steps;
        let steps = [first, second, step.message().to_string()];
        let met = &pair.first.rule.met;
        if let Some(verdict) = met.recall(pair.second.rule, &steps) {
            return verdict;
        }
        let verdict = self.tried(pair).unwrap_or(Verdict::NotShown);
        if 0 < self.left {
            met.remember(pair.second.rule, (steps, verdict.clone()));
        }
        verdict
    }

    fn tried(&mut self, pair: Pair<'_, '_>) -> Option<Verdict> {
        let name = pair.first.step.entity()?;
        let catalog = self.catalog;
        let entity = catalog.entity(name).ok()?;
        if self.engines.is_none() {
            self.engines = Some([engine(catalog)?, engine(catalog)?]);
        }
        let engines = self.engines.as_ref()?;
        let (a, b) = (pair.first.step, pair.second.step);
        for (engine, ranks) in engines.iter().zip([[1, 2], [2, 1]]) {
            let steps: Vec<Step> =
                [a, b].into_iter().zip(ranks).map(|(it, rank)| it.clone().rank(rank)).collect();
            engine.reload(catalog.clone(), steps).ok()?;
        }
        for candidate in candidates(pair, entity) {
            self.left = self.left.checked_sub(1)?;
            let [one, other] = engines;
            let played =
                play(one, (a, entity), &candidate).zip(play(other, (a, entity), &candidate));
            let Some((one, other)) = played else { continue };
            if let Some(words) = difference((a.name(), &one), (b.name(), &other)) {
                let on = Shown(a.message(), &candidate);
                return Some(Verdict::Shown(format!("{on} {words}")));
            }
        }
        Some(Verdict::NotShown)
    }
}

impl Met {
    fn recall(&self, other: &Arc<MadeRule>, steps: &[String; 3]) -> Option<Verdict> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |it: &&Meeting| it.steps == *steps && it.other.as_ptr() == Arc::as_ptr(other);
        all.iter().find(is_it).map(|it| it.verdict.clone())
    }

    fn remember(&self, other: &Arc<MadeRule>, (steps, verdict): ([String; 3], Verdict)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| it.other.strong_count() != 0);
        all.push(Meeting { other: Arc::downgrade(other), steps, verdict });
    }
}

fn engine(catalog: &Catalog) -> Option<Engine> {
    /// 2026-01-15T09:00:00Z.
    const NOW: i64 = 1_768_467_600;
    let clock = ManualClock::at(DateTime::<Utc>::from_timestamp(NOW, 0)?);
    Engine::builder(catalog.clone()).clock(clock).ids(CountingIds::default()).build().ok()
}

/// What comes of a record; none where it cannot even be stored before its update.
fn play(
    engine: &Engine,
    (step, entity): (&Step, &Arc<EntityMetadata>),
    candidate: &Candidate,
) -> Option<Played> {
    let filled = |record: Record, values: &BTreeMap<String, Value>| {
        values.iter().try_fold(record, |it, (name, value)| it.with(name, value.clone()).ok())
    };
    let outcome = if *step.message() == Message::Create {
        let target = filled(Record::new(entity), &candidate.sent)?;
        engine.send(Create::new(target))
    } else {
        // Only steps on Update are there: nothing hears of this.
        let stored =
            engine.send(Create::new(filled(Record::new(entity), &candidate.stored)?)).ok()?;
        let target = filled(Record::of(entity, stored.id), &candidate.sent)?;
        engine.send(Update::new(target)).map(|()| stored)
    };
    Some(match outcome.and_then(|it| read(engine, &it)) {
        Ok(values) => Played::Saved(values),
        Err(error) => Played::Refused(error.to_string()),
    })
}

/// What is stored, but for identities and stamps.
fn read(engine: &Engine, record: &EntityReference) -> Result<BTreeMap<String, Value>, Error> {
    let record = engine.retrieve(record)?;
    let entity = Arc::clone(record.metadata());
    let all = record.iter().filter(|(ordinal, _)| !entity.is_stamp(*ordinal));
    Ok(all.map(|(ordinal, value)| (entity.name(ordinal).to_owned(), value.clone())).collect())
}

/// How two outcomes differ, in words; none where they do not.
fn difference((first, one): (&str, &Played), (second, other): (&str, &Played)) -> Option<String> {
    match (one, other) {
        (Played::Saved(one), Played::Saved(other)) => {
            let mut names = one.keys().chain(other.keys());
            let name = names.find(|it| one.get(*it) != other.get(*it))?;
            let text =
                |it: &BTreeMap<String, Value>| it.get(name).map_or_else(|| "()".to_owned(), shown);
            let (one, other) = (text(one), text(other));
            Some(format!("`{first}` first gives `{name}` = {one}, `{second}` first gives {other}"))
        }
        (Played::Saved(_), Played::Refused(why)) => {
            Some(format!("`{first}` first saves it, `{second}` first refuses it: {why}"))
        }
        (Played::Refused(why), Played::Saved(_)) => {
            Some(format!("`{first}` first refuses it: {why}; `{second}` first saves it"))
        }
        (Played::Refused(_), Played::Refused(_)) => None,
    }
}

/// A value as rules write it.
fn shown(value: &Value) -> String {
    if value.is_null() { "()".to_owned() } else { value.to_string() }
}

/// A record in words: on what it is tried.
struct Shown<'a>(&'a Message, &'a Candidate);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(message, candidate) = self;
        let values = |all: &BTreeMap<String, Value>| {
            let all: Vec<String> =
                all.iter().map(|(name, it)| format!("{name}: {}", shown(it))).collect();
            if all.is_empty() { "#{}".to_owned() } else { format!("#{{ {} }}", all.join(", ")) }
        };
        match message {
            Message::Create => write!(f, "on Create of {}", values(&candidate.sent)),
            _ => write!(
                f,
                "on {message} of {} with {}",
                values(&candidate.stored),
                values(&candidate.sent)
            ),
        }
    }
}
