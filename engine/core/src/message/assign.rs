//! Assign: a record gets another owner.

use std::sync::Arc;

use super::platform::{Platform, existing};
use super::{Response, Update};
use crate::error::{DataError, Error};
use crate::record::{EntityReference, Record, Value};

/// Input parameters of *assign*.
#[derive(Debug, Clone, PartialEq)]
pub struct Assign {
    /// The record.
    pub target: EntityReference,
    /// The user or team that it goes to.
    pub assignee: EntityReference,
}

impl Assign {
    /// Updates the owner (M-26), unless that changes nothing (M-29).
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        let current = existing(platform, &self.target)?;
        let entity = Arc::clone(current.metadata());
        let Some(owner) = entity.system().owner else {
            let entity = self.target.entity.clone();
            let reason = "its records have no owner of their own"; // C-62, M-75
            return Err(DataError::UnsupportedMessage { message: "Assign", entity, reason }.into());
        };
        if current.at(owner).and_then(Value::as_lookup) != Some(&self.assignee) {
            let mut target = Record::of(&entity, self.target.id);
            target.put(owner, Value::Lookup(self.assignee.clone()));
            platform.send(Update::new(target).into())?;
        }
        Ok(Response::Done)
    }
}
