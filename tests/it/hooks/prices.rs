//! Price lists (O-34), product lines (O-43), and the customer that an opportunity may need (O-30).

use hooks::Options;
use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition, PrecisionSource};
use rulegate::{Engine, EntityReference, Value};

use super::*;

fn engine(options: Options) -> Engine {
    let currency = || AttributeType::lookup(["transactioncurrency"]);
    let in_base = AttributeType::Money {
        min: 0.into(),
        max: 1_000.into(),
        precision: 2,
        precision_source: PrecisionSource::Attribute,
        base_of: Some("estimatedvalue".into()),
    };
    let draft = [
        EntityDefinition::new("opportunity")
            .attribute("customerid", AttributeType::lookup(["account"]))
            .attribute("pricelevelid", AttributeType::lookup(["pricelevel"]))
            .attribute("transactioncurrencyid", currency())
            .attribute("exchangerate", AttributeType::decimal(0, 10, 2))
            .attribute("estimatedvalue", AttributeType::money(0, 1_000))
            .attribute("estimatedvalue_base", in_base),
        EntityDefinition::new("account").attribute("name", AttributeType::text(10)),
        EntityDefinition::new("pricelevel").attribute("transactioncurrencyid", currency()),
        EntityDefinition::new("product").attribute("name", AttributeType::text(10)),
        EntityDefinition::new("opportunityproduct")
            .attribute("productid", AttributeType::lookup(["product"]))
            .attribute("productdescription", AttributeType::text(10)),
        EntityDefinition::new("transactioncurrency")
            .attribute("currencyprecision", AttributeType::whole_number(0, 4))
            .attribute("exchangerate", AttributeType::decimal(0, 10, 2)),
    ];
    let draft = draft.into_iter().fold(CatalogDraft::default(), CatalogDraft::entity);
    let mut builder = Engine::builder(draft.check().unwrap());
    hooks::install_with(&mut builder, options);
    builder.build().unwrap()
}

#[test]
fn an_opportunity_is_in_the_currency_of_its_price_list() {
    // O-34
    let engine = engine(Options::default());
    let [euro, pound] =
        [1, 2].map(|rate| create(&engine, "transactioncurrency", [("exchangerate", rate.into())]));
    let list = create(&engine, "pricelevel", [("transactioncurrencyid", (&euro).into())]);
    let deal = |currency: &EntityReference| {
        let values = [("pricelevelid", (&list).into()), ("transactioncurrencyid", currency.into())];
        try_create(&engine, "opportunity", values)
    };
    let differs = refused(0x8004_8CEF, "currency.price-list");

    assert_eq!(refusal(deal(&pound)), differs);
    let deal = deal(&euro).unwrap();
    let other = [("transactioncurrencyid", (&pound).into())];
    assert_eq!(refusal(update(&engine, &deal, other)), differs);
    update(&engine, &deal, [("pricelevelid", Value::Null)]).unwrap();
    let free = create(&engine, "opportunity", [("transactioncurrencyid", (&pound).into())]);
    let listed = [("pricelevelid", (&list).into())];
    assert_eq!(refusal(update(&engine, &free, listed)), differs);
    update(&engine, &deal, [("transactioncurrencyid", (&pound).into())]).unwrap();
}

#[test]
fn a_line_names_a_product_or_describes_one() {
    // O-43
    let engine = engine(Options::default());
    let product = create(&engine, "product", []);
    let named = ("productid", Value::from(&product));
    let described = ("productdescription", Value::from("a thing"));
    let both = refused(0x8004_3AFB, "opportunity-product.both");

    let line = create(&engine, "opportunityproduct", [named.clone()]);
    assert_eq!(refusal(update(&engine, &line, [described.clone()])), both);
    update(&engine, &line, [("productid", Value::Null), described.clone()]).unwrap();
    assert_eq!(refusal(try_create(&engine, "opportunityproduct", [named, described])), both);
}

#[test]
fn an_opportunity_needs_no_customer_unless_the_embedder_says_so() {
    // O-30, O-31
    let (loose, strict) =
        (engine(Options::default()), engine(Options::default().with_strict_parent()));
    let missing = refused(0x8004_0505, "opportunity.missing-parent");

    create(&loose, "opportunity", []);
    assert_eq!(refusal(try_create(&strict, "opportunity", [])), missing);
    let acme = create(&strict, "account", []);
    let deal = create(&strict, "opportunity", [("customerid", (&acme).into())]);
    assert_eq!(refusal(update(&strict, &deal, [("customerid", Value::Null)])), missing);
    assert_eq!(value(&strict, &deal, "customerid"), (&acme).into());
}
