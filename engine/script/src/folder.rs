//! The rules folder: its files as one consistent set, read once, or watched and reloaded.
//!
//! Invariants:
//!
//! - What is read together was there together: a folder that changes meanwhile is read again.
//! - A set with any error is refused whole, and the last good generation keeps serving.
//! - Equal contents are no change, whatever the dates of the files say. Only at a sign of the system's is a file not
//!   read again whose dates are the same, and only where they are of a kind that no program can set.
//! - A folder without any entity is no set while the engine has entities: a checkout, a mount or a
//!   deletion passes through that state, and nobody means it. A folder of entities without rules is
//!   a set, of no rules.

mod debounce;
mod listing;
mod native;
mod places;
mod reload;
mod snapshot;
mod watch;

use std::io;
use std::path::{Path, PathBuf};

use rulegate::{Catalog, Engine};

use self::snapshot::{Memory, Snapshot};
pub use self::watch::{Gate, ReloadEvent, WatchOptions, WatchStatus, Watcher};
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;
use crate::rule_set::{LoadOptions, RuleSet};

/// A folder that holds entity definitions and rules.
///
/// ```no_run
/// use rulegate::Engine;
/// use rulegate_script::{Diagnostic, LoadOptions, ReloadEvent, RuleFolder, WatchOptions};
///
/// let folder = RuleFolder::new("rules");
/// let set = folder
///     .load(&LoadOptions::default(), None)
///     .map_err(|problems| Diagnostic::render_all(&problems, true))?;
/// let engine = Engine::builder(set.catalog.clone()).build()?;
/// engine.reload(set.catalog.clone(), set.steps.clone())?;
///
/// let _watcher = folder.watch(engine, WatchOptions::default().serving(&set), |event| {
///     if let ReloadEvent::Refused { diagnostics } = event {
///         // The last good generation keeps serving. Show the author what is wrong.
///         let _text = Diagnostic::render_all(&diagnostics, true);
///     }
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFolder {
    path: PathBuf,
}

impl RuleFolder {
    /// The folder at this path, which may be a symbolic link and need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All files that belong to a set, in the order of their paths, or why they cannot be read.
    ///
    /// These are `external.toml`, every `entity.toml` below a folder that names its entity, and every
    /// `.rhai`. What editors leave behind is no part of it: names that begin with `.`, end with `~` or
    /// stand between `#`. Paths are shown from the folder's own name: `rules/opportunity/x.rhai`.
    pub fn read(&self) -> Result<Vec<SourceFile>, Vec<Diagnostic>> {
        Snapshot::take(self, &mut Memory::default()).files
    }

    /// Reads the files, and a rule set from them.
    ///
    /// `previous` is the catalog in use, if there is one: attributes keep their places.
    pub fn load(
        &self,
        options: &LoadOptions,
        previous: Option<&Catalog>,
    ) -> Result<RuleSet, Vec<Diagnostic>> {
        let files = self.read()?;
        if let Some(problem) = previous.and_then(|it| self.emptied(&files, it)) {
            return Err(vec![problem]);
        }
        RuleSet::load(&files, previous, options)
    }

    /// Watches the folder in a thread of its own, and makes a new generation of every good change.
    ///
    /// The listener hears of what came of each change, in that thread. What is in the folder at first
    /// is a change, too, unless [`WatchOptions::serving`] says that it is what serves already.
    pub fn watch(
        &self,
        engine: Engine,
        options: WatchOptions,
        listener: impl FnMut(ReloadEvent) + Send + 'static,
    ) -> io::Result<Watcher> {
        Watcher::start(self.clone(), engine, (options, Box::new(listener)))
    }

    /// The folder's own name, with which the paths of its files begin.
    fn name(&self) -> String {
        let own = |path: &Path| path.file_name().map(|it| it.to_string_lossy().into_owned());
        let absolute = || self.path.canonicalize().ok();
        own(&self.path).or_else(|| own(&absolute()?)).unwrap_or_else(|| "rules".to_owned())
    }

    /// What is wrong with files among which there is no entity, where there were entities before.
    fn emptied(&self, files: &[SourceFile], previous: &Catalog) -> Option<Diagnostic> {
        let is_emptied = previous.entities().next().is_some()
            && !files.iter().any(|it| it.path.ends_with("/entity.toml"));
        is_emptied.then(|| {
            let text = format!("there is no entity in `{}` any more", self.path.display());
            Diagnostic::error("empty-folder", text).in_file(self.name()).help(
                "bring back the folders with their `entity.toml`: until then the last set serves",
            )
        })
    }
}
