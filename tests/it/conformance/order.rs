//! Order: which step runs first, and which step cannot be registered.

use rulegate::engine::ReloadError;

use super::*;

/// Why a step is refused: its number in Dataverse.
fn refusal(given: &Given, step: Step) -> u32 {
    match given.builder().step(step.run("the-step", |_: &mut Context| Ok(()))).build() {
        Err(ReloadError::Steps(problems)) => problems.first().unwrap().problem.number(),
        other => panic!("{other:?}"),
    }
}

/// Given two steps of the ranks 2 and 1, when an account is created, the lower rank runs first.
#[test]
fn t_025_lower_ranks_run_first() {
    // P-44
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(20).rank(2).run("a", log.word("rank 2")),
            on_create(20).rank(1).run("b", log.word("rank 1")),
        ]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["rank 1", "rank 2"]);
    });
}

/// Given two steps of one rank, registered one way and the other, when an account is created, they run in
/// one order. Dataverse takes that of internal ids; here it is that of names.
#[test]
fn t_026_ties_of_rank_do_not_go_by_registration() {
    // P-45
    on_every_store(|given| {
        for names in [["f1", "f2"], ["f2", "f1"]] {
            let log = Log::default();
            let engine = given.engine(names.map(|it| on_create(20).run(it, log.word(it))));

            create(&engine, "account", []);

            assert_eq!(log.take(), ["f1", "f2"]);
        }
    });
}

/// Given a synchronous step of rank 100 and a job of rank 1, when an account is created, the job waits.
#[test]
fn t_027_synchronous_steps_finish_before_jobs_start() {
    // P-47
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(40).rank(1).asynchronous().run("job", log.word("job")),
            on_create(40).rank(100).run("sync", log.word("sync")),
        ]);

        create(&engine, "account", []);
        engine.run_jobs();

        assert_eq!(log.take(), ["sync", "job"]);
    });
}

/// Given one hook in two steps, when an account is created, it runs twice.
#[test]
fn t_029_one_hook_in_two_steps_runs_twice() {
    // P-60
    on_every_store(|given| {
        let log = Log::default();
        let steps = ["first", "second"].map(|it| on_create(20).run(it, log.word("ran")));
        let engine = given.engine(steps);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["ran", "ran"]);
    });
}

/// When an asynchronous step is registered at stage 20, it is refused: jobs come after the write.
#[test]
fn t_031_an_asynchronous_step_runs_in_post_operation() {
    // P-43
    on_every_store(|given| {
        let job = on_create(40).asynchronous();

        refusal(given, job.clone().at(Stage::PreOperation));

        given.engine([job.run("job", |_: &mut Context| Ok(()))]);
    });
}

/// When a step on Create asks for a pre-image, it is refused: there was no record before.
#[test]
fn t_038_create_has_no_pre_image() {
    // I-6
    on_every_store(|given| {
        assert_eq!(refusal(given, on_create(40).pre_image(["name"])), 0x8004_416D);
    });
}

/// When a step on Delete asks for a post-image, it is refused: there is no record after.
#[test]
fn t_039_delete_has_no_post_image() {
    // I-6
    on_every_store(|given| {
        let step = Step::on(Message::Delete, "account").at(Stage::PostOperation);

        assert_eq!(refusal(given, step.post_image(["name"])), 0x8004_416D);
    });
}

/// When a step on Associate asks for an image, it is refused: no record changes.
#[test]
fn t_041_associations_have_no_images() {
    // I-5
    on_every_store(|given| {
        let all: [&str; 0] = [];
        let step = Step::on_any(Message::Associate).at(Stage::PostOperation);

        assert_eq!(refusal(given, step.clone().pre_image(all)), 0x8004_4189);
        assert_eq!(refusal(given, step.post_image(all)), 0x8004_4189);
    });
}

/// When a step on Associate names an entity, it is refused, unless the settings let it listen to that of
/// the target.
#[test]
fn t_143_a_step_on_associate_names_an_entity_where_the_settings_say_so() {
    // I-59, I-60
    on_every_store(|given| {
        let step = || Step::on(Message::Associate, "opportunity");

        refusal(given, step());

        let nothing = |_: &mut Context| Ok(());
        let builder = given.builder().settings(|it| it.associate_takes_entity = true);
        assert!(builder.step(step().run("the-step", nothing)).build().is_ok());
    });
}
