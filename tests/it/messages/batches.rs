//! Batches: many messages in one call, each for itself or all together.

use std::sync::{Arc, Mutex};

use rulegate::engine::{BATCH_LIMIT, BatchItem, BatchSettings};
use rulegate::message::Create;
use rulegate::{
    Context, Engine, ErrorCode, Fault, Message, OrganizationService, Request, Stage, Step,
};

use crate::engines::{count, engine, record};

/// A step that refuses accounts called "no".
fn no() -> Step {
    Step::on(Message::Create, "account").at(Stage::PreOperation).run("no", |ctx: &mut Context| {
        let name = ctx.target().and_then(|it| it.get("name")?.as_text().map(str::to_owned));
        if name.as_deref() == Some("no") { Err(Fault::reject("no")) } else { Ok(()) }
    })
}

fn account(engine: &Engine, name: &str) -> Request {
    Create::new(record(engine, "account", [("name", name.into())])).into()
}

/// Six messages of which the third and the fifth fail.
fn six(engine: &Engine) -> Vec<BatchItem> {
    let names = ["1", "2", "no", "4", "no", "6"];
    names.iter().map(|it| BatchItem::Request(account(engine, it))).collect()
}

/// The indices that a batch of six answers, and how many records it leaves.
fn played(continue_on_error: bool, return_responses: bool) -> (Vec<usize>, usize) {
    let engine = engine([no()]);
    let settings = BatchSettings { continue_on_error, return_responses };
    let answers = engine.client().execute_multiple(six(&engine), settings).unwrap();
    (answers.iter().map(|it| it.index).collect(), count(&engine, "account"))
}

#[test]
fn a_batch_answers_and_goes_on_as_its_settings_say() {
    // L-33, L-34, L-35, L-36
    assert_eq!(played(true, true), (vec![0, 1, 2, 3, 4, 5], 4));
    assert_eq!(played(true, false), (vec![2, 4], 4));
    assert_eq!(played(false, true), (vec![0, 1, 2], 2));
    assert_eq!(played(false, false), (vec![2], 2));
}

#[test]
fn a_batch_of_a_thousand_messages_runs_and_of_one_more_does_nothing() {
    // L-31
    let engine = engine([]);
    let items = |count: usize| -> Vec<BatchItem> {
        (0..count).map(|it| BatchItem::Request(account(&engine, &it.to_string()))).collect()
    };
    let settings = BatchSettings::default();
    let error = engine.client().execute_multiple(items(BATCH_LIMIT + 1), settings).unwrap_err();
    assert_eq!((error.limit, error.found), (1_000, 1_001));
    assert_eq!(count(&engine, "account"), 0);

    engine.client().execute_multiple(items(BATCH_LIMIT), settings).unwrap();
    assert_eq!(count(&engine, "account"), 1_000);
}

#[test]
fn a_transaction_saves_all_or_nothing_and_names_what_failed() {
    // P-36, L-37, L-38
    let engine = engine([no()]);
    let three = [account(&engine, "1"), account(&engine, "no"), account(&engine, "3")];

    let error = engine.client().execute_transaction(&three).unwrap_err();
    assert_eq!((error.index, error.code()), (1, ErrorCode::StepRejected));
    assert_eq!(count(&engine, "account"), 0);

    let two = [account(&engine, "1"), account(&engine, "2")];
    assert_eq!(engine.client().execute_transaction(&two).unwrap().len(), 2);
    assert_eq!(count(&engine, "account"), 2);
}

#[test]
fn a_batch_can_hold_a_transaction() {
    // L-32
    let engine = engine([no()]);
    let together = vec![account(&engine, "1"), account(&engine, "no")];
    let items = vec![BatchItem::Transaction(together), account(&engine, "3").into()];
    let settings = BatchSettings { continue_on_error: true, return_responses: true };

    let answers = engine.client().execute_multiple(items, settings).unwrap();

    assert_eq!(answers[0].outcome.as_ref().unwrap_err().index, 1);
    assert!(answers[1].outcome.is_ok());
    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn each_message_of_a_transaction_is_outermost_and_its_pre_validation_sees_the_transaction() {
    // P-37, L-43
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let step = Step::on(Message::Create, "account").at(Stage::PreValidation).run(
        "look",
        move |ctx: &mut Context| {
            log.lock().unwrap().push((
                ctx.depth(),
                ctx.is_in_transaction(),
                ctx.parent().is_none(),
            ));
            Ok(())
        },
    );
    let engine = engine([step]);

    engine.client().execute_transaction(&[account(&engine, "1"), account(&engine, "2")]).unwrap();
    engine.execute(account(&engine, "3")).unwrap();

    assert_eq!(*seen.lock().unwrap(), [(1, true, true), (1, true, true), (1, false, true)]);
}

#[test]
fn a_later_message_of_a_transaction_sees_what_an_earlier_one_wrote() {
    // P-39
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let step = Step::on(Message::Create, "account").at(Stage::PreOperation).run(
        "look",
        move |ctx: &mut Context| {
            let found = ctx.service().retrieve_multiple(rulegate::Query::new("account"))?;
            log.lock().unwrap().push(found.records.len());
            Ok(())
        },
    );
    let engine = engine([step]);
    engine.client().execute_transaction(&[account(&engine, "1"), account(&engine, "2")]).unwrap();
    assert_eq!(*seen.lock().unwrap(), [0, 1]);
}
