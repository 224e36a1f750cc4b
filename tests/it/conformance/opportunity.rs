//! Opportunities: how they are won and lost, and the parts that customers play in them.

use rulegate::Error;
use rulegate::message::Custom;

use super::*;

const WON: i32 = 3;
const CANCELED: i32 = 4;
const ROLE: &str = "customeropportunityrole";

/// Win or Lose, with an activity that points at the opportunity.
fn close(
    engine: &Engine,
    message: &str,
    (deal, status): (&EntityReference, i32),
) -> Result<(), Error> {
    let close = record(engine, "opportunityclose", [("opportunityid", deal.into())]);
    let closing = Custom::new(message).with("OpportunityClose", close);
    engine.call(closing.with("Status", Value::Choice(status))).map(drop)
}

fn win(engine: &Engine, deal: &EntityReference) -> Result<(), Error> {
    close(engine, "Win", (deal, WON))
}

/// The part of a customer in an opportunity.
fn role_in<const N: usize>(
    engine: &Engine,
    deal: &EntityReference,
    values: [(&str, Value); N],
) -> Record {
    let customer = create(engine, "account", [("name", "Acme".into())]);
    let role = record(engine, ROLE, values).with("customerid", customer).unwrap();
    role.with("opportunityid", deal).unwrap()
}

/// A step at each stage that writes down where it ran.
fn told<'a>(log: &'a Log, message: &'a str, entity: &'a str) -> impl Iterator<Item = Step> + 'a {
    Stage::ALL.into_iter().map(move |stage| {
        let line = format!("{message} {entity} {}", stage.number());
        Step::on(message, entity).at(stage).run(line.clone(), log.hook(move |_| line.clone()))
    })
}

/// Given an estimate of 1000, when the opportunity is won without a revenue, it is worth the estimate and
/// was closed today.
#[test]
fn t_153_a_won_opportunity_is_worth_its_estimate_and_closed_today() {
    // O-18, O-19
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", [("estimatedvalue", 1_000.into())]);

        win(&engine, &deal).unwrap();

        let worth = stored(&engine, &deal, "actualvalue").and_then(|it| it.as_decimal());
        assert_eq!(worth, Some(1_000.into()));
        let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 15).unwrap();
        assert_eq!(stored(&engine, &deal, "actualclosedate"), Some(today.into()));
    });
}

/// Given a won opportunity, when it is won again, that is refused.
#[test]
fn t_154_a_closed_opportunity_cannot_be_closed_again() {
    // O-14
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", []);
        win(&engine, &deal).unwrap();

        let again = win(&engine, &deal);

        assert_eq!(again.unwrap_err().number(), 0x8004_0515);
        assert_eq!(count(&engine, "opportunityclose"), 1);
    });
}

/// Given a quote that is a draft, when its opportunity is won, that is refused.
#[test]
fn t_155_an_opportunity_with_a_draft_quote_cannot_be_closed() {
    // O-15
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", []);
        let quote = [
            ("name", "Offer".into()),
            ("opportunityid", (&deal).into()),
            ("quotenumber", "QUO-1".into()),
            ("revisionnumber", 0.into()),
        ];
        create(&engine, "quote", quote);

        let outcome = win(&engine, &deal);

        assert_eq!(outcome.unwrap_err().number(), 0x8004_0516);
        assert_eq!(stored(&engine, &deal, "statecode"), Some(Value::Choice(0)));
    });
}

/// Given a step on Win, when an opportunity is won, the step sees both parameters, and no target.
#[test]
fn t_157_a_step_on_win_sees_the_parameters_and_no_target() {
    // O-24
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| {
            let names = ctx.parameters().unwrap().keys().cloned().collect::<Vec<_>>();
            format!("{}, target: {}", names.join(" "), ctx.target().is_some())
        };
        let step = Step::on("Win", "opportunity").at(Stage::PostOperation);
        let engine = given.sales([step.run("see", log.hook(see))]);
        let deal = create(&engine, "opportunity", []);

        win(&engine, &deal).unwrap();

        assert_eq!(log.take(), ["OpportunityClose Status, target: false"]);
    });
}

/// Given steps on Win, when an opportunity is lost, they do not run.
#[test]
fn t_158_steps_on_win_do_not_run_when_it_is_lost() {
    // M-1, O-24
    on_every_store(|given| {
        let log = Log::default();
        let steps = told(&log, "Win", "opportunity").chain(told(&log, "Lose", "opportunity"));
        let engine = given.sales(steps);
        let deal = create(&engine, "opportunity", []);

        close(&engine, "LoseOpportunity", (&deal, CANCELED)).unwrap();

        let lost = ["Lose opportunity 10", "Lose opportunity 20", "Lose opportunity 40"];
        assert_eq!(log.take(), lost);
    });
}

/// When the activity of a Win points at no opportunity, it is refused.
#[test]
fn t_159_the_activity_must_point_at_an_opportunity() {
    // O-23
    on_every_store(|given| {
        let engine = given.sales([]);
        let nowhere = engine.record("opportunityclose").unwrap();

        let closing = Custom::new("Win").with("OpportunityClose", nowhere);
        let outcome = engine.call(closing.with("Status", Value::Choice(WON)));

        assert_eq!(outcome.unwrap_err().number(), 0x8004_3B15);
    });
}

/// Given a customer with a role in an opportunity, when the same is created again, that is refused.
#[test]
fn t_161_a_customer_plays_a_role_once() {
    // O-54
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", []);
        let decider = create(&engine, "relationshiprole", [("name", "Decider".into())]);
        let role = role_in(&engine, &deal, [("opportunityroleid", decider.into())]);
        engine.create(role.clone()).unwrap();

        let error = engine.create(role).unwrap_err();

        assert_eq!(error.number(), 0x8004_8202);
        assert_eq!(error.to_string(), "Customer opportunity role exists.");
        assert_eq!(count(&engine, ROLE), 1);
    });
}

/// Given the parts of customers, when their opportunity is won, they show its state.
#[test]
fn t_162_parts_show_the_state_of_their_opportunity() {
    // O-56
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", []);
        let role = engine.create(role_in(&engine, &deal, [])).unwrap();

        win(&engine, &deal).unwrap();

        assert_eq!(stored(&engine, &role, "opportunitystatecode"), Some(1.into()));
        assert_eq!(stored(&engine, &role, "opportunitystatuscode"), Some(WON.into()));
    });
}

/// When a part is created with a state of its own, that is ignored: it shows the state of its opportunity.
#[test]
fn t_163_callers_cannot_write_the_state_of_a_part() {
    // O-52, C-6
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", []);

        let role = role_in(&engine, &deal, [("opportunitystatecode", 2.into())]);
        let role = engine.create(role).unwrap();

        assert_eq!(stored(&engine, &role, "opportunitystatecode"), Some(0.into()));
    });
}

/// Given steps on Win and on the Create of its activity, when an opportunity is won, the activity is created
/// between the stages 20 and 40 of Win.
#[test]
fn t_199_the_activity_is_created_between_the_stages_of_win() {
    // O-21, O-22
    on_every_store(|given| {
        let log = Log::default();
        let steps =
            told(&log, "Win", "opportunity").chain(told(&log, "Create", "opportunityclose"));
        let engine = given.sales(steps);

        win(&engine, &create(&engine, "opportunity", [])).unwrap();

        let order = [
            "Win opportunity 10",
            "Win opportunity 20",
            "Create opportunityclose 10",
            "Create opportunityclose 20",
            "Create opportunityclose 40",
            "Win opportunity 40",
        ];
        assert_eq!(log.take(), order);
    });
}
