//! A store that does nothing, so that all that is left is the way of a message.

use std::sync::Arc;

use rulegate::metadata::EntityMetadata;
use rulegate::record::{Page, QueryPlan};
use rulegate::store::{Reader, Store, StoreError, Transaction};
use rulegate::{Catalog, Record};
use uuid::Uuid;

/// It keeps no record, and finds whatever it is asked for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Void;

impl Store for Void {
    fn adopt(&self, _: &Catalog) -> Result<(), StoreError> {
        Ok(())
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(self.clone()))
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

impl Reader for Void {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        Ok(Some(Record::of(entity, id)))
    }

    fn exists(&mut self, _: &Arc<EntityMetadata>, _: Uuid) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn query(&mut self, _: &QueryPlan) -> Result<Page, StoreError> {
        Ok(Page::default())
    }
}

impl Transaction for Void {
    fn insert(&mut self, _: &Record) -> Result<u64, StoreError> {
        Ok(1)
    }

    fn update(&mut self, _: &Record) -> Result<u64, StoreError> {
        Ok(1)
    }

    fn delete(&mut self, _: &Arc<EntityMetadata>, _: Uuid) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
