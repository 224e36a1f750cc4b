//! What a lowered expression looks at: the message, and the locals of its rule.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rhai::Dynamic;
use rulegate::metadata::{EntityMetadata, Ordinal};
use rulegate::{Context, EntityReference, Record, Value};
use rust_decimal::Decimal;

use super::kind::Kind;
use crate::language::frame::{Place, RecordHandle};
use crate::language::option::OptionValue;
use crate::language::value::plain;

/// Texts beyond this are left to Rhai, which counts what they hold.
pub(super) const LONG_TEXT: usize = 4096;

/// What an expression can look at.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    pub(super) ctx: &'v Context,
    /// The records that the rule holds.
    pub(super) records: &'v [Record],
    pub(super) locals: &'v [Local],
    /// The definition by which the places of attributes were found.
    pub(super) entity: &'v Arc<EntityMetadata>,
}

/// What a variable of a lowered rule holds.
#[derive(Debug, Clone)]
pub(super) enum Local {
    /// A value of the kind that the variable was found to have, or of another one: who reads it looks.
    Value(Value),
    /// What only Rhai knows.
    Other(Dynamic),
}

/// A record of the message that expressions read.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Target,
    /// The pre-image of that alias.
    Pre(Arc<str>),
    /// The post-image of that alias.
    Post(Arc<str>),
    /// A record of this entity that the local holds.
    Own(usize, Arc<EntityMetadata>),
}

/// What lowered expressions calculate with.
pub(super) trait Scalar: Clone + Send + Sync + 'static {
    /// The value, if it is one of this kind.
    fn in_value(value: &Value) -> Option<&Self>;
}

impl<'v> View<'v> {
    /// The value of an attribute of the target, as [`attribute`](Self::attribute).
    #[inline]
    pub(super) fn target(&self, ordinal: Ordinal) -> Option<Option<&'v Value>> {
        read(self.ctx.target()?, self.entity, ordinal)
    }

    /// The value of an attribute: `None` where Rhai must say what is wrong, `Some(None)` for null.
    pub(super) fn attribute(&self, source: &Source, ordinal: Ordinal) -> Option<Option<&'v Value>> {
        let image = match source {
            Source::Target => return self.target(ordinal),
            Source::Own(local, entity) => return read(self.own(*local)?, entity, ordinal),
            Source::Pre(alias) => self.ctx.pre_image_as(alias),
            Source::Post(alias) => self.ctx.post_image_as(alias),
        };
        // Legal on Create: the image is empty there.
        let Some(image) = image else { return Some(None) };
        if !image.shows(ordinal) {
            return None;
        }
        read(image.source(), self.entity, ordinal)
    }

    /// The record that a local holds, if it is one that the rule read or made.
    fn own(&self, local: usize) -> Option<&'v Record> {
        let Local::Other(value) = self.locals.get(local)? else { return None };
        let Place::Own(index) = value.read_lock::<RecordHandle>()?.place else { return None };
        self.records.get(index)
    }
}

#[inline]
fn read<'v>(
    record: &'v Record,
    entity: &Arc<EntityMetadata>,
    ordinal: Ordinal,
) -> Option<Option<&'v Value>> {
    if !Arc::ptr_eq(record.metadata(), entity) {
        return None; // Of another entity or generation: its places are others.
    }
    Some(record.at(ordinal).filter(|it| !it.is_null()))
}

impl Local {
    pub(super) const NULL: Self = Self::Value(Value::Null);

    /// The value as Rhai sees it.
    pub(super) fn to_dynamic(&self, kind: &Kind) -> Dynamic {
        match (self, kind) {
            (Self::Other(value), _) => value.clone(),
            (Self::Value(Value::Choice(value)), Kind::Choice(of)) => {
                Dynamic::from(OptionValue::new(&of.entity, of.ordinal, *value))
            }
            (Self::Value(value), _) => plain(value),
        }
    }

    /// A value of Rhai's in a variable of that kind.
    pub(super) fn of(value: Dynamic, kind: &Kind) -> Self {
        let known = match value.type_name() {
            "()" => Some(Value::Null),
            "bool" => value.as_bool().ok().map(Value::Boolean),
            "i64" => value.as_int().ok().map(Value::WholeNumber),
            "f64" => value.as_float().ok().map(Value::Double),
            _ => known(&value, kind),
        };
        known.map_or(Self::Other(value), Self::Value)
    }
}

fn known(value: &Dynamic, kind: &Kind) -> Option<Value> {
    if let Ok(decimal) = value.as_decimal() {
        return Some(Value::Decimal(decimal));
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return Some(Value::Text(text.as_str().into()));
    }
    if let (Some(option), Kind::Choice(of)) = (value.read_lock::<OptionValue>(), kind) {
        return option.is_of(&of.entity, of.ordinal).then_some(Value::Choice(option.value));
    }
    if let Some(date) = value.read_lock::<NaiveDate>() {
        return Some(Value::Date(*date));
    }
    if let Some(moment) = value.read_lock::<DateTime<Utc>>() {
        return Some(Value::Moment(*moment));
    }
    value.read_lock::<EntityReference>().map(|it| Value::Lookup(it.clone()))
}

macro_rules! scalars {
    ($($kind:ty: $variant:ident;)*) => {
        $(impl Scalar for $kind {
            fn in_value(value: &Value) -> Option<&Self> {
                if let Value::$variant(value) = value { Some(value) } else { None }
            }
        })*
    };
}

scalars! {
    bool: Boolean;
    i64: WholeNumber;
    f64: Double;
    Decimal: Decimal;
    NaiveDate: Date;
    DateTime<Utc>: Moment;
    i32: Choice;
    EntityReference: Lookup;
}

impl Scalar for Arc<str> {
    fn in_value(value: &Value) -> Option<&Self> {
        if let Value::Text(text) = value {
            Some(text).filter(|it| it.len() <= LONG_TEXT)
        } else {
            None
        }
    }
}
