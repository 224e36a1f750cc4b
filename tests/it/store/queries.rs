//! What is promised of searches.

use rulegate::record::{Operator, PageRequest};
use rulegate::store::Store;
use rulegate::{EntityReference, Query, Value};
use uuid::Uuid;

use super::{Promise, World, numbers};

/// The promises of this file.
pub(super) const ALL: &[Promise] = &[
    ("records come in the order of their identities", records_come_by_identity),
    ("records come in the order asked for", records_come_in_the_order_asked_for),
    ("texts compare without regard to case", texts_compare_without_regard_to_case),
    ("null meets null and the negations", null_meets_null_and_the_negations),
    ("every operator finds what it says", every_operator_finds_what_it_says),
    ("a lookup is found by its target", a_lookup_is_found_by_its_target),
    ("a top and a total", a_top_and_a_total),
    ("a total of nothing is zero", a_total_of_nothing_is_zero),
    ("pages follow each other", pages_follow_each_other),
    ("a page goes on behind what is gone", a_page_goes_on_behind_what_is_gone),
    ("the columns wanted come", the_columns_wanted_come),
];

fn text(value: &str) -> Value {
    value.into()
}

/// Accounts with these names, numbered from one; without a name where it is empty.
fn accounts(store: &dyn Store, names: &[&str]) -> World {
    let world = World::new(store);
    for (id, name) in (1_u128..).zip(names) {
        let name = if name.is_empty() { Value::Null } else { text(name) };
        world.insert(store, id, &[("name", name)]);
    }
    world
}

fn find(world: &World, store: &dyn Store, query: &Query) -> Vec<u128> {
    world.find(&mut *store.snapshot().unwrap(), query)
}

fn records_come_by_identity(store: &dyn Store) {
    let world = World::new(store);
    for id in [3, 1, u128::MAX, 2] {
        world.insert(store, id, &[]);
    }

    assert_eq!(find(&world, store, &Query::new("account")), [1, 2, 3, u128::MAX]);
    assert!(find(&world, store, &Query::new("thing")).is_empty());
}

fn records_come_in_the_order_asked_for(store: &dyn Store) {
    let world = accounts(store, &["b", "", "C", "a", "B"]);

    let by = |query: Query| find(&world, store, &query);

    assert_eq!(by(Query::new("account").order_by("name")), [2, 4, 1, 5, 3]);
    assert_eq!(by(Query::new("account").order_by_descending("name")), [3, 1, 5, 4, 2]);
}

fn texts_compare_without_regard_to_case(store: &dyn Store) {
    let world = accounts(store, &["Ärger", "ärger", "Arger"]);
    let by = |operator, value: &str| {
        find(&world, store, &Query::new("account").filter("name", operator, [text(value)]))
    };

    assert_eq!(by(Operator::Equal, "ÄRGER"), [1, 2]);
    assert_eq!(by(Operator::BeginsWith, "är"), [1, 2]);
    assert_eq!(by(Operator::Like, "_RGER"), [1, 2, 3]);
}

fn null_meets_null_and_the_negations(store: &dyn Store) {
    let world = accounts(store, &["a", "", "b"]);
    let by = |operator, values: &[&str]| {
        let values = values.iter().map(|it| text(it));
        find(&world, store, &Query::new("account").filter("name", operator, values))
    };

    assert_eq!(by(Operator::Null, &[]), [2]);
    assert_eq!(by(Operator::NotNull, &[]), [1, 3]);
    assert_eq!(by(Operator::NotEqual, &["a"]), [2, 3]);
    assert_eq!(by(Operator::NotIn, &["a", "b"]), [2]);
    assert_eq!(by(Operator::NotLike, &["a"]), [2, 3]);
    for operator in [Operator::LessThan, Operator::GreaterEqual, Operator::Like] {
        assert!(!by(operator, &["a"]).contains(&2), "{operator}");
    }
}

fn every_operator_finds_what_it_says(store: &dyn Store) {
    let world = World::new(store);
    for (id, employees) in (1_u128..).zip([10, 20, 30, 40]) {
        let name = format!("n{employees}x%_");
        world.insert(store, id, &[("employees", employees.into()), ("name", text(&name))]);
    }
    let number = |operator, values: &[i64]| {
        let values = values.iter().map(|it| Value::from(*it));
        find(&world, store, &Query::new("account").filter("employees", operator, values))
    };
    let name = |operator, value: &str| {
        find(&world, store, &Query::new("account").filter("name", operator, [text(value)]))
    };

    assert_eq!(number(Operator::Equal, &[20]), [2]);
    assert_eq!(number(Operator::LessThan, &[20]), [1]);
    assert_eq!(number(Operator::LessEqual, &[20]), [1, 2]);
    assert_eq!(number(Operator::GreaterThan, &[20]), [3, 4]);
    assert_eq!(number(Operator::GreaterEqual, &[20]), [2, 3, 4]);
    assert_eq!(number(Operator::Between, &[20, 30]), [2, 3]);
    assert_eq!(number(Operator::In, &[10, 40, 50]), [1, 4]);
    assert!(number(Operator::In, &[]).is_empty());
    assert_eq!(number(Operator::NotIn, &[]), [1, 2, 3, 4]);
    assert_eq!(name(Operator::EndsWith, "0x%_"), [1, 2, 3, 4]);
    assert_eq!(name(Operator::BeginsWith, "n1"), [1]);
    assert_eq!(name(Operator::Contains, "x%_"), [1, 2, 3, 4], "wildcards are for patterns alone");
    assert!(name(Operator::Contains, "0%").is_empty());
    assert_eq!(name(Operator::Like, "%0x___"), Vec::<u128>::new());
    assert_eq!(name(Operator::Like, "n_0x__"), [1, 2, 3, 4]);
}

fn a_lookup_is_found_by_its_target(store: &dyn Store) {
    let world = World::new(store);
    let parent = EntityReference::new("account", Uuid::from_u128(1));
    world.insert(store, 1, &[]);
    world.insert(store, 2, &[("parentaccountid", (&parent).into())]);
    world.insert(store, 3, &[]);
    let children = Query::new("account").equal("parentaccountid", &parent);
    assert_eq!(find(&world, store, &children), [2]);

    world.update(store, 2, &[("parentaccountid", Value::Null)]).unwrap();
    world.update(store, 3, &[("parentaccountid", (&parent).into())]).unwrap();
    assert_eq!(find(&world, store, &children), [3]);

    let mut tx = store.begin().unwrap();
    tx.delete(&world.account, Uuid::from_u128(3)).unwrap();
    assert!(world.find(&mut *tx, &children).is_empty());
    drop(tx);
    assert_eq!(find(&world, store, &children), [3]);
}

fn a_top_and_a_total(store: &dyn Store) {
    let world = accounts(store, &["a", "b", "c"]);
    let query = Query::new("account").order_by_descending("name").top(2).with_total();

    let page = store.snapshot().unwrap().query(&world.plan(&query)).unwrap();

    assert_eq!((numbers(&page.records), page.total), (vec![3, 2], Some(3)));
}

fn a_total_of_nothing_is_zero(store: &dyn Store) {
    let world = World::new(store);
    let query = Query::new("account").with_total();

    let page = store.snapshot().unwrap().query(&world.plan(&query)).unwrap();

    assert_eq!(page.total, Some(0));
}

fn pages_follow_each_other(store: &dyn Store) {
    let world = accounts(store, &["c", "a", "", "b", "a"]);
    let mut reader = store.snapshot().unwrap();
    let (mut seen, mut cookie) = (Vec::new(), None);
    for number in 1..=3 {
        let request = PageRequest { number, size: 2, cookie };
        let query = Query::new("account").order_by("name").page(request);
        let page = reader.query(&world.plan(&query)).unwrap();
        assert_eq!(page.has_more, number < 3);
        seen.extend(numbers(&page.records));
        cookie = page.cookie;
    }

    assert_eq!(seen, [3, 2, 5, 4, 1]);
}

fn a_page_goes_on_behind_what_is_gone(store: &dyn Store) {
    let world = accounts(store, &["a", "b", "c", "d"]);
    let page = |cookie| {
        let request = PageRequest { cookie, ..PageRequest::new(1, 2) };
        let query = Query::new("account").order_by("name").page(request);
        store.snapshot().unwrap().query(&world.plan(&query)).unwrap()
    };
    let first = page(None);
    let mut tx = store.begin().unwrap();
    tx.delete(&world.account, Uuid::from_u128(1)).unwrap();
    tx.delete(&world.account, Uuid::from_u128(2)).unwrap();
    tx.commit().unwrap();

    assert_eq!(numbers(&page(first.cookie).records), [3, 4]);
}

fn the_columns_wanted_come(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("name", text("A")), ("telephone1", text("1"))]);
    let query = Query::new("account").select(["name"]).order_by("telephone1");

    let page = store.snapshot().unwrap().query(&world.plan(&query)).unwrap();

    let record = page.records.first().unwrap();
    assert!(record.has("name") && !record.has("telephone1"));
    assert!(record.version().is_some());
}
