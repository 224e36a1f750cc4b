//! Answers: what is known beforehand of what Rhai evaluates.

use rhai::{Expr, FnCallExpr, Stmt};
use rulegate::metadata::AttributeType;

use super::chain;
use super::kind::Kind;
use super::scope::{Bound, Scope};

/// The kind of what an expression answers that Rhai evaluates.
pub(super) fn kind(expression: &Expr, scope: &Scope<'_>) -> Kind {
    match expression {
        Expr::FnCall(call, _) => of_call(call, scope).unwrap_or(Kind::Unknown),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::FnCall(call, _)] => of_call(call, scope).unwrap_or(Kind::Unknown),
            _ => Kind::Unknown,
        },
        Expr::Variable(name, _, _) if name.2.path.is_empty() => match scope.find(&name.1) {
            Some(Bound::Local(_, kind)) => kind.clone(),
            Some(Bound::Record(_) | Bound::Context) | None => Kind::Unknown,
        },
        _ => Kind::Unknown,
    }
}

/// What a word of the language answers.
fn of_call(call: &FnCallExpr, scope: &Scope<'_>) -> Option<Kind> {
    if !call.namespace.path.is_empty() || !scope.is_of_language(&call.name) {
        return None;
    }
    let entity = |it: &Expr| match it {
        Expr::StringConstant(name, _) => scope.catalog.entity(name).ok().cloned(),
        _ => None,
    };
    let first = call.args.first()?;
    Some(match call.name.as_str() {
        "query" => Kind::Records(entity(first)?),
        "record" => Kind::Record(entity(first)?),
        "retrieve" | "try_retrieve" => {
            let attribute = chain::looked_up(scope, first)?;
            let (AttributeType::Lookup { targets }
            | AttributeType::Customer { targets }
            | AttributeType::Owner { targets }) = &attribute.kind
            else {
                return None;
            };
            let [only] = targets.as_slice() else { return None };
            Kind::Record(scope.catalog.entity(only).ok()?.clone())
        }
        "create" => Kind::Lookup,
        "count" => Kind::WholeNumber,
        _ => return None,
    })
}

/// The kind of the elements of what a loop goes through.
pub(super) fn element(kind: &Kind) -> Kind {
    if let Kind::Records(entity) = kind { Kind::Record(entity.clone()) } else { Kind::Unknown }
}
