//! Cascades: what a message on a record does to its children.

use rulegate::bootstrap::DEFAULT_USER;

use super::*;

fn task_of(engine: &Engine, parent: &EntityReference) -> EntityReference {
    create(engine, "task", [("subject", "Call".into()), ("regardingobjectid", parent.into())])
}

/// Given an opportunity with a task and a note, when it is deleted, they go with it.
#[test]
fn t_145_tasks_and_notes_go_with_their_opportunity() {
    // C-138, O-45
    on_every_store(|given| {
        let engine = given.sales([]);
        let deal = create(&engine, "opportunity", []);
        task_of(&engine, &deal);
        create(&engine, "annotation", [("subject", "Note".into()), ("objectid", (&deal).into())]);

        engine.delete(&deal).unwrap();

        let left = ["opportunity", "task", "annotation"].map(|it| count(&engine, it));
        assert_eq!(left, [0, 0, 0]);
    });
}

/// Given a step on the Delete of tasks, when an opportunity with two tasks is deleted, it runs twice, in the
/// transaction.
#[test]
fn t_146_each_child_has_its_own_delete() {
    //
    on_every_store(|given| {
        let log = Log::default();
        let step = Step::on(Message::Delete, "task").at(Stage::PreValidation);
        let see = log.hook(|ctx| ctx.is_in_transaction());
        let engine = given.sales([step.run("see", see)]);
        let deal = create(&engine, "opportunity", []);
        task_of(&engine, &deal);
        task_of(&engine, &deal);

        engine.delete(&deal).unwrap();

        assert_eq!(log.take(), ["true", "true"]);
    });
}

/// Given a step that refuses the Delete of a task, when its opportunity is deleted, everything stays.
#[test]
fn t_147_a_child_that_refuses_keeps_everybody() {
    //
    on_every_store(|given| {
        let step = Step::on(Message::Delete, "task").run("refuse", refuse("keep it"));
        let engine = given.sales([step]);
        let deal = create(&engine, "opportunity", []);
        task_of(&engine, &deal);
        task_of(&engine, &deal);

        let outcome = engine.delete(&deal);

        assert_eq!(code(outcome), (ErrorCode::StepRejected, 0x8004_0265));
        assert_eq!((count(&engine, "opportunity"), count(&engine, "task")), (1, 2));
    });
}

/// Given an opportunity with two parts of customers, when it is assigned, they get the new owner.
#[test]
fn t_149_children_follow_their_opportunity_to_its_new_owner() {
    // R-23, O-58
    on_every_store(|given| {
        let engine = given.sales([]);
        let customer = create(&engine, "account", [("name", "Acme".into())]);
        let deal = create(&engine, "opportunity", []);
        let role = create(&engine, "relationshiprole", [("name", "Decider".into())]);
        let parts = [None, Some(role)].map(|it| {
            let of = [("customerid", (&customer).into()), ("opportunityid", (&deal).into())];
            let part = record(&engine, "customeropportunityrole", of);
            engine.create(part.with("opportunityroleid", it).unwrap()).unwrap()
        });
        let system = EntityReference::new("systemuser", rulegate::bootstrap::SYSTEM_USER);

        engine.assign(&deal, &system).unwrap();

        let owners = parts.map(|it| points_at(&engine, &it, "ownerid"));
        assert_eq!(owners, [Some(system.id), Some(system.id)]);
    });
}

/// When an account is assigned to whom it belongs, its children stay with their owners.
#[test]
fn t_150_nothing_cascades_where_the_owner_stays() {
    //
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", []);
        let team = create(&engine, "team", []);
        let values = [("regardingobjectid", (&account).into()), ("ownerid", (&team).into())];
        let task = create(&engine, "task", values);

        engine.assign(&account, &EntityReference::new("systemuser", DEFAULT_USER)).unwrap();

        assert_eq!(points_at(&engine, &task, "ownerid"), Some(team.id));
    });
}

/// Given steps at 10 and 20 that look for the children, when a parent is deleted whose children only let go
/// of it, stage 10 finds them and stage 20 does not.
#[test]
fn t_151_children_that_only_point_have_let_go_before_pre_operation() {
    //
    // Also C-132.
    on_every_store(|given| {
        let log = Log::default();
        let children = |ctx: &mut Context| {
            let parent = EntityReference::new("contact", ctx.primary_id().unwrap());
            let children = Query::new("account").equal("primarycontactid", parent);
            ctx.service().retrieve_multiple(children).unwrap().records.len()
        };
        let engine = given.engine([10, 20].map(|stage| {
            let step = Step::on(Message::Delete, "contact").at(at(stage));
            step.run(stage.to_string(), log.hook(children))
        }));
        let contact = create(&engine, "contact", []);
        create(&engine, "account", [("primarycontactid", (&contact).into())]);

        engine.delete(&contact).unwrap();

        assert_eq!(log.take(), ["1", "0"]);
    });
}
