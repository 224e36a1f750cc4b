//! Comparisons, with Rhai's answers for null and for kinds that do not go together.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rhai::Token;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::node::{Eval, Get, Node, each};
use super::view::Scalar;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn of(token: &Token) -> Option<Self> {
        let known = [
            (Token::EqualsTo, Self::Equal),
            (Token::NotEqualsTo, Self::NotEqual),
            (Token::LessThan, Self::Less),
            (Token::LessThanEqualsTo, Self::LessOrEqual),
            (Token::GreaterThan, Self::Greater),
            (Token::GreaterThanEqualsTo, Self::GreaterOrEqual),
        ];
        known.iter().find(|it| it.0 == *token).map(|it| it.1)
    }

    /// The answer where one or both sides are null: null equals itself alone, and has no order.
    fn of_null(self, are_both: bool) -> bool {
        match self {
            Self::Equal => are_both,
            Self::NotEqual => !are_both,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => false,
        }
    }

    fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    fn test<T: PartialOrd>(self) -> fn(&T, &T) -> bool {
        match self {
            Self::Equal => |a, b| a == b,
            Self::NotEqual => |a, b| a != b,
            Self::Less => |a, b| a < b,
            Self::LessOrEqual => |a, b| a <= b,
            Self::Greater => |a, b| a > b,
            Self::GreaterOrEqual => |a, b| a >= b,
        }
    }

    fn test_equality<T: PartialEq>(self) -> fn(&T, &T) -> bool {
        if self == Self::Equal { |a, b| a == b } else { |a, b| a != b }
    }

    /// Doubles: Rhai finds those equal that differ by less than can be told, relative to the greater.
    fn test_doubles(self) -> fn(&f64, &f64) -> bool {
        fn scale(a: f64, b: f64) -> f64 {
            if a * b == 0.0 { 1.0 } else { a.abs().max(b.abs()) }
        }
        const LEAST: f64 = f64::EPSILON;
        match self {
            Self::Equal => |a, b| scale(*a, *b) == 0.0 || (a - b).abs() / scale(*a, *b) <= LEAST,
            Self::NotEqual => |a, b| scale(*a, *b) != 0.0 && (a - b).abs() / scale(*a, *b) > LEAST,
            Self::Less => |a, b| scale(*a, *b) != 0.0 && (b - a) / scale(*a, *b) > LEAST,
            Self::LessOrEqual => |a, b| scale(*a, *b) == 0.0 || (b - a) / scale(*a, *b) > -LEAST,
            Self::Greater => |a, b| scale(*a, *b) != 0.0 && (a - b) / scale(*a, *b) > LEAST,
            Self::GreaterOrEqual => |a, b| scale(*a, *b) == 0.0 || (a - b) / scale(*a, *b) > -LEAST,
        }
    }
}

/// The comparison of two expressions; `None` where only Rhai knows it.
pub(super) fn compare(how: Comparison, a: Node, b: Node) -> Option<Eval<bool>> {
    Some(match (a, b) {
        (Node::Null, other) | (other, Node::Null) => {
            let answer = (how.of_null(true), how.of_null(false));
            each!(other,
                null => Box::new(move |_| Some(answer.0)),
                get => get.over(move |_, it| Some(if it.is_none() { answer.0 } else { answer.1 })))
        }
        (Node::Boolean(a), Node::Boolean(b)) => both(how, (a, b), how.test()),
        (Node::WholeNumber(a), Node::WholeNumber(b)) => both(how, (a, b), how.test()),
        (Node::Text(a), Node::Text(b)) => both(how, (a, b), how.test()),
        (Node::Decimal(a), Node::Decimal(b)) => both(how, (a, b), how.test()),
        (Node::Decimal(a), Node::WholeNumber(b)) => both(how, (a, exact(b)?), how.test()),
        (Node::WholeNumber(a), Node::Decimal(b)) => both(how, (exact(a)?, b), how.test()),
        (Node::Double(a), Node::Double(b)) => both(how, (a, b), how.test_doubles()),
        (Node::Double(a), Node::WholeNumber(b)) => both(how, (a, double(b)?), how.test_doubles()),
        (Node::WholeNumber(a), Node::Double(b)) => both(how, (double(a)?, b), how.test_doubles()),
        (Node::Decimal(a), Node::Double(b)) => both(how, (nearest(a)?, b), how.test()),
        (Node::Double(a), Node::Decimal(b)) => both(how, (a, nearest(b)?), how.test()),
        (Node::Date(a), Node::Date(b)) => both(how, (a, b), how.test()),
        (Node::Moment(a), Node::Moment(b)) => both(how, (a, b), how.test()),
        (Node::Date(a), Node::Moment(b)) => both(how, (midnight(a)?, b), how.test()),
        (Node::Moment(a), Node::Date(b)) => both(how, (a, midnight(b)?), how.test()),
        (Node::Choice(a, _), Node::Choice(b, _)) if how.is_equality() => {
            both(how, (a, b), how.test_equality())
        }
        (Node::Choice(a, _), Node::WholeNumber(b)) if how.is_equality() => {
            both(how, (number(a)?, b), how.test_equality())
        }
        (Node::WholeNumber(a), Node::Choice(b, _)) if how.is_equality() => {
            both(how, (a, number(b)?), how.test_equality())
        }
        (Node::Lookup(a), Node::Lookup(b)) if how.is_equality() => {
            both(how, (a, b), how.test_equality())
        }
        (_, _) => return None,
    })
}

fn both<T: Scalar>(
    how: Comparison,
    (a, b): (Get<T>, Get<T>),
    test: fn(&T, &T) -> bool,
) -> Eval<bool> {
    let (one_null, both_null) = (how.of_null(false), how.of_null(true));
    if let Get::Constant(b) = b {
        return a.over(move |_, a| Some(a.map_or(one_null, |a| test(a, &b))));
    }
    if let Get::Constant(a) = a {
        return b.over(move |_, b| Some(b.map_or(one_null, |b| test(&a, b))));
    }
    let b = b.eval();
    a.over(move |view, a| {
        Some(match (a, b(view)?) {
            (Some(a), Some(b)) => test(a, &b),
            (None, None) => both_null,
            (Some(_), None) | (None, Some(_)) => one_null,
        })
    })
}

/// A whole number where it meets a decimal.
pub(super) fn exact(get: Get<i64>) -> Option<Get<Decimal>> {
    get.convert(|it| Some(Decimal::from(*it)))
}

/// A whole number where it meets a double.
#[expect(clippy::cast_precision_loss, reason = "as Rhai does")]
pub(super) fn double(get: Get<i64>) -> Option<Get<f64>> {
    get.convert(|it| Some(*it as f64))
}

/// A decimal where it is compared with a double.
fn nearest(get: Get<Decimal>) -> Option<Get<f64>> {
    get.convert(|it| Some(it.to_f64().unwrap_or(f64::NAN)))
}

fn midnight(get: Get<NaiveDate>) -> Option<Get<DateTime<Utc>>> {
    get.convert(|it| Some(it.and_time(NaiveTime::MIN).and_utc()))
}

fn number(get: Get<i32>) -> Option<Get<i64>> {
    get.convert(|it| Some(i64::from(*it)))
}
