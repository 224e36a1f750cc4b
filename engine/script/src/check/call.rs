//! Calls: functions of the script and of its library, and what context, records and arrays can be asked.

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};
use rulegate::Message;

use super::chain::Receiver;
use super::checker::{Checker, Value};
use super::effects::{Term, Write};
use super::expression::subject;
use super::finding;
use super::state::Known;
use super::types::{Base, Origin, Part, Row, Type};
use crate::language::words::is_word;

/// Names that Rhai reads itself.
const BUILT_IN: [&str; 6] = ["type_of", "is_def_var", "is_def_fn", "is_shared", "Fn", "call"];

impl Checker<'_> {
    /// A call of a function by its name.
    pub(super) fn function_call(&mut self, call: &FnCallExpr, position: Position) -> Value {
        let name = call.name.as_str();
        match call.namespace.path.as_slice() {
            [] => {}
            [module] => {
                let module = module.name.to_string();
                let arguments = self.arguments(call);
                return self.script_call((Some(&module), name), arguments, position);
            }
            _ => {
                self.unsure(position);
                return Type::ANY.into();
            }
        }
        if self.has_function(name) {
            let arguments = self.arguments(call);
            return self.script_call((None, name), arguments, position);
        }
        if is_word(name)
            && let Some(value) = self.word(call, position)
        {
            return value;
        }
        if name == "curry" {
            return self.closure(call);
        }
        if BUILT_IN.contains(&name) {
            for argument in &call.args {
                self.value(argument);
            }
            return match name {
                "type_of" => Base::Text.into(),
                "is_def_var" | "is_def_fn" | "is_shared" => Base::Boolean.into(),
                _ => {
                    self.unsure(position);
                    self.state.forget_all();
                    Type::ANY.into()
                }
            };
        }
        let arguments: Vec<(String, Value)> =
            call.args.iter().map(|it| (subject(it), self.value(it))).collect();
        // A method may be called as a function of what it is asked.
        if let (Some(first), Some((_, value))) = (call.args.first(), arguments.first())
            && matches!(
                value.ty.base,
                Some(Base::Array(_) | Base::Record(_) | Base::Context | Base::Map(_))
            )
        {
            self.unsure(first.start_position());
            self.state.forget_all();
        }
        self.resolved(name, &arguments, position)
    }

    fn arguments(&mut self, call: &FnCallExpr) -> Vec<Value> {
        call.args.iter().map(|it| self.value(it)).collect()
    }

    fn has_function(&self, name: &str) -> bool {
        self.script.tree.iter_functions().any(|it| it.name == name)
    }

    fn script_call(
        &mut self,
        (module, name): (Option<&str>, &str),
        arguments: Vec<Value>,
        position: Position,
    ) -> Value {
        let script = module.and_then(|it| self.ground.library.get(it).copied());
        if let Some(module) = module
            && script.is_none()
        {
            let text = format!("there is no `{module}`: no file of that name lies in `lib`");
            let known = self.ground.library.keys().map(String::as_str);
            self.find_unknown((finding::UNKNOWN_FUNCTION, position), (module, text), known);
            return Type::ANY.into();
        }
        let tree = script.map_or(self.script.tree, |it| it.tree);
        let named: Vec<usize> = (tree.iter_functions())
            .filter(|it| it.name == name)
            .map(|it| it.params.len())
            .collect();
        if named.contains(&arguments.len()) {
            let ty = self.call((module, name), arguments, position).unwrap_or(Type::ANY);
            return ty.into();
        }
        if named.is_empty() {
            let text = match module {
                Some(module) => format!("`{module}` has no function `{name}`"),
                None => format!("there is no function `{name}`"),
            };
            let known: Vec<String> = tree.iter_functions().map(|it| it.name.to_owned()).collect();
            let known = known.iter().map(String::as_str).filter(|it| !it.contains('$'));
            self.find_unknown((finding::UNKNOWN_FUNCTION, position), (name, text), known);
        } else {
            let takes: Vec<String> = named.iter().map(ToString::to_string).collect();
            let text = format!(
                "`{name}` takes {} arguments, and got {}",
                takes.join(" or "),
                arguments.len()
            );
            self.find(finding::WRONG_ARITY, position, text);
        }
        Type::ANY.into()
    }

    /// A function without a name, with the variables that it captured.
    fn closure(&mut self, call: &FnCallExpr) -> Value {
        let mut arguments = call.args.iter();
        let function = arguments.next().map(|it| self.value(it).ty.base);
        let Some(Some(Base::Function(name, _))) = function else { return Type::ANY.into() };
        let count = call.args.len() - 1;
        let parameters = self.script.tree.iter_functions().find(|it| it.name == name);
        let arity = parameters.map_or(count, |it| it.params.len());
        let body = crate::rule::function(self.script.tree, &name, arity).map(|it| it.1);
        let mut captured = Vec::new();
        for argument in arguments {
            let value = self.value(argument);
            // What is captured is shared: the closure may set it whenever it is called.
            if let Expr::Variable(variable, _, _) = argument
                && let Some((index, _)) = self.variable(&variable.1)
                && body.as_ref().is_none_or(|it| may_change(it, &variable.1, &value.ty))
            {
                self.state.assign(index, Known::of(Type::ANY));
                captured.push(Type::ANY);
            } else {
                captured.push(value.ty);
            }
        }
        Base::Function(name, captured).into()
    }

    /// What a function that was handed over answers to these arguments.
    fn handed(&mut self, function: &Value, arguments: Vec<Type>, position: Position) -> Type {
        let Some(Base::Function(name, captured)) = &function.ty.base else {
            self.unsure(position);
            self.state.forget_all();
            return Type::ANY;
        };
        let (name, captured) = (name.clone(), captured.clone());
        let exact = |count: usize| {
            self.script.tree.iter_functions().any(|it| it.name == name && it.params.len() == count)
        };
        // Rhai hands over as many arguments as the function takes; captured variables come first.
        let Some(count) = (0..=arguments.len()).rev().find(|it| exact(captured.len() + it)) else {
            self.unsure(position);
            self.state.forget_all();
            return Type::ANY;
        };
        let before = self.state.clone();
        let arguments = arguments.into_iter().take(count);
        let arguments = captured.into_iter().chain(arguments).map(Value::from).collect();
        let answer = self.call((None, &name), arguments, position);
        let after = std::mem::replace(&mut self.state, before.clone());
        // It may be called never, or often.
        self.state = before.join(after);
        answer.unwrap_or(Type::ANY)
    }

    /// A method of `ctx`.
    pub(super) fn method_of_context(&mut self, call: &FnCallExpr, position: Position) -> Value {
        let values = self.arguments(call);
        let name = match (values.as_slice(), &self.entity) {
            ([Value { term: Term::Text(name), .. }], Some(_)) => name.clone(),
            _ => {
                if !matches!(call.name.as_str(), "changed" | "after") {
                    let text = format!("`ctx` has no method `{}`", call.name);
                    let known = ["changed", "after"];
                    self.find_unknown(
                        (finding::UNKNOWN_FUNCTION, position),
                        (&call.name, text),
                        known,
                    );
                } else if values.len() != 1 {
                    let text = format!("`{}` takes the name of an attribute", call.name);
                    self.find(finding::WRONG_ARITY, position, text);
                }
                self.unsure(position);
                return Type::ANY.into();
            }
        };
        let at = call.args.first().map_or(position, Expr::position);
        let Some(entity) = self.entity.clone() else { return Type::ANY.into() };
        let Some(ty) = self.attribute(&entity, (&name, at)) else { return Type::ANY.into() };
        self.reads(&name, at);
        let is_written = self.state.is_written(&name);
        let term = |it: Term| if is_written { Term::Unknown } else { it };
        let has_before = self.runs_on(&[Message::Update]);
        match call.name.as_str() {
            "after" => {
                self.images.insert((true, String::new(), Some(name.clone())));
                if has_before && self.image("", true).is_none() {
                    let text = format!(
                        "`after(\"{name}\")` takes what was not sent from the pre-image, and this step asks for none"
                    );
                    let help = format!("add `pre_image: [\"{name}\"]` to STEP");
                    self.find_help(finding::NO_SUCH_IMAGE, position, (text, help));
                } else if has_before {
                    self.shown(("", true), (&name, at));
                }
                Value::from(ty).meaning(term(Term::After(name)))
            }
            "changed" => {
                if has_before {
                    if self.image("", true).is_none() {
                        self.image_value(("", true), position);
                    } else {
                        self.images.insert((true, String::new(), None));
                        self.shown(("", true), (&name, at));
                    }
                }
                Value::from(Base::Boolean).meaning(term(Term::Changed(name)))
            }
            _ => {
                let text = format!("`ctx` has no method `{}`", call.name);
                let known = ["changed", "after"];
                self.find_unknown((finding::UNKNOWN_FUNCTION, position), (&call.name, text), known);
                Type::ANY.into()
            }
        }
    }

    /// A method of a record.
    pub(super) fn method_of_record(
        &mut self,
        row: &Row,
        before: &Receiver<'_>,
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
                let mut term = Term::Unknown;
                if row.of == Origin::Target {
                    self.reads(name, at);
                    if !self.state.is_written(name) {
                        term = Term::Has(name.clone());
                    }
                }
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
                let is_new = row.of == Origin::Made
                    || row.of == Origin::Target && self.runs_on(&[Message::Create]);
                let ty = if is_new { ty.nullable() } else { ty };
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
                    self.registration.messages().cloned().collect(),
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

    /// An attribute that a message carries must be one that it can set.
    pub(super) fn may_set(
        &mut self,
        entity: &rulegate::metadata::EntityMetadata,
        (name, position): (&str, Position),
        messages: Vec<Message>,
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

    pub(super) fn method_of_entries(
        &mut self,
        part: Part,
        call: &FnCallExpr,
        position: Position,
    ) -> Value {
        let values = self.arguments(call);
        if call.name != "has" {
            let text = format!("a part of the context has no method `{}`", call.name);
            self.find_unknown((finding::UNKNOWN_FUNCTION, position), (&call.name, text), ["has"]);
            return Type::ANY.into();
        }
        if part == Part::Variables {
            let name = match values.as_slice() {
                [Value { term: Term::Text(name), .. }] => Some(name.clone()),
                _ => None,
            };
            self.shares((name.as_deref(), position), false);
        }
        Base::Boolean.into()
    }

    /// A method of an array of which more is known than Rhai says; none where the language knows it all.
    pub(super) fn method_of_array(
        &mut self,
        of: &Type,
        before: &Receiver<'_>,
        call: &FnCallExpr,
    ) -> Option<Value> {
        let position = call.args.first().map_or(Position::NONE, Expr::position);
        let with_index = || vec![of.clone(), Base::WholeNumber.into()];
        let own = Type::array(of.clone());
        let value = match (call.name.as_str(), call.args.as_slice()) {
            ("push" | "append" | "insert", [.., last]) => {
                for argument in &call.args {
                    let value = self.value(argument);
                    if std::ptr::eq(argument, last) {
                        let added = match (call.name.as_str(), value.ty.base.clone()) {
                            ("append", Some(Base::Array(of))) => *of,
                            ("append", _) => Type::ANY,
                            (_, _) => value.ty,
                        };
                        self.widen(before, Type::array(of.clone().join(added)));
                    }
                }
                Type::NULL
            }
            ("filter" | "drain", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                own
            }
            ("retain", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                Type::array(of.clone())
            }
            ("find", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                of.clone().nullable()
            }
            ("map", [function]) => {
                let function = self.value(function);
                Type::array(self.handed(&function, with_index(), position))
            }
            ("for_each", [function]) => {
                let function = self.value(function);
                self.handed(&function, vec![Type::ANY], position);
                Type::NULL
            }
            ("some" | "all", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                Base::Boolean.into()
            }
            ("index_of", [function]) => {
                let function = self.value(function);
                if let Some(Base::Function(..)) = function.ty.base {
                    let answer = self.handed(&function, with_index(), position);
                    self.must_decide(&answer, position);
                }
                Base::WholeNumber.into()
            }
            ("sort" | "sort_by" | "order" | "order_by", [function]) => {
                let function = self.value(function);
                self.handed(&function, vec![of.clone(), of.clone()], position);
                if call.name.starts_with("sort") { Type::NULL } else { own }
            }
            ("get" | "remove", [index]) => {
                self.value(index);
                of.clone().nullable()
            }
            ("pop" | "shift", []) => of.clone().nullable(),
            ("order" | "order_desc" | "extract", _) => {
                self.arguments(call);
                own
            }
            (
                "reduce" | "reduce_rev" | "find_map" | "dedup" | "splice" | "chop" | "pad" | "set",
                _,
            ) => {
                self.arguments(call);
                self.unsure(position);
                self.widen(before, Type::array(Type::ANY));
                Type::ANY
            }
            (_, _) => return None,
        };
        Some(value.into())
    }

    /// A function that chooses answers a boolean.
    fn must_decide(&mut self, answer: &Type, position: Position) {
        if answer.is_any() {
            self.unsure(position);
        }
    }

    /// The variable in which an array or a map lies holds more from now on.
    fn widen(&mut self, before: &Receiver<'_>, ty: Type) {
        let found = before.variable.and_then(|it| self.variable(it)).map(|it| it.0);
        match found {
            Some(index) => self.state.assign(index, Known::of(ty)),
            None => self.state.forget_all(),
        }
    }
}

/// Whether statements may change the variable.
fn may_change(statements: &[Stmt], name: &str, ty: &Type) -> bool {
    if matches!(ty.base, Some(Base::Array(_) | Base::Map(_) | Base::Any)) {
        return true;
    }
    let mut found = false;
    for statement in statements {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(Stmt::Assignment(assignment))) = path.last() {
                found |= matches!(&assignment.1.lhs, Expr::Variable(it, _, _) if it.1 == name);
            }
            !found
        });
    }
    found
}
