//! An opportunity has a customer, where the embedder wants it so (O-30, O-31).

use rulegate::error::platform;
use rulegate::{Context, Fault, Message, Stage, Step};

use crate::{AFTER_RULES, has};

pub(crate) fn steps() -> [Step; 2] {
    let step = |message| {
        Step::on(message, "opportunity")
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .only_for(has(&["customerid"]))
            .described("Refuses an opportunity without a customer.")
            .run("strict-parent", guard)
    };
    let update = step(Message::Update).filtering(["customerid"]).pre_image(["customerid"]);
    [step(Message::Create), update]
}

fn guard(ctx: &mut Context) -> Result<(), Fault> {
    if ctx.after("customerid").is_some() {
        return Ok(());
    }
    let reason = "an opportunity belongs to an account or a contact";
    let (number, code) = (platform::OPPORTUNITY_MISSING_PARENT, "opportunity.missing-parent");
    Err(Fault::reject_as(number, code, reason))
}
