//! Transactions: what is undone together, and what no failure undoes.

use rulegate::{Context, ErrorCode, Fault, Hook, Message, OrganizationService, Stage, Step};

use crate::engines::{
    Log, at, builder, change, count, create, create_task, engine, record, refuse,
    swallow_a_failed_create,
};

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

fn in_transaction(ctx: &mut Context) -> bool {
    ctx.is_in_transaction()
}

#[test]
fn a_message_of_pre_validation_has_its_own_transaction() {
    // P-24, P-29
    let log = Log::default();
    let engine = engine([
        on_create(10).run("create", create_task("call")),
        Step::on(Message::Create, "task").at(at(10)).run("10", log.hook(in_transaction)),
        Step::on(Message::Create, "task").at(at(20)).run("20", log.hook(in_transaction)),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["false", "true"]);
}

#[test]
fn a_refusal_in_pre_operation_prevents_the_write() {
    // E-7
    let engine = engine([
        on_create(20).rank(1).run("create", create_task("call")),
        on_create(20).rank(2).run("refuse", refuse("no")),
    ]);

    engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!((count(&engine, "account"), count(&engine, "task")), (0, 0));
}

#[test]
fn an_update_that_fails_leaves_the_record_as_it_was() {
    // P-30, P-35
    let on = Step::on(Message::Update, "account").at(Stage::PostOperation);
    let engine = engine([on.run("refuse", refuse("no"))]);
    let account = create(&engine, "account", [("name", "A".into())]);
    let before = engine.retrieve(&account).unwrap();

    engine.update(change(&engine, &account, [("name", "B".into())])).unwrap_err();

    assert_eq!(engine.retrieve(&account).unwrap(), before);
}

#[test]
fn others_do_not_see_what_is_not_committed() {
    // P-39
    let log = Log::default();
    let seen = log.clone();
    let outside = std::sync::Arc::new(std::sync::OnceLock::<rulegate::Engine>::new());
    let other = std::sync::Arc::clone(&outside);
    let look = move |ctx: &mut Context| {
        let other = other.get().unwrap();
        seen.write(format!("{} {}", count(&ctx.service(), "account"), count(other, "account")));
        Ok(())
    };
    let engine = engine([on_create(40).run("look", look)]);
    outside.set(engine.clone()).unwrap();

    create(&engine, "account", []);

    assert_eq!(log.take(), ["1 0"]);
}

#[test]
fn swallowing_a_nested_failure_does_not_save_the_operation() {
    // P-32, E-11, E-12
    for stage in [20, 40] {
        let log = Log::default();
        let engine = engine([
            on_create(stage).rank(1).run("swallow", swallow_a_failed_create),
            on_create(stage).rank(2).run("next", log.word("next")),
        ]);

        let error = engine.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((error.code(), error.number()), (ErrorCode::Doomed, 0x8004_0251));
        assert_eq!((count(&engine, "account"), count(&engine, "task")), (0, 0));
        assert!(log.take().is_empty(), "a step ran on a doomed transaction");
    }
}

#[test]
fn pre_validation_may_catch_a_nested_failure() {
    // E-14
    let engine = engine([on_create(10).run("swallow", swallow_a_failed_create)]);

    create(&engine, "account", []);

    assert_eq!((count(&engine, "account"), count(&engine, "task")), (1, 1));
}

#[test]
fn a_job_may_catch_a_nested_failure() {
    // E-14, P-27
    let engine = engine([on_create(40).asynchronous().run("swallow", swallow_a_failed_create)]);

    create(&engine, "account", []);
    let [job] = engine.run_jobs().try_into().unwrap();

    assert!(job.fault.is_none(), "{:?}", job.fault);
    assert_eq!(count(&engine, "task"), 1);
}

#[test]
fn nothing_can_be_read_or_written_in_a_doomed_transaction() {
    // E-11
    let log = Log::default();
    let seen = log.clone();
    let go_on = move |ctx: &mut Context| {
        swallow_a_failed_create(ctx)?;
        let service = ctx.service();
        seen.write(service.create(service.record("task")?).unwrap_err().code());
        let all = rulegate::Query::new("task");
        seen.write(service.retrieve_multiple(all).unwrap_err().code());
        Ok(())
    };
    let engine = engine([on_create(20).run("go on", go_on)]);

    engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(log.take(), ["operation.doomed", "operation.doomed"]);
}

#[test]
fn a_refusal_in_pre_validation_of_a_nested_message_dooms_the_outer_one() {
    // E-10
    let swallow = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("task")?).unwrap_err();
        Ok(())
    };
    let engine = engine([
        on_create(40).run("swallow", swallow),
        Step::on(Message::Create, "task").at(at(10)).run("refuse", refuse("no")),
    ]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
    assert_eq!(count(&engine, "account"), 0);
}

/// Reads an account that is not there, and goes on.
fn swallow_a_failed_read(ctx: &mut Context) -> Result<(), Fault> {
    let service = ctx.service();
    let nobody = rulegate::EntityReference::new("account", uuid(7));
    assert_eq!(service.retrieve(&nobody).unwrap_err().code(), ErrorCode::NotFound);
    Ok(())
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

#[test]
fn a_failed_read_may_be_caught() {
    // E-13, spec 9.7 question 9
    let engine = engine([on_create(20).run("read", swallow_a_failed_read)]);

    create(&engine, "account", []);

    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn a_failed_read_dooms_where_the_settings_say_so() {
    // E-13
    let engine = builder()
        .settings(|it| it.read_failure_dooms = true)
        .step(on_create(20).run("read", swallow_a_failed_read))
        .build()
        .unwrap();

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
}

#[test]
fn a_read_that_a_step_refuses_dooms_as_any_refusal_does() {
    // P-30, E-1: a step that throws inside the transaction rolls it back, whatever its message.
    let swallow = |ctx: &mut Context| {
        let service = ctx.service();
        service.retrieve_multiple(rulegate::Query::new("contact")).unwrap_err();
        Ok(())
    };
    let engine = engine([
        on_create(20).run("swallow", swallow),
        Step::on(Message::RetrieveMultiple, "contact").run("refuse", refuse("no")),
    ]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
}

#[test]
fn a_failed_read_that_wrote_on_its_way_leaves_nothing_behind() {
    // P-30: what a step of the read wrote is not saved by catching the error.
    let engine = engine([
        on_create(20).run("read", swallow_a_failed_read),
        Step::on(Message::Retrieve, "account").run("write", create_task("seen")),
    ]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
    assert_eq!(count(&engine, "task"), 0);
}

#[test]
fn a_hook_that_panics_fails_its_message_and_not_the_engine() {
    // E-4, P-30
    let engine = engine([on_create(20).run("panic", |_: &mut Context| panic!("boom"))]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::StepFailed, 0x8004_0224));
    assert!(error.to_string().contains("boom"), "{error}");
    create(&engine, "contact", []);
    assert_eq!((count(&engine, "account"), count(&engine, "contact")), (0, 1));
}

#[test]
fn a_nested_hook_that_panics_undoes_the_outer_message() {
    // P-30
    let engine = engine([
        on_create(40).run("create", create_task("call")),
        Step::on(Message::Create, "task").run("panic", |_: &mut Context| panic!("boom")),
    ]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn nested_time_counts_toward_the_limit() {
    // E-44
    let limit = std::time::Duration::from_millis(50);
    let engine = builder()
        .settings(|it| it.time_limit = limit)
        .step(on_create(20).run("create", create_task("call")))
        .step(Step::on(Message::Create, "task").run("slow", |ctx: &mut Context| {
            while std::time::Instant::now() < ctx.deadline() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            Ok(())
        }))
        .build()
        .unwrap();

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Timeout);
    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn an_endless_time_limit_is_no_limit() {
    // E-44
    let engine = builder()
        .settings(|it| it.time_limit = std::time::Duration::MAX)
        .step(on_create(20).run("look", |ctx: &mut Context| {
            assert!(std::time::Instant::now() < ctx.deadline());
            Ok(())
        }))
        .build()
        .unwrap();

    create(&engine, "account", []);
}

#[test]
fn one_message_causes_so_many_others_and_no_more() {
    // P-74: what the depth limit does not see
    let create_tasks = |count| {
        move |ctx: &mut Context| {
            for _ in 0..count {
                create_task("call").execute(ctx)?;
            }
            Ok(())
        }
    };
    let engine = |count| {
        builder()
            .settings(|it| it.message_limit = 4)
            .step(on_create(20).run("create", create_tasks(count)))
            .build()
            .unwrap()
    };

    let (three, four) = (engine(3), engine(4));
    create(&three, "account", []);
    let error = four.create(record(&four, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepLimit);
    assert_eq!((count(&four, "account"), count(&four, "task")), (0, 0));
}

#[test]
fn a_service_that_outlives_its_message_sends_no_more() {
    // P-25
    let kept = std::sync::Arc::new(std::sync::Mutex::new(None));
    let keep = std::sync::Arc::clone(&kept);
    let engine = engine([on_create(20).run("keep", move |ctx: &mut Context| {
        *keep.lock().unwrap() = Some(ctx.service());
        Ok(())
    })]);
    create(&engine, "account", []);

    let service = kept.lock().unwrap().take().unwrap();
    let error = service.create(service.record("task").unwrap()).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Over);
    assert_eq!(count(&engine, "task"), 0);
}

#[test]
fn what_a_hook_does_outside_of_the_engine_is_not_undone() {
    // P-31
    let log = Log::default();
    let engine = engine([
        on_create(20).run("mail", log.word("sent")),
        on_create(40).run("refuse", refuse("no")),
    ]);

    engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!((log.take(), count(&engine, "account")), (vec!["sent".to_owned()], 0));
}

#[test]
fn differs_from_dataverse_threads_of_a_hook_share_its_transaction() {
    // P-91: Dataverse forbids them. Here their messages wait for each other, and go or stay together.
    let in_threads = |ctx: &mut Context| {
        let service = ctx.service();
        let send = || service.create(service.record("task").unwrap()).map(drop);
        let [one, two] = std::thread::scope(|scope| {
            [scope.spawn(send), scope.spawn(send)].map(|it| it.join().unwrap())
        });
        Ok(one.and(two)?)
    };
    let good = engine([on_create(20).run("threads", in_threads)]);
    let bad = engine([
        on_create(20).run("threads", in_threads),
        on_create(40).run("refuse", refuse("no")),
    ]);

    create(&good, "account", []);
    bad.create(record(&bad, "account", [])).unwrap_err();

    assert_eq!((count(&good, "task"), count(&bad, "task")), (2, 0));
}
