//! Values as people type them: on a command line, in a form, in the address of a page.
//!
//! The type of the attribute says how a text is read. Whether the value is in range and short enough is
//! checked at the write, as for every other value.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use rulegate::message::{Parameter, ParameterType};
use rulegate::metadata::{AttributeMetadata, AttributeType, LogicalName, OptionSet, suggestion};
use rulegate::record::Party;
use rulegate::{EntityReference, Value};
use rust_decimal::Decimal;

const WHOLE_NUMBER: &str = "a whole number, such as `42`";
const DECIMAL: &str = "a decimal number, such as `12.50`";
const NUMBER: &str = "a number, such as `12.5`";
const BOOLEAN: &str = "`true` or `false`";
const DATE: &str = "a date, such as `2026-01-31` or `2026-01-31T09:00:00Z`";
const REFERENCE: &str = "a record, such as `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`";
const REFERENCES: &str =
    "records, such as `contact:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`, with commas";
const ID: &str = "an identity, such as `018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`";

/// A text that is no value of its attribute or parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextValueError {
    /// It has not the shape of such a value.
    #[error("`{name}` takes {expected}; `{text}` is none")]
    Shape {
        /// The attribute or parameter.
        name: String,
        /// What it takes, with an example.
        expected: &'static str,
        /// The text.
        text: String,
    },
    /// No option has that number, name or label.
    #[error("`{attribute}` has no option `{text}`{}; it has {options}", proposal(.suggestion.as_ref()))]
    UnknownOption {
        /// The attribute.
        attribute: LogicalName,
        /// The text.
        text: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
        /// The options there are, with their numbers.
        options: String,
    },
    /// Such values cannot be typed.
    #[error("`{name}` takes {kind}, which cannot be given as text")]
    NoText {
        /// The attribute or parameter.
        name: String,
        /// The kind of value.
        kind: &'static str,
    },
}

/// The value of an attribute that a text stands for. An empty text and `null` are null.
///
/// ```
/// use rulegate::metadata::{AttributeMetadata, AttributeType};
/// use rulegate_script::value_from_text;
///
/// let stage = AttributeType::choice([(1, "Open"), (2, "Won")]);
/// let stage = AttributeMetadata::new("stage", stage);
/// assert_eq!(value_from_text("Won", &stage), value_from_text("2", &stage));
///
/// let refused = value_from_text("Wonn", &stage).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "`stage` has no option `Wonn`, did you mean `Won`?; it has Open(1), Won(2)"
/// );
/// ```
pub fn value_from_text(text: &str, attribute: &AttributeMetadata) -> Result<Value, TextValueError> {
    if text.is_empty() || text == "null" {
        return Ok(Value::Null);
    }
    let name = &*attribute.logical_name;
    let typed = Typed { name, text: text.trim() };
    match &attribute.kind {
        AttributeType::Text { .. }
        | AttributeType::Memo { .. }
        | AttributeType::EntityName
        | AttributeType::Virtual => Ok(text.into()),
        AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } => {
            typed.parse(WHOLE_NUMBER).map(Value::WholeNumber)
        }
        AttributeType::Decimal { .. } | AttributeType::Money { .. } => typed.decimal(),
        AttributeType::Double { .. } => typed.double(),
        AttributeType::Boolean { labels, .. } => typed.boolean(labels),
        AttributeType::ManagedProperty => typed.boolean(&Default::default()),
        AttributeType::DateTime { .. } => typed.date(),
        AttributeType::Choice(set) | AttributeType::State(set) | AttributeType::Status(set) => {
            option(typed.text, attribute, set).map(Value::Choice)
        }
        AttributeType::MultiChoice(set) => {
            let numbers = typed.items().map(|it| option(it, attribute, set));
            Ok(Value::Choices(Arc::new(numbers.collect::<Result<BTreeSet<i32>, _>>()?)))
        }
        AttributeType::Lookup { targets }
        | AttributeType::Customer { targets }
        | AttributeType::Owner { targets } => typed.lookup(targets).map(Value::Lookup),
        AttributeType::PartyList { .. } => {
            let parties = typed.references()?.into_iter();
            Ok(Value::Parties(parties.map(|party| Party { party, participation: 0 }).collect()))
        }
        AttributeType::UniqueIdentifier => typed.parse(ID).map(Value::Id),
        AttributeType::Image { .. } | AttributeType::File { .. } => {
            Err(TextValueError::NoText { name: name.to_owned(), kind: "a picture or a file" })
        }
    }
}

/// The parameter of a message that a text stands for.
pub fn parameter_from_text(
    text: &str,
    name: &str,
    kind: ParameterType,
) -> Result<Parameter, TextValueError> {
    if text.is_empty() || text == "null" {
        return Ok(Parameter::Value(Value::Null));
    }
    let typed = Typed { name, text: text.trim() };
    let value = match kind {
        ParameterType::String => text.into(),
        ParameterType::Boolean => typed.boolean(&Default::default())?,
        ParameterType::DateTime => typed.date()?,
        ParameterType::Decimal | ParameterType::Money => typed.decimal()?,
        ParameterType::Float => typed.double()?,
        ParameterType::Integer => Value::WholeNumber(typed.parse(WHOLE_NUMBER)?),
        ParameterType::Picklist => Value::Choice(typed.parse(WHOLE_NUMBER)?),
        ParameterType::EntityReference => Value::Lookup(typed.reference()?),
        ParameterType::Guid => Value::Id(typed.parse(ID)?),
        ParameterType::EntityCollection => return typed.references().map(Parameter::References),
        ParameterType::StringArray => {
            return Ok(Parameter::Texts(typed.items().map(str::to_owned).collect()));
        }
        ParameterType::Entity => {
            return Err(TextValueError::NoText { name: name.to_owned(), kind: "a record" });
        }
    };
    Ok(Parameter::Value(value))
}

/// The record that `entity:identity` or `entity(identity)` stands for.
pub fn reference_from_text(text: &str) -> Option<EntityReference> {
    let text = text.trim();
    let (entity, id) = match text.split_once('(') {
        Some((entity, rest)) => (entity, rest.strip_suffix(')')?),
        None => text.split_once(':')?,
    };
    let entity = LogicalName::from(entity);
    let id = id.parse().ok()?;
    entity.is_well_formed().then(|| EntityReference::new(entity, id))
}

/// A text, and the name of what it should become a value of.
#[derive(Clone, Copy)]
struct Typed<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> Typed<'a> {
    fn parse<T: FromStr>(self, expected: &'static str) -> Result<T, TextValueError> {
        self.text.parse().map_err(|_| self.wrong(expected))
    }

    fn decimal(self) -> Result<Value, TextValueError> {
        let exact = Decimal::from_str_exact(self.text);
        let found = exact.or_else(|_| Decimal::from_scientific(self.text));
        found.map(Value::Decimal).map_err(|_| self.wrong(DECIMAL))
    }

    fn double(self) -> Result<Value, TextValueError> {
        let number: f64 = self.parse(NUMBER)?;
        if number.is_finite() { Ok(Value::Double(number)) } else { Err(self.wrong(NUMBER)) }
    }

    fn boolean(self, [no, yes]: &[String; 2]) -> Result<Value, TextValueError> {
        let is = |word: &str| !word.is_empty() && word.eq_ignore_ascii_case(self.text);
        if is("true") || is("1") || is(yes) {
            Ok(Value::Boolean(true))
        } else if is("false") || is("0") || is(no) {
            Ok(Value::Boolean(false))
        } else {
            Err(self.wrong(BOOLEAN))
        }
    }

    /// A date, or a moment: in UTC where the text names no offset.
    fn date(self) -> Result<Value, TextValueError> {
        let text = self.text;
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(Value::Date(date));
        }
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Value::Moment(moment.to_utc()));
        }
        let moment = text.parse::<NaiveDateTime>().ok().or_else(|| to_the_minute(text));
        moment.map(|it| Value::Moment(it.and_utc())).ok_or_else(|| self.wrong(DATE))
    }

    /// A reference; of a lookup that points at one entity alone, the identity is enough.
    fn lookup(self, targets: &[LogicalName]) -> Result<EntityReference, TextValueError> {
        if let ([target], Ok(id)) = (targets, self.text.parse()) {
            return Ok(EntityReference::new(target, id));
        }
        self.reference()
    }

    fn reference(self) -> Result<EntityReference, TextValueError> {
        reference_from_text(self.text).ok_or_else(|| self.wrong(REFERENCE))
    }

    fn references(self) -> Result<Vec<EntityReference>, TextValueError> {
        let found = self.items().map(reference_from_text);
        found.collect::<Option<_>>().ok_or_else(|| self.wrong(REFERENCES))
    }

    fn items(self) -> impl Iterator<Item = &'a str> {
        self.text.split(',').map(str::trim).filter(|it| !it.is_empty())
    }

    fn wrong(self, expected: &'static str) -> TextValueError {
        let (name, text) = (self.name.to_owned(), self.text.to_owned());
        TextValueError::Shape { name, expected, text }
    }
}

fn to_the_minute(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once(['T', ' '])?;
    let time = NaiveTime::parse_from_str(time, "%H:%M").or_else(|_| time.parse()).ok()?;
    Some(date.parse::<NaiveDate>().ok()?.and_time(time))
}

/// The number of an option that is given by number, name or label, in this order.
fn option(
    text: &str,
    attribute: &AttributeMetadata,
    set: &OptionSet,
) -> Result<i32, TextValueError> {
    if let Ok(number) = text.parse() {
        return Ok(number); // The write says which numbers there are.
    }
    let found = set.by_name(text).or_else(|| set.by_label(text));
    found.map(|it| it.value).ok_or_else(|| {
        let names = set.options.iter().map(|it| it.name.as_str());
        let options: Vec<String> =
            set.options.iter().map(|it| format!("{}({})", it.name, it.value)).collect();
        TextValueError::UnknownOption {
            attribute: attribute.logical_name.clone(),
            text: text.to_owned(),
            suggestion: suggestion(text, names).map(str::to_owned),
            options: options.join(", "),
        }
    })
}

fn proposal(suggestion: Option<&String>) -> String {
    suggestion.map_or_else(String::new, |it| format!(", did you mean `{it}`?"))
}
