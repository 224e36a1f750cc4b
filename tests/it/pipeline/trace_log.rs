//! The trace log: a row for every run of a step, outside any transaction.

use std::sync::Arc;

use chrono::TimeDelta;
use rulegate::clock::ManualClock;
use rulegate::engine::EngineBuilder;
use rulegate::settings::TraceLogSetting;
use rulegate::{Context, Engine, Fault, Message, Mode, OrganizationService, Step};

use crate::engines::{at, builder, create, create_task, now, record, refuse};

/// The size of the text of one row (E-49).
const TEXT_LIMIT: usize = 10 * 1024;

fn logged(setting: TraceLogSetting, steps: impl IntoIterator<Item = Step>) -> Engine {
    let builder = builder().settings(|it| it.trace_log = setting);
    steps.into_iter().fold(builder, EngineBuilder::step).build().unwrap()
}

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

fn trace(lines: Vec<String>) -> impl Fn(&mut Context) -> Result<(), Fault> {
    move |ctx| {
        for line in &lines {
            ctx.trace(line.clone());
        }
        Ok(())
    }
}

#[test]
fn by_default_only_failures_leave_a_row() {
    // E-46, E-47
    let engine = logged(
        TraceLogSetting::default(),
        [on_create(20).rank(1).run("well", |_: &mut Context| Ok(()))],
    );

    create(&engine, "account", []);

    assert!(engine.trace_log().is_empty());
}

#[test]
fn a_failed_step_leaves_a_row_that_survives_the_rollback() {
    // P-40, E-27, E-47, E-48
    let fail = |ctx: &mut Context| {
        ctx.trace("before");
        Err(Fault::reject("no"))
    };
    let engine = logged(TraceLogSetting::Exceptions, [on_create(40).run("fail", fail)]);

    engine.create(record(&engine, "account", [])).unwrap_err();

    let [row] = engine.trace_log().try_into().unwrap();
    assert_eq!(
        (row.step.as_str(), row.message.as_str(), row.entity.as_str()),
        ("fail", "Create", "account")
    );
    assert_eq!((row.text.as_str(), row.exception.as_deref()), ("before", Some("no")));
    assert_eq!((row.depth, row.mode, row.created_on), (1, Mode::Synchronous, now()));
}

#[test]
fn switched_off_it_keeps_nothing() {
    // E-46
    let engine = logged(TraceLogSetting::Off, [on_create(40).run("fail", refuse("no"))]);

    engine.create(record(&engine, "account", [])).unwrap_err();

    assert!(engine.trace_log().is_empty());
}

#[test]
fn every_run_leaves_a_row_where_the_setting_says_all() {
    // E-51, E-53, E-55
    let engine = logged(
        TraceLogSetting::All,
        [
            on_create(20).run("outer", create_task("call")),
            Step::on(Message::Create, "task").run("inner", |_: &mut Context| Ok(())),
            on_create(40).asynchronous().run("job", |_: &mut Context| Ok(())),
        ],
    );

    create(&engine, "account", []);
    engine.run_jobs();

    let rows = engine.trace_log();
    let short: Vec<_> = rows.iter().map(|it| (it.step.as_str(), it.depth, it.mode)).collect();
    let expected = [
        ("inner", 2, Mode::Synchronous),
        ("outer", 1, Mode::Synchronous),
        ("job", 1, Mode::Asynchronous),
    ];
    assert_eq!(short, expected);
    assert!(rows.windows(2).all(|it| matches!(it, [a, b] if a.correlation_id == b.correlation_id)));
}

#[test]
fn a_step_that_does_not_run_leaves_no_row() {
    // E-53
    let step = Step::on(Message::Update, "account").filtering(["name"]);
    let engine = logged(TraceLogSetting::All, [step.run("filtered", |_: &mut Context| Ok(()))]);
    let account = create(&engine, "account", []);

    crate::engines::update(&engine, &account, []);

    assert!(engine.trace_log().is_empty());
}

/// The text of the row that a step leaves who traces these lines.
fn text_of(lines: Vec<String>) -> String {
    let engine = logged(TraceLogSetting::All, [on_create(20).run("trace", trace(lines))]);
    create(&engine, "account", []);
    engine.trace_log().first().unwrap().text.clone()
}

#[test]
fn a_text_of_ten_kilobytes_is_kept_and_of_a_longer_one_the_newest_lines() {
    // E-45, E-49
    let half = || "x".repeat(TEXT_LIMIT / 2);
    let rest = || "y".repeat(TEXT_LIMIT / 2 - 1);

    let is = |lines, text: String| assert!(text_of(lines) == text);
    is(vec![half(), rest()], format!("{}\n{}", half(), rest()));
    is(vec![half(), rest() + "y"], rest() + "y");
    is(vec!["old".to_owned(), half(), rest()], format!("{}\n{}", half(), rest()));
}

#[test]
fn of_a_single_line_that_is_too_long_the_end_is_kept() {
    // E-49: a step that traces one great text must not leave an empty row.
    let line = format!("{}{}", "a".repeat(5), "ä".repeat(TEXT_LIMIT / 2));

    assert!(text_of(vec!["x".repeat(TEXT_LIMIT)]) == "x".repeat(TEXT_LIMIT));
    assert!(text_of(vec![line]) == "ä".repeat(TEXT_LIMIT / 2));
}

#[test]
fn a_row_older_than_a_day_goes() {
    // E-50
    let clock = Arc::new(ManualClock::at(now()));
    let shared: Arc<dyn rulegate::clock::Clock> = Arc::clone(&clock) as _;
    let engine = builder()
        .settings(|it| it.trace_log = TraceLogSetting::All)
        .shared_clock(shared)
        .step(on_create(20).run("run", |_: &mut Context| Ok(())))
        .build()
        .unwrap();

    create(&engine, "account", []);
    clock.advance(TimeDelta::hours(24));
    create(&engine, "account", []);
    assert_eq!(engine.trace_log().len(), 2);

    clock.advance(TimeDelta::seconds(1));
    create(&engine, "account", []);
    assert_eq!(engine.trace_log().len(), 2);
}
