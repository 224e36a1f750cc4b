//! Which changes of an opportunity's state pass without Win and Lose (O-12, O-13).

use rulegate::{Context, EntityReference, Message, OrganizationService, Stage, Step, Value};

use super::*;

const USE_MESSAGE: (u32, &str) = (0x8010_0005, "opportunity.use-win-or-lose");

#[test]
fn an_update_cannot_win_or_lose_an_opportunity() {
    // O-12, C-76.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    for values in [
        vec![("statecode", WON.into())],
        vec![("statecode", LOST.into()), ("statuscode", CANCELED.into())],
        vec![("statuscode", STATUS_WON.into())],
        vec![("name", "Mine".into()), ("statuscode", OUT_SOLD.into())],
    ] {
        let outcome = update(&engine, &deal, values);
        assert_eq!(refusal(outcome), refused(USE_MESSAGE.0, USE_MESSAGE.1));
    }
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
    assert_eq!(value(&engine, &deal, "name"), "200 licences".into());
}

#[test]
fn setting_the_state_cannot_win_or_lose_an_opportunity() {
    // O-12.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    let won = engine.set_state(&deal, WON, Some(STATUS_WON));
    let lost = engine.set_state(&deal, LOST, None);

    assert_eq!(refusal(won), refused(USE_MESSAGE.0, USE_MESSAGE.1));
    let lost = lost.unwrap_err();
    assert_eq!(lost.number(), USE_MESSAGE.0);
    assert_eq!(
        lost.to_string(),
        "the state of an opportunity cannot be set to Lost; use the Lose message instead"
    );
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
}

#[test]
fn a_rule_cannot_win_an_opportunity_by_its_target() {
    // O-12: the guard stands behind all rules.
    let values = [("statecode", Value::Choice(WON)), ("statuscode", Value::Choice(STATUS_WON))];
    let engine = shipped_with([writing(Message::Update, "opportunity", values)]);
    let deal = opportunity(&engine);

    let outcome = update(&engine, &deal, [("statecode", OPEN.into())]);

    assert_eq!(refusal(outcome), refused(USE_MESSAGE.0, USE_MESSAGE.1));
}

#[test]
fn a_rule_cannot_turn_a_win_into_a_loss() {
    // O-12: Win may set Won, and nothing else.
    let values = [("statecode", Value::Choice(LOST)), ("statuscode", Value::Choice(CANCELED))];
    let engine = shipped_with([writing(Message::Update, "opportunity", values)]);
    let deal = opportunity(&engine);

    assert_eq!(refusal(win(&engine, &deal)), refused(USE_MESSAGE.0, USE_MESSAGE.1));
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
}

#[test]
fn a_step_on_win_cannot_set_the_state_itself() {
    // O-12: only the main operation of Win sets it.
    let step =
        Step::on("Win", "opportunity").at(Stage::PreOperation).run("hasty", |ctx: &mut Context| {
            let deal = EntityReference::new("opportunity", ctx.primary_id().unwrap_or_default());
            let service = ctx.service();
            service.update(service.change(&deal)?.with("statecode", WON)?)?;
            Ok(())
        });
    let engine = shipped_with([step]);
    let deal = opportunity(&engine);

    assert_eq!(refusal(win(&engine, &deal)), refused(USE_MESSAGE.0, USE_MESSAGE.1));
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
}

#[test]
fn an_open_opportunity_gets_another_status_reason() {
    // O-12: on hold is open.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    update(&engine, &deal, [("statuscode", ON_HOLD.into())]).unwrap();
    assert_eq!(state(&engine, &deal), [OPEN, ON_HOLD]);

    engine.set_state(&deal, OPEN, Some(IN_PROGRESS)).unwrap();
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
}

#[test]
fn a_lost_opportunity_gets_another_reason() {
    // O-12: the state stays.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    lose(&engine, &deal).unwrap();

    update(&engine, &deal, [("statuscode", OUT_SOLD.into())]).unwrap();

    assert_eq!(state(&engine, &deal), [LOST, OUT_SOLD]);
}

#[test]
fn a_lost_opportunity_cannot_be_turned_into_a_won_one() {
    // O-12, O-14.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    lose(&engine, &deal).unwrap();

    let outcome = update(&engine, &deal, [("statecode", WON.into())]);

    assert_eq!(refusal(outcome), refused(USE_MESSAGE.0, USE_MESSAGE.1));
    assert_eq!(state(&engine, &deal), [LOST, CANCELED]);
}

#[test]
fn a_closed_opportunity_can_be_reopened_and_closed_again() {
    // O-13.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    win(&engine, &deal).unwrap();

    engine.set_state(&deal, OPEN, Some(ON_HOLD)).unwrap();
    assert_eq!(state(&engine, &deal), [OPEN, ON_HOLD]);
    lose(&engine, &deal).unwrap();
    update(&engine, &deal, [("statecode", OPEN.into())]).unwrap();
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
    win(&engine, &deal).unwrap();

    assert_eq!(state(&engine, &deal), [WON, STATUS_WON]);
    assert_eq!(count(&engine, "opportunityclose"), 3);
}

#[test]
fn an_open_opportunity_cannot_be_reopened() {
    // O-13: 0x8004051A.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    for status in [None, Some(IN_PROGRESS)] {
        let outcome = engine.set_state(&deal, OPEN, status);
        assert_eq!(refusal(outcome), refused(0x8004_051A, "opportunity.already-open"));
    }
}

#[test]
fn a_closed_opportunity_can_be_changed_otherwise() {
    // O-17.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    win(&engine, &deal).unwrap();

    // M-29: forms send the state along, unchanged.
    update(&engine, &deal, [("name", "Won".into()), ("statecode", WON.into())]).unwrap();

    assert_eq!(value(&engine, &deal, "name"), "Won".into());
    assert_eq!(state(&engine, &deal), [WON, STATUS_WON]);
}
