//! Searches: the statements that answer a query plan, written once for all plans of one shape.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rulegate::Value;
use rulegate::metadata::Ordinal;
use rulegate::record::QueryPlan;

use crate::condition::condition;
use crate::draft::{Draft, Side};
use crate::order::{behind, order, terms};
use crate::shape::shape;
use crate::{ColumnKind, Parameter, Table};

/// How many shapes are kept: with one more, all are forgotten, so that what is still asked comes back.
const SHAPES: usize = 256;

/// The statements that answer a query plan.
#[derive(Debug, Clone)]
pub struct Select {
    /// Their texts, and what the rows have.
    pub shape: Arc<Shape>,
    /// The parameters of the statement that finds the rows.
    pub rows: Vec<Parameter>,
    /// The parameters of the statement that counts.
    pub total: Vec<Parameter>,
}

/// The statements of all plans that differ in values alone.
#[derive(Debug)]
pub struct Shape {
    /// Finds the records of the page in their order, and one more where there are more: their identity,
    /// their version, and the columns; then the same of the other record of each link.
    pub rows: String,
    /// Counts all records that match, where the plan wants it.
    pub total: Option<String>,
    /// The tables, and the columns that the rows have of them by their index in [`Table::columns`]: of the records
    /// that are searched, and of those of each link.
    pub tables: Vec<(Arc<Table>, Vec<usize>)>,
}

/// The shapes that were written.
#[derive(Debug, Default)]
pub struct Shapes {
    by_shape: Mutex<BTreeMap<Vec<u8>, Arc<Shape>>>,
}

impl Shapes {
    /// The statements that answer a plan; `None` where SQL cannot say it, so that the plan itself must
    /// [`answer`](QueryPlan::answer) from all records. The tables are those of the plan's entity and of its links.
    pub fn select(&self, plan: &QueryPlan, tables: &[Arc<Table>]) -> Option<Select> {
        let dialect = tables.first()?.dialect();
        let key = shape(plan);
        let known = self.lock().get(&key).filter(|it| it.is_of(tables)).cloned();
        let Some(shape) = known else { return self.write(plan, tables, key) };
        debug_assert_eq!(Some(&shape.rows), text(plan, &shape.tables).as_ref(), "two of one shape");
        let mut rows = Draft::binding(dialect);
        draw_rows(plan, &shape.tables, &mut rows)?;
        let mut total = Draft::binding(dialect);
        if plan.returns_total && plan.aggregation.is_none() {
            draw_total(plan, &shape.tables, &mut total)?;
        }
        let (rows, total) = (rows.finish()?.1, total.finish()?.1);
        Some(Select { shape, rows, total })
    }

    fn write(&self, plan: &QueryPlan, tables: &[Arc<Table>], key: Vec<u8>) -> Option<Select> {
        let dialect = tables.first()?.dialect();
        let tables = columns(plan, tables);
        let mut draft = Draft::writing(dialect);
        draw_rows(plan, &tables, &mut draft)?;
        let (text, rows) = draft.finish()?;
        let (mut total_text, mut total) = (None, Vec::new());
        if plan.returns_total && plan.aggregation.is_none() {
            let mut draft = Draft::writing(dialect);
            draw_total(plan, &tables, &mut draft)?;
            let (text, parameters) = draft.finish()?;
            (total_text, total) = (Some(text), parameters);
        }
        let shape = Arc::new(Shape { rows: text, total: total_text, tables });
        let mut known = self.lock();
        if SHAPES <= known.len() {
            known.clear();
        }
        known.insert(key, Arc::clone(&shape));
        Some(Select { shape, rows, total })
    }

    /// A panic while the lock was held leaves nothing half done.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Arc<Shape>>> {
        self.by_shape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shape {
    /// Whether it was written for these tables, and not for those of another definition.
    fn is_of(&self, tables: &[Arc<Table>]) -> bool {
        self.tables.len() == tables.len()
            && self.tables.iter().zip(tables).all(|((own, _), it)| Arc::ptr_eq(own, it))
    }
}

/// The text that a plan has, whatever is known.
fn text(plan: &QueryPlan, tables: &[(Arc<Table>, Vec<usize>)]) -> Option<String> {
    let mut draft = Draft::writing(tables.first()?.0.dialect());
    draw_rows(plan, tables, &mut draft)?;
    Some(draft.finish()?.0)
}

/// The columns that the answer and its bookmark need, of each table.
fn columns(plan: &QueryPlan, tables: &[Arc<Table>]) -> Vec<(Arc<Table>, Vec<usize>)> {
    let mut tables = tables.iter();
    let own = tables.next().map(|table| {
        let ordered = |place| plan.order.iter().any(|(it, _)| *it == place);
        let is_needed =
            |it| plan.columns.as_ref().is_none_or(|set| set.contains(it) || ordered(it));
        (Arc::clone(table), indexes(table, is_needed))
    });
    let others = plan.links.iter().zip(tables).map(|(link, table)| {
        let is_wanted = |place| link.columns.iter().any(|(it, _)| *it == place);
        (Arc::clone(table), indexes(table, is_wanted))
    });
    own.into_iter().chain(others).collect()
}

fn indexes(table: &Table, is_wanted: impl Fn(Ordinal) -> bool) -> Vec<usize> {
    let places = table.columns().iter().map(|it| it.place);
    let wanted = places.enumerate().filter(|(_, it)| it.is_some_and(&is_wanted));
    wanted.map(|(index, _)| index).collect()
}

fn draw_rows(
    plan: &QueryPlan,
    tables: &[(Arc<Table>, Vec<usize>)],
    draft: &mut Draft,
) -> Option<()> {
    let side = Side { table: &tables.first()?.0, number: 0 };
    let terms = terms(plan, side)?;
    draft.words("SELECT ");
    for (number, (table, columns)) in tables.iter().enumerate() {
        draft.words(if number == 0 { "" } else { ", " });
        draft.say(|| table.list_of(Side { table, number }, columns));
    }
    draw_sources(plan, tables, draft)?;
    behind(plan, &terms, side, draft)?;
    draft.words(" ORDER BY ");
    order(&terms, side, draft);
    let number = |it: u64| Value::WholeNumber(i64::try_from(it).unwrap_or(i64::MAX));
    if let Some(aggregation) = &plan.aggregation {
        // One more than may match tells whether there are more.
        draft.words(" LIMIT ");
        let limit = u64::from(aggregation.record_limit) + 1;
        draft.value(number(limit), ColumnKind::WholeNumber);
    } else if let Some(page) = &plan.page {
        let skipped = if plan.after.is_some() { 0 } else { plan.skipped() };
        // One more than the page holds tells whether there are more.
        draft.words(" LIMIT ");
        draft.value(number(u64::from(page.size) + 1), ColumnKind::WholeNumber);
        draft.words(" OFFSET ");
        draft.value(number(skipped), ColumnKind::WholeNumber);
    } else if let Some(top) = plan.top {
        draft.words(" LIMIT ");
        draft.value(number(top.into()), ColumnKind::WholeNumber);
    }
    Some(())
}

fn draw_total(
    plan: &QueryPlan,
    tables: &[(Arc<Table>, Vec<usize>)],
    draft: &mut Draft,
) -> Option<()> {
    draft.words("SELECT count(*)");
    draw_sources(plan, tables, draft)
}

/// Writes from where the records come, and which of them.
fn draw_sources(
    plan: &QueryPlan,
    tables: &[(Arc<Table>, Vec<usize>)],
    draft: &mut Draft,
) -> Option<()> {
    let side = Side { table: &tables.first()?.0, number: 0 };
    draft.words(" FROM ");
    draft.table(side);
    for (index, link) in plan.links.iter().enumerate() {
        let number = index + 1;
        let other = Side { table: &tables.get(number)?.0, number };
        let lookup = side.table.column_of(link.lookup)?;
        draft.words(if link.is_outer { " LEFT JOIN " } else { " JOIN " });
        draft.table(other);
        draft.words(" ON ");
        draft.column(other, other.table.identity());
        draft.words(" = ");
        draft.column(side, lookup);
        draft.words(" AND ");
        draft.type_column(side, lookup);
        draft.words(" = ");
        draft.value(Value::from(&**link.entity.logical_name()), ColumnKind::Name);
        draft.words(" AND ");
        condition(&link.filter, other, draft, 0)?;
    }
    draft.words(" WHERE ");
    condition(&plan.filter, side, draft, 0)
}
