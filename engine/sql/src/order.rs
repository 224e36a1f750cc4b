//! Order: by what records are sorted, and which come behind a bookmark.

use rulegate::Value;
use rulegate::record::{Bookmark, QueryPlan};

use crate::condition::{all, any};
use crate::statement::Parameters;
use crate::{ColumnKind, Table};

/// By how many attributes a query may order in SQL: what comes behind a bookmark grows with the square.
const LIMIT: usize = 30;

/// Something by which records are sorted.
struct Term {
    /// The column, and how it is compared.
    expression: String,
    kind: ColumnKind,
    is_descending: bool,
    /// Its value in the bookmark.
    mark: Option<Value>,
}

/// What stands behind `ORDER BY`, and the condition that what comes behind the bookmark meets; `None` where
/// the order has too many terms, or the bookmark is none of this query.
pub(crate) fn order(
    plan: &QueryPlan,
    table: &Table,
    parameters: &mut Parameters,
) -> Option<(String, Option<String>)> {
    let terms = terms(plan, table)?;
    let words = terms.iter().map(|it| {
        let direction = if it.is_descending { "DESC NULLS LAST" } else { "ASC NULLS FIRST" };
        format!("{} {direction}", it.expression)
    });
    let words = words.chain([table.identity().quoted()]).collect::<Vec<_>>().join(", ");
    let behind = plan.after.as_ref().map(|it| behind(it, &terms, table, parameters));
    Some((words, behind))
}

fn terms(plan: &QueryPlan, table: &Table) -> Option<Vec<Term>> {
    if LIMIT < plan.order.len() {
        return None;
    }
    let mut terms = Vec::new();
    let marks = plan.after.as_ref().map_or(&[][..], |it| it.values.as_slice());
    for (index, (place, is_descending)) in plan.order.iter().enumerate() {
        let mark = marks.get(index).cloned().flatten();
        let Some(column) = table.column_of(*place) else { continue };
        if mark.as_ref().is_some_and(|it| !column.kind.holds(it)) {
            return None;
        }
        let dialect = table.dialect();
        let mut push = |name: String, kind: ColumnKind, mark: Option<Value>| {
            let expression = format!("{name}{}", dialect.compared(kind));
            terms.push(Term { expression, kind, is_descending: *is_descending, mark });
        };
        if column.kind == ColumnKind::Reference {
            let reference = mark.as_ref().and_then(Value::as_lookup);
            let entity = reference.map(|it| Value::from(&*it.entity));
            push(column.quoted(), ColumnKind::Identity, reference.map(|it| Value::Id(it.id)));
            push(column.quoted_type(), ColumnKind::Name, entity);
        } else {
            push(column.quoted(), column.kind, mark);
        }
    }
    Some(terms)
}

/// The condition that what comes behind a bookmark meets: the first term that differs decides, and the
/// identity where none does.
fn behind(
    bookmark: &Bookmark,
    terms: &[Term],
    table: &Table,
    parameters: &mut Parameters,
) -> String {
    let mut cases = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let before = terms.iter().take(index);
        let mut case: Vec<String> = before.map(|it| it.equals(parameters)).collect();
        case.push(term.is_behind(parameters));
        cases.push(all(&case));
    }
    let mut last: Vec<String> = terms.iter().map(|it| it.equals(parameters)).collect();
    let id = table.identity();
    let mark = parameters.add(Value::Id(bookmark.id), ColumnKind::Identity);
    last.push(format!("{} > {mark}", id.quoted()));
    cases.push(all(&last));
    any(&cases)
}

impl Term {
    fn equals(&self, parameters: &mut Parameters) -> String {
        match &self.mark {
            None => format!("{} IS NULL", self.expression),
            Some(mark) => {
                format!("{} = {}", self.expression, parameters.add(mark.clone(), self.kind))
            }
        }
    }

    fn is_behind(&self, parameters: &mut Parameters) -> String {
        let expression = &self.expression;
        match (&self.mark, self.is_descending) {
            (None, false) => format!("{expression} IS NOT NULL"),
            (None, true) => "1=0".to_owned(), // Nothing is less than null.
            (Some(mark), false) => {
                format!("{expression} > {}", parameters.add(mark.clone(), self.kind))
            }
            (Some(mark), true) => {
                let mark = parameters.add(mark.clone(), self.kind);
                format!("({expression} < {mark} OR {expression} IS NULL)")
            }
        }
    }
}
