//! The parts that customers play in an opportunity (O-52 to O-63).

use rulegate::bootstrap::DEFAULT_USER;
use rulegate::{Engine, EntityReference, Error, Message, OrganizationService, Value};

use super::*;

const EXISTS: (u32, &str) = (0x8004_8202, "opportunity-role.exists");
const ENTITY: &str = "customeropportunityrole";
const RELATIONSHIP: &str = "opportunity_customer_opportunity_roles";

/// An account, an opportunity, and a role.
struct Sales {
    engine: Engine,
    customer: EntityReference,
    deal: EntityReference,
    role: EntityReference,
}

impl Sales {
    fn new() -> Self {
        let engine = support::shipped();
        let (customer, deal) = (account(&engine), opportunity(&engine));
        let role = create(&engine, "relationshiprole", [("name", "Decider".into())]);
        Self { engine, customer, deal, role }
    }

    fn play(&self, role: Option<&EntityReference>) -> Result<EntityReference, Error> {
        let values = [
            ("customerid", (&self.customer).into()),
            ("opportunityid", (&self.deal).into()),
            ("opportunityroleid", role.cloned().into()),
        ];
        try_create(&self.engine, ENTITY, values)
    }

    fn mirror(&self, row: &EntityReference) -> [Value; 2] {
        ["opportunitystatecode", "opportunitystatuscode"].map(|it| value(&self.engine, row, it))
    }
}

fn numbers(state: [i32; 2]) -> [Value; 2] {
    state.map(Into::into)
}

#[test]
fn no_role_is_a_role_of_its_own() {
    // O-55.
    let sales = Sales::new();
    sales.play(None).unwrap();

    assert_eq!(refusal(sales.play(None)), refused(EXISTS.0, EXISTS.1));
    sales.play(Some(&sales.role)).unwrap();

    assert_eq!(count(&sales.engine, ENTITY), 2);
}

#[test]
fn others_play_the_same_role() {
    // O-54: another customer, another opportunity.
    let mut sales = Sales::new();
    sales.play(Some(&sales.role)).unwrap();

    sales.customer = create(&sales.engine, "contact", [("lastname", "Ada".into())]);
    sales.play(Some(&sales.role)).unwrap();
    sales.deal = opportunity(&sales.engine);
    sales.play(Some(&sales.role)).unwrap();

    assert_eq!(count(&sales.engine, ENTITY), 3);
}

#[test]
fn an_update_cannot_make_a_second_one() {
    // O-54.
    let sales = Sales::new();
    sales.play(Some(&sales.role)).unwrap();
    let row = sales.play(None).unwrap();

    let outcome = update(&sales.engine, &row, [("opportunityroleid", (&sales.role).into())]);

    assert_eq!(refusal(outcome), refused(EXISTS.0, EXISTS.1));
    assert_eq!(value(&sales.engine, &row, "opportunityroleid"), Value::Null);
}

#[test]
fn an_update_that_clears_the_role_cannot_make_a_second_one() {
    // O-55.
    let sales = Sales::new();
    sales.play(None).unwrap();
    let row = sales.play(Some(&sales.role)).unwrap();

    let outcome = update(&sales.engine, &row, [("opportunityroleid", Value::Null)]);

    assert_eq!(refusal(outcome), refused(EXISTS.0, EXISTS.1));
}

#[test]
fn a_row_does_not_stand_in_its_own_way() {
    // O-54.
    let sales = Sales::new();
    let row = sales.play(Some(&sales.role)).unwrap();
    let other = create(&sales.engine, "relationshiprole", [("name", "Payer".into())]);

    update(&sales.engine, &row, [("opportunityroleid", (&sales.role).into())]).unwrap();
    update(&sales.engine, &row, [("opportunityroleid", (&other).into())]).unwrap();

    assert_eq!(value(&sales.engine, &row, "opportunityroleid"), other.into());
}

#[test]
fn what_a_rule_makes_of_the_key_counts() {
    // C-112, O-54: the check stands behind all rules.
    let engine =
        shipped_with([writing(Message::Create, ENTITY, [("opportunityroleid", Value::Null)])]);
    let (customer, deal) = (account(&engine), opportunity(&engine));
    let role = create(&engine, "relationshiprole", [("name", "Decider".into())]);
    let values = || {
        let links = [("customerid", (&customer).into()), ("opportunityid", (&deal).into())];
        links.into_iter().chain([("opportunityroleid", (&role).into())])
    };
    try_create(&engine, ENTITY, values()).unwrap();

    assert_eq!(refusal(try_create(&engine, ENTITY, values())), refused(EXISTS.0, EXISTS.1));
}

#[test]
fn a_row_needs_its_customer_and_its_opportunity() {
    // O-53.
    let sales = Sales::new();
    let row = sales.play(None).unwrap();
    let lonely = try_create(&sales.engine, ENTITY, [("customerid", (&sales.customer).into())]);

    assert_eq!(lonely.unwrap_err().number(), 0x8004_0200);
    for name in ["customerid", "opportunityid"] {
        let outcome = update(&sales.engine, &row, [(name, Value::Null)]);
        assert_eq!(outcome.unwrap_err().number(), 0x8004_0203);
    }
}

#[test]
fn a_customer_is_an_account_or_a_contact() {
    // C-89.
    let sales = Sales::new();
    let user = EntityReference::new("systemuser", DEFAULT_USER);
    let values = [("customerid", (&user).into()), ("opportunityid", (&sales.deal).into())];

    assert_eq!(try_create(&sales.engine, ENTITY, values).unwrap_err().number(), 0x8004_022D);
    let deal = update(&sales.engine, &sales.deal, [("customerid", user.into())]);
    assert_eq!(deal.unwrap_err().number(), 0x8004_022D);
}

#[test]
fn a_row_shows_the_state_of_its_opportunity() {
    // O-56.
    let sales = Sales::new();

    let row = sales.play(None).unwrap();

    assert_eq!(sales.mirror(&row), numbers([OPEN, IN_PROGRESS]));
}

#[test]
fn rows_follow_their_opportunity_into_every_state() {
    // O-56.
    let sales = Sales::new();
    let rows = [sales.play(None).unwrap(), sales.play(Some(&sales.role)).unwrap()];
    let shown = || rows.clone().map(|it| sales.mirror(&it));

    win(&sales.engine, &sales.deal).unwrap();
    assert_eq!(shown(), [numbers([WON, STATUS_WON]), numbers([WON, STATUS_WON])]);

    sales.engine.set_state(&sales.deal, OPEN, Some(ON_HOLD)).unwrap();
    assert_eq!(shown(), [numbers([OPEN, ON_HOLD]), numbers([OPEN, ON_HOLD])]);

    lose(&sales.engine, &sales.deal).unwrap();
    assert_eq!(shown(), [numbers([LOST, CANCELED]), numbers([LOST, CANCELED])]);
}

#[test]
fn rows_of_other_opportunities_stay_as_they_are() {
    // O-56.
    let mut sales = Sales::new();
    let row = sales.play(None).unwrap();
    sales.deal = opportunity(&sales.engine);

    win(&sales.engine, &sales.deal).unwrap();

    assert_eq!(sales.mirror(&row), numbers([OPEN, IN_PROGRESS]));
}

#[test]
fn a_row_that_moves_shows_the_state_of_its_new_opportunity() {
    // O-56, O-61.
    let sales = Sales::new();
    let (moved, associated) = (sales.play(None).unwrap(), sales.play(Some(&sales.role)).unwrap());
    let won = opportunity(&sales.engine);
    win(&sales.engine, &won).unwrap();

    update(&sales.engine, &moved, [("opportunityid", (&won).into())]).unwrap();
    sales.engine.associate(&won, RELATIONSHIP, [associated.clone()]).unwrap();

    for row in [moved, associated] {
        assert_eq!(value(&sales.engine, &row, "opportunityid"), (&won).into());
        assert_eq!(sales.mirror(&row), numbers([WON, STATUS_WON]));
    }
}

#[test]
fn callers_cannot_write_the_mirror() {
    // O-52, C-6.
    let sales = Sales::new();
    let values = [
        ("customerid", (&sales.customer).into()),
        ("opportunityid", (&sales.deal).into()),
        ("opportunitystatecode", LOST.into()),
    ];

    let row = create(&sales.engine, ENTITY, values);
    update(&sales.engine, &row, [("opportunitystatuscode", CANCELED.into())]).unwrap();

    assert_eq!(sales.mirror(&row), numbers([OPEN, IN_PROGRESS]));
}

#[test]
fn assigning_to_the_owner_changes_nothing() {
    //
    let log = Log::default();
    let engine = shipped_with(
        log.steps("Update", ENTITY).into_iter().chain(log.steps("Update", "opportunity")),
    );
    let (customer, deal) = (account(&engine), opportunity(&engine));
    create(&engine, ENTITY, [("customerid", customer.into()), ("opportunityid", (&deal).into())]);

    engine.assign(&deal, &EntityReference::new("systemuser", DEFAULT_USER)).unwrap();

    assert_eq!(log.lines(), Vec::<String>::new());
}

#[test]
fn rows_can_read_their_opportunity_while_both_go() {
    // O-63, R-33.
    let log = Log::default();
    let step =
        rulegate::Step::on(Message::Delete, ENTITY).pre_image(["opportunityid"]).run("look", {
            let log = log.clone();
            move |ctx: &mut rulegate::Context| {
                let deal =
                    ctx.pre_image().and_then(|it| it.get("opportunityid")?.as_lookup().cloned());
                let deal = ctx.service().retrieve(&deal.unwrap())?;
                log.add(deal.primary_name().unwrap_or_default());
                Ok(())
            }
        });
    let engine = shipped_with([step]);
    let (customer, deal) = (account(&engine), opportunity(&engine));
    create(&engine, ENTITY, [("customerid", customer.into()), ("opportunityid", (&deal).into())]);

    engine.delete(&deal).unwrap();

    assert_eq!(log.lines(), ["200 licences"]);
    assert_eq!(count(&engine, ENTITY), 0);
}
