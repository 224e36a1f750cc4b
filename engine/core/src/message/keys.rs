//! Identities and alternate keys: how a caller says which record it means.

use std::sync::Arc;

use uuid::Uuid;

use super::platform::Platform;
use crate::error::{DataError, Error};
use crate::metadata::EntityMetadata;
use crate::record::{EntityReference, Operator, Query, QueryPlan, Record, Value};

/// Takes an identity that stands among the attributes as the record's. An empty one counts as none (C-4).
pub(super) fn adopt_identity(target: &mut Record) {
    let sent = target.metadata().system().primary_id.and_then(|it| target.take(it));
    if let Some(Value::Id(id)) = sent
        && target.id().is_none()
    {
        target.identify(id);
    }
    if target.id() == Some(Uuid::nil()) {
        target.forget_identity();
    }
}

/// Gives a new record its identity, which also stands among its attributes (I-37).
pub(super) fn identify(target: &mut Record, platform: &mut dyn Platform) {
    let id = target.id().unwrap_or_else(|| platform.new_id());
    target.identify(id);
    if let Some(ordinal) = target.metadata().system().primary_id {
        target.put(ordinal, Value::Id(id));
    }
}

/// The record that the target means: by its identity, else by its alternate key (C-109).
pub(super) fn resolve(
    target: &mut Record,
    message: &'static str,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    adopt_identity(target);
    if target.id().is_none() {
        let key: Vec<_> = target.key().map(|(it, value)| (it, value.clone())).collect();
        if key.is_empty() {
            return Err(DataError::IdMissing { message }.into());
        }
        let entity = Arc::clone(target.metadata());
        let found = find(target, platform)?.ok_or_else(|| DataError::KeyNotFound {
            entity: entity.logical_name().clone(),
            key: describe(target, &entity),
        })?;
        target.identify(found);
    }
    target.forget_key();
    Ok(())
}

/// Points the lookups that the caller gave by alternate keys at the records that have them (C-94).
pub(super) fn resolve_lookups(
    target: &mut Record,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let lookups = target.lookups_by_key().to_vec();
    target.forget_lookups();
    for (ordinal, mut other) in lookups {
        let entity = Arc::clone(platform.catalog().entity(other.entity())?);
        other.rebase(&entity)?;
        let found = find(&other, platform)?.ok_or_else(|| DataError::KeyNotFound {
            entity: entity.logical_name().clone(),
            key: describe(&other, &entity),
        })?;
        let reference = EntityReference::new(entity.logical_name().clone(), found);
        target.put(ordinal, Value::Lookup(reference));
    }
    Ok(())
}

/// The record that has the target's alternate key, which must be one that the entity defines (C-106).
pub(super) fn find(target: &Record, platform: &mut dyn Platform) -> Result<Option<Uuid>, Error> {
    let entity = Arc::clone(target.metadata());
    let names: Vec<&str> = target.key().map(|(it, _)| entity.name(it)).collect();
    let is_defined = entity.keys().iter().any(|key| {
        key.attributes.len() == names.len()
            && key.attributes.iter().all(|it| names.contains(&&**it))
    });
    if !is_defined {
        let attributes = names.join(", ");
        let entity = entity.logical_name().clone();
        return Err(DataError::KeyNotDefined { entity, attributes }.into());
    }
    let mut query = Query::new(entity.logical_name().clone()).top(1);
    for (ordinal, value) in target.key() {
        query = query.filter(entity.name(ordinal), Operator::Equal, [value.clone()]);
    }
    let plan = QueryPlan::new(&query, platform.catalog())?;
    Ok(platform.query(&plan)?.records.first().and_then(Record::id))
}

fn describe(target: &Record, entity: &EntityMetadata) -> String {
    let parts = target.key().map(|(it, value)| format!("{}={value}", entity.name(it)));
    parts.collect::<Vec<_>>().join(", ")
}
