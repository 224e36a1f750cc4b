//! Update: some attributes of a record change.

use std::sync::Arc;

use rulegate::bootstrap::{DEFAULT_USER, SYSTEM_USER};
use rulegate::clock::{Clock, ManualClock};
use rulegate::{ErrorCode, Message, OrganizationService, Stage, Step, Value};
use uuid::Uuid;

use crate::engines::{
    Log, builder, change, create, engine, now, record, set, stored, text, update,
};

#[test]
fn an_empty_text_clears() {
    // C-14
    let engine = engine([]);
    let account = create(&engine, "account", [("description", "d".into())]);

    update(&engine, &account, [("description", "".into())]);

    assert_eq!(stored(&engine, &account, "description"), None);
}

#[test]
fn what_cannot_be_sent_with_update_is_ignored() {
    // C-6, C-47, C-49
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", [("importsequencenumber", 5.into())]);
    let created = stored(&engine, &opportunity, "createdon");

    update(
        &engine,
        &opportunity,
        [
            ("importsequencenumber", 6.into()),
            ("overriddencreatedon", (now() - chrono::TimeDelta::days(1)).into()),
            ("totalamount", 6.into()),
        ],
    );

    assert_eq!(stored(&engine, &opportunity, "importsequencenumber"), Some(5.into()));
    assert_eq!(stored(&engine, &opportunity, "totalamount"), None);
    assert_eq!(stored(&engine, &opportunity, "createdon"), created);
}

#[test]
fn the_identity_is_read_only() {
    // C-2
    let engine = engine([]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("accountid", Uuid::from_u128(7).into()), ("name", "B".into())]);

    assert_eq!(stored(&engine, &account, "name"), text("B"));
    assert_eq!(stored(&engine, &account, "accountid"), Some(account.id.into()));
}

#[test]
fn the_identity_may_stand_among_the_attributes() {
    // C-109
    let engine = engine([]);
    let account = create(&engine, "account", []);

    let by_attribute =
        record(&engine, "account", [("accountid", account.id.into()), ("name", "B".into())]);
    engine.update(by_attribute).unwrap();

    assert_eq!(stored(&engine, &account, "name"), text("B"));
}

#[test]
fn an_update_without_identity_and_key_is_refused() {
    // E-63
    let engine = engine([]);

    let error = engine.update(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::IdMissing);
    assert_eq!(error.to_string(), "Entity Id must be specified for Update");
}

#[test]
fn every_update_is_stamped_even_an_empty_one() {
    // C-15, C-17, C-44
    let clock = Arc::new(ManualClock::at(now()));
    let engine = builder().shared_clock(Arc::clone(&clock) as Arc<dyn Clock>).build().unwrap();
    let account = create(&engine, "account", [("name", "A".into())]);
    let other = engine.as_user(SYSTEM_USER);

    for hours in 1..=2 {
        clock.advance(chrono::TimeDelta::hours(1));
        let values = if hours == 1 { vec![] } else { vec![("name", "A")] };
        let change = values.iter().fold(engine.change(&account).unwrap(), |it, (name, value)| {
            it.with(name, *value).unwrap()
        });
        other.update(change).unwrap();

        let read = engine.retrieve(&account).unwrap();
        let then = now() + chrono::TimeDelta::hours(hours);
        assert_eq!(read.get("modifiedon"), Some(&then.into()));
        assert_eq!(read.get("modifiedby").and_then(Value::as_lookup).unwrap().id, SYSTEM_USER);
        assert_eq!(read.get("createdon"), Some(&now().into()));
        assert_eq!(read.get("createdby").and_then(Value::as_lookup).unwrap().id, DEFAULT_USER);
    }
}

#[test]
fn a_hook_may_write_the_stamps_of_an_update() {
    // C-54
    let long_ago = now() - chrono::TimeDelta::days(1_000);
    let engine = engine([Step::on(Message::Update, "account")
        .run("set", move |ctx: &mut rulegate::Context| {
            Ok(ctx.target_mut()?.set("modifiedon", long_ago)?)
        })]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(stored(&engine, &account, "modifiedon"), Some(long_ago.into()));
}

#[test]
fn sending_what_is_there_already_is_an_update_all_the_same() {
    // C-16
    let log = Log::default();
    let on = Step::on(Message::Update, "account").at(Stage::PostOperation);
    let engine = engine([on.run("see", log.word("ran"))]);
    let account = create(&engine, "account", [("name", "A".into())]);

    update(&engine, &account, [("name", "A".into())]);

    assert_eq!(log.take(), ["ran"]);
}

#[test]
fn what_is_required_cannot_be_cleared() {
    // C-26, O-53
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let ticket = create(&engine, "ticket", [("accountid", account.clone().into())]);

    let error = engine.update(change(&engine, &ticket, [("accountid", Value::Null)])).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::RequiredNull, 0x8004_0203));
    assert_eq!(stored(&engine, &ticket, "accountid"), Some(account.into()));
}

#[test]
fn owner_state_and_status_cannot_be_cleared() {
    // C-26, C-55, C-65: every record of such an entity has them.
    let engine = engine([]);
    let account = create(&engine, "account", []);

    for attribute in ["ownerid", "statecode", "statuscode"] {
        let error =
            engine.update(change(&engine, &account, [(attribute, Value::Null)])).unwrap_err();
        assert_eq!(error.code(), ErrorCode::RequiredNull, "{attribute}");
    }
}

#[test]
fn a_text_that_is_cleared_may_be_one_that_forms_require() {
    // C-24
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", [("name", "N".into())]);

    update(&engine, &opportunity, [("name", Value::Null)]);

    assert_eq!(stored(&engine, &opportunity, "name"), None);
}

#[test]
fn defaults_are_not_for_updates() {
    // C-37
    let engine = engine([]);
    let account = create(&engine, "account", [("donotemail", true.into())]);

    update(&engine, &account, [("donotemail", Value::Null)]);
    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(stored(&engine, &account, "donotemail"), None);
}

#[test]
fn the_type_beside_a_lookup_follows_it() {
    // C-91
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let contact = create(&engine, "contact", []);
    let task = create(&engine, "task", [("regardingobjectid", account.into())]);

    update(&engine, &task, [("regardingobjectid", contact.into())]);
    assert_eq!(stored(&engine, &task, "regardingobjecttypecode"), text("contact"));

    update(&engine, &task, [("regardingobjectid", Value::Null)]);
    assert_eq!(stored(&engine, &task, "regardingobjecttypecode"), None);
}

#[test]
fn a_record_is_not_its_own_ancestor() {
    // C-97
    let engine = engine([]);
    let a = create(&engine, "account", []);
    let b = create(&engine, "account", [("parentaccountid", a.clone().into())]);
    let c = create(&engine, "account", [("parentaccountid", b.clone().into())]);

    for ancestor in [&a, &b, &c] {
        let circle = change(&engine, &a, [("parentaccountid", ancestor.into())]);
        let error = engine.update(circle).unwrap_err();
        assert_eq!((error.code(), error.number()), (ErrorCode::Cycle, 0x8004_0386));
    }
    update(&engine, &c, [("parentaccountid", a.into())]);
}

#[test]
fn what_a_hook_wrote_is_checked_like_what_a_caller_sent() {
    // C-21, C-28
    let long: &'static str = Box::leak("x".repeat(161).into_boxed_str());
    let engine = engine([Step::on(Message::Update, "account").run("set", set("name", long))]);
    let account = create(&engine, "account", []);

    let error = engine.update(change(&engine, &account, [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::TooLong);
}

#[test]
fn an_update_says_nothing() {
    // C-18
    let engine = engine([]);
    let account = create(&engine, "account", []);

    let change = change(&engine, &account, []);
    let update = rulegate::message::Update::new(change);

    assert_eq!(engine.execute(update.into()).unwrap(), rulegate::Response::Done);
    let delete = rulegate::message::Delete::new(account);
    assert_eq!(engine.execute(delete.into()).unwrap(), rulegate::Response::Done);
}
