//! Stages: where a message passes, and what can be changed there.

use rulegate::Response;

use super::*;

/// Given a step at each stage, when an account is created, they run in the order of their stages.
#[test]
fn t_001_the_stages_run_in_order() {
    // P-1, P-8
    on_every_store(|given| {
        let log = Log::default();
        let steps = [40, 10, 20].map(|stage| {
            on_create(stage).run(format!("at {stage}"), log.hook(|ctx| ctx.stage().number()))
        });
        let engine = given.engine(steps);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["10", "20", "40"]);
    });
}

/// Given a step at 20 that sets the name, when an account is created, the name of the step is stored.
#[test]
fn t_002_what_pre_operation_sets_is_stored() {
    // P-21
    on_every_store(|given| {
        let engine = given.engine([on_create(20).run("rename", set("name", "B"))]);

        let account = create(&engine, "account", [("name", "A".into())]);

        assert_eq!(stored(&engine, &account, "name"), text("B"));
    });
}

/// Given a step at 10 that sets the name, when an account is created, the name of the step is stored.
#[test]
fn t_003_what_pre_validation_sets_is_stored() {
    // P-21
    on_every_store(|given| {
        let engine = given.engine([on_create(10).run("rename", set("name", "B"))]);

        let account = create(&engine, "account", [("name", "A".into())]);

        assert_eq!(stored(&engine, &account, "name"), text("B"));
    });
}

/// Given a step that takes the name out of the target, when the name is updated, it stays what it was.
#[test]
fn t_005_what_pre_operation_removes_is_not_written() {
    // P-21, I-39
    on_every_store(|given| {
        let engine = given.engine([on_update(20).run("keep the name", |ctx: &mut Context| {
            ctx.target_mut()?.remove("name")?;
            Ok(())
        })]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("name", "X".into())]);

        assert_eq!(stored(&engine, &account, "name"), text("A"));
    });
}

/// Given a step that adds a description, when the name alone is updated, both are stored.
#[test]
fn t_006_what_pre_operation_adds_is_written_too() {
    // P-21
    on_every_store(|given| {
        let engine = given.engine([on_update(20).run("describe", set("description", "added"))]);
        let account = create(&engine, "account", []);

        update(&engine, &account, [("name", "X".into())]);

        assert_eq!(stored(&engine, &account, "name"), text("X"));
        assert_eq!(stored(&engine, &account, "description"), text("added"));
    });
}

/// Given a step at 40 that reads the answer, when an account is created, it sees what the caller gets.
#[test]
fn t_007_post_operation_sees_the_identity_that_the_caller_gets() {
    // M-6
    on_every_store(|given| {
        let log = Log::default();
        let answer = |ctx: &mut Context| match ctx.response() {
            Some(Response::Created(created)) => created.to_string(),
            other => format!("{other:?}"),
        };
        let engine = given.engine([on_create(40).run("see", log.hook(answer))]);

        let account = create(&engine, "account", []);

        assert_eq!(log.take(), [account.to_string()]);
    });
}

/// Given a step that takes a record out of what was found, when three are there, the caller gets two.
#[test]
fn t_009_post_operation_can_take_records_out_of_what_was_found() {
    //
    // Also M-11.
    on_every_store(|given| {
        let step = Step::on(Message::RetrieveMultiple, "account").at(Stage::PostOperation);
        let engine = given.engine([step.run("hide one", |ctx: &mut Context| {
            if let Some(Response::Found(page)) = ctx.response_mut() {
                page.records.remove(0);
            }
            Ok(())
        })]);
        for name in ["A", "B", "C"] {
            create(&engine, "account", [("name", name.into())]);
        }

        let found = engine.retrieve_multiple(Query::new("account")).unwrap();

        assert_eq!(found.records.len(), 2);
    });
}

/// Given a step that masks what was read, when an account is read, the caller sees the mask; the store does not.
#[test]
fn t_010_post_operation_can_change_what_is_read_and_not_what_is_stored() {
    // X-6, P-19
    // Also M-17: steps on what is read are possible, and cost every reader.
    on_every_store(|given| {
        let step = Step::on(Message::Retrieve, "account").at(Stage::PostOperation);
        let engine = given.engine([step.run("mask", |ctx: &mut Context| {
            if let Some(Response::Retrieved(record)) = ctx.response_mut() {
                record.set("name", "***")?;
            }
            Ok(())
        })]);
        let account = create(&engine, "account", [("name", "A".into())]);

        let read = engine.retrieve(&account).unwrap();

        assert_eq!(read.get("name"), Some(&"***".into()));
        let found = engine.retrieve_multiple(Query::new("account").equal("name", "A")).unwrap();
        assert_eq!(found.records.len(), 1);
    });
}

/// Given a step on Create of whatever entity and one on that of accounts, when a contact and an account are
/// created, the first runs for both and the second for the account.
#[test]
fn t_030_a_step_without_an_entity_runs_for_all_of_them() {
    // P-15
    on_every_store(|given| {
        let log = Log::default();
        let entity = |ctx: &mut Context| format!("any: {}", ctx.entity());
        let engine = given.engine([
            Step::on_any(Message::Create).run("any", log.hook(entity)),
            on_create(20).run("own", log.word("own")),
        ]);

        create(&engine, "contact", []);
        create(&engine, "account", []);

        assert_eq!(log.take(), ["any: contact", "any: account", "own"]);
    });
}
