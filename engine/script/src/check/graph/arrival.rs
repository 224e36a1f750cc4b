//! Arrivals: messages that can be sent, with what is known of them, and what each can send in turn.

use std::cell::OnceCell;
use std::mem;

use rulegate::metadata::{
    AttributeMetadata, Cascade, EntityMetadata, OneToMany, RelationshipMetadata,
};
use rulegate::{Message, Stage};

use super::explore::written;
use super::row::{Rest, Row, is_apart};
use super::value::Known;
use super::view::{Scene, View, has_target};
use super::world::{Listener, World, owner};
use super::written::Written;
use crate::check::{Sent, Write};

/// A message that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Arrival<'a> {
    pub(super) message: Message,
    pub(super) entity: Option<&'a EntityMetadata>,
    pub(super) depth: u32,
    /// What it carries: the target, or parameters.
    pub(super) target: Row<'a>,
    /// The record at which it is aimed, as it is stored.
    pub(super) before: Row<'a>,
    /// Whether it is aimed at the record at which the message was aimed that caused it, as that left it.
    pub(super) is_same_record: bool,
    /// Whether that record is deleted already, so that the message fails at its main operation.
    pub(super) is_gone: bool,
    /// The relationship of an association, and those over which records come along.
    pub(super) relationships: Vec<&'a str>,
    /// Whether it rests on something that is not known: whether it is ever sent, nobody can say.
    pub(super) is_guess: bool,
    pub(super) cause: Cause,
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A client.
    Client,
    /// The main operation of the message at that place.
    Engine(usize),
    /// A step on the message at that place, by the place of what it sends.
    Step { arrival: usize, listener: usize, sent: usize },
}

/// What became of a message.
#[derive(Debug, Default)]
pub(super) struct Outcome<'a> {
    pub(super) sent: Vec<Arrival<'a>>,
    /// The attributes of the target that steps can set.
    pub(super) written: Vec<(&'a str, Known)>,
    /// The first step that it wakes.
    pub(super) woken: Option<usize>,
}

/// A message on its way through its stages.
pub(super) struct Passage<'s, 'a> {
    world: &'s World<'a>,
    written: &'s OnceCell<Written<'a>>,
    arrival: &'s Arrival<'a>,
    place: usize,
    scene: Scene<'a>,
    /// Whether a step has sent something that may have changed the record.
    is_stirred: bool,
    /// Whether all steps have run that run within the message: jobs see what these left (P-88).
    is_later: bool,
    /// The record before the main operation, once that is done.
    replaced: Option<Row<'a>>,
    outcome: Outcome<'a>,
}

impl<'s, 'a> Passage<'s, 'a> {
    pub(super) fn new(
        (world, written): (&'s World<'a>, &'s OnceCell<Written<'a>>),
        (place, arrival): (usize, &'s Arrival<'a>),
    ) -> Self {
        let scene = Scene {
            message: arrival.message.clone(),
            entity: arrival.entity,
            depth: arrival.depth,
            target: arrival.target.clone(),
            before: arrival.before.clone(),
            after: None,
        };
        Self {
            world,
            written,
            arrival,
            place,
            scene,
            is_stirred: false,
            is_later: false,
            replaced: None,
            outcome: Outcome::default(),
        }
    }

    /// Goes through all stages. Where it is too deep for steps, only the engine sends.
    pub(super) fn run(mut self, limit: u32) -> Outcome<'a> {
        let entity = self.arrival.entity.map(|it| it.logical_name().as_str());
        let plan = self.world.plan(&self.arrival.message, entity);
        let is_first = |it: &usize| {
            let found = self.world.listener(*it);
            found.is_some_and(|it| it.step.stage() == Stage::PreValidation)
        };
        let (first, rest): (Vec<usize>, Vec<usize>) = plan.iter().partition(|it| is_first(it));
        let is_too_deep = limit < self.arrival.depth;
        if self.visit_all(&first, is_too_deep) {
            return self.outcome;
        }
        let (before, is_stirred) = (self.scene.before.clone(), self.is_stirred);
        for (part, is_second) in self.parts() {
            self.is_stirred = is_stirred || is_second && self.is_stirred;
            self.is_later = false;
            if is_second {
                self.look_after();
            }
            let after = self.scene.after.take().filter(|_| is_second);
            self.scene.before = after.map_or_else(|| before.clone(), |it| self.as_stored(it));
            self.scene.target = part;
            self.replaced = None;
            if self.visit_all(&rest, is_too_deep) {
                return self.outcome;
            }
            self.main_operation();
        }
        self.outcome
    }

    /// Lets steps run. Answers whether the message ends at one of them, because it is too deep.
    fn visit_all(&mut self, plan: &[usize], is_too_deep: bool) -> bool {
        for index in plan {
            let Some(listener) = self.world.listener(*index).copied() else { continue };
            if !listener.is_before() && !self.main_operation() {
                break;
            }
            let passes = listener.passes(&self.scene.target, self.scene.entity).1;
            if passes && self.is_of_relationship(&listener) {
                self.outcome.woken.get_or_insert(*index);
                if is_too_deep {
                    return true;
                }
                if !listener.is_before() {
                    self.look_after();
                }
                if !listener.is_synchronous() && !mem::replace(&mut self.is_later, true) {
                    self.scene.after = self.scene.after.take().map(|it| self.as_stored(it));
                }
                self.visit(*index, &listener);
            }
        }
        false
    }

    /// An update of a state and more is two updates (M-19): the other attributes, then the state. Either may be all
    /// that is sent. Answers each, and whether it finds the record as the one before left it.
    fn parts(&self) -> Vec<(Row<'a>, bool)> {
        let target = self.scene.target.clone();
        let Some(entity) = self.arrival.entity.filter(|_| self.arrival.message == Message::Update)
        else {
            return vec![(target, false)];
        };
        let sent = |it: &str| target.get(it, Some(entity)).may_be_present();
        let (apart, others): (Vec<_>, Vec<_>) = entity
            .attributes()
            .map(|it| it.1)
            .filter(|it| sent(&it.logical_name))
            .partition(|it| is_apart(it));
        if apart.is_empty() || others.is_empty() {
            return vec![(target, false)];
        }
        let without = |them: &[&'a AttributeMetadata]| {
            let mut part = target.clone();
            them.iter().for_each(|it| part.set(&it.logical_name, Known::ABSENT));
            part
        };
        let mut parts = vec![(without(&others), false), (without(&apart), false)];
        if !target.is_open() {
            parts.push((without(&others), true)); // Of whatever a client sends, the first says as much.
        }
        parts
    }

    /// Writes the record, and sends what the engine sends, unless that is done. Answers whether there are stages behind.
    fn main_operation(&mut self) -> bool {
        if self.arrival.is_gone || self.replaced.is_some() {
            return !self.arrival.is_gone;
        }
        self.replaced = Some(self.as_stored(self.scene.before.clone()));
        if let Some(entity) = self.scene.entity
            && has_target(&self.arrival.message)
        {
            let is_new = self.arrival.message == Message::Create;
            self.scene.target = self.scene.target.written(entity, is_new);
        }
        self.raise();
        self.is_stirred |= !self.outcome.sent.is_empty();
        true
    }

    /// Finds out what the record is like after the main operation.
    fn look_after(&mut self) {
        if self.scene.after.is_some() {
            return;
        }
        let Some(before) = &self.replaced else { return };
        self.scene.after = Some(match (self.scene.entity, &self.arrival.message) {
            (Some(entity), message) if has_target(message) => {
                self.scene.target.over(before, entity)
            }
            (_, Message::Delete) => Row::of(Rest::Null),
            _ => Row::of(Rest::Unknown),
        });
    }

    fn is_of_relationship(&self, listener: &Listener<'a>) -> bool {
        let Some(wanted) = listener.step.relationship_filter() else { return true };
        let sent = &self.arrival.relationships;
        sent.is_empty() || sent.iter().any(|it| it.eq_ignore_ascii_case(wanted))
    }

    fn visit(&mut self, index: usize, listener: &Listener<'a>) {
        let effects = listener.effects;
        let mut stirs = false;
        for (number, sent) in effects.sends.iter().enumerate() {
            let Some(view) = self.view(listener, |it| it.with(&sent.conditions)) else { continue };
            let found = self.send((index, listener, number), sent, &view);
            self.outcome.sent.extend(found);
            stirs |= listener.is_synchronous() && !sent.message.is_read();
        }
        if listener.is_before() {
            for write in &effects.writes {
                self.write(listener, write);
            }
        }
        if listener.is_before() && !effects.unknown.is_empty() {
            self.scene.target = self.scene.target.or(&Row::of(Rest::Sent), self.scene.entity);
        }
        self.is_stirred |= stirs;
    }

    /// What the step sees where it runs and this holds.
    fn view<'v>(
        &'v self,
        listener: &Listener<'a>,
        with: impl FnOnce(View<'v, 'a>) -> Option<View<'v, 'a>>,
    ) -> Option<View<'v, 'a>> {
        let (view, step) = (View::new(&self.scene), listener.step);
        let view = match step.filtering_attributes() {
            [only] if !listener.filter(self.scene.entity).is_empty() => view.carrying(only)?,
            _ => view,
        };
        with(view)
    }

    fn write(&mut self, listener: &Listener<'a>, write: &'a Write) {
        let Some(view) = self.view(listener, |it| it.with(&write.conditions)) else { return };
        let is_certain =
            write.conditions.is_empty() && listener.passes(&self.scene.target, self.scene.entity).0;
        let known = view.value(&write.value);
        let known = match (&write.value, self.attribute(&write.attribute)) {
            (crate::check::Term::Unknown, _) => Known { is_absent: true, ..known },
            (_, Some(attribute)) => known.given(attribute),
            (_, None) => known,
        };
        self.outcome.written.push((&write.attribute, known.clone()));
        let before = self.scene.target.get(&write.attribute, self.scene.entity);
        let known = if is_certain { known } else { known.or(&before) };
        self.scene.target.set(&write.attribute, known);
    }

    fn attribute(&self, name: &str) -> Option<&'a AttributeMetadata> {
        self.scene.entity?.attribute(name)
    }

    /// A step sends a message.
    fn send(
        &self,
        (index, listener, number): (usize, &Listener<'a>, usize),
        sent: &'a Sent,
        view: &View<'_, 'a>,
    ) -> Vec<Arrival<'a>> {
        let own = sent.is_own_record.then(|| self.own_record(listener, sent, view)).flatten();
        let cause = Cause::Step { arrival: self.place, listener: index, sent: number };
        let is_guess = self.arrival.is_guess || sent.entities.is_none();
        let draft = Arrival {
            message: sent.message.clone(),
            entity: None,
            depth: self.arrival.depth + 1,
            target: Row::of(Rest::Absent),
            is_same_record: own.is_some(),
            before: own.unwrap_or(Row::of(Rest::Stored)),
            is_gone: sent.is_own_record && self.is_deleted(),
            relationships: sent.relationship.as_deref().into_iter().collect(),
            is_guess,
            cause,
        };
        let entities: Vec<Option<&'a EntityMetadata>> = match &sent.entities {
            _ if sent.message.is_association() => vec![None],
            Some(names) => names.iter().map(|it| self.world.entity(it)).collect(),
            None => {
                let names = self.world.entities_of(&sent.message).into_iter();
                names.map(|it| it.and_then(|it| self.world.entity(it))).collect()
            }
        };
        let of = |entity| self.filled(Arrival { entity, ..draft.clone() }, sent, view);
        entities.into_iter().flat_map(of).collect()
    }

    /// The message with what it carries. An upsert is a create or an update.
    fn filled(&self, draft: Arrival<'a>, sent: &'a Sent, view: &View<'_, 'a>) -> Vec<Arrival<'a>> {
        if sent.message == Message::Upsert {
            let as_message = |message| Arrival { message, ..draft.clone() };
            return [Message::Create, Message::Update]
                .into_iter()
                .flat_map(|it| self.filled_as(as_message(it), sent, view))
                .collect();
        }
        self.filled_as(draft, sent, view)
    }

    fn filled_as(
        &self,
        mut draft: Arrival<'a>,
        sent: &'a Sent,
        view: &View<'_, 'a>,
    ) -> Vec<Arrival<'a>> {
        if draft.message == Message::Create {
            draft.before = Row::of(Rest::Null);
        }
        let Some(values) = &sent.values else {
            draft.target = Row::of(Rest::Sent);
            if draft.is_same_record {
                draft.before = Row::of(Rest::Unknown);
            }
            return vec![draft];
        };
        for (name, term) in values {
            let Some(attribute) = draft.entity.and_then(|it| it.attribute(name)) else {
                draft.relationships.push(name);
                continue;
            };
            let valid_for = attribute.valid_for;
            let is_kept =
                if draft.message == Message::Create { valid_for.create } else { valid_for.update };
            if is_kept || !matches!(draft.message, Message::Create | Message::Update) {
                let mut known = view.value(term).given(attribute);
                known.is_absent |= sent.message == Message::Upsert;
                draft.target.set(name, known);
            }
        }
        if !draft.is_same_record {
            draft.target.forget_origins();
        }
        vec![draft]
    }

    /// The record at which the step's own message is aimed, when the step sends another to it; none where others may
    /// have changed it in between.
    fn own_record(
        &self,
        listener: &Listener<'a>,
        sent: &Sent,
        view: &View<'_, 'a>,
    ) -> Option<Row<'a>> {
        let entity = self.scene.entity?;
        let is_outside = self.arrival.depth == 1 && listener.step.stage() == Stage::PreValidation;
        if !listener.is_synchronous() || is_outside || sent.entities.is_none() {
            return None;
        }
        if self.scene.after.is_some() && !has_target(&self.arrival.message) {
            return None;
        }
        let row = view.record(entity);
        let others = listener.effects.sends.iter().filter(|it| !it.message.is_read()).count();
        if sent.is_repeated || 1 < others {
            return Some(self.stirred(row, entity));
        }
        Some(self.as_stored(row))
    }

    /// The record as it is stored, where steps may have changed it since.
    fn as_stored(&self, row: Row<'a>) -> Row<'a> {
        match self.scene.entity.filter(|_| self.is_stirred) {
            Some(entity) => self.stirred(row, entity),
            None => row,
        }
    }

    fn stirred(&self, row: Row<'a>, entity: &'a EntityMetadata) -> Row<'a> {
        self.written.get_or_init(|| written(self.world)).stir(row, entity)
    }

    fn is_deleted(&self) -> bool {
        self.arrival.message == Message::Delete && self.replaced.is_some()
    }

    /// What the engine sends in the main operation.
    fn raise(&mut self) {
        let Some(entity) = self.arrival.entity else { return self.raise_links() };
        match &self.arrival.message {
            Message::SetState | Message::Assign => {
                if self.changes_something(entity) {
                    let (target, before) = (self.scene.target.clone(), self.scene.before.clone());
                    self.engine_sends(Message::Update, entity, (target, before));
                }
            }
            Message::Update => {
                let owner = owner(entity);
                let is_sent = |it: &str| self.scene.target.get(it, Some(entity)).may_be_present();
                if owner.is_some_and(is_sent) {
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
            let stored = Row::of(Rest::Unknown);
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
                self.engine_sends(message, other, (Row::of(Rest::Sent), Row::of(Rest::Unknown)));
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
            self.engine_sends(Message::Update, child, (target, Row::of(Rest::Unknown)));
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
