//! Islands: pieces of a rule's syntax tree that Rhai evaluates, with the variables that they use.
//!
//! What lowered code does not know, and what it cannot do, becomes an island: the same nodes of the same tree, so that
//! values, errors and positions are those of a rule that is interpreted whole.

use rhai::{ASTFlags, ASTNode, Dynamic, Expr, FlowControl, Position, Stmt, StmtBlock};
use rulegate::Fault;

use super::kind::Kind;
use super::machine::{Locals, Machine};
use super::scope::{Bound, Name, Scope};
use super::view::{Local, Source};
use crate::language::context::{ContextHandle, image, target};
use crate::language::frame;

/// A statement that Rhai evaluates.
pub(super) struct Island {
    statement: Stmt,
    names: Vec<(String, Name)>,
}

impl Island {
    /// A statement that leaves nothing behind but changes of variables; `None` where it does more.
    pub(super) fn statement(statement: &Stmt, scope: &Scope<'_>) -> Option<Self> {
        let mut names = Vec::new();
        let is_closed = statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Expr(Expr::Variable(variable, _, _))) = path.last()
                && variable.2.path.is_empty()
                && let Some(known) = scope.name(&variable.1)
                && names.iter().all(|(name, _)| *name != *variable.1)
            {
                names.push((variable.1.to_string(), known.clone()));
            }
            !leaves(path)
        });
        is_closed.then(|| Self { statement: statement.clone(), names })
    }

    /// The value of an expression.
    pub(super) fn value(expression: &Expr, scope: &Scope<'_>) -> Option<Self> {
        Self::statement(&Stmt::Expr(expression.clone().into()), scope)
    }

    /// The value of an expression that must be a boolean: as the condition of an `if`, so that Rhai says it.
    pub(super) fn truth(expression: &Expr, scope: &Scope<'_>) -> Option<Self> {
        let constant = |it: bool| {
            let value = Stmt::Expr(Expr::BoolConstant(it, Position::NONE).into());
            StmtBlock::new([value], Position::NONE, Position::NONE)
        };
        let flow =
            FlowControl { expr: expression.clone(), body: constant(true), branch: constant(false) };
        Self::statement(&Stmt::If(flow.into(), expression.position()), scope)
    }

    /// Evaluates it.
    pub(super) fn run(&self, machine: &mut Machine<'_>) -> Result<Dynamic, Box<Fault>> {
        machine.interpret(|rule, serial, locals| {
            let mut scope = rhai::Scope::new();
            for (name, known) in &self.names {
                push(&mut scope, (name, known.is_constant), value(&known.bound, serial, locals)?);
            }
            let value = rule.evaluate(&mut scope, std::slice::from_ref(&self.statement))?;
            for (name, Name { bound, .. }) in &self.names {
                put(bound, scope.get_value::<Dynamic>(name), locals);
            }
            Ok(value)
        })
    }

    /// Evaluates it for what it does.
    pub(super) fn act(&self, machine: &mut Machine<'_>) -> Result<(), Box<Fault>> {
        self.run(machine).map(drop)
    }

    /// Evaluates it, for a variable of that kind.
    pub(super) fn local(
        &self,
        machine: &mut Machine<'_>,
        kind: &Kind,
    ) -> Result<Local, Box<Fault>> {
        Ok(Local::of(self.run(machine)?, kind))
    }
}

/// Whether the last node of a path does what an island cannot: end the rule, go on without a bound that the rule
/// has as a whole, share a variable with a function that outlives it, or see variables that it does not name.
fn leaves(path: &[ASTNode<'_>]) -> bool {
    match path.last() {
        Some(ASTNode::Stmt(Stmt::Return(_, flags, _))) => !flags.contains(ASTFlags::BREAK),
        Some(ASTNode::Stmt(
            Stmt::While(..) | Stmt::Do(..) | Stmt::For(..) | Stmt::BreakLoop(..) | Stmt::Share(_),
        )) => true,
        Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
            call.capture_parent_scope || call.name == "is_def_var"
        }
        _ => false,
    }
}

/// What a name stands for, as Rhai sees it.
fn value(bound: &Bound, serial: u64, locals: &Locals) -> Result<Dynamic, Fault> {
    match bound {
        Bound::Local(index, kind) => {
            Ok(locals.get(*index).map_or(Dynamic::UNIT, |it| it.to_dynamic(kind)))
        }
        Bound::Record(source) => record(serial, source),
        Bound::Context => Ok(Dynamic::from(ContextHandle(serial))),
    }
}

fn push(scope: &mut rhai::Scope<'_>, (name, is_constant): (&str, bool), value: Dynamic) {
    if is_constant {
        scope.push_constant_dynamic(name, value);
    } else {
        scope.push_dynamic(name, value);
    }
}

/// Keeps what Rhai made of a variable.
fn put(bound: &Bound, value: Option<Dynamic>, locals: &mut Locals) {
    if let (Bound::Local(index, kind), Some(value)) = (bound, value)
        && let Some(local) = locals.get_mut(*index)
    {
        *local = Local::of(value, kind);
    }
}

/// A record of the message as Rhai sees it.
fn record(serial: u64, source: &Source) -> Result<Dynamic, Fault> {
    let found = frame::at(serial, |frame| match source {
        Source::Target => target(frame),
        Source::Pre(alias) => image(frame, alias, true),
        Source::Post(alias) => image(frame, alias, false),
        Source::Own(..) => Ok(Dynamic::UNIT),
    });
    found.map_err(|error| crate::language::error::ended(error).fault)
}
