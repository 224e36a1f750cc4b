//! What has a price list is in its currency (O-34).

use rulegate::error::platform;
use rulegate::{Context, EntityReference, Fault, OrganizationService, Record, Value};

use crate::knows;

/// Refuses where the price list of the record is in another currency. One that has none goes with any.
pub(crate) fn check(ctx: &Context, record: &Record, own: &EntityReference) -> Result<(), Fault> {
    let list = record.get("pricelevelid").and_then(Value::as_lookup);
    let Some(list) = list.filter(|_| knows(ctx, "pricelevel", &["transactioncurrencyid"])) else {
        return Ok(());
    };
    let list = ctx.service().retrieve_columns(list, ["transactioncurrencyid"])?;
    match list.get("transactioncurrencyid").and_then(Value::as_lookup) {
        Some(other) if other != own => {
            let number = platform::CURRENCY_DIFFERS_FROM_PRICE_LIST;
            let reason = "the price list is in another currency than the record";
            Err(Fault::reject_as(number, "currency.price-list", reason))
        }
        _ => Ok(()),
    }
}
