//! What is promised of links, and of what queries compute.

use rulegate::record::{
    Aggregate, AggregateFunction, DatePart, GroupBy, LinkEntity, Operator, Page, Record,
};
use rulegate::store::{Store, StoreError};
use rulegate::{EntityReference, Query, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Promise, World, numbers};

/// The promises of this file.
pub(super) const ALL: &[Promise] = &[
    ("attributes of the record at the other end come", attributes_of_the_other_end_come),
    ("an inner link leaves out what it cannot follow", an_inner_link_leaves_out),
    ("an outer link leaves nothing out", an_outer_link_leaves_nothing_out),
    ("a link does not change the order or the pages", a_link_keeps_the_order),
    ("a transaction sees both ends as it left them", a_transaction_sees_both_ends),
    ("sums of exact numbers are exact", sums_are_exact),
    ("nulls are passed over", nulls_are_passed_over),
    ("of nothing there is one row", of_nothing_there_is_one_row),
    ("groups come in their order", groups_come_in_their_order),
    ("groups by parts of dates", groups_by_parts_of_dates),
    ("groups of what is at the other end", groups_of_the_other_end),
    ("results are ordered and bounded by aliases", results_are_ordered_by_aliases),
    ("too many records are refused", too_many_records_are_refused),
    ("a sum that is too large is refused", a_sum_that_is_too_large_is_refused),
];

/// Things with these values, numbered from one.
fn things(store: &dyn Store, things: &[&[(&str, Value)]]) -> World {
    let world = World::new(store);
    let mut tx = store.begin().unwrap();
    for (id, values) in (1_u128..).zip(things) {
        tx.insert(&thing(&world, id, values)).unwrap();
    }
    tx.commit().unwrap();
    world
}

fn thing(world: &World, id: u128, values: &[(&str, Value)]) -> Record {
    let record = Record::of(&world.thing, Uuid::from_u128(id));
    values.iter().fold(record, |it, (name, value)| it.with(name, value.clone()).unwrap())
}

fn to(id: u128) -> Value {
    EntityReference::new("thing", Uuid::from_u128(id)).into()
}

fn exact(number: &str) -> Value {
    Value::Decimal(number.parse().unwrap())
}

fn ask(world: &World, store: &dyn Store, query: &Query) -> Page {
    store.snapshot().unwrap().query(&world.plan(query)).unwrap()
}

/// The values under some aliases, of each record.
fn values(page: &Page, aliases: &[&str]) -> Vec<Vec<String>> {
    let shown = |it: &Value| it.as_text().map_or_else(|| it.to_string(), str::to_owned);
    let value = |record: &Record, alias| record.get(alias).map_or("–".into(), shown);
    let row = |record| aliases.iter().map(|it| value(record, it)).collect();
    page.records.iter().map(row).collect()
}

/// Three things: the first points at the second, the second at nothing, the third at what is gone.
fn chain(store: &dyn Store) -> World {
    let elsewhere = EntityReference::new("account", Uuid::from_u128(2));
    things(
        store,
        &[
            &[("text", "a".into()), ("lookup", to(2))],
            &[("text", "b".into()), ("whole", 7.into())],
            &[("text", "c".into()), ("lookup", to(9))],
            &[("text", "d".into()), ("lookup", elsewhere.into())],
        ],
    )
}

fn attributes_of_the_other_end_come(store: &dyn Store) {
    let world = chain(store);
    let link = LinkEntity::new("lookup", "thing").named("next").select(["text", "whole", "big"]);

    let page = ask(&world, store, &Query::new("thing").link(link));

    assert_eq!(values(&page, &["text", "next.text", "next.whole"]), [["a", "b", "7"]]);
    let record = page.records.first().unwrap();
    assert_eq!(record.get("next.big"), None);
    assert_eq!(record.id(), Some(Uuid::from_u128(1)));
}

fn an_inner_link_leaves_out(store: &dyn Store) {
    let world = chain(store);
    let link = LinkEntity::new("lookup", "thing").filter("whole", Operator::LessThan, [7.into()]);
    let page = ask(&world, store, &Query::new("thing").link(link).with_total());

    assert_eq!((page.records.len(), page.total), (0, Some(0)));
}

fn an_outer_link_leaves_nothing_out(store: &dyn Store) {
    let world = chain(store);
    let link = LinkEntity::new("lookup", "thing").outer().select(["text"]);
    let query = Query::new("thing").link(link.clone()).with_total();

    let page = ask(&world, store, &query);
    assert_eq!(
        values(&page, &["text", "lookup.text"]),
        [["a", "b"], ["b", "–"], ["c", "–"], ["d", "–"]]
    );
    assert_eq!(page.total, Some(4));

    let other = link.filter("text", Operator::Equal, ["z".into()]);
    let page = ask(&world, store, &Query::new("thing").link(other));
    assert_eq!(values(&page, &["lookup.text"]), [["–"], ["–"], ["–"], ["–"]]);
}

fn a_link_keeps_the_order(store: &dyn Store) {
    let world = chain(store);
    let link = LinkEntity::new("lookup", "thing").outer().select(["text"]);
    let query = Query::new("thing").link(link).order_by_descending("text");
    let page = |query: Query| numbers(&ask(&world, store, &query).records);

    assert_eq!(page(query.clone()), [4, 3, 2, 1]);
    assert_eq!(page(query.top(2)), [4, 3]);
}

fn a_transaction_sees_both_ends(store: &dyn Store) {
    let world = chain(store);
    let mut tx = store.begin().unwrap();
    tx.update(&thing(&world, 2, &[("text", "changed".into())])).unwrap();
    let link = LinkEntity::new("lookup", "thing").select(["text"]);

    let page = tx.query(&world.plan(&Query::new("thing").link(link))).unwrap();

    assert_eq!(values(&page, &["lookup.text"]), [["changed"]]);
}

fn sums_are_exact(store: &dyn Store) {
    let amounts: Vec<Value> = ["0.1", "0.2", "1234567890123.4567"].map(exact).to_vec();
    let rows: Vec<Vec<(&str, Value)>> =
        amounts.iter().map(|it| vec![("money", it.clone()), ("decimal", it.clone())]).collect();
    let rows: Vec<&[(&str, Value)]> = rows.iter().map(Vec::as_slice).collect();
    let world = things(store, &rows);
    let of = |function, name| Aggregate::new(function, name);
    let query = Query::new("thing")
        .aggregate(of(AggregateFunction::Sum, "money"))
        .aggregate(of(AggregateFunction::Average, "decimal"))
        .aggregate(of(AggregateFunction::Maximum, "decimal"));

    let page = ask(&world, store, &query);

    assert_eq!(
        values(&page, &["money_sum", "decimal_avg", "decimal_max"]),
        [["1234567890123.7567", "411522630041.2522333333", "1234567890123.4567"]]
    );
}

fn nulls_are_passed_over(store: &dyn Store) {
    let world = things(store, &[&[("whole", 2.into())], &[("whole", 5.into())], &[]]);
    let of = |function: AggregateFunction| Aggregate::new(function, "whole");
    let query = Query::new("thing").aggregate(Aggregate::count());
    let query =
        AggregateFunction::ALL.iter().fold(query, |it, function| it.aggregate(of(*function)));

    let page = ask(&world, store, &query);

    let names = ["count", "whole_countcolumn", "whole_sum", "whole_avg", "whole_min", "whole_max"];
    assert_eq!(values(&page, &names), [["3", "2", "7", "3", "2", "5"]]);
    assert_eq!(page.records.first().unwrap().id(), None);
}

fn of_nothing_there_is_one_row(store: &dyn Store) {
    let world = World::new(store);
    let query = Query::new("thing")
        .aggregate(Aggregate::count())
        .aggregate(Aggregate::new(AggregateFunction::Sum, "money"))
        .aggregate(Aggregate::new(AggregateFunction::Average, "whole"));

    let page = ask(&world, store, &query.clone());
    assert_eq!(values(&page, &["count", "money_sum", "whole_avg"]), [["0", "–", "–"]]);

    let page = ask(&world, store, &query.group_by(GroupBy::new("text")));
    assert!(page.records.is_empty(), "no record, no group");
}

fn groups_come_in_their_order(store: &dyn Store) {
    let row = |text: &str, flag: bool| [("text", text.into()), ("flag", flag.into())];
    let world = things(store, &[&row("b", true), &row("A", true), &[], &row("a", true)]);
    let query = Query::new("thing")
        .group_by(GroupBy::new("text"))
        .group_by(GroupBy::new("flag"))
        .aggregate(Aggregate::count())
        .with_total();

    let page = ask(&world, store, &query);

    // Texts that compare alike are one group, and the first record's text stands for it.
    let expected = [["–", "–", "1"], ["A", "true", "2"], ["b", "true", "1"]];
    assert_eq!(values(&page, &["text", "flag", "count"]), expected);
    assert_eq!(page.total, Some(3));
}

fn groups_by_parts_of_dates(store: &dyn Store) {
    let row = |date: &str| [("date", Value::Date(date.parse().unwrap()))];
    let dates = ["2026-01-01", "2026-01-03", "2026-01-04", "2026-12-31"];
    let rows = dates.map(row);
    let rows: Vec<&[(&str, Value)]> = rows.iter().map(|it| &it[..]).collect();
    let world = things(store, &rows);
    let by = |part: DatePart| {
        let group = GroupBy::new("date").by(part).named("part");
        let query = Query::new("thing").group_by(group).aggregate(Aggregate::count());
        values(&ask(&world, store, &query), &["part", "count"])
    };

    assert_eq!(by(DatePart::Year), [["2026", "4"]]);
    assert_eq!(by(DatePart::Quarter), [["1", "3"], ["4", "1"]]);
    assert_eq!(by(DatePart::Month), [["1", "3"], ["12", "1"]]);
    assert_eq!(by(DatePart::Week), [["1", "2"], ["2", "1"], ["53", "1"]], "a Thursday began it");
    assert_eq!(by(DatePart::Day), [["1", "1"], ["3", "1"], ["4", "1"], ["31", "1"]]);
}

fn groups_of_the_other_end(store: &dyn Store) {
    let child = |parent, whole: i64| [("lookup", to(parent)), ("whole", whole.into())];
    let parents = [[("text", "x".into())], [("text", "y".into())]];
    let rows = [child(1, 10), child(2, 20), child(1, 30)];
    let world = things(store, &[&parents[0], &parents[1], &rows[0], &rows[1], &rows[2]]);
    let query = Query::new("thing")
        .link(LinkEntity::new("lookup", "thing").named("parent"))
        .group_by(GroupBy::new("parent.text").named("of"))
        .aggregate(Aggregate::new(AggregateFunction::Sum, "whole").named("sum"));

    assert_eq!(values(&ask(&world, store, &query), &["of", "sum"]), [["x", "40"], ["y", "20"]]);
}

fn results_are_ordered_by_aliases(store: &dyn Store) {
    let row = |text: &str| [("text", text.into())];
    let world = things(store, &[&row("a"), &row("b"), &row("b"), &row("c"), &row("c")]);
    let query = Query::new("thing")
        .group_by(GroupBy::new("text"))
        .aggregate(Aggregate::count().named("records"))
        .order_by_descending("records");

    let all = ask(&world, store, &query);
    assert_eq!(values(&all, &["text", "records"]), [["b", "2"], ["c", "2"], ["a", "1"]]);
    let top = ask(&world, store, &query.top(1));
    assert_eq!(values(&top, &["text"]), [["b"]]);
}

fn too_many_records_are_refused(store: &dyn Store) {
    let world = things(store, &[&[], &[], &[]]);
    let mut plan = world.plan(&Query::new("thing").aggregate(Aggregate::count()));
    let mut ask = |limit| {
        plan.aggregation.as_mut().unwrap().record_limit = limit;
        store.snapshot().unwrap().query(&plan)
    };

    assert!(ask(3).is_ok());
    let refused = ask(2).unwrap_err();
    assert!(matches!(refused, StoreError::Aggregate(_)), "{refused}");
}

fn a_sum_that_is_too_large_is_refused(store: &dyn Store) {
    let row = [("decimal", Value::Decimal(Decimal::MAX)), ("big", i64::MAX.into())];
    let world = things(store, &[&row, &row]);
    let of = |function, name: &str| {
        let query = Query::new("thing").aggregate(Aggregate::new(function, name));
        store.snapshot().unwrap().query(&world.plan(&query)).map(drop)
    };

    assert!(of(AggregateFunction::Sum, "decimal").is_err());
    assert!(of(AggregateFunction::Sum, "big").is_err());
    assert!(of(AggregateFunction::Average, "big").is_ok(), "on the way it may be larger");
}
