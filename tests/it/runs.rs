//! Runs: every `runs/**/*.rhai` is played on a fresh engine, and its transcript compared.

use std::fs;
use std::path::{Path, PathBuf};

use rulegate_script::{LoadOptions, Played, Playground, RuleSet, SourceFile};

#[test]
fn every_run_matches_its_transcript() {
    let set = support::shipped_rules();
    let root = support::root();
    let mut stopped = Vec::new();
    for path in runs(&root.join("tests/runs")) {
        let shown = path.strip_prefix(&root).unwrap().display().to_string();
        let file = SourceFile::from_bytes(&shown, &fs::read(&path).unwrap()).unwrap();
        let played = play(&set, &file);
        stopped.extend(played.failure.map(|it| it.render(false)));
        insta::with_settings!({
            snapshot_path => path.parent().unwrap(), // The transcript lies beside its run.
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), played.transcript);
        });
    }
    assert!(stopped.is_empty(), "{}", stopped.join("\n"));
}

fn play(set: &RuleSet, file: &SourceFile) -> Played {
    let options = LoadOptions::default();
    Playground::new(set, hooks::install, &options.limits).unwrap().play(file)
}

fn runs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(runs(&path));
        } else if path.extension().is_some_and(|it| it == "rhai") {
            found.push(path);
        }
    }
    found.sort();
    found
}
