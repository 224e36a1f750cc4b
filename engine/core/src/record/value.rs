//! Values: what an attribute of a record can hold.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::metadata::LogicalName;

/// What an attribute holds. Exhaustive on purpose: stores and scripts must know every kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: in an update, the wish to clear the attribute.
    Null,
    /// A string, a memo, or the name of an entity.
    Text(Arc<str>),
    /// A whole number or big integer.
    WholeNumber(i64),
    /// A decimal or an amount, exact.
    Decimal(Decimal),
    /// A floating-point number.
    Double(f64),
    /// Yes or no.
    Boolean(bool),
    /// A moment, in UTC.
    Moment(DateTime<Utc>),
    /// A date without a time.
    Date(NaiveDate),
    /// The number of an option: a choice, state or status.
    Choice(i32),
    /// The numbers of several options.
    Choices(Arc<BTreeSet<i32>>),
    /// A reference to a record: a lookup, customer or owner.
    Lookup(EntityReference),
    /// The people who take part in an activity.
    Parties(Arc<[Party]>),
    /// An identity.
    Id(Uuid),
    /// An image or a file.
    Bytes(Arc<[u8]>),
}

/// Points at a record, and holds none of its attributes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityReference {
    /// The logical name of the record's entity.
    pub entity: LogicalName,
    /// The record's identity.
    pub id: Uuid,
}

/// One who takes part in an activity (C-98).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Who it is.
    pub party: EntityReference,
    /// As what: 1 sender, 2 recipient, 5 required attendee, … (C-99).
    pub participation: i32,
}

impl Value {
    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The option's number, or the whole number, if it is one.
    pub fn as_choice(&self) -> Option<i32> {
        if let Self::Choice(value) = self {
            return Some(*value);
        }
        i32::try_from(self.as_whole_number()?).ok()
    }

    /// The exact number, if it is a decimal or a whole number.
    pub fn as_decimal(&self) -> Option<Decimal> {
        if let Self::Decimal(value) = self {
            return Some(*value);
        }
        Some(self.as_whole_number()?.into())
    }

    /// The whole number, if it is one.
    pub fn as_whole_number(&self) -> Option<i64> {
        if let Self::WholeNumber(value) = self { Some(*value) } else { None }
    }

    /// The flag, if it is one.
    pub fn as_boolean(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    /// The reference, if it is one.
    pub fn as_lookup(&self) -> Option<&EntityReference> {
        if let Self::Lookup(reference) = self { Some(reference) } else { None }
    }

    /// The identity at which it points or that it is: what an index over references holds.
    pub fn as_identity(&self) -> Option<Uuid> {
        if let Self::Id(id) = self {
            return Some(*id);
        }
        self.as_lookup().map(|it| it.id)
    }

    /// The kind of value, in words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text(_) => "text",
            Self::WholeNumber(_) => "whole number",
            Self::Decimal(_) => "decimal",
            Self::Double(_) => "double",
            Self::Boolean(_) => "boolean",
            Self::Moment(_) => "date and time",
            Self::Date(_) => "date",
            Self::Choice(_) => "option",
            Self::Choices(_) => "options",
            Self::Lookup(_) => "lookup",
            Self::Parties(_) => "parties",
            Self::Id(_) => "unique identifier",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl EntityReference {
    /// A reference to the record of that entity and identity.
    pub fn new(entity: impl Into<LogicalName>, id: Uuid) -> Self {
        Self { entity: entity.into(), id }
    }
}

impl fmt::Display for EntityReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.entity, self.id)
    }
}

impl fmt::Debug for EntityReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("–"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::WholeNumber(value) => value.fmt(f),
            Self::Decimal(value) => value.fmt(f),
            Self::Double(value) => value.fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::Moment(value) => value.format("%Y-%m-%dT%H:%M:%SZ").fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Choice(value) => value.fmt(f),
            Self::Choices(values) => list(f, values.iter()),
            Self::Lookup(reference) => reference.fmt(f),
            Self::Parties(parties) => list(f, parties.iter().map(|it| &it.party)),
            Self::Id(id) => id.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    let words: Vec<String> = items.map(|it| it.to_string()).collect();
    write!(f, "[{}]", words.join(", "))
}

/// Declares the obvious conversions.
macro_rules! from {
    ($($Type:ty => $convert:expr;)*) => {
        $(impl From<$Type> for Value {
            fn from(value: $Type) -> Self {
                let convert: fn($Type) -> Self = $convert;
                convert(value)
            }
        })*
    };
}

from! {
    &str => |it| Self::Text(it.into());
    String => |it| Self::Text(it.into());
    i64 => Self::WholeNumber;
    i32 => |it| Self::WholeNumber(it.into());
    f64 => Self::Double;
    bool => Self::Boolean;
    Decimal => Self::Decimal;
    DateTime<Utc> => Self::Moment;
    NaiveDate => Self::Date;
    EntityReference => Self::Lookup;
    &EntityReference => |it| Self::Lookup(it.clone());
    Uuid => Self::Id;
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
