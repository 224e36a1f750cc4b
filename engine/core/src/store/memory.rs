//! The reference store: persistent maps in memory, with snapshots that are clones.
//!
//! A transaction works on its own copy of the maps and remembers what it read. At its commit, what it
//! read must still be so; then its writes are laid over what others committed in between.

mod table;
mod transaction;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use self::table::Table;
use self::transaction::MemoryTransaction;
use super::{Reader, Store, StoreError, Transaction};
use crate::metadata::{Catalog, EntityMetadata};
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

/// All tables at one moment. A clone costs two reference counts.
///
/// Tables are known by numbers, and lie in groups, so that a change of one copies the pointers of few others: threads
/// that count the same references, or read names beside those, wait for each other.
#[derive(Debug, Clone, Default)]
struct Root {
    places: Arc<BTreeMap<Box<str>, Place>>,
    groups: Arc<BTreeMap<Place, Arc<Group>>>,
    /// How many commits made this.
    commit: u64,
}

/// The number of a table. It stays what it is.
type Place = usize;
type Group = BTreeMap<Place, Arc<Table>>;

/// How many tables lie in a group.
const GROUP: usize = 6;

impl Store for Memory {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let mut root = self.shared.lock();
        let mut next = root.clone();
        for entity in catalog.entities() {
            let place = next.place_of(entity.logical_name());
            let table = next.table_mut(place);
            *table = table.under(entity)?;
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
    fn place(&self, entity: &str) -> Option<Place> {
        self.places.get(entity).copied()
    }

    /// The place of the table of an entity, which gets one where it has none.
    fn place_of(&mut self, entity: &str) -> Place {
        self.place(entity).unwrap_or_else(|| {
            let places = Arc::make_mut(&mut self.places);
            let place = places.len();
            places.insert(entity.into(), place);
            place
        })
    }

    fn table(&self, place: Place) -> Option<&Table> {
        self.groups.get(&(place / GROUP))?.get(&place).map(Arc::as_ref)
    }

    fn table_of(&self, entity: &str) -> Option<&Table> {
        self.place(entity).and_then(|it| self.table(it))
    }

    fn table_mut(&mut self, place: Place) -> &mut Table {
        let groups = Arc::make_mut(&mut self.groups);
        let group = Arc::make_mut(groups.entry(place / GROUP).or_default());
        Arc::make_mut(group.entry(place).or_default())
    }
}

impl Reader for Root {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        let row = self.table_of(entity.logical_name()).and_then(|it| it.row(id));
        Ok(row.map(|it| it.under(entity)))
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.table_of(entity.logical_name()).is_some_and(|it| it.row(id).is_some()))
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        let Some(table) = self.table_of(plan.entity.logical_name()) else {
            return Ok(Page::default());
        };
        let find = |entity: &Arc<EntityMetadata>, id| {
            Some(self.table_of(entity.logical_name())?.row(id)?.under(entity))
        };
        Ok(table.query(plan, find)?)
    }
}
