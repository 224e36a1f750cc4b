//! A new opportunity without a customer gets its parent account, else its parent contact (O-32).

use rulegate::{Context, Fault, Message, Stage, Step, Value};

use crate::{BEFORE_RULES, has};

pub(crate) fn step() -> Step {
    Step::on(Message::Create, "opportunity")
        .at(Stage::PreOperation)
        .rank(BEFORE_RULES)
        .only_for(has(&["customerid", "parentaccountid", "parentcontactid"]))
        .described("Gives an opportunity without a customer its parent account or contact.")
        .run("parent-customer", fill)
}

fn fill(ctx: &mut Context) -> Result<(), Fault> {
    let target = ctx.target_mut()?;
    let given = |name: &str| target.get(name).filter(|it| !it.is_null()).cloned();
    let parent: Option<Value> = given("parentaccountid").or_else(|| given("parentcontactid"));
    if given("customerid").is_none()
        && let Some(parent) = parent
    {
        target.set("customerid", parent)?;
    }
    Ok(())
}
