//! The binary itself: what only a process of its own shows.

#![expect(clippy::unwrap_used, reason = "clippy takes what tests share for production code")]

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

fn rulegate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rulegate"));
    command.arg("-C").arg(folder);
    for name in ["CI", "INSTA_UPDATE", "INSTA_FORCE_PASS", "TF_BUILD"] {
        command.env_remove(name);
    }
    command
}

fn dev(folder: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = rulegate(folder);
    let mut child = command.args(["dev", "-v"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// A line of `dev`, without how long it took.
fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = lines.next().unwrap().unwrap();
    let words = line.split(" · ").filter(|it| !it.ends_with(" ms"));
    words.collect::<Vec<_>>().join(" · ")
}

/// Saves a file as careful editors do: nobody sees half of it.
fn save(path: &Path, text: &str) {
    let aside = path.with_extension("saving");
    fs::write(&aside, text).unwrap();
    fs::rename(&aside, path).unwrap();
}

#[test]
fn dev_follows_saves_until_it_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(rulegate(folder).args(["init", ".", "-q"]).status().unwrap().success());
    let rule = folder.join("rules/account/limit_jump.rhai");
    let text = fs::read_to_string(&rule).unwrap();

    let (mut child, mut lines) = dev(folder);
    assert_eq!(line(&mut lines), "gen 1 · 2 rules · 2 of 2 runs pass");
    save(&rule, &text.replace("at most double", "only double"));
    assert_eq!(line(&mut lines), "gen 2 · 2 rules · 1 of 2 runs changed: account/limit_jump");
    save(&rule, &text.replace("const STEP", "const STAP"));
    assert_eq!(line(&mut lines), "gen 2 stays · 1 problem");
    save(&folder.join("rulegate.toml"), "rools = 1");
    assert_eq!(line(&mut lines), "gen 2 stays · 1 problem");
    save(&folder.join("rulegate.toml"), "");
    assert_eq!(line(&mut lines), "gen 2 stays · 1 problem");
    save(&rule, &text);
    assert_eq!(line(&mut lines), "gen 3 · 2 rules · 2 of 2 runs pass");

    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn the_exit_code_is_that_of_the_verb() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| rulegate(folder.path()).args(args).output().unwrap();
    assert_eq!(run(&["check"]).status.code(), Some(2));
    assert_eq!(run(&["init", "."]).status.code(), Some(0));
    let ran = run(&["run", "tests/runs/account/limit_jump.rhai"]);
    assert_eq!(ran.status.code(), Some(5));
    assert!(String::from_utf8(ran.stdout).unwrap().contains("✘ rejected, nothing saved"));
    assert_eq!(run(&["test"]).stdout, b"2 of 2 runs pass\n");
}
