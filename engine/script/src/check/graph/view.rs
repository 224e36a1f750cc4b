//! Views: what a rule can see of a message, and what is known once conditions hold.

use rulegate::Message;
use rulegate::metadata::EntityMetadata;
use rust_decimal::Decimal;

use super::compare::{compared, comparison, computed, is_comparison, mirrored, narrowed, truth};
use super::origin::Origin;
use super::row::Row;
use super::value::{Constant, Known};
use crate::check::{Condition, Term};

/// What a message is like when a step runs.
#[derive(Debug, Clone)]
pub(super) struct Scene<'a> {
    pub(super) message: Message,
    pub(super) entity: Option<&'a EntityMetadata>,
    pub(super) depth: u32,
    pub(super) target: Row<'a>,
    /// The pre-image.
    pub(super) before: Row<'a>,
    /// The post-image, once there is one.
    pub(super) after: Option<Row<'a>>,
}

/// A scene, with what is known of some places beside.
#[derive(Debug, Clone)]
pub(super) struct View<'s, 'a> {
    scene: &'s Scene<'a>,
    seen: Vec<(Place<'a>, Known)>,
    /// Whether something was learned since this was last asked.
    has_learned: bool,
}

/// Where a rule finds an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    Target(&'a str),
    Before(&'a str),
    After(&'a str),
    /// In the target where that carries it, else in the pre-image.
    Next(&'a str),
}

impl<'a> Place<'a> {
    fn of(term: &'a Term) -> Option<Self> {
        if let Term::Target(name) = term {
            Some(Self::Target(name))
        } else if let Term::Pre(_, name) = term {
            Some(Self::Before(name))
        } else if let Term::Post(_, name) = term {
            Some(Self::After(name))
        } else if let Term::After(name) = term {
            Some(Self::Next(name))
        } else {
            None
        }
    }
}

impl<'s, 'a> View<'s, 'a> {
    pub(super) fn new(scene: &'s Scene<'a>) -> Self {
        Self { scene, seen: Vec::new(), has_learned: false }
    }

    /// What is known once all of this holds; none where it cannot.
    pub(super) fn with<C>(mut self, conditions: &C) -> Option<Self>
    where
        C: Clone + IntoIterator<Item = &'a Condition>,
    {
        let all = |it: &mut Self| {
            it.has_learned = false;
            conditions.clone().into_iter().all(|of| it.assume(&of.term, of.holds))
        };
        // What a later condition tells of a value can make an earlier one impossible.
        (all(&mut self) && (!self.has_learned || all(&mut self))).then_some(self)
    }

    /// What is known once the target carries the attribute; none where it cannot.
    pub(super) fn carrying(mut self, name: &'a str) -> Option<Self> {
        self.narrow_sent(name, true).then_some(self)
    }

    /// The record at which the message is aimed, as it is stored, with what is known of it.
    pub(super) fn record(&self, entity: &'a EntityMetadata) -> Row<'a> {
        let Scene { target, before, after, .. } = self.scene;
        let Some(after) = after else {
            return self.stored();
        };
        let mut row = after.clone();
        for (place, known) in &self.seen {
            let (Place::Target(name)
            | Place::Before(name)
            | Place::After(name)
            | Place::Next(name)) = *place;
            let Some(attribute) = entity.attribute(name) else { continue };
            let look = |place, of: &Row<'a>| {
                let seen = self.seen(place).cloned();
                seen.unwrap_or_else(|| of.get(name, Some(entity)))
            };
            let sent = look(Place::Target(name), target).written(attribute);
            let stored = sent.over(&look(Place::Before(name), before));
            // What the rule saw of the target, or of the record before, is rounded when it is written.
            row.set(
                name,
                match place {
                    Place::After(_) => known.clone(),
                    Place::Next(_) => known.written(attribute).read(),
                    Place::Target(_) | Place::Before(_) => stored,
                },
            );
        }
        row
    }

    /// The pre-image, with what is known of it.
    fn stored(&self) -> Row<'a> {
        let mut row = self.scene.before.clone();
        for (place, known) in &self.seen {
            if let Place::Before(name) = place {
                row.set(name, known.clone());
            }
        }
        row
    }

    /// What a term can be.
    pub(super) fn value(&self, term: &'a Term) -> Known {
        if let Some(known) = Place::of(term).and_then(|it| self.seen(it)) {
            return known.clone().read();
        }
        let scene = self.scene;
        let name = |it: &str| Known::constant(Constant::Text(it.to_owned()));
        match term {
            Term::Unknown => Known::ANYTHING,
            Term::Null => Known::NULL,
            Term::Boolean(it) => Known::constant(Constant::Boolean(*it)),
            Term::Number(it) => Known::constant(Constant::Number(*it)),
            Term::Text(it) => name(it),
            Term::Choice(it) => Known::constant(Constant::Number(Decimal::from(*it))),
            Term::Target(name) => self.target(name),
            Term::Pre(_, name) => scene.before.get(name, scene.entity).read(),
            Term::Post(_, name) => match &scene.after {
                Some(after) => after.get(name, scene.entity).read(),
                None => Known::ANYTHING,
            },
            Term::After(name) => self.sent(name).over(&scene.before.get(name, scene.entity)),
            Term::Depth => Known::constant(Constant::Number(Decimal::from(scene.depth))),
            Term::Message => name(scene.message.name()),
            Term::OwnRecord => Known { origin: Some(Origin::sent("")), ..Known::VALUE },
            Term::Changed(_) | Term::Has(_) | Term::Not(_) => Known::boolean(self.can(term)),
            Term::Operation(sign, a, b) => self.operation(sign, (a, b), term),
        }
    }

    /// Whether a term can be true, and whether it can be false.
    fn can(&self, term: &'a Term) -> (bool, bool) {
        match term {
            Term::Changed(name) => self.changed(name),
            Term::Has(name) => {
                let sent = self.sent(name);
                (sent.may_be_present(), sent.is_absent)
            }
            Term::Not(of) => {
                let can = self.can(of);
                (can.1, can.0)
            }
            Term::Operation("&&", a, b) => {
                let (a, b) = (self.can(a), self.can(b));
                (a.0 && b.0, a.1 || b.1)
            }
            Term::Operation("||", a, b) => {
                let (a, b) = (self.can(a), self.can(b));
                (a.0 || b.0, a.1 && b.1)
            }
            Term::Operation(sign, a, b) if is_comparison(sign) => {
                compared(sign, &self.value(a), &self.value(b))
            }
            _ => truth(&self.value(term)),
        }
    }

    fn seen(&self, place: Place<'_>) -> Option<&Known> {
        self.seen.iter().find(|it| it.0 == place).map(|it| &it.1)
    }

    fn sent(&self, name: &str) -> Known {
        let seen = self.seen(Place::Target(name)).cloned();
        seen.unwrap_or_else(|| self.scene.target.get(name, self.scene.entity))
    }

    /// An attribute of the target, for the messages that have one.
    fn target(&self, name: &str) -> Known {
        if has_target(&self.scene.message) { self.sent(name).read() } else { Known::ANYTHING }
    }

    /// Whether the target can carry another value than the pre-image, and whether it can be otherwise.
    fn changed(&self, name: &str) -> (bool, bool) {
        let sent = self.sent(name);
        if !has_target(&self.scene.message) || !sent.may_be_present() {
            return (false, true);
        }
        let is_absent = sent.is_absent;
        let sent = Known { is_absent: false, ..sent };
        let before = self.scene.before.get(name, self.scene.entity);
        let can = compared("!=", &sent, &before.read());
        (can.0, can.1 || is_absent)
    }

    fn operation(&self, sign: &'static str, (a, b): (&'a Term, &'a Term), both: &'a Term) -> Known {
        let (first, second) = (self.value(a), self.value(b));
        let origin = Origin::computed(sign, first.identity(), second.identity());
        let known = match sign {
            "&&" | "||" => Known::boolean(self.can(both)),
            _ if is_comparison(sign) => Known::boolean(compared(sign, &first, &second)),
            "??" if first.is_null => Known { is_null: false, ..first }.or(&second),
            "??" => first,
            _ => computed(sign, &first, &second),
        };
        Known { origin, ..known }
    }

    /// Takes it that a condition holds, or does not. Answers whether that can be.
    fn assume(&mut self, term: &'a Term, holds: bool) -> bool {
        match term {
            Term::Not(of) => return self.assume(of, !holds),
            Term::Operation("&&", a, b) if holds => {
                return self.assume(a, true) && self.assume(b, true);
            }
            Term::Operation("||", a, b) if !holds => {
                return self.assume(a, false) && self.assume(b, false);
            }
            _ => {}
        }
        let can = self.can(term);
        if !(if holds { can.0 } else { can.1 }) {
            return false;
        }
        match term {
            Term::Operation("&&" | "||", a, b) => self.assume_one_of((a, b), holds),
            Term::Operation(sign, a, b) => match comparison(sign, holds) {
                Some(sign) => self.compare((sign, holds), (a, b)),
                None => true,
            },
            Term::Has(name) => self.narrow_sent(name, holds),
            Term::Changed(name) if holds => self.narrow_sent(name, true),
            it => match Place::of(it) {
                Some(place) => {
                    let wanted = Known::constant(Constant::Boolean(holds));
                    let values = self.value(it).values.and(&wanted.values);
                    self.remember(place, Known::of(values))
                }
                None => true,
            },
        }
    }

    /// Of `a || b`, where one cannot hold, the other does. The same for what does not hold of `a && b`.
    fn assume_one_of(&mut self, (a, b): (&'a Term, &'a Term), holds: bool) -> bool {
        let can = |it: &Self, term| {
            let can = it.can(term);
            if holds { can.0 } else { can.1 }
        };
        match (can(self, a), can(self, b)) {
            (true, false) => self.assume(a, holds),
            (false, true) => self.assume(b, holds),
            (both, _) => both,
        }
    }

    fn narrow_sent(&mut self, name: &'a str, is_present: bool) -> bool {
        let sent = self.sent(name);
        let narrowed = if is_present { Known { is_absent: false, ..sent } } else { Known::ABSENT };
        let is_possible = is_present || self.sent(name).is_absent;
        self.remember(Place::Target(name), narrowed) && is_possible
    }

    fn remember(&mut self, place: Place<'a>, known: Known) -> bool {
        let is_possible = !known.is_impossible();
        match self.seen.iter_mut().find(|it| it.0 == place) {
            Some((_, before)) if *before == known => {}
            Some((_, before)) => {
                *before = known;
                self.has_learned = true;
            }
            None => {
                self.seen.push((place, known));
                self.has_learned = true;
            }
        }
        is_possible
    }

    /// Takes it that a comparison holds, or that its opposite does not.
    fn compare(&mut self, how: (&'static str, bool), (a, b): (&'a Term, &'a Term)) -> bool {
        let (first, second) = (self.value(a), self.value(b));
        self.narrow(a, how, &second) && self.narrow(b, (mirrored(how.0), how.1), &first)
    }

    /// Takes it that a term compares with a value like this.
    fn narrow(&mut self, term: &'a Term, how: (&'static str, bool), other: &Known) -> bool {
        if let Some(place) = Place::of(term) {
            let known = restored(place, narrowed(&self.value(term), how, other));
            return self.remember(place, known);
        }
        let Term::Operation(sign, a, b) = term else { return true };
        match *sign {
            "??" => {
                let can_be_other = compared(how.0, &self.value(b), other).0 || !how.1;
                let Some(place) = Place::of(a) else { return true };
                let own = self.value(a);
                let values = narrowed(&Known { is_null: false, ..own.clone() }, how, other).values;
                let is_null = own.is_null && can_be_other;
                self.remember(place, restored(place, Known { is_null, values, ..own }))
            }
            "+" | "-" if Place::of(a).is_some() => {
                let undo = if *sign == "+" { "-" } else { "+" };
                let other = computed(undo, other, &self.value(b));
                other.values.range().is_none() || self.narrow(a, how, &other)
            }
            _ => true,
        }
    }
}

/// A target that is null may be so because it is absent: reading cannot tell.
fn restored(place: Place<'_>, known: Known) -> Known {
    let is_absent = matches!(place, Place::Target(_)) && known.is_null;
    Known { is_absent, ..known }
}

pub(super) fn has_target(message: &Message) -> bool {
    matches!(message, Message::Create | Message::Update)
}
