//! Hostile rules: each is stopped, says where, leaves nothing behind, and the engine goes on.

use std::thread;
use std::time::Duration;

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
    let rules = hostile_rules().unwrap();
    let outcomes: Vec<String> = rules.iter().map(outcome).collect();
    insta::assert_snapshot!(outcomes.join("\n"));
}

/// Limits under which what stops a script does not depend on how fast the machine is.
fn limits(name: &str) -> Limits {
    let mut limits = Limits::default();
    if name.starts_with("slow_") {
        limits.operations = u64::MAX;
        limits.time = Duration::from_millis(50);
    } else {
        limits.operations = 300_000;
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
            said.push(format!("{name}: NOT STOPPED"));
            continue;
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
    if !place.starts_with(&format!("{path}:")) {
        eprintln!("XX {}: {place} {}", step.step, step.fault);
    }
}

/// The error in a line of a readable length.
fn shown(error: &Error) -> String {
    let Some(step) = error.step() else { return error.to_string() };
    let said = match &step.fault {
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
