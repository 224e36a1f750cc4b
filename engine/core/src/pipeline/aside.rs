//! What the engine writes for itself, beside any message: without an event, in a transaction of its own.

use std::sync::Arc;

use crate::record::{MoneyPrecision, Record, Value, check_value};
use crate::store::{Store, StoreError, Transaction};

/// How often it is written again after it met messages. More would keep a caller waiting.
const ATTEMPT_LIMIT: u32 = 10;

/// Writes in a transaction of its own.
pub(super) fn write<T>(
    store: &dyn Store,
    write: impl Fn(&mut dyn Transaction) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    for attempt in 0..ATTEMPT_LIMIT {
        let is_turn = 0 < attempt || store.takes_turns();
        let mut tx = if is_turn { store.begin_again()? } else { store.begin()? };
        match write(&mut *tx).and_then(|it| tx.commit().map(|()| it)) {
            Err(StoreError::Conflict) => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Conflict)
}

/// A record that is gone needs no change.
pub(super) fn found(outcome: Result<(), StoreError>) -> Result<(), StoreError> {
    if matches!(outcome, Err(StoreError::NotFound { .. })) { Ok(()) } else { outcome }
}

/// Puts a value where the entity has an attribute that it fits, as a stored record holds it: never null.
pub(super) fn put(record: &mut Record, name: &str, value: Value) {
    if !value.is_null() {
        lay(record, name, value);
    }
}

/// The same for a change, in which a null clears the attribute.
pub(super) fn lay(record: &mut Record, name: &str, value: Value) {
    let entity = Arc::clone(record.metadata());
    let Some(ordinal) = entity.ordinal(name) else { return };
    let Some(attribute) = entity.attribute_at(ordinal) else { return };
    let money = MoneyPrecision { organization: 2, currency: 2 }; // No column is an amount.
    if let Ok(value) = check_value(value, attribute, money) {
        record.put(ordinal, value);
    }
}
