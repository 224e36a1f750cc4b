//! What is promised where a reload brings another catalog.

use rulegate::metadata::{AttributeType, EntityDefinition};
use rulegate::record::Record;
use rulegate::store::{Store, StoreError};
use rulegate::{Catalog, Value};
use uuid::Uuid;

use super::{Promise, World};

/// The promises of this file.
pub(super) const ALL: &[Promise] = &[
    ("records outlive a new catalog", records_outlive_a_new_catalog),
    ("a new key counts for old records", a_new_key_counts_for_old_records),
    ("a catalog that breaks records is refused", a_catalog_that_breaks_records_is_refused),
    ("an attribute leaves when nothing is in it", an_attribute_leaves_when_nothing_is_in_it),
];

fn text(value: &str) -> Value {
    value.into()
}

/// The catalog of the world, with an entity that has these attributes, and the key over the first one.
fn with_goal(before: &Catalog, attributes: &[(&str, AttributeType)], has_key: bool) -> Catalog {
    let goal = EntityDefinition::new("goal");
    let mut goal =
        attributes.iter().fold(goal, |it, (name, kind)| it.attribute(*name, kind.clone()));
    if let (true, Some((name, _))) = (has_key, attributes.first()) {
        goal = goal.key("first", [*name]);
    }
    Catalog::succeed(support::bare().entity(super::thing()).entity(goal), Some(before)).unwrap()
}

/// Writes a goal in the terms of a catalog.
fn goal(
    store: &dyn Store,
    catalog: &Catalog,
    (id, name, value): (u128, &str, Value),
) -> Result<u64, StoreError> {
    let record = Record::of(catalog.entity("goal").unwrap(), Uuid::from_u128(id));
    let mut tx = store.begin()?;
    let version = tx.insert(&record.with(name, value).unwrap())?;
    tx.commit().map(|()| version)
}

fn records_outlive_a_new_catalog(store: &dyn Store) {
    let world = World::new(store);
    let one = with_goal(&world.catalog, &[("a", AttributeType::text(9))], false);
    store.adopt(&one).unwrap();
    goal(store, &one, (1, "a", text("A"))).unwrap();
    let attributes = [("b", AttributeType::text(9)), ("a", AttributeType::text(9))];
    let two = with_goal(&one, &attributes, false);
    store.adopt(&two).unwrap();
    goal(store, &two, (2, "b", text("B"))).unwrap();

    let entity = two.entity("goal").unwrap();
    let mut reader = store.snapshot().unwrap();
    let read = |it: u128| reader.retrieve(entity, Uuid::from_u128(it)).unwrap().unwrap();
    let [first, second] = [1, 2].map(read);
    assert_eq!((first.get("a"), first.get("b")), (Some(&text("A")), None));
    assert_eq!((second.get("a"), second.get("b")), (None, Some(&text("B"))));
}

fn a_new_key_counts_for_old_records(store: &dyn Store) {
    let world = World::new(store);
    let one = with_goal(&world.catalog, &[("a", AttributeType::text(9))], false);
    store.adopt(&one).unwrap();
    goal(store, &one, (1, "a", text("A"))).unwrap();
    let two = with_goal(&one, &[("a", AttributeType::text(9))], true);
    store.adopt(&two).unwrap();

    let error = goal(store, &two, (2, "a", text("a"))).unwrap_err();

    assert!(matches!(error, StoreError::KeyViolated { .. }), "{error}");
}

fn a_catalog_that_breaks_records_is_refused(store: &dyn Store) {
    let world = World::new(store);
    let one = with_goal(&world.catalog, &[("a", AttributeType::text(9))], false);
    store.adopt(&one).unwrap();
    goal(store, &one, (1, "a", text("A"))).unwrap();
    goal(store, &one, (2, "a", text("A"))).unwrap();

    let unique = with_goal(&one, &[("a", AttributeType::text(9))], true);
    let number = with_goal(&one, &[("a", AttributeType::whole_number(0, 9))], false);
    assert!(store.adopt(&unique).is_err(), "two records have the new key");
    assert!(store.adopt(&number).is_err(), "a text is no number");

    goal(store, &one, (3, "a", text("A"))).unwrap();
    let entity = one.entity("goal").unwrap();
    let read = store.snapshot().unwrap().retrieve(entity, Uuid::from_u128(1)).unwrap();
    assert_eq!(read.unwrap().get("a"), Some(&text("A")));
}

fn an_attribute_leaves_when_nothing_is_in_it(store: &dyn Store) {
    let world = World::new(store);
    let attributes = [("a", AttributeType::text(9)), ("b", AttributeType::lookup(["account"]))];
    let both = with_goal(&world.catalog, &attributes, true);
    store.adopt(&both).unwrap();
    goal(store, &both, (1, "a", text("A"))).unwrap();
    let account = rulegate::EntityReference::new("account", Uuid::from_u128(7));
    goal(store, &both, (2, "b", account.into())).unwrap();

    let without = with_goal(&both, &attributes[..1], true);
    let refused = store.adopt(&without).unwrap_err();
    assert!(matches!(&refused, StoreError::Removed { attribute, .. } if *attribute == "b"));
    let entity = both.entity("goal").unwrap();
    let read = store.snapshot().unwrap().retrieve(entity, Uuid::from_u128(2)).unwrap();
    assert!(read.unwrap().get("b").is_some(), "nothing is lost");

    let mut tx = store.begin().unwrap();
    tx.update(&Record::of(entity, Uuid::from_u128(2)).with("b", Value::Null).unwrap()).unwrap();
    tx.commit().unwrap();
    store.adopt(&without).unwrap();
    goal(store, &without, (3, "a", text("C"))).unwrap();

    // It may come back, and be another.
    let number = [attributes[0].clone(), ("b", AttributeType::whole_number(0, 9))];
    let back = with_goal(&without, &number, true);
    store.adopt(&back).unwrap();
    goal(store, &back, (4, "b", 4.into())).unwrap();
}
