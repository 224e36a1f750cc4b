//! Columns: where the values of an attribute are, and of what kind they are.

use rulegate::metadata::{AttributeType, DateTimeBehavior, Ordinal};
use rulegate::{LogicalName, Value};

/// What a column holds. One kind can serve several types of attributes, between which they may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Texts, compared without regard to case.
    Text,
    /// Whole numbers of 64 bits.
    WholeNumber,
    /// Exact numbers, with the digits that were written.
    Decimal,
    /// Floating-point numbers.
    Double,
    /// Yes or no.
    Boolean,
    /// Moments, in UTC.
    Moment,
    /// Dates without a time.
    Date,
    /// The number of an option.
    Choice,
    /// The numbers of several options.
    Choices,
    /// The identity at which a lookup points. A second column, of kind [`Name`](Self::Name), says of which
    /// entity it is.
    Reference,
    /// The people who take part in an activity.
    Parties,
    /// An identity.
    Identity,
    /// An image or a file, or the identity of one.
    Content,
    /// A logical name, compared letter by letter.
    Name,
}

/// The column of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The place of the attribute; `None` for the row version of an entity that has no attribute for it.
    pub place: Option<Ordinal>,
    /// Its name: the logical name of the attribute, but for the row version.
    pub name: LogicalName,
    /// What it holds.
    pub kind: ColumnKind,
}

impl ColumnKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Text,
        Self::WholeNumber,
        Self::Decimal,
        Self::Double,
        Self::Boolean,
        Self::Moment,
        Self::Date,
        Self::Choice,
        Self::Choices,
        Self::Reference,
        Self::Parties,
        Self::Identity,
        Self::Content,
        Self::Name,
    ];

    /// What the column of such an attribute holds; `None` where it has no column.
    pub fn of(kind: &AttributeType) -> Option<Self> {
        Some(match kind {
            AttributeType::Text { .. } | AttributeType::Memo { .. } | AttributeType::EntityName => {
                Self::Text
            }
            AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } => {
                Self::WholeNumber
            }
            AttributeType::Decimal { .. } | AttributeType::Money { .. } => Self::Decimal,
            AttributeType::Double { .. } => Self::Double,
            AttributeType::Boolean { .. } | AttributeType::ManagedProperty => Self::Boolean,
            AttributeType::DateTime { behavior: DateTimeBehavior::DateOnly, .. } => Self::Date,
            AttributeType::DateTime {
                behavior: DateTimeBehavior::UserLocal | DateTimeBehavior::TimeZoneIndependent,
                ..
            } => Self::Moment,
            AttributeType::Choice(_) | AttributeType::State(_) | AttributeType::Status(_) => {
                Self::Choice
            }
            AttributeType::MultiChoice(_) => Self::Choices,
            AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::Owner { .. } => Self::Reference,
            AttributeType::PartyList { .. } => Self::Parties,
            AttributeType::UniqueIdentifier => Self::Identity,
            AttributeType::Image { .. } | AttributeType::File { .. } => Self::Content,
            AttributeType::Virtual => return None,
        })
    }

    /// Its name, by which a database remembers what a column holds.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::WholeNumber => "whole number",
            Self::Decimal => "decimal",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Moment => "date and time",
            Self::Date => "date",
            Self::Choice => "option",
            Self::Choices => "options",
            Self::Reference => "lookup",
            Self::Parties => "parties",
            Self::Identity => "unique identifier",
            Self::Content => "bytes",
            Self::Name => "name",
        }
    }

    /// The kind of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether a column of this kind holds such a value, or null.
    pub fn holds(self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Text(_) => matches!(self, Self::Text | Self::Name),
            Value::WholeNumber(_) => self == Self::WholeNumber,
            Value::Decimal(_) => self == Self::Decimal,
            // INVARIANT: what is no number equals nothing, not even itself, and no attribute accepts it.
            Value::Double(it) => self == Self::Double && !it.is_nan(),
            Value::Boolean(_) => self == Self::Boolean,
            Value::Moment(_) => self == Self::Moment,
            Value::Date(_) => self == Self::Date,
            Value::Choice(_) => self == Self::Choice,
            Value::Choices(_) => self == Self::Choices,
            Value::Lookup(_) => self == Self::Reference,
            Value::Parties(_) => self == Self::Parties,
            Value::Id(_) => matches!(self, Self::Identity | Self::Content),
            Value::Bytes(_) => self == Self::Content,
        }
    }
}

impl Column {
    /// The name as it stands in a statement.
    pub(crate) fn quoted(&self) -> String {
        quote(&self.name)
    }

    /// The name of the column that says at which entity a lookup points, as it stands in a statement.
    pub(crate) fn quoted_type(&self) -> String {
        quote(&format!("{}$type", self.name))
    }
}

/// A name as it stands in a statement.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
