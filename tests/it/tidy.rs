//! What the compiler cannot check about our own code.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `engine/core`, lowest first. A module may use those before it, and no other.
const LAYERS: &[&str] = &[
    "code",
    "metadata",
    "record",
    "store",
    "bootstrap",
    "error",
    "clock",
    "settings",
    "message",
    "pipeline",
    "engine",
];

/// A Rust file with more lines wants to be two (STYLE §5).
const LINES_LIMIT: usize = 500;

#[test]
fn modules_use_only_lower_layers() {
    let core = support::root().join("engine/core/src");
    let mut climbs = Vec::new();
    for file in files(&core, "rs") {
        let relative = file.strip_prefix(&core).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let height = LAYERS.iter().position(|it| *it == module);
        let height = height.unwrap_or_else(|| panic!("`{module}` has no place in LAYERS"));
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some(path) = line.trim().strip_prefix("use crate::") else { continue };
            let used = path.split([':', ';', '{']).next().unwrap();
            // A name of the front door, such as `crate::Error`, is a layer above all others.
            let used_height = LAYERS.iter().position(|it| *it == used).unwrap_or(usize::MAX);
            if height < used_height {
                climbs.push(format!("{}: {module} uses {used}", relative.display()));
            }
        }
    }
    assert_eq!(climbs, Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_eq!(our_files_where(|text| !text.starts_with("//! ")), Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_too_long_to_read() {
    let is_long = |text: &str| LINES_LIMIT < text.lines().count();
    assert_eq!(our_files_where(is_long), Vec::<PathBuf>::new());
}

#[test]
fn nothing_is_left_to_do() {
    let marker = concat!("TO", "DO");
    assert_eq!(our_files_where(|text| text.contains(marker)), Vec::<PathBuf>::new());
}

#[test]
fn every_run_has_its_transcript() {
    let runs = files(&support::root().join("tests/runs"), "rhai");
    let silent: Vec<_> = runs.iter().filter(|it| !it.with_extension("snap").exists()).collect();
    assert_eq!(silent, Vec::<&PathBuf>::new());
}

/// The Rust files that we wrote and whose text is so.
fn our_files_where(is_so: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    ["engine", "hooks", "tests", "examples"]
        .iter()
        .flat_map(|folder| files(&support::root().join(folder), "rs"))
        .filter(|file| is_so(&fs::read_to_string(file).unwrap()))
        .collect()
}

/// The files below a folder that end so; none where there is no such folder.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            files.extend(self::files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}
