//! Validation: whether a value fits its attribute, and the form in which it is stored.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc};
use rust_decimal::prelude::FromPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{EntityReference, Party, Value};
use crate::code::ErrorCode;
use crate::metadata::{
    AttributeMetadata, AttributeType, DateTimeBehavior, LogicalName, OptionSet, PrecisionSource,
};

/// The first and last years that a date can have (C-35).
const YEARS: std::ops::RangeInclusive<i32> = 1753..=9999;

/// As what somebody can take part in an activity; 0 for whoever does not say (C-99).
const PARTICIPATION: std::ops::RangeInclusive<i32> = 0..=12;

/// The attributes whose parties all take part as one thing (C-99).
const PARTICIPATIONS: [(&str, i32); 9] = [
    ("from", 1),
    ("to", 2),
    ("cc", 3),
    ("bcc", 4),
    ("requiredattendees", 5),
    ("optionalattendees", 6),
    ("organizer", 7),
    ("resources", 10),
    ("customers", 11),
];

/// A value that does not fit its attribute.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// It is of another type.
    #[error("`{attribute}` takes a {expected}, and got the {found} {value}")]
    WrongType {
        /// The attribute.
        attribute: LogicalName,
        /// What it takes.
        expected: &'static str,
        /// What it got.
        found: &'static str,
        /// The value.
        value: String,
    },
    /// It has too many characters.
    #[error("`{attribute}` takes at most {max} characters, and got {found}")]
    TooLong {
        /// The attribute.
        attribute: LogicalName,
        /// The most characters.
        max: u32,
        /// The characters it got.
        found: usize,
    },
    /// It is too small or too great.
    #[error("`{attribute}` takes numbers from {min} to {max}, and got {value}")]
    OutOfRange {
        /// The attribute.
        attribute: LogicalName,
        /// The least value.
        min: String,
        /// The greatest value.
        max: String,
        /// The value.
        value: String,
        /// Whether the attribute holds whole numbers.
        is_whole: bool,
    },
    /// No option has that number.
    #[error("`{attribute}` has no option {value}; it has {options}")]
    UnknownOption {
        /// The attribute.
        attribute: LogicalName,
        /// The number.
        value: i32,
        /// The options there are.
        options: String,
    },
    /// It is no date that can be stored.
    #[error("`{attribute}` takes dates from 1753-01-01 to 9999-12-31, and got {value}")]
    InvalidDate {
        /// The attribute.
        attribute: LogicalName,
        /// The value.
        value: String,
    },
    /// A lookup cannot point there.
    #[error("`{attribute}` points at {targets}, and got a record of `{found}`")]
    WrongTarget {
        /// The attribute.
        attribute: LogicalName,
        /// The entities at which it may point.
        targets: String,
        /// The entity at which it should point.
        found: LogicalName,
        /// What kind of lookup it is.
        code: ErrorCode,
    },
    /// It must have a value and would lose it. The text is Dataverse's, on which clients match (C-26).
    #[error("Attribute: {attribute} cannot be set to NULL")]
    RequiredNull {
        /// The entity.
        entity: LogicalName,
        /// The attribute.
        attribute: LogicalName,
    },
    /// It must have a value and got none.
    #[error("a new `{entity}` needs `{attribute}`")]
    RequiredMissing {
        /// The entity.
        entity: LogicalName,
        /// The attribute.
        attribute: LogicalName,
    },
}

/// The digits after the point of amounts whose attribute leaves them to others (C-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyPrecision {
    /// What the organization says.
    pub organization: u32,
    /// What the record's currency says.
    pub currency: u32,
}

/// Checks a value against its attribute, and answers the form in which it is stored: rounded to
/// precision (C-32), an empty text as null (C-14), a date without its time (C-122).
pub fn check_value(
    value: Value,
    attribute: &AttributeMetadata,
    money: MoneyPrecision,
) -> Result<Value, ValueError> {
    if value.is_null() {
        return Ok(value);
    }
    let check = Check { attribute };
    match &attribute.kind {
        AttributeType::Text { max_length, .. } | AttributeType::Memo { max_length, .. } => {
            check.text(value, *max_length)
        }
        AttributeType::EntityName => check.text(value, u32::MAX),
        AttributeType::WholeNumber { min, max, .. } | AttributeType::BigInteger { min, max } => {
            check.whole_number(value, *min, *max)
        }
        AttributeType::Decimal { min, max, precision } => {
            check.decimal(&value, [*min, *max], *precision)
        }
        AttributeType::Money { min, max, precision, precision_source, base_of } => {
            let precision = match precision_source {
                // C-85: a worth in base currency has the digits that its attribute says.
                PrecisionSource::Currency if base_of.is_some() => *precision,
                PrecisionSource::Attribute => *precision,
                PrecisionSource::Organization => money.organization,
                PrecisionSource::Currency => money.currency,
            };
            check.decimal(&value, [*min, *max], precision)
        }
        AttributeType::Double { min, max, precision } => {
            check.double(&value, [*min, *max], *precision)
        }
        AttributeType::Boolean { .. } | AttributeType::ManagedProperty => {
            let fits = matches!(value, Value::Boolean(_));
            check.kept(value, fits, "boolean")
        }
        AttributeType::DateTime { behavior, .. } => check.date_time(&value, *behavior),
        AttributeType::Choice(set) | AttributeType::State(set) | AttributeType::Status(set) => {
            check.choice(&value, set)
        }
        AttributeType::MultiChoice(set) => check.choices(value, set),
        AttributeType::Lookup { targets } => {
            check.reference(value, targets, ErrorCode::WrongTarget)
        }
        AttributeType::Customer { targets } => {
            check.reference(value, targets, ErrorCode::InvalidCustomer)
        }
        AttributeType::Owner { targets } => {
            check.reference(value, targets, ErrorCode::InvalidOwner)
        }
        AttributeType::PartyList { targets } => check.parties(&value, targets),
        AttributeType::UniqueIdentifier => {
            let fits = matches!(value, Value::Id(_));
            check.kept(value, fits, "unique identifier")
        }
        AttributeType::Image { .. } | AttributeType::File { .. } => {
            let fits = matches!(value, Value::Bytes(_) | Value::Id(_));
            check.kept(value, fits, "picture or file")
        }
        AttributeType::Virtual => Ok(value),
    }
}

struct Check<'a> {
    attribute: &'a AttributeMetadata,
}

impl Check<'_> {
    fn name(&self) -> LogicalName {
        self.attribute.logical_name.clone()
    }

    /// The value as it is, where it fits.
    fn kept(&self, value: Value, fits: bool, expected: &'static str) -> Result<Value, ValueError> {
        if fits { Ok(value) } else { Err(self.wrong_type(expected, &value)) }
    }

    fn text(&self, value: Value, max: u32) -> Result<Value, ValueError> {
        let Value::Text(text) = &value else { return Err(self.wrong_type("text", &value)) };
        if text.is_empty() {
            return Ok(Value::Null);
        }
        // Bytes are at least as many as characters: most texts need no count.
        let found = if text.len() <= max as usize { 0 } else { text.chars().count() };
        if (max as usize) < found {
            return Err(ValueError::TooLong { attribute: self.name(), max, found });
        }
        Ok(value)
    }

    fn whole_number(&self, value: Value, min: i64, max: i64) -> Result<Value, ValueError> {
        let Value::WholeNumber(number) = value else {
            return Err(self.wrong_type("whole number", &value));
        };
        if number < min || max < number {
            return Err(self.out_of_range(&[min, max], &number, true));
        }
        Ok(value)
    }

    fn decimal(
        &self,
        value: &Value,
        [min, max]: [Decimal; 2],
        precision: u32,
    ) -> Result<Value, ValueError> {
        let number = if let Value::Double(number) = value {
            Decimal::from_f64(*number)
        } else {
            value.as_decimal()
        };
        let number = number.ok_or_else(|| self.wrong_type("decimal number", value))?;
        let rounded =
            number.round_dp_with_strategy(precision, RoundingStrategy::MidpointAwayFromZero);
        if rounded < min || max < rounded {
            return Err(self.out_of_range(&[min, max], &rounded, false));
        }
        Ok(Value::Decimal(rounded))
    }

    fn double(
        &self,
        value: &Value,
        [min, max]: [f64; 2],
        precision: u32,
    ) -> Result<Value, ValueError> {
        let number = if let Value::Double(number) = value {
            Some(*number)
        } else {
            value.as_decimal().and_then(|it| f64::try_from(it).ok())
        };
        let number = number.ok_or_else(|| self.wrong_type("number", value))?;
        if !(min..=max).contains(&number) {
            return Err(self.out_of_range(&[min, max], &number, false));
        }
        let scale = 10_f64.powi(i32::try_from(precision).unwrap_or(0));
        let rounded = (number * scale).round() / scale;
        // A negative zero becomes zero: not every store tells the two apart.
        Ok(Value::Double(if rounded.is_finite() { rounded } else { number } + 0.0))
    }

    fn date_time(&self, value: &Value, behavior: DateTimeBehavior) -> Result<Value, ValueError> {
        let (date, moment) = if let Value::Date(date) = value {
            (*date, midnight(*date))
        } else if let Value::Moment(moment) = value {
            (moment.date_naive(), to_the_second(*moment))
        } else {
            return Err(self.wrong_type("date", value));
        };
        if !YEARS.contains(&date.year()) {
            let value = value.to_string();
            return Err(ValueError::InvalidDate { attribute: self.name(), value });
        }
        Ok(match behavior {
            DateTimeBehavior::DateOnly => Value::Date(date),
            DateTimeBehavior::UserLocal | DateTimeBehavior::TimeZoneIndependent => {
                Value::Moment(moment)
            }
        })
    }

    fn choice(&self, value: &Value, set: &OptionSet) -> Result<Value, ValueError> {
        let number = value.as_choice().ok_or_else(|| self.wrong_type("option", value))?;
        self.option(number, set).map(Value::Choice)
    }

    fn choices(&self, value: Value, set: &OptionSet) -> Result<Value, ValueError> {
        let Value::Choices(numbers) = &value else {
            return Err(self.wrong_type("list of options", &value));
        };
        for number in numbers.iter() {
            self.option(*number, set)?;
        }
        Ok(if numbers.is_empty() { Value::Null } else { value })
    }

    fn option(&self, value: i32, set: &OptionSet) -> Result<i32, ValueError> {
        if set.by_value(value).is_some() {
            return Ok(value);
        }
        let options: Vec<String> =
            set.options.iter().map(|it| format!("{} ({})", it.value, it.name)).collect();
        let options = options.join(", ");
        Err(ValueError::UnknownOption { attribute: self.name(), value, options })
    }

    fn reference(
        &self,
        value: Value,
        targets: &[LogicalName],
        code: ErrorCode,
    ) -> Result<Value, ValueError> {
        let Value::Lookup(reference) = &value else {
            return Err(self.wrong_type("lookup", &value));
        };
        self.target(reference, targets, code)?;
        Ok(value)
    }

    /// Who takes part, and as what: the attribute says so, where it has one of the platform's names (C-99).
    fn parties(&self, value: &Value, targets: &[LogicalName]) -> Result<Value, ValueError> {
        let Value::Parties(parties) = value else {
            return Err(self.wrong_type("list of parties", value));
        };
        let name = self.attribute.logical_name.as_str();
        let own = PARTICIPATIONS.iter().find(|(it, _)| *it == name).map(|(_, it)| *it);
        let mut checked = Vec::with_capacity(parties.len());
        for it in parties.iter() {
            self.target(&it.party, targets, ErrorCode::WrongTarget)?;
            let participation = own.unwrap_or(it.participation);
            if !PARTICIPATION.contains(&participation) {
                let options = "1 (sender) to 12 (chat participant)".to_owned();
                let (attribute, value) = (self.name(), participation);
                return Err(ValueError::UnknownOption { attribute, value, options });
            }
            checked.push(Party { party: it.party.clone(), participation });
        }
        Ok(if checked.is_empty() { Value::Null } else { Value::Parties(checked.into()) })
    }

    fn target(
        &self,
        reference: &EntityReference,
        targets: &[LogicalName],
        code: ErrorCode,
    ) -> Result<(), ValueError> {
        if targets.contains(&reference.entity) {
            return Ok(());
        }
        let names: Vec<String> = targets.iter().map(|it| format!("`{it}`")).collect();
        let (targets, found) = (names.join(", "), reference.entity.clone());
        Err(ValueError::WrongTarget { attribute: self.name(), targets, found, code })
    }

    fn wrong_type(&self, expected: &'static str, value: &Value) -> ValueError {
        let (found, value) = (value.kind(), value.to_string());
        ValueError::WrongType { attribute: self.name(), expected, found, value }
    }

    fn out_of_range<N: ToString>(&self, range: &[N; 2], value: &N, is_whole: bool) -> ValueError {
        let [min, max] = range.each_ref().map(ToString::to_string);
        let value = value.to_string();
        ValueError::OutOfRange { attribute: self.name(), min, max, value, is_whole }
    }
}

impl ValueError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::WrongType { .. } => ErrorCode::WrongType,
            Self::TooLong { .. } => ErrorCode::TooLong,
            Self::OutOfRange { is_whole: true, .. } => ErrorCode::NumberOutOfRange,
            Self::OutOfRange { is_whole: false, .. } => ErrorCode::DecimalOutOfRange,
            Self::UnknownOption { .. } => ErrorCode::UnknownOption,
            Self::InvalidDate { .. } => ErrorCode::InvalidDate,
            Self::WrongTarget { code, .. } => *code,
            Self::RequiredNull { .. } => ErrorCode::RequiredNull,
            Self::RequiredMissing { .. } => ErrorCode::RequiredMissing,
        }
    }
}

/// Stored moments have whole seconds (C-125).
fn to_the_second(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.with_nanosecond(0).unwrap_or(moment)
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

impl From<std::collections::BTreeSet<i32>> for Value {
    fn from(options: std::collections::BTreeSet<i32>) -> Self {
        Self::Choices(Arc::new(options))
    }
}
