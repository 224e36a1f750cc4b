//! The parts that customers play in an opportunity show its state and status (O-56).

use rulegate::{
    Context, EntityReference, Fault, Message, OrganizationService, Query, Record, Stage, Step,
    Value,
};

use crate::{AFTER_RULES, BEFORE_RULES, has, knows};

const STATE: [&str; 2] = ["statecode", "statuscode"];
const MIRROR: [&str; 2] = ["opportunitystatecode", "opportunitystatuscode"];

pub(crate) fn steps() -> [Step; 3] {
    let mirror = |message| {
        Step::on(message, "customeropportunityrole")
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .only_for(has(&["opportunityid", "opportunitystatecode", "opportunitystatuscode"]))
            .described("Copies state and status of the opportunity into the row.")
            .run("opportunity-role-state", mirror)
    };
    [
        mirror(Message::Create),
        mirror(Message::Update).filtering(["opportunityid"]),
        Step::on(Message::Update, "opportunity")
            .at(Stage::PostOperation)
            .rank(BEFORE_RULES)
            .filtering(STATE)
            .post_image(STATE)
            .only_for(has(&STATE))
            .described("Has the rows of an opportunity copy its new state and status.")
            .run("opportunity-role-refresh", refresh),
    ]
}

/// Callers cannot write these attributes; a step can (C-54).
fn mirror(ctx: &mut Context) -> Result<(), Fault> {
    let opportunity = ctx.after("opportunityid").and_then(Value::as_lookup).cloned();
    let Some(opportunity) = opportunity.filter(|it| it.entity == "opportunity") else {
        return Ok(()); // The main operation refuses it.
    };
    let opportunity = ctx.service().retrieve_columns(&opportunity, STATE)?;
    for (own, theirs) in MIRROR.into_iter().zip(STATE) {
        ctx.target_mut()?.set(own, number(opportunity.get(theirs)))?;
    }
    Ok(())
}

/// Sends each row an update of its opportunity, unchanged: that makes it look again.
fn refresh(ctx: &mut Context) -> Result<(), Fault> {
    let Some(image) = ctx.post_image() else { return Ok(()) };
    let Some(opportunity) = image.reference() else { return Ok(()) };
    let now = STATE.map(|it| number(image.get(it)));
    for row in rows(ctx, &opportunity)? {
        let shown = MIRROR.map(|it| row.get(it).cloned().unwrap_or(Value::Null));
        if let Some(row) = row.reference().filter(|_| shown != now) {
            let service = ctx.service();
            service.update(service.change(&row)?.with("opportunityid", &opportunity)?)?;
        }
    }
    Ok(())
}

fn rows(ctx: &Context, opportunity: &EntityReference) -> Result<Vec<Record>, Fault> {
    let entity = "customeropportunityrole";
    if !knows(ctx, entity, &MIRROR) {
        return Ok(Vec::new());
    }
    let query = Query::new(entity).select(MIRROR).equal("opportunityid", opportunity);
    Ok(ctx.service().retrieve_multiple(query)?.records)
}

/// An option as the whole number that the mirror holds.
fn number(option: Option<&Value>) -> Value {
    option.and_then(Value::as_choice).into()
}
