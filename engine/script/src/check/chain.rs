//! Chains: `ctx.target.customerid.name`, link by link.

use rhai::{Expr, FnCallExpr, Position};
use rulegate::Message;

use super::checker::{Checker, Value};
use super::effects::Term;
use super::expression::{article, is_vague, subject};
use super::finding;
use super::place::{is_optional, words};
use super::shape::{Resolved, Shape};
use super::types::{Base, Origin, Part, Row, Type};

/// What stands before a link.
pub(super) struct Receiver<'e> {
    pub(super) value: Value,
    /// The expression that it is, where it is one and not a part of a chain.
    pub(super) words: String,
    /// The variable in which it lies, where a method may change it.
    pub(super) variable: Option<&'e str>,
}

impl Checker<'_> {
    /// What is known of a chain.
    pub(super) fn chain(&mut self, expression: &Expr) -> Value {
        let (first, flags) = match expression {
            Expr::Dot(chain, flags, _) | Expr::Index(chain, flags, _) => (&chain.lhs, *flags),
            _ => return self.value(expression),
        };
        let value = self.value(first);
        let variable = match first {
            Expr::Variable(name, _, _) if name.2.path.is_empty() => Some(name.1.as_str()),
            _ => None,
        };
        let words = words(first).unwrap_or_else(|| "this".to_owned());
        self.links(Receiver { value, words, variable }, expression, flags)
    }

    /// What the rest of a chain makes of what stands before it.
    fn links(&mut self, before: Receiver<'_>, chain: &Expr, flags: rhai::ASTFlags) -> Value {
        let (link, is_index) = match chain {
            Expr::Dot(it, _, _) => (&it.rhs, false),
            Expr::Index(it, _, _) => (&it.rhs, true),
            _ => return before.value,
        };
        let is_null_safe = is_optional(flags) && before.value.ty.is_nullable;
        if is_optional(flags) && before.value.ty.is_null() {
            return Type::NULL.into();
        }
        let mut before = before;
        if is_optional(flags) {
            before.value.ty = before.value.ty.present();
        }
        // The rest hangs below the link: `a.b.c` is `a` . (`b` . `c`).
        let (this, rest) = match link {
            Expr::Dot(inner, flags, _) | Expr::Index(inner, flags, _) if !ends(chain) => {
                (&inner.lhs, Some(*flags))
            }
            other => (other, None),
        };
        let sign = if is_index { "[…]".to_owned() } else { String::new() };
        let named = words(this).unwrap_or_default();
        let text = if is_index {
            format!("{}{sign}", before.words)
        } else {
            format!("{}.{named}", before.words)
        };
        let value = if is_index { self.index(before, this) } else { self.link(before, this) };
        let value = match rest {
            Some(flags) => {
                let next = Receiver { value, words: text, variable: None };
                self.links(next, link, flags)
            }
            None => value,
        };
        if is_null_safe { Value { ty: value.ty.nullable(), ..value } } else { value }
    }

    /// A property or a method.
    fn link(&mut self, before: Receiver<'_>, link: &Expr) -> Value {
        match link {
            Expr::Property(name, position) => {
                let key = before.value.key.as_ref().map(|it| format!("{it}.{}", name.2));
                let value = self.property(before, (&name.2, *position));
                self.known(key, value)
            }
            Expr::MethodCall(call, position) => {
                let key = match (&before.value.key, call.args.as_slice()) {
                    (Some(key), [Expr::StringConstant(text, _)])
                        if matches!(
                            before.value.ty.base,
                            Some(Base::Context | Base::Record(_))
                        ) =>
                    {
                        Some(format!("{key}.{}(\"{text}\")", call.name))
                    }
                    _ => None,
                };
                let value = self.method(before, call, *position);
                self.known(key, value)
            }
            other => {
                self.unsure(other.position());
                Type::ANY.into()
            }
        }
    }

    /// What a condition or an assignment told of it, if one did.
    fn known(&self, key: Option<String>, value: Value) -> Value {
        let fact = key.as_ref().and_then(|it| self.state.fact(it));
        match fact {
            Some(known) => Value { ty: known.ty.clone(), term: known.term.clone(), key, ..value },
            None => Value { key, ..value },
        }
    }

    /// Whether what stands before a link may be null, which is said once.
    fn is_absent(&mut self, before: &Receiver<'_>, what: &str, position: Position) -> bool {
        let ty = &before.value.ty;
        if ty.is_null() {
            let text = format!("`{}` is null here, and null has no {what}", before.words);
            self.find(finding::POSSIBLE_NULL, position, text);
            return true;
        }
        if ty.may_be_null() {
            let text = format!("`{}` may be null, and null has no {what}", before.words);
            let help = "ask for null before, or write `?.`".to_owned();
            self.find_help(finding::POSSIBLE_NULL, position, (text, help));
        }
        false
    }

    fn property(&mut self, before: Receiver<'_>, (name, position): (&str, Position)) -> Value {
        if self.is_absent(&before, &format!("`{name}`"), position) {
            return Type::ANY.into();
        }
        let Some(base) = before.value.ty.base.clone() else { return Type::NEVER.into() };
        match base {
            Base::Context => self.of_context((name, position)),
            Base::Parent => {
                of_parent(name).unwrap_or_else(|| self.no_property(&before, name, position))
            }
            Base::Record(row) => self.of_record(&row, (name, position)),
            Base::Map(Some(entries)) => match entries.get(name) {
                Some(ty) => ty.clone().into(),
                None => {
                    let text = format!("the map has no `{name}`");
                    let known: Vec<&str> = entries.keys().map(String::as_str).collect();
                    self.find_unknown((finding::UNKNOWN_PROPERTY, position), (name, text), known);
                    Type::ANY.into()
                }
            },
            Base::Map(None) => Type::ANY.into(),
            Base::Lookup(_) if name == "name" => Type::from(Base::Text).nullable().into(),
            Base::Choice(of) if name == "name" => Value { named: Some(of), ..Base::Text.into() },
            Base::Error => match name {
                "code" | "message" => Base::Text.into(),
                _ => {
                    self.unsure(position);
                    Type::ANY.into()
                }
            },
            Base::Any => {
                self.unsure(position);
                Type::ANY.into()
            }
            other => {
                let shape = other.shape().unwrap_or(Shape::Dynamic);
                match self.language.call(&format!("get${name}"), &[shape]) {
                    Resolved::Answers(ty) => ty.into(),
                    _ => self.no_property(&before, name, position),
                }
            }
        }
    }

    fn no_property(&mut self, before: &Receiver<'_>, name: &str, position: Position) -> Value {
        let text = format!("{} has no `{name}`", article(&before.value.ty.clone().present()));
        self.find(finding::UNKNOWN_PROPERTY, position, text);
        Type::ANY.into()
    }

    /// A property of `ctx`.
    fn of_context(&mut self, (name, position): (&str, Position)) -> Value {
        let text = || Value::from(Base::Text);
        match name {
            "target" => {
                let ty = self.target();
                let is_lookup = matches!(ty.base, Some(Base::Lookup(_)));
                Value::from(ty).meaning(if is_lookup { Term::OwnRecord } else { Term::Unknown })
            }
            "pre" => self.image_value(("", true), position),
            "post" => self.image_value(("", false), position),
            "message" => text().meaning(Term::Message),
            "stage" | "mode" | "entity" | "configuration" => text(),
            "depth" => Value::from(Base::WholeNumber).meaning(Term::Depth),
            "now" => Base::Moment.into(),
            "today" => Base::Date.into(),
            "user" | "initiating_user" => Type::lookup_of("systemuser").into(),
            "is_in_transaction" => Base::Boolean.into(),
            "relationship" => self.of_link(Base::Text.into()),
            "related" => self.of_link(Type::array(Base::Lookup(None).into())),
            "variables" => Base::Entries(Part::Variables).into(),
            "input" => Base::Entries(Part::Input).into(),
            "output" => Base::Entries(Part::Output).into(),
            "images" => Base::Entries(Part::Images).into(),
            "parent" => Type::from(Base::Parent).nullable().into(),
            _ => {
                let known = [
                    "target",
                    "pre",
                    "post",
                    "message",
                    "stage",
                    "mode",
                    "entity",
                    "configuration",
                    "depth",
                    "now",
                    "today",
                    "user",
                    "initiating_user",
                    "is_in_transaction",
                    "relationship",
                    "related",
                    "variables",
                    "input",
                    "output",
                    "images",
                    "parent",
                ];
                let text = format!("`ctx` has no `{name}`");
                self.find_unknown((finding::UNKNOWN_PROPERTY, position), (name, text), known);
                Type::ANY.into()
            }
        }
    }

    /// What only messages that link records have.
    fn of_link(&self, ty: Type) -> Value {
        let is_link = self.registration.messages().all(Message::is_association);
        if is_link { ty.into() } else { Type::NULL.into() }
    }

    /// An image, which the step must ask for.
    pub(super) fn image_value(
        &mut self,
        (alias, is_pre): (&str, bool),
        position: Position,
    ) -> Value {
        if let Some(ty) = self.image(alias, is_pre) {
            self.images.insert((is_pre, alias.to_owned(), None));
            return ty.into();
        }
        let (key, short) =
            if is_pre { ("pre_image", "pre-image") } else { ("post_image", "post-image") };
        let text = if alias.is_empty() {
            format!("this step asks for no {short}")
        } else {
            format!("this step asks for no image `{alias}`")
        };
        let help = format!("add `{key}: [\"…\"]` to STEP, with the attributes that the rule reads");
        self.find_help(finding::NO_SUCH_IMAGE, position, (text, help));
        Type::ANY.into()
    }

    /// An attribute of a record.
    fn of_record(&mut self, row: &Row, (name, position): (&str, Position)) -> Value {
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
    fn is_always_there(&self, row: &Row, name: &str) -> bool {
        let is_demanded = row.entity.primary_id() == name
            || row.entity.attribute(name).is_some_and(|it| it.is_required_by_engine());
        let is_shown = match &row.of {
            Origin::Read(Some(selected)) => {
                selected.contains(name) || row.entity.primary_id() == name
            }
            Origin::Read(None) => row.entity.attribute(name).is_some_and(|it| it.valid_for.read),
            // On a message that has no such image, it is empty.
            Origin::Pre(_) => !self.runs_on(&[Message::Create]),
            Origin::Post(_) => !self.runs_on(&[Message::Delete]),
            Origin::Target | Origin::Made => false,
        };
        is_demanded && is_shown
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
        self.find_help(finding::NOT_IN_IMAGE, position, (text, help));
    }

    fn method(&mut self, before: Receiver<'_>, call: &FnCallExpr, position: Position) -> Value {
        let name = call.name.as_str();
        let what = format!("`{name}`");
        // Null has methods, too: `is_blank`.
        let takes_null = before.value.ty.is_nullable
            && matches!(
                self.language.call(name, &with(Shape::Null, call.args.len())),
                Resolved::Answers(_)
            );
        if !takes_null && self.is_absent(&before, &what, position) {
            for argument in &call.args {
                self.value(argument);
            }
            return Type::ANY.into();
        }
        match before.value.ty.base.clone() {
            Some(Base::Context) => return self.method_of_context(call, position),
            Some(Base::Record(row)) => return self.method_of_record(&row, &before, call, position),
            Some(Base::Entries(part)) => return self.method_of_entries(part, call, position),
            Some(Base::Array(of)) => {
                if let Some(value) = self.method_of_array(&of, &before, call) {
                    return value;
                }
            }
            Some(Base::Any) => {
                for argument in &call.args {
                    self.value(argument);
                }
                self.unsure(position);
                return Type::ANY.into();
            }
            _ => {}
        }
        let mut arguments: Vec<(String, Value)> = Vec::new();
        for argument in &call.args {
            arguments.push((subject(argument), self.value(argument)));
        }
        let mut ty = before.value.ty.clone();
        if !takes_null {
            ty = ty.present();
        }
        let receiver = (format!("`{}`", before.words), Value { ty, ..before.value.clone() });
        arguments.insert(0, receiver);
        self.resolved(name, &arguments, position)
    }

    /// What a function of the language answers to these arguments, and what is wrong with them.
    pub(super) fn resolved(
        &mut self,
        name: &str,
        arguments: &[(String, Value)],
        position: Position,
    ) -> Value {
        if arguments.iter().any(|it| it.1.ty == Type::NEVER) {
            return Type::ANY.into();
        }
        let is_unsure = arguments.iter().any(|it| is_vague(&it.1.ty));
        if is_unsure {
            self.unsure(position);
        }
        let present: Vec<Shape> = arguments
            .iter()
            .map(|it| match &it.1.ty.base {
                Some(base) => base.shape().unwrap_or(Shape::Dynamic),
                None => Shape::Null,
            })
            .collect();
        let answer = match self.language.call(name, &present) {
            Resolved::Answers(ty) => ty,
            Resolved::NoName => {
                let text = format!("there is no function `{name}`");
                let known: Vec<&str> = self.language.names().collect();
                self.find_unknown((finding::UNKNOWN_FUNCTION, position), (name, text), known);
                return Type::ANY.into();
            }
            Resolved::Arity(arities) => {
                let arities: Vec<String> = arities.iter().map(ToString::to_string).collect();
                let text = format!(
                    "`{name}` takes {} arguments, and got {}",
                    arities.join(" or "),
                    arguments.len()
                );
                self.find(finding::WRONG_ARITY, position, text);
                return Type::ANY.into();
            }
            Resolved::Arguments => {
                let types: Vec<String> = arguments.iter().map(|it| article(&it.1.ty)).collect();
                let text = format!("`{name}` does not take {}", types.join(" and "));
                self.find(finding::WRONG_TYPE, position, text);
                return Type::ANY.into();
            }
        };
        let mut answer = answer;
        for (index, (words, value)) in arguments.iter().enumerate() {
            if value.ty.may_be_null() && value.ty.base.is_some() {
                let mut shapes = present.clone();
                if let Some(shape) = shapes.get_mut(index) {
                    *shape = Shape::Null;
                }
                match self.language.call(name, &shapes) {
                    Resolved::Answers(ty) => answer = answer.join(ty),
                    _ => {
                        let text = format!("{words} may be null, which `{name}` does not take");
                        self.find(finding::POSSIBLE_NULL, position, text);
                    }
                }
            }
        }
        if is_unsure { Type::ANY.into() } else { answer.into() }
    }

    /// `array[0]`, `map["key"]`, `record["name"]`, `ctx.input["Status"]`.
    fn index(&mut self, before: Receiver<'_>, index: &Expr) -> Value {
        let position = index.start_position();
        let at = self.value(index);
        if self.is_absent(&before, "entries", position) {
            return Type::ANY.into();
        }
        let name = match &at.term {
            Term::Text(text) => Some(text.clone()),
            _ => None,
        };
        match (before.value.ty.base.clone(), name) {
            (Some(Base::Array(of)), _) => {
                self.takes(&at, Base::WholeNumber, ("an index", index));
                if *of == Type::NEVER { Type::ANY.into() } else { (*of).into() }
            }
            (Some(Base::Record(row)), Some(name)) => self.of_record(&row, (&name, position)),
            (Some(Base::Record(row)), None) => {
                self.takes(&at, Base::Text, ("a name", index));
                if row.of == Origin::Target {
                    self.effects
                        .unknown
                        .push(("an attribute whose name is computed".to_owned(), position));
                }
                self.unsure(position);
                Type::ANY.into()
            }
            (Some(Base::Entries(part)), name) => self.entry(part, name.as_deref(), position),
            (Some(Base::Map(Some(entries))), Some(name)) => match entries.get(&name) {
                Some(ty) => ty.clone().into(),
                None => {
                    let text = format!("the map has no `{name}`");
                    self.find(finding::UNKNOWN_PROPERTY, position, text);
                    Type::ANY.into()
                }
            },
            (Some(Base::Text), _) => {
                self.takes(&at, Base::WholeNumber, ("an index", index));
                Base::Letter.into()
            }
            (Some(Base::Map(_) | Base::Any), _) => {
                self.unsure(position);
                Type::ANY.into()
            }
            (Some(_), _) => {
                let text =
                    format!("{} has no entries", article(&before.value.ty.clone().present()));
                self.find(finding::WRONG_TYPE, position, text);
                Type::ANY.into()
            }
            (None, _) => Type::NEVER.into(),
        }
    }

    /// A value must be of that type.
    pub(super) fn takes(&mut self, value: &Value, base: Base, (what, expression): (&str, &Expr)) {
        let position = expression.start_position();
        if is_vague(&value.ty) {
            self.unsure(position);
        } else if value.ty.base.as_ref().is_some_and(|it| *it != base) || value.ty.is_null() {
            let text =
                format!("{what} is {}, and not {}", article(&base.into()), article(&value.ty));
            self.find(finding::WRONG_TYPE, position, text);
        } else {
            self.must_be_present((expression, &value.ty), what, position);
        }
    }

    /// An entry of a part of the context.
    fn entry(&mut self, part: Part, name: Option<&str>, position: Position) -> Value {
        match (part, name) {
            (Part::Images, Some(name)) => {
                if self.image(name, true).is_some() || self.image(name, false).is_none() {
                    return self.image_value((name, true), position);
                }
                self.image_value((name, false), position)
            }
            (Part::Input, Some("Target" | "EntityMoniker")) => {
                Value { key: None, ..self.of_context(("target", position)) }
            }
            (Part::Variables, name) => {
                self.shares((name, position), false);
                Type::ANY.into()
            }
            (_, _) => Type::ANY.into(),
        }
    }

    /// A shared variable is read or set.
    pub(super) fn shares(&mut self, (name, position): (Option<&str>, Position), is_set: bool) {
        if self.registration.is_async() {
            let text = "a job runs after the message, with the variables as they were at its end";
            let help = "hand over what it needs in a record, or read it again".to_owned();
            self.find_help(finding::ASYNC_SHARED_STATE, position, (text.to_owned(), help));
        }
        match name {
            Some(name) => {
                let of = if is_set {
                    &mut self.effects.variables_set
                } else {
                    &mut self.effects.variables_read
                };
                of.entry(name.to_owned()).or_insert(position);
            }
            None => {
                let what = "a shared variable whose name is computed".to_owned();
                self.effects.unknown.push((what, position));
            }
        }
    }
}

/// Whether a chain ends with the link after this one.
fn ends(chain: &Expr) -> bool {
    match chain {
        Expr::Dot(_, flags, _) | Expr::Index(_, flags, _) => {
            flags.intersects(rhai::ASTFlags::BREAK)
        }
        _ => true,
    }
}

fn with(shape: Shape, others: usize) -> Vec<Shape> {
    let mut all = vec![shape];
    all.resize(others + 1, Shape::Dynamic);
    all
}

/// A property of `ctx.parent`.
fn of_parent(name: &str) -> Option<Value> {
    Some(match name {
        "message" | "entity" | "stage" => Base::Text.into(),
        "depth" => Base::WholeNumber.into(),
        "variables" => Base::Entries(Part::Others).into(),
        "parent" => Type::from(Base::Parent).nullable().into(),
        _ => return None,
    })
}
