//! The context: what a hook sees of its message, and of those around it.

use rulegate::bootstrap::{DEFAULT_USER, SYSTEM_USER};
use rulegate::clock::ManualClock;
use rulegate::message::RelationshipRole;
use rulegate::pipeline::ParentContext;
use rulegate::{Context, Message, Mode, OrganizationService, Record, Request, Stage, Step, Value};

use crate::engines::{
    Log, at, builder, change, create, create_task, engine, now, record, stored, update,
};

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

/// Whether the target carries what the platform fills.
fn platform_attributes(ctx: &mut Context) -> String {
    let target = ctx.target().unwrap();
    let names = ["accountid", "createdon", "createdby", "ownerid", "statecode", "statuscode"];
    let there = names.iter().filter(|it| target.has(it)).count();
    format!("{there} of 6, id {}", target.id().is_some())
}

#[test]
fn what_the_platform_fills_is_absent_at_pre_validation_and_there_at_pre_operation() {
    // I-33, I-37, X-23, spec 9.7 question 13
    let log = Log::default();
    let engine = engine(
        [10, 20, 40].map(|it| on_create(it).run(it.to_string(), log.hook(platform_attributes))),
    );

    create(&engine, "account", []);

    assert_eq!(log.take(), ["0 of 6, id false", "6 of 6, id true", "6 of 6, id true"]);
}

#[test]
fn what_the_platform_fills_is_absent_at_pre_operation_where_the_settings_say_so() {
    // I-33, I-37, C-53
    let log = Log::default();
    let steps =
        [10, 20, 40].map(|it| on_create(it).run(it.to_string(), log.hook(platform_attributes)));
    let builder = builder().settings(|it| it.platform_attributes_at_pre_operation = false);
    let engine = steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step);

    create(&engine.build().unwrap(), "account", []);

    assert_eq!(log.take(), ["0 of 6, id false", "0 of 6, id false", "6 of 6, id true"]);
}

#[test]
fn an_identity_that_the_caller_sent_is_there_in_every_stage() {
    // X-24, C-1
    let log = Log::default();
    let same = |ctx: &mut Context| {
        ctx.primary_id() == Some(SYSTEM_USER) && ctx.target().unwrap().id() == Some(SYSTEM_USER)
    };
    let engine = engine([10, 20, 40].map(|it| on_create(it).run(it.to_string(), log.hook(same))));
    let mut account = record(&engine, "account", []);
    account.identify(SYSTEM_USER);

    assert_eq!(engine.create(account).unwrap().id, SYSTEM_USER);
    assert_eq!(log.take(), ["true", "true", "true"]);
}

#[test]
fn defaults_are_absent_before_the_write_and_in_the_target_after_it() {
    // I-36, C-37
    let log = Log::default();
    let has = |ctx: &mut Context| ctx.target().unwrap().has("donotemail");
    let engine = engine([20, 40].map(|it| on_create(it).run(it.to_string(), log.hook(has))));

    create(&engine, "account", []);

    assert_eq!(log.take(), ["false", "true"]);
}

#[test]
fn the_target_of_an_update_holds_what_was_sent_and_the_stamps_after_the_write() {
    // I-31, I-34, I-35, I-43
    let log = Log::default();
    let names = |ctx: &mut Context| {
        let names: Vec<&str> = ctx.target().unwrap().attributes().map(|(it, _)| it).collect();
        names.join(" ")
    };
    let on = |stage| Step::on(Message::Update, "account").at(at(stage));
    let engine = engine([10, 20, 40].map(|it| on(it).run(it.to_string(), log.hook(names))));
    let account = create(&engine, "account", [("description", "d".into())]);

    update(&engine, &account, [("name", "A".into())]);

    assert_eq!(log.take(), ["name", "name", "modifiedby modifiedon name"]);
}

#[test]
fn null_is_in_the_target_and_differs_from_absent() {
    // I-32
    let log = Log::default();
    let name = |ctx: &mut Context| {
        let target = ctx.target().unwrap();
        format!("{:?} {:?}", target.get("name"), target.get("description"))
    };
    let engine = engine([Step::on(Message::Update, "account").run("see", log.hook(name))]);
    let account = create(&engine, "account", [("name", "A".into())]);

    update(&engine, &account, [("name", Value::Null)]);

    assert_eq!(log.take(), ["Some(Null) None"]);
}

#[test]
fn what_the_caller_cannot_send_is_gone_before_the_first_step() {
    // I-41, C-6
    let log = Log::default();
    let has = |ctx: &mut Context| ctx.target().unwrap().has("totalamount");
    let on = Step::on(Message::Create, "opportunity").at(Stage::PreValidation);
    let engine = engine([on.run("see", log.hook(has))]);

    create(&engine, "opportunity", [("totalamount", 5.into())]);

    assert_eq!(log.take(), ["false"]);
}

#[test]
fn a_step_sees_its_message_stage_mode_and_name() {
    // X-29, P-42, X-1
    let log = Log::default();
    let seen = |ctx: &mut Context| {
        let (message, entity) = (ctx.message(), ctx.entity());
        let (stage, mode, step) = (ctx.stage().number(), ctx.mode(), ctx.step());
        format!("{message} {entity} {stage} {mode:?} {step}")
    };
    let engine = engine([
        on_create(20).run("sync", log.hook(seen)),
        on_create(40).asynchronous().run("async", log.hook(seen)),
    ]);

    create(&engine, "account", []);
    engine.run_jobs();

    let expected = ["Create account 20 Synchronous sync", "Create account 40 Asynchronous async"];
    assert_eq!(log.take(), expected);
    assert_eq!(Mode::default(), Mode::Synchronous);
}

#[test]
fn associations_name_no_primary_entity() {
    //
    let log = Log::default();
    let seen = |ctx: &mut Context| {
        let link = ctx.request().link().unwrap();
        format!("{} {:?} {}", ctx.entity(), ctx.primary_id(), link.relationship)
    };
    let engine = engine([Step::on_any(Message::Associate).run("see", log.hook(seen))]);
    let account = create(&engine, "account", []);

    engine.associate(&account, "account_tasks", []).unwrap();

    assert_eq!(log.take(), ["none None Account_Tasks"]);
    assert_ne!(RelationshipRole::Referenced, RelationshipRole::Referencing);
}

#[test]
fn the_job_alone_has_a_job_identity() {
    //
    let log = Log::default();
    let job = |ctx: &mut Context| {
        ctx.job().map_or("none".to_owned(), |(id, queued)| format!("{id} {queued}"))
    };
    let engine = engine([
        on_create(40).run("sync", log.hook(job)),
        on_create(40).asynchronous().run("async", log.hook(job)),
    ]);

    create(&engine, "account", []);
    engine.run_jobs();

    let queued = engine.jobs().first().unwrap().clone();
    let expected = format!("{} {}", queued.id, now());
    assert_eq!(log.take(), ["none".to_owned(), expected]);
}

#[test]
fn the_correlation_is_one_for_the_chain_and_the_request_one_for_the_message() {
    // P-84, P-85
    let log = Log::default();
    let ids = |ctx: &mut Context| format!("{} {}", ctx.correlation_id(), ctx.request_id());
    let engine = engine([
        on_create(40).rank(1).run("outer", log.hook(ids)),
        on_create(40).rank(2).run("outer again", log.hook(ids)),
        on_create(40).rank(3).run("create", create_task("call")),
        Step::on(Message::Create, "task").run("nested", log.hook(ids)),
        Step::on(Message::Create, "task").asynchronous().run("job", log.hook(ids)),
    ]);

    create(&engine, "account", []);
    engine.run_jobs();
    create(&engine, "task", []);

    let lines = log.take();
    let split: Vec<(&str, &str)> = lines.iter().map(|it| it.split_once(' ').unwrap()).collect();
    let [outer, again, nested, job, other] = split.as_slice() else { panic!("{lines:?}") };
    assert_eq!(outer, again);
    assert_eq!((outer.0, outer.0), (nested.0, job.0));
    assert_ne!(outer.1, nested.1);
    assert_ne!(outer.0, other.0);
}

#[test]
fn time_stands_still_within_a_message() {
    // C-43: all stamps of one operation are the same.
    let clock = std::sync::Arc::new(ManualClock::at(now()));
    let moved = std::sync::Arc::clone(&clock);
    let engine = builder()
        .shared_clock(clock)
        .step(on_create(10).run("move", move |_: &mut Context| {
            moved.advance(chrono::TimeDelta::hours(1));
            Ok(())
        }))
        .build()
        .unwrap();

    let account = create(&engine, "account", []);

    assert_eq!(stored(&engine, &account, "createdon"), Some(now().into()));
}

#[test]
fn a_step_can_run_in_another_name() {
    // P-59, X-15, X-16, X-18, C-46
    let log = Log::default();
    let users = |ctx: &mut Context| {
        let name = |it| match it {
            SYSTEM_USER => "system",
            DEFAULT_USER => "user",
            _ => "other",
        };
        format!("{} for {}", name(ctx.user()), name(ctx.initiating_user()))
    };
    let engine = engine([
        on_create(40).rank(1).run_as(SYSTEM_USER).run("as system", log.hook(users)),
        on_create(40).rank(2).run("as caller", log.hook(users)),
        on_create(40).rank(3).run_as(SYSTEM_USER).run("create", create_task("call")),
        Step::on(Message::Create, "task").run("nested", log.hook(users)),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["system for user", "user for user", "system for user"]);
    let task = engine.retrieve_multiple(rulegate::Query::new("task")).unwrap();
    let by = task.records.first().unwrap().get("createdby").and_then(Value::as_lookup).cloned();
    assert_eq!(by.unwrap().id, SYSTEM_USER);
}

/// The parent of a context in words, outwards.
fn parents(ctx: &mut Context) -> String {
    let outwards = std::iter::successors(ctx.parent(), |it| it.parent());
    let word = |it: &ParentContext| {
        format!("{} {} at {}, ", it.message(), it.stage().number(), it.depth())
    };
    outwards.map(word).collect()
}

#[test]
fn create_update_and_delete_stand_in_a_wrapper_at_stage_thirty() {
    // P-65, P-66
    let log = Log::default();
    let steps = [Message::Create, Message::Update, Message::Delete].into_iter().flat_map(|it| {
        [20, 40].map(|stage| {
            let step = Step::on(it.clone(), "account").at(at(stage));
            step.run(stage.to_string(), log.hook(parents))
        })
    });
    let engine = engine(steps);

    let account = create(&engine, "account", []);
    update(&engine, &account, []);
    engine.delete(&account).unwrap();

    let expected = ["Create", "Create", "Update", "Update", "Delete", "Delete"];
    assert_eq!(log.take(), expected.map(|it| format!("{it} 30 at 1, ")));
}

#[test]
fn other_messages_stand_in_no_wrapper() {
    // P-66
    let log = Log::default();
    let engine = engine([Step::on(Message::Retrieve, "account").run("see", log.hook(parents))]);
    let account = create(&engine, "account", []);

    engine.retrieve(&account).unwrap();

    assert_eq!(log.take(), [""]);
}

#[test]
fn a_nested_message_stands_in_the_one_that_sent_it() {
    // P-64
    let log = Log::default();
    let engine = engine([
        on_create(20).run("create", create_task("call")),
        Step::on(Message::Create, "task").at(at(10)).run("10", log.hook(parents)),
        Step::on(Message::Create, "task").at(at(20)).run("20", log.hook(parents)),
    ]);

    create(&engine, "account", []);

    let outer = "Create 20 at 1, Create 30 at 1, ";
    assert_eq!(log.take(), [outer.to_owned(), format!("Create 30 at 2, {outer}")]);
}

#[test]
fn the_wrapper_holds_what_the_caller_sent() {
    // P-67, P-68
    let log = Log::default();
    let sent = |ctx: &mut Context| {
        let Request::Create(outer) = ctx.parent().unwrap().input() else { panic!() };
        let names: Vec<&str> = outer.target.attributes().map(|(it, _)| it).collect();
        format!("{} {}", names.join(" "), ctx.target().unwrap().has("description"))
    };
    let engine = engine([
        on_create(10).run("set", crate::engines::set("description", "added")),
        on_create(40).run("see", log.hook(sent)),
    ]);

    create(&engine, "account", [("name", "A".into())]);

    assert_eq!(log.take(), ["name true"]);
}

#[test]
fn what_an_attribute_will_be_is_the_target_over_the_pre_image() {
    // B-27
    let log = Log::default();
    let after = |ctx: &mut Context| {
        let word = |it: Option<&Value>| it.map_or("–".to_owned(), ToString::to_string);
        ["name", "description", "telephone1"].map(|it| word(ctx.after(it))).join(" ")
    };
    let step =
        Step::on(Message::Update, "account").pre_image(["name", "description", "telephone1"]);
    let engine = engine([step.run("see", log.hook(after))]);
    let account = create(
        &engine,
        "account",
        [("name", "A".into()), ("description", "d".into()), ("telephone1", "1".into())],
    );

    engine
        .update(change(&engine, &account, [("name", "B".into()), ("description", Value::Null)]))
        .unwrap();

    assert_eq!(log.take(), ["\"B\" – \"1\""]);
}

#[test]
fn a_context_that_was_taken_is_put_back_whole() {
    // P-103
    let engine = engine([on_create(20).run("take", |ctx: &mut Context| {
        let mut taken = ctx.take();
        assert!(ctx.target().is_none());
        taken.target_mut()?.set("name", "taken")?;
        *ctx = *taken;
        Ok(())
    })]);

    let account = create(&engine, "account", []);

    assert_eq!(stored(&engine, &account, "name"), Some("taken".into()));
}

#[test]
fn a_context_that_is_not_put_back_fails_its_step() {
    // P-102: what hooks changed must not be lost without a sound.
    let engine = engine([on_create(20).run("take", |ctx: &mut Context| {
        drop(ctx.take());
        Ok(())
    })]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), rulegate::ErrorCode::StepFailed);
}

#[test]
fn the_primary_identity_of_an_update_by_key_is_resolved_before_the_first_step() {
    // X-25, I-38
    let log = Log::default();
    let seen = |ctx: &mut Context| {
        let target = ctx.target().unwrap();
        format!("{:?} {}", ctx.primary_id(), target.key().count())
    };
    let on = Step::on(Message::Update, "account").at(Stage::PreValidation);
    let engine = engine([on.run("see", log.hook(seen))]);
    let account = create(&engine, "account", [("accountnumber", "7".into())]);

    let by_key: Record = engine.record("account").unwrap().with_key("accountnumber", "7").unwrap();
    engine.update(by_key).unwrap();

    assert_eq!(log.take(), [format!("{:?} 0", Some(account.id))]);
}

#[test]
fn a_client_of_a_user_acts_in_that_name_throughout() {
    // who signed in is known to the host alone.
    let log = Log::default();
    let users = |ctx: &mut Context| format!("{} {}", ctx.user(), ctx.initiating_user());
    let engine = engine([
        on_create(40).rank(1).run("outer", log.hook(users)),
        on_create(40).rank(2).run("call", create_task("call")),
        Step::on(Message::Create, "task").run("nested", log.hook(users)),
    ]);
    let user = create(&engine, "systemuser", []);

    let client = engine.as_user(user.id);
    client.create(client.record("account").unwrap()).unwrap();

    assert_eq!(log.take(), [format!("{0} {0}", user.id), format!("{0} {0}", user.id)]);
}
