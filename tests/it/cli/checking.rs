//! check with its options, and explain: how findings are taken, shown and mended.

use std::fs;

use insta::assert_snapshot;
use rulegate_script::FINDINGS;
use serde_json::Value as Json;

use super::{ClosedPipe, Project};

const RULE: &str = "rules/account/limit_jump.rhai";

/// A project with a warning that can be mended, and one that cannot.
fn warned() -> Project {
    let project = Project::new();
    project.replace(RULE, "fn run", "// allow(query-in-loop): there are few\nfn run");
    project.write(
        "rules/account/idle.rhai",
        "//! Sets nothing.\n\n\
         const STEP = #{ message: \"Delete\", stage: \"pre-operation\" }; // allow(unused-image, no-filtering): on purpose\n\n\
         fn run(ctx) { trace(\"a, b: 100 %\"); }\n",
    );
    project
}

#[test]
fn warnings_are_told_and_refuse_nothing() {
    let project = warned();
    assert_snapshot!(project.run(&["check"]), @r#"
    exit 0
    out:
    warning[unused-allow]: there is no `unused-image` here to allow
     --> rules/account/idle.rhai:3:71
      |
    3 | const STEP = #{ message: "Delete", stage: "pre-operation" }; // allow(unused-image, no-filtering): on purpose
      |                                                                       ^^^^^^^^^^^^
      |
      = help: take it away

    warning[unused-allow]: there is no `no-filtering` here to allow
     --> rules/account/idle.rhai:3:85
      |
    3 | const STEP = #{ message: "Delete", stage: "pre-operation" }; // allow(unused-image, no-filtering): on purpose
      |                                                                                     ^^^^^^^^^^^^
      |
      = help: take it away

    warning[unused-allow]: there is no `query-in-loop` here to allow
      --> rules/account/limit_jump.rhai:12:10
       |
    12 | // allow(query-in-loop): there are few
       |          ^^^^^^^^^^^^^
       |
       = help: take it away
    err:
    0 errors, 3 warnings · `rulegate check --fix` mends 3
    "#);
    assert_eq!(project.run(&["test"]).code, 0);
    assert_eq!(project.run(&["check", "rules/task"]).to_string(), "exit 0\nout:\nerr:");
    let (code, document) = project.json(&["check"]);
    assert_eq!((code, document["problems"].as_array().unwrap().len()), (0, 3));
    assert_eq!(document["problems"][0]["severity"], "warning");
}

#[test]
fn a_finding_can_be_denied_and_allowed() {
    let project = warned();
    let denied = project.run(&["check", "--deny", "warnings"]);
    assert_eq!((denied.code, denied.out.matches("error[unused-allow]").count()), (3, 3));
    assert_eq!(project.run(&["check", "--deny", "unused-allow"]).code, 3);
    assert_eq!(project.run(&["check", "--deny", "dead-code"]).code, 0);
    // A name of its own counts more than that of all.
    let warned = project.run(&["check", "--deny", "warnings", "--warn", "unused-allow"]);
    assert_eq!((warned.code, warned.out.matches("warning[").count()), (0, 3));
    for name in ["unused-allow", "warnings"] {
        assert_eq!(project.run(&["check", "--allow", name]).to_string(), "exit 0\nout:\nerr:");
    }
    assert_snapshot!(project.run(&["check", "--deny", "unused-alow"]), @"
    exit 2
    out:
    err:
    error: there is no finding `unused-alow`, did you mean `unused-allow`?
    ");
}

#[test]
fn the_project_says_how_findings_are_taken() {
    let project = warned();
    project.write("rulegate.toml", "[check]\ndeny = [\"warnings\"]\n");
    assert_eq!(project.run(&["check"]).code, 3);
    assert_eq!(project.run(&["check", "--allow", "unused-allow"]).code, 0);
    let ran = project.run(&["test"]);
    assert_eq!((ran.code, ran.err.matches("error[unused-allow]").count()), (3, 3), "{ran}");

    project.write("rulegate.toml", "[check]\nallow = [\"unused-allow\"]\n");
    assert_eq!(project.run(&["check"]).to_string(), "exit 0\nout:\nerr:");

    // Who asks for a check gets all of it.
    project.write("rulegate.toml", "[check]\ndeny = [\"warnings\"]\nlevel = \"syntax\"\n");
    assert_eq!((project.run(&["test"]).code, project.run(&["check"]).code), (0, 3));

    let text = "[check]\nlevel = \"all\"\ndeny = \"warnings\"\nallow = [\"unused-imge\", 7]\n";
    project.write("rulegate.toml", text);
    assert_snapshot!(project.run(&["check"]), @r#"
    exit 2
    out:
    err:
    error[wrong-value]: `level` takes one of `whole`, `syntax`
     --> rulegate.toml:2:9
      |
    2 | level = "all"
      |         ^^^^^

    error[wrong-value]: `deny` takes names of findings, such as `["no-filtering"]`
     --> rulegate.toml:3:8
      |
    3 | deny = "warnings"
      |        ^^^^^^^^^^

    error[wrong-value]: there is no finding `unused-imge`
     --> rulegate.toml:4:10
      |
    4 | allow = ["unused-imge", 7]
      |          ^^^^^^^^^^^^^
      |
    help: did you mean `"unused-image"`?
      |
    4 | allow = ["unused-image", 7]
      |                    +

    error[wrong-value]: `allow` takes names of findings, each in quotes
     --> rulegate.toml:4:25
      |
    4 | allow = ["unused-imge", 7]
      |                         ^
    "#);
}

#[test]
fn what_can_be_mended_is_mended_at_once() {
    let project = warned();
    let before = project.read(RULE);
    assert_snapshot!(project.run(&["check", "--fix"]), @"
    exit 0
    out:
    err:
    mended 3 problems in 2 files
    ");
    assert_eq!(before.replace("// allow(query-in-loop): there are few\n", ""), project.read(RULE));
    assert!(project.read("rules/account/idle.rhai").contains("\" };\n\nfn run"));
    assert_eq!(project.run(&["check", "--fix"]).to_string(), "exit 0\nout:\nerr:");
    // Nothing is left beside the files.
    let left: Vec<_> = fs::read_dir(project.path().join("rules/account")).unwrap().collect();
    assert_eq!(left.len(), 4);
}

#[test]
fn errors_are_mended_too_and_the_rest_is_told() {
    let project = Project::new();
    project.replace(RULE, "[\"creditlimit\"],\n}", "[\"creditlimt\"],\n}");
    project.replace("rules/account/welcome_task.rhai", "message:", "mesage:");
    project.replace("rules/task/entity.toml", "\"account\"", "\"acount\"");
    project.write("rules/account/broken.rhai", "fn run(ctx) { let x = ; }\n");
    assert_snapshot!(project.run(&["check", "--fix"]), @"
    exit 3
    out:
    error[syntax]: unexpected ';'
     --> rules/account/broken.rhai:1:23
      |
    1 | fn run(ctx) { let x = ; }
      |                       ^
    err:
    mended 3 problems in 3 files
    1 error, 0 warnings
    ");
    let (_, document) = project.json(&["check", "--fix"]);
    assert_eq!(document["fixed"]["problems"], 0);
}

#[test]
fn only_the_named_files_are_mended() {
    let project = warned();
    assert_eq!(project.run(&["check", "--fix", "rules/account/idle.rhai"]).code, 0);
    assert!(project.read(RULE).contains("allow(query-in-loop)"));
    assert!(!project.read("rules/account/idle.rhai").contains("allow("));
}

#[test]
fn a_folder_of_rules_may_lie_deeper() {
    let project = warned();
    fs::create_dir(project.path().join("sales")).unwrap();
    fs::rename(project.path().join("rules"), project.path().join("sales/policies")).unwrap();
    project.write("rulegate.toml", "rules = \"sales/policies\"\n");
    let ran = project.run(&["check", "--format", "github"]);
    assert!(ran.out.contains("file=sales/policies/account/idle.rhai,"), "{ran}");
    let of = |path: &str| project.run(&["check", path, "--format", "short"]).out.lines().count();
    assert_eq!((of("sales"), of("sales/policies/account/idle.rhai"), of("tests")), (3, 2, 0));
    assert_eq!(project.run(&["check", "--fix"]).code, 0);
    assert!(!project.read("sales/policies/account/idle.rhai").contains("allow("));
}

#[cfg(unix)]
#[test]
fn a_mended_file_keeps_its_mode_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = warned();
    let path = project.path().join(RULE);
    fs::rename(&path, project.path().join("elsewhere.rhai")).unwrap();
    symlink(project.path().join("elsewhere.rhai"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(project.run(&["check", "--fix"]).code, 0);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(!project.read("elsewhere.rhai").contains("allow("));
}

#[test]
fn a_watch_of_checks_ends_where_nobody_reads() {
    assert_eq!(warned().run_into(&["check", "--watch"], &mut ClosedPipe, &mut ClosedPipe), 0);
    assert_eq!(Project::empty().run(&["check", "--watch"]).code, 2);
}

#[test]
fn short_is_a_line_for_each_problem() {
    assert_snapshot!(warned().run(&["check", "--format", "short"]), @"
    exit 0
    out:
    rules/account/idle.rhai:3:71: warning: there is no `unused-image` here to allow [unused-allow]
    rules/account/idle.rhai:3:85: warning: there is no `no-filtering` here to allow [unused-allow]
    rules/account/limit_jump.rhai:12:10: warning: there is no `query-in-loop` here to allow [unused-allow]
    err:
    0 errors, 3 warnings · `rulegate check --fix` mends 3
    ");
}

#[test]
fn github_is_told_in_annotations() {
    let mut project = warned();
    let odd = "// allow(dead-cod): 100 %\nconst STEP = #{ message: \"Delete\", stage: \"pre-operation\" };\nfn run(ctx) {}\n";
    project.write("rules/account/odd,name.rhai", odd);
    assert_snapshot!(project.run(&["check", "--format", "github"]), @"
    exit 3
    out:
    ::warning file=rules/account/idle.rhai,line=3,col=71,endLine=3,endColumn=83,title=unused-allow::there is no `unused-image` here to allow%0Atake it away
    ::warning file=rules/account/idle.rhai,line=3,col=85,endLine=3,endColumn=97,title=unused-allow::there is no `no-filtering` here to allow%0Atake it away
    ::warning file=rules/account/limit_jump.rhai,line=12,col=10,endLine=12,endColumn=23,title=unused-allow::there is no `query-in-loop` here to allow%0Atake it away
    ::error file=rules/account/odd%2Cname.rhai,line=1,col=10,endLine=1,endColumn=18,title=bad-allow::there is no finding `dead-cod`%0Adid you mean `dead-code`?
    err:
    1 error, 3 warnings · `rulegate check --fix` mends 4
    ");
    // A project may be a part of the repository.
    let above = project.path().parent().unwrap().to_string_lossy().into_owned();
    project.variables.insert("GITHUB_WORKSPACE".to_owned(), above);
    let folder = project.path().file_name().unwrap().to_string_lossy().into_owned();
    let ran = project.run(&["check", "--format", "github"]);
    assert!(ran.out.contains(&format!("file={folder}/rules/account/idle.rhai,")), "{ran}");
}

#[test]
fn sarif_has_the_shape_that_its_readers_want() {
    let project = warned();
    project.replace("rules/account/welcome_task.rhai", "message:", "mesage:");
    project.replace("rules/account/welcome_task.rhai", "const STEP", "/* äö */ const STEP");
    project.write(
        "rules/account/odd name%.rhai",
        "// allow(dead-cod): so\nfn run(ctx) { let x = ; }\n",
    );
    let ran = project.run(&["check", "--format", "sarif"]);
    assert_eq!(ran.code, 3);
    let log: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "rulegate");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in [&rule["shortDescription"]["text"], &rule["help"]["text"]] {
            assert!(!text.as_str().unwrap().is_empty(), "{rule}");
        }
    }
    for result in run["results"].as_array().unwrap() {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("rules/account/") && !uri.contains(' '), "{uri}");
        let region = |it: &Json| {
            ["startLine", "startColumn", "endLine", "endColumn"]
                .map(|key| it[key].as_u64().unwrap_or_default())
        };
        let [line, column, end_line, end_column] = region(&place["region"]);
        assert!((1, 1) <= (line, column) && (line, column) <= (end_line, end_column), "{result}");
        for fix in result["fixes"].as_array().into_iter().flatten() {
            let change = &fix["artifactChanges"][0];
            assert_eq!(change["artifactLocation"]["uri"], uri);
            let replacement = &change["replacements"][0];
            assert!(!region(&replacement["deletedRegion"]).contains(&0), "{fix}");
            assert!(replacement["insertedContent"]["text"].is_string(), "{fix}");
        }
    }
    insta::assert_snapshot!("sarif", serde_json::to_string_pretty(&without_pages(&log)).unwrap());
}

/// The document without the pages of findings, which change more often than its shape.
fn without_pages(log: &Json) -> Json {
    let mut log = log.clone();
    let rules = log.pointer_mut("/runs/0/tool/driver/rules").and_then(Json::as_array_mut).unwrap();
    let helps = rules.iter_mut().filter_map(|it| it.get_mut("help"));
    for help in helps.filter(|it| it.get("markdown").is_some()) {
        *help = "…".into();
    }
    log
}

#[test]
fn other_verbs_write_nothing_but_text_and_json() {
    assert_snapshot!(Project::new().run(&["steps", "--format", "sarif"]), @"
    exit 2
    out:
    err:
    error: only `check` writes its results so: take `human` or `json`
    ");
}

#[test]
fn every_finding_is_explained() {
    let project = Project::empty();
    let list = project.run(&["explain"]);
    assert_eq!((list.code, list.out.lines().count()), (0, FINDINGS.len()), "{list}");
    for (line, finding) in list.out.lines().zip(FINDINGS) {
        assert!(line.starts_with(finding.name) && line.ends_with(finding.summary), "{line}");
        let page = project.run(&["explain", finding.name]);
        assert_eq!((page.code, &*page.out), (0, finding.page));
    }
    let (_, document) = project.json(&["explain", "possible-null"]);
    assert_eq!(document["findings"][0]["severity"], "error");
    assert_snapshot!(project.run(&["explain", "posible-null"]), @"
    exit 2
    out:
    err:
    error: there is no finding `posible-null`: did you mean `possible-null`?
    ");
    assert_snapshot!(project.run(&["explain", "syntax"]), @"
    exit 2
    out:
    err:
    error: there is no finding `syntax`: `rulegate explain` lists them
    ");
}

#[test]
fn a_watch_tells_of_warnings_when_they_come() {
    let project = warned();
    let ran = project.run(&["dev", "--once"]);
    assert_eq!((ran.code, ran.err.matches("warning[unused-allow]").count()), (0, 3), "{ran}");
    assert!(ran.out.ends_with("2 of 2 runs pass · 3 warnings\n"), "{ran}");
    let (_, document) = project.json(&["dev", "--once"]);
    assert_eq!(document["problems"].as_array().unwrap().len(), 3);
}
