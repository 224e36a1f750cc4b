//! An activity that tells of a closing can be born completed: its state follows its status (C-68).

use rulegate::{Context, Fault, Message, Stage, Step, Value};

use crate::opportunity::state_of;
use crate::{AFTER_RULES, has};

pub(crate) fn step() -> Step {
    Step::on(Message::Create, "opportunityclose")
        .at(Stage::PreOperation)
        .rank(AFTER_RULES)
        .only_for(has(&["statecode", "statuscode"]))
        .described("Lets an opportunity close start in the state of its status reason.")
        .run("opportunity-close-state", follow_status)
}

fn follow_status(ctx: &mut Context) -> Result<(), Fault> {
    let target = ctx.target_mut()?;
    let status = target.get("statuscode");
    if let Some(state) = status.and_then(|it| state_of(target.metadata(), it)) {
        target.set("statecode", Value::Choice(state))?;
    }
    Ok(())
}
