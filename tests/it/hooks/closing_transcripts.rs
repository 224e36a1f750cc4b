//! Win, as people read it.

use super::*;

#[test]
fn a_win_reads_like_a_story() {
    let engine = support::shipped();
    let acme = account(&engine);
    let values = [
        ("name", "200 licences".into()),
        ("customerid", (&acme).into()),
        ("estimatedvalue", 12_500.into()),
    ];
    let deal = create(&engine, "opportunity", values);
    let role = [("customerid", (&acme).into()), ("opportunityid", (&deal).into())];
    create(&engine, "customeropportunityrole", role);

    let (transcript, outcome) =
        engine.trace(closing("WinOpportunity", close_of(&engine, &deal), STATUS_WON));

    outcome.unwrap();
    insta::assert_snapshot!(transcript, @r"
    ▶ Win opportunity#1 OpportunityClose={opportunityclose opportunityid=opportunity#1} Status=Won(3)
      30 main
      ▶ Retrieve opportunity#1 [actualvalue, estimatedvalue, statecode, transactioncurrencyid] ✔ read  depth 2
      ▶ RetrieveMultiple quote [statecode] where opportunityid=opportunity#1 and statecode in Draft(0), Active(1) ✔ 0 found  depth 2
      ▶ Update opportunity#1 actualclosedate=2026-01-15 actualvalue=12500 statecode=Won(1) statuscode=Won(3)  depth 2
        20 pre-operation
           base-amounts                       ✓
             actualvalue_base                 – → 12500
           opportunity-currency               – skipped: transactioncurrencyid not sent
           opportunity-state                  – skipped: statecode, statuscode not sent
        30 main                               saved actualclosedate, actualvalue, actualvalue_base
        40 post-operation
           opportunity-role-refresh           – skipped: statecode, statuscode not sent
        20 pre-operation
           base-amounts                       ✓
           opportunity-currency               – skipped: transactioncurrencyid not sent
           opportunity-state                  ✓
        30 main                               saved statecode, statuscode
        40 post-operation
           opportunity-role-refresh           ✓
        ▶ RetrieveMultiple customeropportunityrole [opportunitystatecode, opportunitystatuscode] where opportunityid=opportunity#1 ✔ 1 found  depth 3
        ▶ Update customeropportunityrole#1 opportunityid=opportunity#1  depth 3
          20 pre-operation
             opportunity-role-state             ✓
               opportunitystatecode             – → 1
               opportunitystatuscode            – → 3
          ▶ Retrieve opportunity#1 [statecode, statuscode] ✔ read  depth 4
             opportunity-role-unique            ✓
          30 main                               saved opportunityid, opportunitystatecode, opportunitystatuscode
        ✔
      ✔
      ▶ Create opportunityclose opportunityid=opportunity#1 statuscode=Completed(2)  depth 2
        20 pre-operation
           base-amounts                       ✓
           opportunity-close-state            ✓
             statecode                        Open(0) → Completed(1)
        30 main                               opportunityclose#1
      ✔
    ✔
    ");
}

#[test]
fn a_refused_win_says_why() {
    let engine = support::shipped();
    let deal = opportunity(&engine);
    win(&engine, &deal).unwrap();

    let (transcript, outcome) = engine.trace(closing("Win", close_of(&engine, &deal), STATUS_WON));

    assert!(outcome.is_err());
    insta::assert_snapshot!(transcript, @r"
    ▶ Win opportunity#1 OpportunityClose={opportunityclose opportunityid=opportunity#1} Status=Won(3)
      30 main                               ✘ the opportunity is closed already; reopen it first  [opportunity.already-closed]
      ▶ Retrieve opportunity#1 [actualvalue, estimatedvalue, statecode, transactioncurrencyid] ✔ read  depth 2
    ✘ rejected, nothing saved
    ");
}

#[test]
fn a_win_that_a_nested_message_refuses_shows_where() {
    let engine = support::shipped();
    let deal = opportunity(&engine);

    let (transcript, outcome) = engine.trace(closing("Win", close_of(&engine, &deal), CANCELED));

    assert!(outcome.is_err());
    insta::assert_snapshot!(transcript, @r"
    ▶ Win opportunity#1 OpportunityClose={opportunityclose opportunityid=opportunity#1} Status=Canceled(4)
      30 main                               ✘ a message it sent failed  [state.status-mismatch]
      ▶ Retrieve opportunity#1 [actualvalue, estimatedvalue, statecode, transactioncurrencyid] ✔ read  depth 2
      ▶ RetrieveMultiple quote [statecode] where opportunityid=opportunity#1 and statecode in Draft(0), Active(1) ✔ 0 found  depth 2
      ▶ Update opportunity#1 actualclosedate=2026-01-15 statecode=Won(1) statuscode=Canceled(4)  depth 2
        20 pre-operation
           base-amounts                       ✓
           opportunity-currency               – skipped: transactioncurrencyid not sent
           opportunity-state                  – skipped: statecode, statuscode not sent
        30 main                               saved actualclosedate
        40 post-operation
           opportunity-role-refresh           – skipped: statecode, statuscode not sent
        20 pre-operation
           base-amounts                       ✓
           opportunity-currency               – skipped: transactioncurrencyid not sent
           opportunity-state                  ✓
        30 main
      ✘ failed: 4 is not a valid status code for state code 1 of `opportunity`  [state.status-mismatch]
    ✘ failed, nothing saved
    ");
}

#[test]
fn a_refused_state_shows_its_name() {
    let engine = support::shipped();
    let deal = opportunity(&engine);
    let request =
        rulegate::message::SetState { target: deal, state: WON, status: Some(STATUS_WON) };

    let (transcript, outcome) = engine.trace(request);

    assert!(outcome.is_err());
    insta::assert_snapshot!(transcript, @r"
    ▶ SetState opportunity#1 State=Won(1) Status=Won(3)
      20 pre-operation
         opportunity-reopen                 ✓
      30 main
      ▶ Update opportunity#1 statecode=Won(1) statuscode=Won(3)  depth 2
        20 pre-operation
           base-amounts                       ✓
           opportunity-currency               – skipped: transactioncurrencyid not sent
           opportunity-state                  ✘ the state of an opportunity cannot be set to Won; use the Win message instead  [opportunity.use-win-or-lose]
      ✘ rejected
    ✘ rejected, nothing saved
    ");
}
