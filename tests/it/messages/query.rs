//! Retrieve multiple: records are searched.

use chrono::NaiveDate;
use rulegate::record::{Condition, Filter, Operator};
use rulegate::{Engine, EntityReference, ErrorCode, OrganizationService, Query, Value};

use crate::engines::{create, engine};

/// Accounts called like these, in the order of their identities.
fn accounts(names: &[&str]) -> Engine {
    let engine = engine([]);
    for name in names {
        create(&engine, "account", [("name", (*name).into())]);
    }
    engine
}

/// The names of the accounts that a query finds.
fn found(engine: &Engine, query: Query) -> Vec<String> {
    let page = engine.retrieve_multiple(query).unwrap();
    let name = |it: &rulegate::Record| it.primary_name().unwrap_or("–").to_owned();
    page.records.iter().map(name).collect()
}

fn by_name<const N: usize>(engine: &Engine, operator: Operator, values: [&str; N]) -> Vec<String> {
    let values = values.map(Value::from);
    found(engine, Query::new("account").filter("name", operator, values))
}

fn error_of(query: Query) -> (ErrorCode, u32) {
    let error = engine([]).retrieve_multiple(query).unwrap_err();
    (error.code(), error.number())
}

#[test]
fn without_a_condition_all_records_are_found() {
    // M-12
    let engine = accounts(&["A", "B"]);

    assert_eq!(found(&engine, Query::new("account")), ["A", "B"]);
    assert!(found(&engine, Query::new("contact")).is_empty());
}

#[test]
fn texts_are_compared_without_regard_to_case() {
    // KNW: the collation of Dataverse's database
    let engine = accounts(&["Acme", "ACME", "Bolt"]);

    assert_eq!(by_name(&engine, Operator::Equal, ["acme"]), ["Acme", "ACME"]);
    assert_eq!(by_name(&engine, Operator::BeginsWith, ["aC"]), ["Acme", "ACME"]);
    assert_eq!(by_name(&engine, Operator::In, ["BOLT"]), ["Bolt"]);
}

#[test]
fn unequal_finds_null_too() {
    // KNW: what is unequal to a value is all that does not have it.
    let engine = accounts(&["A", "B", ""]);

    assert_eq!(by_name(&engine, Operator::NotEqual, ["A"]), ["B", "–"]);
    assert_eq!(by_name(&engine, Operator::NotIn, ["A"]), ["B", "–"]);
    assert_eq!(by_name(&engine, Operator::NotLike, ["A%"]), ["B", "–"]);
}

#[test]
fn every_operator_on_texts_finds_what_it_says() {
    // M-12
    let engine = accounts(&["Ada", "Bob", "Bobby", ""]);
    let of = |operator, value| by_name(&engine, operator, [value]);

    assert_eq!(of(Operator::LessThan, "Bob"), ["Ada"]);
    assert_eq!(of(Operator::LessEqual, "Bob"), ["Ada", "Bob"]);
    assert_eq!(of(Operator::GreaterThan, "Bob"), ["Bobby"]);
    assert_eq!(of(Operator::GreaterEqual, "Bob"), ["Bob", "Bobby"]);
    assert_eq!(of(Operator::BeginsWith, "Bo"), ["Bob", "Bobby"]);
    assert_eq!(of(Operator::EndsWith, "b"), ["Bob"]);
    assert_eq!(of(Operator::Contains, "d"), ["Ada"]);
    assert_eq!(by_name(&engine, Operator::Between, ["B", "Bobb"]), ["Bob"]);
    assert_eq!(by_name(&engine, Operator::In, ["Ada", "Bob", "x"]), ["Ada", "Bob"]);
    assert_eq!(by_name(&engine, Operator::In, []), Vec::<String>::new());
    assert_eq!(by_name(&engine, Operator::Null, []), ["–"]);
    assert_eq!(by_name(&engine, Operator::NotNull, []), ["Ada", "Bob", "Bobby"]);
}

#[test]
fn a_pattern_has_wildcards_for_any_text_and_for_one_character() {
    // M-12
    let engine = accounts(&["Ada", "Bob", "Bobby", "B%b"]);
    let like = |pattern| by_name(&engine, Operator::Like, [pattern]);

    assert_eq!(like("B%b"), ["Bob", "B%b"]);
    assert_eq!(like("B_b"), ["Bob", "B%b"]);
    assert_eq!(like("B_b%"), ["Bob", "Bobby", "B%b"]);
    assert_eq!(like("%o%b%"), ["Bob", "Bobby"]);
    assert_eq!(like("%%"), ["Ada", "Bob", "Bobby", "B%b"]);
    assert_eq!(like("_"), Vec::<String>::new());
    assert_eq!(like("Bob"), ["Bob"]);
}

#[test]
fn both_ends_of_between_belong_to_it() {
    // M-12
    let engine = engine([]);
    for employees in [1, 5, 10, 11] {
        let name = employees.to_string();
        create(&engine, "account", [("name", name.into()), ("employees", employees.into())]);
    }

    let between = |low: i64, high: i64| {
        let values = [low.into(), high.into()];
        found(&engine, Query::new("account").filter("employees", Operator::Between, values))
    };

    assert_eq!(between(1, 10), ["1", "5", "10"]);
    assert_eq!(between(10, 1), Vec::<String>::new());
}

#[test]
fn conditions_are_met_all_together_or_any_of_them() {
    // M-12
    let engine = accounts(&["A", "B", "C"]);
    let is = |name: &str| {
        let (attribute, values) = ("name".into(), vec![name.into()]);
        Filter::Is(Condition { attribute, operator: Operator::Equal, values })
    };
    let with = |filter| found(&engine, Query { filter, ..Query::new("account") });

    assert_eq!(with(Filter::Any(vec![is("A"), is("C")])), ["A", "C"]);
    assert_eq!(with(Filter::All(vec![is("A"), is("C")])), Vec::<String>::new());
    assert_eq!(with(Filter::Any(Vec::new())), Vec::<String>::new());
    let nested = Filter::All(vec![Filter::Any(vec![is("A"), is("B")]), is("B")]);
    assert_eq!(with(nested), ["B"]);
}

#[test]
fn a_condition_can_be_added_to_any_filter() {
    // M-11
    let engine = accounts(&["A", "B", "C"]);
    let is = |name: &str| {
        let (attribute, values) = ("name".into(), vec![name.into()]);
        Filter::Is(Condition { attribute, operator: Operator::Equal, values })
    };
    let any = Query { filter: Filter::Any(vec![is("A"), is("B")]), ..Query::new("account") };

    assert_eq!(found(&engine, any.equal("name", "B")), ["B"]);
}

#[test]
fn records_come_in_the_order_asked_for_with_null_first() {
    // KNW: null is less than anything
    let engine = accounts(&["b", "", "C", "a"]);

    assert_eq!(found(&engine, Query::new("account").order_by("name")), ["–", "a", "b", "C"]);
    let descending = Query::new("account").order_by_descending("name");
    assert_eq!(found(&engine, descending), ["C", "b", "a", "–"]);
}

#[test]
fn what_the_order_leaves_open_the_identity_decides() {
    // STYLE §7
    let engine = engine([]);
    for (name, rating) in [("b1", 2), ("a1", 1), ("b2", 2), ("a2", 1)] {
        let rating = Value::Choice(rating);
        create(&engine, "account", [("name", name.into()), ("rating", rating)]);
    }

    let by = |query: Query| found(&engine, query);

    assert_eq!(by(Query::new("account").order_by("rating")), ["a1", "a2", "b1", "b2"]);
    let both = Query::new("account").order_by_descending("rating").order_by_descending("name");
    assert_eq!(by(both), ["b2", "b1", "a2", "a1"]);
}

#[test]
fn records_are_found_by_what_they_point_at() {
    // C-87
    let engine = engine([]);
    let parent = create(&engine, "account", []);
    let parent_id = ("parentaccountid", Value::from(&parent));
    create(&engine, "account", [("name", "child".into()), parent_id]);
    let of = |value: Value| found(&engine, Query::new("account").equal("parentaccountid", value));

    assert_eq!(of((&parent).into()), ["child"]);
    assert_eq!(of(parent.id.into()), ["child"], "an identity alone");
    assert_eq!(of(EntityReference::new("contact", parent.id).into()), Vec::<String>::new());
    assert_eq!(of(Value::Null), ["–"]);
}

#[test]
fn records_are_found_by_their_identity() {
    // C-2
    let engine = accounts(&["A", "B"]);
    let all = engine.retrieve_multiple(Query::new("account")).unwrap();
    let last = all.records.last().unwrap();

    let by_id = Query::new("account").equal("accountid", last.id().unwrap());
    let by_reference = Query::new("account").equal("accountid", last.reference().unwrap());

    assert_eq!(found(&engine, by_id), ["B"]);
    assert_eq!(found(&engine, by_reference), ["B"]);
}

#[test]
fn a_date_is_compared_with_a_moment_and_a_moment_with_a_date() {
    // C-121, C-122
    let engine = engine([]);
    let moment = crate::engines::now();
    let values = [
        ("name", "N".into()),
        ("estimatedclosedate", moment.into()),
        ("contactedon", moment.into()),
    ];
    create(&engine, "opportunity", values);
    let day: NaiveDate = moment.date_naive();
    let finds = |attribute: &str, operator, value: Value| {
        let query = Query::new("opportunity").filter(attribute, operator, [value]);
        found(&engine, query).len() == 1
    };

    assert!(finds("estimatedclosedate", Operator::Equal, moment.into()));
    assert!(finds("estimatedclosedate", Operator::Equal, day.into()));
    assert!(finds("contactedon", Operator::GreaterThan, day.into()));
    assert!(!finds("contactedon", Operator::Equal, day.into()));
}

#[test]
fn numbers_are_compared_across_their_types() {
    // C-19
    let engine = engine([]);
    create(&engine, "opportunity", [("budgetamount", 5.into()), ("score", 5.into())]);
    let finds = |attribute: &str, value: Value| {
        found(&engine, Query::new("opportunity").equal(attribute, value)).len() == 1
    };

    assert!(finds("budgetamount", 5.into()));
    assert!(finds("budgetamount", rust_decimal::Decimal::new(500, 2).into()));
    assert!(finds("score", 5.into()) && finds("score", 5.0.into()));
    assert!(finds("score", rust_decimal::Decimal::new(50, 1).into()));
}

#[test]
fn one_of_several_options_is_found() {
    // C-31
    let engine = engine([]);
    let needs: Value = std::collections::BTreeSet::from([1, 2]).into();
    create(&engine, "opportunity", [("name", "N".into()), ("needs", needs)]);
    let contains = |option| {
        let values = [Value::Choice(option)];
        found(&engine, Query::new("opportunity").filter("needs", Operator::Contains, values)).len()
    };

    assert_eq!((contains(1), contains(3)), (1, 0));
}

#[test]
fn the_columns_asked_for_come_with_every_record() {
    // M-12
    let engine = accounts(&["A"]);

    let page = engine.retrieve_multiple(Query::new("account").select(["name"])).unwrap();

    let record = page.records.first().unwrap();
    assert!(record.has("name") && !record.has("createdon"));
    assert!(record.id().is_some());
}

#[test]
fn derived_names_come_with_every_record() {
    // C-91
    let engine = accounts(&["Acme"]);
    let account = engine.retrieve_multiple(Query::new("account")).unwrap().records;
    let account = account.first().and_then(rulegate::Record::reference);
    create(&engine, "opportunity", [("customerid", account.into())]);

    let query = Query::new("opportunity").select(["customeridname"]);
    let page = engine.retrieve_multiple(query).unwrap();

    assert_eq!(page.records.first().unwrap().get("customeridname"), Some(&"Acme".into()));
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    // C-8, C-9
    let unknown = (ErrorCode::UnknownAttribute, 0x8004_1103);

    assert_eq!(error_of(Query::new("acount")), (ErrorCode::UnknownEntity, 0x8004_1102));
    assert_eq!(error_of(Query::new("account").equal("nme", "A")), unknown);
    assert_eq!(error_of(Query::new("account").order_by("nme")), unknown);
    assert_eq!(error_of(Query::new("account").select(["nme"])), unknown);
}

#[test]
fn a_value_of_another_type_is_refused() {
    // C-19
    let wrong = ErrorCode::InvalidQuery;

    assert_eq!(error_of(Query::new("account").equal("name", 5)).0, wrong);
    assert_eq!(error_of(Query::new("account").equal("employees", "5")).0, wrong);
    assert_eq!(error_of(Query::new("account").equal("parentaccountid", "5")).0, wrong);
    assert_eq!(error_of(Query::new("account").equal("rating", "Hot")).0, wrong);
}

#[test]
fn an_operator_takes_as_many_values_as_it_says() {
    // M-12
    let wrong = ErrorCode::InvalidQuery;
    let of = |operator, count: usize| {
        let values = vec![Value::from("A"); count];
        engine([]).retrieve_multiple(Query::new("account").filter("name", operator, values))
    };

    for operator in Operator::ALL {
        let right: usize = match operator {
            Operator::Null | Operator::NotNull => 0,
            Operator::Between => 2,
            Operator::In | Operator::NotIn => 3,
            Operator::Equal
            | Operator::NotEqual
            | Operator::LessThan
            | Operator::LessEqual
            | Operator::GreaterThan
            | Operator::GreaterEqual
            | Operator::Like
            | Operator::NotLike
            | Operator::BeginsWith
            | Operator::EndsWith
            | Operator::Contains => 1,
        };
        assert!(of(*operator, right).is_ok(), "{operator}");
        if right != 3 {
            assert_eq!(of(*operator, right + 1).unwrap_err().code(), wrong, "{operator}");
        }
    }
    let error = of(Operator::Between, 1).unwrap_err();
    let text = "`name`: the operator `between` takes two, and got 1 values";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_picture_has_no_order() {
    // STYLE §3
    use rulegate::metadata::{AttributeType, EntityDefinition};
    let picture = AttributeType::Image { max_height: 1, max_width: 1, is_primary: true };
    let goal = EntityDefinition::new("goal").attribute("picture", picture);
    let engine = Engine::builder(support::bare().entity(goal).check().unwrap()).build().unwrap();

    let error = engine.retrieve_multiple(Query::new("goal").order_by("picture")).unwrap_err();

    assert_eq!(error.code(), ErrorCode::InvalidQuery);
    assert_eq!(error.to_string(), "`picture` is of type image, which has no order");
}
