//! Exploring: every chain of messages that rules can cause, as deep as steps run.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use rulegate::Message;
use rulegate::metadata::{AttributeType, Cascade, EntityMetadata};

use super::arrival::{Arrival, Cause, Outcome};
use super::passage::Passage;
use super::row::{Rest, Row, is_state};
use super::value::Known;
use super::world::{World, owner};
use super::written::Written;

/// The depth at which steps still run (P-75).
pub(super) const LIMIT: u32 = 8;
/// How deep messages are looked at on which no step runs: the engine may send another (P-80).
const DEEPEST: u32 = LIMIT + 4;
/// How many messages of one kind, to one entity, at one depth, are told apart.
const TOLD_APART: usize = 12;
/// How many messages are looked at before those of one kind are no longer told apart.
const MANY: usize = 6_000;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Explored<'a> {
    /// All messages, each with its cause before it.
    pub(super) arrivals: Vec<Arrival<'a>>,
    /// The messages that are too deep for the step that they wake.
    pub(super) too_deep: Vec<(usize, usize)>,
    /// The depth of the deepest message on which a step runs.
    pub(super) depth: u32,
    /// The message of which the engine sends the same again, as long as there are children.
    pub(super) endless: Option<usize>,
}

/// Where messages meet that are told apart by what is known of them.
type Place<'a> = (Message, Option<&'a str>);

/// Follows every chain that a client can begin.
pub(super) fn explore<'a>(world: &World<'a>) -> Explored<'a> {
    let roots = roots(world);
    let written = OnceCell::new();
    let mut explored = Explored::default();
    let mut level: BTreeMap<Place<'a>, Vec<usize>> = BTreeMap::new();
    for root in roots {
        explored.add(root, &mut level);
    }
    while !level.is_empty() {
        let mut next = BTreeMap::new();
        for place in level.into_values().flatten() {
            let Some(arrival) = explored.arrivals.get(place).cloned() else { continue };
            let outcome = Passage::new((world, &written), (place, &arrival)).run(LIMIT);
            explored.settle((place, &arrival), outcome, (world, &mut next));
        }
        level = next;
    }
    explored
}

/// Every message that a client can send and that wakes steps, by itself or by what the engine sends because of it.
fn roots<'a>(world: &World<'a>) -> Vec<Arrival<'a>> {
    let mut places: BTreeSet<Place<'a>> =
        world.places().into_iter().map(|(message, entity)| (message.clone(), entity)).collect();
    let of_update = world.is_heard_anywhere(&Message::Update);
    let of_delete = world.is_heard_anywhere(&Message::Delete);
    for entity in world.catalog.entities() {
        let name = entity.logical_name().as_str();
        let children = || world.catalog.children_of(entity.logical_name());
        let hands_on = of_update && children().any(|it| it.cascades.assign != Cascade::NoCascade);
        let is_updated = hands_on || world.is_heard(&Message::Update, Some(name));
        if is_updated && entity.attributes().any(|(_, it)| is_state(&it.kind)) {
            places.insert((Message::SetState, Some(name)));
        }
        if is_updated && owner(entity).is_some() {
            places.insert((Message::Assign, Some(name)));
        }
        if hands_on {
            places.insert((Message::Update, Some(name)));
        }
        if of_delete && children().any(|it| it.cascades.delete == Cascade::Cascade) {
            places.insert((Message::Delete, Some(name)));
        }
    }
    if of_update {
        places.extend([Message::Associate, Message::Disassociate].map(|it| (it, None)));
    }
    places.into_iter().map(|it| root(world, it)).collect()
}

/// A message that a client sends, to whatever record and with whatever it carries.
fn root<'a>(world: &World<'a>, (message, entity): Place<'a>) -> Arrival<'a> {
    let entity = entity.and_then(|it| world.entity(it));
    let parameters = |is_one: fn(&AttributeType) -> bool| {
        let mut row = Row::of(Rest::Absent);
        for (_, it) in entity.into_iter().flat_map(EntityMetadata::attributes) {
            if is_one(&it.kind) {
                row.set(&it.logical_name, Known::sent(it));
            }
        }
        row
    };
    let target = match message {
        Message::SetState => parameters(is_state),
        Message::Assign => parameters(|it| matches!(it, AttributeType::Owner { .. })),
        _ => Row::of(Rest::Sent),
    };
    Arrival {
        before: Row::of(if message == Message::Create { Rest::Null } else { Rest::Stored }),
        message,
        entity,
        depth: 1,
        target,
        is_same_record: false,
        is_gone: false,
        relationships: Vec::new(),
        is_guess: false,
        cause: Cause::Client,
    }
}

/// What rules can write, whatever is sent.
pub(super) fn written<'a>(world: &World<'a>) -> Written<'a> {
    let (nothing, mut written) = (OnceCell::from(Written::default()), Written::default());
    for root in &roots(world) {
        let outcome = Passage::new((world, &nothing), (0, root)).run(LIMIT);
        let own = root.entity.map(|it| it.logical_name().as_str());
        for found in own.into_iter().flat_map(|own| outcome.written.iter().map(move |it| (own, it)))
        {
            written.note(found.0, found.1.clone());
        }
        for sent in &outcome.sent {
            written.is_anything |= sent.is_guess;
            let Some(entity) = sent.entity.map(|it| it.logical_name().as_str()) else { continue };
            if sent.target.is_open() {
                written.wholly.push(entity);
            }
            for (name, known) in sent.target.entries() {
                written.note(entity, (name, known.clone()));
            }
        }
    }
    written
}

/// Whether a message wakes a step, or lets the engine send another.
fn matters(world: &World<'_>, arrival: &Arrival<'_>) -> bool {
    let entity = arrival.entity.map(|it| it.logical_name().as_str());
    if world.is_heard(&arrival.message, entity) || !arrival.relationships.is_empty() {
        return true;
    }
    match arrival.message {
        Message::Create => false,
        Message::Update => {
            arrival.entity.and_then(owner).is_some_and(|it| arrival.target.may_carry(it))
        }
        _ => true,
    }
}

/// Whether a message wakes a step by what it carries.
fn wakes(world: &World<'_>, arrival: &Arrival<'_>) -> bool {
    let entity = arrival.entity.map(|it| it.logical_name().as_str());
    let plan = world.plan(&arrival.message, entity);
    let mut listeners = plan.iter().filter_map(|it| world.listener(*it));
    listeners.any(|it| it.passes(&arrival.target, arrival.entity))
}

impl<'a> Explored<'a> {
    /// Keeps what became of a message.
    fn settle(
        &mut self,
        (place, arrival): (usize, &Arrival<'a>),
        outcome: Outcome<'a>,
        (world, next): (&World<'a>, &mut BTreeMap<Place<'a>, Vec<usize>>),
    ) {
        if let Some(woken) = outcome.woken {
            if LIMIT < arrival.depth {
                self.too_deep.push((place, woken));
                return;
            }
            self.depth = self.depth.max(arrival.depth);
        }
        for sent in outcome.sent.into_iter().filter(|it| it.depth <= DEEPEST) {
            let is_cascading = self.is_cascading(&sent);
            if is_cascading && wakes(world, &sent) {
                self.endless.get_or_insert(place);
            } else if !is_cascading && matters(world, &sent) {
                self.add(sent, next);
            }
        }
    }

    /// Whether the engine sends what it sent on the way there, and no step between.
    fn is_cascading(&self, sent: &Arrival<'a>) -> bool {
        let name = |it: &Arrival<'a>| it.entity.map(|it| it.logical_name().clone());
        let mut cause = sent.cause;
        while let Cause::Engine(place) = cause {
            let Some(found) = self.arrivals.get(place) else { return false };
            if found.message == sent.message && name(found) == name(sent) {
                return true;
            }
            cause = found.cause;
        }
        false
    }

    /// Adds a message to a level, unless it is there; one that is too many is one with the last.
    fn add(&mut self, arrival: Arrival<'a>, level: &mut BTreeMap<Place<'a>, Vec<usize>>) {
        let entity = arrival.entity;
        let key = (arrival.message.clone(), entity.map(|it| it.logical_name().as_str()));
        let alike = level.entry(key).or_default();
        let is_same = |it: &Arrival<'a>| {
            (&it.target, &it.before, it.is_gone)
                == (&arrival.target, &arrival.before, arrival.is_gone)
                && it.relationships == arrival.relationships
                && (!it.is_guess || arrival.is_guess)
        };
        if alike.iter().filter_map(|it| self.arrivals.get(*it)).any(is_same) {
            return;
        }
        let most = if self.arrivals.len() < MANY { TOLD_APART } else { 1 };
        let last = alike.last().copied().filter(|_| most <= alike.len());
        let Some(last) = last.and_then(|it| self.arrivals.get_mut(it)) else {
            alike.push(self.arrivals.len());
            self.arrivals.push(arrival);
            return;
        };
        last.target = last.target.or(&arrival.target, entity);
        last.before = last.before.or(&arrival.before, entity);
        last.is_gone &= arrival.is_gone;
        last.is_guess &= arrival.is_guess;
        if last.relationships != arrival.relationships {
            last.relationships.extend(arrival.relationships);
        }
    }

    /// The steps through which a message came to be, from the first, each with the place of what it sends.
    pub(super) fn chain(&self, place: usize) -> Vec<(usize, usize)> {
        let (mut chain, mut cause) = (Vec::new(), self.arrivals.get(place).map(|it| it.cause));
        while let Some(found) = cause {
            let before = match found {
                Cause::Client => None,
                Cause::Engine(before) => Some(before),
                Cause::Step { arrival, listener, sent } => {
                    chain.push((listener, sent));
                    Some(arrival)
                }
            };
            cause = before.and_then(|it| self.arrivals.get(it)).map(|it| it.cause);
        }
        chain.reverse();
        chain
    }
}
