//! Values as SQLite stores them, and back.
//!
//! Whoever opens the file with another tool can read them: texts, numbers and dates stand as they are
//! written, identities are the 16 bytes of a UUID.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rulegate::metadata::AttributeMetadata;
use rulegate::record::{Party, Record};
use rulegate::{EntityReference, LogicalName, Value};
use rulegate_sql::{ColumnKind, Parameter, Table};
use rusqlite::Row;
use rusqlite::types::{FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use uuid::Uuid;

/// A parameter on its way to SQLite.
pub(crate) struct Bound<'a>(pub(crate) &'a Parameter);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let Parameter { value, kind } = self.0;
        let text = |it: String| ToSqlOutput::Owned(it.into());
        Ok(match value {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Text(it) => ToSqlOutput::Borrowed(ValueRef::Text(it.as_bytes())),
            Value::WholeNumber(it) => ToSqlOutput::Borrowed(ValueRef::Integer(*it)),
            Value::Decimal(it) => text(it.to_string()),
            Value::Double(it) => ToSqlOutput::Borrowed(ValueRef::Real(*it)),
            Value::Boolean(it) => ToSqlOutput::Borrowed(ValueRef::Integer((*it).into())),
            Value::Moment(it) => text(moment(it.naive_utc())),
            Value::Date(it) => text(date(*it)),
            Value::Choice(it) if *kind == ColumnKind::Choices => text(format!(",{it},")),
            Value::Choice(it) => ToSqlOutput::Borrowed(ValueRef::Integer((*it).into())),
            Value::Choices(all) => {
                text(all.iter().fold(",".to_owned(), |list, it| format!("{list}{it},")))
            }
            Value::Lookup(it) => text(format!(";{}:{}:", it.entity, it.id)), // Sought among parties.
            Value::Parties(all) => text(parties(all)),
            Value::Id(it) if *kind == ColumnKind::Content => text(it.to_string()),
            Value::Id(it) => ToSqlOutput::Borrowed(ValueRef::Blob(it.as_bytes())),
            Value::Bytes(it) => ToSqlOutput::Borrowed(ValueRef::Blob(it)),
        })
    }
}

/// A moment as a text whose order is that of time: without a zone, and with a fraction where it has one.
fn moment(moment: NaiveDateTime) -> String {
    bounded(moment.date(), || moment.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
}

fn date(date: NaiveDate) -> String {
    bounded(date, || date.to_string())
}

/// A year of more or fewer than four digits is compared only, and comes before or behind all that is stored.
fn bounded(date: NaiveDate, text: impl Fn() -> String) -> String {
    match date.year() {
        ..0 => String::new(),
        0..=9999 => text(),
        _ => ":".to_owned(), // The letter behind the digits.
    }
}

fn parties(all: &[Party]) -> String {
    let mut text = ";".to_owned();
    for Party { party, participation } in all {
        let _ = write!(text, "{}:{}:{participation};", party.entity, party.id);
    }
    text
}

/// The numbers in a list of options.
pub(crate) fn options(text: &str) -> impl Iterator<Item = i32> {
    text.split(',').filter_map(|it| it.parse().ok())
}

/// Reads a record from a row: its identity, its version, and these columns of the table.
pub(crate) fn read(row: &Row<'_>, table: &Table, columns: &[usize]) -> rusqlite::Result<Record> {
    let id = identity(row.get_ref(0)?).map_err(|it| misread(0, it))?;
    let mut record = table.record(id, number(row, 1)?);
    let mut index = 2;
    for column in columns.iter().filter_map(|it| table.columns().get(*it)) {
        let stored = row.get_ref(index)?;
        index += 1;
        let entity = if column.kind == ColumnKind::Reference {
            index += 1;
            row.get_ref(index - 1)?
        } else {
            ValueRef::Null
        };
        let (Some(place), false) = (column.place, stored == ValueRef::Null) else { continue };
        let value = if column.kind == ColumnKind::Reference {
            reference(stored, entity, table.attribute(column))
        } else {
            value(column.kind, stored)
        };
        record.put(place, value.map_err(|it| misread(index - 1, it))?);
    }
    Ok(record)
}

/// Reads a number that counts something.
pub(crate) fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(index)?.unsigned_abs())
}

fn misread(index: usize, error: FromSqlError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
}

fn wrong<E: std::error::Error + Send + Sync + 'static>(error: E) -> FromSqlError {
    FromSqlError::other(error)
}

fn identity(stored: ValueRef<'_>) -> FromSqlResult<Uuid> {
    Uuid::from_slice(stored.as_blob()?).map_err(wrong)
}

fn value(kind: ColumnKind, stored: ValueRef<'_>) -> FromSqlResult<Value> {
    Ok(match kind {
        ColumnKind::Text | ColumnKind::Name => Value::from(stored.as_str()?),
        ColumnKind::WholeNumber => Value::WholeNumber(stored.as_i64()?),
        ColumnKind::Decimal => Value::Decimal(stored.as_str()?.parse().map_err(wrong)?),
        ColumnKind::Double => Value::Double(stored.as_f64()?),
        ColumnKind::Boolean => Value::Boolean(stored.as_i64()? != 0),
        ColumnKind::Moment => {
            let moment: NaiveDateTime = stored.as_str()?.parse().map_err(wrong)?;
            Value::Moment(moment.and_utc())
        }
        ColumnKind::Date => Value::Date(stored.as_str()?.parse().map_err(wrong)?),
        ColumnKind::Choice => Value::Choice(i32::try_from(stored.as_i64()?).map_err(wrong)?),
        ColumnKind::Choices => Value::Choices(Arc::new(options(stored.as_str()?).collect())),
        ColumnKind::Parties => {
            let each = stored.as_str()?.split(';').filter(|it| !it.is_empty());
            Value::Parties(each.map(party).collect::<FromSqlResult<_>>()?)
        }
        ColumnKind::Identity | ColumnKind::Reference => Value::Id(identity(stored)?),
        ColumnKind::Content => match stored.as_str() {
            Ok(id) => Value::Id(id.parse().map_err(wrong)?),
            Err(_) => Value::Bytes(stored.as_blob()?.into()),
        },
    })
}

fn reference(
    id: ValueRef<'_>,
    entity: ValueRef<'_>,
    attribute: Option<&AttributeMetadata>,
) -> FromSqlResult<Value> {
    let (id, name) = (identity(id)?, entity.as_str()?);
    // Most lookups point where their definition says: its name is shared, and costs nothing.
    let known = attribute.and_then(|it| it.kind.targets().iter().find(|it| **it == *name));
    let entity = known.cloned().unwrap_or_else(|| LogicalName::from(name));
    Ok(Value::Lookup(EntityReference { entity, id }))
}

fn party(text: &str) -> FromSqlResult<Party> {
    let fields: Vec<&str> = text.split(':').collect();
    let [entity, id, participation] = *fields else { return Err(FromSqlError::InvalidType) };
    let party = EntityReference::new(entity, id.parse().map_err(wrong)?);
    Ok(Party { party, participation: participation.parse().map_err(wrong)? })
}
