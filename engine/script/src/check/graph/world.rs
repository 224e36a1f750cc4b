//! The world of a rule set: every step with what it can do, by the message and entity at which it listens.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulegate::metadata::{AttributeType, EntityMetadata};
use rulegate::{Catalog, Message, Mode, Stage, Step};

use super::row::Row;
use crate::check::Effects;
use crate::rule_set::MadeRule;

/// All steps of a rule set, and where they listen.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(super) catalog: &'a Catalog,
    steps: Vec<Listener<'a>>,
    by_message: BTreeMap<&'a Message, Places<'a>>,
}

/// A step, and what it can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listener<'a> {
    pub(crate) step: &'a Step,
    pub(crate) effects: &'a Effects,
    pub(crate) rule: &'a Arc<MadeRule>,
}

/// The steps of one message.
#[derive(Debug, Default)]
struct Places<'a> {
    of_any: Vec<usize>,
    by_entity: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(rules: &'a [Arc<MadeRule>], catalog: &'a Catalog) -> Self {
        let mut steps: Vec<Listener<'a>> = Vec::new();
        for rule in rules {
            for ((of_one, _), effects) in rule.steps.iter().zip(&rule.report.effects) {
                let live = of_one.iter().filter(|it| it.is_enabled());
                steps.extend(live.map(|step| Listener { step, effects, rule }));
            }
        }
        // The order in which they run.
        let order = |it: &Listener<'a>| {
            let step = it.step;
            (step.mode(), step.stage(), step.execution_order(), step.entity().is_some())
        };
        steps
            .sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.step.name().cmp(b.step.name())));
        let mut by_message: BTreeMap<&'a Message, Places<'a>> = BTreeMap::new();
        for (index, listener) in steps.iter().enumerate() {
            let places = by_message.entry(listener.step.message()).or_default();
            match listener.step.entity() {
                Some(entity) => places.by_entity.entry(entity.as_str()).or_default().push(index),
                None => places.of_any.push(index),
            }
        }
        Self { catalog, steps, by_message }
    }

    pub(crate) fn listeners(&self) -> &[Listener<'a>] {
        &self.steps
    }

    pub(super) fn listener(&self, index: usize) -> Option<&Listener<'a>> {
        self.steps.get(index)
    }

    pub(super) fn entity(&self, name: &str) -> Option<&'a EntityMetadata> {
        self.catalog.entity(name).ok().map(|it| &**it)
    }

    /// The steps of a message to an entity, in the order in which they run.
    pub(super) fn plan(&self, message: &Message, entity: Option<&str>) -> Vec<usize> {
        let Some(places) = self.by_message.get(message) else { return Vec::new() };
        let own = entity.and_then(|it| places.by_entity.get(it));
        let mut plan: Vec<usize> =
            own.into_iter().flatten().chain(&places.of_any).copied().collect();
        plan.sort_unstable();
        plan
    }

    /// Whether a step listens.
    pub(super) fn is_heard(&self, message: &Message, entity: Option<&str>) -> bool {
        self.by_message.get(message).is_some_and(|it| {
            !it.of_any.is_empty() || entity.is_some_and(|entity| it.by_entity.contains_key(entity))
        })
    }

    /// Whether a step listens to the message of any entity.
    pub(super) fn is_heard_anywhere(&self, message: &Message) -> bool {
        self.by_message.contains_key(message)
    }

    /// Every message and entity at which a step listens.
    pub(super) fn places(&self) -> Vec<(&'a Message, Option<&'a str>)> {
        let mut all = Vec::new();
        for (message, places) in &self.by_message {
            all.extend(places.by_entity.keys().map(|it| (*message, Some(*it))));
            if places.of_any.is_empty() {
                continue;
            }
            if message.is_association() || !is_of_records(message) {
                all.push((message, None));
            } else {
                all.extend(
                    self.catalog.entities().map(|it| (*message, Some(it.logical_name().as_str()))),
                );
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Every entity at which a step on that message listens.
    pub(super) fn entities_of(&self, message: &Message) -> Vec<Option<&'a str>> {
        let all = self.places().into_iter().filter(|it| it.0 == message);
        all.map(|it| it.1).collect()
    }
}

fn is_of_records(message: &Message) -> bool {
    !matches!(message, Message::Custom(_))
}

impl Listener<'_> {
    /// Whether it runs within its message.
    pub(crate) fn is_synchronous(&self) -> bool {
        self.step.mode() == Mode::Synchronous
    }

    /// Whether it runs before the write.
    pub(crate) fn is_before(&self) -> bool {
        self.step.stage() < Stage::MainOperation
    }

    /// Its filter; empty where every message passes.
    pub(super) fn filter(&self, entity: Option<&EntityMetadata>) -> &[rulegate::LogicalName] {
        let names = self.step.filtering_attributes();
        let is_useless = entity.is_some_and(|it| names.contains(it.primary_id()));
        if is_useless || *self.step.message() != Message::Update { &[] } else { names }
    }

    /// Whether a message with such a target may pass its filter.
    pub(super) fn passes(&self, target: &Row<'_>, entity: Option<&EntityMetadata>) -> bool {
        let filter = self.filter(entity);
        filter.is_empty() || filter.iter().any(|it| target.may_carry(it))
    }
}

/// The attribute that holds the owner.
pub(super) fn owner(entity: &EntityMetadata) -> Option<&str> {
    let mut all = entity.attributes().map(|it| it.1);
    all.find(|it| matches!(it.kind, AttributeType::Owner { .. })).map(|it| it.logical_name.as_str())
}
