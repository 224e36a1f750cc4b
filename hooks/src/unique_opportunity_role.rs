//! A customer plays a part in an opportunity once (O-54, O-55).

use rulegate::error::platform;
use rulegate::{Context, Fault, Message, OrganizationService, Query, Stage, Step, Value};

use crate::{AFTER_RULES, has};

/// What tells two rows apart. No role is a role of its own (O-55).
const KEY: [&str; 3] = ["customerid", "opportunityid", "opportunityroleid"];

pub(crate) fn steps() -> [Step; 2] {
    let step = |message| {
        Step::on(message, "customeropportunityrole")
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .only_for(has(&KEY))
            .described("Refuses a second row of the same customer, opportunity and role.")
            .run("opportunity-role-unique", refuse_second)
    };
    [step(Message::Create), step(Message::Update).filtering(KEY).pre_image(KEY)]
}

fn refuse_second(ctx: &mut Context) -> Result<(), Fault> {
    let own = ctx.primary_id();
    let Some(query) = same_key(ctx) else { return Ok(()) };
    let found = ctx.service().retrieve_multiple(query)?.records;
    if found.iter().all(|it| it.id() == own) {
        return Ok(());
    }
    let reason = "Customer opportunity role exists.";
    Err(Fault::reject_as(
        platform::CUSTOMER_OPPORTUNITY_ROLE_EXISTS,
        "opportunity-role.exists",
        reason,
    ))
}

/// The rows of the same key: two of them at most, the own one and another. `None` where the key does not
/// change, or lacks what a row must have, which the main operation refuses.
fn same_key(ctx: &Context) -> Option<Query> {
    let before = |name| ctx.pre_image().and_then(|it| it.get(name));
    if ctx.pre_image().is_some() && KEY.iter().all(|it| ctx.after(it) == before(it)) {
        return None;
    }
    let [customer, opportunity, role] = KEY.map(|it| ctx.after(it).and_then(Value::as_lookup));
    let query = Query::new("customeropportunityrole")
        .select(KEY)
        .equal("customerid", customer?)
        .equal("opportunityid", opportunity?)
        .equal("opportunityroleid", role.cloned());
    Some(query.top(2))
}
