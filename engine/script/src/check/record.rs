//! Records: what is read of them, and what is set.

use rhai::{Expr, FnCallExpr, Position};
use rulegate::Message;
use rulegate::metadata::AttributeMetadata;

use super::chain::Receiver;
use super::checker::{Checker, Value};
use super::effects::{Term, Write};
use super::expression::subject;
use super::finding;
use super::types::{Base, Origin, Row, Type};
use crate::diagnostic::Fix;

impl Checker<'_> {
    /// An attribute of a record.
    pub(super) fn of_record(&mut self, row: &Row, (name, position): (&str, Position)) -> Value {
        let Some(ty) = self.attribute(&row.entity, (name, position)) else {
            return Type::ANY.into();
        };
        let mut value = Value::from(ty);
        match &row.of {
            Origin::Target => {
                self.reads(name, position);
                if !self.state.is_written(name) {
                    value.term = Term::Target(name.to_owned());
                }
            }
            Origin::Pre(alias) => {
                self.shown((alias, true), (name, position));
                value.term = Term::Pre(alias.clone(), name.to_owned());
            }
            Origin::Post(alias) => {
                self.shown((alias, false), (name, position));
                value.term = Term::Post(alias.clone(), name.to_owned());
            }
            Origin::Read(Some(selected))
                if !selected.contains(name) && row.entity.primary_id() != name =>
            {
                let text = format!("`{name}` was not read with its record: it is always null here");
                let help = format!("add \"{name}\" to the attributes that are read");
                self.find_help(finding::NOT_SELECTED, position, (text, help));
            }
            Origin::Read(_) | Origin::Made => {}
        }
        if self.is_always_there(row, name) {
            value.ty = value.ty.present();
        }
        value
    }

    /// Whether the engine keeps records from being without the attribute, and this record shows it.
    pub(super) fn is_always_there(&self, row: &Row, name: &str) -> bool {
        let is_demanded = row.entity.primary_id() == name
            || row.entity.attribute(name).is_some_and(AttributeMetadata::is_required_by_engine);
        let is_shown = match &row.of {
            Origin::Read(Some(selected)) => {
                selected.contains(name) || row.entity.primary_id() == name
            }
            Origin::Read(None) => row.entity.attribute(name).is_some_and(|it| it.valid_for.read),
            // On a message that has no such image, it is empty.
            Origin::Post(_) => !self.runs_on(&[Message::Delete]),
            // So is a pre-image where there is no record: that is found by the main operation only.
            Origin::Pre(_) | Origin::Target | Origin::Made => false,
        };
        is_demanded && is_shown
    }

    /// A record that stands for itself in a message must be one that is stored.
    pub(super) fn must_have_identity(&mut self, base: &Base, expression: &Expr) {
        let Base::Record(row) = base else { return };
        if let Some(why) = self.lacks_identity(row) {
            let text = format!("{} {why}", subject(expression));
            self.find(finding::WRONG_TYPE, expression.start_position(), text);
        }
    }

    /// Why a record may have no identity, if it may.
    fn lacks_identity(&self, row: &Row) -> Option<&'static str> {
        let is_new = self.runs_on(&[Message::Create]);
        Some(match &row.of {
            Origin::Made => "is not saved: it has no identity",
            Origin::Target if is_new && self.registration.is_before_main() => {
                "is not saved yet where it is created: it may have no identity"
            }
            Origin::Pre(_) if is_new => "is empty where the record is created",
            Origin::Post(_) if self.runs_on(&[Message::Delete]) => {
                "is empty where the record is deleted"
            }
            Origin::Target | Origin::Pre(_) | Origin::Post(_) | Origin::Read(_) => return None,
        })
    }

    /// The rule reads an attribute of the target.
    pub(super) fn reads(&mut self, name: &str, position: Position) {
        if self.state.is_reached {
            self.effects.reads.entry(name.to_owned()).or_insert(position);
        }
    }

    /// An attribute is read of an image, which must show it.
    pub(super) fn shown(
        &mut self,
        (alias, is_pre): (&str, bool),
        (name, position): (&str, Position),
    ) {
        self.images.insert((is_pre, alias.to_owned(), Some(name.to_owned())));
        if self.registration.shows((alias, is_pre), name)
            || self.entity.as_ref().is_some_and(|it| it.primary_id() == name)
        {
            return;
        }
        let (key, short) =
            if is_pre { ("pre_image", "pre-image") } else { ("post_image", "post-image") };
        let text = format!("the {short} does not show `{name}`");
        let help = format!("add \"{name}\" to `{key}` in STEP");
        // Behind the last one that the image shows.
        let mut images = self.registration.images();
        let image = images.find(|it| it.0 == is_pre && it.1 == alias);
        let image = image.filter(|_| self.rule.path == self.script.file.path);
        let last = image.and_then(|it| Some(it.2.last()?.1.end));
        let fix = last.map(|at| Fix { span: at..at, replacement: format!(", \"{name}\"") });
        self.find_fix(finding::NOT_IN_IMAGE, position, (text, help, fix));
    }

    /// A method of a record.
    pub(super) fn method_of_record(
        &mut self,
        (row, before): (&Row, &Receiver<'_>),
        call: &FnCallExpr,
        position: Position,
    ) -> Value {
        let values = self.arguments(call);
        let at = call.args.first().map_or(position, Expr::position);
        match (call.name.as_str(), values.as_slice()) {
            ("has" | "remove", [Value { term: Term::Text(name), .. }]) => {
                if self.attribute(&row.entity, (name, at)).is_none() {
                    return Type::ANY.into();
                }
                if call.name == "remove" {
                    self.changes(row, (name, at), Term::Unknown);
                    self.state.forget(name);
                    return Type::NULL.into();
                }
                let is_target = row.of == Origin::Target;
                if is_target {
                    self.reads(name, at);
                }
                let is_known = is_target && !self.state.is_written(name);
                let term = if is_known { Term::Has(name.clone()) } else { Term::Unknown };
                Value::from(Base::Boolean).meaning(term)
            }
            ("has" | "remove", [name]) => {
                if let Some(argument) = call.args.first() {
                    self.takes(name, Base::Text, ("a name", argument));
                }
                self.unsure(at);
                if call.name == "remove" {
                    self.state.forget_all();
                    self.effects
                        .unknown
                        .push(("an attribute whose name is computed".to_owned(), at));
                }
                if call.name == "has" { Base::Boolean.into() } else { Type::NULL.into() }
            }
            ("names", []) => {
                if row.of == Origin::Target {
                    self.effects.unknown.push(("the names of what was sent".to_owned(), position));
                }
                Type::array(Base::Text.into()).into()
            }
            ("lookup", []) => {
                let ty = Type::lookup_of(row.entity.logical_name());
                let ty = if self.lacks_identity(row).is_some() { ty.nullable() } else { ty };
                let term = if row.of == Origin::Target { Term::OwnRecord } else { Term::Unknown };
                Value::from(ty).meaning(term)
            }
            (name, _) => {
                let mut arguments = vec![(format!("`{}`", before.words), before.value.clone())];
                arguments.extend(call.args.iter().map(subject).zip(values));
                self.resolved(name, &arguments, position)
            }
        }
    }

    /// The rule sets an attribute of a record.
    pub(super) fn changes(&mut self, row: &Row, (name, position): (&str, Position), value: Term) {
        match row.of {
            Origin::Target => {
                if !self.registration.is_before_main() {
                    let text =
                        format!("the record is saved: `{name}` of the target changes nothing now");
                    let help = "take `pre-operation`, or send an `update`".to_owned();
                    self.find_help(finding::LATE_WRITE, position, (text, help));
                } else if self.state.is_reached {
                    let conditions = self.state.conditions.clone();
                    let attribute = name.to_owned();
                    self.effects.writes.push(Write { attribute, value, conditions, position });
                }
                self.may_set(
                    &row.entity,
                    (name, position),
                    &self.registration.messages().cloned().collect::<Vec<_>>(),
                );
            }
            Origin::Pre(_) | Origin::Post(_) => {
                let text = "an image cannot be changed: it shows the record as it was";
                self.find(finding::WRONG_TYPE, position, text);
            }
            Origin::Read(_) => {
                let text = format!("`{name}` is set in the rule's own copy, which nobody saves");
                let help = format!("send it: `update(record, #{{ {name}: … }})`");
                self.find_help(finding::LOST_WRITE, position, (text, help));
            }
            Origin::Made => {}
        }
    }
}
