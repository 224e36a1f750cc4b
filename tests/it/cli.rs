//! The binary: what it says, and its exit codes.

mod checking; // check with its options, explain
mod looking; // check, steps, entities
mod playing; // run, send
mod project; // rulegate.toml
mod testing; // test, review, accept, reject
mod writing; // init, new, dev

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use insta::assert_snapshot;
use rulegate_cli::{Streams, Surroundings, run};
use serde_json::Value as Json;
use tempfile::TempDir;

/// What a command line came to.
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
    /// Variables of the environment.
    pub(crate) variables: BTreeMap<String, String>,
    /// What a person types; nobody sits there where it is empty.
    pub(crate) input: String,
}

impl Project {
    /// The project that `init` makes.
    pub(crate) fn new() -> Self {
        let project = Self::empty();
        assert_eq!(project.run(&["init", "."]).code, 0);
        project
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, variables: BTreeMap::new(), input: String::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.path().join(path).exists()
    }

    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{text}");
        self.write(path, &text.replace(from, to));
    }

    /// Runs a command line in the project.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = self.run_into(args, &mut out, &mut err);
        // The name of the folder differs each time.
        let folder = fs::canonicalize(self.path()).unwrap();
        let text = |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&*folder.to_string_lossy(), "DIR")
                .replace(&*self.path().to_string_lossy(), "DIR")
        };
        Ran { code, out: text(out), err: text(err) }
    }

    pub(crate) fn run_into(&self, args: &[&str], out: &mut dyn Write, err: &mut dyn Write) -> u8 {
        let around = Surroundings {
            folder: self.path().to_owned(),
            variables: self.variables.clone(),
            is_interactive: !self.input.is_empty(),
            is_terminal: false,
        };
        run(args, &around, Streams { input: &mut self.input.as_bytes(), out, err })
    }

    /// What is said of command lines of a verb that make no sense.
    pub(crate) fn refusals(&self, verb: &str, lines: &[&[&str]]) -> String {
        let mut all = String::new();
        for line in lines {
            let ran = self.run(&[&[verb], *line].concat());
            assert_eq!((ran.code, &*ran.out), (2, ""), "{line:?}");
            let _ = write!(all, "{}\n  {}", line.join(" "), ran.err);
        }
        all
    }

    /// Runs a command line, and reads its one document.
    pub(crate) fn json(&self, args: &[&str]) -> (u8, Json) {
        let ran = self.run(&[args, &["--format", "json"]].concat());
        assert_eq!(ran.err, "", "with JSON, there is no talk");
        let document: Json = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document.get("schema"), Some(&1.into()));
        assert_eq!(document.get("verb").and_then(Json::as_str), args.first().copied());
        (ran.code, document)
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, out, err } = self;
        let line =
            |text: &str| if text.is_empty() { "" } else { "\n" }.to_owned() + text.trim_end();
        write!(f, "exit {code}\nout:{}\nerr:{}", line(out), line(err))
    }
}

/// A pipe that nobody reads.
struct ClosedPipe;

impl Write for ClosedPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn help_lists_the_verbs_and_the_exit_codes() {
    assert_snapshot!(Project::empty().run(&["--help"]), @r#"
    exit 0
    out:
    The rules engine: checks, plays and watches a folder of rules

    Usage: rulegate [OPTIONS] <VERB>

    Verbs:
      run       Play runs, and print their transcripts
      send      Send one message, and print its transcript
      test      Play all runs, and compare their transcripts with the snapshots beside them
      review    Look at the snapshots that wait for a decision
      accept    Accept the snapshots that wait for a decision
      reject    Throw the snapshots away that wait for a decision
      check     Say everything that is known to be wrong before a rule runs
      explain   Tell what a finding of `check` is, why it is bad, and what to write instead
      steps     List the steps, in the order in which they run
      entities  List the entities, or show one
      dev       Watch the files: check, play what is affected, say one line a save
      new       Write a new rule, run or entity that works, to be changed
      init      Write a new project into an empty or new folder
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Options of all verbs:
      -C, --directory <DIR>  Work in this folder
          --color <WHEN>     Whether to color what is said [default: auto] [possible values: auto,
                             always, never]
          --format <FORMAT>  How to write results: `json` is one document, with `"schema": 1`; `check`
                             has three more [default: human] [possible values: human, json, short,
                             sarif, github]
      -q, --quiet            Say nothing but results and errors
      -v, --verbose          Say more

    Exit codes: 0 fine · 1 unexpected failure · 2 usage · 3 rules, entities or runs do not check · 4
    tests failed or snapshots pending · 5 a rule rejected the message · 130 interrupted
    err:
    "#);
}

#[test]
fn every_verb_has_help() {
    let verbs = [
        "run", "send", "test", "review", "accept", "reject", "check", "explain", "steps",
        "entities", "dev", "new", "init",
    ];
    for verb in verbs {
        let ran = Project::empty().run(&[verb, "--help"]);
        assert_eq!((ran.code, &*ran.err), (0, ""), "{verb}");
        assert!(ran.out.contains("Usage: rulegate"), "{verb}: {}", ran.out);
    }
    assert_snapshot!(Project::empty().run(&["send", "--help"]), @r#"
    exit 0
    out:
    Send one message, and print its transcript

    Usage: rulegate send [OPTIONS] <MESSAGE> <TARGET> [ATTR=VAL]...

    Arguments:
      <MESSAGE>      The message: `Create`, `Update`, `Delete`, `Retrieve`, `RetrieveMultiple`,
                     `Upsert`, `Assign`, `SetState`, `Associate`, `Disassociate`, or a custom one
      <TARGET>       An entity for `Create` and `RetrieveMultiple`, else `entity:uuid`; `none` for a
                     message without one
      [ATTR=VAL]...  Attributes or parameters: `name=Acme`, `statecode=Won`,
                     `primarycontactid=contact:uuid`; an empty value is null

    Options:
          --store <STORE>  Where the records are: `memory`, which is empty at first, or `sqlite:FILE`,
                           which keeps them [default: `store` of rulegate.toml, else memory]
      -h, --help           Print help

    Options of all verbs:
      -C, --directory <DIR>  Work in this folder
          --color <WHEN>     Whether to color what is said [default: auto] [possible values: auto,
                             always, never]
          --format <FORMAT>  How to write results: `json` is one document, with `"schema": 1`; `check`
                             has three more [default: human] [possible values: human, json, short,
                             sarif, github]
      -q, --quiet            Say nothing but results and errors
      -v, --verbose          Say more
    err:
    "#);
}

#[test]
fn what_is_no_command_line_is_usage() {
    let project = Project::empty();
    assert_snapshot!(project.run(&["tset"]), @"
    exit 2
    out:
    err:
    error: unrecognized subcommand 'tset'

      tip: a similar subcommand exists: 'test'

    Usage: rulegate [OPTIONS] <VERB>

    For more information, try '--help'.
    ");
    assert_snapshot!(project.run(&["run"]), @"
    exit 2
    out:
    err:
    error: the following required arguments were not provided:
      <FILE>...

    Usage: rulegate run <FILE>...

    For more information, try '--help'.
    ");
    assert_snapshot!(project.run(&["test", "--wacht"]), @"
    exit 2
    out:
    err:
    error: unexpected argument '--wacht' found

      tip: a similar argument exists: '--watch'

    Usage: rulegate test --watch [FILTER]...

    For more information, try '--help'.
    ");
    assert_snapshot!(project.run(&["check", "--format", "xml"]), @"
    exit 2
    out:
    err:
    error: invalid value 'xml' for '--format <FORMAT>'
      [possible values: human, json, short, sarif, github]

    For more information, try '--help'.
    ");
    assert_eq!(project.run(&[]).code, 2);
    assert_eq!(project.run(&["check", "-q", "-v"]).code, 2);
    assert_eq!(project.run(&["new", "hook", "x"]).code, 2);
}

#[test]
fn a_folder_without_rules_is_no_project() {
    let project = Project::empty();
    assert_snapshot!(project.run(&["check"]), @"
    exit 2
    out:
    err:
    error: no `rulegate.toml` in `DIR` or above, and no folder `rules` in it: `rulegate init DIR` makes a project
    ");
    assert_snapshot!(project.run(&["-C", "nowhere", "check"]), @"
    exit 2
    out:
    err:
    error: there is no folder `DIR/nowhere`
    ");

    let (code, document) = project.json(&["check"]);
    assert_eq!((code, &document["error"]["exit"]), (2, &2.into()));
}

#[test]
fn a_closed_pipe_is_no_panic_and_no_failure() {
    let project = Project::new();
    for args in [
        &["--help"][..],
        &["run", "tests/runs/account/limit_jump.rhai"],
        &["send", "Create", "account", "name=Acme"],
        &["test", "-v"],
        &["steps"],
        &["entities", "--format", "json"],
        &["check", "--format", "json"],
        &["nonsense"],
    ] {
        let code = project.run_into(args, &mut ClosedPipe, &mut ClosedPipe);
        assert_eq!(code, if args == ["nonsense"] { 2 } else { 0 }, "{args:?}");
    }
}

#[test]
fn colors_come_where_they_are_asked_for() {
    let project = Project::new();
    assert!(project.run(&["steps", "--color", "always"]).out.contains("\u{1b}[1m"));
    for args in [&["steps", "--color", "never"][..], &["steps"]] {
        assert!(!project.run(args).out.contains('\u{1b}'));
    }
}
