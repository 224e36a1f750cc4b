//! Ownership: whose a record is, and in which business unit that puts it.

use std::sync::Arc;

use super::platform::Platform;
use crate::error::{DataError, Error};
use crate::record::{EntityReference, Record, Value};

/// A new record belongs to the user who acts, where nobody says otherwise (C-56).
pub(super) fn default_owner(target: &mut Record, platform: &dyn Platform) {
    let Some(owner) = target.metadata().system().owner else { return };
    if target.at(owner).is_none() {
        let user = EntityReference::new("systemuser", platform.caller().user);
        target.put(owner, Value::Lookup(user));
        if let Some(kind) = target.metadata().ordinal("owneridtype") {
            target.put(kind, Value::from("systemuser"));
        }
    }
}

/// What follows from the owner: the user or team, and the business unit (C-57). The owner must exist (C-59).
pub(super) fn derive(target: &mut Record, platform: &mut dyn Platform) -> Result<(), Error> {
    let entity = Arc::clone(target.metadata());
    let system = entity.system();
    let Some(owner) = system.owner.and_then(|it| target.at(it)).and_then(Value::as_lookup).cloned()
    else {
        return Ok(());
    };
    let unit = business_unit(&owner, platform)?;
    let is_team = owner.entity == "team";
    let (user, team) = if is_team { (None, Some(owner)) } else { (Some(owner), None) };
    for (place, value) in [
        (system.owning_user, user),
        (system.owning_team, team),
        (system.owning_business_unit, unit),
    ] {
        match (place, value) {
            (Some(place), Some(value)) => target.put(place, Value::Lookup(value)),
            (Some(place), None) => target.put(place, Value::Null),
            (None, _) => {}
        }
    }
    Ok(())
}

/// The business unit of a user or team, who must exist. Where the catalog has no users, anyone may own.
fn business_unit(
    owner: &EntityReference,
    platform: &mut dyn Platform,
) -> Result<Option<EntityReference>, Error> {
    let Ok(entity) = platform.catalog().entity(&owner.entity).cloned() else { return Ok(None) };
    let record = platform
        .retrieve(&entity, owner.id)?
        .ok_or_else(|| DataError::InvalidOwner { owner: owner.clone() })?;
    Ok(record.get("businessunitid").and_then(Value::as_lookup).cloned())
}
