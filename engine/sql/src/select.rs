//! Searches: the statement that answers a query plan.

use rulegate::Value;
use rulegate::metadata::AttributeSet;
use rulegate::record::QueryPlan;

use crate::condition::condition;
use crate::order::order;
use crate::statement::Parameters;
use crate::{ColumnKind, Statement, Table};

/// The statements that answer a query plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// Finds the records of the page in their order, and one more where there are more: their identity,
    /// their version, and the columns.
    pub rows: Statement,
    /// The columns that the rows have, by their index in [`Table::columns`].
    pub columns: Vec<usize>,
    /// Counts all records that match, where the plan wants it.
    pub total: Option<Statement>,
}

impl Select {
    /// The statements that answer a plan; `None` where SQL cannot say it, so that the plan itself must
    /// [`answer`](QueryPlan::answer) from all records.
    pub fn new(plan: &QueryPlan, table: &Table) -> Option<Self> {
        let columns = columns(plan, table);
        let total = if plan.returns_total { Some(total(plan, table)?) } else { None };
        let rows = rows(plan, table, &columns)?;
        Some(Self { rows, columns, total })
    }
}

/// The columns that the answer and its bookmark need.
fn columns(plan: &QueryPlan, table: &Table) -> Vec<usize> {
    let all = 0..table.columns().len();
    let Some(wanted) = &plan.columns else { return all.collect() };
    let mut needed: AttributeSet = wanted.clone();
    for (place, _) in &plan.order {
        needed.insert(*place);
    }
    let place = |index: usize| table.columns().get(index)?.place;
    all.filter(|it| place(*it).is_some_and(|it| needed.contains(it))).collect()
}

fn total(plan: &QueryPlan, table: &Table) -> Option<Statement> {
    let mut parameters = Parameters::new(table.dialect());
    let filter = condition(&plan.filter, table, &mut parameters, 0)?;
    parameters.statement(format!("SELECT count(*) FROM {} WHERE {filter}", table.quoted()))
}

fn rows(plan: &QueryPlan, table: &Table, columns: &[usize]) -> Option<Statement> {
    let mut parameters = Parameters::new(table.dialect());
    let filter = condition(&plan.filter, table, &mut parameters, 0)?;
    let (order, behind) = order(plan, table, &mut parameters)?;
    let behind = behind.map(|it| format!(" AND {it}")).unwrap_or_default();
    let mut number = |it: i64| parameters.add(Value::WholeNumber(it), ColumnKind::WholeNumber);
    let bounds = if let Some(page) = &plan.page {
        let skipped = if plan.after.is_some() { 0 } else { plan.skipped() };
        let skipped = i64::try_from(skipped).unwrap_or(i64::MAX);
        // One more than the page holds tells whether there are more.
        let (limit, offset) = (number(i64::from(page.size) + 1), number(skipped));
        format!(" LIMIT {limit} OFFSET {offset}")
    } else if let Some(top) = plan.top {
        format!(" LIMIT {}", number(i64::from(top)))
    } else {
        String::new()
    };
    let (list, name) = (table.list(columns), table.quoted());
    parameters.statement(format!(
        "SELECT {list} FROM {name} WHERE {filter}{behind} ORDER BY {order}{bounds}"
    ))
}
