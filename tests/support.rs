//! What tests share: the shipped rules folder and engines that have it, a small catalog made in code, rules
//! that mean harm, and a load that leaves traces.

mod bare;
mod hostile;
pub mod load;
mod timing;

use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::{Catalog, Engine};
use rulegate_script::{Diagnostic, LoadOptions, RuleSet, SourceFile, read_catalog};

/// The second at which the clock of [`shipped`] stands: 2026-01-15T09:00:00Z.
const NOW: i64 = 1_768_467_600;

/// An engine with the shipped entities and hooks, at a time that stands still, with identities that count.
///
/// # Panics
///
/// Where the hooks do not fit the entities.
#[expect(clippy::expect_used, reason = "without the shipped catalog, no test can go on")]
pub fn shipped() -> Engine {
    shipped_builder().build().expect("the shipped hooks fit the shipped entities")
}

/// The same engine, to be furnished further.
pub fn shipped_builder() -> EngineBuilder {
    let now = DateTime::<Utc>::from_timestamp(NOW, 0).unwrap_or_default();
    let builder = Engine::builder(shipped_catalog());
    let mut builder = builder.clock(ManualClock::at(now)).ids(CountingIds::default());
    hooks::install(&mut builder);
    builder
}

/// The shipped entities.
///
/// # Panics
///
/// Where they are not what they should be.
#[expect(clippy::panic, reason = "without the shipped catalog, no test can go on")]
pub fn shipped_catalog() -> Catalog {
    let files = entity_files().unwrap_or_else(|error| panic!("{error}"));
    read_catalog(&files, None)
        .unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)))
}

pub use self::bare::bare;
pub use self::hostile::{hostile_rules, interpreted_set, small_engine, small_set};
pub use self::timing::{median, timed};

/// The shipped entities and rules.
///
/// # Panics
///
/// Where they are not what they should be.
#[expect(clippy::panic, reason = "without the shipped rules, no test can go on")]
pub fn shipped_rules() -> RuleSet {
    let mut files = entity_files().unwrap_or_else(|error| panic!("{error}"));
    files.extend(shipped_rule_files().unwrap_or_else(|error| panic!("{error}")));
    let messages = shipped().messages();
    RuleSet::load(&files, None, &LoadOptions { messages, ..LoadOptions::default() })
        .unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)))
}

/// The root of the repository. Tests read nothing outside of it.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The entity files of the shipped rules, and `external.toml`, in the order of their paths.
pub fn entity_files() -> io::Result<Vec<SourceFile>> {
    let rules = root().join("rules");
    let mut files = vec![source("rules/external.toml")?];
    let mut folders: Vec<_> = fs::read_dir(rules)?.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    for folder in folders.iter().filter(|it| it.path().join("entity.toml").exists()) {
        let name = folder.file_name();
        files.push(source(&format!("rules/{}/entity.toml", name.to_string_lossy()))?);
    }
    Ok(files)
}

/// The files of the shipped rules, in the order of their paths.
pub fn shipped_rule_files() -> io::Result<Vec<SourceFile>> {
    let mut paths = Vec::new();
    for folder in fs::read_dir(root().join("rules"))? {
        let folder = folder?.path();
        if folder.is_dir() {
            let files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
            paths.extend(files.iter().map(fs::DirEntry::path));
        }
    }
    paths.retain(|it| it.extension().is_some_and(|it| it == "rhai"));
    paths.sort();
    let shown = |it: &PathBuf| it.strip_prefix(root()).map(|it| it.display().to_string());
    paths.iter().map(|it| source(&shown(it).map_err(io::Error::other)?)).collect()
}

fn source(path: &str) -> io::Result<SourceFile> {
    SourceFile::from_bytes(path, &fs::read(root().join(path))?).map_err(io::Error::other)
}
