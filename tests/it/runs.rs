//! Every run of the project against the transcript beside it.
//!
//! `rulegate test` plays the same runs and writes the same bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{env, fs};

use insta::{Settings, assert_snapshot};
use rulegate_script::{LoadOptions, Playground, RuleSet, SourceFile};

/// A project other than this repository, for the tests of the binary.
pub(crate) const PROJECT: &str = "RULEGATE_TEST_PROJECT";

#[test]
fn every_run_gives_its_transcript() {
    let project = env::var_os(PROJECT).map_or_else(support::root, PathBuf::from);
    let rules = sources(&project, "rules", &["rhai", "toml"]);
    let messages = support::shipped().messages();
    let options = LoadOptions { messages, ..LoadOptions::default() };
    let set = RuleSet::load(&rules, None, &options).unwrap();
    let mut different = Vec::new();
    for run in sources(&project, "tests/runs", &["rhai"]) {
        let playground = Playground::new(&set, hooks::install, &options.limits).unwrap();
        let played = playground.play(&run);
        assert!(played.failure.is_none(), "{}", played.failure.unwrap().render(false));
        let compare = || assert_transcript(&project.join(&run.path), &played.transcript);
        if catch_unwind(AssertUnwindSafe(compare)).is_err() {
            different.push(run.path);
        }
    }
    assert_eq!(different, Vec::<String>::new());
}

/// Compares a transcript with the snapshot beside its run, whose header is always the same.
fn assert_transcript(run: &Path, transcript: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(run.parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = run.file_stem().unwrap().to_str().unwrap();
    settings.bind(|| assert_snapshot!(name, transcript));
}

/// The files of a folder that end so, with paths from the project.
pub(crate) fn sources(project: &Path, folder: &str, extensions: &[&str]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(project.join(folder)) else { return found };
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        if project.join(&path).is_dir() {
            found.extend(sources(project, &path, extensions));
        } else if extensions.iter().any(|it| name.ends_with(&format!(".{it}"))) {
            let bytes = fs::read(project.join(&path)).unwrap();
            found.push(SourceFile::from_bytes(path, &bytes).unwrap());
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
