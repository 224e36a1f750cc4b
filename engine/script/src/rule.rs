//! Rules: a function of a script that acts as a hook.

use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, Scope};
use rulegate::{Context, Fault, Hook};

use crate::language::context::ContextHandle;
use crate::language::error::ended;
use crate::language::frame::{FrameLimits, enter_rule};
use crate::limits::{Limits, on_budget};

/// The stack that a rule may need, and how much is added where there is less: rules run on any thread.
const STACK: (usize, usize) = (1024 * 1024, 8 * 1024 * 1024);

/// A function of a script that acts as a hook.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) rhai: Arc<Engine>,
    pub(crate) script: Arc<Script>,
    pub(crate) handler: String,
    pub(crate) pre_aliases: Vec<String>,
    pub(crate) post_aliases: Vec<String>,
    pub(crate) limits: Arc<Limits>,
}

/// A compiled file.
#[derive(Debug)]
pub(crate) struct Script {
    /// The path of the file, as people see it.
    pub(crate) path: String,
    pub(crate) ast: AST,
}

impl Hook for Rule {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        stacker::maybe_grow(STACK.0, STACK.1, || {
            let limits = FrameLimits {
                records: self.limits.records,
                query: self.limits.query_size,
                variables: self.limits.shared_variables,
            };
            let deadline = ctx.deadline();
            enter_rule(ctx, (&self.pre_aliases, &self.post_aliases), &limits, |frame| {
                on_budget(&self.limits, deadline, || self.call(frame))
            })
        })
    }
}

impl Rule {
    fn call(&self, frame: u64) -> Result<(), Fault> {
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(false);
        let arguments = (ContextHandle(frame),);
        let called = self.rhai.call_fn_with_options::<Dynamic>(
            options,
            &mut Scope::new(),
            &self.script.ast,
            &self.handler,
            arguments,
        );
        called.map(drop).map_err(|error| {
            let ended = ended(error);
            let file = ended.source.as_deref().unwrap_or(&self.script.path);
            let place = match (ended.position.line(), ended.position.position()) {
                (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
                (Some(line), None) => format!("{file}:{line}"),
                (None, _) => file.to_owned(),
            };
            ended.fault.at(place)
        })
    }
}
