//! Lowering: which rules become native code, what keeps the others from it, and that nobody notices but by the speed.

use rulegate::{OrganizationService, Value};
use rulegate_script::{Execution, Limits, SourceFile};
use support::{shipped_rules, small_engine, small_set, small_set_as};

use super::{create, rule, said, said_at, shown, table};

/// How a rule with that body runs.
fn way(body: &str) -> String {
    let rule =
        rule("rule", "message: \"Update\", stage: \"pre-operation\", pre_image: [\"name\"]", body);
    let set = small_set(&[rule], &Limits::default()).unwrap();
    set.ways.get("account/rule").unwrap().to_string()
}

#[test]
fn a_rule_says_how_it_runs_and_what_keeps_it_from_being_native() {
    let said: Vec<String> = [
        "if ctx.target.name != \"Acme\" { return; } ctx.target.employees = 5;",
        "let n = ctx.target.employees; if n > 5 && n < 10 { reject(\"no\"); }",
        "let t = ctx.target; t.name = `${t.name} of ${ctx.pre.name}`;",
        "switch ctx.target.employees { 1 => trace(\"one\"), 2 | 3 => trace(\"few\"), _ => {} }",
        "let sum = 0; for n in 0..10 { if n % 2 == 0 { continue; } sum += n; } ctx.target.employees = sum;",
        "for it in query(\"account\", #{}) { if it.employees == 5 { return; } ctx.target.employees = 1; }",
        "if ctx.target.name == () { return; } create(\"account\", #{ name: \"x\" }); ctx.target.employees = 2;",
        "if ctx.target.name == () { return; } try { retrieve(ctx.target); } catch { } let f = || 1;",
        "let names = [\"a\"]; names.push(\"b\"); ctx.target.name = names[0];",
        "let x = 1; let few = [1].filter(|it| it == x); trace(`${few.len()}`);",
    ]
    .iter()
    .map(|body| format!("{body}\n    {}", way(body)))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn of_the_shipped_rules_most_are_native() {
    let set = shipped_rules();
    let ways: Vec<String> = set.ways.iter().map(|(name, way)| format!("{name}: {way}")).collect();
    insta::assert_snapshot!(ways.join("\n"));
}

#[test]
fn a_function_of_the_script_goes_before_one_of_the_language() {
    // The language's `len`, `abs` and `contains` are hidden by the script's own, in native code, too.
    let file = |body: &str| {
        SourceFile::new(
            "rules/account/rule.rhai",
            format!(
                "const STEP = #{{ message: \"Create\", stage: \"post-operation\" }};\n\
                 fn abs(x) {{ 7 }}\nfn contains(x) {{ \"mine\" }}\nfn twice(x) {{ x + x }}\n\
                 fn run(ctx) {{ {body} }}\n"
            ),
        )
    };
    let said = |body: &str| {
        let set = small_set(&[file(body)], &Limits::default()).unwrap();
        shown(&create(&small_engine(&set, |it| it).unwrap()).unwrap_err())
    };
    assert_eq!(said("throw `${abs(-1)}`;"), "= 7");
    assert_eq!(said("throw \"a\".contains(\"b\");"), "= mine");
    assert_eq!(said("throw `${twice(twice(2))}`;"), "= 8");
    assert_eq!(said("throw twice(ctx.target.name);"), "= AcmeAcme");
}

#[test]
fn what_looks_at_variables_by_their_names_sees_all_of_them() {
    let see = "fn see() { is_def_var(\"n\") }";
    for (body, expected) in [
        ("let n = 7; if is_def_var(\"n\") { throw \"there\"; }", "= there"),
        ("if ctx.target.name == () { return; } throw `${is_def_var(\"ctx\")}`;", "= true"),
        ("let n = ctx.target.name; throw `${see!()}`;", "= true"),
    ] {
        let step = "message: \"Create\", stage: \"post-operation\"";
        let text = format!("const STEP = #{{ {step} }};\n{see}\nfn run(ctx) {{ {body} }}\n");
        for execution in [Execution::Lowered, Execution::Interpreted] {
            let file = SourceFile::new("rules/account/rule.rhai", text.as_str());
            let set = small_set_as(&[file], execution).unwrap();
            let said = shown(&create(&small_engine(&set, |it| it).unwrap()).unwrap_err());
            assert_eq!(said, expected, "{body}");
        }
    }
}

#[test]
fn what_native_code_does_not_know_rhai_says_in_its_own_words() {
    let said = table(
        &[
            "let n = ctx.target.employees; n + 1;",
            "let n = 9223372036854775807; n + 1;",
            "let n = 1; n / (n - 1);",
            "ctx.target.name = 5; throw `${ctx.target.name}`;",
            "ctx.target.employees = \"many\";",
            "if ctx.target.name { }",
            "if ctx.target.name == \"Acme\" && ctx.target.employees { }",
            "reject(ctx.target.employees);",
            "let a = ctx.target.name; let b = a; a += \"!\"; throw `${a} ${b}`;",
            "let x = (); x = ctx.target.name; throw x;",
            "let x = 1; x = \"text\"; throw x + x;",
            "for n in ctx.target.employees..3 { trace(`${n}`); } throw \"end\";",
            "let n = 0; while n < 5 { n += 1; if n == 3 { break; } } throw `${n}`;",
            "let n = 0; loop { n += 1; for m in 0..=n { if m == 2 { return; } } }",
        ],
        str::to_owned,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn a_loop_that_is_native_is_stopped_as_any_other() {
    let ended = said("let n = 0; loop { n += 1; }");
    assert!(ended.contains("more than"), "{ended}");
    let ended = said("let n = 0; for m in 0..100000000 { n += m; }");
    assert!(ended.contains("more than"), "{ended}");
}

#[test]
fn a_guard_that_holds_leaves_no_trace_and_no_change() {
    // Nobody listens to the first engine; the second keeps a transcript, and runs the rule whole.
    let body =
        "if ctx.target.employees == () { return; } trace(\"went on\"); ctx.target.name = \"x\";";
    let rule = rule("rule", "message: \"Create\", stage: \"pre-operation\"", body);
    let set = small_set(&[rule], &Limits::default()).unwrap();
    let engine = small_engine(&set, |it| it).unwrap();

    let created = create(&engine).unwrap();
    assert_eq!(engine.retrieve(&created).unwrap().get("name").unwrap().as_text(), Some("Acme"));

    let account = engine.record("account").unwrap().with("name", "Acme").unwrap();
    let (transcript, _) = engine.trace(rulegate::message::Create::new(account));
    let transcript = transcript.to_string();
    assert!(transcript.contains("account/rule"), "{transcript}");
    assert!(!transcript.contains("went on"), "{transcript}");
}

#[test]
fn a_target_that_was_written_cannot_be_changed_by_native_code_either() {
    let ended = said_at("post-operation", "ctx.target.name = \"late\";");
    assert!(ended.contains("was written already"), "{ended}");
}

#[test]
fn to_ask_a_value_is_not_to_change_it() {
    const STEP: &str =
        r#"message: "Create", stage: "post-operation", post_image: #{ after: ["name"] }"#;
    // A word that took its value by reference would be followed by a write to where it was, which is over here.
    let body = "throw ctx.target.calledon.format(\"%Y\") + ctx.target.rating.to_string()
        + ctx.input[\"Target\"].has(\"rating\") + ctx.images[\"after\"].has(\"name\");";
    let rule = rule("rule", STEP, body);
    for execution in [Execution::Lowered, Execution::Interpreted] {
        let set = small_set_as(std::slice::from_ref(&rule), execution).unwrap();
        let engine = small_engine(&set, |it| it).unwrap();
        let account = engine.record("account").unwrap().with("rating", Value::Choice(1)).unwrap();
        let called = Value::Moment("2026-01-31T09:00:00Z".parse().unwrap());
        let ended = engine.create(account.with("calledon", called).unwrap()).unwrap_err();
        assert_eq!(shown(&ended), "= 2026Hottruefalse", "{execution:?}");
    }
}
