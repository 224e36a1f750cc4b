//! What an engine needs before its first message: a business unit, two users and a base currency.
//!
//! They have fixed identities, so that every engine and every run has the same ones.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::metadata::Catalog;
use crate::record::{EntityReference, Record, Value};
use crate::store::{Store, StoreError};

/// The business unit to which everybody belongs at first.
pub const ROOT_BUSINESS_UNIT: Uuid = Uuid::from_u128(0x0B00_0000_0000_0000_0000_0000_0000_0001);
/// The user SYSTEM, in whose name the platform itself acts.
pub const SYSTEM_USER: Uuid = Uuid::from_u128(0x0B00_0000_0000_0000_0000_0000_0000_0002);
/// The user in whose name messages are sent where nobody says otherwise.
pub const DEFAULT_USER: Uuid = Uuid::from_u128(0x0B00_0000_0000_0000_0000_0000_0000_0003);
/// The currency in which base amounts stand. Its exchange rate is 1 (C-82).
pub const BASE_CURRENCY: Uuid = Uuid::from_u128(0x0B00_0000_0000_0000_0000_0000_0000_0004);

/// The organization, where the settings say no other. It is no record.
pub const ORGANIZATION: Uuid = Uuid::from_u128(0x0B00_0000_0000_0000_0000_0000_0000_0005);

/// Whether the identity is one of those that every engine has.
pub fn is_bootstrapped(id: Uuid) -> bool {
    [ROOT_BUSINESS_UNIT, SYSTEM_USER, DEFAULT_USER, BASE_CURRENCY].contains(&id)
}

/// Writes what is missing, as far as the catalog has the entities. It raises no event.
pub(crate) fn bootstrap(
    store: &dyn Store,
    catalog: &Catalog,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let unit = Value::Lookup(EntityReference::new("businessunit", ROOT_BUSINESS_UNIT));
    let mut tx = store.begin_again()?; // Another process may do the same at this moment.
    for (entity, id, values) in [
        ("businessunit", ROOT_BUSINESS_UNIT, vec![("name", Value::from("Organization"))]),
        (
            "systemuser",
            SYSTEM_USER,
            vec![("fullname", "SYSTEM".into()), ("businessunitid", unit.clone())],
        ),
        ("systemuser", DEFAULT_USER, vec![("fullname", "User".into()), ("businessunitid", unit)]),
        (
            "transactioncurrency",
            BASE_CURRENCY,
            vec![
                ("currencyname", "US Dollar".into()),
                ("isocurrencycode", "USD".into()),
                ("currencysymbol", "$".into()),
                ("currencyprecision", 2_i64.into()),
                ("exchangerate", rust_decimal::Decimal::ONE.into()),
            ],
        ),
    ] {
        let Ok(entity) = catalog.entity(entity) else { continue };
        if tx.exists(entity, id)? {
            continue;
        }
        let mut record = Record::of(entity, id);
        let stamps = [("createdon", Value::from(now)), ("modifiedon", now.into())];
        let own_id = (&**entity.primary_id(), Value::Id(id));
        for (name, value) in values.into_iter().chain(stamps).chain([own_id]) {
            if let Some(ordinal) = entity.ordinal(name) {
                record.put(ordinal, value);
            }
        }
        tx.insert(&record)?;
    }
    tx.commit()
}
