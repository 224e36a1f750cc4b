//! Configuration: two texts with which a step is registered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rulegate::engine::ReloadError;
use rulegate::message::Create;
use rulegate::pipeline::Deployment;
use rulegate::settings::TraceLogSetting;
use rulegate::{Context, Fault, Hook, Message, OrganizationService, Step};

use crate::engines::{Log, at, builder, create, engine, record, refuse};

fn on_create() -> Step {
    Step::on(Message::Create, "account")
}

/// A hook that was made from two texts, and writes them down.
struct Noting {
    log: Log,
    texts: String,
}

impl Hook for Noting {
    fn execute(&self, _: &mut Context) -> Result<(), Fault> {
        self.log.write(&self.texts);
        Ok(())
    }
}

fn noting(log: &Log) -> impl Fn(&str, &str) -> Noting + Send + Sync + 'static {
    let log = log.clone();
    move |unsecure, secure| {
        log.write("made");
        Noting { log: log.clone(), texts: format!("{unsecure} then {secure}") }
    }
}

#[test]
fn a_hook_reads_the_configuration_of_its_step() {
    // P-52, P-53
    let log = Log::default();
    let see =
        |ctx: &mut Context| format!("{:?}", (ctx.configuration(), ctx.secure_configuration()));
    let step = |rank| on_create().rank(rank);
    let engine = engine([
        step(1).configured("a").run("unsecure", log.hook(see)),
        step(2).secured("b").run("secure", log.hook(see)),
        step(3).secured("b").configured("a").run("both", log.hook(see)),
        step(4).run("none", log.hook(see)),
        on_create().asynchronous().configured("j").secured("k").run("job", log.hook(see)),
    ]);

    create(&engine, "account", []);
    engine.run_jobs();

    let expected = [("a", ""), ("", "b"), ("a", "b"), ("", ""), ("j", "k")];
    assert_eq!(log.take(), expected.map(|it| format!("{it:?}")));
}

#[test]
fn a_hook_is_made_once_from_the_texts_that_its_step_ends_up_with() {
    // P-51, P-52
    let log = Log::default();
    let base = on_create().configured("a").construct("base", noting(&log));
    let other = on_create().construct("other", noting(&log)).configured("x").secured("y");
    let engine = engine([
        base.clone().at(at(10)),
        base.at(at(20)).configured("b"), // What was made from other texts is not used again.
        other.at(at(40)),
    ]);

    create(&engine, "account", []);
    assert_eq!(log.take(), ["made", "a then ", "made", "b then ", "made", "x then y"]);
    create(&engine, "account", []);
    assert_eq!(log.take(), ["a then ", "b then ", "x then y"]);
}

#[test]
fn a_constructor_that_panics_fails_its_message_and_is_tried_again() {
    // E-4
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let constructor = move |_: &str, _: &str| {
        assert!(counted.fetch_add(1, Ordering::SeqCst) != 0, "not yet");
        |_: &mut Context| Ok(())
    };
    let engine = engine([on_create().construct("made", constructor)]);

    let error = engine.create(record(&engine, "account", [])).unwrap_err();
    assert_eq!(error.number(), 0x8004_0224);
    create(&engine, "account", []);
    create(&engine, "account", []);

    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn the_secure_configuration_shows_nowhere() {
    // P-53
    let secured = || on_create().configured("public").secured("hush");
    let debug = |ctx: &mut Context| {
        ctx.trace(format!("{ctx:?}"));
        Ok(())
    };
    let engine = builder()
        .settings(|it| it.trace_log = TraceLogSetting::All)
        .step(secured().rank(1).run("debug", debug))
        .step(secured().rank(2).run("refuse", refuse("no")))
        .step(secured().rank(2).asynchronous().run("job", |_: &mut Context| panic!("broken")))
        .build()
        .unwrap();
    let request = || Create::new(record(&engine, "account", []));

    let (transcript, outcome) = engine.trace(request());
    let error = outcome.unwrap_err();
    let step = secured().construct("made", |_: &str, _: &str| |_: &mut Context| Ok(()));
    let wrong = secured().filtering(["nonsense"]).deployed(Deployment::Both);
    let refused = builder().step(wrong.run("wrong", |_: &mut Context| Ok(()))).build().unwrap_err();

    for shown in [
        format!("{transcript} {transcript:?}"),
        format!("{error} {error:?}"),
        format!("{step:?} {:?} {:?}", engine.steps(), step.configuration()),
        format!("{:?} {engine:?}", engine.trace_log()),
        format!("{refused} {refused:?}"),
    ] {
        assert!(!shown.contains("hush"), "{shown}");
    }
    assert_eq!(step.configuration(), "public");
}

#[test]
fn jobs_show_no_secure_configuration() {
    // P-53
    let fail = |_: &mut Context| Err(Fault::failed("broken"));
    let engine = engine([on_create().asynchronous().secured("hush").run("job", fail)]);

    create(&engine, "account", []);
    let outcomes = engine.trace_jobs();

    assert!(!format!("{outcomes:?} {:?}", engine.jobs()).contains("hush"));
}

#[test]
fn a_step_with_a_secure_configuration_is_on_the_server_only() {
    // P-54, P-55
    let build = |step: Step| builder().step(step.run("step", |_: &mut Context| Ok(()))).build();
    for deployment in [Deployment::ClientOnly, Deployment::Both] {
        let Err(ReloadError::Steps(problems)) =
            build(on_create().secured("hush").deployed(deployment))
        else {
            panic!("{deployment:?}")
        };

        assert_eq!(problems.first().unwrap().problem.number(), 0x8004_4185);
        assert!(build(on_create().configured("open").deployed(deployment)).is_ok());
    }
    assert!(build(on_create().secured("hush").deployed(Deployment::ServerOnly)).is_ok());
}

#[test]
fn a_step_for_the_client_does_not_run_here() {
    // P-55
    let log = Log::default();
    let on = |deployment| on_create().deployed(deployment);
    let engine = engine([
        on(Deployment::ServerOnly).run("0", log.word("server")),
        on(Deployment::ClientOnly).run("1", log.word("client")),
        on(Deployment::Both).run("2", log.word("both")),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["server", "both"]);
}
