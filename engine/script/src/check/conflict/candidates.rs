//! Candidates: small records on which two rules may not agree.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rulegate::metadata::{AttributeMetadata, AttributeType, EntityMetadata};
use rulegate::{Message, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Pair;
use crate::check::effects::{Effects, Term};

/// The most values that an attribute is tried with.
const VALUES: usize = 8;
/// The most attributes that are tried.
const ATTRIBUTES: usize = 10;
/// The most records that are tried.
const RECORDS: usize = 96;

/// A record to be tried.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Candidate {
    /// As it is stored before an update.
    pub(super) stored: BTreeMap<String, Value>,
    /// What is sent.
    pub(super) sent: BTreeMap<String, Value>,
}

/// An attribute that is tried, and its values; none where it is left out.
struct Slot {
    name: String,
    is_stored: bool,
    values: Vec<Option<Value>>,
}

/// What stands in the rules of a pair.
#[derive(Default)]
struct Mentioned {
    sent: BTreeSet<String>,
    stored: BTreeSet<String>,
    numbers: BTreeSet<Decimal>,
    texts: BTreeSet<String>,
}

/// The records to try, the simplest first.
pub(super) fn candidates(pair: Pair<'_, '_>, entity: &EntityMetadata) -> Vec<Candidate> {
    let slots = slots(pair, entity);
    let mut all: Vec<Candidate> = Vec::new();
    let mut add = |choice: &[usize]| {
        let candidate = candidate(&slots, choice);
        if !all.contains(&candidate) {
            all.push(candidate);
        }
    };
    let mut choice = vec![0; slots.len()];
    add(&choice);
    for (place, slot) in slots.iter().enumerate() {
        for index in 1..slot.values.len() {
            let mut one = choice.clone();
            one.iter_mut().skip(place).take(1).for_each(|it| *it = index);
            add(&one);
        }
    }
    // The rest is drawn, the same each time.
    let mut drawn: usize = 7;
    for _ in 0..RECORDS {
        for (it, slot) in choice.iter_mut().zip(&slots) {
            drawn = drawn.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
            *it = (drawn >> 16) % slot.values.len().max(1);
        }
        add(&choice);
    }
    all.truncate(RECORDS);
    all
}

fn candidate(slots: &[Slot], choice: &[usize]) -> Candidate {
    let mut candidate = Candidate::default();
    for (slot, index) in slots.iter().zip(choice) {
        let values = if slot.is_stored { &mut candidate.stored } else { &mut candidate.sent };
        if let Some(Some(value)) = slot.values.get(*index) {
            values.insert(slot.name.clone(), value.clone());
        }
    }
    candidate
}

fn slots(pair: Pair<'_, '_>, entity: &EntityMetadata) -> Vec<Slot> {
    let mut mentioned = Mentioned::default();
    for listener in [pair.first, pair.second] {
        mentioned.read(listener.effects);
        let filter = listener.step.filtering_attributes().iter();
        mentioned.sent.extend(filter.map(ToString::to_string));
    }
    let is_update = *pair.first.step.message() == Message::Update;
    let of = |name: &String, is_stored: bool| {
        let attribute =
            entity.attribute(name).filter(|it| is_stored || can_be_sent(it, is_update))?;
        let mut values: Vec<Option<Value>> =
            mentioned.values(attribute).into_iter().map(Some).take(VALUES).collect();
        let is_filtered =
            |it: &rulegate::Step| it.filtering_attributes().iter().any(|it| **it == **name);
        let is_wanted = is_update
            && !is_stored
            && [pair.first, pair.second].iter().any(|it| is_filtered(it.step));
        let place = if is_wanted { values.len() } else { 0 };
        values.insert(place, None);
        Some(Slot { name: name.clone(), is_stored, values })
    };
    let sent = mentioned.sent.iter().take(ATTRIBUTES).filter_map(|it| of(it, false));
    let stored = mentioned.stored.iter().filter(|_| is_update).take(ATTRIBUTES);
    sent.chain(stored.filter_map(|it| of(it, true))).collect()
}

fn can_be_sent(attribute: &AttributeMetadata, is_update: bool) -> bool {
    if is_update { attribute.valid_for.update } else { attribute.valid_for.create }
}

impl Mentioned {
    fn read(&mut self, effects: &Effects) {
        self.sent.extend(effects.reads.keys().cloned());
        for write in &effects.writes {
            self.look(&write.value);
            write.conditions.iter().for_each(|it| self.look(&it.term));
        }
        for sent in &effects.sends {
            sent.values.iter().flatten().for_each(|it| self.look(it.1));
            sent.conditions.iter().for_each(|it| self.look(&it.term));
        }
    }

    fn look(&mut self, term: &Term) {
        match term {
            Term::Target(name) | Term::Has(name) => drop(self.sent.insert(name.clone())),
            Term::After(name) | Term::Changed(name) => {
                self.sent.insert(name.clone());
                self.stored.insert(name.clone());
            }
            Term::Pre(_, name) | Term::Post(_, name) => drop(self.stored.insert(name.clone())),
            Term::Number(it) => drop(self.numbers.insert(*it)),
            Term::Choice(it) => drop(self.numbers.insert(Decimal::from(*it))),
            Term::Text(it) => drop(self.texts.insert(it.clone())),
            Term::Not(of) => self.look(of),
            Term::Operation(_, a, b) => {
                self.look(a);
                self.look(b);
            }
            Term::Unknown
            | Term::Null
            | Term::Boolean(_)
            | Term::Depth
            | Term::Message
            | Term::OwnRecord => {}
        }
    }

    /// The values that an attribute is tried with: those at the ends of what the rules tell apart.
    fn values(&self, attribute: &AttributeMetadata) -> Vec<Value> {
        let beside = |it: &Decimal| {
            let (more, less) = (it.checked_add(Decimal::ONE), it.checked_sub(Decimal::ONE));
            [Some(*it), more, less]
        };
        let near = self.numbers.iter().flat_map(beside).flatten();
        let mut numbers: Vec<Decimal> = near.chain([Decimal::ONE, Decimal::ZERO]).collect();
        let mut seen = BTreeSet::new();
        numbers.retain(|it| seen.insert(*it));
        let whole = numbers.iter().filter_map(Decimal::to_i64);
        match &attribute.kind {
            AttributeType::Boolean { .. } => vec![Value::Boolean(true), Value::Boolean(false)],
            AttributeType::Choice(set) | AttributeType::State(set) | AttributeType::Status(set) => {
                set.options.iter().map(|it| Value::Choice(it.value)).collect()
            }
            AttributeType::WholeNumber { min, max, .. }
            | AttributeType::BigInteger { min, max } => {
                whole.filter(|it| min <= it && it <= max).map(Value::WholeNumber).collect()
            }
            AttributeType::Decimal { min, max, .. } | AttributeType::Money { min, max, .. } => {
                let fits = |it: &Decimal| *min <= *it && *it <= *max;
                numbers.into_iter().filter(fits).map(Value::Decimal).collect()
            }
            AttributeType::Double { .. } => {
                numbers.iter().filter_map(Decimal::to_f64).map(Value::Double).collect()
            }
            AttributeType::Text { max_length, .. } | AttributeType::Memo { max_length, .. } => {
                let fits = |it: &&str| it.len() <= *max_length as usize;
                let own = self.texts.iter().map(String::as_str);
                own.chain(["x"]).filter(fits).map(Value::from).collect()
            }
            AttributeType::DateTime { .. } => {
                let day = NaiveDate::from_ymd_opt(2026, 1, 31);
                day.map(Value::Date).into_iter().collect()
            }
            AttributeType::MultiChoice(_)
            | AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::Owner { .. }
            | AttributeType::PartyList { .. }
            | AttributeType::UniqueIdentifier
            | AttributeType::EntityName
            | AttributeType::Image { .. }
            | AttributeType::File { .. }
            | AttributeType::Virtual
            | AttributeType::ManagedProperty => Vec::new(),
        }
    }
}
