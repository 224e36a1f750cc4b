//! The machine: a rule that runs lowered, on the context itself.

use std::sync::Arc;

use rulegate::metadata::EntityMetadata;
use rulegate::{Context, Fault, Value};
use smallvec::SmallVec;

use super::island::Island;
use super::node::Eval;
use super::view::{Local, View};
use crate::rule::Rule;

/// The locals that most rules need, without an allocation.
pub(super) type Locals = SmallVec<[Local; 4]>;

/// A lowered statement.
pub(super) type Run = Box<dyn Fn(&mut Machine<'_>) -> Result<Flow, Box<Fault>> + Send + Sync>;

/// What comes after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Return,
}

/// A rule that runs.
pub(super) struct Machine<'m> {
    pub(super) ctx: &'m mut Context,
    pub(super) locals: Locals,
    pub(super) rule: &'m Rule,
    pub(super) entity: &'m Arc<EntityMetadata>,
}

impl Machine<'_> {
    pub(super) fn view(&self) -> View<'_> {
        View { ctx: self.ctx, locals: &self.locals, entity: self.entity }
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
        if let Some(answer) = native.and_then(|it| it(&self.view())) {
            return Ok(answer);
        }
        island.run(self).map(|it| it.as_bool().unwrap_or(false))
    }

    /// A value, where it is lowered and known.
    pub(super) fn value(&self, native: &Eval<Value>) -> Option<Value> {
        native(&self.view())
    }
}
