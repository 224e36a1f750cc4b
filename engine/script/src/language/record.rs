//! Records as scripts see them: handles with a property for each attribute.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, ImmutableString};
use rulegate::metadata::{EntityMetadata, Ordinal};
use rulegate::{Catalog, EntityReference, OrganizationService, Record, Response, Value};

use super::error::{Raise, Raised};
use super::frame::{self, Frame, Place, RecordHandle};
use super::service::sender;
use super::value::{bytes, to_dynamic, to_value};
use crate::limits;

/// Registers records and lookups.
pub(super) fn register(rhai: &mut Engine) {
    // By value, as with dates: Rhai would write back to where it was read what a method takes by reference, which
    // an image refuses, and an input of a message that was written.
    rhai.register_type_with_name::<RecordHandle>("record")
        .register_fn("has", |it: RecordHandle, name: &str| has(it, name))
        .register_fn("remove", |it: RecordHandle, name: &str| remove(it, name))
        .register_fn("names", |it: RecordHandle| names_of(it))
        .register_fn("lookup", |it: RecordHandle| -> Raised<Dynamic> {
            Ok(reference(it)?.map_or(Dynamic::UNIT, Dynamic::from))
        })
        .register_fn("to_string", text)
        .register_fn("to_debug", text)
        .register_indexer_get(|it: &mut RecordHandle, name: &str| get(*it, name))
        .register_indexer_set(|it: &mut RecordHandle, name: &str, value: Dynamic| {
            set(*it, name, &value)
        });
    rhai.register_type_with_name::<EntityReference>("lookup")
        .register_get("entity", |it: &mut EntityReference| {
            ImmutableString::from(it.entity.as_str())
        })
        .register_get("id", |it: &mut EntityReference| it.id.to_string())
        .register_get("name", |it: &mut EntityReference| name(it))
        .register_fn("to_string", |it: EntityReference| it.to_string())
        .register_fn("to_debug", |it: EntityReference| it.to_string())
        .register_fn("==", |a: &mut EntityReference, b: EntityReference| *a == b)
        .register_fn("!=", |a: &mut EntityReference, b: EntityReference| *a != b);
}

/// Registers a property of records for each of the names: the ones that scripts use.
pub(super) fn add_properties(rhai: &mut Engine, names: &BTreeSet<String>, catalog: &Catalog) {
    for name in names {
        let of_get = Property::new(name, catalog);
        let of_set = Arc::clone(&of_get);
        rhai.register_get(name, move |it: &mut RecordHandle| of_get.get(*it));
        rhai.register_set(name, move |it: &mut RecordHandle, value: Dynamic| {
            of_set.set(*it, &value)
        });
    }
}

/// A reference to the record, where it has an identity.
pub(crate) fn reference(handle: RecordHandle) -> Raised<Option<EntityReference>> {
    read(handle, |record, _| Ok(record.reference()))
}

/// The record itself.
pub(crate) fn record(handle: RecordHandle) -> Raised<Record> {
    read(handle, |record, _| Ok(record.clone()))
}

/// A property by whose name scripts know attributes, and where those are in the entities of the catalog.
struct Property {
    name: String,
    places: Vec<(Arc<EntityMetadata>, Ordinal)>,
}

impl Property {
    fn new(name: &str, catalog: &Catalog) -> Arc<Self> {
        let place = |it: &Arc<EntityMetadata>| Some((Arc::clone(it), it.ordinal(name)?));
        let places = catalog.entities().filter_map(place).collect();
        Arc::new(Self { name: name.to_owned(), places })
    }

    /// Where it is in an entity, if that is one of the catalog's.
    fn place(&self, entity: &Arc<EntityMetadata>) -> Option<&(Arc<EntityMetadata>, Ordinal)> {
        self.places.iter().find(|it| Arc::ptr_eq(&it.0, entity))
    }

    fn get(&self, handle: RecordHandle) -> Raised<Dynamic> {
        read(handle, |record, hidden| self.of(record, hidden))
    }

    fn of(&self, record: &Record, hidden: Option<Hidden<'_>>) -> Raised<Dynamic> {
        let ordinal = match self.place(record.metadata()) {
            Some((_, ordinal)) => *ordinal,
            None => find(record.metadata(), &self.name)?,
        };
        shown(record, ordinal, hidden)
    }

    fn set(&self, handle: RecordHandle, value: &Dynamic) -> Raised<()> {
        // A value may stand for a record, which is in the frame: the frame is not looked into meanwhile.
        let place = read(handle, |record, _| Ok(self.place(record.metadata())))?;
        let Some((entity, ordinal)) = place else { return set(handle, &self.name, value) };
        put(handle, *ordinal, converted_at(entity, *ordinal, value)?)
    }
}

fn find(entity: &EntityMetadata, name: &str) -> Raised<Ordinal> {
    entity.find(name).map_err(|error| Raise::text(error.to_string()))
}

fn get(handle: RecordHandle, name: &str) -> Raised<Dynamic> {
    read(handle, |record, hidden| shown(record, find(record.metadata(), name)?, hidden))
}

fn shown(record: &Record, ordinal: Ordinal, hidden: Option<Hidden<'_>>) -> Raised<Dynamic> {
    let entity = record.metadata();
    if let Some(hidden) = hidden.filter(|it| !(it.shows)(ordinal)) {
        let (what, name) = (hidden.what, entity.name(ordinal));
        return Err(Raise::text(format!(
            "the {what} does not show `{name}`: add it to `{what}` in STEP"
        )));
    }
    Ok(to_dynamic(record.at(ordinal).filter(|it| !it.is_null()), entity, ordinal))
}

fn set(handle: RecordHandle, name: &str, value: &Dynamic) -> Raised<()> {
    let entity = read(handle, |record, _| Ok(Arc::clone(record.metadata())))?;
    let (ordinal, value) = converted(&entity, name, value)?;
    put(handle, ordinal, value)
}

fn put(handle: RecordHandle, ordinal: Ordinal, value: Value) -> Raised<()> {
    change(handle, |record| {
        let before = record.at(ordinal).map_or(0, bytes);
        Raise::within(limits::keep(bytes(&value), before))?;
        record.put(ordinal, value);
        Ok(())
    })
}

/// The place of an attribute, and the value in its type.
pub(crate) fn converted(
    entity: &EntityMetadata,
    name: &str,
    value: &Dynamic,
) -> Raised<(Ordinal, Value)> {
    let ordinal = find(entity, name)?;
    Ok((ordinal, converted_at(entity, ordinal, value)?))
}

fn converted_at(entity: &EntityMetadata, ordinal: Ordinal, value: &Dynamic) -> Raised<Value> {
    let attribute = entity.attribute_at(ordinal);
    let removed = || Raise::text(format!("`{}` was removed", entity.name(ordinal)));
    to_value(value, attribute.ok_or_else(removed)?)
}

fn has(handle: RecordHandle, name: &str) -> Raised<bool> {
    read(handle, |record, _| Ok(record.at(find(record.metadata(), name)?).is_some()))
}

fn remove(handle: RecordHandle, name: &str) -> Raised<()> {
    change(handle, |record| {
        record.remove(name).map(drop).map_err(|error| Raise::text(error.to_string()))
    })
}

fn names_of(handle: RecordHandle) -> Raised<Array> {
    read(handle, |record, _| Ok(record.attributes().map(|(name, _)| name.into()).collect()))
}

fn text(handle: RecordHandle) -> Raised<String> {
    read(handle, |record, _| {
        Ok(record.reference().map_or_else(|| record.entity().to_string(), |it| it.to_string()))
    })
}

/// What people call the record to which a lookup points.
fn name(reference: &EntityReference) -> Raised<Dynamic> {
    let entity = frame::top(|frame| {
        frame.catalog().entity(&reference.entity).cloned().map_err(Raise::error)
    })?;
    let Some(attribute) = entity.primary_name() else { return Ok(Dynamic::UNIT) };
    let columns = [attribute.clone()];
    let record = sender()?.retrieve_columns(reference, columns).map_err(Raise::error)?;
    Ok(record.primary_name().map_or(Dynamic::UNIT, |it| it.to_owned().into()))
}

/// What an image does not show.
struct Hidden<'a> {
    what: &'static str,
    shows: &'a dyn Fn(Ordinal) -> bool,
}

/// Lets the body look at the record of a handle.
fn read<R>(
    handle: RecordHandle,
    body: impl FnOnce(&Record, Option<Hidden<'_>>) -> Raised<R>,
) -> Raised<R> {
    frame::at(handle.frame, |frame| match handle.place {
        Place::Target => body(target(frame)?, None),
        Place::Own(index) => body(frame.own(index)?, None),
        Place::Output => match frame.ctx()?.response() {
            Some(Response::Retrieved(record)) => body(record, None),
            _ => Err(Raise::text("this message answers no record")),
        },
        Place::Pre(index) | Place::Post(index) => {
            let is_pre = matches!(handle.place, Place::Pre(_));
            let scene = frame.rule()?;
            let aliases = if is_pre { &scene.aliases.pre } else { &scene.aliases.post };
            let alias = aliases.get(index).map_or("", String::as_str);
            let ctx = &scene.ctx;
            let image = if is_pre { ctx.pre_image_as(alias) } else { ctx.post_image_as(alias) };
            let what = if is_pre { "pre_image" } else { "post_image" };
            match (image, ctx.metadata()) {
                (Some(image), _) => {
                    let shows = |ordinal| image.shows(ordinal);
                    body(image.source(), Some(Hidden { what, shows: &shows }))
                }
                // Legal on Create: the image is empty there.
                (None, Some(entity)) => body(&Record::new(entity), None),
                (None, None) => Err(Raise::text("this message has no images")),
            }
        }
    })
}

/// Lets the body change the record of a handle.
fn change<R>(handle: RecordHandle, body: impl FnOnce(&mut Record) -> Raised<R>) -> Raised<R> {
    frame::at(handle.frame, |frame| match handle.place {
        Place::Target => body(frame.ctx_mut()?.target_mut().map_err(Raise::fault)?),
        Place::Own(index) => body(frame.own_mut(index)?),
        Place::Output => match frame.ctx_mut()?.response_mut() {
            Some(Response::Retrieved(record)) => body(record),
            _ => Err(Raise::text("this message answers no record")),
        },
        Place::Pre(_) | Place::Post(_) => {
            Err(Raise::text("an image cannot be changed: it shows the record as it was"))
        }
    })
}

fn target(frame: &Frame) -> Raised<&Record> {
    let ctx = frame.ctx()?;
    let message = ctx.message();
    ctx.target().ok_or_else(|| Raise::text(format!("{message} has no target record")))
}
