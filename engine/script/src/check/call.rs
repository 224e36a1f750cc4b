//! Calls: functions of the script and of its library, and what context, records and arrays can be asked.

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::checker::{Checker, Value};
use super::expression::subject;
use super::finding;
use super::state::Known;
use super::types::{Base, Type};
use crate::language::words::is_word;

/// Names that Rhai reads itself.
const BUILT_IN: [&str; 6] = ["type_of", "is_def_var", "is_def_fn", "is_shared", "Fn", "call"];

/// Functions of Rhai's that no rule can call, and what to do instead.
const REFUSED: [(&str, &str); 3] = [
    ("timestamp", "a rule has no clock of its own: take `ctx.now`"),
    ("sleep", "a rule cannot sleep"),
    ("exit", "a rule ends where it returns: write `return`"),
];

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
        if let Some((_, why)) = REFUSED.iter().find(|it| it.0 == name) {
            self.arguments(call);
            self.find(finding::UNKNOWN_FUNCTION, position, *why);
            return Type::ANY.into();
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

    pub(super) fn arguments(&mut self, call: &FnCallExpr) -> Vec<Value> {
        call.args.iter().map(|it| self.value(it)).collect()
    }

    pub(super) fn has_function(&self, name: &str) -> bool {
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
    pub(super) fn handed(
        &mut self,
        function: &Value,
        arguments: Vec<Type>,
        position: Position,
    ) -> Type {
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
