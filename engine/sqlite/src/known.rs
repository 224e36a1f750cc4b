//! What a transaction knows without asking: records that it read or wrote, as they are by now.
//!
//! A message reads the same few records again and again: its target before and after, the parent that a step
//! changes, the user in whose name it comes. None of them can change meanwhile but by the transaction itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulegate::metadata::EntityMetadata;
use rulegate::record::Record;
use rulegate_sql::Table;
use uuid::Uuid;

/// How many records are kept: those of one message, and not all of a large batch.
const LIMIT: usize = 64;

/// The records that a transaction knows.
#[derive(Debug, Default)]
pub(crate) struct Known {
    records: BTreeMap<Uuid, Record>,
}

impl Known {
    /// The record as it is by now, if it is known.
    pub(crate) fn get(&self, entity: &Arc<EntityMetadata>, id: Uuid) -> Option<&Record> {
        self.records.get(&id).filter(|it| Arc::ptr_eq(it.metadata(), entity))
    }

    /// Keeps a record as it was read.
    pub(crate) fn keep(&mut self, record: &Record) {
        let Some(id) = record.id() else { return };
        if self.records.len() == LIMIT {
            self.records.clear();
        }
        self.records.insert(id, record.clone());
    }

    /// Keeps a new record, as it lies in its table.
    pub(crate) fn insert(&mut self, table: &Table, version: u64, record: &Record) {
        let Some(id) = record.id() else { return };
        let mut row = table.record(id, version, record.present().len());
        row.merge(record);
        table.stamp(&mut row, id, version);
        self.keep(&row);
    }

    /// Lays a change over the record, if it is known.
    pub(crate) fn update(&mut self, table: &Table, version: u64, change: &Record) {
        let Some(id) = change.id() else { return };
        let Some(mut row) = self.records.remove(&id) else { return };
        if Arc::ptr_eq(row.metadata(), change.metadata()) {
            row.merge(change);
            table.stamp(&mut row, id, version);
            self.records.insert(id, row);
        }
    }

    /// Forgets a record that is gone.
    pub(crate) fn forget(&mut self, id: Uuid) {
        self.records.remove(&id);
    }

    /// Forgets all, since some of it was undone.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
    }
}
