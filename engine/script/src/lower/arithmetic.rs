//! Arithmetic: checked, and where it goes wrong Rhai says how.

use rhai::Token;
use rust_decimal::Decimal;

use super::comparison::{double, exact};
use super::node::{Get, Node};
use super::text;
use super::view::Scalar;

/// One of the four operations, or the rest of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operation {
    pub(super) fn of(token: &Token) -> Option<Self> {
        let known = [
            (Token::Plus, Self::Add),
            (Token::Minus, Self::Subtract),
            (Token::Multiply, Self::Multiply),
            (Token::Divide, Self::Divide),
            (Token::Modulo, Self::Remainder),
        ];
        known.iter().find(|it| it.0 == *token).map(|it| it.1)
    }

    fn of_whole_numbers(self) -> fn(i64, i64) -> Option<i64> {
        match self {
            Self::Add => i64::checked_add,
            Self::Subtract => i64::checked_sub,
            Self::Multiply => i64::checked_mul,
            Self::Divide => i64::checked_div,
            Self::Remainder => i64::checked_rem,
        }
    }

    fn of_decimals(self) -> fn(Decimal, Decimal) -> Option<Decimal> {
        match self {
            Self::Add => Decimal::checked_add,
            Self::Subtract => Decimal::checked_sub,
            Self::Multiply => Decimal::checked_mul,
            Self::Divide => Decimal::checked_div,
            Self::Remainder => Decimal::checked_rem,
        }
    }

    fn of_doubles(self) -> fn(f64, f64) -> Option<f64> {
        match self {
            Self::Add => |a, b| Some(a + b),
            Self::Subtract => |a, b| Some(a - b),
            Self::Multiply => |a, b| Some(a * b),
            Self::Divide => |a, b| Some(a / b),
            Self::Remainder => |a, b| Some(a % b),
        }
    }
}

/// What two expressions make; `None` where only Rhai knows it.
pub(super) fn calculate(how: Operation, a: Node, b: Node) -> Option<Node> {
    Some(match (a, b) {
        (Node::WholeNumber(a), Node::WholeNumber(b)) => {
            Node::WholeNumber(both(a, b, how.of_whole_numbers()))
        }
        (Node::Decimal(a), Node::Decimal(b)) => Node::Decimal(both(a, b, how.of_decimals())),
        (Node::Decimal(a), Node::WholeNumber(b)) => {
            Node::Decimal(both(a, exact(b)?, how.of_decimals()))
        }
        (Node::WholeNumber(a), Node::Decimal(b)) => {
            Node::Decimal(both(exact(a)?, b, how.of_decimals()))
        }
        (Node::Double(a), Node::Double(b)) => Node::Double(both(a, b, how.of_doubles())),
        (Node::Double(a), Node::WholeNumber(b)) => {
            Node::Double(both(a, double(b)?, how.of_doubles()))
        }
        (Node::WholeNumber(a), Node::Double(b)) => {
            Node::Double(both(double(a)?, b, how.of_doubles()))
        }
        (Node::Decimal(a), Node::Double(b)) => {
            Node::Decimal(both(a, nearest(b)?, how.of_decimals()))
        }
        (Node::Double(a), Node::Decimal(b)) => {
            Node::Decimal(both(nearest(a)?, b, how.of_decimals()))
        }
        (Node::Text(a), Node::Text(b)) if how == Operation::Add => text::concatenated(a, b),
        (_, _) => return None,
    })
}

/// `-a`
pub(super) fn negated(a: Node) -> Option<Node> {
    Some(match a {
        Node::WholeNumber(a) => Node::WholeNumber(a.map(|it| it.checked_neg())),
        Node::Double(a) => Node::Double(a.map(|it| Some(-it))),
        Node::Decimal(a) => Node::Decimal(a.map(|it| Some(-it))),
        _ => return None,
    })
}

fn both<T: Scalar>(a: Get<T>, b: Get<T>, apply: fn(T, T) -> Option<T>) -> Get<T> {
    if let Get::Constant(b) = b {
        return a.map(move |a| apply(a.clone(), b.clone()));
    }
    let b = b.present();
    Get::Computed(a.over(move |view, a| apply(a?.clone(), b(view)?).map(Some)))
}

/// A double where it meets a decimal.
fn nearest(get: Get<f64>) -> Option<Get<Decimal>> {
    get.convert(|it| Decimal::try_from(*it).ok())
}
