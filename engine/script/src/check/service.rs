//! The service: what the words that send messages take, answer and do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{Expr, FnCallExpr, Position};
use rulegate::Message;
use rulegate::metadata::{AttributeType, EntityMetadata};
use rulegate::record::Operator;

use super::checker::{Checker, Value};
use super::effects::{Sent, Term};
use super::expression::{article, is_vague, subject};
use super::finding;
use super::types::{Base, Origin, Row, Type};

/// The record at which a message is aimed.
struct Aim {
    /// Its entity, where that is known.
    entity: Option<Arc<EntityMetadata>>,
    /// Its entities, where they are known.
    entities: Option<Vec<String>>,
    is_own_record: bool,
}

/// What an attribute is set to.
type Values = Option<BTreeMap<String, Term>>;

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
            ("assign", [record, owner]) => {
                let aim = self.aimed(record, "`assign`");
                self.aimed(owner, "`assign`");
                let values = BTreeMap::from([("ownerid".to_owned(), Term::Unknown)]);
                self.sends(Message::Assign, aim.at(), (Some(values), position));
                Type::NULL.into()
            }
            ("set_state", [record, states @ ..]) if matches!(states.len(), 1 | 2) => {
                self.set_state(record, states, position)
            }
            ("retrieve" | "try_retrieve", [record]) => {
                self.retrieve(&call.name, record, None, position)
            }
            ("retrieve" | "try_retrieve", [record, columns]) => {
                self.retrieve(&call.name, record, Some(columns), position)
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
                let word = format!("`{}`", call.name);
                let aim = self.aimed(record, &word);
                let relationship = self.relationship(relationship);
                self.related(related, &word);
                let message = if call.name == "associate" {
                    Message::Associate
                } else {
                    Message::Disassociate
                };
                self.sends_this(Sent {
                    message,
                    entities: aim.entities,
                    is_own_record: aim.is_own_record,
                    values: None,
                    relationship,
                    is_repeated: !self.exits.is_empty(),
                    conditions: self.state.conditions.clone(),
                    position,
                });
                Type::NULL.into()
            }
            ("send", [message, rest @ ..]) if rest.len() <= 1 => {
                self.custom(message, rest.first(), position)
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
    fn entity_named(&mut self, expression: &Expr) -> Option<Arc<EntityMetadata>> {
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
    fn aimed(&mut self, expression: &Expr, what: &str) -> Aim {
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

    fn must_aim(&mut self, (expression, value): (&Expr, &Value), what: &str) {
        let position = expression.start_position();
        match &value.ty.base {
            Some(Base::Record(_) | Base::Lookup(_)) => {
                self.must_be_present((expression, &value.ty), what, position);
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
    fn sends(
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
            is_repeated: !self.exits.is_empty(),
            conditions: self.state.conditions.clone(),
            position,
        };
        self.sends_this(sent);
    }

    fn sends_this(&mut self, sent: Sent) {
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
        let carried = match &aim.entity {
            Some(entity) => self.values(entity, values, &[Message::Update]),
            None => {
                self.value(values);
                self.unsure(position);
                None
            }
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
                    self.assignable(entity, (name, expression.position()), (expression, &value))
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

    fn retrieve(
        &mut self,
        word: &str,
        record: &Expr,
        columns: Option<&Expr>,
        position: Position,
    ) -> Value {
        self.search_in_loop(word, position);
        let aim = self.aimed(record, &format!("`{word}`"));
        let selected = columns.and_then(|it| self.columns(aim.entity.as_ref(), it));
        let Some(entity) = aim.entity else { return Type::ANY.into() };
        let selected = if columns.is_some() && selected.is_none() { None } else { selected };
        let ty = Type::from(Base::Record(Row { entity, of: Origin::Read(selected) }));
        if word == "try_retrieve" { ty.nullable().into() } else { ty.into() }
    }

    /// The attributes that an array names, where they are literals.
    fn columns(
        &mut self,
        entity: Option<&Arc<EntityMetadata>>,
        columns: &Expr,
    ) -> Option<BTreeSet<String>> {
        let value = self.value(columns);
        if !matches!(value.ty.base, Some(Base::Array(_))) && !is_vague(&value.ty) {
            let text = format!(
                "the attributes to read are an array of names, and not {}",
                article(&value.ty)
            );
            self.find(finding::WRONG_TYPE, columns.start_position(), text);
            return None;
        }
        let Expr::Array(items, _) = columns else {
            self.unsure(columns.position());
            return None;
        };
        let mut names = BTreeSet::new();
        for item in items.iter() {
            let Expr::StringConstant(name, position) = item else {
                self.unsure(item.position());
                return None;
            };
            if let Some(entity) = entity {
                self.attribute(entity, (name, *position));
            }
            names.insert(name.to_string());
        }
        Some(names)
    }

    fn query(
        &mut self,
        entity: &Expr,
        (filter, options): (&Expr, Option<&Expr>),
        position: Position,
    ) -> Value {
        self.search_in_loop("query", position);
        let Some(entity) = self.entity_named(entity) else {
            self.value(filter);
            options.map(|it| self.value(it));
            return Type::array(Type::ANY).into();
        };
        self.filter(&entity, filter);
        let mut selected = None;
        if let Some(options) = options {
            selected = self.options(&entity, options);
        }
        Type::array(Base::Record(Row { entity, of: Origin::Read(selected) }).into()).into()
    }

    /// The options of a query; answers the attributes that it reads.
    fn options(
        &mut self,
        entity: &Arc<EntityMetadata>,
        options: &Expr,
    ) -> Option<BTreeSet<String>> {
        let Expr::Map(map, _) = options else {
            self.must_be_map(options);
            return None;
        };
        let mut selected = None;
        for (name, value) in &map.0 {
            match name.name.as_str() {
                "select" => selected = self.columns(Some(entity), value),
                "order" => self.order(entity, value),
                "top" => {
                    let top = self.value(value);
                    self.takes(&top, Base::WholeNumber, ("`top`", value));
                }
                other => {
                    self.value(value);
                    let text =
                        format!("`query` has no option `{other}`: it has select, order and top");
                    let known = ["select", "order", "top"];
                    self.find_unknown((finding::UNKNOWN_PROPERTY, name.pos), (other, text), known);
                }
            }
        }
        selected
    }

    fn order(&mut self, entity: &Arc<EntityMetadata>, value: &Expr) {
        let items = if let Expr::Array(items, _) = value {
            items.as_slice()
        } else {
            std::slice::from_ref(value)
        };
        for item in items {
            let Expr::StringConstant(name, position) = item else {
                self.value(item);
                self.unsure(item.position());
                continue;
            };
            let name = name.strip_prefix('-').unwrap_or(name);
            self.attribute(entity, (name, *position));
        }
    }

    /// The conditions of a query.
    fn filter(&mut self, entity: &Arc<EntityMetadata>, filter: &Expr) {
        let Expr::Map(map, _) = filter else {
            self.must_be_map(filter);
            return;
        };
        for (name, wanted) in &map.0 {
            let known = self.attribute(entity, (&name.name, name.pos)).is_some();
            match wanted {
                Expr::Map(operators, _) => {
                    for (word, value) in &operators.0 {
                        if Operator::named(&word.name.replace('_', "-")).is_none() {
                            let text = format!("there is no operator `{}`", word.name);
                            let all: Vec<String> = Operator::ALL
                                .iter()
                                .map(|it| it.name().replace('-', "_"))
                                .collect();
                            self.find_unknown(
                                (finding::UNKNOWN_PROPERTY, word.pos),
                                (&word.name, text),
                                all.iter().map(String::as_str),
                            );
                        }
                        let is_null = matches!(word.name.as_str(), "null" | "not_null");
                        self.wanted(entity, (&name.name, known && !is_null), value);
                    }
                }
                other => self.wanted(entity, (&name.name, known), other),
            }
        }
    }

    /// A value, or an array of values, with which an attribute is compared.
    fn wanted(
        &mut self,
        entity: &Arc<EntityMetadata>,
        (name, is_known): (&str, bool),
        value: &Expr,
    ) {
        let items = if let Expr::Array(items, _) = value {
            items.as_slice()
        } else {
            std::slice::from_ref(value)
        };
        for item in items {
            let known = self.value(item);
            // An array in a variable stands for its items.
            let known = match known.ty.base.clone() {
                Some(Base::Array(of)) if !matches!(value, Expr::Array(..)) => Value::from(*of),
                _ => known,
            };
            if is_known && known.ty != Type::NEVER {
                self.assignable(entity, (name, item.start_position()), (item, &known));
            }
        }
    }

    fn must_be_map(&mut self, expression: &Expr) {
        let value = self.value(expression);
        match &value.ty.base {
            Some(Base::Map(_) | Base::Any) => self.unsure(expression.position()),
            _ => {
                let text = format!("a map stands here, `#{{ … }}`, and not {}", article(&value.ty));
                self.find(finding::WRONG_TYPE, expression.start_position(), text);
            }
        }
    }

    /// The values of a map for a record; answers what is known of them.
    fn values(
        &mut self,
        entity: &Arc<EntityMetadata>,
        values: &Expr,
        messages: &[Message],
    ) -> Values {
        let Expr::Map(map, _) = values else {
            self.must_be_map(values);
            return None;
        };
        let mut terms = Some(BTreeMap::new());
        for (name, expression) in &map.0 {
            let is_attribute = entity.ordinal(&name.name).is_some();
            if !is_attribute && self.ground.catalog.relationship(&name.name).is_ok() {
                // Records that come along: they are messages of their own.
                self.along(expression);
                if let Some(terms) = &mut terms {
                    terms.insert(name.name.to_string(), Term::Unknown);
                }
                continue;
            }
            let value = self.value(expression);
            if self.attribute(entity, (&name.name, name.pos)).is_some() {
                self.assignable(
                    entity,
                    (&name.name, expression.start_position()),
                    (expression, &value),
                );
                self.may_set(entity, (&name.name, name.pos), messages.to_vec());
            }
            if let Some(terms) = &mut terms {
                terms.insert(name.name.to_string(), value.term);
            }
        }
        terms
    }

    /// Records under the name of a relationship.
    fn along(&mut self, expression: &Expr) {
        self.value(expression);
        self.unsure(expression.position());
    }

    /// Whether an attribute can hold a value.
    pub(super) fn assignable(
        &mut self,
        entity: &Arc<EntityMetadata>,
        (name, position): (&str, Position),
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
                self.option(name, set, (base, &value.term), position);
                matches!(base, Base::Choice(_) | Base::WholeNumber | Base::Text)
            }
            AttributeType::MultiChoice(_) => {
                matches!(base, Base::Array(of) if matches!(of.base, None | Some(Base::Choice(_) | Base::WholeNumber | Base::Any)))
            }
            AttributeType::PartyList { .. } => matches!(base, Base::Array(_)),
            AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::Owner { .. } => {
                self.target_entity(
                    name,
                    attribute.kind.targets().iter().map(|it| it.as_str()).collect(),
                    base,
                    position,
                );
                matches!(base, Base::Lookup(_) | Base::Record(_))
            }
            AttributeType::Text { .. } | AttributeType::Memo { .. } | AttributeType::EntityName => {
                matches!(base, Base::Text)
            }
            AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } => {
                matches!(base, Base::WholeNumber | Base::Decimal | Base::Double)
            }
            AttributeType::Decimal { .. }
            | AttributeType::Double { .. }
            | AttributeType::Money { .. } => base.is_number(),
            AttributeType::Boolean { .. } => matches!(base, Base::Boolean),
            AttributeType::Image { .. }
            | AttributeType::File { .. }
            | AttributeType::Virtual
            | AttributeType::ManagedProperty => true,
        };
        if !fits {
            let text = format!(
                "`{name}` is a {} and cannot hold {}",
                attribute.kind.name(),
                article(&value.ty.clone().present())
            );
            self.find(finding::WRONG_TYPE, position, text);
        } else if matches!(base, Base::Record(row) if row.of == Origin::Made) {
            let text = format!("{} is not saved: it has no identity", subject(expression));
            self.find(finding::WRONG_TYPE, position, text);
        }
    }

    /// Whether a choice has the option.
    fn option(
        &mut self,
        name: &str,
        set: &rulegate::metadata::OptionSet,
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

    /// Whether a lookup may point at such a record.
    fn target_entity(&mut self, name: &str, targets: Vec<&str>, base: &Base, position: Position) {
        let own: Vec<String> = match base {
            Base::Lookup(Some(own)) => own.iter().cloned().collect(),
            Base::Record(row) => vec![row.entity.logical_name().to_string()],
            _ => return,
        };
        if !own.is_empty() && own.iter().all(|it| !targets.contains(&it.as_str())) {
            let text = format!(
                "`{name}` points at {}, and not at {}",
                targets.join(" or "),
                own.join(" or ")
            );
            self.find(finding::WRONG_TYPE, position, text);
        }
    }

    fn relationship(&mut self, expression: &Expr) -> Option<String> {
        let value = self.value(expression);
        let Term::Text(name) = &value.term else {
            self.takes(&value, Base::Text, ("the name of a relationship", expression));
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
    fn related(&mut self, expression: &Expr, what: &str) {
        let value = self.value(expression);
        match value.ty.base.clone() {
            Some(Base::Array(of)) => match &of.base {
                Some(Base::Record(_) | Base::Lookup(_)) if !of.is_nullable => {}
                None if !of.is_nullable => {}
                Some(Base::Any) => self.unsure(expression.position()),
                _ => {
                    let text = format!("{what} takes records or lookups, and not {}", article(&of));
                    self.find(finding::WRONG_TYPE, expression.start_position(), text);
                }
            },
            _ => self.must_aim((expression, &value), what),
        }
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

    /// A search for each turn of a loop.
    fn search_in_loop(&mut self, word: &str, position: Position) {
        if !self.exits.is_empty() {
            let text = format!("`{word}` searches in each turn of the loop");
            let help =
                "search once before the loop, with an array of values as a condition".to_owned();
            self.find_help(finding::QUERY_IN_LOOP, position, (text, help));
        }
    }
}

impl Aim {
    fn at(&self) -> (Option<Vec<String>>, bool) {
        (self.entities.clone(), self.is_own_record)
    }
}
