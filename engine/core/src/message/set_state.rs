//! Set state: a record gets another state.

use std::sync::Arc;

use super::platform::{Platform, existing};
use super::{Response, Update};
use crate::error::{DataError, Error};
use crate::record::{EntityReference, Record, Value};

/// Input parameters of *set state*.
#[derive(Debug, Clone, PartialEq)]
pub struct SetState {
    /// The record.
    pub target: EntityReference,
    /// The state.
    pub state: i32,
    /// The status reason; `None` (Dataverse's -1) for the default of the state (M-8).
    pub status: Option<i32>,
}

impl SetState {
    /// Updates state and status (M-26), unless that changes nothing (M-29).
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        let current = existing(platform, &self.target)?;
        let entity = Arc::clone(current.metadata());
        let (Some(state), Some(status)) = (entity.system().state, entity.system().status) else {
            let entity = self.target.entity.clone();
            let reason = "its records have no state";
            return Err(
                DataError::UnsupportedMessage { message: "SetState", entity, reason }.into()
            );
        };
        let is_now = |place, wanted| current.at(place).and_then(Value::as_choice) == Some(wanted);
        if is_now(state, self.state) && self.status.is_none_or(|it| is_now(status, it)) {
            return Ok(Response::Done);
        }
        let mut target = Record::of(&entity, self.target.id);
        target.put(state, Value::Choice(self.state));
        if let Some(wanted) = self.status {
            target.put(status, Value::Choice(wanted));
        }
        platform.send(Update::new(target).into())
    }
}
