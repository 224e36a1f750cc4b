//! What a caller says beside the parameters, and what a step is told of its use.

use rulegate::bootstrap::DEFAULT_USER;
use rulegate::message::{Bypass, Options};

use super::*;

/// Given a step that looks at the shared variables, when an account is created with a tag, it finds the tag.
#[test]
fn t_083_a_step_finds_the_tag_of_its_request() {
    //
    // Also V-10: what the platform leaves among the variables.
    on_every_store(|given| {
        let log = Log::default();
        let tag = |ctx: &mut Context| ctx.shared.get("tag").map(ToString::to_string).unwrap();
        let engine = given.engine([on_create(20).run("see", log.hook(tag))]);

        create(&engine.client().with_options(Options::new().tag("x")), "account", []);

        assert_eq!(log.take(), ["\"x\""]);
    });
}

/// Given a synchronous step and a job, when a caller who may creates an account past the synchronous
/// steps, the job alone runs.
#[test]
fn t_178_synchronous_steps_are_passed_by_and_jobs_are_queued() {
    // L-20
    on_every_store(|given| {
        let log = Log::default();
        let builder = given.builder().settings(|it| {
            it.bypass_users.insert(DEFAULT_USER);
        });
        let engine = builder
            .step(on_create(20).run("sync", log.word("sync")))
            .step(on_create(40).asynchronous().run("job", log.word("job")))
            .build()
            .unwrap();
        let options = Options::new().bypass(Bypass::SYNCHRONOUS);

        create(&engine.client().with_options(options), "account", []);
        engine.run_jobs();

        assert_eq!(log.take(), ["job"]);
    });
}

/// Given the same, when a caller who may not does so, it is an error, and nothing is stored.
#[test]
fn t_179_who_may_not_pass_steps_by_is_refused() {
    // L-25
    on_every_store(|given| {
        let engine = given.engine([]);
        let options = Options::new().bypass(Bypass::SYNCHRONOUS);
        let client = engine.client().with_options(options);

        let outcome = client.create(record(&engine, "account", []));

        assert_eq!(code(outcome), (ErrorCode::PrivilegeDenied, 0x8004_0220));
        assert_eq!(count(&engine, "account"), 0);
    });
}

/// Given a step with an unsecure and a secure configuration, when its hook is made, the constructor gets both
/// texts in this order.
#[test]
fn t_193_a_constructor_gets_both_configurations_in_order() {
    // P-52, P-53
    on_every_store(|given| {
        let log = Log::default();
        let made = log.clone();
        let step = on_create(20).configured("open").secured("closed");
        let engine = given.engine([step.construct("made", move |unsecure: &str, secure: &str| {
            made.write(format!("{unsecure}, {secure}"));
            |_: &mut Context| Ok(())
        })]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["open, closed"]);
    });
}
