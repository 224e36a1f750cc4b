//! Drafts: a search under construction. The same words write its text, and find its parameters where the text
//! is known.

use rulegate::Value;

use crate::{Column, ColumnKind, Dialect, Parameter, Table};

/// A table under the name that it has in a search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) table: &'a Table,
    /// 0 for the records that are searched, and a number for each link.
    pub(crate) number: usize,
}

/// A search under construction.
#[derive(Debug)]
pub(crate) struct Draft {
    dialect: &'static dyn Dialect,
    /// `None` where the text is known, and the parameters alone are wanted.
    text: Option<String>,
    parameters: Vec<Parameter>,
}

impl Draft {
    /// Writes the text, and finds the parameters.
    pub(crate) fn writing(dialect: &'static dyn Dialect) -> Self {
        Self { dialect, text: Some(String::new()), parameters: Vec::new() }
    }

    /// Finds the parameters of a text that is known.
    pub(crate) fn binding(dialect: &'static dyn Dialect) -> Self {
        Self { dialect, text: None, parameters: Vec::new() }
    }

    /// Writes words.
    pub(crate) fn words(&mut self, words: &str) {
        if let Some(text) = &mut self.text {
            text.push_str(words);
        }
    }

    /// Writes what takes time to say.
    pub(crate) fn say(&mut self, words: impl FnOnce() -> String) {
        if let Some(text) = &mut self.text {
            text.push_str(&words());
        }
    }

    /// Writes a table.
    pub(crate) fn table(&mut self, side: Side<'_>) {
        self.say(|| format!("{} {}", side.table.quoted(), side.name()));
    }

    /// Writes a column.
    pub(crate) fn column(&mut self, side: Side<'_>, column: &Column) {
        self.say(|| side.column(column));
    }

    /// Writes a column as it is compared.
    pub(crate) fn compared(&mut self, side: Side<'_>, column: &Column) {
        self.column(side, column);
        self.words(self.dialect.compared(column.kind));
    }

    /// Writes the column that says at which entity a lookup points.
    pub(crate) fn type_column(&mut self, side: Side<'_>, column: &Column) {
        self.say(|| side.type_column(column));
    }

    /// Writes a parameter.
    pub(crate) fn value(&mut self, value: Value, kind: ColumnKind) {
        let name = self.add(value, kind);
        self.words(&name);
    }

    /// Adds a parameter. Answers how the text names it.
    pub(crate) fn add(&mut self, value: Value, kind: ColumnKind) -> String {
        self.parameters.push(Parameter { value, kind });
        if self.text.is_none() {
            return String::new();
        }
        self.dialect.parameter(self.parameters.len())
    }

    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        self.dialect
    }

    /// The text, where it was wanted, and the parameters; `None` where the database takes fewer.
    pub(crate) fn finish(self) -> Option<(String, Vec<Parameter>)> {
        let fits = self.parameters.len() <= self.dialect.parameter_limit();
        fits.then(|| (self.text.unwrap_or_default(), self.parameters))
    }
}

impl Side<'_> {
    fn name(self) -> String {
        format!("t{}", self.number)
    }

    pub(crate) fn column(self, column: &Column) -> String {
        format!("{}.{}", self.name(), column.quoted())
    }

    pub(crate) fn type_column(self, column: &Column) -> String {
        format!("{}.{}", self.name(), column.quoted_type())
    }
}
