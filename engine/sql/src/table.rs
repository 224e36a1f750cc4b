//! Tables: how the records of an entity lie in a database.

use std::sync::Arc;

use rulegate::metadata::{AttributeMetadata, EntityMetadata, Ordinal};
use rulegate::record::Record;
use rulegate::{LogicalName, Value};
use uuid::Uuid;

use crate::column::quote;
use crate::statement::Parameters;
use crate::{Column, ColumnKind, Dialect, Statement};

/// The column of the row version. It also is the column of the attribute `versionnumber`.
pub const VERSION: &str = "row$version";

/// How the records of an entity lie in a database.
#[derive(Debug, Clone)]
pub struct Table {
    entity: Arc<EntityMetadata>,
    dialect: &'static dyn Dialect,
    /// All but the identity and the version, in the order of their attributes' definition.
    columns: Vec<Column>,
    identity: Column,
    version: Column,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name: no other index of the database has it.
    pub name: String,
    /// The alternate key that it keeps unique, where it is for one.
    pub key: Option<LogicalName>,
    /// The statement that makes it.
    pub sql: String,
}

impl Table {
    /// The table of an entity.
    pub fn new(entity: &Arc<EntityMetadata>, dialect: &'static dyn Dialect) -> Self {
        let (id, kind) = (entity.primary_id().clone(), ColumnKind::Identity);
        let identity = Column { place: entity.ordinal(&id), name: id, kind };
        let (place, kind) = (entity.ordinal("versionnumber"), ColumnKind::WholeNumber);
        let version = Column { place, name: VERSION.into(), kind };
        let columns = entity
            .attributes()
            .map(|(place, it)| (Some(place), it))
            .filter(|(place, _)| identity.place != *place && version.place != *place)
            .filter_map(|(place, it)| {
                let kind = ColumnKind::of(&it.kind)?;
                Some(Column { place, name: it.logical_name.clone(), kind })
            })
            .collect();
        Self { entity: Arc::clone(entity), dialect, columns, identity, version }
    }

    /// The entity whose records it holds.
    pub fn entity(&self) -> &Arc<EntityMetadata> {
        &self.entity
    }

    /// The database in which it lies.
    pub fn dialect(&self) -> &'static dyn Dialect {
        self.dialect
    }

    /// Its columns, all but the identity and the version.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A record as it lies there: its identity and its version also stand among its attributes.
    pub fn record(&self, id: Uuid, version: u64) -> Record {
        let mut record = Record::of(&self.entity, id);
        record.set_version(version);
        if let Some(place) = self.identity.place {
            record.put(place, Value::Id(id));
        }
        if let Some(place) = self.version.place {
            record.put(place, Value::WholeNumber(i64::try_from(version).unwrap_or(i64::MAX)));
        }
        record
    }

    /// The name as it stands in a statement.
    pub(crate) fn quoted(&self) -> String {
        quote(self.entity.logical_name())
    }

    /// The primary key.
    pub(crate) fn identity(&self) -> &Column {
        &self.identity
    }

    /// The column of the attribute at that place; `None` where it is not stored.
    pub(crate) fn column_of(&self, place: Ordinal) -> Option<&Column> {
        let own = [&self.identity, &self.version].into_iter();
        own.chain(&self.columns).find(|it| it.place == Some(place))
    }

    /// What a search selects: the identity, the version, and these columns.
    pub(crate) fn list(&self, columns: &[usize]) -> String {
        let mut list = format!("{}, {}", self.identity().quoted(), self.version.quoted());
        for column in columns.iter().filter_map(|it| self.columns.get(*it)) {
            list.push_str(", ");
            list.push_str(&column.quoted());
            if column.kind == ColumnKind::Reference {
                list.push_str(", ");
                list.push_str(&column.quoted_type());
            }
        }
        list
    }
}

/// How the table is made.
impl Table {
    /// Makes the table.
    pub fn create(&self) -> String {
        let kind = |it| self.dialect.column_type(it);
        let own = format!(
            "{} {} PRIMARY KEY NOT NULL, {} {} NOT NULL",
            self.identity.quoted(),
            kind(ColumnKind::Identity),
            self.version.quoted(),
            kind(ColumnKind::WholeNumber),
        );
        let others = self.columns.iter().flat_map(|column| {
            self.each(column, |name, kind| format!(", {name} {}", self.dialect.column_type(kind)))
        });
        let columns = others.fold(own, |all, it| all + &it);
        format!("CREATE TABLE {} ({columns}){}", self.quoted(), self.dialect.table_options())
    }

    /// Adds a column: one statement, or two for a lookup.
    pub fn add(&self, column: &Column) -> Vec<String> {
        self.each(column, |name, kind| {
            let kind = self.dialect.column_type(kind);
            format!("ALTER TABLE {} ADD COLUMN {name} {kind}", self.quoted())
        })
    }

    /// Takes a column out, with all that it holds.
    pub fn remove(&self, column: &Column) -> Vec<String> {
        self.each(column, |name, _| format!("ALTER TABLE {} DROP COLUMN {name}", self.quoted()))
    }

    /// Finds out whether any record has a value in a column.
    pub fn is_used(&self, column: &Column) -> String {
        let (name, column) = (self.quoted(), column.quoted());
        format!("SELECT 1 FROM {name} WHERE {column} IS NOT NULL LIMIT 1")
    }

    fn each(&self, column: &Column, say: impl Fn(&str, ColumnKind) -> String) -> Vec<String> {
        let mut all = vec![say(&column.quoted(), column.kind)];
        if column.kind == ColumnKind::Reference {
            all.push(say(&column.quoted_type(), ColumnKind::Name));
        }
        all
    }

    /// The indexes that the table needs: one for each alternate key, and one for each lookup by which
    /// records are looked for.
    pub fn indexes(&self) -> Vec<Index> {
        let own = self.entity.logical_name();
        let keys = self.entity.keys().iter().filter_map(|key| {
            let columns = key.attributes.iter().map(|it| self.entity.ordinal(it));
            let columns = columns.map(|it| Some(self.compared(self.column_of(it?)?)));
            let columns: Vec<String> = columns.collect::<Option<Vec<_>>>()?.concat();
            let name = format!("{own}$key${}", key.name);
            let sql = format!(
                "CREATE UNIQUE INDEX {} ON {} ({})",
                quote(&name),
                self.quoted(),
                columns.join(", ")
            );
            Some(Index { name, key: Some(key.name.clone()), sql })
        });
        let lookups = self.columns.iter().filter(|it| self.is_searched(it)).map(|column| {
            let name = format!("{own}$by${}", column.name);
            let (at, on) = (column.quoted(), self.quoted());
            let sql =
                format!("CREATE INDEX {} ON {on} ({at}) WHERE {at} IS NOT NULL", quote(&name));
            Index { name, key: None, sql }
        });
        keys.chain(lookups).collect()
    }

    /// Whether records are looked for by what the column points at. Nobody asks who stamped a record.
    fn is_searched(&self, column: &Column) -> bool {
        let is_pair = self.entity.definition().is_intersect;
        let points = column.kind == ColumnKind::Reference
            || (is_pair && column.kind == ColumnKind::Identity);
        points && column.place.is_some_and(|it| !self.entity.is_stamp(it))
    }

    /// The columns of an attribute as they stand in the index of a key.
    fn compared(&self, column: &Column) -> Vec<String> {
        self.each(column, |name, kind| format!("{name}{}", self.dialect.compared(kind)))
    }
}

/// What is asked of one record, and written to it.
impl Table {
    /// Reads the version of a record.
    pub fn version_of(&self, id: Uuid) -> Statement {
        self.by_id(id, &self.version.quoted())
    }

    /// Reads a record: its identity, its version, and all columns.
    pub fn record_of(&self, id: Uuid) -> Statement {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        self.by_id(id, &self.list(&all))
    }

    fn by_id(&self, id: Uuid, what: &str) -> Statement {
        let mut parameters = Parameters::new(self.dialect);
        let found = self.found(id, &mut parameters);
        self.finished(format!("SELECT {what} FROM {} WHERE {found}", self.quoted()), parameters)
    }

    fn found(&self, id: Uuid, parameters: &mut Parameters) -> String {
        let id = parameters.add(Value::Id(id), ColumnKind::Identity);
        format!("{} = {id}", self.identity().quoted())
    }

    /// Reads all records.
    pub fn all_records(&self) -> Statement {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let sql = format!("SELECT {} FROM {}", self.list(&all), self.quoted());
        self.finished(sql, Parameters::new(self.dialect))
    }

    /// Removes a record.
    pub fn delete(&self, id: Uuid) -> Statement {
        let mut parameters = Parameters::new(self.dialect);
        let found = self.found(id, &mut parameters);
        self.finished(format!("DELETE FROM {} WHERE {found}", self.quoted()), parameters)
    }

    /// Writes a new record. An attribute that the table cannot hold is answered as an error.
    pub fn insert<'a>(
        &self,
        id: Uuid,
        version: u64,
        record: &'a Record,
    ) -> Result<Statement, Misfit<'a>> {
        let mut parameters = Parameters::new(self.dialect);
        let mut names = vec![self.identity().quoted(), self.version.quoted()];
        let mut values = vec![
            parameters.add(Value::Id(id), ColumnKind::Identity),
            self.add_version(version, &mut parameters),
        ];
        for (place, value) in record.iter().filter(|(_, value)| !value.is_null()) {
            for (name, value) in self.written(place, value, &mut parameters)? {
                names.push(name);
                values.push(value);
            }
        }
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!("INSERT INTO {} ({names}) VALUES ({values})", self.quoted());
        Ok(self.finished(sql, parameters))
    }

    /// Changes a record: what the change holds is written, a null clears its column.
    pub fn update<'a>(
        &self,
        id: Uuid,
        version: u64,
        change: &'a Record,
    ) -> Result<Statement, Misfit<'a>> {
        let mut parameters = Parameters::new(self.dialect);
        let version = self.add_version(version, &mut parameters);
        let mut set = format!("{} = {version}", self.version.quoted());
        for (place, value) in change.iter() {
            for (name, value) in self.written(place, value, &mut parameters)? {
                set = format!("{set}, {name} = {value}");
            }
        }
        let found = self.found(id, &mut parameters);
        let sql = format!("UPDATE {} SET {set} WHERE {found}", self.quoted());
        Ok(self.finished(sql, parameters))
    }

    /// Finds another record that has the same values in an alternate key; `None` where the record has not
    /// a value in each of its attributes.
    pub fn holder_of(&self, key: &[LogicalName], record: &Record) -> Option<Statement> {
        let mut parameters = Parameters::new(self.dialect);
        let own = parameters.add(Value::Id(record.id()?), ColumnKind::Identity);
        let mut found = vec![format!("{} <> {own}", self.identity().quoted())];
        for name in key {
            let place = self.entity.ordinal(name)?;
            let column = self.column_of(place)?;
            let value = record.at(place).filter(|it| !it.is_null())?;
            for (part, (value, kind)) in self.compared(column).iter().zip(split(column, value)) {
                found.push(format!("{part} = {}", parameters.add(value, kind)));
            }
        }
        let sql = format!("SELECT 1 FROM {} WHERE {}", self.quoted(), found.join(" AND "));
        Some(self.finished(sql, parameters))
    }

    fn add_version(&self, version: u64, parameters: &mut Parameters) -> String {
        let version = Value::WholeNumber(i64::try_from(version).unwrap_or(i64::MAX));
        parameters.add(version, ColumnKind::WholeNumber)
    }

    /// The columns of an attribute, and the parameters that are written to them. The identity and the
    /// version are the store's to write.
    fn written<'a>(
        &self,
        place: Ordinal,
        value: &'a Value,
        parameters: &mut Parameters,
    ) -> Result<Vec<(String, String)>, Misfit<'a>> {
        let place = Some(place);
        if place == self.identity.place || place == self.version.place {
            return Ok(Vec::new());
        }
        let column = self.columns.iter().find(|it| it.place == place);
        let Some(column) = column.filter(|it| it.kind.holds(value)) else {
            // A null of what is not stored asks for nothing.
            let attribute = place.map_or("", |it| self.entity.name(it)).to_owned();
            return if value.is_null() { Ok(Vec::new()) } else { Err(Misfit { attribute, value }) };
        };
        let names = self.each(column, |name, _| name.to_owned());
        let parts = split(column, value).into_iter();
        let values = parts.map(|(value, kind)| parameters.add(value, kind));
        Ok(names.into_iter().zip(values).collect())
    }

    /// INVARIANT: a statement about one record has at most two parameters for each attribute, and databases
    /// take more than they take columns.
    fn finished(&self, sql: String, parameters: Parameters) -> Statement {
        parameters.statement(sql).unwrap_or_default()
    }

    /// The definition of the attribute of a column.
    pub fn attribute(&self, column: &Column) -> Option<&AttributeMetadata> {
        self.entity.attribute_at(column.place?)
    }
}

/// A value for which a table has no place.
#[derive(Debug, Clone, PartialEq)]
pub struct Misfit<'a> {
    /// The attribute.
    pub attribute: String,
    /// The value.
    pub value: &'a Value,
}

/// The values of the columns of an attribute.
fn split(column: &Column, value: &Value) -> Vec<(Value, ColumnKind)> {
    if column.kind != ColumnKind::Reference {
        return vec![(value.clone(), column.kind)];
    }
    let (id, entity) = match value.as_lookup() {
        Some(it) => (Value::Id(it.id), Value::from(&*it.entity)),
        None => (Value::Null, Value::Null),
    };
    vec![(id, ColumnKind::Identity), (entity, ColumnKind::Name)]
}
