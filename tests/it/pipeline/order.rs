//! Order: which step runs first.

use rulegate::{Message, Step};

use crate::engines::{Log, at, create, engine, update};

fn on_create(rank: i32) -> Step {
    Step::on(Message::Create, "account").rank(rank)
}

#[test]
fn lower_ranks_run_first() {
    // P-44
    let log = Log::default();
    let steps = [2, i32::MAX, -1, 1, i32::MIN]
        .map(|rank| on_create(rank).run(format!("rank {rank}"), log.hook(move |_| rank)));

    create(&engine(steps), "account", []);

    assert_eq!(log.take(), ["-2147483648", "-1", "1", "2", "2147483647"]);
}

#[test]
fn rank_counts_within_a_stage_alone() {
    // P-47
    let log = Log::default();
    let engine = engine([
        on_create(1).at(at(40)).run("post", log.word("post")),
        on_create(9).at(at(10)).run("validate", log.word("validate")),
        on_create(5).at(at(20)).run("pre", log.word("pre")),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["validate", "pre", "post"]);
}

#[test]
fn differs_from_dataverse_ties_of_rank_go_by_name() {
    // P-45, P-46: Dataverse takes the message filter's id, which nobody here has.
    for turned in [false, true] {
        let log = Log::default();
        let mut names = ["a", "b", "c"];
        if turned {
            names.reverse();
        }
        let steps = names.map(|name| on_create(1).run(name, log.word(name)));

        create(&engine(steps), "account", []);

        assert_eq!(log.take(), ["a", "b", "c"], "the order of registration shows");
    }
}

#[test]
fn of_equal_rank_a_step_without_an_entity_runs_first() {
    // P-46: its message filter is the empty one.
    let log = Log::default();
    let engine = engine([
        on_create(1).run("a", log.word("own")),
        Step::on_any(Message::Create).rank(1).run("z", log.word("any")),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["any", "own"]);
}

#[test]
fn a_step_without_an_entity_goes_by_its_rank() {
    // P-17
    let log = Log::default();
    let engine = engine([
        on_create(1).run("own", log.word("own")),
        Step::on_any(Message::Create).rank(2).run("any", log.word("any")),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["own", "any"]);
}

#[test]
fn a_disabled_step_stays_and_does_not_run() {
    // P-50, P-61
    let log = Log::default();
    let engine = engine([on_create(1).run("off", log.word("ran")).disabled()]);

    create(&engine, "account", []);

    assert!(log.take().is_empty());
    assert_eq!(engine.steps().len(), 1);
}

#[test]
fn steps_of_other_entities_do_not_run() {
    // P-15
    let log = Log::default();
    let engine = engine([
        Step::on(Message::Update, "contact").run("other", log.word("contact")),
        Step::on(Message::Update, "account").run("own", log.word("account")),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["account"]);
}
