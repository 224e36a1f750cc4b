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
use rulegate_sql::{Column, ColumnKind, Parameter, Table};
use rusqlite::Row;
use rusqlite::types::{FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use uuid::Uuid;

/// For how many attributes a record that is read has room at once: most rows of wide tables hold few values.
const ROOM: usize = 16;

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
    bounded(moment.date(), || format!("{moment:?}"))
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
pub(crate) fn read(
    row: &Row<'_>,
    table: &Table,
    columns: impl ExactSizeIterator<Item = usize>,
) -> rusqlite::Result<Record> {
    Cells::new(row).read(table, columns)
}

/// The cells of a row, from left to right.
pub(crate) struct Cells<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl<'a, 'b> Cells<'a, 'b> {
    pub(crate) fn new(row: &'a Row<'b>) -> Self {
        Self { row, next: 0 }
    }

    /// Reads a record: its identity, its version, and these columns of its table.
    pub(crate) fn read(
        &mut self,
        table: &Table,
        columns: impl ExactSizeIterator<Item = usize>,
    ) -> rusqlite::Result<Record> {
        let id = self.read_as(identity)?;
        let version = self.read_as(|it| Ok(it.as_i64()?.unsigned_abs()))?;
        let mut record = table.record(id, version, columns.len().min(ROOM));
        let columns = columns.filter_map(|it| table.columns().get(it));
        record.put_each(columns.filter_map(|column| {
            let value = self.value(table, column).transpose()?;
            Some(value.map(|it| (column.place, it)))
        }))?;
        Ok(record)
    }

    /// The same, or `None` where a link leads to no record.
    pub(crate) fn read_if_any(
        &mut self,
        table: &Table,
        columns: &[usize],
    ) -> rusqlite::Result<Option<Record>> {
        if self.row.get_ref(self.next)? != ValueRef::Null {
            return self.read(table, columns.iter().copied()).map(Some);
        }
        let all = columns.iter().filter_map(|it| table.columns().get(*it));
        let cells = all.map(|it| if it.kind == ColumnKind::Reference { 2 } else { 1 });
        self.next += 2 + cells.sum::<usize>();
        Ok(None)
    }

    /// The value of a column, or of the two of a lookup; `None` for null.
    fn value(&mut self, table: &Table, column: &Column) -> rusqlite::Result<Option<Value>> {
        let stored = self.cell()?;
        let at = self.next - 1;
        let is_reference = column.kind == ColumnKind::Reference;
        let entity = if is_reference { self.cell()? } else { ValueRef::Null };
        if stored == ValueRef::Null {
            return Ok(None);
        }
        let value = if is_reference {
            reference(stored, entity, table.attribute(column))
        } else {
            value(column.kind, stored)
        };
        value.map(Some).map_err(|it| misread(at, it))
    }

    fn read_as<T>(
        &mut self,
        read: impl Fn(ValueRef<'_>) -> FromSqlResult<T>,
    ) -> rusqlite::Result<T> {
        let cell = self.cell()?;
        read(cell).map_err(|it| misread(self.next - 1, it))
    }

    fn cell(&mut self) -> rusqlite::Result<ValueRef<'a>> {
        self.next += 1;
        self.row.get_ref(self.next - 1)
    }
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
        ColumnKind::Moment => Value::Moment(read_moment(stored.as_str()?)?.and_utc()),
        ColumnKind::Date => {
            let text = stored.as_str()?;
            let date = plain_date(text).map_or_else(|| text.parse(), Ok);
            Value::Date(date.map_err(wrong)?)
        }
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

fn read_moment(text: &str) -> FromSqlResult<NaiveDateTime> {
    plain_moment(text).map_or_else(|| text.parse().map_err(wrong), Ok)
}

/// A moment in whole seconds, as most are: `2026-01-31T09:00:00`. Reading it so takes a tenth of the time.
fn plain_moment(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_at_checked(10)?;
    let [b'T', h, hh, b':', m, mm, b':', s, ss] = *time.as_bytes() else { return None };
    plain_date(date)?.and_hms_opt(digits(&[h, hh])?, digits(&[m, mm])?, digits(&[s, ss])?)
}

/// A date of a year of four digits: `2026-01-31`.
fn plain_date(text: &str) -> Option<NaiveDate> {
    let [year @ .., b'-', m, mm, b'-', d, dd] = text.as_bytes() else { return None };
    let year = i32::try_from(digits(year).filter(|_| year.len() == 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, digits(&[*m, *mm])?, digits(&[*d, *dd])?)
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter()
        .try_fold(0, |number, it| it.is_ascii_digit().then(|| number * 10 + u32::from(it - b'0')))
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
