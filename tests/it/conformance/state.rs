//! States and status reasons, and how the two follow each other.

use super::*;

/// State and status reason of a record.
fn both(engine: &Engine, target: &EntityReference) -> [Option<i32>; 2] {
    ["statecode", "statuscode"].map(|it| stored(engine, target, it)?.as_choice())
}

/// When a status reason of the state Won is sent alone, the state follows.
#[test]
fn t_113_a_status_brings_its_state() {
    // C-70
    on_every_store(|given| {
        let engine = given.engine([]);
        let opportunity = create(&engine, "opportunity", []);

        update(&engine, &opportunity, [("statuscode", Value::Choice(3))]);

        assert_eq!(both(&engine, &opportunity), [Some(1), Some(3)]);
    });
}

/// When state and status reason do not belong together, the update is refused.
#[test]
fn t_114_a_pair_that_does_not_match_is_refused() {
    // C-71
    on_every_store(|given| {
        let engine = given.engine([]);
        let opportunity = create(&engine, "opportunity", []);
        let pair = [("statecode", Value::Choice(1)), ("statuscode", Value::Choice(5))];

        let outcome = engine.update(change(&engine, &opportunity, pair));

        assert_eq!(code(outcome), (ErrorCode::StatusMismatch, 0x8004_8408));
        assert_eq!(both(&engine, &opportunity), [Some(0), Some(1)]);
    });
}

/// Given steps at each stage of Update, when a name is sent with a state, stage 10 runs once for the whole,
/// and the others run twice: for the name, and for the state.
#[test]
fn t_115_a_state_that_is_sent_with_more_changes_apart() {
    // M-19, M-21
    on_every_store(|given| {
        let log = Log::default();
        let sent = |ctx: &mut Context| {
            let names: Vec<&str> = ctx.target().unwrap().attributes().map(|it| it.0).collect();
            let is_sent = |it: &&str| ["name", "statecode", "statuscode"].contains(it);
            let names: Vec<&str> = names.into_iter().filter(is_sent).collect();
            format!("{}: {}", ctx.stage().number(), names.join(" "))
        };
        let engine =
            given.engine([10, 20, 40].map(|it| on_update(it).run(it.to_string(), log.hook(sent))));
        let account = create(&engine, "account", []);
        let values = [
            ("name", "B".into()),
            ("statecode", Value::Choice(1)),
            ("statuscode", Value::Choice(2)),
        ];

        update(&engine, &account, values);

        let runs = [
            "10: name statecode statuscode",
            "20: name",
            "40: name",
            "20: statecode statuscode",
            "40: statecode statuscode",
        ];
        assert_eq!(log.take(), runs);
    });
}

/// Given steps on `SetState` and on Update, when the state is updated, those on Update run alone. Dataverse
/// calls the message `SetStateDynamicEntity`.
#[test]
fn t_117_an_update_of_the_state_is_no_set_state() {
    // M-25
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            Step::on(Message::SetState, "account").run("state", log.word("set-state")),
            on_update(20).run("update", log.word("update")),
        ]);
        let account = create(&engine, "account", []);

        update(&engine, &account, [("statecode", Value::Choice(1))]);

        assert_eq!(log.take(), ["update"]);
        assert_eq!(both(&engine, &account), [Some(1), Some(2)]);
    });
}
