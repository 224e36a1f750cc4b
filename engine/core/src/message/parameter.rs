//! Parameters: what a custom message takes and answers, and what steps leave for each other.

use std::collections::BTreeMap;
use std::fmt;

use crate::record::{EntityReference, Record, Value};

/// Parameters by name. Names are case-sensitive.
pub type Parameters = BTreeMap<String, Parameter>;

/// One parameter, or one shared variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A single value, a reference among them.
    Value(Value),
    /// A record.
    Record(Record),
    /// Several records.
    Records(Vec<Record>),
    /// Several references.
    References(Vec<EntityReference>),
    /// Several texts.
    Texts(Vec<String>),
}

crate::metadata::named! {
    /// The type of a custom message's parameter (M-72).
    pub enum ParameterType {
        /// Yes or no.
        Boolean = "Boolean",
        /// A date or a moment.
        DateTime = "DateTime",
        /// An exact number.
        Decimal = "Decimal",
        /// A record.
        Entity = "Entity",
        /// Several records.
        EntityCollection = "EntityCollection",
        /// A reference to a record.
        EntityReference = "EntityReference",
        /// A floating-point number.
        Float = "Float",
        /// A whole number.
        Integer = "Integer",
        /// An amount.
        Money = "Money",
        /// The number of an option.
        Picklist = "Picklist",
        /// A text.
        String = "String",
        /// Several texts.
        StringArray = "StringArray",
        /// An identity.
        Guid = "Guid",
    }
}

impl Parameter {
    /// The value, if it is a single one.
    pub fn as_value(&self) -> Option<&Value> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }

    /// The record, if it is one.
    pub fn as_record(&self) -> Option<&Record> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// The kind of parameter, in words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Value(value) => value.kind(),
            Self::Record(_) => "record",
            Self::Records(_) => "list of records",
            Self::References(_) => "list of lookups",
            Self::Texts(_) => "list of texts",
        }
    }
}

impl ParameterType {
    /// Whether a parameter has this type.
    pub(crate) fn fits(self, parameter: &Parameter) -> bool {
        match self {
            Self::Entity => matches!(parameter, Parameter::Record(_)),
            Self::EntityCollection => {
                matches!(parameter, Parameter::Records(_) | Parameter::References(_))
            }
            Self::StringArray => matches!(parameter, Parameter::Texts(_)),
            Self::Boolean
            | Self::DateTime
            | Self::Decimal
            | Self::EntityReference
            | Self::Float
            | Self::Integer
            | Self::Money
            | Self::Picklist
            | Self::String
            | Self::Guid => parameter.as_value().is_some_and(|it| self.holds(it)),
        }
    }

    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Boolean => matches!(value, Value::Boolean(_)),
            Self::DateTime => matches!(value, Value::Date(_) | Value::Moment(_)),
            Self::Decimal | Self::Money => value.as_decimal().is_some(),
            Self::EntityReference => matches!(value, Value::Lookup(_)),
            Self::Float => matches!(value, Value::Double(_)) || value.as_decimal().is_some(),
            Self::Integer => matches!(value, Value::WholeNumber(_)),
            Self::Picklist => value.as_choice().is_some(),
            Self::String => matches!(value, Value::Text(_)),
            Self::Guid => matches!(value, Value::Id(_)),
            Self::Entity | Self::EntityCollection | Self::StringArray => false,
        }
    }

    /// The value of an output that nobody set (M-63).
    pub(crate) fn default_value(self) -> Parameter {
        match self {
            Self::Boolean => Parameter::Value(false.into()),
            Self::Decimal | Self::Money => Parameter::Value(rust_decimal::Decimal::ZERO.into()),
            Self::Float => Parameter::Value(0.0.into()),
            Self::Integer => Parameter::Value(0_i64.into()),
            Self::StringArray => Parameter::Texts(Vec::new()),
            Self::EntityCollection => Parameter::Records(Vec::new()),
            Self::Guid => Parameter::Value(uuid::Uuid::nil().into()),
            Self::DateTime
            | Self::Entity
            | Self::EntityReference
            | Self::Picklist
            | Self::String => Parameter::Value(Value::Null),
        }
    }
}

impl<V: Into<Value>> From<V> for Parameter {
    fn from(value: V) -> Self {
        Self::Value(value.into())
    }
}

impl From<Record> for Parameter {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Record(record) => match record.reference() {
                Some(reference) => reference.fmt(f),
                None => record.entity().fmt(f),
            },
            Self::Records(records) => write!(f, "{} records", records.len()),
            Self::References(references) => f.debug_list().entries(references).finish(),
            Self::Texts(texts) => f.debug_list().entries(texts).finish(),
        }
    }
}
