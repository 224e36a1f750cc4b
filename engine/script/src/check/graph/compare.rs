//! Comparing: what can hold between values of which not everything is known, and what is left of them where it does.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::value::{Constant, Known, Range, Values};

/// Whether it can be true, and whether it can be false.
pub(super) fn truth(known: &Known) -> (bool, bool) {
    match &known.values {
        Values::Among(all) => {
            (all.contains(&Constant::Boolean(true)), all.contains(&Constant::Boolean(false)))
        }
        Values::Between(_) => (false, false),
        Values::Any => (true, true),
    }
}

pub(super) fn is_comparison(sign: &str) -> bool {
    matches!(sign, "==" | "!=" | "<" | "<=" | ">" | ">=")
}

/// The comparison that holds where this one holds, or where it does not.
pub(super) fn comparison(sign: &str, holds: bool) -> Option<&'static str> {
    const ALL: [(&str, &str); 6] =
        [("==", "!="), ("!=", "=="), ("<", ">="), ("<=", ">"), (">", "<="), (">=", "<")];
    let found = ALL.iter().find(|it| it.0 == sign)?;
    Some(if holds { found.0 } else { found.1 })
}

/// The comparison with its sides exchanged.
pub(super) fn mirrored(sign: &'static str) -> &'static str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

/// A value compared with itself.
fn of_same(sign: &str, known: &Known) -> (bool, bool) {
    let is_equality = matches!(sign, "==" | "<=" | ">=");
    match sign {
        "<=" | ">=" => (!known.values.is_none(), known.is_null),
        _ => (is_equality, !is_equality),
    }
}

/// Whether a comparison can hold, and whether it can be otherwise. Null equals itself alone, and has no order.
pub(super) fn compared(sign: &str, a: &Known, b: &Known) -> (bool, bool) {
    if a.origin.is_some() && a.origin == b.origin {
        return of_same(sign, &a.clone().read());
    }
    let is_order = !matches!(sign, "==" | "!=");
    let (a_null, b_null) = (a.is_null || a.is_absent, b.is_null || b.is_absent);
    let (a_some, b_some) = (!a.values.is_none(), !b.values.is_none());
    let mut can = (false, false);
    let mut see = |it: (bool, bool)| can = (can.0 || it.0, can.1 || it.1);
    if a_null && b_null {
        see(if is_order { (false, true) } else { (sign == "==", sign == "!=") });
    }
    if (a_null && b_some) || (a_some && b_null) {
        see((sign == "!=", sign != "!="));
    }
    if a_some && b_some {
        see(some_compared(sign, &a.values, &b.values));
    }
    can
}

fn some_compared(sign: &str, a: &Values, b: &Values) -> (bool, bool) {
    if let (Values::Among(a), Values::Among(b)) = (a, b) {
        return among_compared(sign, a, b);
    }
    let (Some(a), Some(b)) = (a.range(), b.range()) else { return (true, true) };
    // Whether the first can be below, equal to and above the second.
    let below = a.low.zip(b.high).is_none_or(|(a, b)| a < b);
    let above = a.high.zip(b.low).is_none_or(|(a, b)| b < a);
    let equal = a.low.zip(b.high).is_none_or(|(a, b)| a <= b)
        && a.high.zip(b.low).is_none_or(|(a, b)| b <= a);
    match sign {
        "==" => (equal, below || above),
        "!=" => (below || above, equal),
        "<" => (below, equal || above),
        "<=" => (below || equal, above),
        ">" => (above, below || equal),
        _ => (above || equal, below),
    }
}

fn among_compared(sign: &str, a: &BTreeSet<Constant>, b: &BTreeSet<Constant>) -> (bool, bool) {
    let mut can = (false, false);
    for (a, b) in a.iter().flat_map(|a| b.iter().map(move |b| (a, b))) {
        let holds = match (a, b) {
            (Constant::Number(a), Constant::Number(b)) => holds(sign, a.cmp(b)),
            (Constant::Text(a), Constant::Text(b)) => holds(sign, a.cmp(b)),
            (Constant::Boolean(a), Constant::Boolean(b)) => holds(sign, a.cmp(b)),
            _ => return (true, true), // An option by its name.
        };
        can = (can.0 || holds, can.1 || !holds);
    }
    can
}

fn holds(sign: &str, order: std::cmp::Ordering) -> bool {
    match sign {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// What is left of a value where a comparison with another holds. `is_held` tells a comparison that holds from
/// one whose opposite does not: there, null may stand on either side of an order.
pub(super) fn narrowed(own: &Known, (sign, is_held): (&str, bool), other: &Known) -> Known {
    let can_null = own.is_null
        && match sign {
            "==" => other.is_null,
            "!=" => !other.values.is_none(),
            _ => !is_held,
        };
    let values = match sign {
        "==" if other.values.is_none() => Values::NONE,
        "==" => own.values.and(&other.values),
        "!=" => match (&own.values, other.single()) {
            (Values::Among(all), Some(it)) => {
                Values::Among(all.iter().filter(|found| *found != it).cloned().collect())
            }
            _ => own.values.clone(),
        },
        _ if !is_held && (other.is_null || other.values.is_none()) => own.values.clone(),
        _ => bounded(&own.values, sign, &other.values),
    };
    Known { is_absent: false, is_null: can_null, values, origin: own.origin.clone() }
}

/// What of the values stands in that order to one of the others.
fn bounded(own: &Values, sign: &str, other: &Values) -> Values {
    let Some(other) = other.range() else { return own.clone() };
    let one = Decimal::ONE;
    let is_whole = other.is_whole && own.range().is_some_and(|it| it.is_whole);
    let step = |it: Decimal, by: Decimal| {
        if is_whole { it.checked_add(by).unwrap_or(it) } else { it }
    };
    let none = Range { low: None, high: None, is_whole: false };
    let range = match sign {
        "<" => Range { high: other.high.map(|it| step(it, -one)), ..none },
        "<=" => Range { high: other.high, ..none },
        ">" => Range { low: other.low.map(|it| step(it, one)), ..none },
        ">=" => Range { low: other.low, ..none },
        _ => none,
    };
    own.and(&Values::Between(range))
}

/// What a computation can come to.
pub(super) fn computed(sign: &str, a: &Known, b: &Known) -> Known {
    let range = a.values.range().zip(b.values.range()).and_then(|(a, b)| a.computed(sign, b));
    let values = match (range, a.single(), b.single()) {
        (Some(Range { low: Some(low), high: Some(high), .. }), Some(_), Some(_)) if low == high => {
            Values::Among(BTreeSet::from([Constant::Number(low)]))
        }
        (Some(range), _, _) => Values::Between(range),
        (None, _, _) => Values::Any,
    };
    // Whatever is computed with null is an error, but a text that is joined.
    Known { is_null: values == Values::Any, ..Known::of(values) }
}
