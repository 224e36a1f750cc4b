//! Values of entity files: what a key may hold, as the types that hold it.

use std::ops::Range;

use rulegate::metadata::{
    AttributeSource, Cascade, DateTimeBehavior, DateTimeFormat, LogicalName, MenuBehavior,
    MenuGroup, NumberFormat, Ownership, PrecisionSource, RequiredLevel, TextFormat,
};
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeValue;
use uuid::Uuid;

/// What a key can hold.
pub(super) trait FromValue: Sized {
    /// All that it can be, where that is a list of words.
    fn words() -> Vec<&'static str> {
        Vec::new()
    }

    /// The value, or why it is none.
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch>;
}

/// A value that does not fit its key.
pub(super) struct Mismatch {
    pub(super) span: Range<usize>,
    /// Whether it is one of several that stand in a list.
    pub(super) is_in_list: bool,
    pub(super) fault: Fault,
}

/// Why a value does not fit its key.
pub(super) enum Fault {
    Type { expected: &'static str, found: &'static str },
    Value { expected: String },
    Word { found: String, allowed: Vec<&'static str> },
}

impl FromValue for String {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        text(value).map(str::to_owned)
    }
}

impl FromValue for LogicalName {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        text(value).map(Self::from)
    }
}

/// The name of an entity that nothing else checks.
pub(super) struct WellFormed(pub(super) LogicalName);

impl FromValue for WellFormed {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        let name = LogicalName::from_value(value)?;
        let expected = "a logical name, such as `account`";
        Some(name)
            .filter(LogicalName::is_well_formed)
            .map(Self)
            .ok_or_else(|| wrong_value(value, expected))
    }
}

impl FromValue for bool {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        value.get_ref().as_bool().ok_or_else(|| wrong_type(value, "true or false"))
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        let expected = "a UUID, such as `00000000-0000-0000-00aa-000010001903`";
        Self::parse_str(text(value)?).map_err(|_| wrong_value(value, expected))
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        let list = value.get_ref().as_array().ok_or_else(|| wrong_type(value, "a list"))?;
        let element = |it| T::from_value(it).map_err(|it| Mismatch { is_in_list: true, ..it });
        list.iter().map(element).collect()
    }
}

impl FromValue for [String; 2] {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        Vec::from_value(value)?
            .try_into()
            .map_err(|_| wrong_value(value, "a list of two texts, for false and for true"))
    }
}

impl FromValue for Decimal {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        let number = number(value, "a number, or a text such as `\"0.01\"`")?;
        let parsed = Self::from_str_exact(number);
        parsed
            .or_else(|_| Self::from_scientific(number))
            .map_err(|_| wrong_value(value, "a decimal number of at most 28 digits"))
    }
}

impl FromValue for f64 {
    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        let parsed = number(value, "a number")?.parse().ok();
        parsed
            .filter(|it: &Self| it.is_finite())
            .ok_or_else(|| wrong_value(value, "a finite number"))
    }
}

macro_rules! whole_numbers {
    ($($Type:ty),*) => { $(
        impl FromValue for $Type {
            fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
                let number = value.get_ref().as_integer();
                let number = number.ok_or_else(|| wrong_type(value, "a whole number"))?;
                Self::from_str_radix(number.as_str(), number.radix()).map_err(|_| {
                    let expected = format!("from {} to {}", Self::MIN, Self::MAX);
                    wrong_value(value, &expected)
                })
            }
        }
    )* };
}

macro_rules! words {
    ($($Type:ty),*) => { $(
        impl FromValue for $Type {
            fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|it| it.name()).collect()
            }

            fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
                word(value, Self::ALL, |it| it.name()).copied()
            }
        }
    )* };
}

whole_numbers!(u32, i32, i64);
words!(
    AttributeSource,
    Cascade,
    DateTimeBehavior,
    DateTimeFormat,
    MenuBehavior,
    MenuGroup,
    NumberFormat,
    Ownership,
    PrecisionSource,
    RequiredLevel,
    TextFormat
);

/// The one of a list that has the name which the text says.
pub(super) fn word<T>(
    value: &Spanned<DeValue<'_>>,
    all: &'static [T],
    name: impl Fn(&T) -> &'static str,
) -> Result<&'static T, Mismatch> {
    let word = text(value)?;
    all.iter().find(|it| name(it) == word).ok_or_else(|| {
        let allowed = all.iter().map(&name).collect();
        mismatch(value, Fault::Word { found: word.to_owned(), allowed })
    })
}

/// What kind of value it is, with its article.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The bytes of a text without its quotes.
pub(super) fn unquoted(source: &str, span: &Range<usize>) -> Range<usize> {
    let text = source.get(span.clone()).unwrap_or_default();
    let quotes = text.find(|it| it != '"' && it != '\'').unwrap_or(0);
    span.start + quotes..span.end.saturating_sub(quotes)
}

fn text<'v>(value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, Mismatch> {
    value.get_ref().as_str().ok_or_else(|| wrong_type(value, "a text"))
}

/// The digits of a number, which stands there as such or as a text.
fn number<'v>(
    value: &'v Spanned<DeValue<'_>>,
    expected: &'static str,
) -> Result<&'v str, Mismatch> {
    match value.get_ref() {
        DeValue::Integer(it) if it.radix() == 10 => Ok(it.as_str()),
        DeValue::Float(it) => Ok(it.as_str()),
        DeValue::String(it) => Ok(it),
        DeValue::Integer(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => Err(wrong_type(value, expected)),
    }
}

fn wrong_type(value: &Spanned<DeValue<'_>>, expected: &'static str) -> Mismatch {
    mismatch(value, Fault::Type { expected, found: kind_of(value.get_ref()) })
}

fn wrong_value(value: &Spanned<DeValue<'_>>, expected: &str) -> Mismatch {
    mismatch(value, Fault::Value { expected: expected.to_owned() })
}

fn mismatch(value: &Spanned<DeValue<'_>>, fault: Fault) -> Mismatch {
    Mismatch { span: value.span(), is_in_list: false, fault }
}
