//! Conditions: what a filter says, in the words of a database.
//!
//! Null meets `null` and the negations alone. So no condition here depends on what a database makes of
//! `NOT` before an unknown: each answers for null by itself, or is unknown, which selects nothing.

use std::fmt;

use rulegate::record::{Operator, Subject, Test};
use rulegate::{EntityReference, Value};

use crate::column::Column;
use crate::statement::Parameters;
use crate::{ColumnKind, Table};

/// How deep filters may lie in each other: databases bound it, and so do threads.
const DEPTH_LIMIT: usize = 100;
/// A condition that every record meets.
const ALWAYS: &str = "1=1";
/// A condition that no record meets.
const NEVER: &str = "1=0";

/// The condition that a filter is; `None` where it lies too deep.
pub(crate) fn condition(
    test: &Test,
    table: &Table,
    parameters: &mut Parameters,
    depth: usize,
) -> Option<String> {
    if DEPTH_LIMIT < depth {
        return None;
    }
    let mut each = |tests: &[Test]| -> Option<Vec<String>> {
        tests.iter().map(|it| condition(it, table, parameters, depth + 1)).collect()
    };
    Some(match test {
        Test::All(tests) => all(&each(tests)?),
        Test::Any(tests) => any(&each(tests)?),
        Test::Is { attribute, operator, values } => {
            let column = match attribute {
                Subject::Identity => Some(table.identity()),
                Subject::Attribute(place) => table.column_of(*place),
            };
            match column {
                Some(it) => Comparison { column: it, parameters }.holds(*operator, values),
                None => absent(*operator),
            }
        }
    })
}

/// Every one of these.
pub(crate) fn all(conditions: &[String]) -> String {
    join(conditions, " AND ", ALWAYS)
}

/// At least one of these.
pub(crate) fn any(conditions: &[String]) -> String {
    join(conditions, " OR ", NEVER)
}

/// Joins conditions as a tree that is as flat as can be: a chain of a thousand would be too deep.
fn join(conditions: &[String], word: &str, none: &str) -> String {
    match conditions {
        [] => none.to_owned(),
        [one] => one.clone(),
        several => {
            let (left, right) = several.split_at(several.len() / 2);
            format!("({}{word}{})", join(left, word, none), join(right, word, none))
        }
    }
}

/// What is so of an attribute that is never stored.
fn absent(operator: Operator) -> String {
    let is_met = matches!(
        operator,
        Operator::Null | Operator::NotEqual | Operator::NotIn | Operator::NotLike
    );
    if is_met { ALWAYS } else { NEVER }.to_owned()
}

/// How one value stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

/// A condition on one column.
struct Comparison<'a> {
    column: &'a Column,
    parameters: &'a mut Parameters,
}

impl Comparison<'_> {
    fn holds(&mut self, operator: Operator, values: &[Value]) -> String {
        match (operator, values) {
            (Operator::Null, _) => self.is_null(),
            (Operator::NotNull, _) => format!("{} IS NOT NULL", self.column.quoted()),
            (Operator::In, _) => self.is_one_of(values),
            (Operator::NotIn, _) => {
                let found = self.is_one_of(values);
                self.denied(&found)
            }
            (Operator::Between, [low, high]) => {
                let low = self.compares(Sign::GreaterOrEqual, low);
                let high = self.compares(Sign::LessOrEqual, high);
                all(&[low, high])
            }
            (Operator::NotEqual, [value]) => {
                let equal = self.compares(Sign::Equal, value);
                self.denied(&equal)
            }
            (Operator::NotLike, [value]) => {
                let like = self.finds(operator, value);
                self.denied(&like)
            }
            (
                Operator::Like | Operator::BeginsWith | Operator::EndsWith | Operator::Contains,
                [value],
            ) => self.finds(operator, value),
            (Operator::Equal, [value]) => self.compares(Sign::Equal, value),
            (Operator::LessThan, [value]) => self.compares(Sign::Less, value),
            (Operator::LessEqual, [value]) => self.compares(Sign::LessOrEqual, value),
            (Operator::GreaterThan, [value]) => self.compares(Sign::Greater, value),
            (Operator::GreaterEqual, [value]) => self.compares(Sign::GreaterOrEqual, value),
            _ => NEVER.to_owned(), // INVARIANT: a plan has as many values as the operator takes.
        }
    }

    fn is_null(&self) -> String {
        format!("{} IS NULL", self.column.quoted())
    }

    /// Null, or not so.
    fn denied(&self, condition: &str) -> String {
        match condition {
            NEVER => ALWAYS.to_owned(),
            _ => format!("({} OR NOT {condition})", self.is_null()),
        }
    }

    fn is_one_of(&mut self, values: &[Value]) -> String {
        let kind = self.column.kind;
        let is_list = !matches!(kind, ColumnKind::Choices | ColumnKind::Reference);
        if !is_list {
            let each: Vec<_> = values.iter().map(|it| self.compares(Sign::Equal, it)).collect();
            return any(&each);
        }
        let values: Vec<_> = values
            .iter()
            .filter(|it| kind.holds(it) && !it.is_null())
            .map(|it| self.parameters.add(it.clone(), kind))
            .collect();
        if values.is_empty() {
            return NEVER.to_owned();
        }
        format!("({} IN ({}))", self.compared(), values.join(", "))
    }

    /// How a value stands to that of the column.
    fn compares(&mut self, sign: Sign, value: &Value) -> String {
        let kind = self.column.kind;
        match (kind, value) {
            (ColumnKind::Choices, Value::Choice(_)) => match sign {
                // A list equals each of its options, and has no order beside one.
                Sign::Less | Sign::Greater => NEVER.to_owned(),
                Sign::Equal | Sign::LessOrEqual | Sign::GreaterOrEqual => self.has(value),
            },
            (ColumnKind::Reference, Value::Id(_)) => {
                let id = self.parameters.add(value.clone(), ColumnKind::Identity);
                format!("({} {sign} {id})", self.compared())
            }
            (ColumnKind::Reference, Value::Lookup(reference)) => self.points(sign, reference),
            _ if kind.holds(value) && !value.is_null() && kind != ColumnKind::Parties => {
                let wanted = self.parameters.add(value.clone(), kind);
                format!("({} {sign} {wanted})", self.compared())
            }
            _ => NEVER.to_owned(),
        }
    }

    /// How a reference stands to that of the column: by identity, then by entity.
    fn points(&mut self, sign: Sign, reference: &EntityReference) -> String {
        let (id, entity) = (Value::Id(reference.id), Value::from(&*reference.entity));
        let id = self.parameters.add(id, ColumnKind::Identity);
        let entity = self.parameters.add(entity, ColumnKind::Name);
        let (column, of) = (self.column.quoted(), self.column.quoted_type());
        if sign == Sign::Equal {
            return format!("({column} = {id} AND {of} = {entity})");
        }
        format!("(({column}, {of}) {sign} ({id}, {entity}))")
    }

    /// Whether the column holds a text, an option or a party that is looked for.
    fn finds(&mut self, operator: Operator, value: &Value) -> String {
        match (self.column.kind, value, operator) {
            (ColumnKind::Choices, Value::Choice(_), Operator::Contains)
            | (ColumnKind::Parties, Value::Lookup(_), Operator::Contains) => self.has(value),
            (ColumnKind::Text, Value::Text(_), _) => {
                let wanted = self.parameters.add(value.clone(), ColumnKind::Text);
                self.parameters.dialect().finds(operator, &self.column.quoted(), &wanted)
            }
            _ => NEVER.to_owned(),
        }
    }

    fn has(&mut self, value: &Value) -> String {
        let wanted = self.parameters.add(value.clone(), self.column.kind);
        self.parameters.dialect().has(&self.column.quoted(), &wanted)
    }

    fn compared(&self) -> String {
        let how = self.parameters.dialect().compared(self.column.kind);
        format!("{}{how}", self.column.quoted())
    }
}
