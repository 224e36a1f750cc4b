//! Stamps: who created and changed a record, and when.

use uuid::Uuid;

use super::platform::Platform;
use crate::error::Error;
use crate::metadata::{LogicalName, Ordinal};
use crate::record::{EntityReference, Record, Value, ValueError};

/// Stamps a new record. What a step wrote stands (C-43, C-54).
pub(super) fn created(target: &mut Record, platform: &dyn Platform) -> Result<(), Error> {
    migrated(target, platform)?;
    let (now, by) = (Value::Moment(platform.now()), user(platform.caller().user));
    let system = target.metadata().system();
    let behalf = [system.created_on_behalf_by, system.modified_on_behalf_by];
    for (place, value) in [
        (system.created_on, &now),
        (system.modified_on, &now),
        (system.created_by, &by),
        (system.modified_by, &by),
    ] {
        stamp(target, place, value);
    }
    if let Some(delegate) = platform.delegate().map(user) {
        behalf.into_iter().for_each(|it| stamp(target, it, &delegate));
    }
    Ok(())
}

/// Stamps a changed record (C-44). The delegate of an earlier change goes (C-45).
pub(super) fn modified(target: &mut Record, platform: &dyn Platform) {
    let (now, by) = (Value::Moment(platform.now()), user(platform.caller().user));
    let delegate = platform.delegate().map_or(Value::Null, user);
    let system = target.metadata().system();
    for (place, value) in [
        (system.modified_on, &now),
        (system.modified_by, &by),
        (system.modified_on_behalf_by, &delegate),
    ] {
        stamp(target, place, value);
    }
}

/// A record that was created elsewhere before: the sent time is that of its creation (C-48).
fn migrated(target: &mut Record, platform: &dyn Platform) -> Result<(), Error> {
    let entity = target.metadata();
    let Some(place) = entity.system().overridden_created_on else { return Ok(()) };
    let created_on = entity.system().created_on;
    if created_on.is_none_or(|it| target.at(it).is_some()) {
        return Ok(()); // Stamped already.
    }
    let sent = match target.at(place) {
        Some(Value::Moment(moment)) => *moment,
        Some(Value::Date(date)) => date.and_time(chrono::NaiveTime::MIN).and_utc(),
        _ => return Ok(()),
    };
    if platform.now() < sent {
        let (attribute, value) = (entity.name(place).into(), Value::from(sent).to_string());
        return Err(ValueError::InvalidDate { attribute, value }.into());
    }
    target.put(place, Value::Moment(platform.now()));
    stamp(target, created_on, &Value::Moment(sent));
    Ok(())
}

fn stamp(target: &mut Record, place: Option<Ordinal>, value: &Value) {
    if let Some(place) = place.filter(|it| target.at(*it).is_none()) {
        target.put(place, value.clone());
    }
}

pub(super) fn user(id: Uuid) -> Value {
    // One name a thread: it is made once, and no thread counts in another's.
    thread_local! {
        static ENTITY: LogicalName = "systemuser".into();
    }
    Value::Lookup(EntityReference::new(ENTITY.with(LogicalName::clone), id))
}
