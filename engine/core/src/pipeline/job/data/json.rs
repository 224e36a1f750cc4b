//! How one thing stands in JSON: what both directions have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use super::Unreadable;
use crate::metadata::{Catalog, LogicalName};

/// What can stand in the data of a job.
pub(super) trait Stored: Sized {
    fn write(&self) -> Json;

    /// Reads what [`write`](Self::write) wrote, with the definitions of this catalog.
    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable>;
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
pub(super) fn tagged(tag: &str, json: Json) -> Json {
    Json::Object([(tag.to_owned(), json)].into_iter().collect())
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
            fn write(&self) -> serde_json::Value {
                use $crate::pipeline::job::data::json::Stored;
                let fields = [$((stringify!($field), Stored::write(&self.$field))),*];
                let present = fields.into_iter().filter(|(_, it)| !it.is_null());
                serde_json::Value::Object(present.map(|(name, it)| (name.to_owned(), it)).collect())
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
            fn write(&self) -> serde_json::Value {
                match self {
                    $(Self::$Variant(it) => $crate::pipeline::job::data::json::tagged(
                        stringify!($Variant),
                        <$Inner as $crate::pipeline::job::data::json::Stored>::write(it),
                    ),)*
                    $(Self::$Unit => serde_json::Value::from(stringify!($Unit)),)*
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
            fn write(&self) -> Json {
                let write: fn(&$Type) -> Json = $write;
                write(self)
            }

            fn read(json: &Json, _: &Catalog) -> Result<Self, Unreadable> {
                let read: fn(&Json) -> Option<$Type> = $read;
                read(json).ok_or(Unreadable::Shape($what))
            }
        }
    )*};
}

plain! {
    bool, "flag": |it| Json::from(*it), Json::as_bool;
    i32, "number": |it| Json::from(*it), |it| i32::try_from(it.as_i64()?).ok();
    u32, "number": |it| Json::from(*it), |it| u32::try_from(it.as_u64()?).ok();
    u64, "number": |it| Json::from(*it), Json::as_u64;
    String, "text": |it| Json::from(it.as_str()), |it| it.as_str().map(str::to_owned);
    Uuid, "identity": |it| Json::from(it.to_string()), |it| it.as_str()?.parse().ok();
    LogicalName, "name": |it| Json::from(&**it), |it| it.as_str().map(LogicalName::from);
}

impl<T: Stored> Stored for Option<T> {
    fn write(&self) -> Json {
        self.as_ref().map_or(Json::Null, Stored::write)
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        if json.is_null() { Ok(None) } else { T::read(json, catalog).map(Some) }
    }
}

impl<T: Stored> Stored for Arc<T> {
    fn write(&self) -> Json {
        (**self).write()
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        T::read(json, catalog).map(Self::new)
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn write(&self) -> Json {
        self.iter().map(Stored::write).collect()
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
    fn write(&self) -> Json {
        Json::Object(self.iter().map(|(name, it)| (name.clone(), it.write())).collect())
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        let fields = json.as_object().ok_or(Unreadable::Shape("object"))?;
        let field = |(name, it): (&String, &Json)| Ok((name.clone(), T::read(it, catalog)?));
        fields.iter().map(field).collect()
    }
}
