//! What is promised of records, and of a transaction by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use rulegate::record::{Party, Record};
use rulegate::store::{Store, StoreError};
use rulegate::{EntityReference, Query, Value};
use uuid::Uuid;

use super::{Promise, World};

/// The promises of this file.
pub(super) const ALL: &[Promise] = &[
    ("an inserted record comes back", an_inserted_record_comes_back),
    ("every value comes back", every_value_comes_back),
    ("identity and version are attributes", identity_and_version_are_attributes),
    ("a stored record holds no null", a_stored_record_holds_no_null),
    ("an update changes what it carries", an_update_changes_what_it_carries),
    ("a missing record is none", a_missing_record_is_none),
    ("an identity is taken once", an_identity_is_taken_once),
    ("a missing record cannot be changed", a_missing_record_cannot_be_changed),
    ("versions grow with every write", versions_grow_with_every_write),
    ("a transaction sees its own writes", a_transaction_sees_its_own_writes),
    ("others see a commit and not before", others_see_a_commit_and_not_before),
    ("a snapshot stands still", a_snapshot_stands_still),
    ("a dropped transaction leaves nothing", a_dropped_transaction_leaves_nothing),
    ("a failed write leaves the transaction usable", a_failed_write_leaves_it_usable),
    ("a key belongs to one record", a_key_belongs_to_one_record),
    ("a key is free again", a_key_is_free_again),
    ("null is no key", null_is_no_key),
    ("entities keep their records apart", entities_keep_their_records_apart),
    ("pairs are records of their entity", pairs_are_records_of_their_entity),
];

fn text(value: &str) -> Value {
    value.into()
}

fn an_inserted_record_comes_back(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A"))]);

    let record = world.read(store, 1).unwrap();

    assert_eq!(record.id(), Some(Uuid::from_u128(1)));
    assert_eq!(record.get("name"), Some(&text("A")));
    assert_eq!(record.present().len(), record.iter().count());
}

fn every_value_comes_back(store: &dyn Store) {
    let world = World::new(store);
    let account = EntityReference::new("account", Uuid::from_u128(7));
    let party = Party { party: account.clone(), participation: 2 };
    let moment: chrono::DateTime<chrono::Utc> = "1753-01-01T00:00:01Z".parse().unwrap();
    let last: chrono::DateTime<chrono::Utc> = "9999-12-31T23:59:59Z".parse().unwrap();
    let long = "ä\u{0}'\"\\\n😀".repeat(1_000);
    let values: Vec<(&str, Value)> = vec![
        ("text", text("'; drop -- \u{7f}")),
        ("memo", text(&long)),
        ("whole", i64::MAX.into()),
        ("big", i64::MIN.into()),
        ("decimal", "-79228162514.2643375935".parse::<rust_decimal::Decimal>().unwrap().into()),
        ("double", f64::MIN_POSITIVE.into()),
        ("money", "0.01".parse::<rust_decimal::Decimal>().unwrap().into()),
        ("flag", false.into()),
        ("date", moment.date_naive().into()),
        ("moment", moment.into()),
        ("choice", Value::Choice(2)),
        ("choices", BTreeSet::from([1, 2]).into()),
        ("lookup", account.clone().into()),
        ("customer", EntityReference::new("contact", Uuid::max()).into()),
        ("owner", EntityReference::new("systemuser", Uuid::nil()).into()),
        ("parties", Value::Parties([party].into())),
        ("identity", Uuid::max().into()),
        ("entity", text("account")),
        ("picture", Value::Bytes(Arc::from([0_u8, 255, 10]))),
        ("file", Value::Bytes(Arc::from([]))),
    ];
    let mut sent = Record::of(&world.thing, Uuid::from_u128(1));
    for (name, value) in &values {
        sent.set(name, value.clone()).unwrap();
    }
    let other = Record::of(&world.thing, Uuid::from_u128(2));
    let other = other.with("moment", last).unwrap().with("flag", true).unwrap();
    let mut tx = store.begin().unwrap();
    tx.insert(&sent).unwrap();
    tx.insert(&other).unwrap();
    tx.commit().unwrap();

    let read = |id| store.snapshot().unwrap().retrieve(&world.thing, Uuid::from_u128(id)).unwrap();
    let (one, two) = (read(1).unwrap(), read(2).unwrap());

    for (name, value) in &values {
        assert_eq!(one.get(name), Some(value), "{name}");
    }
    assert_eq!(two.get("moment"), Some(&last.into()));
    assert_eq!(two.get("flag"), Some(&true.into()));
    assert!(!two.has("text"));
}

fn identity_and_version_are_attributes(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[]);
    let version = world.update(store, 1, &[("name", text("A"))]).unwrap();

    let record = world.read(store, 1).unwrap();

    assert_eq!(record.get("accountid"), Some(&Uuid::from_u128(1).into()));
    assert_eq!(record.get("versionnumber"), Some(&i64::try_from(version).unwrap().into()));
}

fn a_stored_record_holds_no_null(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", Value::Null), ("telephone1", text("1"))]);
    world.update(store, 1, &[("telephone1", Value::Null), ("description", Value::Null)]).unwrap();

    let record = world.read(store, 1).unwrap();

    let names: Vec<&str> = record.attributes().map(|(name, _)| name).collect();
    assert!(!names.contains(&"name") && !names.contains(&"telephone1"), "{names:?}");
    assert!(record.iter().all(|(_, value)| !value.is_null()));
}

fn an_update_changes_what_it_carries(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A")), ("telephone1", text("1"))]);

    world.update(store, 1, &[("name", text("B")), ("description", text("d"))]).unwrap();

    let record = world.read(store, 1).unwrap();
    assert_eq!(record.get("name"), Some(&text("B")));
    assert_eq!(record.get("telephone1"), Some(&text("1")));
    assert_eq!(record.get("description"), Some(&text("d")));
}

fn a_missing_record_is_none(store: &dyn Store) {
    let world = World::new(store);
    let id = Uuid::from_u128(1);
    let mut tx = store.begin().unwrap();

    assert!(world.read(store, 1).is_none());
    assert!(tx.retrieve(&world.account, id).unwrap().is_none());
    assert!(!tx.exists(&world.account, id).unwrap());
    assert!(!store.snapshot().unwrap().exists(&world.account, id).unwrap());
}

fn an_identity_is_taken_once(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A"))]);

    let mut tx = store.begin().unwrap();
    let error = tx.insert(&world.record(1, &[])).unwrap_err();

    assert!(matches!(error, StoreError::Duplicate), "{error}");
    drop(tx);
    assert_eq!(world.read(store, 1).unwrap().get("name"), Some(&text("A")));
}

fn a_missing_record_cannot_be_changed(store: &dyn Store) {
    let world = World::new(store);
    let account = EntityReference::new("account", Uuid::from_u128(1));
    let mut tx = store.begin().unwrap();

    for error in [
        tx.update(&world.record(1, &[])).unwrap_err(),
        tx.delete(&world.account, account.id).unwrap_err(),
    ] {
        assert!(matches!(&error, StoreError::NotFound { target } if *target == account), "{error}");
    }
}

fn versions_grow_with_every_write(store: &dyn Store) {
    let world = World::new(store);
    let mut tx = store.begin().unwrap();
    let first = tx.insert(&world.record(1, &[])).unwrap();
    let second = tx.insert(&world.record(2, &[])).unwrap();
    tx.commit().unwrap();
    let third = world.update(store, 1, &[]).unwrap();

    let record = world.read(store, 1).unwrap();
    assert!(first < second && second < third, "{first} {second} {third}");
    assert_eq!(record.version(), Some(third));
    assert_eq!(record.get("versionnumber"), Some(&i64::try_from(third).unwrap().into()));
}

fn a_transaction_sees_its_own_writes(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A"))]);
    world.insert(store, 3, &[("name", text("A"))]);
    let named = Query::new("account").equal("name", "B");

    let mut tx = store.begin().unwrap();
    tx.update(&world.record(1, &[("name", text("B"))])).unwrap();
    tx.insert(&world.record(2, &[("name", text("B"))])).unwrap();
    tx.delete(&world.account, Uuid::from_u128(3)).unwrap();

    let read = tx.retrieve(&world.account, Uuid::from_u128(1)).unwrap().unwrap();
    assert_eq!(read.get("name"), Some(&text("B")));
    assert!(tx.exists(&world.account, Uuid::from_u128(2)).unwrap());
    assert!(!tx.exists(&world.account, Uuid::from_u128(3)).unwrap());
    assert_eq!(world.find(&mut *tx, &named), [1, 2]);
    tx.insert(&world.record(3, &[])).unwrap();
    tx.commit().unwrap();
    assert!(world.read(store, 3).is_some());
}

fn others_see_a_commit_and_not_before(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A"))]);
    let mut tx = store.begin().unwrap();
    tx.update(&world.record(1, &[("name", text("B"))])).unwrap();
    tx.insert(&world.record(2, &[])).unwrap();

    assert_eq!(world.read(store, 1).unwrap().get("name"), Some(&text("A")));
    assert!(world.read(store, 2).is_none());

    tx.commit().unwrap();
    assert_eq!(world.read(store, 1).unwrap().get("name"), Some(&text("B")));
    assert!(world.read(store, 2).is_some());
}

fn a_snapshot_stands_still(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A"))]);
    let mut snapshot = store.snapshot().unwrap();
    let before = snapshot.retrieve(&world.account, Uuid::from_u128(1)).unwrap();

    world.update(store, 1, &[("name", text("B"))]).unwrap();
    world.insert(store, 2, &[]);

    assert_eq!(snapshot.retrieve(&world.account, Uuid::from_u128(1)).unwrap(), before);
    assert_eq!(world.find(&mut *snapshot, &Query::new("account")), [1]);
}

fn a_dropped_transaction_leaves_nothing(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A"))]);
    world.insert(store, 2, &[]);

    let mut tx = store.begin().unwrap();
    tx.update(&world.record(1, &[("name", text("B"))])).unwrap();
    tx.delete(&world.account, Uuid::from_u128(2)).unwrap();
    tx.insert(&world.record(3, &[])).unwrap();
    drop(tx);

    assert_eq!(world.read(store, 1).unwrap().get("name"), Some(&text("A")));
    assert!(world.read(store, 2).is_some() && world.read(store, 3).is_none());
}

fn a_failed_write_leaves_it_usable(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("accountnumber", text("7"))]);

    let mut tx = store.begin().unwrap();
    tx.insert(&world.record(2, &[])).unwrap();
    tx.insert(&world.record(1, &[])).unwrap_err();
    tx.insert(&world.record(3, &[("accountnumber", text("7"))])).unwrap_err();
    tx.update(&world.record(9, &[])).unwrap_err();
    tx.insert(&world.record(4, &[])).unwrap();
    tx.commit().unwrap();

    assert_eq!([1, 2, 3, 4].map(|it| world.read(store, it).is_some()), [true, true, false, true]);
}

fn a_key_belongs_to_one_record(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("accountnumber", text("Ä7"))]);
    world.insert(store, 2, &[]);
    world.update(store, 1, &[("accountnumber", text("Ä7"))]).unwrap();

    let mut tx = store.begin().unwrap();
    let inserted = tx.insert(&world.record(3, &[("accountnumber", text("ä7"))]));
    let updated = tx.update(&world.record(2, &[("accountnumber", text("ä7"))]));

    for error in [inserted.unwrap_err(), updated.unwrap_err()] {
        let is_key =
            matches!(&error, StoreError::KeyViolated { key, .. } if *key == "accountnumber");
        assert!(is_key, "{error}");
    }
}

fn a_key_is_free_again(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("accountnumber", text("7"))]);
    world.update(store, 1, &[("accountnumber", text("8"))]).unwrap();
    world.insert(store, 2, &[("accountnumber", text("7"))]);

    let mut tx = store.begin().unwrap();
    tx.delete(&world.account, Uuid::from_u128(2)).unwrap();
    tx.insert(&world.record(3, &[("accountnumber", text("7"))])).unwrap();
    tx.commit().unwrap();
}

fn null_is_no_key(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[]);
    world.insert(store, 2, &[("accountnumber", Value::Null)]);

    assert!(world.read(store, 1).is_some() && world.read(store, 2).is_some());
}

fn entities_keep_their_records_apart(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[]);
    let id = Uuid::from_u128(1);

    let mut tx = store.begin().unwrap();
    assert!(tx.retrieve(&world.thing, id).unwrap().is_none());
    tx.insert(&Record::of(&world.thing, id)).unwrap();
    tx.delete(&world.account, id).unwrap();
    tx.commit().unwrap();

    assert!(store.snapshot().unwrap().exists(&world.thing, id).unwrap());
    assert!(world.read(store, 1).is_none());
}

fn pairs_are_records_of_their_entity(store: &dyn Store) {
    let world = World::new(store);
    let relationship = super::pairs(&world.catalog);
    let entity = world.catalog.entity(&relationship.intersect_entity).unwrap();
    let pair = |id| {
        let record = Record::of(entity, Uuid::from_u128(id));
        let record = record.with("opportunityid", Uuid::from_u128(10)).unwrap();
        record.with("competitorid", Uuid::from_u128(20)).unwrap()
    };
    let mut tx = store.begin().unwrap();
    tx.insert(&pair(1)).unwrap();
    let error = tx.insert(&pair(2)).unwrap_err();
    tx.commit().unwrap();

    assert!(matches!(error, StoreError::KeyViolated { .. }), "{error}");
    let query =
        Query::new(relationship.intersect_entity).equal("competitorid", Uuid::from_u128(20));
    assert_eq!(world.find(&mut *store.snapshot().unwrap(), &query), [1]);
}
