//! Both sides of every limit: what just fits, and what is one too much.

use std::time::Duration;

use rulegate::engine::EngineBuilder;
use rulegate::settings::Settings;
use rulegate::{Engine, Error, ErrorCode, OrganizationService};
use rulegate_script::{Limits, LoadOptions, Playground, RuleSet, SourceFile};
use support::{small_engine, small_set};

use crate::engines::count;
use crate::language::rule;

const ON_CREATE: &str = "message: \"Create\", stage: \"post-operation\"";

/// A limit, how it is set, and two rules: one within it and one beyond.
struct Side {
    set: fn(&mut Limits),
    within: &'static str,
    beyond: &'static str,
    says: &'static str,
}

const SIDES: &[Side] = &[
    Side {
        set: |it| it.time = Duration::ZERO,
        within: "ctx.depth;",
        beyond: "for n in 0..100 { ctx.depth; }",
        says: "more than 0ns of time",
    },
    Side {
        set: |it| it.memory = 64 * 1024,
        within: "let a = \"a\"; a.pad(30000, \"a\"); let b = a + \"b\"; for n in 0..10 { b.len(); }",
        beyond: "let a = \"a\"; a.pad(30000, \"a\"); let b = a + \"b\"; let c = b + \"c\"; for n in 0..10 { c.len(); }",
        says: "more than 64 KiB of memory",
    },
    Side {
        set: |it| it.call_depth = 4, // The rule itself is the first.
        within: "dig(3) } fn dig(n) { if n > 1 { dig(n - 1) }",
        beyond: "dig(4) } fn dig(n) { if n > 1 { dig(n - 1) }",
        says: "more than 4 nested calls",
    },
    Side {
        set: |it| it.text_size = 20,
        within: "let a = \"a\"; a.pad(20, \"a\");",
        beyond: "let a = \"a\"; a.pad(21, \"a\");",
        says: "more than 20 bytes of text in one value",
    },
    Side {
        set: |it| it.text_size = 20,
        within: "let a = [\"0123456789\", \"\"]; a[1] = \"0123456789\"; for n in 0..10 { a.len(); }",
        beyond: "let a = [\"0123456789\", \"\"]; a[1] = \"0123456789+\"; for n in 0..10 { a.len(); }",
        says: "more than 20 bytes of text in one value",
    },
    Side {
        set: |it| it.array_size = 10,
        within: "let a = []; for n in 0..10 { a.push(n); }",
        beyond: "let a = []; for n in 0..11 { a.push(n); }",
        says: "more than 10 elements of arrays in one value",
    },
    Side {
        set: |it| it.map_size = 10,
        within: "let a = #{}; for n in 0..10 { a[`${n}`] = n; } for n in 0..10 { a.len(); }",
        beyond: "let a = #{}; for n in 0..11 { a[`${n}`] = n; } for n in 0..10 { a.len(); }",
        says: "more than 10 entries of maps in one value",
    },
    Side {
        set: |it| it.value_depth = 3,
        within: "let a = [[[[1]]]]; for n in 0..10 { a.len(); }",
        beyond: "let a = [[[[[1]]]]]; for n in 0..10 { a.len(); }",
        says: "more than 3 arrays and maps within each other",
    },
    Side {
        set: |it| it.variables = 3, // The context is the first.
        within: "let a = 1; let b = 2;",
        beyond: "let a = 1; let b = 2; let c = 3;",
        says: "more than 3 variables of one function",
    },
    Side {
        set: |it| it.records = 2,
        within: "for n in 0..2 { record(\"task\", #{}); }",
        beyond: "for n in 0..3 { record(\"task\", #{}); }",
        says: "more than 2 records held by one rule",
    },
    Side {
        set: |it| it.query_size = 2,
        within: "for n in 0..2 { create(\"task\", #{}); } query(\"task\", #{});",
        beyond: "for n in 0..3 { create(\"task\", #{}); } query(\"task\", #{});",
        says: "more than 2 records of one query",
    },
    Side {
        set: |it| it.query_size = 2,
        within: "for n in 0..3 { create(\"task\", #{}); } query(\"task\", #{}, #{ top: 2 });",
        beyond: "for n in 0..3 { create(\"task\", #{}); } query(\"task\", #{}, #{ top: 3 });",
        says: "more than 2 records of one query",
    },
    Side {
        set: |it| it.shared_variables = 2,
        within: "for n in 0..2 { ctx.variables[`${n}`] = n; } ctx.variables[\"0\"] = 5;",
        beyond: "for n in 0..3 { ctx.variables[`${n}`] = n; }",
        says: "more than 2 shared variables of one message",
    },
];

/// The same for limits of the text itself, which is refused when it is loaded.
const LOADED: &[Side] = &[
    Side {
        set: |it| it.functions = 2, // The rule itself is the first.
        within: "} fn a() { ",
        beyond: "} fn a() { } fn b() { ",
        says: "number of functions defined exceeds maximum limit",
    },
    Side {
        set: |it| it.arguments = 2,
        within: "a(1, 2); } fn a(x, y) {",
        beyond: "a(1, 2, 3); } fn a(x, y, z) {",
        says: "`a` is called with more than 2 arguments",
    },
    Side {
        set: |it| it.expression_depth = (48, 8),
        within: "let a = (1);",
        beyond: "let a = ((((((((1))))))));",
        says: "expression exceeds maximum complexity",
    },
    Side {
        set: |it| it.file_size = 100,
        within: "",
        beyond: "let a = \"a long text that makes the file longer than it may be\";",
        says: "a script has at most 100 bytes",
    },
    Side {
        set: |it| it.text_size = 30,
        within: "let a = \"012345678901234567890123456789\";",
        beyond: "let a = \"012345678901234567890123456789+\";",
        says: "length of string exceeds the maximum limit (30)",
    },
];

#[test]
fn every_limit_stops_what_is_one_too_much_and_nothing_less() {
    // L-67
    for side in SIDES {
        let mut limits = Limits::default();
        (side.set)(&mut limits);
        let within = run(side.within, &limits);
        assert!(within.is_ok(), "{}: {}", side.within, within.unwrap_err());
        let error = run(side.beyond, &limits).expect_err(side.beyond);
        assert!(error.to_string().contains(side.says), "{}: {error}", side.beyond);
        assert_eq!(error.code(), ErrorCode::StepLimit);
    }
}

#[test]
fn every_limit_of_the_text_is_told_when_it_is_loaded() {
    for side in LOADED {
        let mut limits = Limits::default();
        (side.set)(&mut limits);
        let load = |body| small_set(&[rule("rule", ON_CREATE, body)], &limits);
        assert!(load(side.within).is_ok(), "{}: {:?}", side.within, load(side.within).err());
        let problems = load(side.beyond).expect_err(side.beyond);
        assert!(
            problems.first().unwrap().message.contains(side.says),
            "{}: {}",
            side.beyond,
            problems.first().unwrap()
        );
        assert_eq!(problems.first().unwrap().file, "rules/account/rule.rhai");
    }
}

#[test]
fn the_last_operation_is_allowed_and_the_next_is_not() {
    let body = "for n in 0..10 { ctx.depth; }";
    let limits = |operations| {
        let mut limits = Limits::default();
        limits.operations = operations;
        limits
    };
    let enough = (1..1_000).find(|it| run(body, &limits(*it)).is_ok()).unwrap();
    assert!(10 < enough, "{enough}");
    let error = run(body, &limits(enough - 1)).unwrap_err();
    assert!(error.to_string().contains(&format!("more than {} operations", enough - 1)), "{error}");
}

#[test]
fn a_rule_that_updates_its_own_record_is_stopped_at_the_depth_limit() {
    let step = "message: \"Update\", stage: \"post-operation\", filtering: [\"employees\"]";
    let again = "update(ctx.target, #{ employees: ctx.target.employees + 1 });";
    let ends = |at| format!("if ctx.target.employees < {at} {{ {again} }}");
    // P-75: a step runs at depth 8, and not at 9.
    assert_eq!(employees_after(&[rule("self", step, &ends(8))]).unwrap(), 8);
    let error = employees_after(&[rule("self", step, &ends(9))]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TooDeep);
    assert!(error.to_string().contains("`account/self` would run at depth 9"), "{error}");
}

#[test]
fn two_rules_that_wake_each_other_are_stopped_at_the_depth_limit() {
    let step =
        |of: &str| format!("message: \"Update\", stage: \"post-operation\", filtering: [\"{of}\"]");
    let rules = [
        rule("ping", &step("employees"), "update(ctx.target, #{ visits: 1 });"),
        rule("pong", &step("visits"), "update(ctx.target, #{ employees: 2 });"),
    ];
    let error = employees_after(&rules).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TooDeep);
}

/// The value that an update to one employee leaves, which the rules run on.
fn employees_after(rules: &[SourceFile]) -> Result<i64, Error> {
    let set = small_set(rules, &Limits::default()).unwrap();
    let engine = small_engine(&set, |it| it).unwrap();
    let account = engine.create(engine.record("account").unwrap()).unwrap();
    let outcome = engine.update(engine.change(&account).unwrap().with("employees", 1).unwrap());
    let left = engine.retrieve(&account).unwrap().get("employees").cloned();
    if outcome.is_err() {
        assert_eq!(left, None, "nothing is saved");
    }
    outcome.map(|()| left.and_then(|it| it.as_whole_number()).unwrap())
}

#[test]
fn a_rule_that_creates_records_is_stopped_at_the_message_limit() {
    let of = |messages| move |it: &mut Settings| it.message_limit = messages;
    let body = "for n in 0..10 { create(\"task\", #{}); }";
    let eleven = engine_with(body, |it| it.settings(of(11)));
    eleven.create(eleven.record("account").unwrap()).unwrap();
    assert_eq!(count(&eleven, "task"), 10);
    let ten = engine_with(body, |it| it.settings(of(10)));
    let error = ten.create(ten.record("account").unwrap()).unwrap_err();
    assert!(error.to_string().contains("more than 10 others"), "{error}");
    assert_eq!((count(&ten, "task"), count(&ten, "account")), (0, 0));
}

#[test]
fn a_rule_has_no_more_time_than_its_message() {
    let engine =
        engine_with("loop {}", |it| it.settings(|it| it.time_limit = Duration::from_millis(20)));
    let error = engine.create(engine.record("account").unwrap()).unwrap_err();
    assert!(error.to_string().contains("of time"), "{error}");
}

#[test]
fn related_records_nest_sixteen_levels_deep() {
    // I-82, on both sides: an account, its parent, the parent of that …
    let files = support::entity_files().unwrap();
    let set = RuleSet::load(&files, None, &LoadOptions::default()).unwrap();
    let play = |levels: u32| {
        let script = format!(
            r#"let it = #{{ name: "top" }};
for n in 0..{levels} {{ it = #{{ account_parent_account: it }}; }}
create("account", it);
assert(count("account", #{{}}) == {levels} + 1);"#
        );
        let run = SourceFile::new("tests/runs/deep.rhai", script);
        let playground = Playground::new(&set, |_| (), &Limits::default()).unwrap();
        playground.play(&run).failure.map(|it| it.message)
    };

    assert_eq!(play(16), None);
    assert!(play(17).unwrap().contains("16 levels of related records"));
}

#[test]
fn a_module_that_never_ends_is_not_loaded() {
    let library = SourceFile::new("rules/lib/endless.rhai", "loop {}");
    let problems = small_set(&[library], &Limits::default()).unwrap_err();
    assert!(
        problems.first().unwrap().message.contains("operations"),
        "{}",
        problems.first().unwrap()
    );
}

#[test]
fn a_flood_of_lines_leaves_the_newest() {
    let line = "of many that were traced, and long enough that few fit: ".repeat(3);
    let body = format!("for n in 0..2000 {{ trace(`line ${{n}} {line}`); }} throw \"no\";");
    let engine = engine_with(&body, |it| it);
    let error = engine.create(engine.record("account").unwrap()).unwrap_err();
    let trace = &error.step().unwrap().trace;
    assert_eq!(trace.last().unwrap(), &format!("line 1999 {line}"));
    let size: usize = trace.iter().map(|it| it.len() + 1).sum();
    assert!((10_000..=10_240).contains(&size), "{size}");
    let (transcript, _) =
        engine.trace(rulegate::message::Create::new(engine.record("account").unwrap()));
    let text = transcript.to_string();
    assert!(text.contains("has no place in the transcript"));
    assert!(text.len() < 300_000, "{}", text.len());
}

fn run(body: &str, limits: &Limits) -> Result<(), Error> {
    let set = small_set(&[rule("rule", ON_CREATE, body)], limits).unwrap();
    let engine = small_engine(&set, |it| it).unwrap();
    engine.create(engine.record("account").unwrap()).map(drop)
}

fn engine_with(body: &str, furnish: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Engine {
    let set = small_set(&[rule("rule", ON_CREATE, body)], &Limits::default()).unwrap();
    small_engine(&set, furnish).unwrap()
}
