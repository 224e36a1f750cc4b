//! Ownership: whose a record is, and in which business unit that puts it.

use super::platform::Platform;
use super::stamps;
use crate::error::{DataError, Error};
use crate::record::{EntityReference, Record, Value};

/// A new record belongs to the user who acts, where nobody says otherwise (C-56).
pub(super) fn default_owner(target: &mut Record, platform: &dyn Platform) {
    let Some(owner) = target.metadata().system().owner else { return };
    if target.at(owner).is_none() {
        let user = stamps::user(platform.caller().user);
        let kind = user.as_lookup().map(|it| it.entity.shared());
        target.put(owner, user);
        if let (Some(place), Some(kind)) = (target.metadata().ordinal("owneridtype"), kind) {
            target.put(place, Value::Text(kind));
        }
    }
}

/// What follows from the owner: the user or team, and the business unit (C-57). The owner must exist (C-59).
pub(super) fn derive(target: &mut Record, platform: &mut dyn Platform) -> Result<(), Error> {
    let system = target.metadata().system();
    let places = (system.owning_user, system.owning_team, system.owning_business_unit);
    let Some(owner) = system.owner.and_then(|it| target.at(it)).and_then(Value::as_lookup).cloned()
    else {
        return Ok(());
    };
    let unit = business_unit(&owner, platform)?;
    let is_team = owner.entity == "team";
    let (user, team) = if is_team { (None, Some(owner)) } else { (Some(owner), None) };
    for (place, value) in [(places.0, user), (places.1, team), (places.2, unit)] {
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
