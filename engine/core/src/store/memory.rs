//! The reference store: persistent maps in memory, with snapshots that are clones.
//!
//! A transaction works on its own copy of the maps and remembers what it read. At its commit, what it
//! read must still be so; then its writes are laid over what others committed in between.

mod table;
mod transaction;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;
use uuid::Uuid;

use self::table::Table;
use self::transaction::MemoryTransaction;
use super::{Reader, Store, StoreError, Transaction};
use crate::metadata::{Catalog, EntityMetadata, LogicalName};
use crate::record::{Page, QueryPlan, Record};

/// A store that forgets everything when it is dropped. Clones share their records.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    shared: Arc<Shared>,
}

/// What all transactions share.
#[derive(Debug, Default)]
struct Shared {
    committed: Mutex<Root>,
    /// The last row version given out: they grow over all entities (C-51).
    version: AtomicU64,
}

/// All tables at one moment. A clone costs one reference count.
#[derive(Debug, Clone, Default)]
struct Root {
    tables: OrdMap<LogicalName, Arc<Table>>,
    /// How many commits made this.
    commit: u64,
}

impl Store for Memory {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let mut root = self.shared.lock();
        let mut next = root.clone();
        for entity in catalog.entities() {
            let name = entity.logical_name().clone();
            let table = root.table(&name).cloned().unwrap_or_default();
            next.tables.insert(name, Arc::new(table.under(entity)?));
        }
        next.commit += 1; // What began before lays its writes over this, instead of in its place.
        *root = next;
        Ok(())
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(self.shared.lock().clone()))
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(MemoryTransaction::new(Arc::clone(&self.shared))))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Root> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_version(&self) -> u64 {
        self.version.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Root {
    fn table(&self, entity: &str) -> Option<&Table> {
        self.tables.get(entity).map(Arc::as_ref)
    }

    fn table_mut(&mut self, entity: &LogicalName) -> &mut Table {
        Arc::make_mut(self.tables.entry(entity.clone()).or_default())
    }
}

impl Reader for Root {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        let row = self.table(entity.logical_name()).and_then(|it| it.row(id));
        Ok(row.map(|it| it.under(entity)))
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.table(entity.logical_name()).is_some_and(|it| it.row(id).is_some()))
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        let Some(table) = self.table(plan.entity.logical_name()) else {
            return Ok(Page::default());
        };
        let find = |entity: &Arc<EntityMetadata>, id| {
            Some(self.table(entity.logical_name())?.row(id)?.under(entity))
        };
        Ok(table.query(plan, find)?)
    }
}
