//! Amounts in base currency (C-77 to C-86, O-33).

use rulegate::bootstrap::{BASE_CURRENCY, ROOT_BUSINESS_UNIT};
use rulegate::{Engine, EntityReference, Message, Value};
use rust_decimal::Decimal;

use super::*;

/// A currency of which so many are worth one of the base currency.
pub(super) fn currency(engine: &Engine, code: &str, rate: impl Into<Decimal>) -> EntityReference {
    let values = [
        ("currencyname", code.into()),
        ("isocurrencycode", code.into()),
        ("currencysymbol", code.into()),
        ("currencyprecision", 2.into()),
        ("exchangerate", rate.into().into()),
    ];
    create(engine, "transactioncurrency", values)
}

fn base() -> EntityReference {
    EntityReference::new("transactioncurrency", BASE_CURRENCY)
}

/// An opportunity in a currency.
fn deal_in(
    engine: &Engine,
    currency: &EntityReference,
    estimate: impl Into<Value>,
) -> EntityReference {
    let values = [("transactioncurrencyid", currency.into()), ("estimatedvalue", estimate.into())];
    create(engine, "opportunity", values)
}

fn amount(engine: &Engine, target: &EntityReference, name: &str) -> Option<Decimal> {
    value(engine, target, name).as_decimal()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn an_amount_has_its_worth_in_base_currency() {
    // C-78.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);

    let deal = deal_in(&engine, &euro, 100);

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(50.into()));
    assert_eq!(amount(&engine, &deal, "exchangerate"), Some(2.into()));
    assert_eq!(amount(&engine, &deal, "budgetamount_base"), None);
}

#[test]
fn an_amount_without_a_currency_is_in_base_currency() {
    // C-80.
    let engine = support::shipped();

    let deal = create(&engine, "opportunity", [("estimatedvalue", 100.into())]);

    assert_eq!(value(&engine, &deal, "transactioncurrencyid"), base().into());
    assert_eq!(amount(&engine, &deal, "exchangerate"), Some(Decimal::ONE));
    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(100.into()));
}

#[test]
fn an_amount_without_a_currency_is_in_that_of_the_user() {
    // C-80: the user's before the organization's.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);
    let user = |values: Vec<(&'static str, Value)>| {
        let unit = EntityReference::new("businessunit", ROOT_BUSINESS_UNIT);
        let name = format!("user{}", values.len());
        let own = [
            ("businessunitid", Value::from(unit)),
            ("domainname", name.as_str().into()),
            ("firstname", name.as_str().into()),
            ("lastname", name.as_str().into()),
            ("userlicensetype", 1.into()),
            ("internalemailaddress", format!("{name}@acme.example").into()),
        ];
        let values = own.into_iter().chain(values);
        create(&engine, "systemuser", values).id
    };
    let [ada, bob] = [user(vec![("transactioncurrencyid", (&euro).into())]), user(Vec::new())];
    let deal_of = |user| {
        let deal = create(&engine.as_user(user), "opportunity", [("estimatedvalue", 100.into())]);
        value(&engine, &deal, "transactioncurrencyid")
    };

    assert_eq!(deal_of(ada), euro.into());
    assert_eq!(deal_of(bob), base().into());
}

#[test]
fn a_later_amount_without_a_currency_is_in_base_currency() {
    // C-80.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    assert_eq!(value(&engine, &deal, "transactioncurrencyid"), Value::Null);

    update(&engine, &deal, [("estimatedvalue", 100.into())]).unwrap();

    assert_eq!(value(&engine, &deal, "transactioncurrencyid"), base().into());
    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(100.into()));
}

#[test]
fn every_entity_with_amounts_has_their_worth() {
    // C-77: not of opportunities alone.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 4);
    let values = || [("transactioncurrencyid", (&euro).into()), ("creditlimit", 1_000.into())];

    let account = create(&engine, "account", values());
    let contact = create(&engine, "contact", values());

    assert_eq!(amount(&engine, &account, "creditlimit_base"), Some(250.into()));
    assert_eq!(amount(&engine, &contact, "creditlimit_base"), Some(250.into()));
}

#[test]
fn the_worth_is_rounded_to_four_digits() {
    // C-85.
    let engine = support::shipped();
    let yen = currency(&engine, "JPY", 3);

    let deal = deal_in(&engine, &yen, 200);

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(decimal("66.6667")));
}

#[test]
fn the_worth_is_that_of_the_amount_as_it_is_stored() {
    // C-32, C-78: 10.005 is stored as 10.01.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);

    let deal = deal_in(&engine, &euro, decimal("10.005"));

    assert_eq!(amount(&engine, &deal, "estimatedvalue"), Some(decimal("10.01")));
    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(decimal("5.005")));
}

#[test]
fn what_a_rule_makes_of_an_amount_counts() {
    // P-7: the worth is found behind all rules.
    let engine =
        shipped_with([writing(Message::Create, "opportunity", [("estimatedvalue", 70.into())])]);

    let deal = create(&engine, "opportunity", [("estimatedvalue", 10.into())]);

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(70.into()));
}

#[test]
fn callers_write_neither_the_rate_nor_the_worth() {
    // C-78, C-79.
    let engine = support::shipped();
    let values = [
        ("estimatedvalue", 10.into()),
        ("estimatedvalue_base", 99.into()),
        ("exchangerate", 7.into()),
    ];

    let deal = create(&engine, "opportunity", values);

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(10.into()));
    assert_eq!(amount(&engine, &deal, "exchangerate"), Some(Decimal::ONE));
}

#[test]
fn a_cleared_amount_is_worth_nothing() {
    // C-84.
    let engine = support::shipped();
    let deal = deal_in(&engine, &base(), 100);

    update(&engine, &deal, [("estimatedvalue", Value::Null)]).unwrap();

    assert_eq!(value(&engine, &deal, "estimatedvalue_base"), Value::Null);
}

#[test]
fn a_currency_cannot_be_cleared_under_an_amount() {
    // C-84: 0x80048CFB.
    let engine = support::shipped();
    let deal = deal_in(&engine, &base(), 100);

    let outcome = update(&engine, &deal, [("transactioncurrencyid", Value::Null)]);

    assert_eq!(refusal(outcome), refused(0x8004_8CFB, "currency.missing"));
    assert_eq!(value(&engine, &deal, "transactioncurrencyid"), base().into());
}

#[test]
fn a_currency_can_be_cleared_with_the_last_amount() {
    // C-84.
    let engine = support::shipped();
    let deal = deal_in(&engine, &base(), 100);
    let values = [("transactioncurrencyid", Value::Null), ("estimatedvalue", Value::Null)];

    update(&engine, &deal, values).unwrap();

    assert_eq!(value(&engine, &deal, "exchangerate"), Value::Null);
    assert_eq!(value(&engine, &deal, "estimatedvalue_base"), Value::Null);
}

#[test]
fn another_currency_makes_every_amount_worth_something_else() {
    // C-77, C-81.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);
    let deal = deal_in(&engine, &base(), 100);
    update(&engine, &deal, [("budgetamount", 40.into())]).unwrap();

    update(&engine, &deal, [("transactioncurrencyid", (&euro).into())]).unwrap();

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(50.into()));
    assert_eq!(amount(&engine, &deal, "budgetamount_base"), Some(20.into()));
}

#[test]
fn a_new_rate_counts_once_an_amount_is_written() {
    // C-81.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);
    let deal = deal_in(&engine, &euro, 100);
    update(&engine, &euro, [("exchangerate", 4.into())]).unwrap();

    update(&engine, &deal, [("name", "Renamed".into())]).unwrap();
    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(50.into()));

    update(&engine, &deal, [("budgetamount", 40.into())]).unwrap();
    assert_eq!(amount(&engine, &deal, "exchangerate"), Some(4.into()));
    assert_eq!(amount(&engine, &deal, "budgetamount_base"), Some(10.into()));
    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(25.into()));
}

#[test]
fn a_new_rate_counts_once_the_state_changes() {
    // C-81.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);
    let deal = deal_in(&engine, &euro, 100);
    update(&engine, &euro, [("exchangerate", 4.into())]).unwrap();

    lose(&engine, &deal).unwrap();

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(25.into()));
}

#[test]
fn a_worth_that_is_too_much_or_too_little_is_refused() {
    // C-83.
    let engine = support::shipped();
    let tiny = currency(&engine, "TNY", decimal("0.0001"));
    let most = 922_337_203_685_i64 / 10_000 * 10;

    deal_in(&engine, &tiny, most);
    let values = |it: i64| {
        [("transactioncurrencyid", (&tiny).into()), ("estimatedvalue", (it * 1_000).into())]
    };
    let more = try_create(&engine, "opportunity", values(most));
    let less = try_create(&engine, "opportunity", values(-most));

    assert_eq!(refusal(more), refused(0x8004_8CEC, "currency.overflow"));
    assert_eq!(refusal(less), refused(0x8004_8CEB, "currency.underflow"));
    assert_eq!(count(&engine, "opportunity"), 1);
}

#[test]
fn an_amount_that_is_none_is_refused_as_what_it_is() {
    // C-19. The hook leaves it to the main operation.
    let engine = support::shipped();

    let text = try_create(&engine, "opportunity", [("estimatedvalue", "much".into())]);
    let currency =
        [("estimatedvalue", 1.into()), ("transactioncurrencyid", account(&engine).into())];
    let currency = try_create(&engine, "opportunity", currency);

    assert_eq!(text.unwrap_err().number(), 0x8004_4354);
    assert_eq!(currency.unwrap_err().number(), 0x8004_0203);
}

#[test]
fn a_currency_must_exist() {
    // C-88.
    let engine = support::shipped();
    let ghost = EntityReference::new("transactioncurrency", uuid::Uuid::from_u128(7));
    let values = [("transactioncurrencyid", ghost.into()), ("estimatedvalue", 1.into())];

    let outcome = try_create(&engine, "opportunity", values);

    assert_eq!(outcome.unwrap_err().number(), 0x8004_0217);
}

#[test]
fn a_record_without_amounts_has_no_currency() {
    // C-80.
    let engine = support::shipped();

    let account = account(&engine);

    assert_eq!(value(&engine, &account, "transactioncurrencyid"), Value::Null);
    assert_eq!(value(&engine, &account, "exchangerate"), Value::Null);
}

#[test]
fn the_base_currency_is_worth_one() {
    // C-82: 0x80048CF5.
    let engine = support::shipped();

    for rate in [2.into(), Value::Null] {
        let outcome = update(&engine, &base(), [("exchangerate", rate)]);
        assert_eq!(refusal(outcome), refused(0x8004_8CF5, "currency.base-rate"));
    }
    update(&engine, &base(), [("exchangerate", 1.into()), ("currencysymbol", "US$".into())])
        .unwrap();

    assert_eq!(amount(&engine, &base(), "exchangerate"), Some(Decimal::ONE));
    assert_eq!(value(&engine, &base(), "currencysymbol"), "US$".into());
}

#[test]
fn an_opportunity_with_a_quote_keeps_its_currency() {
    // O-33: 0x80048479.
    let engine = support::shipped();
    let euro = currency(&engine, "EUR", 2);
    let deal = deal_in(&engine, &base(), 100);
    let values = [
        ("name", "Offer".into()),
        ("opportunityid", (&deal).into()),
        ("quotenumber", "QUO-1".into()),
        ("revisionnumber", 0.into()),
    ];
    create(&engine, "quote", values);

    let outcome = update(&engine, &deal, [("transactioncurrencyid", (&euro).into())]);
    assert_eq!(refusal(outcome), refused(0x8004_8479, "opportunity.currency-in-use"));
    update(&engine, &deal, [("transactioncurrencyid", base().into())]).unwrap();

    assert_eq!(amount(&engine, &deal, "estimatedvalue_base"), Some(100.into()));
}
