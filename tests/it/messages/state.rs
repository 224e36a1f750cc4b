//! States and status reasons, and how the two follow each other.

use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Message, OrganizationService, Step, Value,
};

use crate::engines::{Log, at, change, create, engine, record, stored};

fn both(engine: &Engine, target: &EntityReference) -> [i32; 2] {
    ["statecode", "statuscode"]
        .map(|it| stored(engine, target, it).and_then(|it| it.as_choice()).unwrap())
}

fn set(
    engine: &Engine,
    target: &EntityReference,
    values: &[(&str, i32)],
) -> Result<(), rulegate::Error> {
    let change = values.iter().fold(change(engine, target, []), |it, (name, value)| {
        it.with(name, Value::Choice(*value)).unwrap()
    });
    engine.update(change)
}

fn choice(value: i32) -> Value {
    Value::Choice(value)
}

#[test]
fn a_new_record_is_in_the_first_state_with_its_default_status() {
    // C-65, C-66, O-9
    let engine = engine([]);

    assert_eq!(both(&engine, &create(&engine, "opportunity", [])), [0, 1]);
    assert_eq!(both(&engine, &create(&engine, "task", [])), [0, 2]);
}

#[test]
fn a_new_record_may_have_another_status_of_the_first_state() {
    // C-67
    let engine = engine([]);

    let on_hold = create(&engine, "opportunity", [("statuscode", choice(2))]);

    assert_eq!(both(&engine, &on_hold), [0, 2]);
}

#[test]
fn a_new_record_cannot_have_a_status_of_another_state() {
    // C-67
    let engine = engine([]);

    let won = record(&engine, "opportunity", [("statuscode", choice(3))]);
    let error = engine.create(won).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::StatusMismatch, 0x8004_8408));
    let text = "3 is not a valid status code for state code 0 of `opportunity`";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_state_brings_its_default_status() {
    // C-69, M-28
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", []);

    set(&engine, &opportunity, &[("statecode", 2)]).unwrap();

    assert_eq!(both(&engine, &opportunity), [2, 4]);
}

#[test]
fn an_unknown_state_or_status_is_no_option() {
    // C-30, C-74
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", []);

    for attribute in ["statecode", "statuscode"] {
        let error = set(&engine, &opportunity, &[(attribute, 99)]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownOption);
    }
}

#[test]
fn other_attributes_leave_the_state_alone() {
    // C-75
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", []);
    set(&engine, &opportunity, &[("statecode", 1)]).unwrap();

    crate::engines::update(&engine, &opportunity, [("name", "still changes".into())]);

    assert_eq!(both(&engine, &opportunity), [1, 3]);
}

#[test]
fn an_entity_that_enforces_its_transitions_takes_listed_ones_alone() {
    // C-72, C-73: Proposed 1 → Active 2 → Resolved 3 → Active 2
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let ticket = create(&engine, "ticket", [("accountid", account.into())]);
    let to = |status| set(&engine, &ticket, &[("statuscode", status)]).map_err(|it| it.code());
    let refused = Err(ErrorCode::TransitionNotAllowed);

    assert_eq!(to(3), refused);
    assert_eq!(to(1), Ok(()), "no step at all");
    assert_eq!(to(2), Ok(()));
    assert_eq!(to(1), refused);
    assert_eq!(to(3), Ok(()));
    assert_eq!(
        set(&engine, &ticket, &[("statecode", 0)]).unwrap_err().code(),
        ErrorCode::TransitionNotAllowed
    );
    assert_eq!(to(2), Ok(()));
}

#[test]
fn an_entity_that_does_not_enforce_them_goes_where_it_likes() {
    // C-72
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", []);

    for status in [3, 1, 5, 2] {
        set(&engine, &opportunity, &[("statuscode", status)]).unwrap();
    }
}

#[test]
fn set_state_changes_the_state_by_an_update_of_its_own() {
    // M-26, spec 9.7 question 10
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let names = |it: &rulegate::Record| {
            it.attributes().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
        };
        format!(
            "{} at {}: {}",
            ctx.message(),
            ctx.depth(),
            ctx.target().map(names).unwrap_or_default()
        )
    };
    let engine = engine([
        Step::on(Message::SetState, "opportunity").run("set state", log.hook(see)),
        Step::on(Message::Update, "opportunity").run("update", log.hook(see)),
    ]);
    let opportunity = create(&engine, "opportunity", []);

    engine.set_state(&opportunity, 2, Some(5)).unwrap();

    assert_eq!(both(&engine, &opportunity), [2, 5]);
    assert_eq!(log.take(), ["SetState at 1: ", "Update at 2: statecode statuscode"]);
}

#[test]
fn set_state_without_a_status_takes_the_default_one() {
    // M-8
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", []);

    engine.set_state(&opportunity, 2, None).unwrap();

    assert_eq!(both(&engine, &opportunity), [2, 4]);
}

#[test]
fn set_state_to_what_is_there_is_no_update() {
    // M-29
    let log = Log::default();
    let on = Step::on(Message::Update, "opportunity").at(at(40));
    let engine = engine([on.run("update", log.word("ran"))]);
    let opportunity = create(&engine, "opportunity", []);

    engine.set_state(&opportunity, 0, None).unwrap();
    engine.set_state(&opportunity, 0, Some(1)).unwrap();
    assert!(log.take().is_empty());

    engine.set_state(&opportunity, 0, Some(2)).unwrap();
    assert_eq!(log.take(), ["ran"]);
}

#[test]
fn an_update_of_the_state_raises_no_set_state() {
    // M-25
    let log = Log::default();
    let engine = engine([Step::on(Message::SetState, "opportunity").run("see", log.word("ran"))]);
    let opportunity = create(&engine, "opportunity", []);

    set(&engine, &opportunity, &[("statecode", 1)]).unwrap();

    assert!(log.take().is_empty());
}

#[test]
fn differs_from_dataverse_set_state_is_called_set_state() {
    // M-3, P-13: there the message is SetStateDynamicEntity, on which nobody may register.
    assert_eq!(Message::SetState.name(), "SetState");
}

#[test]
fn what_has_no_state_does_not_support_set_state() {
    // M-77
    let engine = engine([]);
    let competitor = create(&engine, "competitor", []);

    let error = engine.set_state(&competitor, 1, None).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::UnsupportedMessage, 0x8004_0800));
}

#[test]
fn an_entity_may_keep_its_inactive_records_as_they_are() {
    // C-75, O-16, O-17, R-22: an entity that does not say so takes updates of inactive records
    let mut draft = support::bare();
    let account = draft.entities.iter_mut().find(|it| it.logical_name == "account").unwrap();
    account.is_read_only_when_inactive = true;
    let engine = Engine::builder(draft.check().unwrap()).build().unwrap();
    let account = create(&engine, "account", [("name", "A".into())]);
    let rename = || engine.update(change(&engine, &account, [("name", "B".into())]));

    set(&engine, &account, &[("statecode", 1)]).unwrap();
    let error = rename().unwrap_err();
    assert_eq!((error.code(), error.number()), (ErrorCode::Inactive, 0x8004_0230));
    assert_eq!(stored(&engine, &account, "name"), Some("A".into()));

    set(&engine, &account, &[("statecode", 0)]).unwrap();
    rename().unwrap();
    assert_eq!(stored(&engine, &account, "name"), Some("B".into()));
}
