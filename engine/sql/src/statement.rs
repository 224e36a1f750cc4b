//! Statements: text with parameters, under construction and done.

use std::sync::Arc;

use rulegate::Value;

use crate::{ColumnKind, Dialect};

/// A value that is sent beside the text of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The value.
    pub value: Value,
    /// What the column holds with which it is compared or to which it is written.
    pub kind: ColumnKind,
}

/// A statement to be carried out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statement {
    /// Its text.
    pub sql: Arc<str>,
    /// Its parameters, in the order of their numbers.
    pub parameters: Vec<Parameter>,
}

/// The parameters of a statement under construction.
#[derive(Debug)]
pub(crate) struct Parameters {
    dialect: &'static dyn Dialect,
    list: Vec<Parameter>,
}

impl Parameters {
    pub(crate) fn new(dialect: &'static dyn Dialect) -> Self {
        Self { dialect, list: Vec::new() }
    }

    /// Adds a parameter. Answers how the statement names it.
    pub(crate) fn add(&mut self, value: Value, kind: ColumnKind) -> String {
        self.push(value, kind);
        self.dialect.parameter(self.list.len())
    }

    /// Adds a parameter to a statement whose text is known.
    pub(crate) fn push(&mut self, value: Value, kind: ColumnKind) {
        self.list.push(Parameter { value, kind });
    }

    /// The finished statement; `None` where it has more parameters than the database takes.
    pub(crate) fn statement(self, sql: impl Into<Arc<str>>) -> Option<Statement> {
        let fits = self.list.len() <= self.dialect.parameter_limit();
        fits.then(|| Statement { sql: sql.into(), parameters: self.list })
    }
}
