//! check, steps and entities: what is known before a rule runs.

use insta::assert_snapshot;

use super::Project;

#[test]
fn a_project_that_checks_says_nothing() {
    let project = Project::new();
    assert_snapshot!(project.run(&["check"]), @"
    exit 0
    out:
    err:
    ");
    assert_snapshot!(project.run(&["check", "-v"]), @"
    exit 0
    out:
    err:
    2 rules, 2 entities and 2 runs check
    ends: no rule wakes another
    ");
    let (code, document) = project.json(&["check"]);
    assert_eq!((code, document["problems"].as_array().unwrap().len()), (0, 0));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let project = Project::new();
    project.replace(
        "rules/account/limit_jump.rhai",
        "[\"creditlimit\"],\n}",
        "[\"creditlimt\"],\n}",
    );
    project.replace("rules/account/welcome_task.rhai", "message:", "mesage:");
    project.write("tests/runs/account/broken.rhai", "let x = ;\n");
    assert_snapshot!(project.run(&["check"]), @r#"
    exit 3
    out:
    error[unknown-attribute]: there is no attribute `creditlimt`
     --> rules/account/limit_jump.rhai:7:17
      |
    7 |     pre_image: ["creditlimt"],
      |                 ^^^^^^^^^^^^
      |
    help: did you mean `"creditlimit"`?
      |
    7 |     pre_image: ["creditlimit"],
      |                           +

    error[missing-key]: `message` is missing: which message the step runs on, such as `message: "Update"`
     --> rules/account/welcome_task.rhai:3:14
      |
    3 | const STEP = #{
      |              ^

    error[unknown-key]: a step has no `mesage`
     --> rules/account/welcome_task.rhai:4:5
      |
    4 |     mesage: "Create",
      |     ^^^^^^
      |
    help: did you mean `message`?
      |
    4 |     message: "Create",
      |        +

    error[syntax]: unexpected ';'
     --> tests/runs/account/broken.rhai:1:9
      |
    1 | let x = ;
      |         ^
    err:
    4 errors, 0 warnings · `rulegate check --fix` mends 2
    "#);

    let (code, document) = project.json(&["check"]);
    assert_eq!(code, 3);
    let problem = &document["problems"][0];
    assert_eq!(problem["file"], "rules/account/limit_jump.rhai");
    assert_eq!(problem["fix"]["replacement"], "\"creditlimit\"");
}

#[test]
fn only_the_files_that_were_named_are_told_of() {
    let project = Project::new();
    project.replace("rules/account/limit_jump.rhai", "stage:", "satge:");
    project.write("tests/runs/account/broken.rhai", "let x = ;\n");
    let count = |path: &str| project.json(&["check", path]).1["problems"].as_array().unwrap().len();
    assert_eq!(count("tests/runs"), 1);
    assert_eq!(count("tests/runs/account/broken.rhai"), 1);
    assert_eq!(count("rules/task"), 0);
    assert_eq!(count("."), count("tests") + count("rules"));
    assert_eq!(project.run(&["check", "rules/task"]).code, 0);
    assert_snapshot!(project.run(&["check", "nowhere"]), @"
    exit 2
    out:
    err:
    error: there is no file or folder `nowhere`
    ");
}

#[test]
fn an_entity_that_is_wrong_does_not_check() {
    let project = Project::new();
    project.replace("rules/task/entity.toml", "\"account\"", "\"acount\"");
    assert_snapshot!(project.run(&["check"]), @r#"
    exit 3
    out:
    error[unknown-entity]: there is no entity `acount`
      --> rules/task/entity.toml:10:79
       |
    10 | regardingobjectid = { type = "lookup", display_name = "Regarding", targets = ["acount"] }
       |                                                                               ^^^^^^^^
       |
    help: did you mean `account`?
       |
    10 | regardingobjectid = { type = "lookup", display_name = "Regarding", targets = ["account"] }
       |                                                                                  +
    err:
    1 error, 0 warnings · `rulegate check --fix` mends 1
    "#);
    for verb in [&["steps"][..], &["entities"], &["test"], &["send", "Create", "task"]] {
        let ran = project.run(verb);
        assert_eq!((ran.code, &*ran.out), (3, ""), "{verb:?}");
        assert!(ran.err.contains("acount"), "{ran}");
        let (code, document) = project.json(verb);
        assert_eq!((code, document["problems"].as_array().unwrap().len()), (3, 1));
    }
}

#[test]
fn rules_that_cannot_be_read_as_text_do_not_check() {
    let project = Project::new();
    std::fs::write(project.path().join("rules/account/odd.rhai"), b"\xff\xfe").unwrap();
    let ran = project.run(&["check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("rules/account/odd.rhai"), "{ran}");
}

#[test]
fn an_empty_folder_of_rules_checks() {
    let project = Project::empty();
    std::fs::create_dir(project.path().join("rules")).unwrap();
    for verb in ["check", "steps", "entities", "review", "accept"] {
        assert_eq!(project.run(&[verb]).to_string(), "exit 0\nout:\nerr:", "{verb}");
    }
    assert_snapshot!(project.run(&["test"]), @"
    exit 0
    out:
    no runs below `tests/runs`
    err:
    ");
}

/// A step of each kind, with ties.
fn project_with_many_steps() -> Project {
    let project = Project::new();
    let rule =
        |step: &str| format!("const STEP = #{{ {step} }};\nfn run(ctx) {{ trace(\"x\"); }}\n");
    for (path, step) in [
        ("account/b_tie", "message: \"Update\", stage: \"pre-operation\""),
        ("account/a_tie", "message: \"Update\", stage: \"pre-operation\""),
        ("account/early", "message: \"Update\", stage: \"pre-operation\", rank: -5"),
        ("account/off", "message: \"Update\", stage: \"pre-validation\", enabled: false"),
        (
            "account/later",
            "message: \"Update\", stage: \"post-operation\", mode: \"async\", rank: 0, \
             post_image: #{ now: [\"name\"] }",
        ),
        ("account/last", "message: \"Update\", stage: \"post-operation\", rank: 9"),
        ("shared/z_any", "message: \"Update\", entity: \"none\", stage: \"pre-operation\""),
        ("shared/linked", "message: \"Associate\", entity: \"none\", stage: \"pre-operation\""),
    ] {
        project.write(&format!("rules/{path}.rhai"), &rule(step));
    }
    project
}

#[test]
fn steps_stand_in_the_order_in_which_they_run() {
    let project = project_with_many_steps();
    assert_snapshot!(project.run(&["steps"]), @"
    exit 0
    out:
    Create account
      40 post-operation
           1  account/welcome_task

    Update (any other entity)
      20 pre-operation
           1  shared/z_any

    Update account
      10 pre-validation
           1  account/off                              disabled
      20 pre-operation
          -5  account/early
           1  shared/z_any
           1  account/a_tie
           1  account/b_tie
           1  account/limit_jump                       filtering creditlimit · pre-image creditlimit
      40 post-operation
           9  account/last
           0  account/later                            async · post-image as now name

    Associate (no entity)
      20 pre-operation
           1  shared/linked
    err:
    ");
}

#[test]
fn steps_stand_in_the_order_of_the_transcript() {
    let project = project_with_many_steps();
    let run = "let a = create(\"account\", #{});\nupdate(a, #{ name: \"x\", creditlimit: 1 });\n";
    project.write("order.rhai", run);
    let transcript = project.run(&["run", "order.rhai"]).out;
    let update = transcript.split("▶ Update").nth(1).unwrap();
    let ran: Vec<&str> = update
        .lines()
        .filter(|line| line.starts_with("     ") && line.contains('/'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();

    let (_, document) = project.json(&["steps", "--entity", "account", "--message", "Update"]);
    let steps = document["plans"][0]["steps"].as_array().unwrap();
    let listed: Vec<&str> = steps
        .iter()
        .filter(|it| it["enabled"] == true)
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ran);
    assert_eq!(listed.len(), 7);
}

#[test]
fn steps_can_be_told_by_entity_and_message() {
    let project = project_with_many_steps();
    assert_snapshot!(project.run(&["steps", "--entity", "task"]), @"
    exit 0
    out:
    Update (any other entity)
      20 pre-operation
           1  shared/z_any
    err:
    ");
    assert_snapshot!(project.run(&["steps", "--message", "Associate"]), @"
    exit 0
    out:
    Associate (no entity)
      20 pre-operation
           1  shared/linked
    err:
    ");
    assert_snapshot!(project.run(&["steps", "--entity", "tsk"]), @"
    exit 2
    out:
    err:
    error: unknown entity `tsk`, did you mean `task`?
    ");
    assert_snapshot!(project.run(&["steps", "--message", "update"]), @"
    exit 2
    out:
    err:
    error: there is no message `update`, did you mean `Update`?
    ");
}

#[test]
fn entities_are_listed_and_shown() {
    let project = Project::new();
    assert_snapshot!(project.run(&["entities"]), @"
    exit 0
    out:
    account                            6 attributes, 0 relationships
    task                               4 attributes, 0 relationships
    err:
    ");
    assert_snapshot!(project.run(&["entities", "account"]), @"
    exit 0
    out:
    account  Account, owned by organization, named by name

    attributes
      accountnumber                      string(20)
      creditlimit                        money(.2)
      name                               string(160)                  required: application
      statecode                          state of 2
      statuscode                         status of 2
      accountid                          unique-identifier

    statecode
               0 Active, status 1
               1 Inactive, status 2

    statuscode
               1 Active of state 0
               2 Inactive of state 1
    err:
    ");
    assert_snapshot!(project.run(&["entities", "acount"]), @"
    exit 2
    out:
    err:
    error: unknown entity `acount`, did you mean `account`?
    ");
}

#[test]
fn entities_as_json_carry_every_property() {
    let project = Project::new();
    let entity = "[entity]\nownership = \"organization\"\nprimary_name = \"name\"\n\
                  [attributes]\nname = { type = \"string\", max_length = 9 }\n\
                  customerid = { type = \"lookup\", targets = [\"account\"] }\n\
                  [keys]\nby_name = { attributes = [\"name\"] }\n\
                  [[relationship]]\nschema_name = \"account_goals\"\nreferenced = \"account\"\nattribute = \"customerid\"\n";
    project.write("rules/goal/entity.toml", entity);
    let ran = project.run(&["check"]);
    assert_eq!(ran.code, 0, "{ran}");
    let (code, document) = project.json(&["entities", "goal"]);
    assert_eq!(code, 0);
    let text = serde_json::to_string_pretty(&document).unwrap();
    assert_snapshot!("entity_as_json", text);
}
