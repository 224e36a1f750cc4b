//! Filtering attributes: which updates wake a step.

use std::sync::Arc;

use super::*;

/// Whether a step on Update at 20 with this filter runs when these attributes are sent.
fn wakes<const N: usize>(given: &Given, filter: &[&str], values: [(&str, Value); N]) -> bool {
    let log = Log::default();
    let step = on_update(20).filtering(filter.iter().copied());
    let engine = given.engine([step.run("see", log.word("ran"))]);
    let account = create(&engine, "account", [("name", "A".into())]);
    update(&engine, &account, values);
    !log.take().is_empty()
}

/// Given a step that listens to the name, when the description is updated, it does not run.
#[test]
fn t_053_an_update_without_the_attribute_does_not_wake_the_step() {
    // I-44
    on_every_store(|given| {
        assert!(!wakes(given, &["name"], [("description", "d".into())]));
    });
}

/// Given a step that listens to the name, when name and description are updated, it runs.
#[test]
fn t_054_one_of_the_attributes_is_enough() {
    // I-44
    on_every_store(|given| {
        assert!(wakes(given, &["name"], [("name", "B".into()), ("description", "d".into())]));
    });
}

/// Given a step that listens to the name, when the name is sent as it is already, it runs.
#[test]
fn t_055_presence_counts_and_not_change() {
    // I-45
    on_every_store(|given| {
        assert!(wakes(given, &["name"], [("name", "A".into())]));
    });
}

/// Given a step without a filter, when any attribute is updated, it runs.
#[test]
fn t_057_without_a_filter_every_update_wakes_the_step() {
    // I-46
    on_every_store(|given| {
        assert!(wakes(given, &[], [("description", "d".into())]));
    });
}

/// Given a step at 20 that adds the name and one at 40 that listens to it, when the description is updated,
/// the later one runs.
#[test]
fn t_058_what_an_earlier_step_added_counts_later() {
    // I-49
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_update(20).run("add", set("name", "added")),
            on_update(40).filtering(["name"]).run("see", log.word("ran")),
        ]);
        let account = create(&engine, "account", []);

        update(&engine, &account, [("description", "d".into())]);

        assert_eq!(log.take(), ["ran"]);
    });
}

/// Given a step that listens to the primary key, when the description is updated, it runs: the identity is
/// in every target.
#[test]
fn t_059_a_filter_on_the_primary_key_lets_everything_pass() {
    // I-51
    on_every_store(|given| {
        assert!(wakes(given, &["accountid"], [("description", "d".into())]));
    });
}

/// Given a step without a filter and one that listens to the name, when nothing is sent, the first runs, and
/// the record is stamped.
#[test]
fn t_061_an_empty_update_wakes_unfiltered_steps_alone_and_stamps() {
    // C-15
    on_every_store(|given| {
        let log = Log::default();
        let clock = Arc::new(rulegate::clock::ManualClock::at(now()));
        let engine = given
            .builder()
            .shared_clock(Arc::clone(&clock) as Arc<dyn rulegate::clock::Clock>)
            .step(on_update(20).run("any", log.word("any")))
            .step(on_update(20).filtering(["name"]).run("name", log.word("name")))
            .build()
            .unwrap();
        let account = create(&engine, "account", [("name", "A".into())]);

        clock.advance(chrono::TimeDelta::hours(1));
        update(&engine, &account, []);

        assert_eq!(log.take(), ["any"]);
        let later = now() + chrono::TimeDelta::hours(1);
        assert_eq!(stored(&engine, &account, "modifiedon"), Some(later.into()));
    });
}
