//! How one thing stands in JSON: what both directions have in common.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use super::Unreadable;
use crate::metadata::{Catalog, LogicalName};

/// What can stand in the data of a job.
pub(super) trait Stored: Sized {
    /// Writes it behind what stands there already.
    fn write(&self, json: &mut String);

    /// Reads what [`write`](Self::write) wrote, with the definitions of this catalog.
    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable>;
}

/// The fields of an object, one behind the other.
pub(super) struct Fields<'a> {
    json: &'a mut String,
}

impl<'a> Fields<'a> {
    /// Begins an object.
    pub(super) fn begin(json: &'a mut String) -> Self {
        json.push('{');
        Self { json }
    }

    /// Adds a field; none for a null.
    pub(super) fn field(self, name: &str, value: &impl Stored) -> Self {
        self.with(name, |json| value.write(json))
    }

    /// Adds a field that is written so; none for a null.
    pub(super) fn with(self, name: &str, write: impl FnOnce(&mut String)) -> Self {
        let before = self.json.len();
        if !self.json.ends_with('{') {
            self.json.push(',');
        }
        text(name, self.json);
        self.json.push(':');
        write(self.json);
        if self.json.ends_with(":null") {
            self.json.truncate(before);
        }
        self
    }

    /// Ends the object.
    pub(super) fn end(self) {
        self.json.push('}');
    }
}

/// A text, quoted.
pub(super) fn text(text: &str, json: &mut String) {
    let is_plain = |it: u8| it != b'"' && it != b'\\' && b' ' <= it;
    if text.bytes().all(is_plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&Json::from(text).to_string());
    }
}

/// What shows itself without a letter that JSON quotes: numbers, dates, identities.
pub(super) fn shown(value: impl Display, json: &mut String) {
    json.push('"');
    plain(value, json);
    json.push('"');
}

/// A number or a flag.
pub(super) fn plain(value: impl Display, json: &mut String) {
    let _ = write!(json, "{value}"); // Into a text, which takes all.
}

/// Each of a list.
pub(super) fn list<'a, T: Stored + 'a>(all: impl IntoIterator<Item = &'a T>, json: &mut String) {
    json.push('[');
    for (index, it) in all.into_iter().enumerate() {
        if 0 < index {
            json.push(',');
        }
        it.write(json);
    }
    json.push(']');
}

/// Each under its name.
pub(super) fn by_name<'a, T: Stored + 'a>(
    all: impl IntoIterator<Item = (&'a str, &'a T)>,
    json: &mut String,
) {
    json.push('{');
    for (index, (name, it)) in all.into_iter().enumerate() {
        if 0 < index {
            json.push(',');
        }
        text(name, json);
        json.push(':');
        it.write(json);
    }
    json.push('}');
}

/// A field of an object. One that is absent is null.
pub(super) fn field<T: Stored>(
    json: &Json,
    name: &'static str,
    catalog: &Catalog,
) -> Result<T, Unreadable> {
    T::read(json.get(name).unwrap_or(&Json::Null), catalog)
}

/// One thing under its name.
pub(super) fn tagged(tag: &str, json: &mut String, write: impl FnOnce(&mut String)) {
    json.push('{');
    text(tag, json);
    json.push(':');
    write(json);
    json.push('}');
}

/// The name of a thing, and what is under it; a name alone has nothing under it.
pub(super) fn tag_of(json: &Json) -> Option<(&str, &Json)> {
    if let Json::String(tag) = json {
        return Some((tag, &Json::Null));
    }
    json.as_object()?.iter().next().map(|(tag, json)| (tag.as_str(), json))
}

/// Structs as objects, by the names of their fields.
macro_rules! object {
    ($($Type:ident { $($field:ident),* $(,)? })*) => {$(
        impl $crate::pipeline::job::data::json::Stored for $Type {
            fn write(&self, json: &mut String) {
                let fields = $crate::pipeline::job::data::json::Fields::begin(json);
                $(let fields = fields.field(stringify!($field), &self.$field);)*
                fields.end();
            }

            fn read(
                json: &serde_json::Value,
                catalog: &$crate::metadata::Catalog,
            ) -> Result<Self, $crate::pipeline::job::data::Unreadable> {
                use $crate::pipeline::job::data::{Unreadable, json::field};
                if !json.is_object() {
                    return Err(Unreadable::Shape(stringify!($Type)));
                }
                Ok(Self { $($field: field(json, stringify!($field), catalog)?),* })
            }
        }
    )*};
}

/// Enums as the name of the variant, with what the variant holds under it.
macro_rules! variants {
    ($($Type:ident { $($Variant:ident($Inner:ty)),* ; $($Unit:ident),* })*) => {$(
        impl $crate::pipeline::job::data::json::Stored for $Type {
            fn write(&self, json: &mut String) {
                use $crate::pipeline::job::data::json;
                match self {
                    $(Self::$Variant(it) => json::tagged(stringify!($Variant), json, |json| {
                        <$Inner as json::Stored>::write(it, json);
                    }),)*
                    $(Self::$Unit => json::text(stringify!($Unit), json),)*
                }
            }

            fn read(
                json: &serde_json::Value,
                catalog: &$crate::metadata::Catalog,
            ) -> Result<Self, $crate::pipeline::job::data::Unreadable> {
                let wrong = $crate::pipeline::job::data::Unreadable::Shape(stringify!($Type));
                let Some((tag, inner)) = $crate::pipeline::job::data::json::tag_of(json) else {
                    return Err(wrong);
                };
                let _ = (inner, catalog); // Where no variant holds anything, nobody else asks for them.
                $(if tag == stringify!($Variant) {
                    return <$Inner as $crate::pipeline::job::data::json::Stored>::read(inner, catalog)
                        .map(Self::$Variant);
                })*
                $(if tag == stringify!($Unit) {
                    return Ok(Self::$Unit);
                })*
                Err(wrong)
            }
        }
    )*};
}

pub(super) use {object, variants};

/// What JSON knows by itself.
macro_rules! plain {
    ($($Type:ty, $what:literal: $write:expr, $read:expr;)*) => {$(
        impl Stored for $Type {
            fn write(&self, json: &mut String) {
                let write: fn(&$Type, &mut String) = $write;
                write(self, json);
            }

            fn read(json: &Json, _: &Catalog) -> Result<Self, Unreadable> {
                let read: fn(&Json) -> Option<$Type> = $read;
                read(json).ok_or(Unreadable::Shape($what))
            }
        }
    )*};
}

plain! {
    bool, "flag": |it, json| plain(it, json), Json::as_bool;
    i32, "number": |it, json| plain(it, json), |it| i32::try_from(it.as_i64()?).ok();
    u32, "number": |it, json| plain(it, json), |it| u32::try_from(it.as_u64()?).ok();
    u64, "number": |it, json| plain(it, json), Json::as_u64;
    String, "text": |it, json| text(it, json), |it| it.as_str().map(str::to_owned);
    Uuid, "identity": |it, json| shown(it, json), |it| it.as_str()?.parse().ok();
    LogicalName, "name": |it, json| text(it, json), |it| it.as_str().map(LogicalName::from);
}

impl<T: Stored> Stored for Option<T> {
    fn write(&self, json: &mut String) {
        match self {
            Some(it) => it.write(json),
            None => json.push_str("null"),
        }
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        if json.is_null() { Ok(None) } else { T::read(json, catalog).map(Some) }
    }
}

impl<T: Stored> Stored for Arc<T> {
    fn write(&self, json: &mut String) {
        (**self).write(json);
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        T::read(json, catalog).map(Self::new)
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn write(&self, json: &mut String) {
        list(self, json);
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        if json.is_null() {
            return Ok(Self::new()); // A field that the writer did not know.
        }
        let items = json.as_array().ok_or(Unreadable::Shape("list"))?;
        items.iter().map(|it| T::read(it, catalog)).collect()
    }
}

impl<T: Stored> Stored for BTreeMap<String, T> {
    fn write(&self, json: &mut String) {
        by_name(self.iter().map(|(name, it)| (name.as_str(), it)), json);
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        let fields = json.as_object().ok_or(Unreadable::Shape("object"))?;
        let field = |(name, it): (&String, &Json)| Ok((name.clone(), T::read(it, catalog)?));
        fields.iter().map(field).collect()
    }
}
