//! What the engine sends in a main operation, to records that hang together with the one at hand.

use rulegate::Message;
use rulegate::metadata::{Cascade, EntityMetadata, OneToMany, RelationshipMetadata};

use super::arrival::{Arrival, Cause};
use super::passage::Passage;
use super::row::{Rest, Row};
use super::value::Known;
use super::world::owner;

impl<'a> Passage<'_, 'a> {
    /// What the engine sends in the main operation.
    pub(super) fn raise(&mut self) {
        let Some(entity) = self.arrival.entity else { return self.raise_links() };
        match &self.arrival.message {
            Message::SetState | Message::Assign if self.changes_something(entity) => {
                let (target, before) = (self.scene.target.clone(), self.scene.before.clone());
                self.engine_sends(Message::Update, entity, (target, before));
            }
            Message::Update => {
                if owner(entity).is_some_and(|it| self.scene.target.may_carry(it)) {
                    self.cascade(entity, |it| it.cascades.assign != Cascade::NoCascade);
                }
                self.raise_related(entity);
            }
            Message::Delete => self.cascade(entity, |it| it.cascades.delete == Cascade::Cascade),
            Message::Create => self.raise_related(entity),
            _ => {}
        }
    }

    /// Whether a change of state or owner can be one (M-29).
    fn changes_something(&self, entity: &'a EntityMetadata) -> bool {
        let (target, before) = (&self.scene.target, &self.scene.before);
        if self.is_stirred {
            return true;
        }
        target.names().any(|it| {
            let (wanted, current) = (target.get(it, Some(entity)), before.get(it, Some(entity)));
            wanted.single().is_none() || wanted.single() != current.single()
        }) || target.names().next().is_none()
    }

    /// The children over relationships of that kind are deleted, or get the owner.
    fn cascade(&mut self, entity: &'a EntityMetadata, wanted: fn(&OneToMany) -> bool) {
        let catalog = self.world.catalog;
        let children = catalog.children_of(entity.logical_name()).filter(|it| wanted(it));
        let children: Vec<&'a EntityMetadata> =
            children.filter_map(|it| self.world.entity(&it.referencing_entity)).collect();
        for child in children {
            let mut target = Row::of(Rest::Absent);
            if let Some(owner) = owner(child).filter(|_| self.arrival.message != Message::Delete) {
                target.set(owner, Known::VALUE);
            }
            let stored = Row::of(Rest::Stored);
            self.engine_sends(self.arrival.message.clone(), child, (target, stored));
        }
    }

    /// Records that come along over a relationship.
    fn raise_related(&mut self, entity: &'a EntityMetadata) {
        for name in &self.arrival.relationships {
            let Ok(relationship) = self.world.catalog.relationship(name) else { continue };
            let (first, second) = relationship.ends();
            let other = if first == entity.logical_name() { second } else { first };
            let Some(other) = self.world.entity(other) else { continue };
            for message in [Message::Create, Message::Update] {
                self.engine_sends(message, other, (Row::of(Rest::Sent), Row::of(Rest::Stored)));
            }
        }
    }

    /// A link over a lookup is an update of the child (I-64).
    fn raise_links(&mut self) {
        if !self.arrival.message.is_association() {
            return;
        }
        let names = &self.arrival.relationships;
        let is_meant = |it: &&RelationshipMetadata| {
            names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(it.schema_name()))
        };
        for relationship in self.world.catalog.relationships().map(|it| &**it).filter(is_meant) {
            let RelationshipMetadata::OneToMany(it) = relationship else { continue };
            let Some(child) = self.world.entity(&it.referencing_entity) else { continue };
            let mut target = Row::of(Rest::Absent);
            target.set(&it.referencing_attribute, Known::ANYTHING);
            self.engine_sends(Message::Update, child, (target, Row::of(Rest::Stored)));
        }
    }

    fn engine_sends(
        &mut self,
        message: Message,
        entity: &'a EntityMetadata,
        (target, before): (Row<'a>, Row<'a>),
    ) {
        let before = if message == Message::Create { Row::of(Rest::Null) } else { before };
        self.outcome.sent.push(Arrival {
            message,
            entity: Some(entity),
            depth: self.arrival.depth + 1,
            target,
            before,
            is_same_record: false,
            is_gone: false,
            relationships: Vec::new(),
            is_guess: self.arrival.is_guess,
            cause: Cause::Engine(self.place),
        });
    }
}
