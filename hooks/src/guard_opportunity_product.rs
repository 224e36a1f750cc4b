//! A line of an opportunity names a product, or describes one that no list has: not both (O-43).

use rulegate::error::platform;
use rulegate::{Context, Fault, Message, Stage, Step};

use crate::{AFTER_RULES, has};

/// The product, and the words for one that no list has.
const PRODUCT: [&str; 2] = ["productdescription", "productid"];

pub(crate) fn steps() -> [Step; 2] {
    let step = |message| {
        Step::on(message, "opportunityproduct")
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .only_for(has(&PRODUCT))
            .described("Refuses a line that names a product and describes one.")
            .run("opportunity-product", guard)
    };
    [step(Message::Create), step(Message::Update).filtering(PRODUCT).pre_image(PRODUCT)]
}

fn guard(ctx: &mut Context) -> Result<(), Fault> {
    if PRODUCT.iter().any(|it| ctx.after(it).is_none()) {
        return Ok(());
    }
    let reason = "a line names a product or describes one, and this does both";
    let (number, code) = (platform::BOTH_PRODUCT_AND_DESCRIPTION, "opportunity-product.both");
    Err(Fault::reject_as(number, code, reason))
}
