//! How SQLite says things, and what we teach it: to compare texts, decimals and lists as we do.

use std::cmp::Ordering;

use rulegate::record::Operator;
use rulegate_sql::{ColumnKind, Dialect};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rust_decimal::Decimal;

use crate::value::options;

/// The dialect of SQLite.
#[derive(Debug)]
pub(crate) struct SqliteDialect;

/// The text operators, and the functions that carry them out.
const FUNCTIONS: [(Operator, &str); 4] = [
    (Operator::Like, "rulegate_like"),
    (Operator::BeginsWith, "rulegate_begins"),
    (Operator::EndsWith, "rulegate_ends"),
    (Operator::Contains, "rulegate_contains"),
];

impl Dialect for SqliteDialect {
    fn column_type(&self, kind: ColumnKind) -> &'static str {
        match kind {
            // Decimals stand as they are written, exact and with their digits; moments and dates as ISO 8601.
            ColumnKind::Text
            | ColumnKind::Decimal
            | ColumnKind::Moment
            | ColumnKind::Date
            | ColumnKind::Choices
            | ColumnKind::Parties
            | ColumnKind::Name => "TEXT",
            ColumnKind::WholeNumber | ColumnKind::Boolean | ColumnKind::Choice => "INTEGER",
            ColumnKind::Double => "REAL",
            ColumnKind::Reference | ColumnKind::Identity => "BLOB",
            ColumnKind::Content => "ANY",
        }
    }

    fn compared(&self, kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Text => " COLLATE rulegate_text",
            ColumnKind::Decimal => " COLLATE rulegate_decimal",
            ColumnKind::Choices => " COLLATE rulegate_options",
            // Their order is that of their letters, digits or bytes.
            ColumnKind::WholeNumber
            | ColumnKind::Double
            | ColumnKind::Boolean
            | ColumnKind::Moment
            | ColumnKind::Date
            | ColumnKind::Choice
            | ColumnKind::Reference
            | ColumnKind::Parties
            | ColumnKind::Identity
            | ColumnKind::Content
            | ColumnKind::Name => "",
        }
    }

    fn readable(&self, kind: ColumnKind, column: &str) -> Option<String> {
        let part = |from| format!("substr(hex({column}), {from})");
        Some(match kind {
            ColumnKind::Reference | ColumnKind::Identity => format!(
                "CASE WHEN {column} IS NOT NULL THEN lower(printf('%.8s-%.4s-%.4s-%.4s-%s', \
                 {}, {}, {}, {}, {})) END",
                part(1),
                part(9),
                part(13),
                part(17),
                part(21)
            ),
            ColumnKind::Moment => format!("{column} || 'Z'"),
            ColumnKind::Choices => format!("trim({column}, ',')"),
            ColumnKind::Content => format!(
                "CASE typeof({column}) WHEN 'blob' THEN length({column}) || ' bytes' ELSE {column} END"
            ),
            ColumnKind::Text
            | ColumnKind::WholeNumber
            | ColumnKind::Decimal
            | ColumnKind::Double
            | ColumnKind::Boolean
            | ColumnKind::Date
            | ColumnKind::Choice
            | ColumnKind::Parties
            | ColumnKind::Name => return None,
        })
    }

    fn table_options(&self) -> &'static str {
        " STRICT"
    }

    fn parameter(&self, number: usize) -> String {
        format!("?{number}")
    }

    fn parameter_limit(&self) -> usize {
        32_766 // SQLITE_MAX_VARIABLE_NUMBER
    }

    fn finds(&self, operator: Operator, column: &str, wanted: &str) -> String {
        let operator = if operator == Operator::NotLike { Operator::Like } else { operator };
        let name = FUNCTIONS.iter().find(|(it, _)| *it == operator).map_or("", |(_, name)| name);
        format!("{name}({column}, {wanted})")
    }

    fn has(&self, column: &str, wanted: &str) -> String {
        format!("(instr({column}, {wanted}) > 0)")
    }
}

/// Teaches a connection what the dialect says.
pub(crate) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_collation(c"rulegate_text", compare_texts)?;
    connection.create_collation(c"rulegate_decimal", compare_decimals)?;
    connection.create_collation(c"rulegate_options", |a, b| options(a).cmp(options(b)))?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (operator, name) in FUNCTIONS {
        connection.create_scalar_function(name, 2, flags, move |ctx| {
            let (text, wanted) = (ctx.get_raw(0).as_str_or_null()?, ctx.get_raw(1).as_str()?);
            Ok(text.map(|it| operator.finds(it, wanted)))
        })?;
    }
    Ok(())
}

/// Without regard to case, as [`QueryPlan::compare`](rulegate::record::QueryPlan::compare) does.
fn compare_texts(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let lower = |it: &u8| it.to_ascii_lowercase();
        return a.as_bytes().iter().map(lower).cmp(b.as_bytes().iter().map(lower));
    }
    a.to_lowercase().cmp(&b.to_lowercase())
}

fn compare_decimals(a: &str, b: &str) -> Ordering {
    match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}
