//! Conflicts: two rules of one rank where it matters which runs first.
//!
//! Two steps of one message, stage and rank run in the order of their names, which nobody chose. That matters where both
//! set an attribute to different values, or where one reads what the other sets. Whether it does matter is tried: small
//! records are sent, in either order, and the first on which something else comes of it is the witness.

mod candidates;
mod witness;

use std::collections::BTreeMap;

use rhai::Position;
use rulegate::{Catalog, LogicalName, Message, Stage};

pub(crate) use self::witness::Met;
use self::witness::{Laboratory, Verdict};
use super::effects::{Condition, Term};
use super::finding::{AMBIGUOUS_RANK, Finding, WRITE_CONFLICT};
use super::graph::{Listener, World, can_meet};
use crate::diagnostic::Diagnostic;
use crate::registration::problem;

/// An attribute of the record that a rule sets.
#[derive(Debug, Clone)]
struct Setting<'a> {
    attribute: &'a str,
    value: &'a Term,
    conditions: &'a [Condition],
    position: Position,
}

/// Two steps, of which the first runs first only because of its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'s, 'a> {
    pub(super) first: &'s Listener<'a>,
    pub(super) second: &'s Listener<'a>,
}

/// Where a pair may get in each other's way.
struct Suspicion<'a> {
    finding: &'static Finding,
    attribute: &'a str,
    /// The step that is to blame: whether it is the first.
    is_first: bool,
    position: Position,
}

/// Finds the rules of one rank that get in each other's way.
pub(super) fn conflicts<'a>(world: &World<'a>, catalog: &'a Catalog) -> Vec<Diagnostic> {
    let mut laboratory = Laboratory::new(catalog);
    let mut found = Vec::new();
    for group in groups(world) {
        for (index, first) in group.iter().enumerate() {
            for second in group.iter().skip(index + 1) {
                let pair = Pair { first, second };
                found.extend(
                    suspicion(pair, catalog).and_then(|it| judged(pair, &it, &mut laboratory)),
                );
            }
        }
    }
    found
}

/// The steps that run at one rank of one stage of one message.
fn groups<'s, 'a>(world: &'s World<'a>) -> Vec<Vec<&'s Listener<'a>>> {
    type Key<'k> = (&'k Message, &'k LogicalName, Stage, i32);
    let mut groups: BTreeMap<Key<'a>, Vec<&'s Listener<'a>>> = BTreeMap::new();
    for listener in world.listeners() {
        let step = listener.step;
        let is_of_records = matches!(step.message(), Message::Create | Message::Update);
        let Some(entity) = step.entity().filter(|_| is_of_records && listener.is_synchronous())
        else {
            continue;
        };
        let key = (step.message(), entity, step.stage(), step.execution_order());
        groups.entry(key).or_default().push(listener);
    }
    groups.into_values().filter(|it| 1 < it.len()).collect()
}

/// What a rule sets of the record: in the target before the write, by an update of its own after it.
fn settings<'a>(listener: &Listener<'a>) -> Vec<Setting<'a>> {
    let effects = listener.effects;
    if listener.is_before() {
        let all = effects.writes.iter();
        return all
            .map(|it| Setting {
                attribute: &it.attribute,
                value: &it.value,
                conditions: &it.conditions,
                position: it.position,
            })
            .collect();
    }
    let own = effects.sends.iter().filter(|it| it.is_own_record && it.message == Message::Update);
    own.flat_map(|sent| {
        sent.values.iter().flatten().map(|(name, value)| Setting {
            attribute: name,
            value,
            conditions: &sent.conditions,
            position: sent.position,
        })
    })
    .collect()
}

fn suspicion<'a>(pair: Pair<'_, 'a>, catalog: &'a Catalog) -> Option<Suspicion<'a>> {
    let (first, second) = (settings(pair.first), settings(pair.second));
    let sets = |all: &[Setting<'a>], name: &str| all.iter().any(|it| it.attribute == name);
    for a in &first {
        for b in second.iter().filter(|it| it.attribute == a.attribute) {
            // A condition that the other rule changes says nothing of both together.
            let of_a = steady(a.conditions, |it| sets(&second, it));
            let of_b = steady(b.conditions, |it| sets(&first, it));
            if !is_same(a.value, b.value) && can_meet(pair, (&of_a, &of_b), catalog) {
                return Some(Suspicion {
                    finding: WRITE_CONFLICT,
                    attribute: a.attribute,
                    is_first: true,
                    position: a.position,
                });
            }
        }
    }
    if !pair.first.is_before() {
        return None; // What is read after the write was read before any of them ran.
    }
    let read = |of: &Listener<'a>, by: &[Setting<'a>]| {
        let reads = &of.effects.reads;
        let found = reads.iter().find(|(name, _)| sets(by, name));
        found.map(|(name, position)| (name.as_str(), *position))
    };
    let (of_first, of_second) = (read(pair.first, &second), read(pair.second, &first));
    let (is_first, (attribute, position)) = match (of_second, of_first) {
        (Some(found), _) => (false, found),
        (None, found) => (true, found?),
    };
    can_meet(pair, (&[], &[]), catalog).then_some(Suspicion {
        finding: AMBIGUOUS_RANK,
        attribute,
        is_first,
        position,
    })
}

/// The conditions in which no attribute stands that is set meanwhile.
fn steady(all: &[Condition], is_set: impl Fn(&str) -> bool) -> Vec<&Condition> {
    all.iter().filter(|it| !mentions(&it.term, &is_set)).collect()
}

fn mentions(term: &Term, is_meant: &impl Fn(&str) -> bool) -> bool {
    match term {
        Term::Target(name) | Term::After(name) | Term::Changed(name) | Term::Has(name) => {
            is_meant(name)
        }
        Term::Not(of) => mentions(of, is_meant),
        Term::Operation(_, a, b) => mentions(a, is_meant) || mentions(b, is_meant),
        Term::Unknown
        | Term::Null
        | Term::Boolean(_)
        | Term::Number(_)
        | Term::Text(_)
        | Term::Choice(_)
        | Term::Pre(..)
        | Term::Post(..)
        | Term::Depth
        | Term::Message
        | Term::OwnRecord => false,
    }
}

/// Whether two values are one, whatever the record is.
fn is_same(a: &Term, b: &Term) -> bool {
    let is_plain = matches!(
        a,
        Term::Null
            | Term::Boolean(_)
            | Term::Number(_)
            | Term::Text(_)
            | Term::Choice(_)
            | Term::OwnRecord
    );
    let number = |it: &Term| match it {
        Term::Number(number) => Some(*number),
        Term::Choice(number) => Some(rust_decimal::Decimal::from(*number)),
        _ => None,
    };
    is_plain && (a == b || number(a).is_some() && number(a) == number(b))
}

/// Tries a suspicion. One of a reading that nothing shows is dropped: most rules that read what another sets do not care.
fn judged(
    pair: Pair<'_, '_>,
    suspicion: &Suspicion<'_>,
    laboratory: &mut Laboratory<'_>,
) -> Option<Diagnostic> {
    let (a, b) = (pair.first.step.name(), pair.second.step.name());
    let (rank, attribute) = (pair.first.step.execution_order(), suspicion.attribute);
    let is_conflict = suspicion.finding == WRITE_CONFLICT;
    let shown = match laboratory.verdict(pair) {
        Verdict::Shown(words) => words,
        Verdict::NotShown if is_conflict => "no record was found that shows it".to_owned(),
        Verdict::NotShown => return None,
    };
    let (reader, writer) = if suspicion.is_first { (a, b) } else { (b, a) };
    let what = if is_conflict {
        format!("`{a}` and `{b}` have rank {rank}, and both set `{attribute}`: {shown}")
    } else {
        format!(
            "`{reader}` reads `{attribute}`, which `{writer}` of the same rank {rank} sets: {shown}"
        )
    };
    let blamed = if suspicion.is_first { pair.first } else { pair.second };
    let found = problem(&blamed.rule.file, suspicion.position, suspicion.finding.name, &what);
    let found = Diagnostic { severity: suspicion.finding.severity, ..found };
    Some(found.help("give one of them another `rank`: lower ones run first"))
}
