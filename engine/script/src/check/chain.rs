//! Chains: `ctx.target.customerid.name`, link by link.

use std::collections::BTreeMap;

use rhai::{Expr, FnCallExpr, Position};

use super::checker::{Checker, Value};
use super::context::of_parent;
use super::effects::Term;
use super::expression::{article, is_vague, subject};
use super::finding;
use super::place::{is_optional, words};
use super::shape::{Resolved, Shape};
use super::types::{Base, Origin, Type};

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
        self.must_be_asked(first);
        let value = self.value(first);
        let variable = match first {
            Expr::Variable(name, _, _) if name.2.path.is_empty() => Some(name.1.as_str()),
            _ => None,
        };
        let words = words(first).unwrap_or_else(|| "this".to_owned());
        self.links(Receiver { value, words, variable }, expression, flags)
    }

    /// Rhai puts the value of a file's constant wherever it is named, but before a point or a bracket.
    fn must_be_asked(&mut self, first: &Expr) {
        let Expr::Variable(name, _, position) = first else { return };
        if name.2.path.is_empty() && self.variable(&name.1).is_none() {
            let text = format!("nothing can be asked of `{}`, a constant of the file", name.1);
            let help = format!("put it into a variable first: `let it = {};`", name.1);
            self.find_help(finding::UNKNOWN_PROPERTY, *position, (text, help));
        }
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
        let text = if is_index {
            format!("{}[…]", before.words)
        } else {
            format!("{}.{}", before.words, words(this).unwrap_or_default())
        };
        let value = if is_index { self.index(&before, this) } else { self.link(&before, this) };
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
    fn link(&mut self, before: &Receiver<'_>, link: &Expr) -> Value {
        match link {
            Expr::Property(name, position) => {
                // The name of a lookup is read anew each time.
                let is_read = matches!(before.value.ty.base, Some(Base::Lookup(_)));
                let key = before.value.key.as_ref().filter(|_| !is_read || name.2 != "name");
                let key = key.map(|it| format!("{it}.{}", name.2));
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

    fn property(&mut self, before: &Receiver<'_>, (name, position): (&str, Position)) -> Value {
        if self.is_absent(before, &format!("`{name}`"), position) {
            return Type::ANY.into();
        }
        let Some(base) = before.value.ty.base.clone() else { return Type::NEVER.into() };
        match base {
            Base::Context => self.of_context((name, position)),
            Base::Parent => {
                of_parent(name).unwrap_or_else(|| self.no_property(before, name, position))
            }
            Base::Record(row) => self.of_record(&row, (name, position)),
            Base::Map(Some(entries)) => self.of_map(&entries, (name, position)),
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
                    _ => self.no_property(before, name, position),
                }
            }
        }
    }

    /// An entry of a map whose entries are known.
    fn of_map(
        &mut self,
        entries: &BTreeMap<String, Type>,
        (name, position): (&str, Position),
    ) -> Value {
        if let Some(ty) = entries.get(name) {
            return ty.clone().into();
        }
        let text = format!("the map has no `{name}`");
        let known: Vec<&str> = entries.keys().map(String::as_str).collect();
        self.find_unknown((finding::UNKNOWN_PROPERTY, position), (name, text), known);
        Type::ANY.into()
    }

    fn no_property(&mut self, before: &Receiver<'_>, name: &str, position: Position) -> Value {
        let text = format!("{} has no `{name}`", article(&before.value.ty.clone().present()));
        self.find(finding::UNKNOWN_PROPERTY, position, text);
        Type::ANY.into()
    }

    fn method(&mut self, before: &Receiver<'_>, call: &FnCallExpr, position: Position) -> Value {
        let name = call.name.as_str();
        let what = format!("`{name}`");
        // Null has methods, too: `is_blank`.
        let takes_null = before.value.ty.is_nullable
            && matches!(
                self.language.call(name, &with(Shape::Null, call.args.len())),
                Resolved::Answers(_)
            );
        if !takes_null && self.is_absent(before, &what, position) {
            for argument in &call.args {
                self.value(argument);
            }
            return Type::ANY.into();
        }
        if name == "type_of" && call.args.is_empty() {
            return Base::Text.into();
        }
        if name == "call" || self.has_function(name) {
            return self.unfollowed(call, position);
        }
        match before.value.ty.base.clone() {
            Some(Base::Context) => return self.method_of_context(call, position),
            Some(Base::Record(row)) => {
                return self.method_of_record((&row, before), call, position);
            }
            Some(Base::Entries(part)) => return self.method_of_entries(part, call, position),
            Some(Base::Array(of)) => {
                if let Some(value) = self.method_of_array(&of, before, call) {
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

    /// A call that is not followed: of a function that stands in a variable, or of one that sees `this`.
    fn unfollowed(&mut self, call: &FnCallExpr, position: Position) -> Value {
        for argument in &call.args {
            self.value(argument);
        }
        self.unsure(position);
        self.effects.unknown.push((format!("`{}`", call.name), position));
        self.state.forget_all();
        Type::ANY.into()
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
        let others = Self::whole(&present, arguments);
        let is_taken =
            |it: &&Vec<Shape>| matches!(self.language.call(name, it), Resolved::Answers(_));
        let present = others.iter().find(|it| !is_taken(it)).unwrap_or(&present).clone();
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
        for shapes in &others {
            if let Resolved::Answers(ty) = self.language.call(name, shapes) {
                answer = answer.join(ty);
            }
        }
        let may_be_null = |it: &(usize, &(String, Value))| {
            let ty = &it.1.1.ty;
            ty.may_be_null() && ty.base.is_some()
        };
        for (index, (words, _)) in arguments.iter().enumerate().filter(may_be_null) {
            let mut shapes = present.clone();
            shapes.iter_mut().skip(index).take(1).for_each(|it| *it = Shape::Null);
            if let Resolved::Answers(ty) = self.language.call(name, &shapes) {
                answer = answer.join(ty);
            } else {
                let text = format!("{words} may be null, which `{name}` does not take");
                self.find(finding::POSSIBLE_NULL, position, text);
            }
        }
        if is_unsure { Type::ANY.into() } else { answer.into() }
    }

    /// The shapes with a whole number in the place of each number that may be one.
    fn whole(shapes: &[Shape], arguments: &[(String, Value)]) -> Vec<Vec<Shape>> {
        let is_number = |it: &(usize, &(String, Value))| it.1.1.ty.base == Some(Base::Number);
        let with_whole = |(index, _): (usize, &(String, Value))| {
            let mut shapes = shapes.to_vec();
            shapes.iter_mut().skip(index).take(1).for_each(|it| *it = Shape::WholeNumber);
            shapes
        };
        arguments.iter().enumerate().filter(is_number).map(with_whole).collect()
    }

    /// `array[0]`, `map["key"]`, `record["name"]`, `ctx.input["Status"]`.
    fn index(&mut self, before: &Receiver<'_>, index: &Expr) -> Value {
        let position = index.start_position();
        let at = self.value(index);
        if self.is_absent(before, "entries", position) {
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
            (Some(Base::Map(Some(entries))), Some(name)) => {
                self.of_map(&entries, (&name, position))
            }
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
