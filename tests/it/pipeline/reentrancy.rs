//! Re-entrancy: messages within messages, and how deep they go.

use rulegate::{
    Context, ErrorCode, Fault, Hook, Message, OrganizationService, Record, Step, Value,
};

use crate::engines::{
    Log, at, builder, change, count, create, create_task, engine, record, stored, update,
};

fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

fn depth(ctx: &mut Context) -> u32 {
    ctx.depth()
}

/// Updates the record on which the step runs.
fn update_again(ctx: &mut Context) -> Result<(), Fault> {
    let account = ctx.target().and_then(Record::reference).unwrap();
    let service = ctx.service();
    Ok(service.update(service.change(&account)?.with("description", "again")?)?)
}

#[test]
fn a_message_from_a_caller_has_depth_one_at_all_stages() {
    // P-70, P-72
    let log = Log::default();
    let engine = engine([10, 20, 40].map(|it| on_update(it).run(it.to_string(), log.hook(depth))));
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["1", "1", "1"]);
}

#[test]
fn siblings_have_one_depth() {
    // P-81
    let log = Log::default();
    let twice = |ctx: &mut Context| {
        for _ in 0..2 {
            let service = ctx.service();
            service.create(service.record("task")?)?;
        }
        Ok(())
    };
    let engine = engine([
        on_update(40).run("create", twice),
        Step::on(Message::Create, "task").run("task", log.hook(depth)),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["2", "2"]);
}

#[test]
fn a_nested_message_passes_all_its_stages_before_it_answers() {
    // P-62
    let log = Log::default();
    let outer = log.clone();
    let create = move |ctx: &mut Context| {
        outer.write("before");
        let service = ctx.service();
        service.create(service.record("task")?)?;
        outer.write("after");
        Ok(())
    };
    let mut steps: Vec<Step> = [10, 20, 40]
        .map(|it| {
            Step::on(Message::Create, "task")
                .at(at(it))
                .run(it.to_string(), log.hook(|ctx| ctx.stage().number()))
        })
        .into();
    steps.push(on_update(20).run("create", create));
    let engine = engine(steps);
    let account = crate::engines::create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["before", "10", "20", "40", "after"]);
}

#[test]
fn catching_the_loop_error_saves_nothing() {
    // P-79, E-12
    let again = |ctx: &mut Context| {
        let _ = update_again(ctx);
        Ok(())
    };
    let engine = engine([on_update(40).run("again", again)]);
    let account = create(&engine, "account", [("name", "A".into())]);

    let error = engine.update(change(&engine, &account, [("name", "B".into())])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
    assert_eq!(stored(&engine, &account, "name"), Some("A".into()));
}

#[test]
fn the_depth_limit_is_a_setting() {
    // P-82
    let log = Log::default();
    let engine = builder()
        .settings(|it| it.depth_limit = 2)
        .step(on_update(40).rank(1).run("note", log.hook(depth)))
        .step(on_update(40).rank(2).run("again", update_again))
        .build()
        .unwrap();
    let account = create(&engine, "account", []);

    engine.update(change(&engine, &account, [])).unwrap_err();

    assert_eq!(log.take(), ["1", "2"]);
}

#[test]
fn a_step_that_is_skipped_at_depth_nine_is_no_loop() {
    // P-80: the check happens when a step is about to run.
    let engine = engine([
        on_update(40).run("again", |ctx: &mut Context| {
            if ctx.depth() < 8 { update_again(ctx) } else { rename_contact(ctx) }
        }),
        Step::on(Message::Update, "contact").filtering(["lastname"]).run("own", update_again),
    ]);
    let account = create(&engine, "account", []);
    let contact = create(&engine, "contact", []);
    update(&engine, &account, [("primarycontactid", Value::from(&contact))]);

    assert!(stored(&engine, &contact, "managerid").is_none());
}

/// Updates the primary contact without its last name.
fn rename_contact(ctx: &mut Context) -> Result<(), Fault> {
    let service = ctx.service();
    let account = ctx.target().and_then(Record::reference).unwrap();
    let contact = stored(&service, &account, "primarycontactid");
    let contact = contact.as_ref().and_then(Value::as_lookup).unwrap();
    Ok(service.update(service.change(contact)?)?)
}

#[test]
fn a_chain_of_jobs_that_wake_each_other_ends() {
    // L-16, P-74
    let log = Log::default();
    let noted = log.clone();
    let engine = engine([on_update(40).asynchronous().run("again", move |ctx: &mut Context| {
        noted.write(ctx.depth());
        update_again(ctx)
    })]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);
    let outcomes = engine.run_jobs();

    assert_eq!(log.take(), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    let last = outcomes.last().unwrap().fault.as_ref().unwrap();
    assert_eq!(last.code(), ErrorCode::TooDeep);
}

#[test]
fn an_update_nested_in_pre_operation_is_stored_first_and_overwritten() {
    // P-86
    let engine = engine([on_update(20).run("nested", |ctx: &mut Context| {
        if 1 < ctx.depth() {
            return Ok(());
        }
        let account = ctx.target().and_then(Record::reference).unwrap();
        let service = ctx.service();
        let change = service.change(&account)?.with("name", "N")?.with("telephone1", "N")?;
        Ok(service.update(change)?)
    })]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "outer".into())]);

    let after = engine.retrieve(&account).unwrap();
    assert_eq!(after.get("name"), Some(&"outer".into()));
    assert_eq!(after.get("telephone1"), Some(&"N".into()));
}

#[test]
fn an_update_nested_in_post_operation_changes_the_record_and_not_the_target() {
    // P-87
    let log = Log::default();
    let name = |ctx: &mut Context| ctx.target().unwrap().get("name").unwrap().to_string();
    let engine = engine([
        on_update(40).rank(1).run("nested", |ctx: &mut Context| {
            if 1 < ctx.depth() {
                return Ok(());
            }
            let account = ctx.target().and_then(Record::reference).unwrap();
            let service = ctx.service();
            Ok(service.update(service.change(&account)?.with("name", "nested")?)?)
        }),
        on_update(40).rank(2).run("see", log.hook(name)),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "outer".into())]);

    assert_eq!(stored(&engine, &account, "name"), Some("nested".into()));
    assert_eq!(log.take(), ["\"nested\"", "\"outer\""]);
}

#[test]
fn deleting_the_record_after_its_update_is_no_error() {
    // P-89
    let engine = engine([on_update(40).run("delete", |ctx: &mut Context| {
        let account = ctx.target().and_then(Record::reference).unwrap();
        Ok(ctx.service().delete(&account)?)
    })]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn messages_may_nest_deeply_where_no_step_stands_in_the_way() {
    // P-80, R-32: a chain of three hundred managers goes at once, on whatever stack there is.
    let engine = engine([]);
    let mut top = None;
    let mut last = None;
    for _ in 0..300 {
        let manager: Option<rulegate::EntityReference> = last.take();
        let contact = create(&engine, "contact", [("managerid", manager.into())]);
        top.get_or_insert(contact.clone());
        last = Some(contact);
    }

    engine.delete(&top.unwrap()).unwrap();

    assert_eq!(count(&engine, "contact"), 0);
}

#[test]
fn a_record_of_its_own_entity_created_by_create_must_be_guarded() {
    // P-90
    let engine =
        engine([Step::on(Message::Create, "task").at(at(40)).run("again", create_task("again"))]);

    let error = engine.create(record(&engine, "task", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::TooDeep);
    assert_eq!(count(&engine, "task"), 0);
}

#[test]
fn an_upsert_of_no_record_dooms_as_any_failed_write_does() {
    // E-12
    let upsert = |ctx: &mut Context| {
        let service = ctx.service();
        service.upsert(service.record("task")?).unwrap_err();
        Ok(())
    };
    let engine = engine([Step::on(Message::Create, "account").at(at(20)).run("upsert", upsert)]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn catching_that_there_were_too_many_messages_saves_nothing() {
    // E-12
    let create_tasks = |ctx: &mut Context| {
        for _ in 0..4 {
            drop(create_task("call").execute(ctx));
        }
        Ok(())
    };
    let engine = builder()
        .settings(|it| it.message_limit = 4)
        .step(Step::on(Message::Create, "account").at(at(20)).run("create", create_tasks))
        .build()
        .unwrap();

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
    assert_eq!((count(&engine, "account"), count(&engine, "task")), (0, 0));
}

#[test]
fn differs_from_dataverse_a_chain_of_jobs_is_one_however_long_it_takes() {
    // P-76: in Dataverse an hour makes a chain a new one, so that a slow loop never ends.
    let log = Log::default();
    let noted = log.clone();
    let clock = std::sync::Arc::new(rulegate::clock::ManualClock::at(crate::engines::now()));
    let moved = std::sync::Arc::clone(&clock);
    let again = move |ctx: &mut Context| {
        noted.write(ctx.depth());
        moved.advance(chrono::TimeDelta::hours(2));
        update_again(ctx)
    };
    let engine = builder()
        .shared_clock(clock)
        .step(on_update(40).asynchronous().run("again", again))
        .build()
        .unwrap();
    let account = create(&engine, "account", []);

    update(&engine, &account, []);
    engine.run_jobs();

    assert_eq!(log.take().last().map(String::as_str), Some("8"));
}
