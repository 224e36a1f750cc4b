//! test, review, accept and reject: runs against their snapshots.

use std::env;
use std::fs;
use std::process::Command;

use insta::assert_snapshot;

use super::Project;
use crate::runs;

const SNAPSHOT: &str = "tests/runs/account/limit_jump.snap";
const PENDING: &str = "tests/runs/account/limit_jump.snap.new";
const RULE: &str = "rules/account/limit_jump.rhai";

/// A project in which a rule was changed since its snapshots were accepted.
fn changed() -> Project {
    let project = Project::new();
    project.replace(RULE, "at most double", "at most grow threefold");
    project
}

#[test]
fn runs_that_pass_take_one_line() {
    let project = Project::new();
    assert_snapshot!(project.run(&["test"]), @"
    exit 0
    out:
    2 of 2 runs pass
    err:
    ");
    assert_eq!(project.run(&["test", "-q"]).to_string(), "exit 0\nout:\nerr:");
    assert_snapshot!(project.run(&["test", "-v"]), @"
    exit 0
    out:
    ✔ account/limit_jump
    ✔ account/welcome_task
    2 of 2 runs pass
    err:
    ");
}

#[test]
fn a_run_that_differs_is_shown_and_waits_for_a_decision() {
    let project = changed();
    let before = project.read(SNAPSHOT);
    assert_snapshot!(project.run(&["test"]), @r"
    exit 4
    out:
    ✘ account/limit_jump: changed
        ✔
        ▶ Update account#1 creditlimit=5000
          20 pre-operation
      -      account/limit_jump                 ✘ the credit limit may at most double, from 2000  [account.limit-jump]
      +      account/limit_jump                 ✘ the credit limit may at most grow threefold, from 2000  [account.limit-jump]
        ✘ rejected, nothing saved
        ▶ Retrieve account#1 ✔ read
    1 of 2 runs pass · 1 changed · look at what differs with `rulegate review`
    err:
    ");
    assert_eq!(project.read(SNAPSHOT), before);
    assert_snapshot!(project.read(PENDING), @r#"
    ---
    source: tests/it/runs.rs
    ---
    ▶ Create account creditlimit=1000 name="Acme"
      30 main                               account#1
      40 post-operation
         account/welcome_task               ✓
      ▶ Create task regardingobjectid=account#1 scheduledend=2026-01-22 subject="Call Acme"  depth 2
        30 main                               task#1
      ✔
    ✔
    ▶ Update account#1 creditlimit=2000
      20 pre-operation
         account/limit_jump                 ✓
      30 main                               saved creditlimit
    ✔
    ▶ Update account#1 creditlimit=5000
      20 pre-operation
         account/limit_jump                 ✘ the credit limit may at most grow threefold, from 2000  [account.limit-jump]
    ✘ rejected, nothing saved
    ▶ Retrieve account#1 ✔ read
    "#);
    assert_snapshot!(project.run(&["review"]), @r"
    exit 4
    out:
    account/limit_jump: changed
        ✔
        ▶ Update account#1 creditlimit=5000
          20 pre-operation
      -      account/limit_jump                 ✘ the credit limit may at most double, from 2000  [account.limit-jump]
      +      account/limit_jump                 ✘ the credit limit may at most grow threefold, from 2000  [account.limit-jump]
        ✘ rejected, nothing saved
        ▶ Retrieve account#1 ✔ read
    err:
      rulegate accept account/limit_jump
      rulegate reject account/limit_jump
    1 of 1 wait for a decision
    ");

    let accepted = project.run(&["accept"]);
    assert_eq!(accepted.to_string(), "exit 0\nout:\nerr:\naccepted account/limit_jump");
    assert!(!project.has(PENDING));
    assert_eq!(project.run(&["test", "-q"]).code, 0);
    assert_eq!(project.run(&["review"]).to_string(), "exit 0\nout:\nerr:");
}

#[test]
fn what_is_rejected_is_gone_and_differs_again() {
    let project = changed();
    project.run(&["test"]);
    let rejected = project.run(&["reject", "limit"]);
    assert_eq!(rejected.to_string(), "exit 0\nout:\nerr:\nrejected account/limit_jump");
    assert!(!project.has(PENDING));
    assert_eq!(project.run(&["test"]).code, 4);
}

#[test]
fn what_waits_goes_where_the_run_passes_again() {
    let project = changed();
    project.run(&["test"]);
    project.replace(RULE, "at most grow threefold", "at most double");
    assert_eq!(project.run(&["test"]).code, 0);
    assert!(!project.has(PENDING));
}

#[test]
fn a_run_without_a_snapshot_is_new() {
    let project = Project::new();
    project.write("tests/runs/task/first.rhai", "create(\"task\", #{ subject: \"First\" });\n");
    assert_snapshot!(project.run(&["test"]), @"
    exit 4
    out:
    ✘ task/first: no snapshot yet
    2 of 3 runs pass · 1 new · look at what differs with `rulegate review`
    err:
    ");
    assert_snapshot!(project.run(&["review", "task"]), @r#"
    exit 4
    out:
    task/first: new
      + ▶ Create task subject="First"
      +   30 main                               task#1
      + ✔
    err:
      rulegate accept task/first
      rulegate reject task/first
    1 of 1 wait for a decision
    "#);
    assert_eq!(project.run(&["accept", "first"]).code, 0);
    assert_eq!(project.run(&["test"]).code, 0);
}

#[test]
fn a_run_that_fails_keeps_its_snapshot_whatever_is_written() {
    let project = Project::new();
    project.write("tests/runs/account/limit_jump.rhai", "assert(1 == 2, \"one is two\");\n");
    let before = project.read(SNAPSHOT);
    assert_snapshot!(project.run(&["test", "--update"]), @r#"
    exit 4
    out:
    ✘ account/limit_jump: failed
    1 of 2 runs pass · 1 failed
    err:
    error[run]: assertion failed: one is two
     --> tests/runs/account/limit_jump.rhai:1:1
      |
    1 | assert(1 == 2, "one is two");
      | ^^^^^^
    "#);
    assert_eq!(project.read(SNAPSHOT), before);
    assert!(!project.has(PENDING));
}

#[test]
fn update_writes_in_place_as_the_environment_does() {
    for (args, variable) in
        [(&["test", "--update"][..], ""), (&["test"], "always"), (&["test"], "1")]
    {
        let mut project = changed();
        project.run(&["test"]);
        project.variables.insert("INSTA_UPDATE".to_owned(), variable.to_owned());
        project.variables.insert("CI".to_owned(), "true".to_owned());
        let ran = project.run(args);
        let expected =
            "exit 0\nout:\n2 of 2 runs pass\nerr:\nwrote the snapshot of account/limit_jump";
        assert_eq!(ran.to_string(), expected);
        assert!(project.read(SNAPSHOT).contains("threefold"));
        assert!(!project.has(PENDING));
    }
}

/// The exit code; whether the snapshot was replaced, and one set aside; the same for a run without one.
type Written = (u8, [bool; 2], [bool; 2]);
const NOTHING: Written = (4, [false, false], [false, false]);
const ASIDE: Written = (4, [false, true], [false, true]);

#[test]
fn the_environment_says_what_is_written() {
    let written = |variables: &[(&str, &str)]| {
        let mut project = changed();
        project.write("tests/runs/task/first.rhai", "create(\"task\", #{ subject: \"First\" });\n");
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        project.variables = variables.collect();
        let code = project.run(&["test"]).code;
        let new = ["tests/runs/task/first.snap", "tests/runs/task/first.snap.new"];
        let is_accepted = project.read(SNAPSHOT).contains("threefold");
        (code, [is_accepted, project.has(PENDING)], new.map(|it| project.has(it)))
    };
    assert_eq!(written(&[("INSTA_UPDATE", "no")]), NOTHING);
    assert_eq!(written(&[("CI", "1")]), NOTHING);
    assert_eq!(written(&[("TF_BUILD", "1")]), NOTHING);
    assert_eq!(written(&[("CI", "1"), ("INSTA_UPDATE", "auto")]), NOTHING);
    assert_eq!(written(&[("CI", "false")]), ASIDE);
    assert_eq!(written(&[("CI", "1"), ("INSTA_UPDATE", "new")]), ASIDE);
    assert_eq!(written(&[("INSTA_UPDATE", "unseen")]), (4, [false, true], [true, false]));
    assert_eq!(written(&[("INSTA_UPDATE", "force")]), (0, [true, false], [true, false]));
    assert_eq!(written(&[("INSTA_UPDATE", "sometimes")]).0, 2);
}

#[test]
fn a_filter_selects_by_name_and_one_that_selects_nothing_is_a_mistake() {
    let project = changed();
    assert_eq!(project.run(&["test", "welcome"]).out, "1 of 1 runs pass\n");
    assert_eq!(project.run(&["test", "welcome", "limit"]).code, 4);
    for verb in ["test", "review", "accept", "reject"] {
        let ran = project.run(&[verb, "welcom_task"]);
        let expected = "exit 2\nout:\nerr:\nerror: no run has `welcom_task` in its name";
        assert_eq!(ran.to_string(), expected);
    }
}

#[test]
fn space_at_the_end_and_foreign_line_ends_make_no_difference() {
    let project = Project::new();
    let text = project.read(SNAPSHOT);
    for variant in [text.replace('\n', "\r\n"), format!("{text}\n \n"), text.trim_end().to_owned()]
    {
        project.write(SNAPSHOT, &variant);
        assert_eq!(project.run(&["test"]).code, 0, "{variant:?}");
        assert_eq!(project.read(SNAPSHOT), variant, "what passes is left alone");
    }
    project.write(SNAPSHOT, "no header\n");
    assert_eq!(project.run(&["test", "--update"]).code, 0);
    assert_eq!(project.read(SNAPSHOT), text);
}

#[test]
fn a_snapshot_without_a_run_is_told_of() {
    let project = Project::new();
    fs::remove_file(project.path().join("tests/runs/account/limit_jump.rhai")).unwrap();
    assert_snapshot!(project.run(&["test"]), @"
    exit 0
    out:
    1 of 1 runs pass
    err:
    no run stands beside `tests/runs/account/limit_jump.snap`
    ");
}

#[test]
fn a_person_is_asked_for_each() {
    let mut project = changed();
    project.write("tests/runs/task/first.rhai", "create(\"task\", #{ subject: \"First\" });\n");
    project.write("tests/runs/task/other.rhai", "create(\"task\", #{ subject: \"Other\" });\n");
    project.run(&["test"]);
    project.input = "what?\na\nr\ns\n".to_owned();
    let ran = project.run(&["review"]);
    assert_eq!((ran.code, &*ran.err), (4, "1 of 3 wait for a decision\n"), "{ran}");
    let question = "[1 of 3] a accept · r reject · s skip · q quit? ";
    assert_eq!(ran.out.matches(question).count(), 2, "{ran}");
    assert!(project.read(SNAPSHOT).contains("threefold"));
    assert!(!project.has("tests/runs/task/first.snap.new"));
    assert!(!project.has("tests/runs/task/first.snap"));
    assert!(project.has("tests/runs/task/other.snap.new"));

    project.input = "q\n".to_owned();
    assert_eq!(project.run(&["review"]).code, 4);
    project.input = "a\n".to_owned();
    assert_eq!(project.run(&["review"]).code, 0);
}

#[test]
fn json_tells_the_same() {
    let project = changed();
    let (code, document) = project.json(&["test"]);
    assert_eq!((code, &document["passed"], &document["total"]), (4, &1.into(), &2.into()));
    let run = &document["runs"][0];
    assert_eq!((&run["verdict"], &run["written"]), (&"changed".into(), &"pending".into()));
    assert!(run["transcript"].as_str().unwrap().contains("threefold"));
    assert!(run["snapshot"].as_str().unwrap().contains("double"));

    let (code, document) = project.json(&["review"]);
    assert_eq!((code, &document["pending"][0]["name"]), (4, &"account/limit_jump".into()));
    let (code, document) = project.json(&["accept"]);
    assert_eq!((code, document["accepted"].as_array().unwrap().len()), (0, 1));
    let (code, document) = project.json(&["reject"]);
    assert_eq!((code, document["rejected"].as_array().unwrap().len()), (0, 0));
}

/// Compares the runs of a project with insta, as `cargo test` does.
fn cargo_test(project: &Project, update: &str) -> bool {
    let mut test = Command::new(env::current_exe().unwrap());
    test.args(["--exact", "runs::every_run_gives_its_transcript"])
        .env(runs::PROJECT, project.path())
        .env("INSTA_UPDATE", update)
        .env_remove("INSTA_FORCE_PASS")
        .env("INSTA_REQUIRE_FULL_MATCH", "1");
    test.output().unwrap().status.success()
}

#[test]
fn insta_and_the_binary_write_the_same_bytes_and_take_each_others() {
    let project = Project::new();
    let ours = project.read(SNAPSHOT);
    assert!(cargo_test(&project, "no"), "insta takes what the binary wrote, header and all");

    fs::remove_file(project.path().join(SNAPSHOT)).unwrap();
    assert!(!cargo_test(&project, "no"));
    assert!(cargo_test(&project, "always"));
    assert_eq!(project.read(SNAPSHOT), ours, "both write the same bytes");
    assert_eq!(project.run(&["test"]).code, 0, "the binary takes what insta wrote");

    fs::remove_file(project.path().join(SNAPSHOT)).unwrap();
    assert!(!cargo_test(&project, "new"));
    assert!(project.read(PENDING).contains("assertion_line:"));
    assert_eq!(project.run(&["accept"]).code, 0, "the binary takes what insta left aside");
    assert_eq!(project.read(SNAPSHOT), ours);
}
