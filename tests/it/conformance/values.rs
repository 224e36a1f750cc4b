//! Values: what fits an attribute.

use super::*;

/// Creates an opportunity with one attribute.
fn send(
    given: &Given,
    name: &str,
    value: impl Into<Value>,
) -> Result<EntityReference, rulegate::Error> {
    let engine = given.engine([]);
    engine.create(record(&engine, "opportunity", [(name, value.into())]))
}

/// When a name has one character more than its 300, it is refused.
#[test]
fn t_098_a_text_has_at_most_its_length() {
    // C-28
    on_every_store(|given| {
        assert!(send(given, "name", "x".repeat(300)).is_ok());
        let longer = send(given, "name", "x".repeat(301));
        assert_eq!(code(longer), (ErrorCode::TooLong, 0x8004_4331));
    });
}

/// When a probability is above its 100, it is refused.
#[test]
fn t_099_a_whole_number_lies_in_its_range() {
    // C-29
    on_every_store(|given| {
        assert!(send(given, "closeprobability", 100).is_ok());
        let more = send(given, "closeprobability", 101);
        assert_eq!(code(more), (ErrorCode::NumberOutOfRange, 0x8004_432F));
    });
}

/// When a rating is none of its options, it is refused.
#[test]
fn t_101_a_choice_has_one_of_its_options() {
    // C-30
    on_every_store(|given| {
        assert!(send(given, "opportunityratingcode", Value::Choice(3)).is_ok());
        let unknown = send(given, "opportunityratingcode", Value::Choice(9));
        assert_eq!(code(unknown), (ErrorCode::UnknownOption, 0x8004_431A));
    });
}

/// When an amount is sent as a text, it is refused.
#[test]
fn t_102_an_amount_is_no_text() {
    // C-19
    on_every_store(|given| {
        assert!(send(given, "estimatedvalue", 1_000).is_ok());
        let text = send(given, "estimatedvalue", "1000");
        assert_eq!(code(text), (ErrorCode::WrongType, 0x8004_4354));
    });
}

/// Given a currency of which two are worth one of the base currency, when 100 of it are estimated, their
/// worth in base currency is 50.
#[test]
fn t_123_an_amount_has_its_worth_in_base_currency() {
    // C-78
    on_every_store(|given| {
        let engine = given.sales([]);
        let values = [
            ("currencyname", "Euro".into()),
            ("isocurrencycode", "EUR".into()),
            ("currencysymbol", "€".into()),
            ("currencyprecision", 2.into()),
            ("exchangerate", rust_decimal::Decimal::from(2).into()),
        ];
        let euro = create(&engine, "transactioncurrency", values);

        let values = [("transactioncurrencyid", euro.into()), ("estimatedvalue", 100.into())];
        let deal = create(&engine, "opportunity", values);

        let worth = stored(&engine, &deal, "estimatedvalue_base").and_then(|it| it.as_decimal());
        assert_eq!(worth, Some(50.into()));
    });
}
