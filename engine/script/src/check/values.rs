//! Values: what attributes can hold, and what a map sets of a record.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Expr, Position};
use rulegate::Message;
use rulegate::metadata::{AttributeType, EntityMetadata};

use super::checker::{Checker, Value};
use super::effects::Term;
use super::expression::{article, is_vague, subject};
use super::finding;
use super::service::Values;
use super::types::Base;

impl Checker<'_> {
    /// The values of a map for a record; answers what is known of them.
    pub(super) fn values(
        &mut self,
        entity: &Arc<EntityMetadata>,
        values: &Expr,
        messages: &[Message],
    ) -> Values {
        let Expr::Map(map, _) = values else {
            self.must_be_map(values);
            return None;
        };
        let mut terms = BTreeMap::new();
        for (name, expression) in &map.0 {
            let is_attribute = entity.ordinal(&name.name).is_some();
            let term = if !is_attribute && self.ground.catalog.relationship(&name.name).is_ok() {
                // Records that come along: they are messages of their own.
                self.along(expression);
                Term::Unknown
            } else {
                self.attribute_value(entity, (name, expression), messages)
            };
            terms.insert(name.name.to_string(), term);
        }
        Some(terms)
    }

    fn attribute_value(
        &mut self,
        entity: &Arc<EntityMetadata>,
        (name, expression): (&rhai::Ident, &Expr),
        messages: &[Message],
    ) -> Term {
        let value = self.value(expression);
        if self.attribute(entity, (&name.name, name.pos)).is_some() {
            let position = expression.start_position();
            self.assignable(entity, (&name.name, position), (expression, &value));
            self.may_set(entity, (&name.name, name.pos), messages);
        }
        value.term
    }

    /// Records under the name of a relationship.
    pub(super) fn along(&mut self, expression: &Expr) {
        self.value(expression);
        self.unsure(expression.position());
    }

    /// Whether an attribute can hold a value.
    pub(super) fn assignable(
        &mut self,
        entity: &Arc<EntityMetadata>,
        place: (&str, Position),
        value: (&Expr, &Value),
    ) {
        self.fits(entity, (place.0, place.1, true), value);
    }

    /// Whether an attribute can be compared with a value: a lookup that is of another entity now and then is no
    /// mistake there.
    pub(super) fn comparable(
        &mut self,
        entity: &Arc<EntityMetadata>,
        place: (&str, Position),
        value: (&Expr, &Value),
    ) {
        self.fits(entity, (place.0, place.1, false), value);
    }

    fn fits(
        &mut self,
        entity: &Arc<EntityMetadata>,
        (name, position, is_written): (&str, Position, bool),
        (expression, value): (&Expr, &Value),
    ) {
        let Some(attribute) = entity.attribute(name) else { return };
        let Some(base) = &value.ty.base else { return };
        if is_vague(&value.ty) {
            self.unsure(position);
            return;
        }
        let fits = match &attribute.kind {
            AttributeType::DateTime { .. } => matches!(base, Base::Date | Base::Moment),
            AttributeType::UniqueIdentifier => {
                matches!(base, Base::Lookup(_) | Base::Record(_) | Base::Text)
            }
            AttributeType::Choice(set) | AttributeType::State(set) | AttributeType::Status(set) => {
                self.option((name, set), (base, &value.term), position);
                matches!(base, Base::Choice(_) | Base::WholeNumber | Base::Text)
            }
            AttributeType::MultiChoice(_) => {
                matches!(base, Base::Array(of) if matches!(of.base, None | Some(Base::Choice(_) | Base::WholeNumber | Base::Any)))
            }
            AttributeType::PartyList { .. } => {
                self.unsure(position); // Who may take part is seen at the write.
                matches!(base, Base::Array(_))
            }
            AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::Owner { .. } => {
                let targets: Vec<&str> = attribute.kind.targets().iter().map(|it| &**it).collect();
                let aim = (name, "points at", &*targets, is_written);
                self.must_point(aim, (expression, base), position);
                matches!(base, Base::Lookup(_) | Base::Record(_))
            }
            AttributeType::Text { .. } | AttributeType::Memo { .. } | AttributeType::EntityName => {
                matches!(base, Base::Text)
            }
            AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } => {
                matches!(base, Base::WholeNumber)
            }
            AttributeType::Decimal { .. }
            | AttributeType::Double { .. }
            | AttributeType::Money { .. } => base.is_number(),
            AttributeType::Boolean { .. } | AttributeType::ManagedProperty => {
                matches!(base, Base::Boolean)
            }
            AttributeType::Image { .. } | AttributeType::File { .. } => {
                matches!(base, Base::Blob)
            }
            AttributeType::Virtual => true,
        };
        if fits {
            self.must_have_identity(base, expression);
        } else {
            let text = format!(
                "`{name}` is a {} and cannot hold {}",
                attribute.kind.name(),
                article(&value.ty.clone().present())
            );
            self.find(finding::WRONG_TYPE, position, text);
        }
    }

    /// Whether a choice has the option.
    pub(super) fn option(
        &mut self,
        (name, set): (&str, &rulegate::metadata::OptionSet),
        (base, term): (&Base, &Term),
        position: Position,
    ) {
        let has = |number: i64| i32::try_from(number).is_ok_and(|it| set.by_value(it).is_some());
        let lacks = match (base, term) {
            (_, Term::Text(text)) => set.by_name(text).is_none().then(|| format!("`{text}`")),
            (_, Term::Choice(number)) => (!has(*number)).then(|| "that is written here".to_owned()),
            (_, Term::Number(number)) => {
                let known = i64::try_from(*number).is_ok_and(has);
                (!known).then(|| number.to_string())
            }
            (_, _) => None,
        };
        if let Some(what) = lacks {
            let text = format!("`{name}` has no option {what}");
            let known: Vec<&str> = set.options.iter().map(|it| it.name.as_str()).collect();
            let meant = what.trim_matches('`').to_owned();
            self.find_unknown((finding::UNKNOWN_OPTION, position), (&meant, text), known);
        } else if matches!((base, term), (Base::Text, it) if !matches!(it, Term::Text(_))) {
            self.unsure(position);
        }
    }

    /// A record, or all of an array, must be of one of these entities; where it is not strict, it can be.
    pub(super) fn must_point(
        &mut self,
        (what, does, targets, is_strict): (&str, &str, &[&str], bool),
        (expression, base): (&Expr, &Base),
        position: Position,
    ) {
        let Some(own) = base.entities() else { return };
        let Some(own) = own else {
            if is_strict {
                self.unsure(position);
            }
            return;
        };
        let strays: Vec<&str> = own.iter().copied().filter(|it| !targets.contains(it)).collect();
        let (targets, is_certain) = (targets.join(" or "), strays.len() == own.len());
        if strays.is_empty() || !is_certain && !is_strict {
            return;
        }
        if is_certain {
            let text = format!("`{what}` {does} {targets}, and not at {}", strays.join(" or "));
            self.find(finding::WRONG_TYPE, position, text);
            return;
        }
        let text = format!(
            "`{what}` {does} {targets}, and {} may be a record of {}",
            subject(expression),
            strays.join(" or ")
        );
        let help = "ask for its `entity` first".to_owned();
        self.find_help(finding::WRONG_TYPE, position, (text, help));
    }

    /// An attribute that a message carries must be one that it can set.
    pub(super) fn may_set(
        &mut self,
        entity: &rulegate::metadata::EntityMetadata,
        (name, position): (&str, Position),
        messages: &[Message],
    ) {
        let Some(attribute) = entity.attribute(name) else { return };
        let valid = attribute.valid_for;
        let fails = |message: &Message| match message {
            Message::Create => !valid.create,
            Message::Update => !valid.update,
            _ => false,
        };
        if let Some(message) = messages.iter().find(|it| fails(it)) {
            let text = format!("{message} cannot set `{name}`: the value is ignored");
            self.find(finding::READ_ONLY_ATTRIBUTE, position, text);
        }
    }
}
