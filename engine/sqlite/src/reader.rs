//! Readers: what can be asked of a connection, and snapshots, which see one moment.

use std::sync::Arc;

use rulegate::metadata::EntityMetadata;
use rulegate::record::{Page, QueryPlan, Record};
use rulegate::store::{Reader, StoreError};
use rulegate_sql::{Select, Statement, Table};
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use crate::SqliteError;
use crate::shared::Shared;
use crate::value::{Bound, number, read};

/// Everything that is committed at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    shared: Arc<Shared>,
    /// INVARIANT: `None` only while it is dropped.
    connection: Option<Connection>,
    /// The number of a transaction that it sees, and all before. It may see later ones.
    pub(crate) sees: u64,
}

impl Snapshot {
    pub(crate) fn open(shared: &Arc<Shared>) -> Result<Self, SqliteError> {
        let sees = shared.committed();
        let connection = shared.reader()?;
        // SQLite looks at the moment of the first read, not of the BEGIN.
        let began =
            ["BEGIN", "SELECT version FROM \"rulegate$state\""].into_iter().try_for_each(|sql| {
                let mut statement = connection.prepare_cached(sql)?;
                statement.query([])?.next().map(drop)
            });
        began.map_err(|it| shared.file.error(it))?;
        Ok(Self { shared: Arc::clone(shared), connection: Some(connection), sees })
    }

    pub(crate) fn ask<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteError> {
        let connection = self.connection.as_ref().ok_or(SqliteError::Over)?;
        ask(connection).map_err(|it| self.shared.file.error(it))
    }

    /// Reads the whole file, and finds what is broken in it.
    pub(crate) fn check_integrity(&self) -> Result<Vec<String>, SqliteError> {
        self.ask(integrity)
    }
}

impl Reader for Snapshot {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        let table = self.shared.table(entity);
        Ok(self.ask(|it| retrieve(it, &table, id))?)
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError> {
        let table = self.shared.table(entity);
        Ok(self.ask(|it| version(it, &table, id))?.is_some())
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        let table = self.shared.table(&plan.entity);
        Ok(self.ask(|it| query(it, &table, plan))?)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A connection that cannot even end its transaction is closed.
        let ended = connection.prepare_cached("ROLLBACK").and_then(|mut it| it.execute([]));
        if ended.is_ok() {
            self.shared.give_back(connection);
        }
    }
}

/// What is broken in a file.
pub(crate) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let found = statement.query_map([], |row| row.get(0))?;
    let found: Vec<String> = found.collect::<rusqlite::Result<_>>()?;
    Ok(found.into_iter().filter(|it| it != "ok").collect())
}

/// The record, or `None` where there is none.
pub(crate) fn retrieve(
    connection: &Connection,
    table: &Table,
    id: Uuid,
) -> rusqlite::Result<Option<Record>> {
    let all: Vec<usize> = (0..table.columns().len()).collect();
    Ok(rows(connection, &table.record_of(id), |row| read(row, table, &all))?.pop())
}

/// The version of a record, or `None` where there is none.
pub(crate) fn version(
    connection: &Connection,
    table: &Table,
    id: Uuid,
) -> rusqlite::Result<Option<u64>> {
    Ok(rows(connection, &table.version_of(id), |row| number(row, 0))?.pop())
}

/// Whether a statement finds anything.
pub(crate) fn finds(connection: &Connection, statement: &Statement) -> rusqlite::Result<bool> {
    Ok(!rows(connection, statement, |_| Ok(()))?.is_empty())
}

/// What a query finds.
pub(crate) fn query(
    connection: &Connection,
    table: &Table,
    plan: &QueryPlan,
) -> rusqlite::Result<Page> {
    let Some(select) = Select::new(plan, table) else {
        // More than SQL can say: the plan looks at each record.
        let all: Vec<usize> = (0..table.columns().len()).collect();
        let records = rows(connection, &table.all_records(), |row| read(row, table, &all))?;
        return Ok(plan.answer(records));
    };
    let total = select.total.as_ref().map(|it| rows(connection, it, |row| number(row, 0)));
    let total = total.transpose()?.and_then(|mut it| it.pop());
    let records = rows(connection, &select.rows, |row| read(row, table, &select.columns))?;
    Ok(plan.page_of(records, total))
}

/// Carries a statement out, and reads each row.
fn rows<T>(
    connection: &Connection,
    statement: &Statement,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let parameters = params_from_iter(statement.parameters.iter().map(Bound));
    let mut found = prepared.query(parameters)?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// Carries a statement out that changes records. Answers how many it changed.
pub(crate) fn execute(connection: &Connection, statement: &Statement) -> rusqlite::Result<usize> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    prepared.execute(params_from_iter(statement.parameters.iter().map(Bound)))
}
