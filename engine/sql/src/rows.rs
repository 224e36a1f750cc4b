//! Rows: the statements about one record, and those that read them all.

use rulegate::metadata::Ordinal;
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
        let mut names = vec![self.identity().quoted(), self.version.quoted()];
        let mut values = vec![
            parameters.add(Value::Id(id), ColumnKind::Identity),
            add_version(version, &mut parameters),
        ];
        for (place, value) in record.iter().filter(|(_, value)| !value.is_null()) {
            for (name, value) in self.written(place, value, &mut parameters)? {
                names.push(name);
                values.push(value);
            }
        }
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!("INSERT INTO {} ({names}) VALUES ({values})", self.quoted());
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
        let version = add_version(version, &mut parameters);
        let mut set = format!("{} = {version}", self.version.quoted());
        for (place, value) in change.iter() {
            for (name, value) in self.written(place, value, &mut parameters)? {
                set = format!("{set}, {name} = {value}");
            }
        }
        let found = self.found(id, &mut parameters);
        let sql = format!("UPDATE {} SET {set} WHERE {found}", self.quoted());
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

    /// The columns of an attribute, and the parameters that are written to them. The identity and the
    /// version are the store's to write.
    fn written<'a>(
        &self,
        place: Ordinal,
        value: &'a Value,
        parameters: &mut Parameters,
    ) -> Result<Vec<(String, String)>, Misfit<'a>> {
        if [self.identity.place, self.version.place].contains(&Some(place)) {
            return Ok(Vec::new());
        }
        let Some(column) = self.stored(place).filter(|it| it.kind.holds(value)) else {
            // A null of what is not stored asks for nothing.
            let attribute = self.entity().name(place).to_owned();
            return if value.is_null() { Ok(Vec::new()) } else { Err(Misfit { attribute, value }) };
        };
        let names = parts(column, |name, _| name.to_owned());
        let parts = split(column, value).into_iter();
        let values = parts.map(|(value, kind)| parameters.add(value, kind));
        Ok(names.into_iter().zip(values).collect())
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

fn add_version(version: u64, parameters: &mut Parameters) -> String {
    let version = Value::WholeNumber(i64::try_from(version).unwrap_or(i64::MAX));
    parameters.add(version, ColumnKind::WholeNumber)
}

/// INVARIANT: a statement about one record has at most two parameters for each attribute, and databases
/// take more than they take columns.
fn finished(sql: String, parameters: Parameters) -> Statement {
    parameters.statement(sql).unwrap_or_default()
}
