//! Random values of every type, from few enough that they meet each other again.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use rulegate::record::{Condition, Operator, Party};
use rulegate::{EntityReference, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

/// The attributes of the entity `thing`, and its identity.
pub(super) const ATTRIBUTES: [&str; 21] = [
    "text", "memo", "whole", "big", "decimal", "double", "money", "flag", "date", "moment",
    "choice", "choices", "lookup", "customer", "owner", "parties", "identity", "entity", "picture",
    "file", "thingid",
];

/// An attribute; often a text, whose comparison is the hardest.
pub(super) fn attribute() -> impl Strategy<Value = &'static str> {
    prop_oneof![1 => select(vec!["text", "memo"]), 2 => select(ATTRIBUTES.to_vec())]
}

/// A value for an attribute, or null.
pub(super) fn value(attribute: &'static str) -> impl Strategy<Value = (&'static str, Value)> {
    // The identity is given by the record, not by a value.
    let attribute = if attribute == "thingid" { "text" } else { attribute };
    let values = select(samples(attribute));
    prop_oneof![1 => Just(Value::Null), 5 => values].prop_map(move |it| (attribute, it))
}

/// A condition on an attribute, most of which a plan accepts.
pub(super) fn condition(attribute: &'static str) -> impl Strategy<Value = Condition> {
    let values = compared(attribute);
    select(OPERATORS.to_vec()).prop_flat_map(move |operator| {
        let count = match operator.name() {
            "null" | "not-null" => 0..=0,
            "between" => 2..=2,
            "in" | "not-in" => 0..=3,
            _ => 1..=1,
        };
        prop::collection::vec(select(values.clone()), count).prop_map(move |values| Condition {
            attribute: attribute.into(),
            operator,
            values,
        })
    })
}

const OPERATORS: [Operator; 16] = [
    Operator::Equal,
    Operator::NotEqual,
    Operator::LessThan,
    Operator::LessEqual,
    Operator::GreaterThan,
    Operator::GreaterEqual,
    Operator::Like,
    Operator::NotLike,
    Operator::In,
    Operator::NotIn,
    Operator::Null,
    Operator::NotNull,
    Operator::Between,
    Operator::BeginsWith,
    Operator::EndsWith,
    Operator::Contains,
];

/// With what an attribute is compared.
fn compared(attribute: &str) -> Vec<Value> {
    match attribute {
        "thingid" => ids().into_iter().map(Value::Id).collect(),
        "choices" => vec![Value::Choice(1), Value::Choice(2), Value::Choice(3)],
        "parties" => references().into_iter().map(Value::Lookup).collect(),
        "lookup" | "customer" | "owner" => {
            let mut all = samples(attribute);
            all.extend(ids().into_iter().map(Value::Id));
            all
        }
        "double" => {
            let mut all = samples(attribute);
            all.push(f64::NAN.into());
            all
        }
        "text" | "memo" | "entity" => {
            let mut all = samples(attribute);
            all.extend(["%", "_", "a%", "%Á", "%b_", ""].map(Value::from));
            all
        }
        "date" | "moment" => {
            let mut all = samples(attribute);
            let far = ["+12000-01-01", "-0044-03-15"];
            all.extend(far.map(|it| Value::Date(it.parse().unwrap())));
            all
        }
        _ => samples(attribute),
    }
}

fn ids() -> Vec<Uuid> {
    [0, 1, 2, 3, u128::MAX].map(Uuid::from_u128).to_vec()
}

fn references() -> Vec<EntityReference> {
    const NAMES: [&str; 4] = ["account", "contact", "thing", "elsewhere"];
    let of = |it: Uuid| NAMES.map(|name| EntityReference::new(name, it));
    ids().into_iter().flat_map(of).collect()
}

/// What an attribute may hold.
fn samples(attribute: &str) -> Vec<Value> {
    match attribute {
        "text" | "memo" | "entity" => texts(),
        "whole" | "big" => [0, 1, -1, 2, 10, i64::MIN, i64::MAX].map(Value::from).to_vec(),
        "decimal" | "money" => decimals(),
        "double" => {
            let all = [0.0, 1.0, -1.0, 0.1, 1e300, -1e300, f64::MIN_POSITIVE, f64::INFINITY];
            all.map(Value::from).to_vec()
        }
        "flag" => vec![true.into(), false.into()],
        "date" | "moment" => times(attribute == "date"),
        "choice" => [1, 2, -3, 10].map(Value::Choice).to_vec(),
        "choices" => {
            let all: [&[i32]; 6] = [&[], &[1], &[1, 2], &[2], &[1, 10], &[-1, 21]];
            all.map(|it| it.iter().copied().collect::<BTreeSet<_>>().into()).to_vec()
        }
        "lookup" | "customer" | "owner" => references().into_iter().map(Value::Lookup).collect(),
        "parties" => parties(),
        "identity" | "thingid" => ids().into_iter().map(Value::Id).collect(),
        _ => vec![
            Value::Bytes(Arc::from([])),
            Value::Bytes(Arc::from([0_u8, 255])),
            Value::Bytes(Arc::from(*b"12")),
            Value::Id(Uuid::from_u128(7)),
        ],
    }
}

fn texts() -> Vec<Value> {
    let all = [
        "a",
        "A",
        "á",
        "Á",
        "ab_",
        "AB%",
        "a\u{0}b",
        "ß",
        "ẞ",
        "ss",
        "İ",
        "i̇",
        "σας",
        "ΣΑΣ",
        "[",
        "\u{1f600}",
    ];
    all.map(Value::from).to_vec()
}

fn decimals() -> Vec<Value> {
    let all = [
        "0",
        "0.0",
        "1",
        "1.0",
        "1.00",
        "-1",
        "-1.5",
        "9",
        "10",
        "0.0000000001",
        "100000000000",
        "79228162514264337593543950335",
        "-79228162514264337593543950335",
        "7.9228162514264337593543950335",
        "0.1",
        "0.12",
    ];
    all.map(|it| Value::Decimal(it.parse::<Decimal>().unwrap())).to_vec()
}

fn times(are_dates: bool) -> Vec<Value> {
    if are_dates {
        let all = ["1753-01-01", "2026-01-31", "2026-02-01", "9999-12-31"];
        return all.map(|it| Value::Date(it.parse().unwrap())).to_vec();
    }
    let all = [
        "1753-01-01T00:00:00Z",
        "2026-01-31T09:00:00Z",
        "2026-01-31T09:00:00.5Z",
        "2026-01-31T09:00:00.50001Z",
        "2026-01-31T09:00:01Z",
        "9999-12-31T23:59:59Z",
    ];
    all.map(|it| Value::Moment(it.parse().unwrap())).to_vec()
}

fn parties() -> Vec<Value> {
    let party = |(it, participation)| Party { party: it, participation };
    let all: Vec<Party> = references().into_iter().zip([1, 2, -5]).map(party).collect();
    let twice = [all.clone(), all.clone()].concat();
    let some = [all.iter().take(1).cloned().collect(), all, twice];
    let mut values = some.map(|it: Vec<Party>| Value::Parties(it.into())).to_vec();
    values.push(Value::Parties(Arc::from([])));
    values
}
