//! The words for what the graph shows.

use std::collections::{BTreeMap, BTreeSet};

use rulegate::Message;

use super::explore::{Explored, LIMIT};
use super::termination::Termination;
use super::world::{Listener, World};
use crate::check::Sent;
use crate::check::finding::TRIGGER_LOOP;
use crate::diagnostic::Diagnostic;
use crate::registration::problem;

/// The most loops of one set that are reported.
const SHOWN: usize = 20;

/// A step, and the place of what it sends.
type Link = (usize, usize);

/// Reports every loop once, and says whether all chains end.
pub(super) fn report(world: &World<'_>, explored: &Explored<'_>) -> (Vec<Diagnostic>, Termination) {
    let mut cycles: BTreeMap<Vec<Link>, Option<usize>> = BTreeMap::new();
    let mut reasons = reasons(world, explored);
    for (place, woken) in &explored.too_deep {
        let is_guess = explored.arrivals.get(*place).is_some_and(|it| it.is_guess);
        if is_guess {
            reasons.insert(guess(world, &explored.chain(*place)));
            continue;
        }
        let chain = explored.chain(*place);
        match cycle(&chain, *woken) {
            Some(cycle) => cycles.insert(first_first(cycle), None),
            None => cycles.insert(chain, Some(*woken)),
        };
    }
    // A way that is within another is the shorter one.
    let all: Vec<_> = cycles.keys().cloned().collect();
    let is_within = |a: &[Link], b: &[Link]| a.len() < b.len() && a.iter().all(|it| b.contains(it));
    cycles.retain(|way, _| !all.iter().any(|it| is_within(it, way)));

    let mut found: Vec<(Diagnostic, String)> = Vec::new();
    for (way, woken) in cycles.iter().take(SHOWN) {
        found.extend(finding(world, way, *woken));
    }
    let names: Vec<String> = found.iter().map(|it| it.1.clone()).collect();
    let termination = if !names.is_empty() {
        Termination::CanLoop { cycles: names }
    } else if !reasons.is_empty() {
        Termination::Unknown { reasons: reasons.into_iter().collect() }
    } else {
        Termination::Terminates { depth: explored.depth }
    };
    (found.into_iter().map(|it| it.0).collect(), termination)
}

/// The last steps of a chain that end where they began, before the one that it wakes.
fn cycle(chain: &[Link], woken: usize) -> Option<Vec<Link>> {
    for length in 1..=chain.len() {
        let (before, last) = chain.split_at(chain.len() - length);
        let is_closed = last.first().is_some_and(|it| it.0 == woken);
        let is_again = !before.is_empty() && is_repeated(before, last);
        if is_closed && is_again {
            return Some(last.to_vec());
        }
    }
    // What is woken at last may be another step than the one that goes on.
    for length in 1..chain.len() {
        let (before, last) = chain.split_at(chain.len() - length);
        if before.last() == last.last() {
            return Some(last.to_vec());
        }
    }
    None
}

/// Whether what is before ends with the same steps.
fn is_repeated(before: &[Link], last: &[Link]) -> bool {
    before.iter().rev().zip(last.iter().rev()).all(|(a, b)| a == b)
}

/// The same cycle, from its first step on.
fn first_first(mut cycle: Vec<Link>) -> Vec<Link> {
    let first = (0..cycle.len()).min_by_key(|it| cycle.get(*it).copied());
    cycle.rotate_left(first.unwrap_or(0));
    cycle
}

fn finding(world: &World<'_>, way: &[Link], woken: Option<usize>) -> Option<(Diagnostic, String)> {
    let listener = |it: &Link| world.listener(it.0);
    let (first, sent) = (listener(way.first()?)?, way.first()?.1);
    let names = way.iter().filter_map(listener).map(|it| it.step.name().to_owned());
    let last = woken.or(way.first().map(|it| it.0)).and_then(|it| world.listener(it))?;
    let names: Vec<String> = names.chain([last.step.name().to_owned()]).collect();
    let names = names.join(" → ");
    let sent = first.effects.sends.get(sent)?;
    let message = match woken {
        None => format!("rules can wake each other without end: {names}"),
        Some(_) => format!("rules can wake each other deeper than {LIMIT} messages: {names}"),
    };
    let found = problem(&first.rule.file, sent.position, TRIGGER_LOOP.name, &message);
    let mut found = Diagnostic { severity: TRIGGER_LOOP.severity, ..found }.label(label(sent));
    found = found.help(help(world, way));
    Some((found, names))
}

/// What is sent, in a few words.
fn label(sent: &Sent) -> String {
    let entities =
        sent.entities.as_ref().map_or_else(|| "a record".to_owned(), |it| it.join(" or "));
    match &sent.values {
        Some(values) if !values.is_empty() => {
            let names: Vec<&str> = values.keys().map(String::as_str).collect();
            format!("{} of {entities} with {}", sent.message, names.join(", "))
        }
        Some(_) | None => format!("{} of {entities}", sent.message),
    }
}

/// What each of the other rules sends, and what can be done.
fn help(world: &World<'_>, way: &[Link]) -> String {
    let mut others = Vec::new();
    for (index, sent) in way.iter().skip(1) {
        let Some(listener) = world.listener(*index) else { continue };
        let Some(sent) = listener.effects.sends.get(*sent) else { continue };
        others.push(format!("`{}` sends {}", listener.step.name(), label(sent)));
    }
    others.push(remedy(world, way).to_owned());
    others.join("; ")
}

fn remedy(world: &World<'_>, way: &[Link]) -> &'static str {
    let is_unfiltered = |it: &Listener<'_>| {
        *it.step.message() == Message::Update && it.step.filtering_attributes().is_empty()
    };
    if way.iter().filter_map(|it| world.listener(it.0)).any(is_unfiltered) {
        "name in `filtering` what the rule is about, or leave it where nothing is left to do"
    } else {
        "let one of them see that nothing is left to do, and leave"
    }
}

/// Why it may not be known whether all chains end.
fn reasons(world: &World<'_>, explored: &Explored<'_>) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    for listener in world.listeners() {
        let name = listener.step.name();
        if let Some((what, position)) = listener.effects.unknown.first() {
            let line = position.line().unwrap_or(0);
            reasons.insert(format!("{}:{line}: {what}", listener.rule.file.path));
        }
        let is_custom = |it: &&Sent| matches!(it.message, Message::Custom(_));
        if let Some(sent) = listener.effects.sends.iter().find(is_custom) {
            reasons.insert(format!(
                "`{name}` sends {}, whose handler may send anything",
                sent.message
            ));
        }
        if listener.step.message().is_read() {
            reasons.insert(format!("`{name}` runs when records are read, which any rule may do"));
        }
    }
    let endless = explored.endless.and_then(|it| explored.arrivals.get(it));
    if let Some((arrival, entity)) = endless.and_then(|it| Some((it, it.entity?))) {
        reasons.insert(format!(
            "{} of {} reaches its children, as deep as there are any",
            arrival.message,
            entity.logical_name()
        ));
    }
    reasons
}

/// A loop of which it is not known whether its messages are sent.
fn guess(world: &World<'_>, chain: &[Link]) -> String {
    let unknown = chain.iter().find_map(|(index, sent)| {
        let listener = world.listener(*index)?;
        let sent = listener.effects.sends.get(*sent).filter(|it| it.entities.is_none())?;
        Some((listener, sent))
    });
    match unknown {
        Some((listener, sent)) => format!(
            "{}:{}: {} of a record whose entity is not known",
            listener.rule.file.path,
            sent.position.line().unwrap_or(0),
            sent.message
        ),
        None => "a record whose entity is not known".to_owned(),
    }
}
