//! The platform: what a main operation may use. The pipeline lends it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Request, Response};
use crate::error::Error;
use crate::metadata::{Catalog, EntityMetadata};
use crate::record::{EntityReference, Page, Query, QueryPlan, Record};
use crate::settings::{Caller, Settings};
use crate::store::StoreError;

/// What a main operation may use.
pub(crate) trait Platform {
    fn catalog(&self) -> &Catalog;
    fn settings(&self) -> &Settings;
    /// The time of the message: the same for all that one outermost message does.
    fn now(&self) -> DateTime<Utc>;
    fn caller(&self) -> Caller;
    /// Who stands behind the caller, where it is somebody else (C-45).
    fn delegate(&self) -> Option<Uuid>;
    fn new_id(&mut self) -> Uuid;

    fn retrieve(&mut self, entity: &Arc<EntityMetadata>, id: Uuid)
    -> Result<Option<Record>, Error>;
    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, Error>;
    fn query(&mut self, plan: &QueryPlan) -> Result<Page, Error>;
    fn insert(&mut self, record: &Record) -> Result<u64, Error>;
    fn update(&mut self, change: &Record) -> Result<u64, Error>;
    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), Error>;

    /// Sends a message one deeper, with all its steps.
    fn send(&mut self, request: Request) -> Result<Response, Error>;
}

/// The record, or the error that there is none.
pub(super) fn existing(
    platform: &mut dyn Platform,
    target: &EntityReference,
) -> Result<Record, Error> {
    let entity = Arc::clone(platform.catalog().entity(&target.entity)?);
    let found = platform.retrieve(&entity, target.id)?;
    found.ok_or_else(|| StoreError::NotFound { target: target.clone() }.into())
}

/// All records that a query finds.
pub(super) fn find(platform: &mut dyn Platform, query: &Query) -> Result<Vec<Record>, Error> {
    let plan = QueryPlan::new(query, platform.catalog())?;
    Ok(platform.query(&plan)?.records)
}
