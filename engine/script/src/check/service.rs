//! The service: what the words that send messages take, answer and do.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Expr, FnCallExpr, Position};
use rulegate::Message;
use rulegate::metadata::EntityMetadata;

use super::checker::{Checker, Value};
use super::effects::{Sent, Term};
use super::expression::{article, is_vague, subject};
use super::finding;
use super::types::{Base, Origin, Row, Type};

/// The record at which a message is aimed.
pub(super) struct Aim {
    /// Its entity, where that is known.
    pub(super) entity: Option<Arc<EntityMetadata>>,
    /// Its entities, where they are known.
    pub(super) entities: Option<Vec<String>>,
    pub(super) is_own_record: bool,
}

/// What an attribute is set to.
pub(super) type Values = Option<BTreeMap<String, Term>>;

impl Checker<'_> {
    /// A word of the language; none where it is a plain function.
    pub(super) fn word(&mut self, call: &FnCallExpr, position: Position) -> Option<Value> {
        let arguments = call.args.as_slice();
        let answer: Value = match (call.name.as_str(), arguments) {
            ("reject", [message]) => {
                self.text_argument(("`reject`", message));
                self.state.is_reached = false;
                Type::NEVER.into()
            }
            ("reject", [code, message]) => {
                self.text_argument(("`reject`", code));
                self.text_argument(("`reject`", message));
                self.state.is_reached = false;
                Type::NEVER.into()
            }
            ("trace", [line]) => {
                self.value(line);
                Type::NULL.into()
            }
            ("create", [entity, values]) => self.create(entity, values, position),
            ("create", [record]) => {
                let value = self.value(record);
                let Some(Base::Record(row)) = &value.ty.base else {
                    self.must_aim((record, &value), "`create`");
                    return Some(Type::ANY.into());
                };
                let entity = row.entity.logical_name().to_string();
                self.sends(Message::Create, (Some(vec![entity.clone()]), false), (None, position));
                Type::lookup_of(&entity).into()
            }
            ("record", [entity, values]) => {
                let Some(entity) = self.entity_named(entity) else {
                    self.value(values);
                    return Some(Type::ANY.into());
                };
                self.values(&entity, values, &[]);
                Base::Record(Row { entity, of: Origin::Made }).into()
            }
            ("update", [record, values]) => self.update(record, values, position),
            ("upsert", [entity, key, values]) => self.upsert(entity, (key, values), position),
            ("delete", [record]) => {
                let aim = self.aimed(record, "`delete`");
                self.sends(Message::Delete, aim.at(), (None, position));
                Type::NULL.into()
            }
            ("assign", [record, owner]) => self.assign((record, owner), position),
            ("set_state", [record, states @ ..]) if matches!(states.len(), 1 | 2) => {
                self.set_state(record, states, position)
            }
            ("send", [message, rest @ ..]) if rest.len() <= 1 => {
                self.custom(message, rest.first(), position)
            }
            (_, _) => return self.word_that_reads_or_links(call, position),
        };
        Some(answer)
    }

    fn word_that_reads_or_links(&mut self, call: &FnCallExpr, position: Position) -> Option<Value> {
        let answer: Value = match (call.name.as_str(), call.args.as_slice()) {
            ("retrieve" | "try_retrieve", [record]) => {
                self.retrieve(&call.name, (record, None), position)
            }
            ("retrieve" | "try_retrieve", [record, columns]) => {
                self.retrieve(&call.name, (record, Some(columns)), position)
            }
            ("query", [entity, filter]) => self.query(entity, (filter, None), position),
            ("query", [entity, filter, options]) => {
                self.query(entity, (filter, Some(options)), position)
            }
            ("count", [entity, filter]) => {
                self.search_in_loop("count", position);
                if let Some(entity) = self.entity_named(entity) {
                    self.filter(&entity, filter);
                } else {
                    self.value(filter);
                }
                Base::WholeNumber.into()
            }
            ("associate" | "disassociate", [record, relationship, related]) => {
                self.associate(&call.name, (record, relationship, related), position)
            }
            (_, _) => return None,
        };
        Some(answer)
    }

    fn text_argument(&mut self, (what, expression): (&str, &Expr)) {
        let value = self.value(expression);
        self.takes(&value, Base::Text, (&format!("what {what} takes"), expression));
    }

    /// The entity that a text names.
    pub(super) fn entity_named(&mut self, expression: &Expr) -> Option<Arc<EntityMetadata>> {
        let value = self.value(expression);
        let Term::Text(name) = &value.term else {
            self.takes(&value, Base::Text, ("the name of an entity", expression));
            self.unsure(expression.position());
            return None;
        };
        if let Ok(entity) = self.ground.catalog.entity(name) {
            return Some(Arc::clone(entity));
        }
        let text = format!("there is no entity `{name}`");
        let catalog = self.ground.catalog;
        let known = catalog.entities().map(|it| it.logical_name().as_str());
        self.find_unknown((finding::UNKNOWN_ENTITY, expression.position()), (name, text), known);
        None
    }

    /// The record for which an expression stands: a lookup, a record or a target.
    pub(super) fn aimed(&mut self, expression: &Expr, what: &str) -> Aim {
        let value = self.value(expression);
        self.must_aim((expression, &value), what);
        let is_own = value.term == Term::OwnRecord;
        match &value.ty.base {
            Some(Base::Record(row)) => Aim {
                entity: Some(Arc::clone(&row.entity)),
                entities: Some(vec![row.entity.logical_name().to_string()]),
                is_own_record: row.of == Origin::Target
                    || matches!(row.of, Origin::Pre(_) | Origin::Post(_)),
            },
            Some(Base::Lookup(Some(targets))) => {
                let only = if let [only] = targets.iter().collect::<Vec<_>>()[..] {
                    self.ground.catalog.entity(only).ok().cloned()
                } else {
                    None
                };
                Aim {
                    entity: only,
                    entities: Some(targets.iter().cloned().collect()),
                    is_own_record: is_own,
                }
            }
            _ => Aim { entity: None, entities: None, is_own_record: is_own },
        }
    }

    pub(super) fn must_aim(&mut self, (expression, value): (&Expr, &Value), what: &str) {
        let position = expression.start_position();
        match &value.ty.base {
            Some(base @ (Base::Record(_) | Base::Lookup(_))) => {
                self.must_be_present((expression, &value.ty), what, position);
                self.must_have_identity(base, expression);
            }
            _ if is_vague(&value.ty) => self.unsure(position),
            _ if value.ty == Type::NEVER => {}
            _ => {
                let text =
                    format!("{what} takes a record or a lookup, and not {}", article(&value.ty));
                self.find(finding::WRONG_TYPE, position, text);
            }
        }
    }

    /// The rule sends a message.
    pub(super) fn sends(
        &mut self,
        message: Message,
        (entities, is_own_record): (Option<Vec<String>>, bool),
        (values, position): (Values, Position),
    ) {
        let sent = Sent {
            message,
            entities,
            is_own_record,
            values,
            relationship: None,
            is_repeated: self.is_repeated(),
            conditions: self.state.conditions.clone(),
            position,
        };
        self.sends_this(sent);
    }

    /// Whether it may happen more than once.
    pub(super) fn is_repeated(&self) -> bool {
        self.is_in_loop || !self.exits.is_empty()
    }

    pub(super) fn sends_this(&mut self, sent: Sent) {
        if self.state.is_reached && self.silent == 0 {
            self.effects.sends.push(sent);
        }
    }

    fn create(&mut self, entity: &Expr, values: &Expr, position: Position) -> Value {
        let Some(entity) = self.entity_named(entity) else {
            self.value(values);
            self.sends(Message::Create, (None, false), (None, position));
            return Type::ANY.into();
        };
        let carried = self.values(&entity, values, &[Message::Create]);
        let name = entity.logical_name().to_string();
        self.sends(Message::Create, (Some(vec![name.clone()]), false), (carried, position));
        Type::lookup_of(&name).into()
    }

    fn update(&mut self, record: &Expr, values: &Expr, position: Position) -> Value {
        let aim = self.aimed(record, "`update`");
        let carried = if let Some(entity) = &aim.entity {
            self.values(entity, values, &[Message::Update])
        } else {
            self.value(values);
            self.unsure(position);
            None
        };
        if aim.is_own_record && self.registration.is_before_main() {
            let text = "this sends another message for the record whose message is under way";
            let help = "set the attributes of `ctx.target`: they are saved with it".to_owned();
            self.find_help(finding::UPDATE_OWN_TARGET, position, (text.to_owned(), help));
        }
        self.sends(Message::Update, aim.at(), (carried, position));
        Type::NULL.into()
    }

    fn upsert(
        &mut self,
        entity: &Expr,
        (key, values): (&Expr, &Expr),
        position: Position,
    ) -> Value {
        let Some(entity) = self.entity_named(entity) else {
            self.value(key);
            self.value(values);
            self.sends(Message::Create, (None, false), (None, position));
            self.sends(Message::Update, (None, false), (None, position));
            return Type::ANY.into();
        };
        let by_key = self.values(&entity, key, &[]);
        let carried = self.values(&entity, values, &[Message::Create, Message::Update]);
        let name = entity.logical_name().to_string();
        // Who creates it gives it the key, too; values win (M-34).
        let created = by_key.zip(carried.clone()).map(|(mut all, values)| {
            all.extend(values);
            all
        });
        self.sends(Message::Create, (Some(vec![name.clone()]), false), (created, position));
        self.sends(Message::Update, (Some(vec![name.clone()]), false), (carried, position));
        Type::lookup_of(&name).into()
    }

    fn set_state(&mut self, record: &Expr, states: &[Expr], position: Position) -> Value {
        let aim = self.aimed(record, "`set_state`");
        let mut carried = BTreeMap::new();
        for (expression, name) in states.iter().zip(["statecode", "statuscode"]) {
            let value = self.value(expression);
            carried.insert(name.to_owned(), value.term.clone());
            match &aim.entity {
                Some(entity) => {
                    self.assignable(entity, (name, expression.position()), (expression, &value));
                }
                None => self.unsure(position),
            }
            let text = format!("`set_state` takes an option of `{name}`");
            if value.ty.may_be_null() || value.ty.is_null() {
                self.find(
                    finding::POSSIBLE_NULL,
                    expression.start_position(),
                    format!("{text}, and {} may be null", subject(expression)),
                );
            }
        }
        self.sends(Message::SetState, aim.at(), (Some(carried), position));
        Type::NULL.into()
    }

    fn custom(&mut self, message: &Expr, parameters: Option<&Expr>, position: Position) -> Value {
        let value = self.value(message);
        if let Some(parameters) = parameters {
            self.must_be_parameters(parameters);
        }
        let Term::Text(name) = &value.term else {
            self.takes(&value, Base::Text, ("the name of a message", message));
            self.effects.unknown.push(("a message whose name is computed".to_owned(), position));
            self.unsure(position);
            return Type::map().into();
        };
        let is_standard = Message::STANDARD.iter().any(|it| it.name() == name);
        if is_standard {
            let word = name.to_lowercase();
            let text =
                format!("`send` is for custom messages: {name} has a word of its own, `{word}`");
            self.find(finding::UNKNOWN_MESSAGE, message.position(), text);
        } else if !self.ground.messages.contains(name) {
            let text = format!("nobody registered a message `{name}`");
            let known = self.ground.messages.iter().map(String::as_str);
            self.find_unknown((finding::UNKNOWN_MESSAGE, message.position()), (name, text), known);
        }
        self.sends(Message::from(name.as_str()), (None, false), (None, position));
        Type::map().nullable().into()
    }

    fn must_be_parameters(&mut self, parameters: &Expr) {
        let value = self.value(parameters);
        if !matches!(value.ty.base, Some(Base::Map(_) | Base::Any)) {
            let text = format!("parameters are a map, and not {}", article(&value.ty));
            self.find(finding::WRONG_TYPE, parameters.start_position(), text);
        }
        // What a parameter takes is the message's to say.
        self.unsure(parameters.position());
    }
}

impl Aim {
    pub(super) fn at(&self) -> (Option<Vec<String>>, bool) {
        (self.entities.clone(), self.is_own_record)
    }
}
