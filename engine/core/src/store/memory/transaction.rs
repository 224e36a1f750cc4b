//! Transactions of the memory store: a copy to work on, and a memory of what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::{Root, Shared};
use crate::metadata::{EntityMetadata, LogicalName};
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
    read: BTreeMap<(LogicalName, Uuid), Seen>,
    /// The entities that were searched.
    searched: BTreeSet<LogicalName>,
    /// The records as they are after this transaction; `None` for deleted ones.
    written: BTreeMap<(LogicalName, Uuid), Option<Record>>,
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

    fn see(&mut self, entity: &EntityMetadata, id: Uuid, seen: Seen) {
        let record = (entity.logical_name().clone(), id);
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
        let row = self.work.table(entity.logical_name()).and_then(|it| it.row(id)).cloned();
        self.see(entity, id, Seen::Version(row.as_ref().and_then(Record::version)));
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
        let entity = row.entity().clone();
        self.work.table_mut(&entity).put(id, row.clone())?;
        self.written.insert((entity, id), Some(row));
        Ok(version)
    }

    /// Whether everything that was read is still so.
    fn is_current(&self, root: &Root) -> bool {
        let unchanged = |(name, id): &(LogicalName, Uuid), seen: Seen| {
            let row = root.table(name).and_then(|it| it.row(*id));
            match seen {
                Seen::Existence(it) => it == row.is_some(),
                Seen::Version(it) => it == row.and_then(Record::version),
            }
        };
        self.read.iter().all(|(record, seen)| unchanged(record, *seen))
            && self
                .searched
                .iter()
                .all(|name| root.table(name).is_none_or(|it| it.changed <= self.began_at))
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
        let exists = self.work.exists(entity, id)?;
        self.see(entity, id, Seen::Existence(exists));
        Ok(exists)
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        self.searched.extend(plan.entities().cloned());
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
        let name = entity.logical_name().clone();
        if self.row(entity, id).is_none() {
            return Err(StoreError::NotFound { target: EntityReference::new(name, id) });
        }
        self.work.table_mut(&name).take(id);
        self.written.insert((name, id), None);
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        if self.written.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let mut root = shared.lock();
        let commit = root.commit + 1;
        let mut next = if root.commit == self.began_at {
            std::mem::take(&mut self.work)
        } else if self.is_current(&root) {
            let mut next = root.clone();
            for ((name, id), row) in &self.written {
                let table = next.table_mut(name);
                match row {
                    // A key that another transaction took in between: the message finds out when it reruns.
                    Some(row) => table.put(*id, row.clone()).map_err(|_| StoreError::Conflict)?,
                    None => drop(table.take(*id)),
                }
            }
            next
        } else {
            return Err(StoreError::Conflict);
        };
        for (name, _) in self.written.keys() {
            next.table_mut(name).changed = commit;
        }
        next.commit = commit;
        *root = next;
        Ok(())
    }
}
