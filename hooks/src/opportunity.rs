//! Opportunities: what several hooks know of their states.

use rulegate::Value;
use rulegate::metadata::{EntityMetadata, OptionSet};

/// The state of an opportunity that is worked on (O-9).
pub(crate) const OPEN: i32 = 0;
/// The state of an opportunity that was won.
pub(crate) const WON: i32 = 1;
/// The state of an opportunity that was lost.
pub(crate) const LOST: i32 = 2;

/// The state to which a status reason of the entity belongs (C-65).
pub(crate) fn state_of(entity: &EntityMetadata, status: &Value) -> Option<i32> {
    options(entity, "statuscode")?.by_value(status.as_choice()?)?.state
}

/// What people call a state of the entity.
pub(crate) fn state_name(entity: &EntityMetadata, state: i32) -> String {
    let option = options(entity, "statecode").and_then(|it| it.by_value(state));
    option.map_or_else(|| state.to_string(), |it| it.label.clone())
}

fn options<'a>(entity: &'a EntityMetadata, attribute: &str) -> Option<&'a OptionSet> {
    entity.attribute(attribute)?.kind.option_set()
}
