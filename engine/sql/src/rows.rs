//! Rows: the statements about one record, and those that read them all.

use std::iter;
use std::sync::Arc;

use rulegate::metadata::{AttributeSet, Ordinal};
use rulegate::record::Record;
use rulegate::{LogicalName, Value};
use uuid::Uuid;

use crate::statement::Parameters;
use crate::table::parts;
use crate::{Column, ColumnKind, Statement, Table};

/// What is asked of one record, and written to it.
impl Table {
    fn found(&self, id: Uuid, parameters: &mut Parameters) -> String {
        let id = parameters.add(Value::Id(id), ColumnKind::Identity);
        format!("{} = {id}", self.identity().quoted())
    }

    /// Reads all records.
    pub fn all_records(&self) -> Statement {
        let all: Vec<usize> = (0..self.columns().len()).collect();
        let sql = format!("SELECT {} FROM {}", self.list(&all), self.quoted());
        finished(sql, Parameters::new(self.dialect()))
    }

    /// Removes a record.
    pub fn delete(&self, id: Uuid) -> Statement {
        let mut parameters = Parameters::new(self.dialect());
        let found = self.found(id, &mut parameters);
        finished(format!("DELETE FROM {} WHERE {found}", self.quoted()), parameters)
    }

    /// Writes a new record. An attribute that the table cannot hold is answered as an error.
    pub fn insert<'a>(
        &self,
        id: Uuid,
        version: u64,
        record: &'a Record,
    ) -> Result<Statement, Misfit<'a>> {
        let mut parameters = Parameters::new(self.dialect());
        parameters.push(Value::Id(id), ColumnKind::Identity);
        push_version(version, &mut parameters);
        let mut written = AttributeSet::default();
        for (place, value) in record.iter().filter(|(_, value)| !value.is_null()) {
            self.push(place, value, &mut parameters)?;
            written.insert(place);
        }
        let sql = self.inserts.of(&written, || {
            let own = [self.identity().quoted(), self.version.quoted()];
            let names: Vec<String> = own.into_iter().chain(self.written(&written)).collect();
            let values = (1..=names.len()).map(|it| self.dialect().parameter(it));
            let values = values.collect::<Vec<_>>().join(", ");
            format!("INSERT INTO {} ({}) VALUES ({values})", self.quoted(), names.join(", "))
        });
        Ok(finished(sql, parameters))
    }

    /// Changes a record: what the change holds is written, a null clears its column.
    pub fn update<'a>(
        &self,
        id: Uuid,
        version: u64,
        change: &'a Record,
    ) -> Result<Statement, Misfit<'a>> {
        let mut parameters = Parameters::new(self.dialect());
        parameters.push(Value::Id(id), ColumnKind::Identity);
        push_version(version, &mut parameters);
        for (place, value) in change.iter() {
            self.push(place, value, &mut parameters)?;
        }
        let sql = self.updates.of(change.present(), || {
            let own = [self.version.quoted()];
            let names = own.into_iter().chain(self.written(change.present()));
            let parameter = |number| self.dialect().parameter(number);
            let set = (2..).zip(names).map(|(it, name)| format!("{name} = {}", parameter(it)));
            let set = set.collect::<Vec<_>>().join(", ");
            let id = format!("{} = {}", self.identity().quoted(), parameter(1));
            format!("UPDATE {} SET {set} WHERE {id}", self.quoted())
        });
        Ok(finished(sql, parameters))
    }

    /// Finds another record that has the same values in an alternate key; `None` where the record has not
    /// a value in each of its attributes.
    pub fn holder_of(&self, key: &[LogicalName], record: &Record) -> Option<Statement> {
        let mut parameters = Parameters::new(self.dialect());
        let own = parameters.add(Value::Id(record.id()?), ColumnKind::Identity);
        let mut found = vec![format!("{} <> {own}", self.identity().quoted())];
        for name in key {
            let place = self.entity().ordinal(name)?;
            let column = self.column_of(place)?;
            let value = record.at(place).filter(|it| !it.is_null())?;
            for (part, (value, kind)) in self.compared(column).iter().zip(split(column, value)) {
                found.push(format!("{part} = {}", parameters.add(value, kind)));
            }
        }
        let sql = format!("SELECT 1 FROM {} WHERE {}", self.quoted(), found.join(" AND "));
        Some(finished(sql, parameters))
    }

    /// The names of the columns to which a record with these attributes is written.
    fn written(&self, attributes: &AttributeSet) -> impl Iterator<Item = String> {
        let columns = attributes.iter().filter_map(|it| self.stored(it));
        columns.flat_map(|it| parts(it, |name, _| name.to_owned()))
    }

    /// Adds the parameters of these columns, in their order. The identity and the version are the store's to write.
    fn push<'a>(
        &self,
        place: Ordinal,
        value: &'a Value,
        parameters: &mut Parameters,
    ) -> Result<(), Misfit<'a>> {
        if [self.identity.place, self.version.place].contains(&Some(place)) {
            return Ok(());
        }
        match self.stored(place) {
            Some(column) if column.kind.holds(value) => {
                for (value, kind) in split(column, value) {
                    parameters.push(value, kind);
                }
                Ok(())
            }
            // A null of what is not stored asks for nothing.
            None if value.is_null() => Ok(()),
            Some(_) | None => {
                Err(Misfit { attribute: self.entity().name(place).to_owned(), value })
            }
        }
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
fn split(column: &Column, value: &Value) -> impl Iterator<Item = (Value, ColumnKind)> {
    let (first, second) = match (column.kind, value.as_lookup()) {
        (ColumnKind::Reference, Some(it)) => {
            let entity = (Value::from(&*it.entity), ColumnKind::Name);
            ((Value::Id(it.id), ColumnKind::Identity), Some(entity))
        }
        (ColumnKind::Reference, None) => {
            ((Value::Null, ColumnKind::Identity), Some((Value::Null, ColumnKind::Name)))
        }
        (kind, _) => ((value.clone(), kind), None),
    };
    iter::once(first).chain(second)
}

fn push_version(version: u64, parameters: &mut Parameters) {
    let version = Value::WholeNumber(i64::try_from(version).unwrap_or(i64::MAX));
    parameters.push(version, ColumnKind::WholeNumber);
}

/// INVARIANT: a statement about one record has at most two parameters for each attribute, and databases
/// take more than they take columns.
fn finished(sql: impl Into<Arc<str>>, parameters: Parameters) -> Statement {
    parameters.statement(sql).unwrap_or_default()
}
