//! Shapes: what two plans have in common that the same statement answers.
//!
//! INVARIANT: everything that the text of a statement depends on stands in its shape. Of a value that is whether it
//! is null, of which type it is, and whether it is a number.

use rulegate::Value;
use rulegate::metadata::Ordinal;
use rulegate::record::{QueryPlan, Subject, Test};

/// The shape of a plan, as bytes that no other shape has.
pub(crate) fn shape(plan: &QueryPlan) -> Vec<u8> {
    let mut shape = Vec::with_capacity(96);
    name(plan.entity.logical_name(), &mut shape);
    let flags = [
        plan.returns_total,
        plan.aggregation.is_some(),
        plan.top.is_some(),
        plan.page.is_some(),
        plan.after.is_some(),
        plan.columns.is_some(),
    ];
    shape.extend(flags.map(u8::from));
    if let Some(columns) = &plan.columns {
        count(columns.len(), &mut shape);
        columns.iter().for_each(|it| place(it, &mut shape));
    }
    test(&plan.filter, &mut shape);
    count(plan.order.len(), &mut shape);
    for (it, is_descending) in &plan.order {
        place(*it, &mut shape);
        shape.push(u8::from(*is_descending));
    }
    for mark in plan.after.iter().flat_map(|it| &it.values) {
        shape.push(mark.as_ref().map_or(0, kind));
    }
    for link in &plan.links {
        name(link.entity.logical_name(), &mut shape);
        place(link.lookup, &mut shape);
        shape.push(u8::from(link.is_outer));
        count(link.columns.len(), &mut shape);
        link.columns.iter().for_each(|(it, _)| place(*it, &mut shape));
        test(&link.filter, &mut shape);
    }
    shape
}

fn test(it: &Test, shape: &mut Vec<u8>) {
    match it {
        Test::All(tests) | Test::Any(tests) => {
            shape.push(if matches!(it, Test::All(_)) { b'&' } else { b'|' });
            count(tests.len(), shape);
            tests.iter().for_each(|it| test(it, shape));
        }
        Test::Is { attribute, operator, values } => {
            shape.push(b'=');
            match attribute {
                Subject::Identity => shape.extend([u8::MAX; 2]), // No place is so large.
                Subject::Attribute(it) => place(*it, shape),
            }
            name(operator.name(), shape);
            count(values.len(), shape);
            shape.extend(values.iter().map(kind));
        }
    }
}

/// The type of a value; what is no number is of a type of its own, since no column holds it.
fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 1,
        Value::Text(_) => 2,
        Value::WholeNumber(_) => 3,
        Value::Decimal(_) => 4,
        Value::Double(it) => 5 + u8::from(it.is_nan()),
        Value::Boolean(_) => 7,
        Value::Moment(_) => 8,
        Value::Date(_) => 9,
        Value::Choice(_) => 10,
        Value::Choices(_) => 11,
        Value::Lookup(_) => 12,
        Value::Parties(_) => 13,
        Value::Id(_) => 14,
        Value::Bytes(_) => 15,
    }
}

fn place(it: Ordinal, shape: &mut Vec<u8>) {
    shape.extend(u16::try_from(it.index()).unwrap_or(u16::MAX).to_be_bytes());
}

fn count(it: usize, shape: &mut Vec<u8>) {
    shape.extend(it.to_be_bytes());
}

fn name(it: &str, shape: &mut Vec<u8>) {
    count(it.len(), shape);
    shape.extend(it.bytes());
}
