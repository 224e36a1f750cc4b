//! Hostile rules: each is stopped, says where, leaves nothing behind, and the engine goes on.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use rulegate::error::StepError;
use rulegate::{Engine, Error, ErrorCode, Fault, OrganizationService, Record};
use rulegate_script::{Limits, SourceFile};
use support::{hostile_rules, small_engine, small_set};

use crate::engines::count;

/// What hosts give threads: the least that is common, what Rust and Tokio give, and just above the point
/// at which a rule gets a stack of its own.
const STACKS: [usize; 3] = [512 * 1024, 1_100 * 1024, 2 * 1024 * 1024];

#[test]
fn every_hostile_rule_is_stopped_and_says_where() {
    // L-65
    let rules = hostile_rules().unwrap();
    let outcomes: Vec<String> = rules.iter().map(outcome).collect();
    let outcomes = outcomes.join("\n");
    insta::assert_snapshot!(outcomes);
}

#[test]
fn no_hostile_rule_runs_much_longer_than_it_may() {
    /// What is asked of a quiet machine is 50 ms; one that builds something beside is given more.
    const GENEROUS: Duration = Duration::from_secs(5);
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(50);
    limits.operations = u64::MAX;
    // A figure to be told is the least of several: the machine is never alone with us.
    let attempts = if cfg!(debug_assertions) { 1 } else { 5 };
    let mut times = Vec::new();
    for rule in hostile_rules().unwrap() {
        let Ok(set) = small_set(std::slice::from_ref(&rule), &limits) else { continue };
        // What a rule's messages take is not its own time, but that of the message around it: both have the limit.
        let limit = limits.time;
        let engine = small_engine(&set, |it| it.settings(|it| it.time_limit = limit)).unwrap();
        let took = (0..attempts).map(|_| timed(&engine)).min().unwrap();
        assert!(took < GENEROUS, "{}: {took:?}", rule.path);
        if limit <= took {
            let over = took.saturating_sub(limit).as_micros();
            times.push(format!("{over:>8} µs over  {}", rule.path));
        }
    }
    times.sort_by(|a, b| b.cmp(a));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    fs::write(target.join("hostile-times.txt"), times.join("\n") + "\n").unwrap();
}

fn timed(engine: &Engine) -> Duration {
    let began = Instant::now();
    create_on(engine, STACKS[2]).unwrap();
    began.elapsed()
}

/// Limits under which what stops a script does not depend on how fast the machine is.
fn limits(name: &str) -> Limits {
    let mut limits = Limits::default();
    if name.starts_with("slow_") {
        limits.operations = u64::MAX;
        limits.time = Duration::from_millis(50);
    } else {
        limits.operations = 100_000;
        limits.time = Duration::from_hours(1);
    }
    limits
}

/// What stops a rule, in one line.
fn outcome(rule: &SourceFile) -> String {
    let name = rule.path.rsplit('/').next().unwrap().trim_end_matches(".rhai");
    let set = match small_set(std::slice::from_ref(rule), &limits(name)) {
        Ok(set) => set,
        Err(problems) => {
            let problem = problems.first().unwrap();
            assert!(problem.line_and_column().is_some(), "{name}: {problem}");
            return format!("{name}: not loaded: {problem}");
        }
    };
    let engine = small_engine(&set, |it| it).unwrap();
    let stacks = if name.contains("recursion") || name.contains("deep") {
        &STACKS[..]
    } else {
        &STACKS[2..]
    };
    let mut said = Vec::new();
    for stack in stacks {
        let Some(error) = create_on(&engine, *stack) else {
            panic!("{name}: nothing stops it");
        };
        assert_eq!(
            (count(&engine, "account"), count(&engine, "task")),
            (0, 0),
            "{name} left something"
        );
        match error.step() {
            Some(step) => {
                assert_eq!(step.step, format!("account/{name}"));
                assert_place(step, &rule.path);
            }
            // Who catches the failure of a nested message hides which step it was, too.
            None => assert_eq!(error.code(), ErrorCode::Doomed, "{name}: {error}"),
        }
        said.push(format!("{name}: {}", shown(&error)));
    }
    engine.create(engine.record("task").unwrap()).unwrap();
    said.dedup();
    said.join("\n")
}

/// Creates an account on a thread with so much stack: the rule stops that.
fn create_on(engine: &Engine, stack: usize) -> Option<Error> {
    let engine = engine.clone();
    let send = move || {
        let account: Record = engine.record("account").unwrap();
        engine.create(account).err()
    };
    thread::Builder::new().stack_size(stack).spawn(send).unwrap().join().unwrap()
}

fn assert_place(step: &StepError, path: &str) {
    let place = match &step.fault {
        Fault::Limit(limit) => &limit.place,
        Fault::Failed(failure) => failure.place.as_ref().unwrap_or_else(|| panic!("{step}")),
        Fault::Rejected(_) | Fault::Nested(_) => return,
    };
    assert!(place.starts_with(&format!("{path}:")), "{}: {place}", step.step);
}

/// The error in a line of a readable length.
fn shown(error: &Error) -> String {
    let Some(step) = error.step() else { return error.to_string() };
    let said = match &step.fault {
        // Where the time ends is never the same place.
        Fault::Limit(limit) if limit.what.contains("of time") => format!("stopped: {}", limit.what),
        Fault::Limit(limit) => limit.to_string(),
        Fault::Failed(failure) => format!("failed: {failure}"),
        Fault::Rejected(rejection) => format!("rejected: {rejection}"),
        Fault::Nested(error) => format!("nested: {error}"),
    };
    let mut short: String = said.chars().take(160).collect();
    if short.len() < said.len() {
        short.push('…');
    }
    short.replace('\n', " ")
}
