//! Random records, and the messages that carry them.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, Datelike, NaiveDate};
use rulegate::message::{Associate, Create, Delete, Disassociate, Link, Update};
use rulegate::{Catalog, EntityReference, Record, Request, Value, bootstrap};
use rust_decimal::Decimal;

use super::catalog::{ATTRIBUTES, Attribute, THING, THING_ACCOUNTS, identity, record};
use super::choices::Choices;
use super::kind::Kind;
use super::rule::Rule;

/// The records that are there before the first message: of things, accounts and children.
pub(crate) const THINGS: usize = 3;
pub(crate) const ACCOUNTS: usize = 2;
pub(crate) const CHILDREN: usize = 4;

/// Some attributes with values.
pub(crate) type Row = Vec<(&'static str, Value)>;

/// The messages that are played on a rule, and the things that are there before.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    pub(crate) things: Vec<Row>,
    pub(crate) asks: Vec<Ask>,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) what: What,
    /// Whether somebody listens.
    pub(crate) is_traced: bool,
}

/// What a message does: things by their number.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Create(Row),
    Update(usize, Row),
    Delete(usize),
    /// Whether it is taken away, the thing, and the account.
    Link(bool, usize, usize),
}

impl Play {
    /// So many messages that the rule hears.
    pub(crate) fn random(choices: &mut Choices, rule: &Rule, count: usize) -> Self {
        let things = (0..THINGS).map(|_| row(choices, rule, 60)).collect();
        let mut asks = Vec::new();
        for _ in 0..count {
            let mark = choices.open();
            let goes_on = choices.chance(99);
            if goes_on {
                asks.push(Ask::random(choices, rule));
            }
            choices.close(mark);
            if !goes_on && asks.len() * 4 >= count {
                break;
            }
        }
        Self { things, asks }
    }
}

impl Ask {
    fn random(choices: &mut Choices, rule: &Rule) -> Self {
        let message = *choices.pick(rule.scene.messages);
        let what = match message {
            "Create" => What::Create(row(choices, rule, 75)),
            "Update" => What::Update(choices.below(THINGS), row(choices, rule, 45)),
            "Delete" => What::Delete(choices.below(THINGS)),
            _ => {
                let is_taken = message == "Disassociate";
                What::Link(is_taken, choices.below(THINGS), choices.below(ACCOUNTS))
            }
        };
        Self { what, is_traced: !choices.chance(10) }
    }
}

impl What {
    /// The message itself.
    pub(crate) fn request(&self, catalog: &Catalog) -> Request {
        let link = |thing: usize, account: usize| {
            Link::new(record(THING, thing), THING_ACCOUNTS, [record("account", account)])
        };
        match self {
            Self::Create(row) => Create::new(filled(catalog, None, row)).into(),
            Self::Update(thing, row) => Update::new(filled(catalog, Some(*thing), row)).into(),
            Self::Delete(thing) => Delete::new(record(THING, *thing)).into(),
            Self::Link(true, thing, account) => {
                Disassociate { link: link(*thing, *account) }.into()
            }
            Self::Link(false, thing, account) => Associate { link: link(*thing, *account) }.into(),
        }
    }

    /// The message in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Create(row) => format!("Create thing{}", words(row)),
            Self::Update(thing, row) => format!("Update thing {thing}{}", words(row)),
            Self::Delete(thing) => format!("Delete thing {thing}"),
            Self::Link(true, thing, account) => {
                format!("Disassociate thing {thing} from account {account}")
            }
            Self::Link(false, thing, account) => {
                format!("Associate thing {thing} with account {account}")
            }
        }
    }
}

/// The values of a row in words.
pub(crate) fn words(row: &Row) -> String {
    let mut text = String::new();
    for (name, value) in row {
        let _ = write!(text, " {name}={value:?}");
    }
    text
}

/// A thing with these values.
pub(crate) fn filled(catalog: &Catalog, index: Option<usize>, row: &Row) -> Record {
    let entity = catalog.entity(THING).unwrap();
    let record = match index {
        Some(index) => Record::of(entity, identity(THING, index)),
        None => Record::new(entity),
    };
    row.iter().fold(record, |it, (name, value)| it.with(name, value.clone()).unwrap())
}

/// Values for some attributes: of so many in a hundred.
fn row(choices: &mut Choices, rule: &Rule, percent: usize) -> Row {
    let mut row = Row::new();
    for attribute in ATTRIBUTES.iter().filter(|it| it.is_set) {
        if !choices.chance(percent) {
            continue;
        }
        let value = match choices.weighted(&[50, 38, 12]) {
            0 => value(choices, attribute),
            1 => mentioned(choices, rule, attribute).unwrap_or_else(|| value(choices, attribute)),
            _ if attribute.name == "ownerid" => value(choices, attribute),
            _ => Value::Null,
        };
        // What the engine refuses anyhow shows little of the rule.
        if fits(attribute.name, &value) || choices.chance(6) {
            row.push((attribute.name, value));
        }
    }
    row
}

/// A value that the rule mentions.
fn mentioned(choices: &mut Choices, rule: &Rule, attribute: &Attribute) -> Option<Value> {
    let same = rule.mentioned.iter().filter(|it| it.0 == attribute.kind);
    let texts: Vec<&str> = same.map(|it| it.1.as_str()).collect();
    if texts.is_empty() {
        return None;
    }
    let text = *choices.pick(&texts);
    let plain = text.trim_matches(['(', ')']).replace('_', "");
    let quoted = || text.split('"').nth(1).filter(|it| !it.contains('\\'));
    match attribute.kind {
        Kind::Whole => plain.parse::<i64>().ok().map(Value::from),
        Kind::Decimal => plain.parse::<Decimal>().ok().map(Value::from),
        Kind::Text => quoted().map(Value::from),
        Kind::Date => quoted()?.parse::<NaiveDate>().ok().map(Value::from),
        Kind::Moment => {
            DateTime::parse_from_rfc3339(quoted()?).ok().map(|it| Value::from(it.to_utc()))
        }
        Kind::Option => option(text),
        Kind::Flag => plain.parse::<bool>().ok().map(Value::from),
        Kind::Double
        | Kind::Char
        | Kind::Options
        | Kind::Lookup
        | Kind::Wholes
        | Kind::Texts
        | Kind::Record
        | Kind::Map => None,
    }
}

/// Whether the attribute can hold the value.
fn fits(attribute: &str, value: &Value) -> bool {
    let is_whole =
        |low: i64, high: i64| value.as_whole_number().is_none_or(|it| (low..=high).contains(&it));
    let is_short = |most: usize| value.as_text().is_none_or(|it| it.chars().count() <= most);
    let is_small =
        || value.as_decimal().is_none_or(|it| it.abs() <= Decimal::from(99_999_999_999_i64));
    match attribute {
        "small" => is_whole(0, 100),
        "whole" => is_whole(i32::MIN.into(), i32::MAX.into()),
        "name" => is_short(40),
        "code" => is_short(10),
        "ratio" => is_small(),
        "amount" => {
            value.as_decimal().is_none_or(|it| it.abs() <= Decimal::from(922_337_203_685_477_i64))
        }
        "score" => !matches!(value, Value::Double(it) if !it.is_finite()),
        "day" => !matches!(value, Value::Date(it) if it.year() < 1753),
        _ => true,
    }
}

fn option(constant: &str) -> Option<Value> {
    let value = match constant {
        "thing::rating::Hot" => 1,
        "thing::rating::Warm" => 2,
        "thing::rating::Cold" => 300_000_000,
        _ => return None,
    };
    Some(Value::Choice(value))
}

/// A value of the attribute's kind, the ordinary ones first.
fn value(choices: &mut Choices, attribute: &Attribute) -> Value {
    const WHOLES: [i64; 12] = [0, 1, 5, 10, -1, 42, 100, 7, 99, 2_147_483_647, -2_147_483_648, 101];
    const BIG: [i64; 8] = [0, 1, -1, i64::MAX, i64::MIN, i64::MAX - 1, 4_294_967_296, 3];
    const DECIMALS: [&str; 9] =
        ["0", "1.00", "0.1", "99.99", "-0.5", "100000", "2.675", "0.0001", "922337203685477"];
    const DOUBLES: [f64; 12] = [
        0.0,
        1.0,
        0.3,
        0.1 + 0.2,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        1e-8,
        -2.5,
        100.0,
        99_999_999_999.0,
        1.000_000_000_000_000_2,
    ];
    const TEXTS: [&str; 10] =
        ["", "a", "Acme", "  padded ", "Ünï 🚀", "a\0b", "12", "Hot", "2026-01-31", "A b c"];
    match attribute.kind {
        Kind::Whole if attribute.name == "big" => (*choices.pick(&BIG)).into(),
        Kind::Whole => (*choices.pick(&WHOLES)).into(),
        Kind::Decimal => choices.pick(&DECIMALS).parse::<Decimal>().map_or(Value::Null, Into::into),
        Kind::Double => (*choices.pick(&DOUBLES)).into(),
        Kind::Flag => choices.chance(50).into(),
        Kind::Text if choices.chance(1) => "long ".repeat(7_000).into(),
        Kind::Date => choices
            .pick(&["2026-03-04", "2024-02-29", "2026-01-31", "1999-12-31"])
            .parse::<NaiveDate>()
            .map_or(Value::Null, Into::into),
        Kind::Moment => Value::Moment(
            choices
                .pick(&["2026-03-04T05:06:07Z", "2026-03-04T00:00:00Z", "1999-12-31T23:59:59Z"])
                .parse()
                .unwrap(),
        ),
        Kind::Option => Value::Choice(*choices.pick(&[1, 2, 300_000_000])),
        Kind::Options => {
            let all = [1, 2, 4].into_iter().filter(|_| choices.chance(50));
            Value::from(all.collect::<BTreeSet<i32>>())
        }
        Kind::Lookup => lookup(choices, attribute.name).into(),
        Kind::Text | Kind::Char | Kind::Wholes | Kind::Texts | Kind::Record | Kind::Map => {
            (*choices.pick(&TEXTS)).into()
        }
    }
}

fn lookup(choices: &mut Choices, attribute: &str) -> EntityReference {
    match attribute {
        "ownerid" => {
            let users = [bootstrap::DEFAULT_USER, bootstrap::SYSTEM_USER];
            EntityReference::new("systemuser", *choices.pick(&users))
        }
        "customerid" if choices.chance(40) => record("contact", 0),
        "parentid" if choices.chance(30) => record(THING, choices.below(THINGS)),
        // Seldom, at nothing.
        _ if choices.chance(3) => record("account", ACCOUNTS),
        _ => record("account", choices.below(ACCOUNTS)),
    }
}
