//! Amounts and decimals, and how they are rounded.

use rulegate::{Engine, EntityReference, ErrorCode, OrganizationService, Value};
use rust_decimal::Decimal;

use crate::engines::{builder, change, create, engine, record, stored, update};

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// What an attribute of a new opportunity holds where this was sent.
fn rounded(
    engine: &Engine,
    attribute: &str,
    sent: &str,
    currency: Option<&EntityReference>,
) -> Decimal {
    let values = [
        (attribute, amount(sent).into()),
        ("transactioncurrencyid", currency.map_or(Value::Null, Value::from)),
    ];
    let opportunity = create(engine, "opportunity", values);
    stored(engine, &opportunity, attribute).unwrap().as_decimal().unwrap()
}

fn currency(engine: &Engine, digits: i64) -> EntityReference {
    create(engine, "transactioncurrency", [("currencyprecision", digits.into())])
}

#[test]
fn halves_are_rounded_away_from_zero() {
    // C-32: what Dataverse does with a half is not documented.
    let engine = engine([]);

    assert_eq!(rounded(&engine, "discountpercentage", "1.005", None), amount("1.01"));
    assert_eq!(rounded(&engine, "discountpercentage", "1.004", None), amount("1.00"));
    assert_eq!(rounded(&engine, "discountpercentage", "1.015", None), amount("1.02"));
    assert_eq!(rounded(&engine, "estimatedvalue", "-1.005", None), amount("-1.01"));
}

#[test]
fn excess_digits_are_rounded_and_not_refused() {
    // C-32
    let engine = engine([]);

    assert_eq!(rounded(&engine, "discountpercentage", "12.3456789", None), amount("12.35"));
    assert_eq!(rounded(&engine, "discountpercentage", "100.004", None), amount("100"));
}

#[test]
fn decimals_and_amounts_lie_in_their_range() {
    // C-29
    let engine = engine([]);
    let of = |attribute, sent| {
        let values = [(attribute, amount(sent).into())];
        engine.create(record(&engine, "opportunity", values)).map_err(|it| (it.code(), it.number()))
    };
    let outside = Err((ErrorCode::DecimalOutOfRange, 0x8004_4330));

    for (attribute, inside, beyond) in [
        ("discountpercentage", ["0", "100"], ["-0.01", "100.01"]),
        ("budgetamount", ["0", "1000000"], ["-0.01", "1000000.01"]),
        ("estimatedvalue", ["-1000000000", "1000000000"], ["-1000000000.01", "1000000000.01"]),
    ] {
        assert!(inside.iter().all(|it| of(attribute, it).is_ok()), "{attribute}");
        assert!(beyond.iter().all(|it| of(attribute, it) == outside), "{attribute}");
    }
}

#[test]
fn an_amount_may_be_sent_as_a_whole_number_or_a_double() {
    // C-19
    let engine = engine([]);
    let of = |value: Value| {
        let opportunity = create(&engine, "opportunity", [("budgetamount", value)]);
        stored(&engine, &opportunity, "budgetamount").unwrap().as_decimal().unwrap()
    };

    assert_eq!(of(5.into()), amount("5"));
    assert_eq!(of(5.25.into()), amount("5.25"));
    assert_eq!(of(0.1.into()), amount("0.1"));
}

#[test]
fn an_amount_has_the_digits_of_its_attribute() {
    // C-33: precision source 0
    assert_eq!(rounded(&engine([]), "budgetamount", "1.005", None), amount("1.01"));
}

#[test]
fn an_amount_has_the_digits_of_the_organization() {
    // C-33: precision source 1
    let three = builder().settings(|it| it.pricing_decimal_precision = 3).build().unwrap();

    assert_eq!(rounded(&engine([]), "actualvalue", "1.0055", None), amount("1.01"));
    assert_eq!(rounded(&three, "actualvalue", "1.0055", None), amount("1.006"));
}

#[test]
fn an_amount_has_the_digits_of_its_currency() {
    // C-33, C-77: precision source 2
    let engine = engine([]);
    let of =
        |digits| rounded(&engine, "estimatedvalue", "10.55555", Some(&currency(&engine, digits)));

    assert_eq!(of(0), amount("11"));
    assert_eq!(of(2), amount("10.56"));
    assert_eq!(of(4), amount("10.5556"));
    assert_eq!(rounded(&engine, "estimatedvalue", "10.55555", None), amount("10.56"));
}

#[test]
fn an_update_rounds_to_the_currency_that_the_record_has() {
    // C-33, C-77
    let engine = engine([]);
    let yen = currency(&engine, 0);
    let opportunity = create(&engine, "opportunity", [("transactioncurrencyid", yen.into())]);

    update(&engine, &opportunity, [("estimatedvalue", amount("10.55").into())]);

    let value = stored(&engine, &opportunity, "estimatedvalue").unwrap();
    assert_eq!(value.as_decimal(), Some(amount("11")));
}

#[test]
fn an_update_rounds_to_the_currency_that_it_brings() {
    // C-33, C-77
    let engine = engine([]);
    let (yen, dinar) = (currency(&engine, 0), currency(&engine, 3));
    let opportunity = create(&engine, "opportunity", [("transactioncurrencyid", yen.into())]);
    let of = |currency: Value| {
        let values =
            [("estimatedvalue", amount("10.5555").into()), ("transactioncurrencyid", currency)];
        engine.update(change(&engine, &opportunity, values)).unwrap();
        stored(&engine, &opportunity, "estimatedvalue").unwrap().as_decimal().unwrap()
    };

    assert_eq!(of((&dinar).into()), amount("10.556"));
    assert_eq!(of(Value::Null), amount("10.56"));
}
