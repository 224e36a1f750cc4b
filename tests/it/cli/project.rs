//! `rulegate.toml`: where the project is, and what it says.

use insta::assert_snapshot;

use super::Project;

#[test]
fn the_project_is_found_upward() {
    let project = Project::new();
    let ran = project.run(&["-C", "tests/runs/account", "test"]);
    assert_eq!(ran.to_string(), "exit 0\nout:\n2 of 2 runs pass\nerr:");
    // Paths of files are relative to the working folder, those that are shown to the project.
    assert_eq!(project.run(&["-C", "tests/runs/account", "run", "welcome_task.rhai"]).code, 0);
}

#[test]
fn a_folder_with_rules_needs_no_file() {
    let project = Project::new();
    std::fs::remove_file(project.path().join("rulegate.toml")).unwrap();
    assert_eq!(project.run(&["test"]).code, 0);
    assert_eq!(project.run(&["-C", "tests", "test"]).code, 2);
}

#[test]
fn folders_can_have_other_names() {
    let project = Project::new();
    std::fs::rename(project.path().join("rules"), project.path().join("policies")).unwrap();
    std::fs::rename(project.path().join("tests/runs"), project.path().join("cases")).unwrap();
    project.write("rulegate.toml", "rules = \"policies/\"\nruns = \"cases\"\n");
    assert_eq!(project.run(&["test"]).out, "2 of 2 runs pass\n");
    let (_, document) = project.json(&["steps"]);
    assert_eq!(document["plans"][0]["steps"][0]["name"], "account/welcome_task");

    project.write("rulegate.toml", "rules = \"nowhere\"\n");
    assert_snapshot!(project.run(&["check"]), @r#"
    exit 2
    out:
    err:
    error: there is no folder `nowhere` in `DIR`: make one, or say `rules = "…"` in `rulegate.toml`
    "#);
}

#[test]
fn limits_and_settings_take_effect() {
    let project = Project::new();
    project.write("rulegate.toml", "[limits]\noperations = 3\n");
    let ran = project.run(&["run", "tests/runs/account/welcome_task.rhai"]);
    assert!(ran.out.contains("stopped: more than 3 operations"), "{ran}");

    project.write("rulegate.toml", "[settings]\ndepth_limit = 1\n");
    let ran = project.run(&["run", "tests/runs/account/welcome_task.rhai"]);
    assert!(!ran.out.contains("✘"), "no step runs on the nested message: {ran}");
    project.write("rulegate.toml", "[settings]\nmessage_limit = 1\n");
    let ran = project.run(&["run", "tests/runs/account/welcome_task.rhai"]);
    assert!(ran.out.contains("more than 1 others"), "{ran}");
}

#[test]
fn everything_that_is_wrong_with_the_file_is_said_at_once() {
    let project = Project::new();
    let text = "rule = \"rules\"\nruns = 7\nxyz = 1\n\n[limits]\noperations = 0\ntime_ms = \"1s\"\n\
                call_dept = 3\n\n[settings]\nread_failure_dooms = 1\ntrace_log = \"some\"\n";
    project.write("rulegate.toml", text);
    assert_snapshot!(project.run(&["check"]), @r#"
    exit 2
    out:
    err:
    error[unknown-key]: there is no key `rule` here
     --> rulegate.toml:1:1
      |
    1 | rule = "rules"
      | ^^^^
      |
    help: did you mean `rules`?
      |
    1 | rules = "rules"
      |     +

    error[wrong-value]: `runs` takes the path of a folder
     --> rulegate.toml:2:8
      |
    2 | runs = 7
      |        ^

    error[unknown-key]: there is no key `xyz` here
     --> rulegate.toml:3:1
      |
    3 | xyz = 1
      | ^^^
      |
      = help: there are `rules`, `runs`, `store`, `limits`, `settings`, `check`

    error[wrong-value]: `operations` takes a whole number from 1 to 4294967295
     --> rulegate.toml:6:14
      |
    6 | operations = 0
      |              ^

    error[wrong-value]: `time_ms` takes a whole number
     --> rulegate.toml:7:11
      |
    7 | time_ms = "1s"
      |           ^^^^

    error[unknown-key]: there is no key `call_dept` here
     --> rulegate.toml:8:1
      |
    8 | call_dept = 3
      | ^^^^^^^^^
      |
    help: did you mean `call_depth`?
      |
    8 | call_depth = 3
      |          +

    error[wrong-value]: `read_failure_dooms` takes `true` or `false`
      --> rulegate.toml:11:22
       |
    11 | read_failure_dooms = 1
       |                      ^

    error[wrong-value]: `trace_log` takes one of `off`, `exceptions`, `all`
      --> rulegate.toml:12:13
       |
    12 | trace_log = "some"
       |             ^^^^^^
    "#);

    let (code, document) = project.json(&["check"]);
    assert_eq!((code, document["problems"].as_array().unwrap().len()), (2, 8));
}

#[test]
fn a_file_that_is_no_toml_is_usage() {
    let project = Project::new();
    project.write("rulegate.toml", "rules = [\n");
    assert_snapshot!(project.run(&["check"]), @"
    exit 2
    out:
    err:
    error[syntax]: unclosed array, expected `]`
     --> rulegate.toml:1:10
      |
    1 | rules = [
      |          ^
    ");
    project.write("rulegate.toml", "limits = 3\n");
    assert_eq!(project.run(&["check"]).code, 2);
    std::fs::write(project.path().join("rulegate.toml"), b"\xff").unwrap();
    assert_eq!(project.run(&["check"]).code, 2);
}
