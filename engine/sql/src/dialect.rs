//! Dialects: what differs between databases.

use std::fmt;

use rulegate::record::Operator;

use crate::ColumnKind;

/// How a database says things.
///
/// The driver's side of it: every [`Parameter`](crate::Parameter) comes with the kind of its column, and
/// is sent in the form that such a column has.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// The type of a column of this kind.
    fn column_type(&self, kind: ColumnKind) -> &'static str;

    /// What stands behind a column where values are compared and put in order, such as a collation:
    /// with it, the database must answer as [`QueryPlan`](rulegate::record::QueryPlan) does.
    fn compared(&self, kind: ColumnKind) -> &'static str;

    /// A column as people read it, without any word that a connection must be taught; `None` where it can be read
    /// as it is.
    fn readable(&self, kind: ColumnKind, column: &str) -> Option<String>;

    /// What stands behind the columns of a new table.
    fn table_options(&self) -> &'static str;

    /// The parameter of that number, from 1.
    fn parameter(&self, number: usize) -> String;

    /// The most parameters that a statement can have.
    fn parameter_limit(&self) -> usize;

    /// Whether a text contains, begins with, ends with or is like another: as
    /// [`Operator::finds`] answers.
    fn finds(&self, operator: Operator, column: &str, wanted: &str) -> String;

    /// Whether a list of options or parties holds one: a [`Value::Choice`](rulegate::Value::Choice), or a
    /// [`Value::Lookup`](rulegate::Value::Lookup) to the party, sent as a parameter of the list's kind.
    fn has(&self, column: &str, wanted: &str) -> String;
}
