//! Lowering: rules whose types are known become native closures over the slots of records.
//!
//! ```text
//!   syntax tree ──▶ node: what kind of value, and where from ──▶ closure
//!                     │ not known, or goes wrong
//!                     └──▶ island: the same piece of the tree, evaluated by Rhai
//! ```
//!
//! An expression that is lowered is pure, and answers only what it is sure of: a null where a number was
//! expected, an overflow, an attribute that an image does not show are left to Rhai, which evaluates the same piece of the
//! tree again and says what is wrong. So a lowered rule differs from an interpreted one by its speed alone. The
//! differential tests hold that.
//!
//! Limits: the text of a rule without loops bounds what it does. One that has loops, or pieces that Rhai
//! always evaluates, runs on the budget of a rule, which each statement and each turn of a loop is charged to.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "Rhai's tree has many nodes, and what is not lowered is Rhai's"
)]
#![expect(clippy::option_option, reason = "not known, null, or a value")]

mod answer;
mod arithmetic;
mod chain;
mod comparison;
mod expression;
mod function;
mod guard;
mod island;
mod kind;
mod looped;
mod machine;
mod method;
mod node;
mod scope;
mod statement;
mod switch;
mod text;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rhai::{AST, Expr, Position, Stmt};
use rulegate::metadata::EntityMetadata;
use rulegate::{Catalog, Context, Fault};

use self::guard::Guard;
use self::machine::{Access, Locals, Machine, Run};
use self::scope::Scope;
use self::statement::Statements;
use self::view::{LONG_TEXT, Local};
use crate::limits::Limits;
use crate::rule::{Handler, Rule};

/// What a rule is lowered against.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) catalog: &'a Catalog,
    /// The entity at whose records its messages are aimed.
    pub(crate) entity: Option<&'a str>,
    pub(crate) pre_aliases: &'a [String],
    pub(crate) post_aliases: &'a [String],
    pub(crate) limits: &'a Limits,
    /// The script.
    pub(crate) ast: &'a AST,
    /// The modules that scripts share, by their names.
    pub(crate) library: &'a BTreeMap<String, AST>,
}

/// What of a rule was lowered.
pub(crate) struct Lowered {
    entity: Arc<EntityMetadata>,
    guard: Option<Guard>,
    body: Option<Body>,
}

struct Body {
    run: Run,
    locals: usize,
    /// Whether Rhai always evaluates a part of it, or it has loops.
    needs_frame: bool,
}

/// What kept a rule from being lowered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The construct, in words.
    pub(crate) what: String,
    pub(crate) position: Position,
}

impl Lowered {
    /// Lowers what can be lowered of a rule, and says what stood in the way of the rest.
    pub(crate) fn new(handler: &Handler, facts: Facts<'_>) -> (Option<Self>, Option<Obstacle>) {
        let obstacle = |what| (None, Some(Obstacle::new(what, Position::NONE)));
        let Some(entity) = facts.entity.and_then(|it| facts.catalog.entity(it).ok()) else {
            return obstacle("a step without an entity");
        };
        if facts.limits.text_size < LONG_TEXT {
            return obstacle("a limit of texts below 4096 bytes");
        }
        let scope = || Scope::new(facts, entity, &handler.parameter);
        let guard = Guard::of(&handler.body, scope());
        let (body, obstacle) = match Body::new(&handler.body, scope(), facts.limits) {
            Ok((body, island)) => (Some(body), island),
            Err(obstacle) => (None, Some(obstacle)),
        };
        let is_of_use = guard.is_some() || body.is_some();
        let lowered = Self { entity: Arc::clone(entity), guard, body };
        (is_of_use.then_some(lowered), obstacle)
    }

    /// Whether its leading conditions are asked before it runs.
    pub(crate) fn has_guard(&self) -> bool {
        self.guard.is_some()
    }

    /// Whether its body is lowered, but for what Rhai evaluates as a part of it.
    pub(crate) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Whether the rule would do nothing.
    pub(crate) fn is_idle(&self, ctx: &Context) -> bool {
        self.guard.as_ref().is_some_and(|it| it.holds(ctx, &self.entity))
    }

    /// Whether it runs without Rhai, as long as nothing goes wrong.
    pub(crate) fn is_self_contained(&self) -> bool {
        self.body.as_ref().is_some_and(|it| !it.needs_frame)
    }

    /// Runs the body; `None` where it was not lowered.
    pub(crate) fn run(&self, rule: &Rule, ctx: &mut Context) -> Option<Result<(), Fault>> {
        let body = self.body.as_ref()?;
        let mut locals = Locals::new();
        if body.locals != 0 {
            locals.resize(body.locals, Local::NULL);
        }
        let run = |access| {
            let mut machine = Machine { access, locals, rule, entity: &self.entity };
            (body.run)(&mut machine).map(drop).map_err(|it| *it)
        };
        Some(if body.needs_frame {
            rule.framed(ctx, |serial| run(Access::Framed(serial)))
        } else {
            run(Access::Direct(ctx))
        })
    }
}

impl Body {
    /// The body, and the piece of it that Rhai always evaluates, if there is one.
    fn new(
        body: &[Stmt],
        mut scope: Scope<'_>,
        limits: &Limits,
    ) -> Result<(Self, Option<Obstacle>), Obstacle> {
        let mut statements = Statements::new(&mut scope);
        let run = statements.block(body)?;
        let has_loops = statements.has_loops;
        let (natives, mut islands) = (statements.natives, statements.islands.into_iter());
        let first = islands.next();
        if let Some(first) = first.clone().filter(|_| natives <= islands.len()) {
            return Err(first); // Rhai has most of it, and is quicker with all of it.
        }
        let locals = scope.locals();
        if limits.variables <= locals || limits.memory / largest_value(limits) < locals {
            return Err(Obstacle::new("as many variables", Position::NONE));
        }
        Ok((Self { run, locals, needs_frame: has_loops || first.is_some() }, first))
    }
}

/// About how many bytes one variable can hold. A lowered rule does not weigh its variables: none is lowered
/// that could hold more than a rule may.
fn largest_value(limits: &Limits) -> usize {
    const ELEMENT: usize = 32;
    const ENTRY: usize = 128;
    limits.text_size * 2 + limits.array_size * ELEMENT + limits.map_size * ENTRY
}

impl Obstacle {
    fn new(what: impl Into<String>, position: Position) -> Self {
        Self { what: what.into(), position }
    }

    /// What it is, and where.
    pub(crate) fn at(&self, path: &str) -> String {
        match (self.position.line(), self.position.position()) {
            (Some(line), Some(column)) => format!("{} ({path}:{line}:{column})", self.what),
            (_, _) => self.what.clone(),
        }
    }

    fn statement(statement: &Stmt) -> Self {
        let what = match statement {
            Stmt::For(..) | Stmt::While(..) | Stmt::Do(..) => "a loop".to_owned(),
            Stmt::TryCatch(..) => "a `try`".to_owned(),
            Stmt::Switch(..) => "this `switch`".to_owned(),
            Stmt::BreakLoop(..) => "leaving a loop".to_owned(),
            Stmt::Assignment(_) => "this assignment".to_owned(),
            Stmt::FnCall(call, _) => format!("`{}(…)`", call.name),
            _ => "this statement".to_owned(),
        };
        Self::new(what, statement.position())
    }

    fn expression(expression: &Expr) -> Self {
        let mut found = expression;
        while let Expr::Dot(chain, _, _) | Expr::Index(chain, _, _) = found {
            found = &chain.rhs;
        }
        let what = match found {
            Expr::FnCall(call, _) if call.op_token.is_none() => format!("`{}(…)`", call.name),
            Expr::FnCall(call, _) => format!("this `{}`", call.name),
            Expr::MethodCall(call, _) => format!("`.{}(…)`", call.name),
            Expr::Property(property, _) => format!("`.{}`", property.2),
            Expr::Variable(variable, _, _) => format!("`{}`", variable.1),
            Expr::Array(..) => "an array".to_owned(),
            Expr::Map(..) => "a map".to_owned(),
            _ => "this expression".to_owned(),
        };
        Self::new(what, expression.start_position())
    }
}

impl fmt::Debug for Lowered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lowered")
            .field("has_guard", &self.guard.is_some())
            .field("has_body", &self.body.is_some())
            .finish_non_exhaustive()
    }
}
