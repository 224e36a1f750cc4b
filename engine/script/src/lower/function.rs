//! Functions of scripts: those that only calculate become a part of the expression that calls them.

use rhai::{ASTFlags, Expr, FnCallExpr, Stmt};
use rulegate::Value;

use super::chain;
use super::expression::Expressions;
use super::machine::Locals;
use super::node::{Eval, Node};
use super::scope::{Bound, Scope};
use super::view::{Local, View};
use crate::rule::function;

/// How deeply functions become parts of each other, and how often in one rule: what goes beyond is Rhai's, as are
/// functions that call themselves.
const DEPTH_LIMIT: usize = 4;
const CALL_LIMIT: usize = 64;

/// A call, as an expression sees it: the values of the parameters, and of what the function defines.
struct Call {
    arguments: Vec<(usize, Eval<Value>)>,
    definitions: Vec<(usize, Eval<Value>)>,
    locals: usize,
}

/// What a function of the script, or of a module, makes of its arguments.
pub(super) fn call(
    caller: Expressions<'_>,
    module: Option<&str>,
    call: &FnCallExpr,
) -> Option<Node> {
    let scope = caller.scope;
    let ast = match module {
        Some(name) => scope.library.get(name)?,
        None => scope.ast,
    };
    let calls = scope.calls.get() + 1;
    if scope.call_depth == DEPTH_LIMIT || CALL_LIMIT < calls {
        return None;
    }
    scope.calls.set(calls);
    let (parameters, body) = function(ast, &call.name, call.args.len())?;
    let mut inner = scope.of_function(ast);
    let mut arguments = Vec::new();
    for (parameter, argument) in parameters.iter().zip(&call.args) {
        arguments.extend(bind(caller, &mut inner, (parameter, argument))?);
    }
    let mut definitions = Vec::new();
    let mut early = Vec::new();
    let (last, before) = body.split_last()?;
    for statement in before.iter().filter(|it| !it.is_noop()) {
        match statement {
            Stmt::Var(it, _, _) => {
                let node = Expressions { scope: &inner }.node(&it.1)?;
                let local = inner.new_local();
                inner.define(&it.0.name, true, Bound::Local(local, node.kind()));
                definitions.push((local, node.value()));
            }
            Stmt::If(flow, _) if flow.branch.is_empty() => {
                let [Stmt::Return(Some(value), flags, _)] = flow.body.statements() else {
                    return None;
                };
                if flags.contains(ASTFlags::BREAK) {
                    return None;
                }
                let expressions = Expressions { scope: &inner };
                early.push((expressions.truth(&flow.expr)?, expressions.node(value)?));
            }
            _ => return None,
        }
    }
    let mut answer = value(Expressions { scope: &inner }, last)?;
    for (when, value) in early.into_iter().rev() {
        answer = Node::select(when, value, answer)?;
    }
    let call = Call { arguments, definitions, locals: inner.locals() };
    Some(answer.within(move |view, eval| call.enter(view, eval)))
}

impl Call {
    fn enter(&self, view: &View<'_>, eval: &mut dyn FnMut(&View<'_>) -> Option<()>) -> Option<()> {
        let mut locals = Locals::new();
        locals.resize(self.locals, Local::NULL);
        for (index, argument) in &self.arguments {
            *locals.get_mut(*index)? = Local::Value(argument(view)?);
        }
        for (index, definition) in &self.definitions {
            let value = definition(&View { locals: &locals, ..*view })?;
            *locals.get_mut(*index)? = Local::Value(value);
        }
        eval(&View { locals: &locals, ..*view })
    }
}

/// Gives a parameter its meaning: the context, a record of the message, or a value.
fn bind(
    caller: Expressions<'_>,
    inner: &mut Scope<'_>,
    (parameter, argument): (&str, &Expr),
) -> Option<Option<(usize, Eval<Value>)>> {
    if chain::is_context(caller.scope, argument) {
        inner.define(parameter, true, Bound::Context);
        return Some(None);
    }
    if let Some(source) = chain::record(caller.scope, argument) {
        inner.define(parameter, true, Bound::Record(source));
        return Some(None);
    }
    let node = caller.node(argument)?;
    let local = inner.new_local();
    inner.define(parameter, true, Bound::Local(local, node.kind()));
    Some(Some((local, node.value())))
}

/// What the last statement of a function answers.
fn value(expressions: Expressions<'_>, statement: &Stmt) -> Option<Node> {
    match statement {
        Stmt::Expr(it) => expressions.node(it),
        Stmt::FnCall(it, _) => expressions.call(it),
        Stmt::If(flow, _) => expressions.choice(flow),
        Stmt::Return(Some(it), flags, _) if !flags.contains(ASTFlags::BREAK) => {
            expressions.node(it)
        }
        _ => None,
    }
}
