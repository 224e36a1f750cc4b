//! An opportunity is won and lost by *win* and *lose* alone (O-12), and reopened once (O-13).

use rulegate::error::platform;
use rulegate::message::Request;
use rulegate::metadata::EntityMetadata;
use rulegate::{Context, Fault, Message, Record, Stage, Step, Value};

use crate::opportunity::{LOST, OPEN, WON, state_name, state_of};
use crate::{AFTER_RULES, has};

const STATE: [&str; 2] = ["statecode", "statuscode"];

pub(crate) fn steps() -> [Step; 2] {
    [
        Step::on(Message::Update, "opportunity")
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .filtering(STATE)
            .pre_image(STATE)
            .only_for(has(&STATE))
            .described("Refuses to win or lose an opportunity but by Win and Lose.")
            .run("opportunity-state", guard),
        Step::on(Message::SetState, "opportunity")
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .pre_image(STATE)
            .only_for(has(&STATE))
            .described("Refuses to reopen an opportunity that is open.")
            .run("opportunity-reopen", refuse_open),
    ]
}

fn guard(ctx: &mut Context) -> Result<(), Fault> {
    let Some(target) = ctx.target() else { return Ok(()) };
    let Some(state) = state_after(target).filter(|it| *it != OPEN) else { return Ok(()) };
    let before = ctx.pre_image().and_then(|it| it.get("statecode"));
    if before.and_then(Value::as_choice) == Some(state) || is_closed_by(ctx, message_for(state)) {
        return Ok(());
    }
    Err(use_message(target.metadata(), state))
}

/// The state that the update leads to: the one it carries, else the one of its status reason (C-70).
fn state_after(target: &Record) -> Option<i32> {
    let state = target.get("statecode").and_then(Value::as_choice);
    state.or_else(|| state_of(target.metadata(), target.get("statuscode")?))
}

fn message_for(state: i32) -> &'static str {
    match state {
        WON => "Win",
        LOST => "Lose",
        _ => "",
    }
}

/// Whether the main operation of that message sent this update. Around an update stands a wrapper (P-65),
/// and around the wrapper whoever sent it.
fn is_closed_by(ctx: &Context, message: &str) -> bool {
    let sender = ctx.parent().and_then(|wrapper| wrapper.parent());
    sender.is_some_and(|it| it.message().name() == message && it.stage() == Stage::MainOperation)
}

fn use_message(entity: &EntityMetadata, state: i32) -> Fault {
    let name = state_name(entity, state);
    let reason = match message_for(state) {
        "" => format!("the state of an opportunity cannot be set to {name}"),
        message => format!(
            "the state of an opportunity cannot be set to {name}; use the {message} message instead"
        ),
    };
    Fault::reject_as(
        platform::CANNOT_USE_OPPORTUNITY_SET_STATE,
        "opportunity.use-win-or-lose",
        reason,
    )
}

/// An open opportunity can get another status reason, but not what it has.
fn refuse_open(ctx: &mut Context) -> Result<(), Fault> {
    let Request::SetState(request) = ctx.request() else { return Ok(()) };
    let now = |name| ctx.pre_image().and_then(|it| it.get(name)).and_then(Value::as_choice);
    let is_open = request.state == OPEN && now("statecode") == Some(OPEN);
    if is_open && request.status.is_none_or(|it| now("statuscode") == Some(it)) {
        let reason = "the opportunity is open already";
        return Err(Fault::reject_as(
            platform::OPPORTUNITY_ALREADY_IN_OPEN_STATE,
            "opportunity.already-open",
            reason,
        ));
    }
    Ok(())
}
