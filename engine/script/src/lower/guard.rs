//! Guards: the leading conditions of a rule, asked before it runs.
//!
//! `if ctx.target.statecode != opportunity::statecode::Won { return; }` costs one comparison where it holds: the step is
//! passed by, and nothing of it is set up. Where a guard does not know, the rule runs and finds out.

use std::sync::Arc;

use rhai::{ASTFlags, Expr, FlowControl, Stmt};
use rulegate::metadata::EntityMetadata;
use rulegate::{Context, Value};

use super::chain;
use super::expression::Expressions;
use super::machine::Locals;
use super::node::Eval;
use super::scope::{Bound, Scope};
use super::view::{Local, View};

/// The leading conditions of a rule.
pub(super) struct Guard {
    parts: Vec<Part>,
    locals: usize,
}

enum Part {
    /// `let x = …;` before a condition that uses it.
    Let(usize, Eval<Value>),
    /// The rule does nothing where this is so.
    Stop { when: Eval<bool>, is: bool },
}

impl Guard {
    /// The conditions before the first statement that does something; `None` where there are none.
    pub(super) fn of(body: &[Stmt], mut scope: Scope<'_>) -> Option<Self> {
        let mut parts = Vec::new();
        let mut statements = body.iter().filter(|it| !it.is_noop()).peekable();
        while let Some(statement) = statements.next() {
            let is_last = statements.peek().is_none();
            let part = match statement {
                Stmt::Var(it, _, _) => define(&it.0.name, &it.1, &mut scope),
                Stmt::If(flow, _) => stop(flow, is_last, &scope),
                _ => Err(NotLowered),
            };
            let Ok(part) = part else { break };
            parts.extend(part);
        }
        while let Some(Part::Let(_, _)) = parts.last() {
            parts.pop();
        }
        (!parts.is_empty()).then(|| Self { locals: scope.locals(), parts })
    }

    /// Whether the rule would do nothing.
    pub(super) fn holds(&self, ctx: &Context, entity: &Arc<EntityMetadata>) -> bool {
        let mut locals = Locals::new();
        if self.locals != 0 {
            locals.resize(self.locals, Local::NULL);
        }
        self.asked(ctx, (&mut locals, entity)).unwrap_or(false)
    }

    fn asked(
        &self,
        ctx: &Context,
        (locals, entity): (&mut Locals, &Arc<EntityMetadata>),
    ) -> Option<bool> {
        for part in &self.parts {
            let view = View { ctx, records: &[], locals, entity };
            match part {
                Part::Let(index, value) => {
                    let value = value(&view)?;
                    *locals.get_mut(*index)? = Local::Value(value);
                }
                Part::Stop { when, is } if when(&view)? == *is => return Some(true),
                Part::Stop { .. } => {}
            }
        }
        Some(false)
    }
}

/// What no guard can do.
struct NotLowered;

/// `let name = value;` before a condition: a local, or another name of a record of the message.
fn define(name: &str, value: &Expr, scope: &mut Scope<'_>) -> Result<Option<Part>, NotLowered> {
    if let Some(source) = chain::record(scope, value) {
        scope.define(name, true, Bound::Record(source));
        return Ok(None);
    }
    let node = Expressions { scope }.node(value).ok_or(NotLowered)?;
    let local = scope.new_local();
    scope.define(name, true, Bound::Local(local, node.kind()));
    Ok(Some(Part::Let(local, node.value())))
}

/// `if … { return; }`, or a last `if` without which there is nothing to do.
fn stop(flow: &FlowControl, is_last: bool, scope: &Scope<'_>) -> Result<Option<Part>, NotLowered> {
    let is = only_returns(flow.body.statements());
    if !flow.branch.is_empty() || !(is || is_last) {
        return Err(NotLowered);
    }
    let when = Expressions { scope }.truth(&flow.expr).ok_or(NotLowered)?;
    Ok(Some(Part::Stop { when, is }))
}

/// `{ return; }`
fn only_returns(statements: &[Stmt]) -> bool {
    let mut statements = statements.iter().filter(|it| !it.is_noop());
    let is_return =
        |it: &Stmt| matches!(it, Stmt::Return(None, flags, _) if !flags.contains(ASTFlags::BREAK));
    statements.next().is_some_and(is_return)
}
