//! Logic: what a condition comes to, as far as its text tells.

use std::cmp::Ordering;

use rulegate::metadata::{AttributeType, EntityMetadata};
use rust_decimal::Decimal;

use super::effects::{Condition, Term};

/// Whether a condition always holds, or never; none where it depends.
pub(crate) fn truth(
    term: &Term,
    entity: Option<&EntityMetadata>,
    conditions: &[Condition],
) -> Option<bool> {
    if let Some(known) = conditions.iter().find(|it| it.term == *term && *term != Term::Unknown) {
        return is_steady(term).then_some(known.holds);
    }
    match term {
        Term::Boolean(it) => Some(*it),
        Term::Not(it) => truth(it, entity, conditions).map(|it| !it),
        Term::Operation("&&", a, b) => {
            match (truth(a, entity, conditions), truth(b, entity, conditions)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }
        }
        Term::Operation("||", a, b) => {
            match (truth(a, entity, conditions), truth(b, entity, conditions)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }
        }
        Term::Operation(sign, a, b) => {
            compared(sign, (a, b), entity).or_else(|| compared(mirrored(sign), (b, a), entity))
        }
        _ => None,
    }
}

/// Whether a condition that held before holds still: nothing in it changes while the rule runs.
fn is_steady(term: &Term) -> bool {
    match term {
        Term::Unknown => false,
        Term::Not(it) => is_steady(it),
        Term::Operation(_, a, b) => is_steady(a) && is_steady(b),
        _ => true,
    }
}

fn compared(sign: &str, (a, b): (&Term, &Term), entity: Option<&EntityMetadata>) -> Option<bool> {
    if let (Term::Number(a), Term::Number(b)) = (a, b) {
        return ordered(sign, a.cmp(b));
    }
    if let (Term::Text(a), Term::Text(b)) = (a, b) {
        return ordered(sign, a.cmp(b));
    }
    if let (Term::Choice(a), Term::Choice(b)) = (a, b) {
        return ordered(sign, a.cmp(b)).filter(|_| matches!(sign, "==" | "!="));
    }
    // An attribute and a number that lies outside of what it can hold. Null is no number: it is in no order.
    let Term::Number(number) = b else { return None };
    let (least, greatest) = range(a, entity?)?;
    let never = match sign {
        "<" => *number <= least,
        "<=" => *number < least,
        ">" => greatest <= *number,
        ">=" => greatest < *number,
        "==" => *number < least || greatest < *number,
        _ => return None,
    };
    never.then_some(false)
}

fn ordered(sign: &str, order: Ordering) -> Option<bool> {
    Some(match sign {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => return None,
    })
}

/// The sign where the operands change places.
pub(super) fn mirrored(sign: &str) -> &str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}

/// What an attribute of a stored record can hold. What a target carries is checked by the main operation only.
fn range(term: &Term, entity: &EntityMetadata) -> Option<(Decimal, Decimal)> {
    let (Term::Pre(_, name) | Term::Post(_, name)) = term else { return None };
    match &entity.attribute(name)?.kind {
        AttributeType::WholeNumber { min, max, .. } => Some(((*min).into(), (*max).into())),
        AttributeType::Decimal { min, max, .. } | AttributeType::Money { min, max, .. } => {
            Some((*min, *max))
        }
        _ => None,
    }
}
