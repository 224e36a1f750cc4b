//! Methods and properties of values.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::node::{Get, Node};
use super::text;
use super::view::Scalar;
use crate::language::{date, number};

/// `value.name`
pub(super) fn property(of: Node, name: &str) -> Option<Node> {
    Some(match (of, name) {
        (Node::Text(get), "len" | "is_empty") => return text::method(get, name, Vec::new()),
        (Node::Date(get), _) => {
            let part = date::part_of_date(name)?;
            whole(get, move |it| part(*it))
        }
        (Node::Moment(get), _) => match (date::part_of_date(name), date::part_of_time(name)) {
            (Some(part), _) => whole(get, move |it| part(it.date_naive())),
            (None, part) => {
                let part = part?;
                whole(get, move |it| part(*it))
            }
        },
        (Node::Choice(get, _), "value") => whole(get, |it| i64::from(*it)),
        (Node::Choice(get, of), "name") => Node::Text(get.map(move |it| text::short(of.name(*it)))),
        (Node::Choice(get, of), "label") => {
            Node::Text(get.map(move |it| text::short(of.label(*it))))
        }
        (Node::Lookup(get), "entity") => Node::Text(get.map(|it| Some(it.entity.as_str().into()))),
        (Node::Lookup(get), "id") => Node::Text(get.map(|it| Some(it.id.to_string().into()))),
        (_, _) => return None,
    })
}

/// `value.name(…)`
pub(super) fn method(of: Node, name: &str, arguments: Vec<Node>) -> Option<Node> {
    if let Node::Text(get) = of {
        return text::method(get, name, arguments);
    }
    let mut arguments = arguments.into_iter();
    Some(match (of, name, arguments.next(), arguments.next()) {
        (Node::Null, "is_blank", None, None) => Node::Boolean(Get::Constant(true)),
        (Node::Date(it), "date", None, None) => Node::Date(it.map(|it| Some(*it))),
        (Node::Moment(it), "date", None, None) => Node::Date(it.map(|it| Some(it.date_naive()))),
        (Node::Date(it), "add_days", Some(Node::WholeNumber(by)), None) => {
            Node::Date(pair(it, by, |it, by| date::add_days(*it, by).ok()))
        }
        (Node::Date(it), "add_months", Some(Node::WholeNumber(by)), None) => {
            Node::Date(pair(it, by, |it, by| date::add_months(*it, by).ok()))
        }
        (Node::Moment(it), "add_days", Some(Node::WholeNumber(by)), None) => {
            Node::Moment(pair(it, by, |it, by| date::add_days_to_moment(*it, by).ok()))
        }
        (Node::Moment(it), "add_months", Some(Node::WholeNumber(by)), None) => {
            Node::Moment(pair(it, by, |it, by| date::add_months_to_moment(*it, by).ok()))
        }
        (Node::Date(it), "days_until", Some(Node::Date(to)), None) => {
            Node::WholeNumber(pair(it, to, |it, to| Some(date::days(*it, to))))
        }
        (Node::Date(it), "days_until", Some(Node::Moment(to)), None) => {
            Node::WholeNumber(pair(it, to, |it, to| Some(date::days(*it, to.date_naive()))))
        }
        (Node::Moment(it), "days_until", Some(Node::Moment(to)), None) => {
            let days = |it: &chrono::DateTime<chrono::Utc>, to: chrono::DateTime<chrono::Utc>| {
                Some(date::days(it.date_naive(), to.date_naive()))
            };
            Node::WholeNumber(pair(it, to, days))
        }
        (Node::Moment(it), "days_until", Some(Node::Date(to)), None) => {
            Node::WholeNumber(pair(it, to, |it, to| Some(date::days(it.date_naive(), to))))
        }
        (Node::Date(it), "format", Some(Node::Text(Get::Constant(pattern))), None) => {
            formatted(it, pattern, |it| date::midnight(*it))
        }
        (Node::Moment(it), "format", Some(Node::Text(Get::Constant(pattern))), None) => {
            formatted(it, pattern, |it| *it)
        }
        (of, name, first, None) => return numeric(of, name, first),
        (_, _, _, Some(_)) => return None,
    })
}

/// `name(value, …)`: what Rhai calls a function is a method, too.
pub(super) fn function(first: Node, name: &str, others: Vec<Node>) -> Option<Node> {
    match name {
        "round" | "abs" | "min" | "max" | "is_blank" => method(first, name, others),
        "date" | "datetime" if others.is_empty() => parsed(first, name),
        _ => None,
    }
}

/// `date("2026-01-31")`, `datetime("2026-01-31T09:00:00Z")`
fn parsed(of: Node, name: &str) -> Option<Node> {
    let Node::Text(get) = of else { return method(of, name, Vec::new()) };
    Some(if name == "date" {
        Node::Date(get.map(|it| date::parse_date(it).ok()))
    } else {
        Node::Moment(get.map(|it| date::parse_moment(it).ok()))
    })
}

fn numeric(of: Node, name: &str, argument: Option<Node>) -> Option<Node> {
    Some(match (of, name, argument) {
        (Node::Decimal(it), "round", None) => {
            Node::Decimal(it.map(|it| number::round(*it, 0).ok()))
        }
        (Node::Decimal(it), "round", Some(Node::WholeNumber(digits))) => {
            Node::Decimal(pair(it, digits, |it, digits| number::round(*it, digits).ok()))
        }
        (Node::Decimal(it), "abs", None) => Node::Decimal(it.map(|it| Some(it.abs()))),
        (Node::WholeNumber(it), "abs", None) => Node::WholeNumber(it.map(|it| it.checked_abs())),
        (Node::Decimal(a), "min", Some(Node::Decimal(b))) => {
            Node::Decimal(pair(a, b, |a, b: Decimal| Some((*a).min(b))))
        }
        (Node::Decimal(a), "max", Some(Node::Decimal(b))) => {
            Node::Decimal(pair(a, b, |a, b: Decimal| Some((*a).max(b))))
        }
        (_, _, _) => return None,
    })
}

/// Of two values, both there.
fn pair<T: Scalar, U: Scalar, R: Scalar>(
    a: Get<T>,
    b: Get<U>,
    f: impl Fn(&T, U) -> Option<R> + Send + Sync + 'static,
) -> Get<R> {
    if let Get::Constant(b) = b {
        return a.map(move |a| f(a, b.clone()));
    }
    let b = b.present();
    Get::Computed(a.over(move |view, a| f(a?, b(view)?).map(Some)))
}

fn whole<T: Scalar>(get: Get<T>, f: impl Fn(&T) -> i64 + Send + Sync + 'static) -> Node {
    Node::WholeNumber(get.map(move |it| Some(f(it))))
}

fn formatted<T: Scalar>(
    get: Get<T>,
    pattern: Arc<str>,
    moment: impl Fn(&T) -> chrono::DateTime<chrono::Utc> + Send + Sync + 'static,
) -> Node {
    Node::Text(get.map(move |it| {
        let text = date::format(moment(it), &pattern).ok()?;
        text::short(text.to_string())
    }))
}
