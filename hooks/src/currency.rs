//! Amounts have a twin in base currency, worth the same by the rate of the record's currency (C-77 to C-85).

use rulegate::bootstrap::{BASE_CURRENCY, is_bootstrapped};
use rulegate::error::platform;
use rulegate::metadata::{AttributeMetadata, AttributeType, EntityMetadata, Ordinal};
use rulegate::record::{MoneyPrecision, check_value};
use rulegate::{
    Context, EntityReference, Fault, Message, OrganizationService, Query, Record, Stage, Step,
    Value,
};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::{AFTER_RULES, has, knows, price_list};

/// Digits after the point of amounts in a currency that does not say.
const DEFAULT_PRECISION: u32 = 2;
/// The attributes by which a record knows its currency.
const CURRENCY: [&str; 2] = ["transactioncurrencyid", "exchangerate"];

pub(crate) fn steps() -> [Step; 2] {
    let step = |message| {
        Step::on_any(message)
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .only_for(|entity| has(&CURRENCY)(entity) && amounts(entity).next().is_some())
            .described("Gives amounts their worth in base currency.")
            .run("base-amounts", fill)
    };
    let everything: [&str; 0] = [];
    [step(Message::Create), step(Message::Update).pre_image(everything)]
}

/// A record before and after the message, as far as hooks can know.
struct Row {
    /// What the message carries.
    sent: Record,
    /// As it will be, nulls left out.
    after: Record,
    is_new: bool,
}

/// An amount and its twin in base currency.
struct Amount<'a> {
    place: Ordinal,
    attribute: &'a AttributeMetadata,
    base_place: Ordinal,
    base: &'a AttributeMetadata,
}

/// What a unit of base currency costs, and how many digits after the point amounts have.
struct Rate {
    value: Decimal,
    precision: MoneyPrecision,
}

fn fill(ctx: &mut Context) -> Result<(), Fault> {
    let Some(row) = Row::of(ctx).filter(Row::is_concerned) else { return Ok(()) };
    let currency = match row.currency()? {
        Some(currency) => currency,
        None => default_currency(ctx)?.into(),
    };
    let rate = match currency.as_lookup() {
        Some(it) if it.entity == "transactioncurrency" => {
            price_list::check(ctx, &row.after, it)?;
            Some(Rate::read(ctx, it)?)
        }
        None if currency.is_null() => None,
        Some(_) | None => return Ok(()), // The main operation refuses it.
    };
    let rate_value = rate.as_ref().map(|it| it.value);
    let target = ctx.target_mut()?;
    for (name, value) in CURRENCY.into_iter().zip([currency, rate_value.into()]) {
        row.correct(target, target.metadata().find(name)?, value);
    }
    for amount in amounts(row.after.metadata()) {
        if let Some(worth) = amount.worth(row.after.at(amount.place), rate.as_ref())? {
            row.correct(target, amount.base_place, worth);
        }
    }
    Ok(())
}

fn amounts(entity: &EntityMetadata) -> impl Iterator<Item = Amount<'_>> {
    entity.attributes().filter_map(|(base_place, base)| {
        let AttributeType::Money { base_of: Some(name), .. } = &base.kind else { return None };
        let place = entity.ordinal(name)?;
        Some(Amount { place, attribute: entity.attribute_at(place)?, base_place, base })
    })
}

/// The currency of the user who acts, else the base currency (C-80). The users that every engine has are of
/// the organization, and have its currency.
fn default_currency(ctx: &Context) -> Result<EntityReference, Fault> {
    let base = EntityReference::new("transactioncurrency", BASE_CURRENCY);
    if is_bootstrapped(ctx.user()) || !knows(ctx, "systemuser", &["transactioncurrencyid"]) {
        return Ok(base);
    }
    let user = Query::new("systemuser")
        .select(["transactioncurrencyid"])
        .equal("systemuserid", ctx.user())
        .top(1);
    let found = ctx.service().retrieve_multiple(user)?.records;
    let own = found.first().and_then(|it| it.get("transactioncurrencyid")?.as_lookup().cloned());
    Ok(own.unwrap_or(base))
}

impl Row {
    /// `None` where the catalog has no currencies.
    fn of(ctx: &Context) -> Option<Self> {
        ctx.catalog().entity("transactioncurrency").ok()?;
        let sent = ctx.target()?.clone();
        let before = ctx.pre_image().map(|it| it.to_record());
        let is_new = before.is_none();
        let mut after = before.unwrap_or_else(|| Record::new(sent.metadata()));
        after.merge(&sent);
        Some(Self { sent, after, is_new })
    }

    /// Whether the rate is asked for: with any amount, with the currency or the price list that has one, and
    /// with the state (C-81).
    fn is_concerned(&self) -> bool {
        let changes_state = self.sent.has("statecode") || self.sent.has("statuscode");
        self.sent.has("transactioncurrencyid")
            || self.sent.has("pricelevelid")
            || amounts(self.sent.metadata()).any(|it| self.sent.at(it.place).is_some())
            || changes_state && self.after.has("transactioncurrencyid")
    }

    /// The currency; `None` where there are amounts and nobody said in which. Null where there is no amount.
    fn currency(&self) -> Result<Option<Value>, Fault> {
        if let Some(currency) = self.after.get("transactioncurrencyid") {
            return Ok(Some(currency.clone()));
        }
        if !amounts(self.after.metadata()).any(|it| self.after.at(it.place).is_some()) {
            return Ok(Some(Value::Null));
        }
        if !self.is_new && self.sent.has("transactioncurrencyid") {
            let reason = "the currency cannot be cleared while the record has amounts in it";
            return Err(Fault::reject_as(platform::CURRENCY_MISSING, "currency.missing", reason)); // C-84
        }
        Ok(None)
    }

    /// Writes what is not so already.
    fn correct(&self, target: &mut Record, place: Ordinal, value: Value) {
        if self.after.at(place).unwrap_or(&Value::Null) != &value {
            target.put(place, value);
        }
    }
}

impl Rate {
    fn read(ctx: &Context, currency: &EntityReference) -> Result<Self, Fault> {
        let (mut value, mut digits) = (Decimal::ONE, DEFAULT_PRECISION);
        // The rate of the base currency never changes (C-82), so that nobody needs to read it.
        if currency.id != BASE_CURRENCY {
            let record =
                ctx.service().retrieve_columns(currency, ["currencyprecision", "exchangerate"])?;
            value = record.get("exchangerate").and_then(Value::as_decimal).unwrap_or(value);
            let own = record.get("currencyprecision").and_then(Value::as_whole_number);
            digits = own.and_then(|it| it.try_into().ok()).unwrap_or(digits);
        }
        let organization = ctx.settings().pricing_decimal_precision;
        Ok(Self { value, precision: MoneyPrecision { organization, currency: digits } })
    }
}

impl Amount<'_> {
    /// The worth in base currency; null for nothing. `None` where the amount is none, which the main
    /// operation refuses.
    fn worth(&self, amount: Option<&Value>, rate: Option<&Rate>) -> Result<Option<Value>, Fault> {
        let (Some(amount), Some(rate)) = (amount, rate) else { return Ok(Some(Value::Null)) };
        // What is worth something is the amount as it will be stored, rounded.
        let Ok(amount) = check_value(amount.clone(), self.attribute, rate.precision) else {
            return Ok(None);
        };
        let AttributeType::Money { min, max, precision, .. } = &self.base.kind else {
            return Ok(None);
        };
        let worth = amount.as_decimal().unwrap_or_default().checked_div(rate.value);
        let worth = worth.ok_or_else(|| self.too_much())?;
        let worth =
            worth.round_dp_with_strategy(*precision, RoundingStrategy::MidpointAwayFromZero);
        if *max < worth {
            return Err(self.too_much());
        }
        if worth < *min {
            return Err(self.too_little());
        }
        Ok(Some(worth.into()))
    }

    fn too_much(&self) -> Fault {
        let reason = format!("`{}` is more than can be told in base currency", self.name());
        Fault::reject_as(platform::BASE_CURRENCY_OVERFLOW, "currency.overflow", reason) // C-83
    }

    fn too_little(&self) -> Fault {
        let reason = format!("`{}` is less than can be told in base currency", self.name());
        Fault::reject_as(platform::BASE_CURRENCY_UNDERFLOW, "currency.underflow", reason) // C-83
    }

    fn name(&self) -> &str {
        &self.attribute.logical_name
    }
}
