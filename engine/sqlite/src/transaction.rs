//! Transactions: they read a snapshot until their first write, and take the turn with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rulegate::LogicalName;
use rulegate::metadata::EntityMetadata;
use rulegate::record::{EntityReference, Page, QueryPlan, Record};
use rulegate::store::{Reader, StoreError, Transaction};
use rulegate_sql::{Misfit, Statement, Table};
use rusqlite::Connection;
use uuid::Uuid;

use crate::SqliteError;
use crate::error::is_taken;
use crate::known::Known;
use crate::mark;
use crate::reader::{self, Snapshot};
use crate::shared::Shared;
use crate::turn::Turn;

/// One transaction.
pub(crate) struct SqliteTransaction {
    shared: Arc<Shared>,
    state: State,
    /// What was read before the first write.
    seen: Seen,
    /// The entities whose records were written.
    written: BTreeSet<LogicalName>,
    known: Known,
}

/// A transaction over its life.
enum State {
    /// It has read nothing.
    New,
    /// It has written nothing.
    Reading(Snapshot),
    /// It may write, and sees what it wrote.
    Writing(Turn),
    /// Nothing of it can be saved: it met another, or the database failed.
    Over { is_conflict: bool },
}

/// What a transaction read before its first write.
#[derive(Default)]
struct Seen {
    /// The version in which each record was read, and whether it was more than asked for.
    records: BTreeMap<(LogicalName, Uuid), SeenRecord>,
    /// The entities that were searched.
    searched: BTreeSet<LogicalName>,
}

struct SeenRecord {
    table: Arc<Table>,
    /// `None` where there was none.
    version: Option<u64>,
    /// Whether only its existence was asked for.
    is_existence: bool,
}

impl SqliteTransaction {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self::of(shared, State::New)
    }

    /// A transaction that has the turn from the start, and so can meet nobody.
    pub(crate) fn in_turn(shared: &Arc<Shared>) -> Result<Self, StoreError> {
        Ok(Self::of(shared, State::Writing(Turn::take(shared)?)))
    }

    fn of(shared: &Arc<Shared>, state: State) -> Self {
        let (seen, written, known) = Default::default();
        Self { shared: Arc::clone(shared), state, seen, written, known }
    }

    /// The record, where it is known and the transaction is not over.
    fn known(&self, entity: &Arc<EntityMetadata>, id: Uuid) -> Option<&Record> {
        self.known.get(entity, id).filter(|_| !matches!(self.state, State::Over { .. }))
    }

    /// Asks the snapshot, or the writer once it has the turn. Answers also whether it was the snapshot.
    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<(T, bool), StoreError> {
        if matches!(self.state, State::New) {
            self.state = State::Reading(Snapshot::begin(&self.shared)?);
        }
        match &self.state {
            State::Reading(snapshot) => Ok((snapshot.ask(ask)?, true)),
            State::Writing(turn) => {
                let answer = ask(turn.connection()?).map_err(|it| turn.error(it))?;
                Ok((answer, false))
            }
            State::New => Err(SqliteError::Over.into()),
            State::Over { is_conflict } => Err(over(*is_conflict)),
        }
    }

    /// Takes the turn, unless it has it. What was read until now must still be so.
    fn take_turn(&mut self) -> Result<&mut Turn, StoreError> {
        let sees = match &self.state {
            State::New => Some(None),
            State::Reading(snapshot) => Some(Some(snapshot.sees)),
            State::Writing(turn) if turn.is_lost() => return Err(SqliteError::Over.into()),
            State::Writing(_) => None,
            State::Over { is_conflict } => return Err(over(*is_conflict)),
        };
        if let Some(sees) = sees {
            let turn = Turn::take(&self.shared)?;
            self.state = match sees {
                Some(sees) if !self.seen.is_current(&turn, sees)? => {
                    State::Over { is_conflict: true }
                }
                Some(_) | None => State::Writing(turn),
            };
        }
        match &mut self.state {
            State::Writing(turn) => Ok(turn),
            State::New | State::Reading(_) | State::Over { .. } => Err(StoreError::Conflict),
        }
    }

    /// Carries out a write. Where SQLite gave up all that was written, the transaction is over.
    fn write(
        &mut self,
        statement: impl FnOnce(u64) -> Result<Statement, StoreError>,
    ) -> Result<(Result<usize, rusqlite::Error>, u64), StoreError> {
        let turn = self.take_turn()?;
        let version = turn.writer_mut()?.next_version();
        let outcome = reader::execute(turn.connection()?, &statement(version)?);
        match outcome {
            Err(error) if !is_taken(&error) => {
                let error = Arc::new(turn.error(error));
                if turn.is_lost() {
                    turn.writer_mut()?.lose_batch(Arc::clone(&error));
                    self.state = State::Over { is_conflict: false };
                }
                Err(SqliteError::Together(error).into())
            }
            outcome => Ok((outcome, version)),
        }
    }

    /// Which key of the record is taken: the first that another record has.
    fn taken(
        &mut self,
        table: &Table,
        record: &Record,
        refused: rusqlite::Error,
    ) -> Result<StoreError, StoreError> {
        for key in table.entity().keys() {
            let Some(holder) = table.holder_of(&key.attributes, record) else { continue };
            if self.ask(|it| reader::finds(it, &holder))?.0 {
                let (entity, key) = (record.entity().clone(), key.name.clone());
                return Ok(StoreError::KeyViolated { entity, key });
            }
        }
        // A key that another generation has.
        Ok(self.shared.file.error(refused).into())
    }
}

impl Seen {
    /// Whether everything that was read is still so, for one who saw all transactions up to a number.
    fn is_current(&self, turn: &Turn, sees: u64) -> Result<bool, StoreError> {
        let writer = turn.writer()?;
        if writer.number == sees {
            return Ok(true);
        }
        if self.searched.iter().any(|it| writer.has_changed(it, sees)) {
            return Ok(false);
        }
        for ((entity, id), seen) in &self.records {
            if !writer.has_changed(entity, sees) {
                continue;
            }
            let found = reader::version(&writer.connection, &seen.table, *id);
            let version = found.map_err(|it| turn.error(it))?;
            let is_same = if seen.is_existence {
                version.is_some() == seen.version.is_some()
            } else {
                version == seen.version
            };
            if !is_same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn record(&mut self, id: Uuid, seen: SeenRecord) {
        let key = (seen.table.entity().logical_name().clone(), id);
        let is_existence = seen.is_existence;
        self.records.entry(key).or_insert(seen).is_existence &= is_existence;
    }
}

impl Reader for SqliteTransaction {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        if let Some(known) = self.known(entity, id) {
            return Ok(Some(known.clone()));
        }
        let table = self.shared.table(entity);
        let (record, is_snapshot) = self.ask(|it| reader::retrieve(it, &table, id))?;
        if let Some(record) = &record {
            self.known.keep(record);
        }
        if is_snapshot {
            let version = record.as_ref().and_then(Record::version);
            self.seen.record(id, SeenRecord { table, version, is_existence: false });
        }
        Ok(record)
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError> {
        if self.known(entity, id).is_some() {
            return Ok(true);
        }
        let table = self.shared.table(entity);
        let (version, is_snapshot) = self.ask(|it| reader::version(it, &table, id))?;
        if is_snapshot {
            self.seen.record(id, SeenRecord { table, version, is_existence: true });
        }
        Ok(version.is_some())
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        let shared = Arc::clone(&self.shared);
        let (page, is_snapshot) = self.ask(|it| reader::query(it, &shared, plan))?;
        if is_snapshot {
            self.seen.searched.extend(plan.entities().cloned());
        }
        Ok(page?)
    }
}

impl Transaction for SqliteTransaction {
    fn insert(&mut self, record: &Record) -> Result<u64, StoreError> {
        let id =
            record.id().ok_or_else(|| StoreError::Backend("a record without identity".into()))?;
        let table = self.shared.table(record.metadata());
        let (outcome, version) = self
            .write(|version| table.insert(id, version, record).map_err(|it| misfit(record, &it)))?;
        if let Err(refused) = outcome {
            if self.ask(|it| reader::version(it, &table, id))?.0.is_some() {
                return Err(StoreError::Duplicate);
            }
            return Err(self.taken(&table, record, refused)?);
        }
        self.written.insert(record.entity().clone());
        self.known.insert(&table, version, record);
        Ok(version)
    }

    fn update(&mut self, change: &Record) -> Result<u64, StoreError> {
        let id =
            change.id().ok_or_else(|| StoreError::Backend("a change without identity".into()))?;
        let table = self.shared.table(change.metadata());
        let (outcome, version) = self
            .write(|version| table.update(id, version, change).map_err(|it| misfit(change, &it)))?;
        match outcome {
            Ok(0) => Err(StoreError::NotFound { target: target(change.entity(), id) }),
            Ok(_) => {
                self.written.insert(change.entity().clone());
                self.known.update(&table, version, change);
                Ok(version)
            }
            Err(refused) => {
                let stored = self.ask(|it| reader::retrieve(it, &table, id))?.0;
                let mut record = stored.unwrap_or_else(|| change.clone());
                record.merge(change);
                Err(self.taken(&table, &record, refused)?)
            }
        }
    }

    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError> {
        let table = self.shared.table(entity);
        let (outcome, _) = self.write(|_| Ok(table.delete(id)))?;
        if !outcome.is_ok_and(|it| it != 0) {
            return Err(StoreError::NotFound { target: target(entity.logical_name(), id) });
        }
        self.written.insert(entity.logical_name().clone());
        self.known.forget(id);
        Ok(())
    }

    fn mark(&mut self) -> Result<(), StoreError> {
        Ok(mark::set(self.take_turn()?)?)
    }

    fn unmark(&mut self) -> Result<(), StoreError> {
        Ok(mark::take_away(self.take_turn()?)?)
    }

    fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.known.clear();
        Ok(mark::go_back(self.take_turn()?)?)
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        match self.state {
            State::New | State::Reading(_) => Ok(()),
            // Also where it wrote nothing: it may have read what is not durable yet.
            State::Writing(turn) => Ok(turn.keep(self.written)?),
            State::Over { is_conflict } => Err(over(is_conflict)),
        }
    }
}

fn target(entity: &LogicalName, id: Uuid) -> EntityReference {
    EntityReference::new(entity.clone(), id)
}

/// What is said of a transaction that is over.
fn over(is_conflict: bool) -> StoreError {
    if is_conflict { StoreError::Conflict } else { SqliteError::Over.into() }
}

fn misfit(record: &Record, misfit: &Misfit<'_>) -> StoreError {
    let (entity, attribute) = (record.entity().clone(), misfit.attribute.clone());
    let value = format!("{} {}", misfit.value.kind(), misfit.value);
    SqliteError::Misfit { entity, attribute, value }.into()
}
