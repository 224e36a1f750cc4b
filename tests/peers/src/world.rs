//! The record on which all sides work, and what getters and setters do with it.

use std::cell::RefCell;

use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition, Ordinal};
use rulegate::{EntityReference, Record, Value};
use rust_decimal::Decimal;

thread_local! {
    static TARGET: RefCell<Option<Record>> = const { RefCell::new(None) };
}

/// Where the attributes are that the rule names.
#[derive(Clone, Copy)]
pub struct Places {
    pub estimatedvalue: Ordinal,
    pub customerid: Ordinal,
    pub rating: Ordinal,
}

/// An opportunity whose customer is known.
pub fn opportunity() -> Record {
    let opportunity = EntityDefinition::new("opportunity")
        .attribute("name", AttributeType::text(300))
        .attribute("estimatedvalue", AttributeType::money(0, 1_000_000))
        .attribute("customerid", AttributeType::lookup(["account"]))
        .attribute("opportunityratingcode", AttributeType::choice([(1, "Hot"), (2, "Warm")]));
    let account = EntityDefinition::new("account").attribute("name", AttributeType::text(160));
    let catalog = CatalogDraft::default().entity(opportunity).entity(account).check();
    let catalog = catalog.expect("the entities are right");
    let entity = catalog.entity("opportunity").expect("it is there");
    let customer =
        EntityReference::new("account", "00000000-0000-0000-0000-00000000004d".parse().unwrap());
    Record::new(entity)
        .with("name", "Contoso 500 widgets renewal")
        .and_then(|it| it.with("estimatedvalue", Value::Decimal(Decimal::from(150_000))))
        .and_then(|it| it.with("customerid", Value::Lookup(customer)))
        .and_then(|it| it.with("opportunityratingcode", Value::Choice(2)))
        .expect("the attributes are there")
}

/// Puts the record where getters and setters find it.
pub fn keep(record: Record) {
    TARGET.set(Some(record));
}

/// Where the attributes are.
pub fn places() -> Places {
    let place = |name: &str| {
        TARGET.with_borrow(|it| {
            it.as_ref().and_then(|it| it.metadata().ordinal(name)).expect("it is there")
        })
    };
    Places {
        estimatedvalue: place("estimatedvalue"),
        customerid: place("customerid"),
        rating: place("opportunityratingcode"),
    }
}

/// An attribute as a number: an amount as a float, a lookup as one.
pub fn number(place: Ordinal) -> Option<f64> {
    TARGET.with_borrow(|it| match it.as_ref()?.at(place)? {
        Value::Decimal(value) => (*value).try_into().ok(),
        Value::Choice(value) => Some(f64::from(*value)),
        Value::Lookup(_) => Some(1.0),
        _ => None,
    })
}

/// Writes an option.
pub fn choose(place: Ordinal, value: i32) {
    TARGET.with_borrow_mut(|it| it.as_mut().map(|it| it.put(place, Value::Choice(value))));
}
