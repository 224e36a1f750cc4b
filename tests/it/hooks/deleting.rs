//! What goes with an opportunity (O-45), and what keeps a currency (C-86).

use rulegate::bootstrap::BASE_CURRENCY;
use rulegate::{
    Context, Engine, EntityReference, Fault, Message, OrganizationService, Query, Stage, Step,
};

use super::*;

fn task(engine: &Engine, deal: &EntityReference) -> EntityReference {
    create(engine, "task", [("subject", "Call".into()), ("regardingobjectid", deal.into())])
}

#[test]
fn tasks_notes_and_quotes_go_with_their_opportunity() {
    // C-138, O-45.
    let engine = support::shipped();
    let deal = opportunity(&engine);
    task(&engine, &deal);
    create(&engine, "annotation", [("subject", "Note".into()), ("objectid", (&deal).into())]);
    win(&engine, &deal).unwrap();

    engine.delete(&deal).unwrap();

    for entity in ["opportunity", "task", "annotation", "opportunityclose"] {
        assert_eq!(count(&engine, entity), 0, "{entity}");
    }
}

#[test]
fn a_task_that_says_no_keeps_everything() {
    //
    let log = Log::default();
    let second = Step::on(Message::Delete, "task").run("no to the second", {
        let log = log.clone();
        move |_: &mut Context| {
            log.add("asked");
            if log.lines().len() == 1 { Ok(()) } else { Err(Fault::reject("keep it")) }
        }
    });
    let engine = shipped_with([second]);
    let deal = opportunity(&engine);
    task(&engine, &deal);
    task(&engine, &deal);

    let outcome = engine.delete(&deal);

    assert_eq!(outcome.unwrap_err().number(), 0x8004_0265);
    assert_eq!((count(&engine, "opportunity"), count(&engine, "task")), (1, 2));
}

#[test]
fn children_that_only_point_have_let_go_before_stage_20() {
    //
    let log = Log::default();
    let look = |stage: Stage| {
        let log = log.clone();
        let step = Step::on(Message::Delete, "account").at(stage);
        step.run(format!("look {}", stage.number()), move |ctx: &mut Context| {
            let account = EntityReference::new("account", ctx.primary_id().unwrap());
            let children = Query::new("opportunity").equal("parentaccountid", account);
            let found = ctx.service().retrieve_multiple(children)?.records.len();
            log.add(format!("{}: {found}", stage.number()));
            Ok(())
        })
    };
    let engine = shipped_with([look(Stage::PreValidation), look(Stage::PreOperation)]);
    let (acme, ada) = (account(&engine), create(&engine, "contact", [("lastname", "Ada".into())]));
    let parents = [("parentaccountid", (&acme).into()), ("customerid", ada.into())];
    let deal = create(&engine, "opportunity", parents);

    engine.delete(&acme).unwrap();

    assert_eq!(log.lines(), ["10: 1", "20: 0"]);
    assert_eq!(value(&engine, &deal, "parentaccountid"), Value::Null);
}

#[test]
fn opportunities_go_with_their_customer() {
    // O-35.
    let engine = support::shipped();
    let acme = account(&engine);
    create(&engine, "opportunity", [("customerid", (&acme).into())]);

    engine.delete(&acme).unwrap();

    assert_eq!(count(&engine, "opportunity"), 0);
}

#[test]
fn a_currency_in_use_cannot_be_deleted() {
    // C-86: 0x80040227.
    let engine = support::shipped();
    let euro = currencies::currency(&engine, "EUR", 2);
    let deal = create(&engine, "opportunity", [("transactioncurrencyid", (&euro).into())]);

    assert_eq!(engine.delete(&euro).unwrap_err().number(), 0x8004_0227);
    engine.delete(&deal).unwrap();
    engine.delete(&euro).unwrap();

    let base = EntityReference::new("transactioncurrency", BASE_CURRENCY);
    assert_eq!(value(&engine, &base, "isocurrencycode"), "USD".into());
}
