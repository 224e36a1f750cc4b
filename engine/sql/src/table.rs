//! Tables: how the records of an entity lie in a database.

use std::sync::Arc;

use rulegate::metadata::{AttributeMetadata, EntityMetadata, Ordinal};
use rulegate::record::Record;
use rulegate::{LogicalName, Value};
use uuid::Uuid;

use crate::column::quote;
use crate::draft::Side;
use crate::texts::Texts;
use crate::{Column, ColumnKind, Dialect};

/// The column of the row version. It also is the column of the attribute `versionnumber`.
pub const VERSION: &str = "row$version";
/// The attributes that the identity and the version of a record have.
const OWN: usize = 2;

/// How the records of an entity lie in a database.
#[derive(Debug)]
pub struct Table {
    entity: Arc<EntityMetadata>,
    dialect: &'static dyn Dialect,
    /// All but the identity and the version, in the order of their attributes' definition.
    columns: Vec<Column>,
    /// The index of each place's column.
    by_place: Vec<Option<usize>>,
    pub(crate) identity: Column,
    pub(crate) version: Column,
    pub(crate) inserts: Texts,
    pub(crate) updates: Texts,
    record_sql: String,
    version_sql: String,
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
        let columns: Vec<Column> = entity
            .attributes()
            .map(|(place, it)| (Some(place), it))
            .filter(|(place, _)| identity.place != *place && version.place != *place)
            .filter_map(|(place, it)| {
                let kind = ColumnKind::of(&it.kind)?;
                Some(Column { place, name: it.logical_name.clone(), kind })
            })
            .collect();
        let mut by_place = Vec::new();
        for (index, place) in columns.iter().enumerate().filter_map(|(i, it)| Some((i, it.place?)))
        {
            by_place.resize(by_place.len().max(place.index() + 1), None);
            by_place.get_mut(place.index()).map(|it| it.replace(index));
        }
        let (inserts, updates) = Default::default();
        let (entity, record_sql, version_sql) = (Arc::clone(entity), String::new(), String::new());
        let mut table = Self {
            entity,
            dialect,
            columns,
            by_place,
            identity,
            version,
            inserts,
            updates,
            record_sql,
            version_sql,
        };
        let all: Vec<usize> = (0..table.columns.len()).collect();
        table.record_sql = table.by_id(&table.list(&all));
        table.version_sql = table.by_id(&table.version.quoted());
        table
    }

    /// Reads a record: its identity, its version, and all columns. Its parameter is the identity.
    pub fn record_sql(&self) -> &str {
        &self.record_sql
    }

    /// Reads the version of a record. Its parameter is the identity.
    pub fn version_sql(&self) -> &str {
        &self.version_sql
    }

    fn by_id(&self, what: &str) -> String {
        let (identity, parameter) = (self.identity.quoted(), self.dialect.parameter(1));
        format!("SELECT {what} FROM {} WHERE {identity} = {parameter}", self.quoted())
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

    /// A record as it lies there, with room for `count` attributes more: its identity and its version also stand
    /// among its attributes.
    pub fn record(&self, id: Uuid, version: u64, count: usize) -> Record {
        let mut record = Record::of(&self.entity, id);
        record.reserve(OWN + count);
        self.stamp(&mut record, id, version);
        record
    }

    /// Says which record it is, and in which version it lies there.
    pub fn stamp(&self, record: &mut Record, id: Uuid, version: u64) {
        record.set_version(version);
        let number = Value::WholeNumber(i64::try_from(version).unwrap_or(i64::MAX));
        let own = [(self.identity.place, Value::Id(id)), (self.version.place, number)];
        for (place, value) in own {
            if let Some(place) = place {
                record.put(place, value);
            }
        }
    }

    /// The definition of the attribute of a column.
    pub fn attribute(&self, column: &Column) -> Option<&AttributeMetadata> {
        self.entity.attribute_at(column.place?)
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
        let own = [&self.identity, &self.version];
        own.into_iter().find(|it| it.place == Some(place)).or_else(|| self.stored(place))
    }

    /// The same, of all but the identity and the version.
    pub(crate) fn stored(&self, place: Ordinal) -> Option<&Column> {
        self.columns.get((*self.by_place.get(place.index())?)?)
    }

    /// What a search selects of one side: the identity, the version, and these columns.
    pub(crate) fn list_of(&self, side: Side<'_>, columns: &[usize]) -> String {
        let mut all = vec![side.column(&self.identity), side.column(&self.version)];
        for column in columns.iter().filter_map(|it| self.columns.get(*it)) {
            all.push(side.column(column));
            if column.kind == ColumnKind::Reference {
                all.push(side.type_column(column));
            }
        }
        all.join(", ")
    }

    /// What a statement about one record selects: the identity, the version, and these columns.
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
            parts(column, |name, kind| format!(", {name} {}", self.dialect.column_type(kind)))
        });
        let columns = others.fold(own, |all, it| all + &it);
        format!("CREATE TABLE {} ({columns}){}", self.quoted(), self.dialect.table_options())
    }

    /// Adds a column: one statement, or two for a lookup.
    pub fn add(&self, column: &Column) -> Vec<String> {
        parts(column, |name, kind| {
            let kind = self.dialect.column_type(kind);
            format!("ALTER TABLE {} ADD COLUMN {name} {kind}", self.quoted())
        })
    }

    /// Takes a column out, with all that it holds.
    pub fn remove(&self, column: &Column) -> Vec<String> {
        parts(column, |name, _| format!("ALTER TABLE {} DROP COLUMN {name}", self.quoted()))
    }

    /// Finds out whether any record has a value in a column.
    pub fn is_used(&self, column: &Column) -> String {
        let (name, column) = (self.quoted(), column.quoted());
        format!("SELECT 1 FROM {name} WHERE {column} IS NOT NULL LIMIT 1")
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
    pub(crate) fn compared(&self, column: &Column) -> Vec<String> {
        parts(column, |name, kind| format!("{name}{}", self.dialect.compared(kind)))
    }
}

/// The columns of an attribute: one, or two for a lookup.
pub(crate) fn parts(column: &Column, say: impl Fn(&str, ColumnKind) -> String) -> Vec<String> {
    let mut all = vec![say(&column.quoted(), column.kind)];
    if column.kind == ColumnKind::Reference {
        all.push(say(&column.quoted_type(), ColumnKind::Name));
    }
    all
}
