//! Win and Lose (M-7 to M-9, O-9 to O-29).

use chrono::NaiveDate;
use rulegate::message::{Custom, Parameter, Parameters};
use rulegate::{
    Context, Engine, EntityReference, Fault, Message, OrganizationService, Stage, Step, Value,
};
use uuid::Uuid;

use super::*;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
}

fn estimated(engine: &Engine, value: i64) -> EntityReference {
    create(engine, "opportunity", [("name", "Deal".into()), ("estimatedvalue", value.into())])
}

fn the_close(engine: &Engine) -> Record {
    let found = engine.retrieve_multiple(Query::new("opportunityclose")).unwrap();
    <[Record; 1]>::try_from(found.records).unwrap()[0].clone()
}

fn quote(engine: &Engine, opportunity: &EntityReference) -> EntityReference {
    let values = [
        ("name", "Offer".into()),
        ("opportunityid", opportunity.into()),
        ("quotenumber", "QUO-1".into()),
        ("revisionnumber", 0.into()),
    ];
    create(engine, "quote", values)
}

#[test]
fn a_won_opportunity_is_worth_what_the_caller_says() {
    // O-19.
    let engine = support::shipped();
    let deal = estimated(&engine, 1_000);
    let end = day(3).and_hms_opt(14, 30, 0).unwrap().and_utc();
    let close = close_of(&engine, &deal).with("actualrevenue", 900).unwrap();

    engine.call(closing("Win", close.with("actualend", end).unwrap(), STATUS_WON)).unwrap();

    assert_eq!(value(&engine, &deal, "actualvalue").as_decimal(), Some(900.into()));
    assert_eq!(value(&engine, &deal, "actualclosedate"), day(3).into());
}

#[test]
fn a_won_opportunity_keeps_the_revenue_that_it_had() {
    // O-18: the estimate is the default, no more.
    let engine = support::shipped();
    let deal = estimated(&engine, 1_000);
    update(&engine, &deal, [("actualvalue", 800.into())]).unwrap();

    win(&engine, &deal).unwrap();

    assert_eq!(value(&engine, &deal, "actualvalue").as_decimal(), Some(800.into()));
}

#[test]
fn a_lost_opportunity_is_not_worth_its_estimate() {
    // O-20.
    let engine = support::shipped();
    let deal = estimated(&engine, 1_000);

    lose(&engine, &deal).unwrap();

    assert_eq!(state(&engine, &deal), [LOST, CANCELED]);
    assert_eq!(value(&engine, &deal, "actualvalue"), Value::Null);
    assert_eq!(value(&engine, &deal, "actualclosedate"), day(15).into());
}

#[test]
fn a_lost_opportunity_is_worth_what_the_caller_says() {
    // O-19.
    let engine = support::shipped();
    let deal = estimated(&engine, 1_000);
    let close = close_of(&engine, &deal).with("actualrevenue", 100).unwrap();

    engine.call(closing("Lose", close, OUT_SOLD)).unwrap();

    assert_eq!(state(&engine, &deal), [LOST, OUT_SOLD]);
    assert_eq!(value(&engine, &deal, "actualvalue").as_decimal(), Some(100.into()));
}

#[test]
fn closing_leaves_a_completed_activity_with_what_the_caller_sent() {
    // O-10, O-21, C-68.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    let close = close_of(&engine, &deal).with("subject", "Signed").unwrap();

    engine.call(closing("Win", close, STATUS_WON)).unwrap();

    let close = the_close(&engine);
    assert_eq!(close.get("opportunityid"), Some(&(&deal).into()));
    assert_eq!(close.get("subject"), Some(&"Signed".into()));
    assert_eq!(close.get("statecode").and_then(Value::as_choice), Some(1));
    assert_eq!(close.get("statuscode").and_then(Value::as_choice), Some(2));
}

#[test]
fn the_activity_counts_its_revenue_in_the_currency_of_the_opportunity() {
    let engine = support::shipped();
    let euro = currencies::currency(&engine, "EUR", 2);
    let deal = create(&engine, "opportunity", [("transactioncurrencyid", (&euro).into())]);
    let close = close_of(&engine, &deal).with("actualrevenue", 100).unwrap();

    engine.call(closing("Win", close, STATUS_WON)).unwrap();

    let close = the_close(&engine);
    assert_eq!(close.get("transactioncurrencyid"), Some(&euro.into()));
    assert_eq!(close.get("actualrevenue_base").and_then(Value::as_decimal), Some(50.into()));
}

#[test]
fn an_activity_that_is_created_directly_is_open_and_closes_nothing() {
    // O-27, O-28.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    engine.create(close_of(&engine, &deal)).unwrap();

    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
    assert_eq!(the_close(&engine).get("statecode").and_then(Value::as_choice), Some(0));
}

#[test]
fn an_activity_can_be_created_completed() {
    // C-68.
    let engine = support::shipped();
    let close = close_of(&engine, &opportunity(&engine)).with("statuscode", 2).unwrap();

    engine.create(close).unwrap();

    assert_eq!(the_close(&engine).get("statecode").and_then(Value::as_choice), Some(1));
}

#[test]
fn a_closed_opportunity_cannot_be_closed_again() {
    // O-14.
    let engine = support::shipped();
    let (won, lost) = (opportunity(&engine), opportunity(&engine));
    win(&engine, &won).unwrap();
    lose(&engine, &lost).unwrap();

    for again in [win(&engine, &won), lose(&engine, &won), win(&engine, &lost)] {
        assert_eq!(refusal(again), refused(0x8004_0515, "opportunity.already-closed"));
    }
    assert_eq!(count(&engine, "opportunityclose"), 2);
}

#[test]
fn an_opportunity_with_a_draft_or_active_quote_cannot_be_closed() {
    // O-15.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    let offer = quote(&engine, &deal);

    assert_eq!(refusal(win(&engine, &deal)), refused(0x8004_0516, "opportunity.open-quotes"));
    assert_eq!(refusal(lose(&engine, &deal)), refused(0x8004_0516, "opportunity.open-quotes"));
    engine.set_state(&offer, 1, None).unwrap();
    assert_eq!(refusal(win(&engine, &deal)), refused(0x8004_0516, "opportunity.open-quotes"));

    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
    assert_eq!(count(&engine, "opportunityclose"), 0);
}

#[test]
fn closed_quotes_and_those_of_others_do_not_hold_an_opportunity_open() {
    // O-15.
    let engine = support::shipped();
    let (deal, other) = (opportunity(&engine), opportunity(&engine));
    let offer = quote(&engine, &deal);
    quote(&engine, &other);
    engine.set_state(&offer, 3, None).unwrap();

    win(&engine, &deal).unwrap();

    assert_eq!(state(&engine, &deal), [WON, STATUS_WON]);
}

#[test]
fn the_status_must_belong_to_the_state() {
    // O-11: 0x80048408.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    for (message, status) in [("Win", CANCELED), ("Win", IN_PROGRESS), ("Lose", STATUS_WON)] {
        let outcome = engine.call(closing(message, close_of(&engine, &deal), status));
        assert_eq!(outcome.unwrap_err().number(), 0x8004_8408);
    }
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
    assert_eq!(count(&engine, "opportunityclose"), 0);
}

#[test]
fn a_status_of_minus_one_is_the_default_of_the_state() {
    // M-8.
    let engine = support::shipped();
    let (won, lost) = (opportunity(&engine), opportunity(&engine));

    engine.call(closing("Win", close_of(&engine, &won), DEFAULT)).unwrap();
    engine.call(closing("Lose", close_of(&engine, &lost), DEFAULT)).unwrap();

    assert_eq!(state(&engine, &won), [WON, STATUS_WON]);
    assert_eq!(state(&engine, &lost), [LOST, CANCELED]);
}

#[test]
fn both_parameters_are_mandatory() {
    // M-7, M-69.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    let without_status = Custom::new("Win").with("OpportunityClose", close_of(&engine, &deal));
    let without_close = Custom::new("Lose").with("Status", CANCELED);

    assert_eq!(engine.call(without_status).unwrap_err().number(), 0x8004_0200);
    assert_eq!(engine.call(without_close).unwrap_err().number(), 0x8004_0200);
}

#[test]
fn the_activity_must_point_at_an_opportunity_that_exists() {
    // O-23.
    let engine = support::shipped();
    let nowhere = engine.record("opportunityclose").unwrap();
    let ghost = EntityReference::new("opportunity", Uuid::from_u128(7));
    let stranger = account(&engine);

    for close in [nowhere, close_of(&engine, &ghost), close_of(&engine, &stranger)] {
        let outcome = engine.call(closing("Win", close, STATUS_WON));
        assert_eq!(refusal(outcome), refused(0x8004_3B15, "opportunity.missing-opportunity-id"));
    }
    assert_eq!(count(&engine, "opportunityclose"), 0);
}

#[test]
fn the_activity_must_be_an_opportunity_close() {
    let engine = support::shipped();
    let deal = opportunity(&engine);
    let offer = engine.record("quote").unwrap().with("opportunityid", &deal).unwrap();

    let outcome = engine.call(closing("Win", offer, STATUS_WON));

    assert_eq!(refusal(outcome), refused(0x8004_0203, "opportunity.not-an-opportunityclose"));
    assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
}

#[test]
fn callers_may_use_the_names_of_the_requests() {
    // M-1, M-9.
    let engine = support::shipped();
    let (won, lost) = (opportunity(&engine), opportunity(&engine));

    engine.call(closing("WinOpportunity", close_of(&engine, &won), STATUS_WON)).unwrap();
    engine.call(closing("LoseOpportunity", close_of(&engine, &lost), CANCELED)).unwrap();

    assert_eq!(state(&engine, &won), [WON, STATUS_WON]);
    assert_eq!(state(&engine, &lost), [LOST, CANCELED]);
}

#[test]
fn a_step_on_win_sees_the_parameters_and_no_target() {
    // O-24, O-25.
    let log = Log::default();
    let step = Step::on("Win", "opportunity").at(Stage::PostOperation).run("look", {
        let log = log.clone();
        move |ctx: &mut Context| {
            let names: Vec<&str> =
                ctx.parameters().iter().flat_map(|it| it.keys()).map(String::as_str).collect();
            log.add(names.join(" "));
            log.add(format!("target: {}", ctx.target().is_some()));
            log.add(format!("{} {}", ctx.entity(), ctx.primary_id().unwrap()));
            Ok(())
        }
    });
    let engine = shipped_with([step]);
    let deal = opportunity(&engine);

    win(&engine, &deal).unwrap();

    let aim = format!("opportunity {}", deal.id);
    assert_eq!(log.lines(), ["OpportunityClose Status", "target: false", aim.as_str()]);
}

#[test]
fn what_a_step_makes_of_the_parameters_is_what_closes() {
    //
    let step = Step::on("Win", "opportunity").run("double", |ctx: &mut Context| {
        let rulegate::Request::Custom(custom) = ctx.request_mut()? else { return Ok(()) };
        if let Some(Parameter::Record(close)) = custom.parameters.get_mut("OpportunityClose") {
            close.set("actualrevenue", 2)?;
        }
        Ok(())
    });
    let engine = shipped_with([step]);
    let deal = opportunity(&engine);

    win(&engine, &deal).unwrap();

    assert_eq!(value(&engine, &deal, "actualvalue").as_decimal(), Some(2.into()));
}

#[test]
fn win_answers_nothing() {
    // M-9: 204.
    let engine = support::shipped();
    let deal = opportunity(&engine);

    let output = engine.call(closing("Win", close_of(&engine, &deal), STATUS_WON)).unwrap();

    assert_eq!(output, Parameters::new());
}

#[test]
fn the_activity_is_created_between_the_stages_of_win() {
    // O-21, O-22.
    let log = Log::default();
    let steps = [log.steps("Win", "opportunity"), log.steps("Create", "opportunityclose")];
    let engine =
        shipped_with(steps.into_iter().flatten().chain(log.steps("Update", "opportunity")));

    win(&engine, &opportunity(&engine)).unwrap();

    assert_eq!(
        log.lines(),
        [
            "Win opportunity 10",
            "Win opportunity 20",
            "Update opportunity 10",
            "Update opportunity 20",
            "Update opportunity 40",
            "Update opportunity 20", // M-19: the state apart.
            "Update opportunity 40",
            "Create opportunityclose 10",
            "Create opportunityclose 20",
            "Create opportunityclose 40",
            "Win opportunity 40",
        ]
    );
}

#[test]
fn the_inner_update_stands_one_deeper_within_win() {
    // O-22, P-71; M-22: both parts of the update are as deep.
    let log = Log::default();
    let step = Step::on(Message::Update, "opportunity").run("look", {
        let log = log.clone();
        move |ctx: &mut Context| {
            let around = ctx.parent().and_then(|it| it.parent()).map(|it| it.message().to_string());
            log.add(format!("{} {}", ctx.depth(), around.unwrap_or_default()));
            Ok(())
        }
    });
    let engine = shipped_with([step]);

    win(&engine, &opportunity(&engine)).unwrap();

    assert_eq!(log.lines(), ["2 Win", "2 Win"]);
}

#[test]
fn a_no_after_the_closing_undoes_all_of_it() {
    // M-73, P-30.
    let no = |_: &mut Context| Err(Fault::reject_with("test.no", "no"));
    for step in [
        Step::on("Win", "opportunity").at(Stage::PostOperation).run("no", no),
        Step::on(Message::Create, "opportunityclose").at(Stage::PostOperation).run("no", no),
    ] {
        let engine = shipped_with([step]);
        let deal = estimated(&engine, 1_000);

        assert_eq!(refusal(win(&engine, &deal)), refused(0x8004_0265, "test.no"));

        assert_eq!(state(&engine, &deal), [OPEN, IN_PROGRESS]);
        assert_eq!(value(&engine, &deal, "actualvalue"), Value::Null);
        assert_eq!(count(&engine, "opportunityclose"), 0);
    }
}

#[test]
fn a_refused_closing_says_which_step_refused_it() {
    let engine = support::shipped();
    let deal = opportunity(&engine);
    win(&engine, &deal).unwrap();

    let error = win(&engine, &deal).unwrap_err();

    let step = error.step().unwrap();
    assert_eq!((step.step.as_str(), step.stage, step.depth), ("Win", 30, 1));
    assert_eq!(error.to_string(), "the opportunity is closed already; reopen it first");
}
