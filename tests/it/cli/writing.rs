//! init, new and dev: what writes files, and what watches them.

use std::fs;

use insta::assert_snapshot;

use super::Project;

#[test]
fn a_new_project_passes_its_own_tests() {
    let project = Project::empty();
    assert_snapshot!(project.run(&["init", "demo"]), @"
    exit 0
    out:
    err:
    made a project in `demo`; try `rulegate -C demo test`
    ");
    assert_eq!(project.run(&["-C", "demo", "check"]).to_string(), "exit 0\nout:\nerr:");
    assert_eq!(
        project.run(&["-C", "demo", "test"]).to_string(),
        "exit 0\nout:\n2 of 2 runs pass\nerr:"
    );
    assert!(!project.has("demo/tests/runs/account/limit_jump.snap.new"));

    let (code, document) = project.json(&["init", "other"]);
    assert_eq!((code, &document["files"][1]), (0, &"README.md".into()));
    let (code, document) = project.json(&["init", "other"]);
    assert_eq!((code, &document["error"]["exit"]), (2, &2.into()));
}

#[test]
fn init_leaves_alone_what_is_there() {
    let project = Project::empty();
    project.write("mine/note.txt", "mine");
    assert_snapshot!(project.run(&["init", "mine"]), @"
    exit 2
    out:
    err:
    error: `DIR/mine` is not empty: `init` writes into an empty or new folder only
    ");
    assert_snapshot!(project.run(&["init", "mine/note.txt"]), @"
    exit 2
    out:
    err:
    error: `DIR/mine/note.txt` is a file
    ");
    assert_eq!(fs::read_dir(project.path().join("mine")).unwrap().count(), 1);
    fs::create_dir(project.path().join("empty")).unwrap();
    assert_eq!(project.run(&["init", "empty"]).code, 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_unexpected_failure() {
    let project = Project::empty();
    project.write("file", "");
    let ran = project.run(&["init", "file/below"]);
    assert_eq!((ran.code, &*ran.out), (1, ""), "{ran}");
    assert!(ran.err.starts_with("error: cannot make the folder `DIR/file/below"), "{ran}");
}

#[test]
fn what_new_writes_works() {
    let project = Project::new();
    assert_snapshot!(project.run(&["new", "rule", "account/my_rule"]), @"
    exit 0
    out:
    rules/account/my_rule.rhai
    err:
    ");
    assert_snapshot!(project.run(&["new", "entity", "sales_goal"]), @"
    exit 0
    out:
    rules/sales_goal/entity.toml
    err:
    ");
    assert_snapshot!(project.run(&["new", "run", "sales_goal/first"]), @"
    exit 0
    out:
    tests/runs/sales_goal/first.rhai
    err:
    ");
    assert_snapshot!(project.run(&["new", "run", "account/mine"]), @"
    exit 0
    out:
    tests/runs/account/mine.rhai
    err:
    ");
    assert_eq!(project.run(&["check"]).to_string(), "exit 0\nout:\nerr:");
    assert_snapshot!(project.run(&["run", "tests/runs/sales_goal/first.rhai", "tests/runs/account/mine.rhai"]), @r#"
    exit 0
    out:
    tests/runs/sales_goal/first.rhai:
    ▶ Create sales_goal name="First"
      30 main                               sales_goal#1
    ✔
    tests/runs/account/mine.rhai:
    ▶ Create account name="First"
      20 pre-operation
         account/my_rule                    ✓
           · name of this account is First
      30 main                               account#1
      40 post-operation
         account/welcome_task               ✓
      ▶ Create task regardingobjectid=account#1 scheduledend=2026-01-22 subject="Call First"  depth 2
        30 main                               task#1
      ✔
    ✔
    err:
    "#);
    assert_snapshot!(project.read("rules/account/my_rule.rhai"), @r#"
    //! What this rule is for, in one sentence.

    const STEP = #{
        message: ["Create", "Update"],
        stage: "pre-operation",
        filtering: ["name"],
    };

    fn run(ctx) {
        trace(`name of this account is ${ctx.target.name}`);
    }
    "#);
    assert_snapshot!(project.read("rules/sales_goal/entity.toml"), @r#"
    # What a record of this entity stands for, in one sentence.
    [entity]
    display_name = "Sales goal"
    primary_name = "name"
    ownership = "organization"

    [attributes]
    name = { type = "string", display_name = "Name", required = "application", max_length = 100 }
    "#);
}

#[test]
fn new_refuses_what_cannot_be() {
    let project = Project::new();
    let refused = project.refusals(
        "new",
        &[
            &["rule", "account/limit_jump"][..],
            &["rule", "acount/mine"],
            &["rule", "mine"],
            &["rule", "account/My Rule"],
            &["run", "account/../../evil"],
            &["run", "account/limit_jump"],
            &["entity", "Goal"],
            &["entity", "account"],
        ],
    );
    assert_snapshot!(refused, @"
    rule account/limit_jump
      error: `rules/account/limit_jump.rhai` is there already
    rule acount/mine
      error: unknown entity `acount`, did you mean `account`?
    rule mine
      error: say of which entity: `account/mine`
    rule account/My Rule
      error: `My Rule` is no name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
    run account/../../evil
      error: `../../evil` is no name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
    run account/limit_jump
      error: `tests/runs/account/limit_jump.rhai` is there already
    entity Goal
      error: `Goal` is no name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
    entity account
      error: `rules/account/entity.toml` is there already
    ");
}

/// What `dev` says, without how long it took.
fn dev(project: &Project) -> String {
    let ran = project.run(&["dev", "--once"]).to_string();
    let words = ran.split(" · ").map(|it| if it.ends_with(" ms") { "N ms" } else { it });
    words.collect::<Vec<_>>().join(" · ")
}

#[test]
fn dev_says_one_line_a_save() {
    let project = Project::new();
    assert_snapshot!(dev(&project), @"
    exit 0
    out:
    gen 1 · 2 rules · N ms · 2 of 2 runs pass
    err:
    ");

    project.replace("rules/account/limit_jump.rhai", "at most double", "only double");
    assert_snapshot!(dev(&project), @"
    exit 4
    out:
    gen 1 · 2 rules · N ms · 1 of 2 runs changed: account/limit_jump
    err:
    ");
    assert!(project.has("tests/runs/account/limit_jump.snap.new"), "there is something to review");
}

#[test]
fn dev_says_what_does_not_check() {
    let project = Project::new();
    project.replace("rules/account/limit_jump.rhai", "stage:", "satge:");
    assert_snapshot!(dev(&project), @r#"
    exit 3
    out:
    gen 0 stays · 2 problems
    err:
    error[missing-key]: `stage` is missing: when the step runs, such as `stage: "pre-operation"`
     --> rules/account/limit_jump.rhai:3:14
      |
    3 | const STEP = #{
      |              ^

    error[unknown-key]: a step has no `satge`
     --> rules/account/limit_jump.rhai:5:5
      |
    5 |     satge: "pre-operation",
      |     ^^^^^
      |
    help: did you mean `stage`?
      |
    5 -     satge: "pre-operation",
    5 +     stage: "pre-operation",
      |
    "#);
    let (code, document) = project.json(&["dev", "--once"]);
    assert_eq!((code, &document["generation"]), (3, &0.into()));
}
