//! Links: the records that a rule associates, and the owner to whom it gives one.

use std::collections::BTreeMap;

use rhai::{Expr, Position};
use rulegate::metadata::AttributeType;
use rulegate::{LogicalName, Message};

use super::checker::{Checker, Value};
use super::effects::{Sent, Term};
use super::expression::article;
use super::finding;
use super::service::Aim;
use super::types::{Base, Type};

impl Checker<'_> {
    /// `associate` and `disassociate`.
    pub(super) fn associate(
        &mut self,
        word: &str,
        (record, relationship, related): (&Expr, &Expr, &Expr),
        position: Position,
    ) -> Value {
        let quoted = format!("`{word}`");
        let aim = self.aimed(record, &quoted);
        let relationship = self.relationship(relationship);
        let others = self.related(related, &quoted);
        if let Some(name) = &relationship {
            self.must_be_ends(name, (record, &aim), (related, &others));
        }
        let message = if word == "associate" { Message::Associate } else { Message::Disassociate };
        self.sends_this(Sent {
            message,
            entities: aim.entities,
            is_own_record: aim.is_own_record,
            values: None,
            relationship,
            is_repeated: self.is_repeated(),
            conditions: self.state.conditions.clone(),
            position,
        });
        Type::NULL.into()
    }

    /// A record stands at one end of the relationship, and the others at the other.
    fn must_be_ends(
        &mut self,
        name: &str,
        (record, aim): (&Expr, &Aim),
        (related, others): (&Expr, &Value),
    ) {
        let Ok(relationship) = self.ground.catalog.relationship(name) else { return };
        let (first, second) = relationship.ends();
        let Some(own) = &aim.entities else { return self.unsure(record.position()) };
        let own = Base::Lookup(Some(own.iter().cloned().collect()));
        let place = record.start_position();
        self.must_point((name, "starts at", &[first, second], true), (record, &own), place);
        let other = |own: &LogicalName| if own == first { second } else { first };
        let ends: Vec<&str> = match &aim.entity {
            Some(entity) => vec![other(entity.logical_name())],
            None => vec![first, second],
        };
        if let Some(base) = &others.ty.base {
            if aim.entity.is_none() {
                self.unsure(record.position());
            }
            self.must_point(
                (name, "ends at", &ends, true),
                (related, base),
                related.start_position(),
            );
        }
    }

    /// `assign`.
    pub(super) fn assign(&mut self, (record, owner): (&Expr, &Expr), position: Position) -> Value {
        let aim = self.aimed(record, "`assign`");
        let value = self.value(owner);
        self.must_aim((owner, &value), "`assign`");
        let attribute = aim.entity.as_ref().and_then(|entity| {
            let mut all = entity.attributes().map(|it| it.1);
            all.find(|it| matches!(it.kind, AttributeType::Owner { .. }))
        });
        match (attribute, &value.ty.base) {
            (Some(attribute), Some(base)) => {
                let targets: Vec<&str> = attribute.kind.targets().iter().map(|it| &**it).collect();
                let what = (attribute.logical_name.as_str(), "points at", &*targets, true);
                self.must_point(what, (owner, base), owner.start_position());
            }
            _ => self.unsure(position),
        }
        let values = BTreeMap::from([("ownerid".to_owned(), Term::Unknown)]);
        self.sends(Message::Assign, aim.at(), (Some(values), position));
        Type::NULL.into()
    }

    fn relationship(&mut self, expression: &Expr) -> Option<String> {
        let value = self.value(expression);
        let Term::Text(name) = &value.term else {
            self.takes(&value, Base::Text, ("the name of a relationship", expression));
            self.unsure(expression.position());
            return None;
        };
        if self.ground.catalog.relationship(name).is_err() {
            let text = format!("there is no relationship `{name}`");
            let catalog = self.ground.catalog;
            let known: Vec<&str> = catalog.relationships().map(|it| it.schema_name()).collect();
            self.find_unknown(
                (finding::UNKNOWN_RELATIONSHIP, expression.position()),
                (name, text),
                known,
            );
        }
        Some(name.clone())
    }

    /// One record, or an array of records.
    fn related(&mut self, expression: &Expr, what: &str) -> Value {
        let value = self.value(expression);
        match value.ty.base.clone() {
            Some(Base::Array(of)) => match &of.base {
                Some(base @ (Base::Record(_) | Base::Lookup(_))) if !of.is_nullable => {
                    self.must_have_identity(base, expression);
                }
                None if !of.is_nullable => {}
                Some(Base::Any) => self.unsure(expression.position()),
                _ => {
                    let text = format!("{what} takes records or lookups, and not {}", article(&of));
                    self.find(finding::WRONG_TYPE, expression.start_position(), text);
                }
            },
            _ => self.must_aim((expression, &value), what),
        }
        value
    }
}
