//! Rules: a function of a script that acts as a hook.

use std::sync::Arc;

use rhai::{AST, ASTNode, Engine, Stmt};
use rulegate::{Context, Fault, Hook};

use crate::interpret::{Seat, interpret};
use crate::language::error::ended;
use crate::language::frame::{Aliases, FrameLimits, enter_rule};
use crate::limits::{Exceeded, Limits, on_budget};

/// The stack that a rule may need, and how much is added where there is less: rules run on any thread.
const STACK: (usize, usize) = (1024 * 1024, 8 * 1024 * 1024);

/// A function of a script that acts as a hook.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) rhai: Arc<Engine>,
    pub(crate) script: Arc<Script>,
    pub(crate) handler: Handler,
    pub(crate) aliases: Arc<Aliases>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) seat: Seat,
}

/// A compiled file.
#[derive(Debug)]
pub(crate) struct Script {
    /// The path of the file, as people see it.
    pub(crate) path: String,
    pub(crate) ast: AST,
}

/// The statements of a function with one parameter.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) parameter: String,
    pub(crate) body: Vec<Stmt>,
}

impl Handler {
    /// The handler of that name, which the script must have.
    pub(crate) fn of(ast: &AST, name: &str) -> Option<Self> {
        let is_it = |found: &str, parameters: usize| found == name && parameters == 1;
        let function = ast.iter_functions().find(|it| is_it(it.name, it.params.len()))?;
        let parameter = (*function.params.first()?).to_owned();
        let mut alone = ast.clone();
        alone.clear_statements();
        alone.retain_functions(|_, _, found, parameters| is_it(found, parameters));
        let mut body = Vec::new();
        alone.walk(&mut |path: &[ASTNode<'_>]| {
            if let [ASTNode::Stmt(statement)] = path {
                body.push((*statement).clone());
            }
            true
        });
        Some(Self { parameter, body })
    }
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
            enter_rule(ctx, &self.aliases, &limits, |frame| {
                let (outcome, exceeded) = on_budget(&self.limits, deadline, || self.call(frame));
                match exceeded {
                    Some(exceeded) => Err(self.stopped(exceeded, &outcome)),
                    None => outcome,
                }
            })
        })
    }
}

impl Rule {
    /// The end of a rule that exceeded something, whatever its script made of it.
    fn stopped(&self, Exceeded(what): Exceeded, outcome: &Result<(), Fault>) -> Fault {
        let place = match outcome {
            Err(Fault::Limit(limit)) => Some(limit.place.clone()),
            Err(Fault::Failed(failure)) => failure.place.clone(),
            Err(Fault::Rejected(_) | Fault::Nested(_)) | Ok(()) => None,
        };
        Fault::limit(what, place.unwrap_or_else(|| self.script.path.clone()))
    }

    fn call(&self, frame: u64) -> Result<(), Fault> {
        interpret(self, frame).map(drop).map_err(|error| {
            let ended = ended(error);
            let file = ended.source.as_deref().unwrap_or(&self.script.path);
            let position = match self.handler.body.first() {
                Some(first) if ended.position.is_none() => first.position(),
                _ => ended.position,
            };
            let place = match (position.line(), position.position()) {
                (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
                (Some(line), None) => format!("{file}:{line}"),
                (None, _) => file.to_owned(),
            };
            ended.fault.at(place)
        })
    }
}
