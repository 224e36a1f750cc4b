//! Passages: what each step of a message, and the engine, can send in turn.

use std::cell::OnceCell;
use std::mem;

use rulegate::metadata::{AttributeMetadata, EntityMetadata};
use rulegate::{Message, Stage};

use super::arrival::{Arrival, Cause, Outcome, filled};
use super::explore::written;
use super::row::{Rest, Row, is_apart};
use super::value::Known;
use super::view::{Scene, View, has_target};
use super::world::{Listener, World};
use super::written::Written;
use crate::check::{Condition, Sent, Term, Write};

/// A message on its way through its stages.
pub(super) struct Passage<'s, 'a> {
    pub(super) world: &'s World<'a>,
    written: &'s OnceCell<Written<'a>>,
    pub(super) arrival: &'s Arrival<'a>,
    pub(super) place: usize,
    pub(super) scene: Scene<'a>,
    /// Whether a step has sent something that may have changed the record.
    pub(super) is_stirred: bool,
    /// Whether all steps have run that run within the message: jobs see what these left (P-88).
    is_later: bool,
    /// The record before the main operation, once that is done.
    replaced: Option<Row<'a>>,
    pub(super) outcome: Outcome<'a>,
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
            let passes = listener.passes(&self.scene.target, self.scene.entity);
            if !passes || !self.is_of_relationship(&listener) {
                continue;
            }
            self.outcome.woken.get_or_insert(*index);
            if is_too_deep {
                return true;
            }
            self.enter(&listener);
            self.visit(*index, &listener);
        }
        false
    }

    /// Finds out what a step sees that runs after the write.
    fn enter(&mut self, listener: &Listener<'a>) {
        if !listener.is_before() {
            self.look_after();
        }
        if !listener.is_synchronous() && !mem::replace(&mut self.is_later, true) {
            self.scene.after = self.scene.after.take().map(|it| self.as_stored(it));
        }
    }

    /// An update of a state and more is two updates (M-19): the other attributes, then the state. Either may be all
    /// that is sent. Answers each, and whether it finds the record as the one before left it.
    fn parts(&self) -> Vec<(Row<'a>, bool)> {
        let target = self.scene.target.clone();
        let Some(entity) = self.arrival.entity.filter(|_| self.arrival.message == Message::Update)
        else {
            return vec![(target, false)];
        };
        let sent = |is_one: fn(&AttributeMetadata) -> bool| {
            let all = entity.attributes().map(|it| it.1).filter(move |it| is_one(it));
            all.filter(|it| target.may_carry(&it.logical_name))
        };
        let apart: Vec<_> = sent(is_apart).collect();
        if apart.is_empty() || sent(|it| !is_apart(it)).next().is_none() {
            return vec![(target, false)];
        }
        let (mut first, mut second) = (target.clone(), Row::of(Rest::Absent));
        for it in apart {
            second.set(&it.logical_name, target.get(&it.logical_name, Some(entity)));
            first.set(&it.logical_name, Known::ABSENT);
        }
        let mut parts = vec![(second.clone(), false), (first, false)];
        if !target.is_open() {
            parts.push((second, true)); // Of whatever a client sends, the first says as much.
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
        let (mut all_sent, mut written) = (Vec::new(), Vec::new());
        let mut last = None;
        for (number, sent) in effects.sends.iter().enumerate() {
            let Some(view) = self.view(listener, &sent.conditions, &mut last) else { continue };
            all_sent.push((self.send((index, listener, number), sent, view), sent));
        }
        for write in effects.writes.iter().filter(|_| listener.is_before()) {
            let Some(view) = self.view(listener, &write.conditions, &mut last) else { continue };
            written.push((&*write.attribute, self.written_by(write, view)));
        }
        for (found, sent) in all_sent {
            self.outcome.sent.extend(found);
            self.is_stirred |= listener.is_synchronous() && !sent.message.is_read();
        }
        for (name, known) in written {
            self.outcome.written.push((name, known.clone()));
            let before = self.scene.target.get(name, self.scene.entity);
            self.scene.target.set(name, known.or(&before));
        }
        if listener.is_before() && !effects.unknown.is_empty() {
            self.scene.target = self.scene.target.or(&Row::of(Rest::Sent), self.scene.entity);
        }
    }

    /// What the step sees where it runs and this holds; the last answer is kept, for most that a step does hangs on
    /// the same.
    fn view<'l, 'v>(
        &'v self,
        listener: &Listener<'a>,
        conditions: &'a [Condition],
        last: &'l mut Option<(&'a [Condition], Option<View<'v, 'a>>)>,
    ) -> Option<&'l View<'v, 'a>> {
        let is_known = last.as_ref().is_some_and(|(of, view)| {
            *of == conditions || view.is_none() && conditions.starts_with(of)
        });
        if !is_known {
            let (view, step) = (View::new(&self.scene), listener.step);
            let view = match step.filtering_attributes() {
                [only] if !listener.filter(self.scene.entity).is_empty() => view.carrying(only),
                _ => Some(view),
            };
            *last = Some((conditions, view.and_then(|it| it.with(&conditions))));
        }
        last.as_ref().and_then(|it| it.1.as_ref())
    }

    /// What a step can set an attribute of the target to: its conditions are needed, and may not be all that is.
    fn written_by(&self, write: &'a Write, view: &View<'_, 'a>) -> Known {
        let known = view.value(&write.value);
        match (&write.value, self.attribute(&write.attribute)) {
            (Term::Unknown, _) => Known { is_absent: true, ..known },
            (_, Some(attribute)) => known.given(attribute),
            (_, None) => known,
        }
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
        let of = |entity| filled(Arrival { entity, ..draft.clone() }, sent, view);
        entities.into_iter().flat_map(of).collect()
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
}
