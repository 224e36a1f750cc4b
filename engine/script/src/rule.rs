//! Rules: a function of a script that acts as a hook.

use std::sync::Arc;

use rhai::{AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, Position, Scope, Stmt};
use rulegate::pipeline::Reach;
use rulegate::{Context, Fault, Hook};

use crate::interpret::{Seat, interpret, interpret_piece};
use crate::language::error::{Ended, ended};
use crate::language::frame::{Aliases, FrameLimits, enter_rule};
use crate::limits::{Exceeded, Limits, on_budget};
use crate::lower::Lowered;

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
    /// What of it runs without Rhai.
    pub(crate) lowered: Option<Lowered>,
    /// Whether it can look at images.
    pub(crate) looks_at_images: bool,
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
        let (parameters, body) = function(ast, name, 1)?;
        let parameter = parameters.into_iter().next()?;
        Some(Self { parameter, body })
    }

    /// Whether the handler can look at images: it names one, or asks for what is compared with one, or hands
    /// its context on.
    pub(crate) fn looks_at_images(&self) -> bool {
        let looks = |path: &[ASTNode<'_>]| match path {
            [.., before, ASTNode::Expr(Expr::Variable(name, _, _))] => {
                *name.1 == *self.parameter && leads_to_images(before)
            }
            _ => false,
        };
        let mut found = false;
        for statement in &self.body {
            statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
                found |= looks(path);
                !found
            });
        }
        found
    }
}

/// The parameters and statements of a function.
pub(crate) fn function(ast: &AST, name: &str, arity: usize) -> Option<(Vec<String>, Vec<Stmt>)> {
    let is_it = |found: &str, parameters: usize| found == name && parameters == arity;
    let found = ast.iter_functions().find(|it| is_it(it.name, it.params.len()))?;
    let parameters = found.params.iter().map(|it| (*it).to_owned()).collect();
    // Not `clone_functions_only_filtered`, which takes all functions where it begins with none.
    let mut alone = ast.clone();
    alone.clear_statements();
    alone.retain_functions(|_, _, it, count| is_it(it, count));
    let mut body = Vec::new();
    alone.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            body.push((*statement).clone());
        }
        true
    });
    Some((parameters, body))
}

/// Whether what is asked of the context, around the node, can show an image.
fn leads_to_images(asked: &ASTNode<'_>) -> bool {
    const LOOKS: [&str; 6] = ["pre", "post", "images", "changed", "after", "input"];
    let ASTNode::Expr(Expr::Dot(chain, _, _)) = asked else { return true };
    let mut first = &chain.rhs;
    while let Expr::Dot(rest, _, _) | Expr::Index(rest, _, _) = first {
        first = &rest.lhs;
    }
    if let Expr::Property(it, _) = first {
        return LOOKS.contains(&it.2.as_str());
    }
    let Expr::MethodCall(it, _) = first else { return true };
    LOOKS.contains(&it.name.as_str())
}

/// A rule that several steps run.
#[derive(Debug, Clone)]
pub(crate) struct Shared(pub(crate) Arc<Rule>);

impl Hook for Shared {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        self.0.execute(ctx)
    }

    fn is_idle(&self, ctx: &Context) -> bool {
        self.0.is_idle(ctx)
    }

    fn reach(&self) -> Reach {
        self.0.reach()
    }

    fn looks_at_images(&self) -> bool {
        self.0.looks_at_images
    }
}

impl Rule {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        if let Some(outcome) = self.lowered.as_ref().and_then(|it| it.run(self, ctx)) {
            return outcome;
        }
        self.framed(ctx, |frame| self.evaluated(interpret(self, frame)).map(drop))
    }

    fn is_idle(&self, ctx: &Context) -> bool {
        self.lowered.as_ref().is_some_and(|it| it.is_idle(ctx))
    }

    fn reach(&self) -> Reach {
        match &self.lowered {
            Some(lowered) if lowered.is_self_contained() => Reach::Target,
            Some(_) | None => Reach::Everything,
        }
    }

    /// Lets Rhai evaluate in a frame and on a budget of the rule's own.
    pub(crate) fn framed<R>(
        &self,
        ctx: &mut Context,
        body: impl FnOnce(u64) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        stacker::maybe_grow(STACK.0, STACK.1, || {
            let limits = FrameLimits {
                records: self.limits.records,
                query: self.limits.query_size,
                variables: self.limits.shared_variables,
            };
            let deadline = ctx.deadline();
            enter_rule(ctx, &self.aliases, &limits, |frame| {
                let (outcome, exceeded) = on_budget(&self.limits, deadline, || body(frame));
                match exceeded {
                    Some(exceeded) => Err(self.stopped(exceeded, outcome.as_ref().err())),
                    None => outcome,
                }
            })
        })
    }

    /// The end of a rule that exceeded something, whatever its script made of it.
    fn stopped(&self, Exceeded(what): Exceeded, outcome: Option<&Fault>) -> Fault {
        let place = match outcome {
            Some(Fault::Limit(limit)) => Some(limit.place.clone()),
            Some(Fault::Failed(failure)) => failure.place.clone(),
            Some(Fault::Rejected(_) | Fault::Nested(_)) | None => None,
        };
        Fault::limit(what, place.unwrap_or_else(|| self.script.path.clone()))
    }

    /// Lets Rhai evaluate statements of the rule that are not all of its body.
    pub(crate) fn evaluate(
        &self,
        scope: &mut Scope<'_>,
        statements: &[Stmt],
    ) -> Result<Dynamic, Fault> {
        self.evaluated(interpret_piece(self, scope, statements))
    }

    /// What a piece of the rule came to; an error knows where it happened.
    fn evaluated(&self, evaluated: Result<Dynamic, Box<EvalAltResult>>) -> Result<Dynamic, Fault> {
        evaluated.map_err(|error| {
            let ended = ended(error);
            let position = match self.handler.body.first() {
                Some(first) if ended.position.is_none() => first.position(),
                _ => ended.position,
            };
            self.placed(ended, position)
        })
    }

    /// How the rule ended, with the place where it did.
    pub(crate) fn placed(&self, ended: Ended, position: Position) -> Fault {
        let file = ended.source.as_deref().unwrap_or(&self.script.path);
        let place = match (position.line(), position.position()) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            (None, _) => file.to_owned(),
        };
        ended.fault.at(place)
    }
}
