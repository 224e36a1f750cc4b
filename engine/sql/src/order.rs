//! Order: by what records are sorted, and which come behind a bookmark.

use rulegate::Value;
use rulegate::record::QueryPlan;

use crate::condition::{ALL, ANY, join};
use crate::draft::{Draft, Side};
use crate::{Column, ColumnKind};

/// By how many attributes a query may order in SQL: what comes behind a bookmark grows with the square.
const LIMIT: usize = 30;

/// Something by which records are sorted.
pub(crate) struct Term<'a> {
    column: &'a Column,
    /// Whether it is the column beside, which says at which entity a lookup points.
    is_type: bool,
    kind: ColumnKind,
    is_descending: bool,
    /// Its value in the bookmark.
    mark: Option<Value>,
}

/// By what a plan sorts; `None` where that is too much, or the bookmark is none of this query.
pub(crate) fn terms<'a>(plan: &QueryPlan, side: Side<'a>) -> Option<Vec<Term<'a>>> {
    if LIMIT < plan.order.len() {
        return None;
    }
    let mut terms = Vec::new();
    let marks = plan.after.as_ref().map_or(&[][..], |it| it.values.as_slice());
    for (index, (place, is_descending)) in plan.order.iter().enumerate() {
        let mark = marks.get(index).cloned().flatten();
        let Some(column) = side.table.column_of(*place) else { continue };
        if mark.as_ref().is_some_and(|it| !column.kind.holds(it)) {
            return None;
        }
        let mut push = |is_type: bool, kind: ColumnKind, mark: Option<Value>| {
            terms.push(Term { column, is_type, kind, is_descending: *is_descending, mark });
        };
        if column.kind == ColumnKind::Reference {
            let reference = mark.as_ref().and_then(Value::as_lookup);
            let entity = reference.map(|it| Value::from(&*it.entity));
            push(false, ColumnKind::Identity, reference.map(|it| Value::Id(it.id)));
            push(true, ColumnKind::Name, entity);
        } else {
            push(false, column.kind, mark);
        }
    }
    Some(terms)
}

/// Writes what stands behind `ORDER BY`.
pub(crate) fn order(terms: &[Term<'_>], side: Side<'_>, draft: &mut Draft) {
    for term in terms {
        term.expression(side, draft);
        draft.words(if term.is_descending { " DESC NULLS LAST, " } else { " ASC NULLS FIRST, " });
    }
    draft.column(side, side.table.identity());
}

/// Writes the condition that what comes behind the bookmark meets: the first term that differs decides, and the
/// identity where none does.
pub(crate) fn behind(
    plan: &QueryPlan,
    terms: &[Term<'_>],
    side: Side<'_>,
    draft: &mut Draft,
) -> Option<()> {
    let Some(bookmark) = &plan.after else { return Some(()) };
    draft.words(" AND ");
    let cases: Vec<usize> = (0..=terms.len()).collect();
    join(&cases, &ANY, draft, &|case, draft| {
        let parts: Vec<usize> = (0..=*case).collect();
        join(&parts, &ALL, draft, &|part, draft| {
            match terms.get(*part) {
                Some(term) if part < case => term.equals(side, draft),
                Some(term) => term.is_behind(side, draft),
                None => {
                    draft.column(side, side.table.identity());
                    draft.words(" > ");
                    draft.value(Value::Id(bookmark.id), ColumnKind::Identity);
                }
            }
            Some(())
        })
    })
}

impl Term<'_> {
    fn expression(&self, side: Side<'_>, draft: &mut Draft) {
        if self.is_type {
            draft.type_column(side, self.column);
        } else {
            draft.column(side, self.column);
        }
        draft.words(draft.dialect().compared(self.kind));
    }

    fn equals(&self, side: Side<'_>, draft: &mut Draft) {
        self.expression(side, draft);
        match &self.mark {
            None => draft.words(" IS NULL"),
            Some(mark) => {
                draft.words(" = ");
                draft.value(mark.clone(), self.kind);
            }
        }
    }

    fn is_behind(&self, side: Side<'_>, draft: &mut Draft) {
        let Some(mark) = &self.mark else {
            if self.is_descending {
                draft.words("(1=0)"); // Nothing is less than null.
            } else {
                self.expression(side, draft);
                draft.words(" IS NOT NULL");
            }
            return;
        };
        if self.is_descending {
            draft.words("(");
            self.expression(side, draft);
            draft.words(" < ");
            draft.value(mark.clone(), self.kind);
            draft.words(" OR ");
            self.expression(side, draft);
            draft.words(" IS NULL)");
        } else {
            self.expression(side, draft);
            draft.words(" > ");
            draft.value(mark.clone(), self.kind);
        }
    }
}
