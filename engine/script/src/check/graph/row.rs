//! Rows: what is known of a record, attribute by attribute.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rulegate::metadata::{AttributeMetadata, AttributeType, EntityMetadata};

use super::origin::Origin;
use super::value::{Known, is_kept};

/// What is known of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row<'a> {
    known: Rc<BTreeMap<&'a str, Known>>,
    rest: Rest,
}

/// What the attributes of a row are of which it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Not there.
    Absent,
    /// Null.
    Null,
    /// Whatever a client can send, or nothing.
    Sent,
    /// The same, once it is written.
    Written,
    /// Whatever the store can hold, the same as long as the row is handed on.
    Stored,
    /// What a client sent over that, once it is written.
    Merged,
    /// Whatever the store can hold.
    Unknown,
}

impl<'a> Row<'a> {
    pub(super) fn of(rest: Rest) -> Self {
        Self { known: Rc::default(), rest }
    }

    pub(super) fn get(&self, name: &str, entity: Option<&EntityMetadata>) -> Known {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let attribute = || entity.and_then(|it| it.attribute(name));
        match self.rest {
            Rest::Absent => Known::ABSENT,
            Rest::Null => Known::NULL,
            Rest::Sent => {
                let anything = Known { is_absent: true, ..Known::ANYTHING };
                let sent = attribute().map_or(anything, Known::sent);
                Known { origin: Some(Origin::sent(name)), ..sent }
            }
            Rest::Written => {
                let sent = Self::of(Rest::Sent).get(name, entity);
                attribute().map_or(sent.clone(), |it| sent.written(it))
            }
            Rest::Stored => {
                let stored = attribute().map_or(Known::ANYTHING, Known::stored);
                Known { origin: Some(Origin::stored(name)), ..stored }
            }
            Rest::Merged => {
                let merged = attribute().map_or(Known::ANYTHING, Known::stored);
                let (sent, stored) = (Origin::sent(name), Origin::stored(name));
                let is_kept = attribute().is_some_and(|it| is_kept(&it.kind));
                let origin = Origin::over(Some(&sent), Some(&stored)).filter(|_| is_kept);
                Known { origin, ..merged }
            }
            Rest::Unknown => attribute().map_or(Known::ANYTHING, Known::stored),
        }
    }

    /// Whether it may carry the attribute, be it as null.
    pub(super) fn may_carry(&self, name: &str) -> bool {
        match (self.known.get(name), self.rest) {
            (Some(known), _) => known.may_be_present(),
            (None, rest) => rest != Rest::Absent,
        }
    }

    pub(super) fn set(&mut self, name: &'a str, known: Known) {
        Rc::make_mut(&mut self.known).insert(name, known);
    }

    /// The attributes of which it says something.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.known.keys().copied()
    }

    /// What it is where it is one or the other.
    pub(super) fn or(&self, other: &Self, entity: Option<&EntityMetadata>) -> Self {
        let names: BTreeSet<&'a str> = self.names().chain(other.names()).collect();
        let both = |it: &'a str| (it, self.get(it, entity).or(&other.get(it, entity)));
        let rest = match (self.rest, other.rest) {
            (a, b) if a == b => a,
            (Rest::Sent | Rest::Written, _) | (_, Rest::Sent | Rest::Written) => Rest::Sent,
            (Rest::Absent | Rest::Null | Rest::Stored | Rest::Merged | Rest::Unknown, _) => {
                Rest::Unknown
            }
        };
        Self { known: Rc::new(names.into_iter().map(both).collect()), rest }
    }

    /// Whether nothing is known of what it carries.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.rest, Rest::Sent | Rest::Written)
    }

    /// The attributes that it may carry, as far as it says.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &Known)> {
        self.known.iter().map(|(name, known)| (*name, known))
    }

    /// Forgets where values come from: from here on it is another record.
    pub(super) fn forget_origins(&mut self) {
        for known in Rc::make_mut(&mut self.known).values_mut() {
            known.origin = None;
        }
    }

    /// The record once this is written over what is stored.
    pub(super) fn over(&self, before: &Self, entity: &'a EntityMetadata) -> Self {
        let names: BTreeSet<&'a str> = self.names().chain(before.names()).collect();
        let mut row = before.clone();
        if self.is_open() {
            row.rest = if before.rest == Rest::Stored { Rest::Merged } else { Rest::Unknown };
        }
        for name in names {
            let Some(attribute) = entity.attribute(name) else { continue };
            let written = self.get(name, Some(entity)).written(attribute);
            row.set(name, written.over(&before.get(name, Some(entity))));
        }
        row
    }

    /// As the main operation leaves a target: in the form that is stored, with what the engine adds.
    pub(super) fn written(&self, entity: &'a EntityMetadata, is_new: bool) -> Self {
        let mut row = self.clone();
        if row.rest == Rest::Sent {
            row.rest = Rest::Written;
        }
        for (name, known) in Rc::make_mut(&mut row.known) {
            if let Some(attribute) = entity.attribute(name) {
                *known = known.written(attribute);
            }
            // To create with null is not to send it (C-13).
            known.is_absent |= is_new && known.is_null;
            known.is_null &= !is_new;
        }
        let has_state = entity
            .attributes()
            .any(|(_, it)| is_state(&it.kind) && row.may_carry(&it.logical_name));
        for (ordinal, attribute) in entity.attributes() {
            let is_added = match &attribute.kind {
                AttributeType::EntityName => true,
                kind if is_state(kind) => is_new || has_state,
                AttributeType::Owner { .. }
                | AttributeType::Boolean { .. }
                | AttributeType::Choice(_) => is_new,
                _ => entity.is_stamp(ordinal),
            };
            if is_added {
                row.add(attribute);
            }
        }
        row
    }

    /// The engine may add the attribute where it is absent.
    fn add(&mut self, attribute: &'a AttributeMetadata) {
        let known = self.get(&attribute.logical_name, None);
        let is_said = self.known.contains_key(attribute.logical_name.as_str()) || !self.is_open();
        if known.is_absent && is_said {
            let added = Known { is_absent: true, ..Known::stored(attribute) };
            self.set(&attribute.logical_name, known.or(&added));
        }
    }
}

/// Whether it is a state or a status reason.
pub(super) fn is_state(kind: &AttributeType) -> bool {
    matches!(kind, AttributeType::State(_) | AttributeType::Status(_))
}

/// Whether an update changes it apart from all else.
pub(super) fn is_apart(attribute: &AttributeMetadata) -> bool {
    const PLACES: [&str; 5] = [
        "administratorid",
        "businessunitid",
        "parentbusinessunitid",
        "parentsystemuserid",
        "siteid",
    ];
    is_state(&attribute.kind) || PLACES.contains(&attribute.logical_name.as_str())
}
