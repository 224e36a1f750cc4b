//! An opportunity keeps its currency once it has products, quotes or orders (O-33).

use rulegate::error::platform;
use rulegate::{
    Context, EntityReference, Fault, Message, OrganizationService, Query, Stage, Step, Value,
};

use crate::{AFTER_RULES, has, knows};

/// The entities whose amounts are in the currency of their opportunity.
const CHILDREN: [&str; 3] = ["opportunityproduct", "quote", "salesorder"];

pub(crate) fn step() -> Step {
    Step::on(Message::Update, "opportunity")
        .at(Stage::PreOperation)
        .rank(AFTER_RULES)
        .filtering(["transactioncurrencyid"])
        .pre_image(["transactioncurrencyid"])
        .only_for(has(&["transactioncurrencyid"]))
        .described(
            "Refuses another currency for an opportunity that has products, quotes or orders.",
        )
        .run("opportunity-currency", guard)
}

fn guard(ctx: &mut Context) -> Result<(), Fault> {
    let Some(image) = ctx.pre_image() else { return Ok(()) };
    let before = image.get("transactioncurrencyid").and_then(Value::as_lookup);
    let after = ctx.after("transactioncurrencyid").and_then(Value::as_lookup);
    let (Some(before), Some(opportunity)) = (before, image.reference()) else { return Ok(()) };
    if after == Some(before) {
        return Ok(());
    }
    for child in CHILDREN {
        if has_child(ctx, child, &opportunity)? {
            let reason =
                format!("the currency cannot change while the opportunity has a `{child}`");
            return Err(Fault::reject_as(
                platform::CANNOT_UPDATE_OPPORTUNITY_CURRENCY,
                "opportunity.currency-in-use",
                reason,
            ));
        }
    }
    Ok(())
}

fn has_child(ctx: &Context, entity: &str, opportunity: &EntityReference) -> Result<bool, Fault> {
    if !knows(ctx, entity, &["opportunityid"]) {
        return Ok(false);
    }
    let query = Query::new(entity).select(["opportunityid"]).equal("opportunityid", opportunity);
    Ok(!ctx.service().retrieve_multiple(query.top(1))?.records.is_empty())
}
