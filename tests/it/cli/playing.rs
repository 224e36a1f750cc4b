//! run and send: messages, and what they cause.

use insta::assert_snapshot;
use rulegate::{Engine, OrganizationService};
use rulegate_script::{LoadOptions, RuleSet, SourceFile};
use rulegate_sqlite::Sqlite;

use super::Project;

const ID: &str = "018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77";

#[test]
fn a_run_is_played_and_its_transcript_printed() {
    let project = Project::new();
    assert_snapshot!(project.run(&["run", "tests/runs/account/welcome_task.rhai"]), @r#"
    exit 0
    out:
    ▶ Create account name="Acme"
      30 main                               account#1
      40 post-operation
         account/welcome_task               ✓
      ▶ Create task regardingobjectid=account#1 scheduledend=2026-01-22 subject="Call Acme"  depth 2
        30 main                               task#1
      ✔
    ✔
    ▶ RetrieveMultiple task where regardingobjectid=account#1 ✔ 1 in all
    err:
    "#);
}

#[test]
fn a_refusal_ends_with_five() {
    let project = Project::new();
    assert_snapshot!(project.run(&["run", "tests/runs/account/limit_jump.rhai"]), @r#"
    exit 5
    out:
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
         account/limit_jump                 ✘ the credit limit may at most double, from 2000  [account.limit-jump]
    ✘ rejected, nothing saved
    ▶ Retrieve account#1 ✔ read
    err:
    "#);

    let (code, document) = project.json(&["run", "tests/runs/account/limit_jump.rhai"]);
    assert_eq!((code, &document["runs"][0]["rejected"]), (5, &true.into()));
}

#[test]
fn several_runs_stand_apart_and_the_worst_decides() {
    let mut project = Project::new();
    project.write(
        "fails.rhai",
        "let a = create(\"account\", #{});\nassert(1 == 2, \"one is two\");\n",
    );
    project.write("broken.rhai", "let x = ;\n");
    assert_snapshot!(project.run(&["run", "fails.rhai", "tests/runs/account/limit_jump.rhai"]), @r#"
    exit 4
    out:
    fails.rhai:
    ▶ Create account
      30 main                               account#1
      40 post-operation
         account/welcome_task               ✓
      ▶ Create task regardingobjectid=account#1 scheduledend=2026-01-22 subject="Call "  depth 2
        30 main                               task#1
      ✔
    ✔
    ✘ the run stopped: assertion failed: one is two
    tests/runs/account/limit_jump.rhai:
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
         account/limit_jump                 ✘ the credit limit may at most double, from 2000  [account.limit-jump]
    ✘ rejected, nothing saved
    ▶ Retrieve account#1 ✔ read
    err:
    error[run]: assertion failed: one is two
     --> fails.rhai:2:1
      |
    2 | assert(1 == 2, "one is two");
      | ^^^^^^
    "#);
    assert_snapshot!(project.run(&["run", "broken.rhai"]), @"
    exit 3
    out:
    ✘ the run stopped: unexpected ';'
    err:
    error[syntax]: unexpected ';'
     --> broken.rhai:1:9
      |
    1 | let x = ;
      |         ^
    ");
    assert_eq!(project.run(&["run", "fails.rhai", "broken.rhai"]).code, 3);

    project.input = "create(\"account\", #{ name: \"Piped\" });".to_owned();
    assert!(project.run(&["run", "-"]).out.contains("Piped"));
}

#[test]
fn a_rule_that_breaks_says_where_to_those_who_ask() {
    let project = Project::new();
    project.replace("rules/account/welcome_task.rhai", "create(\"task\"", "create(\"t\" + \"sk\"");
    let quiet = project.run(&["run", "tests/runs/account/welcome_task.rhai"]);
    assert!(!quiet.to_string().contains("welcome_task.rhai:9"), "{quiet}");
    assert_snapshot!(project.run(&["run", "-v", "tests/runs/account/welcome_task.rhai"]), @r#"
    exit 4
    out:
    ▶ Create account name="Acme"
      30 main                               account#1
      40 post-operation
         account/welcome_task               ✘ a message it sent failed  [metadata.unknown-entity]
    ✘ failed, nothing saved
    ▶ RetrieveMultiple task where regardingobjectid null ✔ 0 in all
    ✘ the run stopped: assertion failed: an assertion does not hold
    err:
    account/welcome_task: unknown entity `tsk`, did you mean `task`?
    error[run]: assertion failed: an assertion does not hold
     --> tests/runs/account/welcome_task.rhai:4:1
      |
    4 | assert(count("task", #{ regardingobjectid: acme }) == 1);
      | ^^^^^^
    "#);
}

#[test]
fn what_is_no_run_is_usage() {
    let project = Project::new();
    assert_snapshot!(project.run(&["run", "nowhere.rhai"]), @"
    exit 2
    out:
    err:
    error: there is no file `DIR/nowhere.rhai`
    ");
    assert_snapshot!(project.run(&["run", "tests/runs"]), @"
    exit 2
    out:
    err:
    error: `DIR/tests/runs` is a folder: name the runs in it, or play all with `rulegate test`
    ");
}

#[test]
fn a_run_that_is_no_text_does_not_check() {
    let project = Project::new();
    std::fs::write(project.path().join("bytes.rhai"), b"let a = \"\xff\xfe\";").unwrap();
    let ran = project.run(&["run", "bytes.rhai"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("not UTF-8"), "{ran}");
}

#[test]
fn a_message_is_sent_and_its_transcript_printed() {
    let project = Project::new();
    let ran = project.run(&["send", "Create", "account", "name=Acme", "creditlimit=12.50"]);
    let (transcript, answer) = ran.out.split_once("created account:").unwrap();
    assert_eq!((ran.code, answer.trim().len()), (0, ID.len()), "{ran}");
    // The time is that of the machine, so the date differs.
    let transcript = transcript.lines().filter(|it| !it.contains("scheduledend"));
    assert_snapshot!(transcript.collect::<Vec<_>>().join("\n"), @r#"
    ▶ Create account creditlimit=12.50 name="Acme"
      30 main                               account#1
      40 post-operation
         account/welcome_task               ✓
        30 main                               task#1
      ✔
    ✔
    "#);

    let (code, document) = project.json(&["send", "Create", "account", "name=Acme"]);
    assert_eq!(code, 0);
    assert!(document["response"]["created"].as_str().unwrap().starts_with("account:"));
    assert!(document["transcript"].as_str().unwrap().contains("▶ Create account"));
}

#[test]
fn a_message_that_a_rule_rejects_ends_with_five() {
    let project = Project::new();
    let rule = "const STEP = #{ message: \"Create\", stage: \"pre-validation\" };\n\
                fn run(ctx) { reject(\"no.more\", \"there are enough accounts\"); }\n";
    project.write("rules/account/enough.rhai", rule);
    assert_snapshot!(project.run(&["send", "Create", "account", "name=Acme"]), @r#"
    exit 5
    out:
    ▶ Create account name="Acme"
      10 pre-validation
         account/enough                     ✘ there are enough accounts  [no.more]
    ✘ rejected, nothing saved
    err:
    "#);

    let (code, document) = project.json(&["send", "Create", "account", "name=Acme"]);
    assert_eq!((code, &document["error"]["code"]), (5, &"no.more".into()));
}

#[test]
fn a_message_that_fails_otherwise_ends_with_one() {
    let project = Project::new();
    assert_snapshot!(project.run(&["send", "Delete", &format!("account:{ID}")]), @r"
    exit 1
    out:
    ▶ Delete account#1
      30 main
    ✘ failed, nothing saved: account With Ids = account#1 Do Not Exist  [store.not-found]
    err:
    ");
    let long = format!("accountnumber={}", "7".repeat(21));
    assert_snapshot!(project.run(&["send", "Create", "account", &long]), @r#"
    exit 1
    out:
    ▶ Create account accountnumber="777777777777777777777"
      30 main
    ✘ failed, nothing saved: `accountnumber` takes at most 20 characters, and got 21  [value.too-long]
    err:
    "#);
}

#[test]
fn what_a_file_keeps_the_next_message_finds() {
    let project = Project::new();
    let kept = ["--store", "sqlite:other.db"];
    let (code, created) =
        project.json(&[&["send", "Create", "account", "name=Acme"][..], &kept].concat());
    assert_eq!(code, 0, "{created}");
    let account = created["response"]["created"].as_str().unwrap();

    let (code, found) = project.json(&[&["send", "Retrieve", account][..], &kept].concat());

    assert_eq!((code, &found["response"]["attributes"]["name"]), (0, &"Acme".into()), "{found}");
    let memory = ["send", "Retrieve", account, "--store", "memory"];
    assert_eq!(project.run(&memory).code, 1, "the memory is empty at first");
}

#[test]
fn a_project_says_where_its_records_are() {
    let project = Project::new(); // A new one keeps them in a file.
    let (code, created) = project.json(&["send", "Create", "account", "name=Acme"]);
    assert_eq!(code, 0, "{created}");
    let account = created["response"]["created"].as_str().unwrap();
    assert_eq!(project.run(&["send", "Retrieve", account]).code, 0);
    assert!(project.path().join("records.db").exists());

    project.write("rulegate.toml", "");
    assert_eq!(project.run(&["send", "Retrieve", account]).code, 1, "without a word: in memory");

    project.write("rulegate.toml", "store = \"records.db\"\n");
    let text = project.run(&["send", "Retrieve", account]).err;
    assert!(text.contains("`store` takes `memory`, which is empty at first, or"), "{text}");
}

#[test]
fn jobs_that_wait_in_a_file_are_left_to_their_engine() {
    // L-9
    const SHIPPED: &str = include_str!("../../../rules/asyncoperation/entity.toml");
    const RULE: &str = "const STEP = #{ message: \"Create\", mode: \"async\" };\nfn run(ctx) {}\n";
    let own = SHIPPED.lines().filter(|it| !it.contains("targets =")); // There are no users here.
    let entity = own.collect::<Vec<_>>().join("\n").replace("\"user\"", "\"none\"");
    let project = Project::new();
    project.write("rules/asyncoperation/entity.toml", &entity);
    project.write("rules/account/later.rhai", RULE);
    let files = [
        "rules/account/entity.toml",
        "rules/account/later.rhai",
        "rules/asyncoperation/entity.toml",
        "rules/task/entity.toml",
    ];
    let files = files.map(|it| SourceFile::new(it, project.read(it).as_str()));
    let set = RuleSet::load(&files, None, &LoadOptions::default()).unwrap();
    let store = Sqlite::open(project.path().join("records.db")).unwrap();
    let engine = Engine::builder(set.catalog.clone()).store(store).build().unwrap();
    engine.reload(set.catalog, set.steps).unwrap();
    engine.create(engine.record("account").unwrap().with("name", "Acme").unwrap()).unwrap();

    let ran =
        project.run(&["send", "Create", "account", "name=Other", "--store", "sqlite:records.db"]);

    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.matches("⧗ account/later").count(), 1, "its own alone: {}", ran.out);
    assert_eq!(engine.run_jobs().len(), 1);
}

#[test]
fn a_file_of_another_program_stays_as_it_is() {
    let project = Project::new();
    project.write("letter.txt", &"Dear Sir or Madam,\n".repeat(99));
    let before = project.read("letter.txt");
    assert_snapshot!(project.run(&["send", "Create", "account", "--store", "sqlite:letter.txt"]), @r#"
exit 1
out:
err:
error: the database failed: `DIR/letter.txt` is no store of records: name another file, and leave this one to its owner
"#);
    assert_eq!(project.read("letter.txt"), before);
}

#[test]
fn every_message_finds_its_parameters() {
    let project = Project::new();
    let target = &*format!("account:{ID}");
    for (args, expected) in [
        (&["Update", target, "name=x"][..], "▶ Update account#1 name=\"x\""),
        (&["Upsert", target, "name=x"], "▶ Create account"),
        (&["Retrieve", target, "columns=name,creditlimit"], "▶ Retrieve account#1"),
        (&["RetrieveMultiple", "account", "name=x"], "▶ RetrieveMultiple account"),
        (&["SetState", target, "state=Inactive"], "▶ SetState account#1"),
        (&["Assign", target, &format!("assignee=systemuser:{ID}")], "▶ Assign account#1"),
    ] {
        let ran = project.run(&[&["send"], args].concat());
        assert!(ran.out.starts_with(expected), "{args:?} {ran}");
    }
}

#[test]
fn what_is_no_message_is_usage_and_says_why() {
    let project = Project::new();
    let target = &*format!("account:{ID}");
    let refused = project.refusals(
        "send",
        &[
            &["Crate", "account"][..],
            &["Create", "acount"],
            &["Create", target],
            &["Create", "account", "nmae=Acme"],
            &["Create", "account", "name"],
            &["Create", "account", "=Acme"],
            &["Create", "account", "creditlimit=much"],
            &["Create", "account", "statecode=Inactiv"],
            &["Create", "task", "scheduledend=tomorrow"],
            &["Create", "task", "regardingobjectid=7"],
            &["Update", "account", "name=Acme"],
            &["Update", "account:7", "name=Acme"],
            &["Update", "acount:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77", "name=Acme"],
            &["Delete", target, "name=Acme"],
            &["Assign", target],
            &["Assign", target, "asignee=systemuser:7"],
            &["SetState", target],
            &["Associate", target, "relationship=x"],
            &["Associate", target, "relationship=x", "related=7"],
            &["Create", "account", "--store", "postgres:x"],
        ],
    );
    assert_snapshot!(refused, @r"
    Crate account
      error: there is no message `Crate`, did you mean `Create`?; there are Create, Retrieve, RetrieveMultiple, Update, Delete, Upsert, CreateMultiple, UpdateMultiple, UpsertMultiple, DeleteMultiple, Associate, Disassociate, Assign, SetState, Lose, LoseOpportunity, Win, WinOpportunity
    Create acount
      error: unknown entity `acount`, did you mean `account`?
    Create account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77
      error: Create takes an entity, and `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77` is a record
    Create account nmae=Acme
      error: `account` has no attribute `nmae`, did you mean `name`?
    Create account name
      error: `name` is no `ATTR=VAL`, such as `name=Acme`
    Create account =Acme
      error: `=Acme` is no `ATTR=VAL`, such as `name=Acme`
    Create account creditlimit=much
      error: `creditlimit` takes a decimal number, such as `12.50`; `much` is none
    Create account statecode=Inactiv
      error: `statecode` has no option `Inactiv`, did you mean `Inactive`?; it has Active(0), Inactive(1)
    Create task scheduledend=tomorrow
      error: `scheduledend` takes a date, such as `2026-01-31` or `2026-01-31T09:00:00Z`; `tomorrow` is none
    Create task regardingobjectid=7
      error: `regardingobjectid` takes a record, such as `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`; `7` is none
    Update account name=Acme
      error: `account` is no record: Update takes `TARGET` as `entity:uuid`, such as `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`
    Update account:7 name=Acme
      error: `account:7` is no record: Update takes `TARGET` as `entity:uuid`, such as `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`
    Update acount:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77 name=Acme
      error: unknown entity `acount`, did you mean `account`?
    Delete account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77 name=Acme
      error: Delete takes no `name`; it takes nothing but its target
    Assign account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77
      error: Assign needs `assignee`, such as `assignee=systemuser:uuid`
    Assign account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77 asignee=systemuser:7
      error: Assign takes no `asignee`, did you mean `assignee`?; it takes `assignee`
    SetState account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77
      error: SetState needs `state`, such as `state=1`
    Associate account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77 relationship=x
      error: Associate needs `related`, such as `related=entity:uuid`
    Associate account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77 relationship=x related=7
      error: `7` is no record: Associate takes `related` as `entity:uuid`, such as `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`
    Create account --store postgres:x
      error: there is no store `postgres:x`; there is `memory`, which is empty at first, or `sqlite:FILE`, which keeps the records
    ");
}
