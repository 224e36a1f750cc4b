//! Values on their way into Rhai and back.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rhai::{Array, Dynamic, FLOAT, INT, ImmutableString, Map};
use rulegate::message::Parameter;
use rulegate::metadata::{AttributeMetadata, AttributeType, EntityMetadata, Ordinal};
use rulegate::record::Party;
use rulegate::{EntityReference, Record, Value};
use rust_decimal::Decimal;

use super::context::ContextHandle;
use super::error::{Raise, Raised};
use super::frame::{self, RecordHandle};
use super::option::OptionValue;

/// The value of an attribute as scripts see it; absent and null are `()`.
pub(crate) fn to_dynamic(
    value: Option<&Value>,
    entity: &Arc<EntityMetadata>,
    ordinal: Ordinal,
) -> Dynamic {
    let option = |value: i32| Dynamic::from(OptionValue::new(entity, ordinal, value));
    match value {
        Some(Value::Choice(value)) => option(*value),
        Some(Value::Choices(values)) => {
            values.iter().map(|it| option(*it)).collect::<Array>().into()
        }
        Some(value) => plain(value),
        None => Dynamic::UNIT,
    }
}

/// A value without an attribute, such as a parameter.
pub(crate) fn plain(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Text(text) => Dynamic::from(ImmutableString::from(&**text)),
        Value::WholeNumber(value) => Dynamic::from(*value),
        Value::Decimal(value) => Dynamic::from_decimal(*value),
        Value::Double(value) => Dynamic::from(*value),
        Value::Boolean(value) => Dynamic::from(*value),
        Value::Moment(value) => Dynamic::from(*value),
        Value::Date(value) => Dynamic::from(*value),
        Value::Choice(value) => Dynamic::from(INT::from(*value)),
        Value::Choices(values) => {
            values.iter().map(|it| Dynamic::from(INT::from(*it))).collect::<Array>().into()
        }
        Value::Lookup(reference) => Dynamic::from(reference.clone()),
        Value::Parties(parties) => parties.iter().map(party).collect::<Array>().into(),
        Value::Id(id) => id.to_string().into(),
        Value::Bytes(bytes) => Dynamic::from_blob(bytes.to_vec()),
    }
}

fn party(party: &Party) -> Dynamic {
    let mut map = Map::new();
    map.insert("party".into(), Dynamic::from(party.party.clone()));
    map.insert("participation".into(), INT::from(party.participation).into());
    map.into()
}

/// What a script wants an attribute to be. Whether it fits in range and length is checked at the write.
pub(crate) fn to_value(dynamic: &Dynamic, attribute: &AttributeMetadata) -> Raised<Value> {
    if dynamic.is_unit() {
        return Ok(Value::Null);
    }
    let converted = match &attribute.kind {
        AttributeType::DateTime { .. } => date(dynamic),
        AttributeType::UniqueIdentifier => identity(dynamic)?,
        AttributeType::Choice(set) | AttributeType::State(set) | AttributeType::Status(set) => {
            let named = || text(dynamic).and_then(|it| Some(set.by_name(&it)?.value));
            number(dynamic).or_else(named).map(Value::Choice)
        }
        AttributeType::MultiChoice(_) => choices(dynamic),
        AttributeType::PartyList { .. } => parties(dynamic)?,
        AttributeType::Lookup { .. }
        | AttributeType::Customer { .. }
        | AttributeType::Owner { .. } => reference(dynamic)?.map(Value::Lookup),
        AttributeType::Text { .. }
        | AttributeType::Memo { .. }
        | AttributeType::WholeNumber { .. }
        | AttributeType::BigInteger { .. }
        | AttributeType::Decimal { .. }
        | AttributeType::Double { .. }
        | AttributeType::Money { .. }
        | AttributeType::Boolean { .. }
        | AttributeType::EntityName
        | AttributeType::Image { .. }
        | AttributeType::File { .. }
        | AttributeType::Virtual
        | AttributeType::ManagedProperty => from_plain(dynamic),
    };
    converted.ok_or_else(|| {
        let (name, kind) = (&attribute.logical_name, attribute.kind.name());
        let hint = if let AttributeType::DateTime { .. } = attribute.kind {
            "; write it as `date(\"2026-01-31\")`"
        } else if attribute.kind.is_reference() {
            "; hand it a record, or what `create` answered"
        } else {
            ""
        };
        Raise::text(format!("`{name}` is a {kind} and cannot hold the {}{hint}", describe(dynamic)))
    })
}

/// About how many bytes a record holds.
pub(crate) fn record_bytes(record: &Record) -> usize {
    /// Its entity, identity and version.
    const FRAME: usize = 128;
    record.iter().fold(FRAME, |sum, (_, value)| sum.saturating_add(bytes(value)))
}

/// About how many bytes a value of a record holds.
pub(crate) fn bytes(value: &Value) -> usize {
    let beside = match value {
        Value::Text(text) => text.len(),
        Value::Choices(values) => values.len() * size_of::<Value>(),
        Value::Parties(parties) => parties.len() * size_of::<Party>(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Null
        | Value::WholeNumber(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::Boolean(_)
        | Value::Moment(_)
        | Value::Date(_)
        | Value::Choice(_)
        | Value::Lookup(_)
        | Value::Id(_) => 0,
    };
    size_of::<Value>() + beside
}

/// About how many bytes a parameter holds.
pub(crate) fn parameter_bytes(parameter: &Parameter) -> usize {
    match parameter {
        Parameter::Value(value) => bytes(value),
        Parameter::Record(record) => record_bytes(record),
        Parameter::Records(records) => records.iter().map(record_bytes).sum(),
        Parameter::References(references) => references.len() * size_of::<EntityReference>(),
        Parameter::Texts(texts) => texts.iter().map(|it| it.len() + size_of::<String>()).sum(),
    }
}

/// A value where nobody says of which type it should be.
pub(crate) fn from_plain(dynamic: &Dynamic) -> Option<Value> {
    if dynamic.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(value) = dynamic.as_int() {
        return Some(Value::WholeNumber(value));
    }
    if let Ok(value) = dynamic.as_bool() {
        return Some(Value::Boolean(value));
    }
    if let Ok(value) = dynamic.as_float() {
        return Some(Value::Double(value));
    }
    if let Ok(value) = dynamic.as_decimal() {
        return Some(Value::Decimal(value));
    }
    if let Some(value) = text(dynamic) {
        return Some(value.as_str().into());
    }
    if let Some(value) = dynamic.read_lock::<OptionValue>() {
        return Some(Value::Choice(value.value));
    }
    if let Some(value) = date(dynamic) {
        return Some(value);
    }
    if let Some(value) = dynamic.read_lock::<rhai::Blob>() {
        return Some(Value::Bytes(value.as_slice().into()));
    }
    reference(dynamic).ok().flatten().map(Value::Lookup)
}

/// A parameter, or a shared variable.
pub(crate) fn to_parameter(dynamic: &Dynamic) -> Raised<Parameter> {
    if let Some(value) = from_plain(dynamic) {
        return Ok(Parameter::Value(value));
    }
    if let Some(array) = dynamic.read_lock::<Array>() {
        let references: Option<Vec<EntityReference>> =
            array.iter().map(|it| reference(it).ok().flatten()).collect();
        if let Some(references) = references {
            return Ok(Parameter::References(references));
        }
        let texts: Option<Vec<String>> =
            array.iter().map(|it| text(it).map(String::from)).collect();
        if let Some(texts) = texts {
            return Ok(Parameter::Texts(texts));
        }
    }
    Err(Raise::text(format!("the {} can be no parameter", describe(dynamic))))
}

/// A parameter as scripts see it. Records are handed over as handles.
pub(crate) fn from_parameter(parameter: &Parameter) -> Raised<Dynamic> {
    Ok(match parameter {
        Parameter::Value(value) => plain(value),
        Parameter::Record(record) => frame::top(|it| it.keep(record.clone()))?,
        Parameter::Records(records) => {
            let keep = |it: &_| frame::top(|frame| frame.keep(Clone::clone(it)));
            records.iter().map(keep).collect::<Raised<Array>>()?.into()
        }
        Parameter::References(references) => {
            references.iter().map(|it| Dynamic::from(it.clone())).collect::<Array>().into()
        }
        Parameter::Texts(texts) => {
            texts.iter().map(|it| it.clone().into()).collect::<Array>().into()
        }
    })
}

/// The record that a lookup, a record or a target stands for.
pub(crate) fn reference(dynamic: &Dynamic) -> Raised<Option<EntityReference>> {
    if let Some(reference) = dynamic.read_lock::<EntityReference>() {
        return Ok(Some(reference.clone()));
    }
    let Some(handle) = dynamic.read_lock::<RecordHandle>().map(|it| *it) else { return Ok(None) };
    super::record::reference(handle)
}

/// The record that an argument must stand for.
pub(crate) fn required_reference(dynamic: &Dynamic, function: &str) -> Raised<EntityReference> {
    reference(dynamic)?.ok_or_else(|| {
        Raise::text(format!(
            "`{function}` takes a record or a lookup, and got the {}",
            describe(dynamic)
        ))
    })
}

/// One record, or an array of records.
pub(crate) fn references(dynamic: &Dynamic, function: &str) -> Raised<Vec<EntityReference>> {
    match dynamic.read_lock::<Array>() {
        Some(array) => array.iter().map(|it| required_reference(it, function)).collect(),
        None => Ok(vec![required_reference(dynamic, function)?]),
    }
}

fn date(dynamic: &Dynamic) -> Option<Value> {
    if let Some(date) = dynamic.read_lock::<NaiveDate>() {
        return Some(Value::Date(*date));
    }
    if let Some(moment) = dynamic.read_lock::<DateTime<Utc>>() {
        return Some(Value::Moment(*moment));
    }
    None
}

/// An identity: that of a record, or one as text.
fn identity(dynamic: &Dynamic) -> Raised<Option<Value>> {
    if let Some(text) = text(dynamic) {
        return Ok(text.parse().ok().map(Value::Id));
    }
    Ok(reference(dynamic)?.map(|it| Value::Id(it.id)))
}

fn number(dynamic: &Dynamic) -> Option<i32> {
    if let Some(option) = dynamic.read_lock::<OptionValue>() {
        return Some(option.value);
    }
    dynamic.as_int().ok().and_then(|it| i32::try_from(it).ok())
}

fn choices(dynamic: &Dynamic) -> Option<Value> {
    let array = dynamic.read_lock::<Array>()?;
    let numbers: Option<BTreeSet<i32>> = array.iter().map(number).collect();
    numbers.map(Value::from)
}

fn parties(dynamic: &Dynamic) -> Raised<Option<Value>> {
    let Some(array) = dynamic.read_lock::<Array>() else { return Ok(None) };
    let mut parties = Vec::new();
    for it in array.iter() {
        let (who, participation) = match it.read_lock::<Map>() {
            Some(map) => {
                let who = map.get("party").cloned().unwrap_or_default();
                (who, map.get("participation").and_then(number).unwrap_or(0))
            }
            None => (it.clone(), 0),
        };
        let Some(party) = reference(&who)? else { return Ok(None) };
        parties.push(Party { party, participation });
    }
    Ok(Some(Value::Parties(parties.into())))
}

fn text(dynamic: &Dynamic) -> Option<ImmutableString> {
    dynamic.read_lock::<ImmutableString>().map(|it| it.clone())
}

/// A value in words, for errors: its kind, and what it is.
pub(crate) fn describe(dynamic: &Dynamic) -> String {
    /// A text that would make an error hard to read is cut.
    const SHOWN: usize = 40;
    let kind = kind(dynamic);
    if dynamic.is_unit() {
        return "null `()`".to_owned();
    }
    if let Some(text) = text(dynamic) {
        let shown: String = text.chars().take(SHOWN).collect();
        let rest = if shown.len() < text.len() { "…" } else { "" };
        return format!("{kind} {shown:?}{rest}");
    }
    match from_plain(dynamic) {
        Some(Value::Bytes(_)) | None => kind.to_owned(),
        Some(_) if dynamic.is::<RecordHandle>() => kind.to_owned(),
        Some(_) => format!("{kind} {}", super::to_text(dynamic)),
    }
}

/// The kind of a value, as we call it.
pub(crate) fn kind(dynamic: &Dynamic) -> &'static str {
    let known: [(&str, bool); 17] = [
        ("null", dynamic.is_unit()),
        ("text", dynamic.is_string()),
        ("whole number", dynamic.is_int()),
        ("decimal", dynamic.is_decimal()),
        ("double", dynamic.is_float()),
        ("boolean", dynamic.is_bool()),
        ("character", dynamic.is_char()),
        ("array", dynamic.is_array()),
        ("map", dynamic.is_map()),
        ("blob", dynamic.is_blob()),
        ("function", dynamic.is_fnptr()),
        ("lookup", dynamic.is::<EntityReference>()),
        ("record", dynamic.is::<RecordHandle>()),
        ("option", dynamic.is::<OptionValue>()),
        ("date", dynamic.is::<NaiveDate>()),
        ("date and time", dynamic.is::<DateTime<Utc>>()),
        ("context", dynamic.is::<ContextHandle>()),
    ];
    known.iter().find(|(_, is_it)| *is_it).map_or("value", |(kind, _)| kind)
}

/// A decimal, whatever kind of number it was.
pub(crate) fn decimal(number: FLOAT) -> Raised<Decimal> {
    Decimal::try_from(number)
        .map_err(|_| Raise::text(format!("{number} is too large, or no number")))
}
