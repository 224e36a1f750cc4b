//! The machine: a rule that runs lowered, on the context itself.

use std::sync::Arc;

use rulegate::metadata::EntityMetadata;
use rulegate::{Context, Fault, Record, Value};
use smallvec::SmallVec;

use super::island::Island;
use super::node::Eval;
use super::view::{Local, View};
use crate::language::frame;
use crate::rule::Rule;

/// The locals that most rules need, without an allocation.
pub(super) type Locals = SmallVec<[Local; 4]>;

/// A lowered statement.
pub(super) type Run = Box<dyn Fn(&mut Machine<'_>) -> Result<Flow, Box<Fault>> + Send + Sync>;

/// What comes after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    /// On to the next turn of the loop.
    Continue,
    /// Out of the loop.
    Break,
    Return,
}

/// A rule that runs.
pub(super) struct Machine<'m> {
    pub(super) access: Access<'m>,
    pub(super) locals: Locals,
    pub(super) rule: &'m Rule,
    pub(super) entity: &'m Arc<EntityMetadata>,
}

/// Where the context is.
pub(super) enum Access<'m> {
    /// Here: Rhai gets it where it must help out.
    Direct(&'m mut Context),
    /// In the frame of that number, with the records that the rule holds and its budget: for rules of which Rhai
    /// evaluates a part each time.
    Framed(u64),
}

impl Machine<'_> {
    /// Lets an expression look.
    pub(super) fn look<R>(&self, eval: impl FnOnce(&View<'_>) -> Option<R>) -> Option<R> {
        let (locals, entity) = (self.locals.as_slice(), self.entity);
        match &self.access {
            Access::Direct(ctx) => eval(&View { ctx, records: &[], locals, entity }),
            Access::Framed(serial) => frame::at(*serial, |frame| {
                let (ctx, records) = (frame.ctx()?, frame.records());
                Ok(eval(&View { ctx, records, locals, entity }))
            })
            .unwrap_or(None),
        }
    }

    /// Changes the target, where it can be changed.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Record)) -> Option<()> {
        match &mut self.access {
            Access::Direct(ctx) => ctx.target_mut().ok().map(change),
            Access::Framed(serial) => {
                frame::at(*serial, |frame| Ok(frame.ctx_mut()?.target_mut().ok().map(change)))
                    .unwrap_or(None)
            }
        }
    }

    /// Leaves a line in the trace.
    pub(super) fn trace(&mut self, line: &str) {
        match &mut self.access {
            Access::Direct(ctx) => ctx.trace(line),
            Access::Framed(serial) => drop(frame::at(*serial, |frame| {
                frame.ctx_mut()?.trace(line);
                Ok(())
            })),
        }
    }

    /// Lets Rhai evaluate.
    pub(super) fn interpret<R>(
        &mut self,
        evaluate: impl FnOnce(&Rule, u64, &mut Locals) -> Result<R, Fault>,
    ) -> Result<R, Box<Fault>> {
        let (rule, locals) = (self.rule, &mut self.locals);
        let outcome = match &mut self.access {
            Access::Direct(ctx) => rule.framed(ctx, |serial| evaluate(rule, serial, locals)),
            Access::Framed(serial) => evaluate(rule, *serial, locals),
        };
        outcome.map_err(Box::new)
    }

    pub(super) fn set(&mut self, index: usize, value: Local) {
        if let Some(local) = self.locals.get_mut(index) {
            *local = value;
        }
    }

    /// A condition: lowered, where it is and knows, else by Rhai.
    pub(super) fn truth(
        &mut self,
        native: Option<&Eval<bool>>,
        island: &Island,
    ) -> Result<bool, Box<Fault>> {
        if let Some(answer) = native.and_then(|it| self.look(it)) {
            return Ok(answer);
        }
        island.run(self).map(|it| it.as_bool().unwrap_or(false))
    }

    /// A value, where it is lowered and known.
    pub(super) fn value(&self, native: &Eval<Value>) -> Option<Value> {
        self.look(native)
    }
}
