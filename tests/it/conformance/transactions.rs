//! Transactions: what is undone together, and what no failure undoes.

use rulegate::settings::Jobs;

use super::*;

fn in_transaction(ctx: &mut Context) -> bool {
    ctx.is_in_transaction()
}

/// Given a step at 10 that refuses, when an account is created, the caller hears why, no later step runs and
/// nothing is stored.
#[test]
fn t_011_a_refusal_in_pre_validation_stores_nothing() {
    // E-3, E-5
    // Also P-22: the cheapest place to say no, before there is anything to undo.
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(10).run("refuse", refuse("no")),
            on_create(20).run("20", log.word("ran")),
            on_create(40).run("40", log.word("ran")),
        ]);

        let error = engine.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((error.number(), error.to_string()), (0x8004_0265, "no".to_owned()));
        assert_eq!(count(&engine, "account"), 0);
        assert!(log.take().is_empty());
    });
}

/// Given a step at 40 that refuses, when an account is created, the write is undone.
#[test]
fn t_013_a_refusal_in_post_operation_undoes_the_write() {
    // E-8
    // Also E-1.
    on_every_store(|given| {
        let engine = given.engine([on_create(40).run("refuse", refuse("no"))]);

        let outcome = engine.create(record(&engine, "account", []));

        assert_eq!(code(outcome), (ErrorCode::StepRejected, 0x8004_0265));
        assert_eq!(count(&engine, "account"), 0);
    });
}

/// Given a step at 20 that creates a task and one at 40 that refuses, when an account is created, both go.
#[test]
fn t_014_what_pre_operation_wrote_goes_with_the_message() {
    // P-25, P-30
    on_every_store(|given| {
        let engine = given.engine([
            on_create(20).run("call", create_task("call")),
            on_create(40).run("refuse", refuse("no")),
        ]);

        engine.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((count(&engine, "account"), count(&engine, "task")), (0, 0));
    });
}

/// Given a step at 10 that creates a task and one at 20 that refuses, when an account is created, the task
/// stays: it was written before the transaction began.
#[test]
fn t_015_what_pre_validation_wrote_stays() {
    // P-24, E-6
    on_every_store(|given| {
        let engine = given.engine([
            on_create(10).run("call", create_task("call")),
            on_create(20).run("refuse", refuse("no")),
        ]);

        engine.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((count(&engine, "account"), count(&engine, "task")), (0, 1));
    });
}

/// Given steps at each stage and a job, when an account is created, only 20 and 40 are in a transaction.
#[test]
fn t_017_pre_validation_and_jobs_run_outside_the_transaction() {
    // P-29
    // Also P-23, P-27, P-28.
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(10).run("10", log.hook(in_transaction)),
            on_create(20).run("20", log.hook(in_transaction)),
            on_create(40).run("40", log.hook(in_transaction)),
            on_create(40).asynchronous().run("job", log.hook(in_transaction)),
        ]);

        create(&engine, "account", []);
        engine.run_jobs();

        assert_eq!(log.take(), ["false", "true", "true", "false"]);
    });
}

/// Given a step at 40 that creates a task, when an account is created, even stage 10 of the task is in the
/// transaction of the account.
#[test]
fn t_018_pre_validation_of_a_nested_message_runs_inside_the_transaction() {
    // P-26
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(40).run("call", create_task("call")),
            Step::on(Message::Create, "task").at(at(10)).run("see", log.hook(in_transaction)),
        ]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["true"]);
    });
}

/// Given a step that breaks rather than refuses, when an account is created, the caller gets the number and
/// the words of an unexpected error, with what broke.
#[test]
fn t_019_a_step_that_breaks_is_an_unexpected_error() {
    // E-4
    on_every_store(|given| {
        let broken = |_: &mut Context| Err(Fault::failed("boom"));
        let engine = given.engine([on_create(20).run("broken", broken)]);

        let error = engine.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((error.code(), error.number()), (ErrorCode::StepFailed, 0x8004_0224));
        let text = error.to_string();
        assert!(text.starts_with("An unexpected error occurred from ISV code."), "{text}");
        assert!(text.contains("boom"), "{text}");
    });
}

/// Given a step that catches the failure of its own Create, when an account is updated, it fails all the
/// same, and nothing is stored.
#[test]
fn t_021_catching_a_failed_write_does_not_save_the_message() {
    // P-32, E-11
    on_every_store(|given| {
        let engine = given.engine([on_update(40).run("swallow", swallow_a_failed_create)]);
        let account = create(&engine, "account", [("name", "A".into())]);

        let outcome = engine.update(change(&engine, &account, [("name", "B".into())]));

        assert_eq!(code(outcome), (ErrorCode::Doomed, 0x8004_0251));
        assert_eq!(stored(&engine, &account, "name"), text("A"));
        assert_eq!(count(&engine, "task"), 0);
    });
}

/// Given a step that reads its record, when the name is updated, stage 20 reads what was.
#[test]
fn t_110_pre_operation_reads_the_record_before_the_write() {
    // P-39
    on_every_store(|given| {
        let log = Log::default();
        let name = |ctx: &mut Context| word(stored(&ctx.service(), &own(ctx), "name").as_ref());
        let engine = given.engine([on_update(20).run("read", log.hook(name))]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(log.take(), ["\"A\""]);
    });
}

/// Given a step that reads its record, when the name is updated, stage 40 reads what is, before the commit.
#[test]
fn t_111_post_operation_reads_the_record_after_the_write() {
    // P-39
    on_every_store(|given| {
        let log = Log::default();
        let name = |ctx: &mut Context| word(stored(&ctx.service(), &own(ctx), "name").as_ref());
        let engine = given.engine([on_update(40).run("read", log.hook(name))]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(log.take(), ["\"B\""]);
    });
}

/// Given a job on Create and a step that refuses after it was queued, when the transaction is undone, the
/// job never runs, whoever runs jobs.
#[test]
fn t_170_jobs_of_a_message_that_is_rolled_back_never_run() {
    // P-30, P-41
    on_every_store(|given| {
        for jobs in [Jobs::Manual, Jobs::Workers(1)] {
            let log = Log::default();
            let job = Step::on(Message::Create, "task").asynchronous();
            let engine = given
                .builder()
                .settings(|it| it.jobs = jobs)
                .step(on_create(40).rank(1).run("call", create_task("call")))
                .step(job.run("job", log.word("ran")))
                .step(on_create(40).rank(2).run("refuse", refuse("no")))
                .build()
                .unwrap();

            engine.create(record(&engine, "account", [])).unwrap_err();
            engine.run_jobs();
            engine.wait_for_jobs();

            assert!(log.take().is_empty());
            assert!(engine.jobs().is_empty());
        }
    });
}
