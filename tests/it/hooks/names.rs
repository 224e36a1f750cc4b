//! Full names (C-131), customers (O-32), and catalogs that lack what hooks work on.

use rulegate::bootstrap::DEFAULT_USER;
use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
use rulegate::{Engine, EntityReference, Message, Value};

use super::*;

fn people(engine: &Engine) -> [EntityReference; 2] {
    let values = || [("firstname", "Ada".into()), ("lastname", "Lovelace".into())];
    [create(engine, "contact", values()), create(engine, "lead", values())]
}

#[test]
fn people_have_a_full_name() {
    // C-131.
    let engine = support::shipped();

    for person in people(&engine) {
        assert_eq!(value(&engine, &person, "fullname"), "Ada Lovelace".into());
    }
}

#[test]
fn a_full_name_follows_its_parts() {
    // C-131.
    let engine = support::shipped();
    let [person, _] = people(&engine);

    update(&engine, &person, [("lastname", "King".into())]).unwrap();
    assert_eq!(value(&engine, &person, "fullname"), "Ada King".into());
    update(&engine, &person, [("firstname", Value::Null)]).unwrap();
    assert_eq!(value(&engine, &person, "fullname"), "King".into());
    update(&engine, &person, [("lastname", Value::Null)]).unwrap();

    assert_eq!(value(&engine, &person, "fullname"), Value::Null);
}

#[test]
fn users_have_a_full_name() {
    // C-131: its parts are longer than the whole may be.
    let engine = support::shipped();
    let user = EntityReference::new("systemuser", DEFAULT_USER);
    assert_eq!(value(&engine, &user, "fullname"), "User".into());

    let values = [("firstname", "A".repeat(150).into()), ("lastname", "B".repeat(150).into())];
    update(&engine, &user, values).unwrap();

    let name = value(&engine, &user, "fullname").as_text().unwrap().to_owned();
    assert_eq!(name, format!("{} {}", "A".repeat(150), "B".repeat(49)));
}

#[test]
fn callers_do_not_write_full_names() {
    // C-6.
    let engine = support::shipped();
    let values = [("lastname", "Lovelace".into()), ("fullname", "Somebody".into())];

    let person = create(&engine, "contact", values);
    update(&engine, &person, [("fullname", "Somebody".into())]).unwrap();

    assert_eq!(value(&engine, &person, "fullname"), "Lovelace".into());
}

#[test]
fn what_a_rule_makes_of_a_name_counts() {
    // P-7.
    let engine = shipped_with([writing(Message::Create, "contact", [("lastname", "King".into())])]);

    let [person, _] = people(&engine);

    assert_eq!(value(&engine, &person, "fullname"), "Ada King".into());
}

#[test]
fn an_opportunity_without_a_customer_gets_its_parent() {
    // O-32.
    let engine = support::shipped();
    let (acme, ada) = (account(&engine), create(&engine, "contact", [("lastname", "Ada".into())]));
    let customer = |values: &[(&'static str, &EntityReference)]| {
        let values = values.iter().map(|(name, it)| (*name, (*it).into()));
        value(&engine, &create(&engine, "opportunity", values), "customerid")
    };

    assert_eq!(customer(&[("parentaccountid", &acme)]), (&acme).into());
    assert_eq!(customer(&[("parentcontactid", &ada)]), (&ada).into());
    assert_eq!(customer(&[("parentcontactid", &ada), ("parentaccountid", &acme)]), (&acme).into());
    assert_eq!(customer(&[("customerid", &ada), ("parentaccountid", &acme)]), (&ada).into());
    assert_eq!(customer(&[]), Value::Null);
}

#[test]
fn rules_see_the_customer_that_a_parent_gave() {
    // O-32, P-7: the ground is prepared before them.
    let log = Log::default();
    let step = rulegate::Step::on(Message::Create, "opportunity").run("look", {
        let log = log.clone();
        move |ctx: &mut rulegate::Context| {
            log.add(ctx.target().is_some_and(|it| it.has("customerid")).to_string());
            Ok(())
        }
    });
    let engine = shipped_with([step]);

    create(&engine, "opportunity", [("parentaccountid", account(&engine).into())]);

    assert_eq!(log.lines(), ["true"]);
}

/// An engine with the shipped hooks on a catalog of its own.
fn engine_of(entities: impl IntoIterator<Item = EntityDefinition>) -> Engine {
    let draft = entities.into_iter().fold(CatalogDraft::default(), CatalogDraft::entity);
    let mut builder = Engine::builder(draft.check().unwrap());
    hooks::install(&mut builder);
    builder.build().unwrap()
}

#[test]
fn hooks_fit_a_catalog_without_any_of_their_entities() {
    let engine = engine_of([]);

    assert!(engine.messages().contains(&"Win".to_owned()));
    assert!(!engine.skipped_steps().is_empty());
}

#[test]
fn hooks_leave_entities_alone_that_lack_what_they_work_on() {
    let named = |name: &str| EntityDefinition::new(name).attribute("name", AttributeType::text(50));
    let engine = engine_of(
        ["contact", "opportunity", "customeropportunityrole", "transactioncurrency"].map(named),
    );

    let deal = create(&engine, "opportunity", [("name", "Deal".into())]);
    update(&engine, &deal, [("name", "Better deal".into())]).unwrap();

    assert_eq!(value(&engine, &deal, "name"), "Better deal".into());
}

#[test]
fn amounts_have_no_worth_where_there_are_no_currencies() {
    let money = |base_of: Option<&str>| AttributeType::Money {
        min: 0.into(),
        max: 1_000.into(),
        precision: 2,
        precision_source: rulegate::metadata::PrecisionSource::Attribute,
        base_of: base_of.map(Into::into),
    };
    let engine = engine_of([EntityDefinition::new("deal")
        .attribute("amount", money(None))
        .attribute("amount_base", money(Some("amount")))
        .attribute("exchangerate", AttributeType::decimal(0, 1_000, 4))
        .attribute("transactioncurrencyid", AttributeType::lookup(["deal"]))]);

    let deal = create(&engine, "deal", [("amount", 5.into())]);

    assert_eq!(value(&engine, &deal, "amount_base"), Value::Null);
}
