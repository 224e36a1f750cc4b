//! Bookmarks: where a page ended, so that the next one goes on behind it.
//!
//! A bookmark holds what the order of the query looks at. So it stands where it stood also where the
//! record itself is gone, or moved.

use std::collections::BTreeSet;
use std::fmt::Write;

use uuid::Uuid;

use super::{EntityReference, Value};

/// The last record of a page, as the order of its query sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bookmark {
    /// The values by which the query orders; `None` for null.
    pub values: Vec<Option<Value>>,
    /// The identity, which decides where the values leave it open.
    pub id: Uuid,
}

impl Bookmark {
    /// The bookmark as a text: what a page gives as its cookie.
    pub fn to_cookie(&self) -> String {
        let mut cookie = self.id.simple().to_string();
        for value in &self.values {
            let (kind, text) = value.as_ref().map_or(('n', String::new()), encode);
            let _ = write!(cookie, ";{kind}{}:{text}", text.len()); // With its length: no value ends early.
        }
        cookie
    }

    /// Reads a text that [`to_cookie`](Self::to_cookie) wrote.
    pub fn from_cookie(cookie: &str) -> Option<Self> {
        let (id, mut rest) = cookie.split_once(';').map_or((cookie, ""), |(id, rest)| (id, rest));
        let id = id.parse().ok()?;
        let mut values = Vec::new();
        while !rest.is_empty() {
            let (head, tail) = rest.split_once(':')?;
            let kind = head.chars().next()?;
            let length = head.get(kind.len_utf8()..)?.parse().ok()?;
            let value = decode(kind, tail.get(..length)?)?;
            values.push(Some(value).filter(|it| !it.is_null()));
            rest = tail.get(length..)?;
            rest = rest.strip_prefix(';').unwrap_or(rest);
        }
        Some(Self { values, id })
    }
}

fn encode(value: &Value) -> (char, String) {
    match value {
        // INVARIANT: no query orders by bytes or parties.
        Value::Null | Value::Bytes(_) | Value::Parties(_) => ('n', String::new()),
        Value::Text(it) => ('t', it.to_string()),
        Value::WholeNumber(it) => ('i', it.to_string()),
        Value::Decimal(it) => ('d', it.to_string()),
        Value::Double(it) => ('f', it.to_bits().to_string()),
        Value::Boolean(it) => ('b', it.to_string()),
        Value::Moment(it) => ('m', it.to_rfc3339()),
        Value::Date(it) => ('a', it.to_string()),
        Value::Choice(it) => ('c', it.to_string()),
        Value::Choices(it) => {
            ('s', it.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
        Value::Lookup(it) => ('l', format!("{} {}", it.entity, it.id.simple())),
        Value::Id(it) => ('u', it.simple().to_string()),
    }
}

fn decode(kind: char, text: &str) -> Option<Value> {
    Some(match kind {
        'n' => Value::Null,
        't' => Value::from(text),
        'i' => Value::WholeNumber(text.parse().ok()?),
        'd' => Value::Decimal(text.parse().ok()?),
        'f' => Value::Double(f64::from_bits(text.parse().ok()?)),
        'b' => Value::Boolean(text.parse().ok()?),
        'm' => Value::Moment(text.parse().ok()?),
        'a' => Value::Date(text.parse().ok()?),
        'c' => Value::Choice(text.parse().ok()?),
        's' => {
            let options: Result<BTreeSet<i32>, _> = text.split(',').map(str::parse).collect();
            Value::from(options.ok()?)
        }
        'l' => {
            let (entity, id) = text.split_once(' ')?;
            Value::Lookup(EntityReference::new(entity, id.parse().ok()?))
        }
        'u' => Value::Id(text.parse().ok()?),
        _ => return None,
    })
}
