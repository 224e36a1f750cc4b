//! The context: what a step sees of its message, and in whose name it acts.

use rulegate::Request;
use rulegate::bootstrap::{DEFAULT_USER, SYSTEM_USER};
use rulegate::metadata::{AttributeType, EntityDefinition};
use rulegate::record::ColumnSet;

use super::*;

/// Given a step at 10, when a caller creates an account, the message stands in no other.
#[test]
fn t_074_pre_validation_of_a_message_from_a_caller_has_no_parent() {
    // P-66
    on_every_store(|given| {
        let log = Log::default();
        let engine =
            given.engine([on_create(10).run("see", log.hook(|ctx| ctx.parent().is_none()))]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["true"]);
    });
}

/// Given a step at 40, when a caller updates an account, the message stands in a wrapper at stage 30, which
/// is of the same message and depth, and stands in nothing.
#[test]
fn t_075_post_operation_of_an_update_stands_in_a_wrapper_at_stage_thirty() {
    // P-65
    on_every_store(|given| {
        let log = Log::default();
        let wrapper = |ctx: &mut Context| {
            let it = ctx.parent().unwrap();
            let (message, stage) = (it.message().to_string(), it.stage().number());
            format!("{message} {stage} {} {}", it.depth() == ctx.depth(), it.parent().is_none())
        };
        let engine = given.engine([on_update(40).run("see", log.hook(wrapper))]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["Update 30 true true"]);
    });
}

/// Given a step that runs in the name of the system, when a user updates an account, the step acts as the
/// system and knows who began.
#[test]
fn t_086_a_step_can_run_in_another_name() {
    //
    on_every_store(|given| {
        let log = Log::default();
        let users =
            |ctx: &mut Context| (ctx.user() == SYSTEM_USER, ctx.initiating_user() == DEFAULT_USER);
        let see = move |ctx: &mut Context| format!("{:?}", users(ctx));
        let engine = given.engine([on_update(20).run_as(SYSTEM_USER).run("see", log.hook(see))]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["(true, true)"]);
    });
}

/// Given a step that asks for a service of the system, when it creates a task, the system is its creator.
#[test]
fn t_087_a_step_can_send_in_the_name_of_the_system() {
    //
    on_every_store(|given| {
        let engine = given.engine([on_create(40).run("call", |ctx: &mut Context| {
            let service = ctx.service_as(SYSTEM_USER);
            service.create(service.record("task")?)?;
            Ok(())
        })]);

        create(&engine, "account", []);

        let task = engine.retrieve_multiple(Query::new("task")).unwrap().records.remove(0);
        assert_eq!(task.get("createdby").and_then(Value::as_identity), Some(SYSTEM_USER));
    });
}

/// Given a step that holds the engine and gives it another generation, when it does so on the way of a
/// message, that message ends on the one with which it began. Dataverse refuses schema changes there.
#[test]
fn t_187_a_schema_change_on_the_way_of_a_message_counts_from_the_next_one_on() {
    // P-38
    on_every_store(|given| {
        let slot = std::sync::Arc::new(std::sync::OnceLock::<Engine>::new());
        let held = std::sync::Arc::clone(&slot);
        let engine = given.engine([on_create(20).run("reload", move |ctx: &mut Context| {
            let plan = EntityDefinition::new("plan").attribute("name", AttributeType::text(10));
            let draft = support::bare().entity(plan);
            let next = Catalog::succeed(draft, Some(ctx.catalog())).unwrap();
            held.get().unwrap().reload(next, vec![]).unwrap();
            assert!(ctx.catalog().entity("plan").is_err());
            assert!(ctx.service().record("plan").is_err());
            Ok(())
        })]);
        slot.set(engine.clone()).unwrap();

        create(&engine, "account", []);

        assert_eq!((engine.generation(), count(&engine, "account")), (1, 1));
        create(&engine, "plan", [("name", "A".into())]);
    });
}

/// Given a step at 20 that asks for one attribute more, when an account is read, the answer has it.
#[test]
fn t_191_pre_operation_can_add_a_column_to_a_retrieve() {
    // X-3, M-14
    on_every_store(|given| {
        let step = Step::on(Message::Retrieve, "account");
        let engine = given.engine([step.run("widen", |ctx: &mut Context| {
            if let Request::Retrieve(it) = ctx.request_mut()? {
                it.columns = ColumnSet::only(["name", "telephone1"]);
            }
            Ok(())
        })]);
        let account = create(&engine, "account", [("telephone1", "1".into())]);

        let read = engine.retrieve_columns(&account, ["name"]).unwrap();

        assert_eq!(read.get("telephone1"), Some(&"1".into()));
    });
}

/// Given a step on Assign, when an account is assigned, it sees the record and the new owner.
#[test]
fn t_203_a_step_on_assign_sees_the_record_and_the_new_owner() {
    // X-12, M-75
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| {
            let Request::Assign(assign) = ctx.request() else { panic!() };
            format!("{} to {}", assign.target, assign.assignee)
        };
        let engine = given.engine([Step::on(Message::Assign, "account").run("see", log.hook(see))]);
        let (account, team) = (create(&engine, "account", []), create(&engine, "team", []));

        engine.assign(&account, &team).unwrap();

        assert_eq!(log.take(), [format!("{account} to {team}")]);
    });
}
