//! Sorting: Rhai's own swallows the errors of a comparison, limits among them, and panics where it has no order.

use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext};

use super::error::{Raise, Raised};
use super::value::describe;

/// Registers what sorts by a comparison: it answers a number, or whether the first comes first.
pub(super) fn register(rhai: &mut Engine) {
    for name in ["sort", "sort_by"] {
        rhai.register_fn(
            name,
            |context: NativeCallContext<'_>, array: &mut Array, compare: FnPtr| -> Raised<()> {
                *array = sorted(&context, std::mem::take(array), &compare)?;
                Ok(())
            },
        );
    }
    for name in ["order", "order_by"] {
        rhai.register_fn(
            name,
            |context: NativeCallContext<'_>, array: &mut Array, compare: FnPtr| {
                sorted(&context, array.clone(), &compare)
            },
        );
    }
}

/// Sorts by merging runs that are sorted, from single elements up: whatever the comparison says, it ends.
fn sorted(context: &NativeCallContext<'_>, mut array: Array, compare: &FnPtr) -> Raised<Array> {
    let mut run = 1;
    while run < array.len() {
        let mut next = Array::with_capacity(array.len());
        for pair in array.chunks(run * 2) {
            let (left, right) = pair.split_at(run.min(pair.len()));
            merge(&mut next, (left, right), |a, b| comes_first(context, compare, (a, b)))?;
        }
        array = next;
        run *= 2;
    }
    Ok(array)
}

fn merge(
    into: &mut Array,
    (left, right): (&[Dynamic], &[Dynamic]),
    mut keeps_order: impl FnMut(&Dynamic, &Dynamic) -> Raised<bool>,
) -> Raised<()> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if keeps_order(a, b)? { left.next() } else { right.next() };
        into.extend(next.cloned());
    }
    into.extend(left.chain(right).cloned());
    Ok(())
}

/// Whether the first of two may stay before the second.
fn comes_first(
    context: &NativeCallContext<'_>,
    compare: &FnPtr,
    (a, b): (&Dynamic, &Dynamic),
) -> Raised<bool> {
    let answer = compare.call_raw(context, None, [a.clone(), b.clone()])?;
    if let Ok(number) = answer.as_int() {
        return Ok(number <= 0);
    }
    answer.as_bool().map_err(|_| {
        let found = describe(&answer);
        Raise::text(format!(
            "a comparison answers a whole number or a boolean, and not the {found}"
        ))
    })
}
