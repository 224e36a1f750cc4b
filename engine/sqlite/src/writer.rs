//! The writer: the one connection that writes, and the batch that its next commit makes durable.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rulegate::LogicalName;
use rusqlite::Connection;

use crate::SqliteError;
use crate::shared::{Shared, lock};

/// The one connection that writes. Who has it has the turn.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    /// The transactions that the next commit of the database makes durable, while it is open.
    batch: Option<Arc<Batch>>,
    /// How many transactions are in the batch.
    pub(crate) joined: u32,
    /// The last row version given out.
    version: u64,
    /// The row version up to which the file leaves all to this writer.
    reserved: u64,
    /// The number of the last transaction that wrote, durable or in the batch.
    pub(crate) number: u64,
    /// The number of the last transaction that wrote records of an entity.
    changed: BTreeMap<LogicalName, u64>,
    /// The number that a commit of another process got, which may have written anything.
    changed_by_others: u64,
    /// What SQLite counts when another connection commits; `None` before the first batch.
    seen: Option<i64>,
}

/// How many row versions a writer reserves at once. Noting each in the file would dirty a page of its own with
/// every commit. What a writer leaves unused when it ends is skipped: row versions grow, and no more is promised.
const RESERVE: u64 = 256;

/// Transactions that become durable together, or not at all.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    outcome: Mutex<Option<Result<(), Arc<SqliteError>>>>,
    is_over: Condvar,
}

impl Writer {
    pub(crate) fn new(connection: Connection) -> Self {
        let (batch, seen, changed) = Default::default();
        let (joined, version, reserved, number, changed_by_others) = Default::default();
        Self {
            connection,
            batch,
            joined,
            version,
            reserved,
            number,
            changed,
            changed_by_others,
            seen,
        }
    }

    /// Opens a batch, unless one is open: from here on no other process can write.
    pub(crate) fn open_batch(&mut self) -> rusqlite::Result<()> {
        if self.batch.is_some() {
            return Ok(());
        }
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        if let Err(error) = self.look_for_others() {
            self.undo();
            return Err(error);
        }
        self.joined = 0;
        self.batch = Some(Arc::default());
        Ok(())
    }

    /// Where another connection committed since the last batch, anything may have changed, and it may have given
    /// out row versions beyond ours.
    fn look_for_others(&mut self) -> rusqlite::Result<()> {
        let number = |sql: &str| {
            self.connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))
        };
        let seen = Some(number("PRAGMA data_version")?);
        if seen != self.seen {
            let version = number("SELECT version FROM \"rulegate$state\"")?.unsigned_abs();
            (self.version, self.reserved) = (version, version);
            self.number += 1;
            (self.seen, self.changed_by_others) = (seen, self.number);
        }
        Ok(())
    }

    /// The batch that is open.
    pub(crate) fn batch(&self) -> Option<&Arc<Batch>> {
        self.batch.as_ref()
    }

    pub(crate) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// Numbers a transaction that is done, and notes what it wrote.
    pub(crate) fn join(&mut self, written: impl IntoIterator<Item = LogicalName>) {
        self.joined += 1;
        self.number += 1;
        for entity in written {
            self.changed.insert(entity, self.number);
        }
    }

    /// Whether anybody wrote records of the entity after a transaction.
    pub(crate) fn has_changed(&self, entity: &str, after: u64) -> bool {
        let own = self.changed.get(entity).copied().unwrap_or(0);
        after < own.max(self.changed_by_others)
    }

    /// Whether SQLite gave up the open batch by itself, as it does where a disk is full.
    pub(crate) fn has_lost_batch(&self) -> bool {
        self.batch.is_some() && self.connection.is_autocommit()
    }

    /// Makes the batch durable, and tells all who wait for it.
    pub(crate) fn commit_batch(&mut self, shared: &Shared) {
        let Some(batch) = self.batch.take() else { return };
        let outcome = self.commit().map_err(|error| {
            self.undo();
            Arc::new(shared.file.error(error))
        });
        if outcome.is_ok() {
            shared.set_committed(self.number);
        }
        batch.end(outcome);
    }

    /// Gives the batch up, and tells all who wait for it.
    pub(crate) fn lose_batch(&mut self, error: Arc<SqliteError>) {
        let Some(batch) = self.batch.take() else { return };
        self.undo();
        batch.end(Err(error));
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            return Err(rusqlite::Error::ExecuteReturnedResults); // Nothing is left to commit.
        }
        let reserved = if self.reserved < self.version {
            let reserved = self.version + RESERVE;
            let sql = "UPDATE \"rulegate$state\" SET version = ?1";
            let parameter = i64::try_from(reserved).unwrap_or(i64::MAX);
            self.connection.prepare_cached(sql)?.execute([parameter])?;
            reserved
        } else {
            self.reserved
        };
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.reserved = reserved;
        Ok(())
    }

    /// Ends what is open. Where nothing is, or the file is beyond help, the next BEGIN tells.
    fn undo(&self) {
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl Batch {
    fn end(&self, outcome: Result<(), Arc<SqliteError>>) {
        *lock(&self.outcome) = Some(outcome);
        self.is_over.notify_all();
    }

    /// Waits until the batch is durable. Whoever has the turn sees to it when it ends.
    pub(crate) fn wait(&self) -> Result<(), SqliteError> {
        let outcome = lock(&self.outcome);
        let is_open = |it: &mut Option<_>| it.is_none();
        let outcome = self.is_over.wait_while(outcome, is_open);
        let outcome = outcome.unwrap_or_else(PoisonError::into_inner);
        outcome.clone().unwrap_or(Ok(())).map_err(SqliteError::Together)
    }
}
