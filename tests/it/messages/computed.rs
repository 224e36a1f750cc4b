//! Retrieve multiple: attributes of other records, and what is computed of many.

use rulegate::metadata::EntityDefinition;
use rulegate::record::{Aggregate, AggregateFunction, DatePart, GroupBy, LinkEntity, PageRequest};
use rulegate::{Engine, ErrorCode, OrganizationService, Query, Value};

use crate::engines::{builder, create, engine};

/// Two accounts, and three contacts of theirs.
fn contacts() -> Engine {
    let engine = engine([]);
    let acme = create(&engine, "account", [("name", "Acme".into())]);
    let bolt = create(&engine, "account", [("name", "Bolt".into())]);
    for (name, parent) in [("Ada", Some(&acme)), ("Bob", Some(&bolt)), ("Cleo", Some(&acme))] {
        let parent = parent.map_or(Value::Null, Value::from);
        create(&engine, "contact", [("lastname", name.into()), ("parentcustomerid", parent)]);
    }
    create(&engine, "contact", [("lastname", "Dora".into())]);
    engine
}

fn of_account() -> LinkEntity {
    LinkEntity::new("parentcustomerid", "account").named("account").select(["name"])
}

fn texts(engine: &Engine, query: Query, names: [&str; 2]) -> Vec<[String; 2]> {
    let page = engine.retrieve_multiple(query).unwrap();
    let shown = |it: &Value| it.as_text().map_or_else(|| it.to_string(), str::to_owned);
    let of = |record: &rulegate::Record, name| record.get(name).map_or("–".into(), shown);
    page.records.iter().map(|it| names.map(|name| of(it, name))).collect()
}

fn code_of(query: Query) -> ErrorCode {
    engine([]).retrieve_multiple(query).unwrap_err().code()
}

#[test]
fn attributes_of_a_linked_record_come_under_its_alias() {
    // M-12
    let engine = contacts();
    let query = Query::new("contact").select(["lastname"]).order_by_descending("lastname");
    let names = ["lastname", "account.name"];

    let inner = texts(&engine, query.clone().link(of_account()), names);
    assert_eq!(inner, [["Cleo", "Acme"], ["Bob", "Bolt"], ["Ada", "Acme"]]);
    let outer = texts(&engine, query.link(of_account().outer()), names);
    assert_eq!(outer.first().unwrap(), &["Dora", "–"]);
    assert_eq!(outer.len(), 4);
}

#[test]
fn what_cannot_be_read_does_not_come_over_a_link() {
    // C-7
    let mut catalog = support::bare();
    let child = EntityDefinition::new("child")
        .attribute("of", rulegate::metadata::AttributeType::lookup(["hidden"]));
    let mut hidden = EntityDefinition::new("hidden")
        .attribute("secret", rulegate::metadata::AttributeType::text(9));
    for attribute in &mut hidden.attributes {
        attribute.valid_for.read = attribute.logical_name != "secret";
    }
    catalog = catalog.entity(child).entity(hidden);
    let engine = Engine::builder(catalog.check().unwrap()).build().unwrap();
    let other = create(&engine, "hidden", [("secret", "x".into())]);
    create(&engine, "child", [("of", (&other).into())]);
    let link = LinkEntity::new("of", "hidden").select(["secret", "hiddenid"]);

    let page = engine.retrieve_multiple(Query::new("child").link(link)).unwrap();

    let record = page.records.first().unwrap();
    assert_eq!(record.get("of.hiddenid"), Some(&Value::Id(other.id)));
    assert_eq!(record.get("of.secret"), None);
}

#[test]
fn what_cannot_be_read_is_not_computed_with() {
    // C-7
    let mut hidden = EntityDefinition::new("hidden")
        .attribute("secret", rulegate::metadata::AttributeType::text(9));
    for attribute in &mut hidden.attributes {
        attribute.valid_for.read = attribute.logical_name != "secret";
    }
    let catalog = support::bare().entity(hidden).check().unwrap();
    let engine = Engine::builder(catalog).build().unwrap();
    create(&engine, "hidden", [("secret", "x".into())]);

    let query = Query::new("hidden")
        .group_by(GroupBy::new("secret").named("secrets"))
        .aggregate(Aggregate::count().named("all"));
    assert_eq!(texts(&engine, query, ["secrets", "all"]), [["–", "1"]]);
}

#[test]
fn groups_are_counted_and_ordered() {
    // M-12
    let engine = contacts();
    let query = Query::new("contact")
        .link(of_account())
        .group_by(GroupBy::new("account.name").named("account"))
        .aggregate(Aggregate::count().named("contacts"))
        .order_by("contacts");

    assert_eq!(
        texts(&engine, query.clone(), ["account", "contacts"]),
        [["Bolt", "1"], ["Acme", "2"]]
    );
    let second = query.page(PageRequest::new(2, 1));
    assert_eq!(texts(&engine, second, ["account", "contacts"]), [["Acme", "2"]]);
}

#[test]
fn more_records_than_the_setting_allows_are_not_computed() {
    let engine = builder().settings(|it| it.aggregate_record_limit = 2).build().unwrap();
    let count = || engine.retrieve_multiple(Query::new("account").aggregate(Aggregate::count()));
    create(&engine, "account", []);
    create(&engine, "account", []);
    assert!(count().is_ok());

    create(&engine, "account", []);
    let error = count().unwrap_err();
    assert_eq!((error.code(), error.number()), (ErrorCode::AggregateLimit, 0x8004_E023));
    insta::assert_snapshot!(error.to_string(), @"AggregateQueryRecordLimit exceeded. Cannot perform this operation. more than 2 records match: narrow the filter");
}

#[test]
fn impossible_links_and_aggregates_are_refused() {
    let contact = || Query::new("contact");
    let sum = |name: &str| contact().aggregate(Aggregate::new(AggregateFunction::Sum, name));
    let wrong = ErrorCode::InvalidQuery;

    assert_eq!(code_of(contact().link(LinkEntity::new("lastname", "account"))), wrong);
    assert_eq!(code_of(contact().link(LinkEntity::new("parentcustomerid", "task"))), wrong);
    assert_eq!(code_of(contact().link(of_account()).link(of_account())), wrong);
    assert_eq!(code_of(contact().link(of_account().named("a.b"))), wrong);
    assert_eq!(
        code_of(contact().link(of_account().select(["nonsense"]))),
        ErrorCode::UnknownAttribute
    );
    assert_eq!(code_of(sum("lastname")), wrong);
    assert_eq!(code_of(sum("account.revenue")), wrong, "there is no such link");
    assert_eq!(code_of(sum("nonsense")), ErrorCode::UnknownAttribute);
    let twice = contact().aggregate(Aggregate::count()).aggregate(Aggregate::count());
    assert_eq!(code_of(twice), wrong);
    let part = GroupBy::new("lastname").by(DatePart::Year);
    assert_eq!(code_of(contact().group_by(part)), wrong);
    let ordered = contact().aggregate(Aggregate::count()).order_by("lastname");
    assert_eq!(code_of(ordered), wrong, "the order is by aliases");
}

#[test]
fn a_transcript_says_what_a_query_links_and_computes() {
    let query = Query::new("contact")
        .link(of_account())
        .group_by(GroupBy::new("account.name").named("account"))
        .aggregate(Aggregate::count());

    let (transcript, answer) = contacts().trace(rulegate::message::RetrieveMultiple { query });

    assert!(answer.is_ok());
    let text = transcript.to_string();
    let heading = "RetrieveMultiple contact with account as account computing count by account";
    assert!(text.contains(heading), "{text}");
}
