//! Stages: where a message passes, and what can be changed there.

use rulegate::record::Query;
use rulegate::{ErrorCode, Message, OrganizationService, Response, Stage, Step, Value};

use crate::engines::{
    Log, at, change, count, create, engine, record, refuse, set, stored, text, update,
};

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

#[test]
fn a_message_passes_the_stages_in_order() {
    // P-1, P-8 (T-001)
    let log = Log::default();
    let steps = [40, 10, 20].map(|stage| {
        on_create(stage).run(format!("at {stage}"), log.hook(|ctx| ctx.stage().number()))
    });

    create(&engine(steps), "account", []);

    assert_eq!(log.take(), ["10", "20", "40"]);
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
fn a_step_without_an_entity_runs_for_all_of_them() {
    // P-15 (T-030)
    let log = Log::default();
    let entity = |ctx: &mut rulegate::Context| ctx.entity().to_string();
    let engine = engine([
        Step::on_any(Message::Create).run("any", log.hook(entity)),
        on_create(20).run("account", log.word("own")),
    ]);

    create(&engine, "contact", []);
    create(&engine, "account", []);

    assert_eq!(log.take(), ["contact", "account", "own"]);
}

#[test]
fn what_pre_operation_sets_is_stored() {
    // P-21 (T-002)
    let engine = engine([on_create(20).run("set", set("name", "B"))]);

    let account = create(&engine, "account", [("name", "A".into())]);

    assert_eq!(stored(&engine, &account, "name"), text("B"));
}

#[test]
fn what_pre_validation_sets_is_stored() {
    // P-21 (T-003)
    let engine = engine([on_create(10).run("set", set("name", "B"))]);

    let account = create(&engine, "account", [("name", "A".into())]);

    assert_eq!(stored(&engine, &account, "name"), text("B"));
}

#[test]
fn what_pre_operation_removes_is_not_written() {
    // P-21, I-39 (T-005)
    let remove = |ctx: &mut rulegate::Context| {
        ctx.target_mut()?.remove("name")?;
        Ok(())
    };
    let engine = engine([Step::on(Message::Update, "account").run("remove", remove)]);
    let account = create(&engine, "account", [("name", "A".into())]);

    update(&engine, &account, [("name", "X".into())]);

    assert_eq!(stored(&engine, &account, "name"), text("A"));
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
fn what_pre_operation_adds_is_written_too() {
    // P-21 (T-006)
    let engine =
        engine([Step::on(Message::Update, "account").run("add", set("description", "added"))]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "X".into())]);

    assert_eq!(stored(&engine, &account, "description"), text("added"));
}

#[test]
fn post_operation_sees_the_identity_that_the_caller_gets() {
    // M-6 (T-007)
    let log = Log::default();
    let id = |ctx: &mut rulegate::Context| match ctx.response() {
        Some(Response::Created(created)) => created.to_string(),
        other => format!("{other:?}"),
    };
    let engine = engine([on_create(40).run("after", log.hook(id))]);

    let account = create(&engine, "account", []);

    assert_eq!(log.take(), [account.to_string()]);
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
fn post_operation_can_take_records_out_of_what_was_found() {
    // X-6, M-11 (T-009)
    let drop_one = |ctx: &mut rulegate::Context| {
        if let Some(Response::Found(page)) = ctx.response_mut() {
            page.records.remove(0);
        }
        Ok(())
    };
    let on = Step::on(Message::RetrieveMultiple, "account").at(Stage::PostOperation);
    let engine = engine([on.run("drop", drop_one)]);
    for name in ["A", "B", "C"] {
        create(&engine, "account", [("name", name.into())]);
    }

    assert_eq!(count(&engine, "account"), 2);
}

#[test]
fn post_operation_can_change_what_is_read_and_not_what_is_stored() {
    // X-6, P-19 (T-010)
    let mask = |ctx: &mut rulegate::Context| {
        if let Some(Response::Retrieved(record)) = ctx.response_mut() {
            record.set("name", "***")?;
        }
        Ok(())
    };
    let on = Step::on(Message::Retrieve, "account").at(Stage::PostOperation);
    let engine = engine([on.run("mask", mask)]);
    let account = create(&engine, "account", [("name", "A".into())]);

    assert_eq!(stored(&engine, &account, "name"), text("***"));

    let found = engine.retrieve_multiple(Query::new("account")).unwrap();
    assert_eq!(found.records.first().unwrap().get("name"), Some(&"A".into()));
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
fn pre_operation_can_add_a_column_to_a_retrieve() {
    // X-3, M-14 (T-191)
    let widen = |ctx: &mut rulegate::Context| {
        if let rulegate::Request::Retrieve(it) = ctx.request_mut()? {
            it.columns = rulegate::record::ColumnSet::only(["name", "telephone1"]);
        }
        Ok(())
    };
    let engine = engine([Step::on(Message::Retrieve, "account").run("widen", widen)]);
    let account = create(&engine, "account", [("telephone1", "1".into())]);

    let read = engine.retrieve_columns(&account, ["name"]).unwrap();

    assert_eq!(read.get("telephone1"), Some(&"1".into()));
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
    // P-102
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
