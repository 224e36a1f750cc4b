//! Upsert: a record is updated, or created where there is none.

use std::sync::Arc;

use super::platform::Platform;
use super::{Create, Request, Update, keys};
use crate::error::{DataError, Error};
use crate::metadata::Ordinal;
use crate::record::{EntityReference, Record, Value};

/// Input parameters of *upsert*.
#[derive(Debug, Clone, PartialEq)]
pub struct Upsert {
    /// The record: meant by its identity, else by its alternate key (M-31).
    pub target: Record,
}

/// Output parameters of *upsert*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// The record (M-35).
    pub target: EntityReference,
    /// Whether it was created.
    pub is_created: bool,
}

impl Upsert {
    /// What it comes to: an update of the record that is there, or a create (M-30).
    pub(crate) fn resolve(mut self, platform: &mut dyn Platform) -> Result<Request, Error> {
        self.target.rebase(platform.catalog().entity(self.target.entity())?)?;
        keys::adopt_identity(&mut self.target);
        let key: Vec<(Ordinal, Value)> =
            self.target.key().map(|(it, value)| (it, value.clone())).collect();
        let found = match self.target.id() {
            Some(id) => {
                let entity = Arc::clone(self.target.metadata());
                platform.exists(&entity, id)?.then_some(id)
            }
            None if key.is_empty() => return Err(DataError::IdMissing { message: "Upsert" }.into()),
            None => keys::find(&self.target, platform)?,
        };
        let mut target = self.target;
        if let Some(id) = found {
            target.identify(id);
            for (ordinal, _) in key {
                target.take(ordinal); // M-32
            }
            target.forget_key();
            return Ok(Update::new(target).into());
        }
        for (ordinal, value) in key {
            if target.at(ordinal).is_none() {
                target.put(ordinal, value); // M-33, M-34
            }
        }
        Ok(Create::new(target).into())
    }
}
