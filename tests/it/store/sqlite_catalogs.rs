//! The file follows the catalog, and loses nothing on the way.

use rulegate::metadata::{AttributeType, EntityDefinition};
use rulegate::record::Record;
use rulegate::store::{Store, StoreError};
use rulegate::{Catalog, Query, Value};
use uuid::Uuid;

use super::BriefSqlite;

/// A catalog in which goals have these attributes.
fn goals(attributes: &[(&str, AttributeType)]) -> Catalog {
    let goal = EntityDefinition::new("goal");
    let goal = attributes.iter().fold(goal, |it, (name, kind)| it.attribute(*name, kind.clone()));
    support::bare().entity(goal).check().unwrap()
}

fn insert(store: &dyn Store, catalog: &Catalog, id: u128, values: &[(&str, Value)]) {
    let goal = Record::of(catalog.entity("goal").unwrap(), Uuid::from_u128(id));
    let add = |it: Record, (name, value): &(&str, Value)| it.with(name, value.clone()).unwrap();
    let mut tx = store.begin().unwrap();
    tx.insert(&values.iter().fold(goal, add)).unwrap();
    tx.commit().unwrap();
}

fn read(store: &dyn Store, catalog: &Catalog, id: u128) -> Record {
    let goal = catalog.entity("goal").unwrap();
    store.snapshot().unwrap().retrieve(goal, Uuid::from_u128(id)).unwrap().unwrap()
}

#[test]
fn an_attribute_with_values_stays() {
    let store = BriefSqlite::new();
    let both = goals(&[("a", AttributeType::text(9)), ("b", AttributeType::text(9))]);
    store.adopt(&both).unwrap();
    insert(&store, &both, 1, &[("a", "A".into()), ("b", "B".into())]);

    let refused = store.adopt(&goals(&[("a", AttributeType::text(9))])).unwrap_err();

    insta::assert_snapshot!(refused, @"`goal.b` has left the catalog, and records have values in it: take it up again, clear it in all of them, and then leave it out");
    assert_eq!(read(&store, &both, 1).get("b"), Some(&"B".into()));
}

#[test]
fn who_still_has_the_old_catalog_finds_an_attribute_that_has_left() {
    // P-105: messages under way, and other processes.
    let store = BriefSqlite::new();
    let both = goals(&[("a", AttributeType::text(9)), ("b", AttributeType::text(9))]);
    store.adopt(&both).unwrap();
    insert(&store, &both, 1, &[("a", "A".into())]);

    let one = goals(&[("a", AttributeType::text(9))]);
    store.adopt(&one).unwrap();

    assert_eq!(read(&store, &both, 1).get("a"), Some(&"A".into()));
    insert(&store, &both, 2, &[("b", "B".into())]);
    assert_eq!(read(&store, &both, 2).get("b"), Some(&"B".into()));
    assert!(store.adopt(&one).is_err(), "now it has a value");
}

#[test]
fn an_attribute_changes_its_type_only_while_nothing_is_in_it() {
    let store = BriefSqlite::new();
    let text = goals(&[("a", AttributeType::text(9)), ("b", AttributeType::text(9))]);
    store.adopt(&text).unwrap();
    insert(&store, &text, 1, &[("b", "B".into())]);

    let lookup = || AttributeType::lookup(["account"]);
    let a = goals(&[("a", lookup()), ("b", AttributeType::text(9))]);
    store.adopt(&a).unwrap();
    let account = rulegate::EntityReference::new("account", Uuid::from_u128(7));
    insert(&store, &a, 2, &[("a", account.clone().into())]);
    let refused = store.adopt(&goals(&[("a", lookup()), ("b", lookup())])).unwrap_err();

    assert!(matches!(&refused, StoreError::Incompatible { attribute, .. } if *attribute == "b"));
    insta::assert_snapshot!(refused, @"`goal.b` is stored as text and cannot become lookup: give the new attribute another name, or clear the old one first");
    assert_eq!(read(&store, &a, 1).get("b"), Some(&"B".into()));
    assert_eq!(read(&store, &a, 2).get("a"), Some(&account.into()));
}

#[test]
fn what_leaves_the_catalog_serves_nobody_and_is_kept() {
    let store = BriefSqlite::new();
    let with = goals(&[("a", AttributeType::text(9))]);
    store.adopt(&with).unwrap();
    insert(&store, &with, 1, &[("a", "A".into())]);

    store.adopt(&support::bare().check().unwrap()).unwrap();
    store.adopt(&with).unwrap();

    assert_eq!(read(&store, &with, 1).get("a"), Some(&"A".into()));
}

#[test]
fn more_values_than_a_statement_takes_are_compared_all_the_same() {
    let store = BriefSqlite::new();
    let catalog = goals(&[("n", AttributeType::whole_number(0, i64::MAX))]);
    store.adopt(&catalog).unwrap();
    for id in 1..=3_u128 {
        insert(&store, &catalog, id, &[("n", i64::try_from(id).unwrap().into())]);
    }
    let many = (2..40_000_i64).map(Value::from);
    let query = Query::new("goal").filter("n", rulegate::record::Operator::In, many);
    let query = query.order_by_descending("n");

    let plan = rulegate::record::QueryPlan::new(&query, &catalog).unwrap();
    let page = store.snapshot().unwrap().query(&plan).unwrap();

    assert_eq!(super::numbers(&page.records), [3, 2]);
}
