//! Shortcuts: what a rule asks of its target, asked with fewer calls.
//!
//! `ctx.target.name = x` is four calls to Rhai: it reads the target, sets the name, and hands the target back. Here the tree of a
//! rule is rewritten so that the target is a variable of its own, and an attribute that is only read is one,
//! too: the resolver of variables answers it. Names with a point are no names of a script's.
//!
//! Positions stay those of what was written. Only the body of the handler is rewritten, and only where nothing else is
//! called as the context is.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "Rhai's tree has many nodes, and most of them have nothing to be rewritten"
)]

use std::collections::BTreeSet;
use std::num::{NonZeroU8, NonZeroUsize};
use std::sync::Arc;

use rhai::{ASTFlags, ASTNode, BinaryExpr, CustomExpr, Dynamic, Engine, Expr, Position, Stmt};

use crate::language::error::Raise;
use crate::language::record::{Properties, Property};
use crate::rule::{Handler, Rule};

/// Methods of texts and arrays that change nothing, and do so for whatever they are asked of.
const PURE: [&str; 5] = ["len", "contains", "starts_with", "ends_with", "is_empty"];

/// What stands for an attribute of the target that is read.
const ATTRIBUTE: &str = ".attribute";

/// The variable that holds the target.
pub(crate) const TARGET: &str = ".target";

/// An attribute of the target, and where it is asked for.
#[derive(Clone)]
struct Asked {
    property: Arc<Property>,
    position: Position,
}

/// Teaches Rhai what stands for an attribute. No script can write it.
pub(crate) fn register(rhai: &mut Engine) {
    let answer = |state: &Dynamic| {
        let asked = state.read_lock::<Asked>().ok_or_else(|| Raise::text("nothing is asked"))?;
        asked.property.of_target().map_err(|mut error| {
            error.set_position(asked.position);
            error
        })
    };
    rhai.register_custom_syntax_with_state_raw(
        ATTRIBUTE,
        |_, _, _| Ok(None),
        false,
        move |_, _, state| answer(state),
    );
}

/// The statements of a rule's handler, rewritten; `None` where one variable more could be too many, or the
/// parameter may come to be something else.
pub(crate) fn shortened(rule: &Rule) -> Option<Vec<Stmt>> {
    let Handler { parameter, body } = &rule.handler;
    let (properties, limits) = (&Properties::of(&rule.rhai), &rule.limits);
    if is_changed(body, parameter, 0) || limits.variables / 2 < variables(body) {
        return None;
    }
    let aliases = body.iter().filter_map(|it| alias(it, parameter));
    let aliases = aliases.filter(|it| !is_changed(body, it, 1)).map(str::to_owned).collect();
    let functions = rule.script.ast.iter_functions().map(|it| it.name.to_owned()).collect();
    let shortener = Shortener { parameter, aliases, properties, functions };
    let mut body = body.clone();
    body.iter_mut().for_each(|it| shortener.statement(it));
    Some(body)
}

/// How many variables a body makes, at most.
fn variables(body: &[Stmt]) -> usize {
    let mut count = 0;
    for statement in body {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            let made = matches!(path.last(), Some(ASTNode::Stmt(Stmt::Var(..) | Stmt::For(..))));
            count += usize::from(made);
            true
        });
    }
    count
}

/// The variable that a statement makes another name of the target.
fn alias<'a>(statement: &'a Stmt, parameter: &str) -> Option<&'a str> {
    let Stmt::Var(variable, _, _) = statement else { return None };
    let Expr::Dot(chain, _, _) = &variable.1 else { return None };
    let is_target = is_named(&chain.lhs, parameter) && is_property(&chain.rhs, "target");
    is_target.then_some(variable.0.name.as_str())
}

fn is_named(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Variable(it, _, _) if it.2.is_empty() && *it.1 == *name)
}

fn is_property(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Property(it, _) if it.2 == name)
}

/// Whether a variable is assigned to, shared with a function, or made more than so many times.
fn is_changed(body: &[Stmt], name: &str, definitions: usize) -> bool {
    let mut defined = 0;
    let mut is_changed = false;
    for statement in body {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(it)) = path.last() {
                match it {
                    Stmt::Var(it, _, _) => defined += usize::from(it.0.name == name),
                    Stmt::Assignment(it) => is_changed |= is_named(&it.1.lhs, name),
                    Stmt::For(it, _) => {
                        let second = it.1.as_ref().is_some_and(|it| it.name == name);
                        is_changed |= it.0.name == name || second;
                    }
                    Stmt::TryCatch(it, _) => is_changed |= is_named(&it.expr, name),
                    Stmt::Share(it) => is_changed |= it.iter().any(|it| it.0.name == name),
                    _ => (),
                }
            }
            true
        });
    }
    is_changed || definitions < defined
}

struct Shortener<'a> {
    parameter: &'a str,
    /// Other names of the target.
    aliases: Vec<String>,
    properties: &'a Properties,
    /// Functions of the script's own: they may be called like a method.
    functions: BTreeSet<String>,
}

impl Shortener<'_> {
    fn statement(&self, statement: &mut Stmt) {
        match statement {
            Stmt::If(it, _) | Stmt::While(it, _) | Stmt::Do(it, _, _) => {
                self.expression(&mut it.expr);
                self.block(it.body.statements_mut());
                self.block(it.branch.statements_mut());
            }
            Stmt::For(it, _) => {
                self.expression(&mut it.2.expr);
                self.block(it.2.body.statements_mut());
            }
            Stmt::TryCatch(it, _) => {
                self.block(it.body.statements_mut());
                self.block(it.branch.statements_mut());
            }
            Stmt::Switch(it, _) => {
                self.expression(&mut it.0);
                for case in &mut it.1.expressions {
                    self.expression(&mut case.lhs);
                    self.expression(&mut case.rhs);
                }
            }
            Stmt::Var(it, _, _) => self.expression(&mut it.1),
            Stmt::Assignment(it) => {
                self.place(&mut it.1.lhs);
                self.expression(&mut it.1.rhs);
            }
            Stmt::FnCall(it, _) => self.all(&mut it.args),
            Stmt::Block(it) => self.block(it.statements_mut()),
            Stmt::Expr(it) => self.expression(it),
            Stmt::Return(Some(it), _, _) | Stmt::BreakLoop(Some(it), _, _) => self.expression(it),
            _ => (),
        }
    }

    fn block(&self, statements: &mut [Stmt]) {
        statements.iter_mut().for_each(|it| self.statement(it));
    }

    fn all(&self, expressions: &mut [Expr]) {
        expressions.iter_mut().for_each(|it| self.expression(it));
    }

    /// An expression whose value is asked for.
    fn expression(&self, expression: &mut Expr) {
        if let Some(shorter) = self.read(expression).or_else(|| self.rooted(expression)) {
            *expression = shorter;
        }
        match expression {
            Expr::Dot(it, _, _) => self.chain(it),
            Expr::Index(it, _, _) => self.expression(&mut it.lhs),
            Expr::FnCall(it, _) => self.all(&mut it.args),
            Expr::InterpolatedString(it, _) | Expr::Array(it, _) => self.all(it),
            Expr::Map(it, _) => it.0.iter_mut().for_each(|it| self.expression(&mut it.1)),
            Expr::And(it, _) | Expr::Or(it, _) | Expr::Coalesce(it, _) => self.all(it),
            Expr::Stmt(it) => self.block(it.statements_mut()),
            _ => (),
        }
    }

    /// What is assigned to.
    fn place(&self, expression: &mut Expr) {
        if let Some(shorter) = self.rooted(expression) {
            *expression = shorter;
        }
        if let Expr::Dot(it, _, _) = expression {
            self.chain(it);
        }
    }

    /// Arguments within a chain; what stands between brackets is left as it is.
    fn chain(&self, chain: &mut BinaryExpr) {
        let mut links = &mut chain.rhs;
        loop {
            match links {
                Expr::MethodCall(it, _) => return self.all(&mut it.args),
                Expr::Dot(it, _, _) => {
                    if let Expr::MethodCall(it, _) = &mut it.lhs {
                        self.all(&mut it.args);
                    }
                    links = &mut it.rhs;
                }
                _ => return,
            }
        }
    }

    /// `ctx.target.x`, with the target as a variable.
    fn rooted(&self, expression: &Expr) -> Option<Expr> {
        let Expr::Dot(chain, _, _) = expression else { return None };
        let (rest, flags, position) = self.of_target(chain)?;
        let lhs = hidden(&chain.lhs)?;
        Some(Expr::Dot(BinaryExpr { lhs, rhs: rest.clone() }.into(), flags, position))
    }

    /// An attribute of the target that is read, or one of whose value something else is read.
    fn read(&self, expression: &Expr) -> Option<Expr> {
        let Expr::Dot(chain, _, _) = expression else { return None };
        let is_alias = self.aliases.iter().any(|it| is_named(&chain.lhs, it));
        let rest = if is_alias { &chain.rhs } else { self.of_target(chain)?.0 };
        match rest {
            Expr::Property(_, _) => self.attribute(rest),
            Expr::Dot(it, flags, position) if self.is_read(&it.rhs) => {
                let lhs = self.attribute(&it.lhs)?;
                let chain = BinaryExpr { lhs, rhs: it.rhs.clone() };
                Some(Expr::Dot(chain.into(), *flags, *position))
            }
            _ => None,
        }
    }

    /// What is asked of the target of the context, with the flags and the position of the point before it.
    fn of_target<'a>(&self, chain: &'a BinaryExpr) -> Option<(&'a Expr, ASTFlags, Position)> {
        let Expr::Dot(inner, flags, position) = &chain.rhs else { return None };
        let is_target = is_named(&chain.lhs, self.parameter) && is_property(&inner.lhs, "target");
        is_target.then_some((&inner.rhs, *flags, *position))
    }

    /// Whether the rest of a chain only reads: nothing is handed back to what it is read from.
    fn is_read(&self, rest: &Expr) -> bool {
        match rest {
            Expr::Property(_, _) => true,
            Expr::MethodCall(it, _) => {
                PURE.contains(&it.name.as_str()) && !self.functions.contains(it.name.as_str())
            }
            Expr::Dot(it, _, _) => matches!(it.lhs, Expr::Property(_, _)) && self.is_read(&it.rhs),
            _ => false,
        }
    }

    /// What stands for an attribute.
    fn attribute(&self, property: &Expr) -> Option<Expr> {
        let Expr::Property(name, position) = property else { return None };
        let property = self.properties.find(&name.2)?;
        let custom = CustomExpr {
            inputs: <_>::default(),
            tokens: std::iter::once(ATTRIBUTE.into()).collect(),
            state: Dynamic::from(Asked { property, position: *position }),
            scope_may_be_changed: false,
            self_terminated: false,
        };
        Some(Expr::Custom(custom.into(), *position))
    }
}

/// The variable of the target, which lies before that of the context.
fn hidden(context: &Expr) -> Option<Expr> {
    let Expr::Variable(it, short, position) = context else { return None };
    let place = short.map_or(it.0, |it| NonZeroUsize::new(it.get().into()));
    let place = place.and_then(|it| it.checked_add(1));
    let short = place.and_then(|it| NonZeroU8::new(u8::try_from(it.get()).unwrap_or(0)));
    let variable = (place.filter(|_| short.is_none()), TARGET.into(), <_>::default(), 0);
    Some(Expr::Variable(variable.into(), short, *position))
}
