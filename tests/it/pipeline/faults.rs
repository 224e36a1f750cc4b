//! Faults: what a caller hears of a message that failed.

use std::error::Error as _;

use rulegate::{Context, ErrorCode, Fault, Hook, Message, OrganizationService, Step};

use crate::engines::{at, create, create_task, engine, record, refuse};

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

/// The error of a Create on which this hook runs.
fn error_of(hook: impl Hook + 'static) -> rulegate::Error {
    let engine = engine([on_create(20).run("the-step", hook)]);
    engine.create(record(&engine, "account", [])).unwrap_err()
}

#[test]
fn a_refusal_is_an_answer_that_callers_may_show() {
    // E-2, E-3, E-24
    let error = error_of(refuse("the limit may at most double"));

    assert_eq!(error.to_string(), "the limit may at most double");
    assert_eq!((error.code(), error.number()), (ErrorCode::StepRejected, 0x8004_0265));
    assert_eq!(error.rejection().unwrap().reason, "the limit may at most double");
}

#[test]
fn a_refusal_can_have_a_code_of_its_own() {
    // E-16, E-15, E-18
    let error = error_of(|_: &mut Context| Err(Fault::reject_with("account.limit", "too much")));

    let rejection = error.rejection().unwrap();
    assert_eq!(rejection.code.as_deref(), Some("account.limit"));
    assert_eq!((error.code(), error.number()), (ErrorCode::StepRejected, 0x8004_0265));
}

#[test]
fn a_refusal_can_have_a_number_of_dataverse() {
    // O-12
    let reject = |_: &mut Context| {
        Err(Fault::reject_as(0x8010_0005, "opportunity.use-win", "use the Win message instead"))
    };
    let error = error_of(reject);

    assert_eq!((error.code(), error.number()), (ErrorCode::StepRejected, 0x8010_0005));
}

#[test]
fn a_refusal_without_a_reason_has_the_general_one() {
    // E-25
    assert_eq!(error_of(refuse("")).to_string(), "ISV code aborted the operation.");
}

#[test]
fn a_broken_hook_is_an_unexpected_error() {
    // E-4
    let error = error_of(|_: &mut Context| Err(Fault::failed("boom")));

    assert_eq!((error.code(), error.number()), (ErrorCode::StepFailed, 0x8004_0224));
    assert!(error.rejection().is_none());
    let text = error.to_string();
    assert!(text.starts_with("An unexpected error occurred from ISV code."), "{text}");
    for part in ["the-step", "Create", "account", "20", "boom"] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
}

#[test]
fn a_hook_that_uses_too_much_is_stopped_as_an_unexpected_error() {
    // E-4, E-37
    let error = error_of(|_: &mut Context| Err(Fault::limit("10 operations", "rule.rhai:3")));

    assert_eq!((error.code(), error.number()), (ErrorCode::StepLimit, 0x8004_0224));
    assert!(error.to_string().contains("more than 10 operations at rule.rhai:3"), "{error}");
}

#[test]
fn an_unknown_name_in_a_hook_is_a_failure_and_no_answer() {
    // C-8
    let error = error_of(|ctx: &mut Context| Ok(ctx.target_mut()?.set("nme", "A")?));

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert!(error.to_string().contains("did you mean `name`?"), "{error}");
}

#[test]
fn the_error_of_a_nested_message_keeps_its_code() {
    // E-21
    let error = error_of(|ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("ticket")?)?;
        Ok(())
    });

    assert_eq!((error.code(), error.number()), (ErrorCode::RequiredMissing, 0x8004_0200));
    assert!(error.step().is_some());
}

#[test]
fn the_refusal_of_a_nested_step_is_what_the_caller_hears() {
    // E-21
    let engine = engine([
        on_create(40).run("outer", create_task("call")),
        Step::on(Message::Create, "task").run("inner", refuse("no calls today")),
    ]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.to_string(), "no calls today");
    assert_eq!((error.code(), error.number()), (ErrorCode::StepRejected, 0x8004_0265));
    assert_eq!(error.rejection().unwrap().reason, "no calls today");
    let step = error.step().unwrap();
    assert_eq!((step.step.as_str(), step.message.as_str()), ("inner", "Create"));
    assert_eq!((step.entity.as_str(), step.stage, step.depth), ("task", 20, 2));
}

#[test]
fn the_number_of_a_nested_refusal_reaches_the_caller() {
    // E-21, O-14
    let closed = |_: &mut Context| Err(Fault::reject_as(0x8004_0515, "closed", "closed already"));
    let engine = engine([
        on_create(40).run("outer", create_task("call")),
        Step::on(Message::Create, "task").run("inner", closed),
    ]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.number(), 0x8004_0515);
}

#[test]
fn a_failed_step_brings_its_trace() {
    // E-54
    let error = error_of(|ctx: &mut Context| {
        ctx.trace("looked at the limit");
        ctx.trace("found it wanting");
        Err(Fault::reject("no"))
    });

    assert_eq!(error.step().unwrap().trace, ["looked at the limit", "found it wanting"]);
}

#[test]
fn a_failed_hook_keeps_the_cause_of_its_failure() {
    // E-22
    let error = error_of(|_: &mut Context| {
        let cause = "x".parse::<u8>().unwrap_err();
        Err(Fault::caused_by(cause))
    });

    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(it) = cause {
        causes.push(it.to_string());
        cause = it.source();
    }
    assert!(causes.iter().any(|it| it == "invalid digit found in string"), "{causes:?}");
}

#[test]
fn a_fault_can_be_caught_where_nothing_depends_on_it() {
    // E-14
    let engine = engine([on_create(10).run("catch", |ctx: &mut Context| {
        let service = ctx.service();
        let error = service.create(service.record("ticket")?).unwrap_err();
        ctx.trace(error.to_string());
        Ok(())
    })]);

    create(&engine, "account", []);
}
