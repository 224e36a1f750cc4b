//! Depth: messages within messages, and how deep they go.

use super::*;

fn depth(ctx: &mut Context) -> u32 {
    ctx.depth()
}

/// Updates the record on which the step runs.
fn update_again(ctx: &mut Context) -> Result<(), Fault> {
    let service = ctx.service();
    Ok(service.update(service.change(&own(ctx))?.with("description", "again")?)?)
}

/// Given a step on Update, when a caller updates an account, its depth is 1.
#[test]
fn t_062_a_message_from_a_caller_has_depth_one() {
    // P-70
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([on_update(40).run("see", log.hook(depth))]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["1"]);
    });
}

/// Given a step on Update that creates a task, when an account is updated, the Create has depth 2.
#[test]
fn t_063_a_nested_message_is_one_deeper() {
    // P-71
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_update(40).run("call", create_task("call")),
            Step::on(Message::Create, "task").run("see", log.hook(depth)),
        ]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["2"]);
    });
}

/// Given a step on Update that updates its record, when it is updated, the loop ends with Dataverse's words,
/// and the record is as before.
#[test]
fn t_065_a_step_that_wakes_itself_is_stopped_and_undone() {
    // P-74, P-77, P-78, P-30
    on_every_store(|given| {
        let engine = given.engine([on_update(40).run("again", update_again)]);
        let account = create(&engine, "account", [("name", "A".into())]);
        let before = engine.retrieve(&account).unwrap();

        let error = engine.update(change(&engine, &account, [("name", "B".into())])).unwrap_err();

        assert_eq!((error.code(), error.number()), (ErrorCode::TooDeep, 0x8004_4182));
        let dataverse = "This workflow job was canceled because the workflow that started it \
                         included an infinite loop. Correct the workflow logic and try again. For \
                         information about workflow logic, see Help.";
        assert!(error.to_string().starts_with(dataverse), "{error}");
        assert_eq!(engine.retrieve(&account).unwrap(), before);
    });
}

/// Given the same, when the record is updated, the step runs at the depths 1 to 8.
#[test]
fn t_066_a_step_runs_at_depth_eight_and_not_at_nine() {
    // P-75
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_update(40).rank(1).run("see", log.hook(depth)),
            on_update(40).rank(2).run("again", update_again),
        ]);
        let account = create(&engine, "account", []);

        engine.update(change(&engine, &account, [])).unwrap_err();

        assert_eq!(log.take(), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    });
}

/// Given a step that updates its record at depth 1 alone, when it is updated, the step runs twice.
#[test]
fn t_067_a_step_that_asks_for_its_depth_ends_the_loop_itself() {
    // P-71, P-63
    // Also P-57: a step hears of callers and of steps alike.
    on_every_store(|given| {
        let log = Log::default();
        let once = |ctx: &mut Context| if ctx.depth() == 1 { update_again(ctx) } else { Ok(()) };
        let engine = given.engine([
            on_update(40).rank(1).run("see", log.hook(depth)),
            on_update(40).rank(2).run("once", once),
        ]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["1", "2"]);
    });
}

/// Given a job on Update, when it runs, its depth is that of its message, and its mode says what it is.
#[test]
fn t_069_a_job_has_the_depth_of_its_message() {
    // P-73
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| format!("{} {:?}", ctx.depth(), ctx.mode());
        let engine = given.engine([on_update(40).asynchronous().run("job", log.hook(see))]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);
        engine.run_jobs();

        assert_eq!(log.take(), ["1 Asynchronous"]);
    });
}

/// Given a job that updates another record, when it runs, the steps of that Update have depth 2.
#[test]
fn t_070_what_a_job_sends_is_one_deeper() {
    // P-73
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(40).asynchronous().run("job", update_again),
            on_update(40).run("see", log.hook(depth)),
        ]);

        create(&engine, "account", []);
        engine.run_jobs();

        assert_eq!(log.take(), ["2"]);
    });
}

/// Given a step that at depth 8 creates a record of which no step hears, when it does, that is no loop.
#[test]
fn t_071_a_message_that_no_step_hears_may_go_deeper() {
    // P-80
    on_every_store(|given| {
        let engine = given.engine([on_update(40).run("go down", |ctx: &mut Context| {
            if ctx.depth() < 8 {
                return update_again(ctx);
            }
            let service = ctx.service();
            service.create(service.record("contact")?)?;
            Ok(())
        })]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(count(&engine, "contact"), 1);
    });
}

/// Given a step that creates a task, when an account is created, both messages have one correlation.
#[test]
fn t_073_the_correlation_is_one_for_the_chain() {
    // P-85
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| ctx.correlation_id();
        let engine = given.engine([
            on_create(40).rank(1).run("outer", log.hook(see)),
            on_create(40).rank(2).run("call", create_task("call")),
            Step::on(Message::Create, "task").run("nested", log.hook(see)),
        ]);

        create(&engine, "account", []);
        create(&engine, "task", []);

        let [outer, nested, other] = log.take().try_into().unwrap();
        assert_eq!(outer, nested);
        assert_ne!(outer, other, "another message of a caller is another chain");
    });
}
