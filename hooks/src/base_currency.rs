//! The base currency is worth one of itself, for ever (C-82).

use rulegate::bootstrap::BASE_CURRENCY;
use rulegate::error::platform;
use rulegate::{Context, Fault, Message, Stage, Step, Value};
use rust_decimal::Decimal;

use crate::{AFTER_RULES, has};

pub(crate) fn step() -> Step {
    Step::on(Message::Update, "transactioncurrency")
        .at(Stage::PreOperation)
        .rank(AFTER_RULES)
        .filtering(["exchangerate"])
        .only_for(has(&["exchangerate"]))
        .described("Refuses another exchange rate than 1 for the base currency.")
        .run("base-currency-rate", guard)
}

fn guard(ctx: &mut Context) -> Result<(), Fault> {
    let rate = ctx.target().and_then(|it| it.get("exchangerate")).and_then(Value::as_decimal);
    if ctx.primary_id() != Some(BASE_CURRENCY) || rate == Some(Decimal::ONE) {
        return Ok(());
    }
    let reason = "the exchange rate of the base currency is 1 and cannot change";
    Err(Fault::reject_as(platform::BASE_CURRENCY_RATE, "currency.base-rate", reason))
}
