//! Readers: what can be asked of a connection, and snapshots, which see one moment.

use std::sync::Arc;

use rulegate::metadata::EntityMetadata;
use rulegate::record::{AggregateError, Page, QueryPlan, Record, Totals};
use rulegate::store::{Reader, StoreError};
use rulegate_sql::{Parameter, Select, Shape, Statement, Table};
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use crate::SqliteError;
use crate::shared::Shared;
use crate::value::{Bound, Cells, number, read};

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
    /// A snapshot of this moment.
    pub(crate) fn open(shared: &Arc<Shared>) -> Result<Self, SqliteError> {
        let snapshot = Self::begin(shared)?;
        snapshot
            .ask(|it| it.prepare_cached("SELECT version FROM \"rulegate$state\"")?.exists([]))?;
        Ok(snapshot)
    }

    /// A snapshot of the moment at which it is first asked: SQLite looks at that of the first read.
    pub(crate) fn begin(shared: &Arc<Shared>) -> Result<Self, SqliteError> {
        let sees = shared.committed();
        let connection = shared.reader()?;
        let began = connection.prepare_cached("BEGIN").and_then(|mut it| it.execute([]));
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
        Ok(self.ask(|it| query(it, &self.shared, plan))??)
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
    let mut statement = connection.prepare_cached(table.record_sql())?;
    let mut found = statement.query([id.as_bytes()])?;
    found.next()?.map(|row| read(row, table, 0..table.columns().len())).transpose()
}

/// The version of a record, or `None` where there is none.
pub(crate) fn version(
    connection: &Connection,
    table: &Table,
    id: Uuid,
) -> rusqlite::Result<Option<u64>> {
    let mut statement = connection.prepare_cached(table.version_sql())?;
    let mut found = statement.query([id.as_bytes()])?;
    found.next()?.map(|row| number(row, 0)).transpose()
}

/// Whether a statement finds anything.
pub(crate) fn finds(connection: &Connection, statement: &Statement) -> rusqlite::Result<bool> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    prepared.exists(params_from_iter(statement.parameters.iter().map(Bound)))
}

/// What a query finds.
pub(crate) fn query(
    connection: &Connection,
    shared: &Shared,
    plan: &QueryPlan,
) -> rusqlite::Result<Result<Page, AggregateError>> {
    let tables = shared.tables(plan);
    let Some(Select { shape, rows, total }) = shared.shapes.select(plan, &tables) else {
        return answer(connection, shared, plan);
    };
    let counted = shape.total.as_ref().map(|sql| each(connection, sql, &total, |it| number(it, 0)));
    let total = counted.transpose()?.and_then(|mut it| it.pop());
    let read = |row: &Row<'_>| read_joined(row, &shape, plan);
    let records = each(connection, &shape.rows, &rows, read)?;
    let Some(mut totals) = Totals::new(plan) else { return Ok(Ok(plan.page_of(records, total))) };
    let added = records.iter().try_for_each(|it| totals.add(it));
    Ok(added.and_then(|()| totals.finish()))
}

/// What a query finds that asks for more than SQL can say: the plan looks at each record.
fn answer(
    connection: &Connection,
    shared: &Shared,
    plan: &QueryPlan,
) -> rusqlite::Result<Result<Page, AggregateError>> {
    let table = shared.table(&plan.entity);
    let sql = table.all_records().sql;
    let records = each(connection, &sql, &[], |row| read(row, &table, 0..table.columns().len()))?;
    let mut failed = None;
    let page = plan.answer(records, |entity, id| {
        let found = retrieve(connection, &shared.table(entity), id);
        found.unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    });
    failed.map_or(Ok(page), Err)
}

/// Reads a record with those at the other ends of its links.
fn read_joined(row: &Row<'_>, shape: &Shape, plan: &QueryPlan) -> rusqlite::Result<Record> {
    let mut tables = shape.tables.iter();
    let mut row = Cells::new(row);
    let Some((table, columns)) = tables.next() else { return Err(rusqlite::Error::InvalidQuery) };
    let mut record = row.read(table, columns.iter().copied())?;
    for (link, (table, columns)) in plan.links.iter().zip(tables) {
        if let Some(other) = row.read_if_any(table, columns)? {
            link.lay(&mut record, &other);
        }
    }
    Ok(record)
}

/// Carries a statement out, and reads each row.
fn each<T>(
    connection: &Connection,
    sql: &str,
    parameters: &[Parameter],
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut prepared = connection.prepare_cached(sql)?;
    let mut found = prepared.query(params_from_iter(parameters.iter().map(Bound)))?;
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
