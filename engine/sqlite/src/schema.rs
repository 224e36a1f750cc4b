//! The schema: the tables follow the catalog, and lose nothing on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulegate::store::StoreError;
use rulegate::{Catalog, LogicalName};
use rulegate_sql::{Column, ColumnKind, Index, Table};
use rusqlite::{Connection, OptionalExtension};

use crate::error::is_taken;
use crate::shared::Shared;
use crate::turn::Turn;

/// Makes what the catalog needs and the file lacks. An error leaves the file as it was, since the turn is
/// undone with it.
pub(crate) fn adopt(turn: &Turn, shared: &Shared, catalog: &Catalog) -> Result<(), StoreError> {
    for entity in catalog.entities() {
        let table = shared.table(entity);
        let connection = turn.connection()?;
        let schema = Schema { connection, table: &table };
        schema.follow().map_err(|error| match error {
            Refusal::Sqlite(it) => turn.error(it).into(),
            Refusal::Store(it) => it,
        })?;
    }
    Ok(())
}

/// A table in the file, and what it should be.
struct Schema<'a> {
    connection: &'a Connection,
    table: &'a Arc<Table>,
}

/// Why a table cannot follow.
enum Refusal {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

/// The columns that an entity has in the file, by name.
type Kinds = BTreeMap<String, ColumnKind>;

impl Schema<'_> {
    fn follow(&self) -> Result<(), Refusal> {
        self.follow_columns()?;
        self.follow_indexes()?;
        self.follow_view()
    }

    fn follow_columns(&self) -> Result<(), Refusal> {
        let name = self.table.entity().logical_name();
        let Some(stored) = self.stored(name)? else {
            let kinds = self.table.columns().iter().map(|it| (it.name.to_string(), it.kind));
            self.run(&self.table.create())?;
            return self.remember(name, &kinds.collect());
        };
        let mut kinds = stored.clone();
        for column in self.table.columns() {
            match stored.get(&*column.name) {
                Some(kind) if *kind == column.kind => continue,
                Some(kind) => self.replace(column, *kind)?,
                None => {}
            }
            self.run_all(&self.table.add(column))?;
            kinds.insert(column.name.to_string(), column.kind);
        }
        for (attribute, kind) in &stored {
            if self.table.columns().iter().any(|it| *it.name == **attribute) {
                continue;
            }
            self.check_unused(attribute, *kind)?;
        }
        if kinds == stored { Ok(()) } else { self.remember(name, &kinds) }
    }

    /// Takes out a column of another kind, if nothing is in it.
    fn replace(&self, column: &Column, kind: ColumnKind) -> Result<(), Refusal> {
        if self.take_out(&Column { kind, ..column.clone() })? {
            return Ok(());
        }
        let wanted = self.table.attribute(column).map_or("", |it| it.kind.name());
        Err(Refusal::Store(StoreError::Incompatible {
            entity: self.table.entity().logical_name().clone(),
            attribute: column.name.clone(),
            stored: kind.name(),
            wanted,
        }))
    }

    /// Refuses that a column has left the catalog, if anything is in it. Else it stays, empty: messages under way and
    /// other processes may have a catalog that knows it.
    fn check_unused(&self, attribute: &str, kind: ColumnKind) -> Result<(), Refusal> {
        let attribute = LogicalName::from(attribute);
        if !self.is_used(&Column { place: None, name: attribute.clone(), kind })? {
            return Ok(());
        }
        let entity = self.table.entity().logical_name().clone();
        Err(Refusal::Store(StoreError::Removed { entity, attribute }))
    }

    fn is_used(&self, column: &Column) -> Result<bool, Refusal> {
        let used = self.table.is_used(column);
        Ok(self.connection.query_row(&used, [], |_| Ok(())).optional()?.is_some())
    }

    /// Takes out a column. Answers whether it did: nothing was in it.
    fn take_out(&self, column: &Column) -> Result<bool, Refusal> {
        if self.is_used(column)? {
            return Ok(false);
        }
        // No column goes while an index or a view stands on it; those that are wanted come back.
        self.run(&format!("DROP VIEW IF EXISTS \"{}\"", self.table.view().name))?;
        for (name, _) in self.stored_indexes()? {
            self.drop_index(&name)?;
        }
        self.run_all(&self.table.remove(column))?;
        Ok(true)
    }

    /// Makes the indexes that are wanted, and takes out those that are not.
    fn follow_indexes(&self) -> Result<(), Refusal> {
        let wanted = self.table.indexes();
        let mut stored = self.stored_indexes()?;
        stored.retain(|name, sql| wanted.iter().any(|it| it.name == *name && it.sql == *sql));
        for name in self.stored_indexes()?.keys().filter(|it| !stored.contains_key(*it)) {
            self.drop_index(name)?;
        }
        wanted.iter().filter(|it| !stored.contains_key(&it.name)).try_for_each(|it| self.index(it))
    }

    fn index(&self, index: &Index) -> Result<(), Refusal> {
        let made = self.connection.execute_batch(&index.sql);
        match (made, &index.key) {
            (Err(error), Some(key)) if is_taken(&error) => {
                let (entity, key) = (self.table.entity().logical_name().clone(), key.clone());
                Err(Refusal::Store(StoreError::KeyViolated { entity, key }))
            }
            (made, _) => Ok(made?),
        }
    }

    fn drop_index(&self, name: &str) -> Result<(), Refusal> {
        self.run(&format!("DROP INDEX \"{name}\""))
    }

    /// Makes the view that is wanted, in place of another.
    fn follow_view(&self) -> Result<(), Refusal> {
        let view = self.table.view();
        let sql = "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let stored: Option<String> =
            statement.query_row([&view.name], |row| row.get(0)).optional()?;
        if stored.as_ref() == Some(&view.sql) {
            return Ok(());
        }
        if stored.is_some() {
            self.run(&format!("DROP VIEW \"{}\"", view.name))?;
        }
        self.run(&view.sql)
    }

    /// Our indexes of the table, with the statements that made them.
    fn stored_indexes(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 \
                   AND sql IS NOT NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        let name = &**self.table.entity().logical_name();
        let found = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// The columns that the entity has in the file; `None` where it has no table.
    fn stored(&self, name: &LogicalName) -> Result<Option<Kinds>, Refusal> {
        let sql = "SELECT columns FROM \"rulegate$entity\" WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found: Option<String> = statement.query_row([&**name], |row| row.get(0)).optional()?;
        let kind = |line: &str| {
            let (name, kind) = line.split_once(' ')?;
            Some((name.to_owned(), ColumnKind::by_name(kind)?))
        };
        Ok(found.map(|it| it.lines().filter_map(kind).collect()))
    }

    fn remember(&self, name: &LogicalName, kinds: &Kinds) -> Result<(), Refusal> {
        let lines = kinds.iter().map(|(name, kind)| format!("{name} {}\n", kind.name()));
        let sql = "INSERT OR REPLACE INTO \"rulegate$entity\" VALUES (?1, ?2)";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute([&**name, &*lines.collect::<String>()])?;
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<(), Refusal> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn run_all(&self, all: &[String]) -> Result<(), Refusal> {
        all.iter().try_for_each(|it| self.run(it))
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
