//! Values, records and queries in the data of a job.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Unreadable;
use super::json::{
    Fields, Stored, by_name, field, list, object, plain, shown, tag_of, tagged, text, variants,
};
use crate::message::Parameter;
use crate::metadata::Catalog;
use crate::record::{
    Aggregate, AggregateFunction, ColumnSet, Condition, DatePart, EntityReference, Filter, GroupBy,
    LinkEntity, Operator, OrderBy, Page, PageRequest, Party, Query, Record, Value,
};

object! {
    EntityReference { entity, id }
    Party { party, participation }
    Query {
        entity, columns, filter, order, top, page, returns_total, links, aggregates, groups,
    }
    LinkEntity { lookup, entity, alias, columns, filter, is_outer }
    Aggregate { function, attribute, alias }
    GroupBy { attribute, part, alias }
    Condition { attribute, operator, values }
    OrderBy { attribute, is_descending }
    PageRequest { number, size, cookie }
    Page { records, has_more, cookie, total }
    LookupByKey { attribute, record }
}

variants! {
    ColumnSet { Only(Vec<crate::metadata::LogicalName>); All }
    Filter { All(Vec<Filter>), Any(Vec<Filter>), Is(Condition); }
    Parameter {
        Value(Value), Record(Record), Records(Vec<Record>), References(Vec<EntityReference>),
        Texts(Vec<String>);
    }
}

/// Closed lists of words, by their names.
macro_rules! words {
    ($($Type:ident, $what:literal;)*) => {$(
        impl Stored for $Type {
            fn write(&self, json: &mut String) {
                text(self.name(), json);
            }

            fn read(json: &Json, _: &Catalog) -> Result<Self, Unreadable> {
                json.as_str().and_then(Self::named).ok_or(Unreadable::Shape($what))
            }
        }
    )*};
}

words! {
    Operator, "operator";
    AggregateFunction, "aggregate";
    DatePart, "part of a date";
}

/// Under the name of its kind. Numbers that JSON would round stand there as texts.
impl Stored for Value {
    fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Text(it) => tagged("text", json, |json| text(it, json)),
            Self::WholeNumber(it) => tagged("whole-number", json, |json| plain(it, json)),
            Self::Decimal(it) => tagged("decimal", json, |json| shown(it, json)),
            Self::Double(it) => tagged("double", json, |json| shown(format_args!("{it:?}"), json)),
            Self::Boolean(it) => tagged("boolean", json, |json| plain(it, json)),
            Self::Moment(it) => tagged("moment", json, |json| text(&it.to_rfc3339(), json)),
            Self::Date(it) => tagged("date", json, |json| shown(it, json)),
            Self::Choice(it) => tagged("choice", json, |json| plain(it, json)),
            Self::Choices(it) => tagged("choices", json, |json| list(&**it, json)),
            Self::Lookup(it) => tagged("lookup", json, |json| it.write(json)),
            Self::Parties(it) => tagged("parties", json, |json| list(&**it, json)),
            Self::Id(it) => tagged("id", json, |json| shown(it, json)),
            Self::Bytes(it) => tagged("bytes", json, |json| text(&to_hex(it), json)),
        }
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        if json.is_null() {
            return Ok(Self::Null);
        }
        let wrong = Unreadable::Shape("value");
        let Some((kind, inner)) = tag_of(json) else { return Err(wrong) };
        let text = inner.as_str();
        let value = match kind {
            "text" => text.map(Self::from),
            "whole-number" => inner.as_i64().map(Self::WholeNumber),
            "decimal" => text.and_then(|it| it.parse().ok()).map(Self::Decimal),
            "double" => text.and_then(|it| it.parse().ok()).map(Self::Double),
            "boolean" => inner.as_bool().map(Self::Boolean),
            "moment" => text.and_then(|it| it.parse().ok()).map(Self::Moment),
            "date" => text.and_then(|it| it.parse().ok()).map(Self::Date),
            "choice" => return i32::read(inner, catalog).map(Self::Choice),
            "choices" => {
                let options = Vec::<i32>::read(inner, catalog)?;
                Some(Self::Choices(Arc::new(options.into_iter().collect())))
            }
            "lookup" => return EntityReference::read(inner, catalog).map(Self::Lookup),
            "parties" => {
                return Vec::<Party>::read(inner, catalog).map(|it| Self::Parties(it.into()));
            }
            "id" => return uuid::Uuid::read(inner, catalog).map(Self::Id),
            "bytes" => text.and_then(from_hex).map(|it| Self::Bytes(it.into())),
            _ => None,
        };
        value.ok_or(wrong)
    }
}

/// A lookup whose record is named by an alternate key.
#[derive(Debug)]
struct LookupByKey {
    attribute: String,
    record: Record,
}

/// By the names of its entity and of its attributes: places are those of one engine's life.
impl Stored for Record {
    fn write(&self, json: &mut String) {
        let name = |it| self.metadata().name(it);
        let fields = Fields::begin(json).field("entity", self.entity());
        let fields = fields.field("id", &self.id()).field("version", &self.version());
        let fields = fields.with("attributes", |json| by_name(self.attributes(), json));
        let fields = if self.key().next().is_some() {
            let key = self.key().map(|(it, value)| (name(it), value));
            fields.with("key", |json| by_name(key, json))
        } else {
            fields
        };
        let fields = if self.aliases().next().is_some() {
            fields.with("aliased", |json| by_name(self.aliases(), json))
        } else {
            fields
        };
        let lookups = self.lookups_by_key().iter().cloned();
        let lookup = |(it, record)| LookupByKey { attribute: name(it).to_owned(), record };
        let lookups: Vec<LookupByKey> = lookups.map(lookup).collect();
        fields.field("lookups", &Some(lookups).filter(|it| !it.is_empty())).end();
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        let entity: String = field(json, "entity", catalog)?;
        let mut record = Self::new(catalog.entity(&entity)?);
        if let Some(id) = field(json, "id", catalog)? {
            record.identify(id);
        }
        if let Some(version) = field(json, "version", catalog)? {
            record.set_version(version);
        }
        for (name, value) in field::<BTreeMap<String, Value>>(json, "attributes", catalog)? {
            record.set(&name, value)?;
        }
        let key: Option<BTreeMap<String, Value>> = field(json, "key", catalog)?;
        for (name, value) in key.into_iter().flatten() {
            record = record.with_key(&name, value)?;
        }
        let aliased: Option<BTreeMap<String, Value>> = field(json, "aliased", catalog)?;
        for (name, value) in aliased.into_iter().flatten() {
            record.put_aliased(name.into(), value);
        }
        let lookups: Option<Vec<LookupByKey>> = field(json, "lookups", catalog)?;
        for it in lookups.into_iter().flatten() {
            record = record.with_lookup_by_key(&it.attribute, it.record)?;
        }
        Ok(record)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(std::str::from_utf8);
    pairs.map(|it| u8::from_str_radix(it.ok()?, 16).ok()).collect()
}
