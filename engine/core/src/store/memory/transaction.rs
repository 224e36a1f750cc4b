//! Transactions of the memory store: a copy to work on, and a memory of what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use uuid::Uuid;

use super::{Place, Root, Shared};
use crate::metadata::EntityMetadata;
use crate::record::{EntityReference, Page, QueryPlan, Record, Value};
use crate::store::{Reader, StoreError, Transaction};

/// One transaction.
pub(super) struct MemoryTransaction {
    shared: Arc<Shared>,
    /// How many commits had been made when it began.
    began_at: u64,
    /// The records as this transaction sees them.
    work: Root,
    /// The version in which each record was first read; `None` where there was none.
    read: BTreeMap<(Place, Uuid), Seen>,
    /// The tables that were searched.
    searched: BTreeSet<Place>,
    /// The records as they are after this transaction; `None` for deleted ones.
    written: BTreeMap<(Place, Uuid), Option<Arc<Record>>>,
}

/// What a transaction saw of a record that it has not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Whether it exists.
    Existence(bool),
    /// In which version it is.
    Version(Option<u64>),
}

impl MemoryTransaction {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let work = shared.lock().clone();
        Self {
            shared,
            began_at: work.commit,
            work,
            read: BTreeMap::new(),
            searched: BTreeSet::new(),
            written: BTreeMap::new(),
        }
    }

    /// The place of the table of an entity. All transactions know one that is new.
    fn place(&mut self, entity: &str) -> Place {
        self.work.place(entity).unwrap_or_else(|| {
            let mut root = self.shared.lock();
            let place = root.place_of(entity);
            self.work.places = Arc::clone(&root.places);
            place
        })
    }

    fn see(&mut self, record: (Place, Uuid), seen: Seen) {
        if self.written.contains_key(&record) {
            return;
        }
        let known = self.read.entry(record).or_insert(seen);
        if matches!((&known, seen), (Seen::Existence(_), Seen::Version(_))) {
            *known = seen;
        }
    }

    /// Reads the row as it is in this transaction.
    fn row(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Option<Record> {
        let place = self.place(entity.logical_name());
        let row = self.work.table(place).and_then(|it| it.row(id)).cloned();
        self.see((place, id), Seen::Version(row.as_ref().and_then(Record::version)));
        row.map(|it| it.under(entity))
    }

    fn put(&mut self, mut row: Record, id: Uuid) -> Result<u64, StoreError> {
        let version = self.shared.next_version();
        row.set_version(version);
        if let Some(ordinal) = row.metadata().system().version_number {
            row.put(ordinal, Value::WholeNumber(i64::try_from(version).unwrap_or(i64::MAX)));
        }
        if let Some(ordinal) = row.metadata().system().primary_id {
            row.put(ordinal, Value::Id(id));
        }
        let (place, row) = (self.place(row.entity()), Arc::new(row));
        self.work.table_mut(place).put(id, Arc::clone(&row))?;
        self.written.insert((place, id), Some(row));
        Ok(version)
    }

    /// Whether everything that was read is still so.
    fn is_current(&self, root: &Root) -> bool {
        let unchanged = |(place, id): (Place, Uuid), seen: Seen| {
            let row = root.table(place).and_then(|it| it.row(id));
            match seen {
                Seen::Existence(it) => it == row.is_some(),
                Seen::Version(it) => it == row.and_then(Record::version),
            }
        };
        self.read.iter().all(|(record, seen)| unchanged(*record, *seen))
            && self
                .searched
                .iter()
                .all(|place| root.table(*place).is_none_or(|it| it.changed <= self.began_at))
    }

    /// What others committed, with what this transaction wrote.
    fn laid_over(&self, root: &Root) -> Result<Root, StoreError> {
        let mut next = root.clone();
        for ((place, id), row) in &self.written {
            let table = next.table_mut(*place);
            match row {
                // A key that another transaction took in between: the message finds out when it reruns.
                Some(row) => {
                    table.put(*id, Arc::clone(row)).map_err(|_| StoreError::Conflict)?;
                }
                None => drop(table.take(*id)),
            }
        }
        Ok(next)
    }
}

impl Reader for MemoryTransaction {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        Ok(self.row(entity, id))
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError> {
        let place = self.place(entity.logical_name());
        let exists = self.work.table(place).is_some_and(|it| it.row(id).is_some());
        self.see((place, id), Seen::Existence(exists));
        Ok(exists)
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        for entity in plan.entities() {
            let place = self.place(entity);
            self.searched.insert(place);
        }
        self.work.query(plan)
    }
}

impl Transaction for MemoryTransaction {
    fn insert(&mut self, record: &Record) -> Result<u64, StoreError> {
        let id =
            record.id().ok_or_else(|| StoreError::Backend("a record without identity".into()))?;
        if self.exists(record.metadata(), id)? {
            return Err(StoreError::Duplicate);
        }
        self.put(record.to_row(2), id) // Its version and its identity.
    }

    fn update(&mut self, change: &Record) -> Result<u64, StoreError> {
        let id =
            change.id().ok_or_else(|| StoreError::Backend("a change without identity".into()))?;
        let Some(mut row) = self.row(change.metadata(), id) else {
            let target = EntityReference::new(change.entity().clone(), id);
            return Err(StoreError::NotFound { target });
        };
        row.merge(change);
        self.put(row, id)
    }

    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError> {
        if self.row(entity, id).is_none() {
            let target = EntityReference::new(entity.logical_name().clone(), id);
            return Err(StoreError::NotFound { target });
        }
        let place = self.place(entity.logical_name());
        self.work.table_mut(place).take(id);
        self.written.insert((place, id), None);
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if self.written.is_empty() {
            return Ok(());
        }
        let mut root = self.shared.lock();
        let commit = root.commit + 1;
        let mut next = if root.commit == self.began_at {
            self.work
        } else if self.is_current(&root) {
            self.laid_over(&root)?
        } else {
            return Err(StoreError::Conflict);
        };
        for (place, _) in self.written.keys() {
            next.table_mut(*place).changed = commit;
        }
        next.places = Arc::clone(&root.places); // Others may have given out more.
        next.commit = commit;
        let before = mem::replace(&mut *root, next);
        drop(root); // Nobody waits while what is no longer needed goes.
        drop(before);
        Ok(())
    }
}
