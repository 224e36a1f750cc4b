//! What all transactions and readers of a store share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulegate::LogicalName;
use rulegate::metadata::EntityMetadata;
use rulegate::record::QueryPlan;
use rulegate_sql::{Shapes, Table};
use rusqlite::Connection;

use crate::connection::File;
use crate::dialect::SqliteDialect;
use crate::turn::Turns;
use crate::writer::Writer;
use crate::{Options, SqliteError};

/// Connections that wait for the next reader; more are closed when their reader is done.
const IDLE_LIMIT: usize = 16;

/// What all transactions and readers of a store share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) file: File,
    pub(crate) turns: Turns,
    /// The number of the last transaction that is durable: see [`Writer`].
    committed: AtomicU64,
    idle: Mutex<Vec<Connection>>,
    tables: Mutex<BTreeMap<LogicalName, Arc<Table>>>,
    pub(crate) shapes: Shapes,
}

impl Shared {
    pub(crate) fn open(path: &Path, options: Options) -> Result<Self, SqliteError> {
        let (file, connection) = File::open(path, options)?;
        let writer = Writer::new(connection);
        let turns = Turns::new(writer, file.options.patience);
        let (committed, idle, tables, shapes) = Default::default();
        Ok(Self { file, turns, committed, idle, tables, shapes })
    }

    /// The table of an entity, made once for each definition of it.
    pub(crate) fn table(&self, entity: &Arc<EntityMetadata>) -> Arc<Table> {
        let mut tables = lock(&self.tables);
        let known = tables.get(entity.logical_name());
        if let Some(known) = known.filter(|it| Arc::ptr_eq(it.entity(), entity)) {
            return Arc::clone(known);
        }
        let table = Arc::new(Table::new(entity, &SqliteDialect));
        tables.insert(entity.logical_name().clone(), Arc::clone(&table));
        table
    }

    /// The tables at which a query looks: of the records that it searches, and of those of each link.
    pub(crate) fn tables(&self, plan: &QueryPlan) -> Vec<Arc<Table>> {
        let links = plan.links.iter().map(|it| &it.entity);
        [&plan.entity].into_iter().chain(links).map(|it| self.table(it)).collect()
    }

    /// A connection that reads: one that waits, or a new one.
    pub(crate) fn reader(&self) -> Result<Connection, SqliteError> {
        let idle = lock(&self.idle).pop();
        idle.map_or_else(|| self.file.reader().map_err(|it| self.file.error(it)), Ok)
    }

    /// Takes back a connection that reads.
    pub(crate) fn give_back(&self, connection: Connection) {
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_LIMIT {
            idle.push(connection);
        }
    }

    /// The number of the last transaction that every reader sees who begins from here on.
    pub(crate) fn committed(&self) -> u64 {
        self.committed.load(Ordering::SeqCst)
    }

    pub(crate) fn set_committed(&self, number: u64) {
        self.committed.store(number, Ordering::SeqCst);
    }
}

/// A panic while the lock was held leaves nothing half done: what it guards is replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
