//! Expressions: from the syntax tree to nodes. `None` means that only Rhai can evaluate it.

use std::sync::Arc;

use rhai::{ASTFlags, Expr, FlowControl, FnCallExpr, Stmt, StmtBlock};
use rulegate::{Catalog, Value};

use super::arithmetic::{Operation, calculate, negated};
use super::chain;
use super::comparison::{Comparison, compare};
use super::kind::{Kind, Options};
use super::node::{Eval, Get, Node};
use super::scope::{Bound, Scope};
use super::{function, method, text};

/// Lowers expressions within a scope.
#[derive(Clone, Copy)]
pub(super) struct Expressions<'a> {
    pub(super) scope: &'a Scope<'a>,
}

impl Expressions<'_> {
    /// The value of an expression.
    pub(super) fn node(self, expression: &Expr) -> Option<Node> {
        match expression {
            Expr::Unit(_) => Some(Node::Null),
            Expr::BoolConstant(it, _) => Some(Node::Boolean(Get::Constant(*it))),
            Expr::IntegerConstant(it, _) => Some(Node::WholeNumber(Get::Constant(*it))),
            Expr::StringConstant(it, _) => text_constant(it),
            Expr::DynamicConstant(it, _) => {
                it.as_decimal().ok().map(|it| Node::Decimal(Get::Constant(it)))
            }
            Expr::Variable(variable, _, _) if variable.2.path.is_empty() => {
                match self.scope.find(&variable.1)? {
                    Bound::Local(index, kind) => Node::local(*index, kind),
                    Bound::Record(_) | Bound::Context => None,
                }
            }
            Expr::Variable(variable, _, _) => {
                let path: Vec<&str> = variable.2.path.iter().map(|it| it.name.as_str()).collect();
                option_constant(self.scope.catalog, &path, &variable.1)
            }
            Expr::And(operands, _) => self.all(operands, true),
            Expr::Or(operands, _) => self.all(operands, false),
            Expr::Coalesce(operands, _) => {
                let mut nodes = operands.iter().map(|it| self.node(it));
                let first = nodes.next()??;
                nodes.try_fold(first, |a, b| a.or(b?))
            }
            Expr::InterpolatedString(parts, _) => {
                text::interpolated(parts.iter().map(|it| self.node(it)).collect::<Option<_>>()?)
            }
            Expr::Dot(_, _, _) => chain::node(self, expression),
            Expr::FnCall(call, _) => self.call(call),
            Expr::Stmt(block) => self.block(block),
            _ => None,
        }
    }

    /// The value of an expression that must be a boolean.
    pub(super) fn truth(self, expression: &Expr) -> Option<Eval<bool>> {
        if let Node::Boolean(get) = self.node(expression)? { Some(get.present()) } else { None }
    }

    /// `&&` or `||`: what comes first decides, where it can.
    fn all(self, operands: &[Expr], goes_on_while: bool) -> Option<Node> {
        let operands: Vec<Eval<bool>> =
            operands.iter().map(|it| self.truth(it)).collect::<Option<_>>()?;
        let eval: Eval<Option<bool>> = match <[_; 2]>::try_from(operands) {
            Ok([first, second]) => Box::new(move |view| {
                let it = first(view)?;
                Some(Some(if it == goes_on_while { second(view)? } else { it }))
            }),
            Err(operands) => Box::new(move |view| {
                let decides = |it: &Eval<bool>| match it(view) {
                    Some(answer) if answer == goes_on_while => None,
                    answer => Some(answer),
                };
                operands.iter().find_map(decides).unwrap_or(Some(goes_on_while)).map(Some)
            }),
        };
        Some(Node::Boolean(Get::Computed(eval)))
    }

    pub(super) fn call(self, call: &FnCallExpr) -> Option<Node> {
        match call.namespace.path.as_slice() {
            [] => {}
            [module] => return function::call(self, Some(&module.name), call),
            _ => return None,
        }
        match (&call.op_token, &*call.args) {
            (Some(sign), [a, b]) => {
                let (a, b) = (self.node(a)?, self.node(b)?);
                match Comparison::of(sign) {
                    Some(how) => compare(how, a, b).map(Node::truth),
                    None => calculate(Operation::of(sign)?, a, b),
                }
            }
            (Some(rhai::Token::Bang), [a]) => {
                let a = self.truth(a)?;
                Some(Node::truth(Box::new(move |view| a(view).map(|it| !it))))
            }
            (Some(rhai::Token::UnaryMinus | rhai::Token::Minus), [a]) => negated(self.node(a)?),
            (None, arguments) if self.scope.is_of_language(&call.name) => {
                let mut nodes = arguments.iter().map(|it| self.node(it));
                let first = nodes.next()??;
                method::function(first, &call.name, nodes.collect::<Option<_>>()?)
            }
            (None, _) => function::call(self, None, call),
            (Some(_), _) => None,
        }
    }

    /// A block that is one expression, or one `if`, as a value.
    fn block(self, block: &StmtBlock) -> Option<Node> {
        match block.statements() {
            [] => Some(Node::Null),
            [Stmt::Expr(expression)] => self.node(expression),
            [Stmt::If(flow, _)] => self.choice(flow),
            [Stmt::FnCall(call, _)] => self.call(call),
            _ => None,
        }
    }

    /// `if` as a value.
    pub(super) fn choice(self, flow: &FlowControl) -> Option<Node> {
        let condition = self.truth(&flow.expr)?;
        Node::select(condition, self.block(&flow.body)?, self.block(&flow.branch)?)
    }

    /// The part of an expression that keeps it from being lowered.
    pub(super) fn culprit(self, expression: &Expr) -> &Expr {
        let parts: Vec<&Expr> = match expression {
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter().collect()
            }
            Expr::InterpolatedString(parts, _) => parts.iter().collect(),
            Expr::FnCall(call, _) if call.op_token.is_some() => call.args.iter().collect(),
            Expr::Stmt(block) => match block.statements() {
                [Stmt::If(flow, _)] => vec![&flow.expr],
                [Stmt::Expr(inner)] => vec![&**inner],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let found = parts.into_iter().find(|it| self.node(it).is_none());
        found.map_or(expression, |it| self.culprit(it))
    }

    /// Whether `?.` stands before the rest of a chain.
    pub(super) fn is_optional(flags: ASTFlags) -> bool {
        flags.intersects(ASTFlags::NEGATED)
    }
}

fn text_constant(text: &str) -> Option<Node> {
    text::short(text.to_owned()).map(|it| Node::Text(Get::Constant(it)))
}

/// `opportunity::statecode::Won`
fn option_constant(catalog: &Catalog, path: &[&str], name: &str) -> Option<Node> {
    let [entity, attribute] = path else { return None };
    let entity = catalog.entity(entity).ok()?;
    let ordinal = entity.ordinal(attribute)?;
    let option = entity.attribute_at(ordinal)?.kind.option_set()?.by_name(name)?;
    let of = Options { entity: Arc::clone(entity), ordinal };
    Some(Node::Choice(Get::Constant(option.value), of))
}

/// Turns what an expression answers into what an attribute can hold; `None` where Rhai must.
pub(super) fn written(
    node: Node,
    attribute: &rulegate::metadata::AttributeMetadata,
) -> Option<Eval<Value>> {
    use rulegate::metadata::AttributeType as Type;

    let fits = match (&attribute.kind, node.kind()) {
        (_, Kind::Unknown) => matches!(node, Node::Null),
        (Type::DateTime { .. }, kind) => matches!(kind, Kind::Date | Kind::Moment),
        (Type::Choice(_) | Type::State(_) | Type::Status(_), Kind::WholeNumber) => {
            let Node::WholeNumber(get) = node else { return None };
            return Some(get.over(|_, it| {
                it.map_or(Some(Value::Null), |it| i32::try_from(*it).ok().map(Value::Choice))
            }));
        }
        (Type::Choice(_) | Type::State(_) | Type::Status(_), kind) => {
            matches!(kind, Kind::Choice(_))
        }
        (Type::Lookup { .. } | Type::Customer { .. } | Type::Owner { .. }, kind) => {
            kind == Kind::Lookup
        }
        (Type::UniqueIdentifier | Type::MultiChoice(_) | Type::PartyList { .. }, _) => false,
        (_, _) => true,
    };
    fits.then(|| node.value())
}
