//! Stages: where a message passes, and what can be changed there.

use rulegate::{ErrorCode, Message, OrganizationService, Response, Step, Value};

use crate::engines::{Log, at, change, count, create, engine, record, refuse, set, update};

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

#[test]
fn a_step_runs_at_its_own_message_only() {
    // P-1
    let log = Log::default();
    let engine = engine([on_create(20).run("create", log.word("create"))]);
    let account = create(&engine, "account", []);
    log.take();

    update(&engine, &account, [("name", "A".into())]);
    engine.retrieve(&account).unwrap();
    engine.delete(&account).unwrap();

    assert!(log.take().is_empty());
}

#[test]
fn an_update_whose_attributes_were_all_removed_is_an_empty_update() {
    // I-40, C-15
    let log = Log::default();
    let remove = |ctx: &mut rulegate::Context| {
        ctx.target_mut()?.remove("name")?;
        Ok(())
    };
    let engine = engine([
        Step::on(Message::Update, "account").run("remove", remove),
        Step::on(Message::Update, "account").at(at(40)).run("after", log.word("after")),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "X".into())]);

    assert_eq!(log.take(), ["after"]);
}

#[test]
fn there_is_no_response_before_the_main_operation() {
    //
    let log = Log::default();
    let steps = [10, 20].map(|stage| {
        on_create(stage).run(format!("at {stage}"), log.hook(|ctx| ctx.response_mut().is_none()))
    });

    create(&engine(steps), "account", []);

    assert_eq!(log.take(), ["true", "true"]);
}

#[test]
fn pre_operation_can_narrow_a_query() {
    // M-11, X-3
    let narrow = |ctx: &mut rulegate::Context| {
        if let rulegate::Request::RetrieveMultiple(it) = ctx.request_mut()? {
            it.query = it.query.clone().equal("name", "B");
        }
        Ok(())
    };
    let engine = engine([Step::on(Message::RetrieveMultiple, "account").run("narrow", narrow)]);
    for name in ["A", "B", "C"] {
        create(&engine, "account", [("name", name.into())]);
    }

    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn differs_from_dataverse_where_a_target_changed_after_the_write_is_refused() {
    // P-20: Dataverse ignores the change, and nobody hears of it.
    let engine = engine([on_create(40).run("late", set("name", "late"))]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert!(error.to_string().contains("send an update instead"), "{error}");
    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn the_input_is_closed_after_the_write_too() {
    //
    let late = |ctx: &mut rulegate::Context| ctx.request_mut().map(drop);
    let engine = engine([Step::on(Message::Update, "account").at(at(40)).run("late", late)]);
    let account = create(&engine, "account", []);

    let error = engine.update(change(&engine, &account, [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
}

#[test]
fn a_step_sees_what_an_earlier_one_left_of_the_input() {
    // P-101
    let log = Log::default();
    let name = |ctx: &mut rulegate::Context| format!("{:?}", ctx.target().unwrap().get("name"));
    let engine = engine([
        on_create(10).run("set", set("name", "B")),
        on_create(20).rank(1).run("see", log.hook(name)),
        on_create(20).rank(2).run("set again", set("name", "C")),
        on_create(40).run("see the last", log.hook(name)),
    ]);

    create(&engine, "account", [("name", "A".into())]);

    let seen = |it: &str| format!("{:?}", Some(&Value::from(it)));
    assert_eq!(log.take(), [seen("B"), seen("C")]);
}

#[test]
fn nothing_runs_after_a_refusal() {
    // E-9
    let log = Log::default();
    let engine = engine([
        on_create(10).rank(1).run("first", log.word("first")),
        on_create(10).rank(2).run("refuse", refuse("no")),
        on_create(10).rank(3).run("third", log.word("third")),
        on_create(20).run("pre", log.word("pre")),
        on_create(40).run("post", log.word("post")),
    ]);

    engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(log.take(), ["first"]);
}

#[test]
fn a_hook_cannot_turn_its_message_into_another() {
    // P-102, X-2
    let turn = |ctx: &mut rulegate::Context| {
        let account = ctx.target().and_then(rulegate::Record::reference).unwrap();
        *ctx.request_mut()? = rulegate::message::Delete::new(account).into();
        Ok(())
    };
    let engine = engine([Step::on(Message::Update, "account").run("turn", turn)]);
    let account = create(&engine, "account", []);

    let error = engine.update(change(&engine, &account, [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn a_hook_cannot_aim_its_message_at_another_entity() {
    // P-102
    let turn = |ctx: &mut rulegate::Context| {
        let other = ctx.service().record("contact")?;
        *ctx.target_mut()? = other;
        Ok(())
    };
    let engine = engine([on_create(20).run("turn", turn)]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert_eq!(count(&engine, "contact"), 0);
}

#[test]
fn a_hook_cannot_answer_for_another_message() {
    //
    let turn = |ctx: &mut rulegate::Context| {
        *ctx.response_mut().unwrap() = Response::Done;
        Ok(())
    };
    let engine = engine([on_create(40).run("turn", turn)]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert_eq!(count(&engine, "account"), 0);
}
