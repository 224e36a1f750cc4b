//! The trace log, which no rollback undoes, and the time that a message has.

use std::time::{Duration, Instant};

use rulegate::settings::TraceLogSetting;

use super::*;

/// Given a message that may take so long and a step that takes longer, when an account is updated, nothing
/// of it is stored.
#[test]
fn t_183_a_message_that_takes_too_long_is_rolled_back() {
    // E-37
    on_every_store(|given| {
        let slow = |ctx: &mut Context| {
            while Instant::now() < ctx.deadline() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        };
        let engine = given
            .builder()
            .settings(|it| it.time_limit = Duration::from_millis(200))
            .step(on_update(40).run("slow", slow))
            .build()
            .unwrap();
        let account = create(&engine, "account", [("name", "A".into())]);

        let outcome = engine.update(change(&engine, &account, [("name", "B".into())]));

        assert_eq!(code(outcome), (ErrorCode::Timeout, 0x8004_4151));
        assert_eq!(stored(&engine, &account, "name"), text("A"));
    });
}

/// Given a log that keeps failures alone, when a step succeeds, it leaves no row.
#[test]
fn t_185_a_step_that_succeeds_leaves_no_row_where_failures_are_kept() {
    // E-47
    on_every_store(|given| {
        let engine = given
            .builder()
            .settings(|it| it.trace_log = TraceLogSetting::Exceptions)
            .step(on_create(20).run("well", |_: &mut Context| Ok(())))
            .build()
            .unwrap();

        create(&engine, "account", []);

        assert!(engine.trace_log().is_empty());
    });
}

/// Given a log that keeps every run and steps at two depths, when an account is created, each has its row.
#[test]
fn t_186_every_run_leaves_a_row_with_its_depth() {
    // E-53, E-51
    on_every_store(|given| {
        let inner = Step::on(Message::Create, "task");
        let engine = given
            .builder()
            .settings(|it| it.trace_log = TraceLogSetting::All)
            .step(on_create(20).run("outer", create_task("call")))
            .step(inner.run("inner", |_: &mut Context| Ok(())))
            .build()
            .unwrap();

        create(&engine, "account", []);

        let rows = engine.trace_log();
        let rows: Vec<_> = rows.iter().map(|it| (it.step.as_str(), it.depth)).collect();
        assert_eq!(rows, [("inner", 2), ("outer", 1)]);
    });
}
