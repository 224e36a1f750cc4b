//! Batches: many messages in one call, each for itself or all together.

use rulegate::engine::{BATCH_LIMIT, BatchAnswer, BatchItem, BatchSettings};
use rulegate::message::Create;

use super::*;

/// An engine whose steps refuse accounts called "no".
fn engine(given: &Given) -> Engine {
    given.engine([on_create(20).run("no", |ctx: &mut Context| {
        let name = ctx.target().and_then(|it| it.get("name")?.as_text());
        if name == Some("no") { Err(Fault::reject("no")) } else { Ok(()) }
    })])
}

fn account(engine: &Engine, name: &str) -> BatchItem {
    Create::new(record(engine, "account", [("name", name.into())])).into()
}

/// Sends six messages of which the third and the fifth fail.
fn send_six(engine: &Engine, settings: BatchSettings) -> Vec<BatchAnswer> {
    let six = ["1", "2", "no", "4", "no", "6"].map(|it| account(engine, it));
    engine.client().execute_multiple(six.into(), settings).unwrap()
}

/// When a batch holds one message more than a thousand, it fails before anything is done.
#[test]
fn t_173_a_batch_of_more_than_a_thousand_messages_does_nothing() {
    // L-31
    on_every_store(|given| {
        let engine = engine(given);
        let items = (0..=BATCH_LIMIT).map(|it| account(&engine, &it.to_string())).collect();

        let error = engine.client().execute_multiple(items, BatchSettings::default()).unwrap_err();

        assert_eq!((error.limit, error.found), (1_000, 1_001));
        assert_eq!(count(&engine, "account"), 0);
    });
}

/// When a batch of six goes on after errors and returns responses, it answers six, and two of them failed.
#[test]
fn t_174_a_batch_that_goes_on_answers_every_message() {
    // L-35
    on_every_store(|given| {
        let engine = engine(given);
        let settings = BatchSettings { continue_on_error: true, return_responses: true };

        let answers = send_six(&engine, settings);

        let failed: Vec<bool> = answers.iter().map(|it| it.outcome.is_err()).collect();
        assert_eq!(failed, [false, false, true, false, true, false]);
        assert_eq!(count(&engine, "account"), 4);
    });
}

/// When it does neither, it answers the first failure alone, and what comes after it is not done.
#[test]
fn t_175_a_batch_that_stops_answers_the_failure_alone() {
    // L-35
    on_every_store(|given| {
        let engine = engine(given);

        let answers = send_six(&engine, BatchSettings::default());

        let indices: Vec<usize> = answers.iter().map(|it| it.index).collect();
        assert_eq!((indices, answers[0].outcome.is_err()), (vec![2], true));
        assert_eq!(count(&engine, "account"), 2);
    });
}

/// A batch within a batch has no spelling: an item is a message, or messages that succeed together. Another
/// variant breaks this `match`.
#[test]
fn t_177_a_batch_cannot_hold_a_batch() {
    // L-32
    on_every_store(|given| {
        let engine = engine(given);
        let [message, other] = ["1", "2"].map(|it| account(&engine, it));
        let BatchItem::Request(other) = other else { panic!() };

        for item in [message, BatchItem::Transaction(vec![other])] {
            let (BatchItem::Request(_) | BatchItem::Transaction(_)) = &item;
            engine.client().execute_multiple(vec![item], BatchSettings::default()).unwrap();
        }

        assert_eq!(count(&engine, "account"), 2);
    });
}
