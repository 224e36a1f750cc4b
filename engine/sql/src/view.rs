//! Views: the records of an entity as people read them, with whatever tool opens the database.

use rulegate::metadata::AttributeType;

use crate::column::quote;
use crate::{Column, ColumnKind, Table};

/// A view of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name: `v$` and the logical name of the entity, which no logical name begins with.
    pub name: String,
    /// The statement that makes it.
    pub sql: String,
}

impl Table {
    /// The records as people read them: identities as texts, moments with their zone, and beside the number of
    /// an option its label, in a column `ATTRIBUTE$label`.
    pub fn view(&self) -> View {
        let name = format!("v${}", self.entity().logical_name());
        let mut columns = vec![self.readable(&self.identity), self.readable(&self.version)];
        for column in self.columns() {
            columns.push(self.readable(column));
            if column.kind == ColumnKind::Reference {
                columns.push(column.quoted_type());
            }
            columns.extend(self.labels(column));
        }
        let (view, columns, table) = (quote(&name), columns.join(", "), self.quoted());
        View { name, sql: format!("CREATE VIEW {view} AS SELECT {columns} FROM {table}") }
    }

    fn readable(&self, column: &Column) -> String {
        let name = column.quoted();
        match self.dialect().readable(column.kind, &name) {
            Some(it) => format!("{it} AS {name}"),
            None => name,
        }
    }

    /// The labels of the options of a column, as a column of their own.
    fn labels(&self, column: &Column) -> Option<String> {
        let kind = &self.attribute(column)?.kind;
        let labels: Vec<(i32, &str)> = match (kind, column.kind) {
            (AttributeType::Boolean { labels: [no, yes], .. }, _) => vec![(0, no), (1, yes)],
            (_, ColumnKind::Choice) => {
                let options = kind.option_set()?.options.iter();
                options.map(|it| (it.value, it.label.as_str())).collect()
            }
            _ => return None,
        };
        if labels.is_empty() {
            return None;
        }
        let when = |(value, label): (i32, &str)| {
            format!(" WHEN {value} THEN '{}'", label.replace('\'', "''"))
        };
        let cases: String = labels.into_iter().map(when).collect();
        let label = quote(&format!("{}$label", column.name));
        Some(format!("CASE {}{cases} END AS {label}", column.quoted()))
    }
}
