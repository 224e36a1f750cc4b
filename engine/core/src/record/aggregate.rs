//! Aggregates: what a query computes of the records that match, instead of the records themselves.

use crate::code::ErrorCode;
use crate::metadata::LogicalName;

/// A number that is computed of all records of a group. Nulls are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// How it is computed.
    pub function: AggregateFunction,
    /// Of which attribute, or `alias.attribute` of a link. A count of records looks at none.
    pub attribute: LogicalName,
    /// The name under which it comes.
    pub alias: LogicalName,
}

/// What the records of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBy {
    /// The attribute, or `alias.attribute` of a link. Null is a group of its own.
    pub attribute: LogicalName,
    /// The part of a date that counts, in UTC; the whole value where there is none.
    pub part: Option<DatePart>,
    /// The name under which it comes.
    pub alias: LogicalName,
}

crate::metadata::named! {
    /// How an aggregate is computed.
    pub enum AggregateFunction {
        /// How many records there are.
        Count = "count",
        /// How many of them have a value.
        CountColumn = "countcolumn",
        /// The sum: exact for all but floating-point numbers, and null of nothing.
        Sum = "sum",
        /// The average: of whole numbers without what is behind the point, of exact ones with ten digits there.
        Average = "avg",
        /// The least.
        Minimum = "min",
        /// The greatest.
        Maximum = "max",
    }
}

crate::metadata::named! {
    /// A part of a date.
    pub enum DatePart {
        /// The day of the month.
        Day = "day",
        /// The week of the year, from Sunday to Saturday; the first is that of January 1.
        Week = "week",
        /// The month of the year.
        Month = "month",
        /// The quarter of the year.
        Quarter = "quarter",
        /// The year.
        Year = "year",
    }
}

/// An aggregate that could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// Too many records match.
    #[error(
        "AggregateQueryRecordLimit exceeded. Cannot perform this operation. more than {limit} records \
         match: narrow the filter"
    )]
    TooManyRecords {
        /// The most that may match.
        limit: u32,
    },
    /// A sum is too large for its type.
    #[error("`{alias}`: the sum has more digits than its type holds; narrow the filter")]
    Overflow {
        /// The name of the aggregate.
        alias: LogicalName,
    },
}

impl Aggregate {
    /// Computes something of an attribute. It comes as `ATTRIBUTE_FUNCTION`, such as `revenue_sum`.
    pub fn new(function: AggregateFunction, attribute: impl Into<LogicalName>) -> Self {
        let attribute = attribute.into();
        let alias = format!("{}_{function}", attribute.replace('.', "_"));
        Self { function, attribute, alias: alias.into() }
    }

    /// Counts the records. It comes as `count`.
    pub fn count() -> Self {
        let function = AggregateFunction::Count;
        Self { function, attribute: "count".into(), alias: "count".into() }
    }

    /// Gives it another name.
    #[must_use]
    pub fn named(self, alias: impl Into<LogicalName>) -> Self {
        Self { alias: alias.into(), ..self }
    }
}

impl GroupBy {
    /// Puts records with the same value together. It comes under the name of the attribute.
    pub fn new(attribute: impl Into<LogicalName>) -> Self {
        let attribute = attribute.into();
        Self { alias: attribute.replace('.', "_").into(), attribute, part: None }
    }

    /// Puts records together whose dates have the same part.
    #[must_use]
    pub fn by(self, part: DatePart) -> Self {
        Self { part: Some(part), ..self }
    }

    /// Gives it another name.
    #[must_use]
    pub fn named(self, alias: impl Into<LogicalName>) -> Self {
        Self { alias: alias.into(), ..self }
    }
}

impl AggregateError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooManyRecords { .. } => ErrorCode::AggregateLimit,
            Self::Overflow { .. } => ErrorCode::InvalidQuery,
        }
    }
}
