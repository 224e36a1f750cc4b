//! The project: the folder in which a verb works, and what its `rulegate.toml` says.

mod file;

use std::fs;
use std::path::{Path, PathBuf};

use rulegate::engine::BuildError;
use rulegate::settings::Settings;
use rulegate::{Engine, metadata::Catalog};
use rulegate_script::{
    Check, Diagnostic, Level, Levels, Limits, LoadOptions, Playground, RuleSet, SourceFile,
    UnknownFinding,
};
use rulegate_sqlite::Sqlite;

use crate::exit::{Exit, Stop};
use crate::place::Place;
use crate::{files, install};

/// The name of the file that marks the root of a project.
pub(crate) const FILE: &str = "rulegate.toml";

/// The folder in which a verb works.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder that holds `rulegate.toml`, or that of the rules.
    pub(crate) root: PathBuf,
    /// What its file says.
    pub(crate) config: Config,
}

/// What a `rulegate.toml` says. A project without one has the defaults.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// Where rules and entities are, from the root.
    pub(crate) rules: String,
    /// Where runs and their snapshots are, from the root.
    pub(crate) runs: String,
    /// Where the records of `send` are, from the root.
    pub(crate) store: Place,
    /// How much a rule may use.
    pub(crate) limits: Limits,
    /// Switches and limits of the engine.
    pub(crate) settings: Settings,
    /// How much is checked before a rule runs. `check` itself leaves nothing out.
    pub(crate) check: Check,
    /// How bad findings are.
    pub(crate) levels: Levels,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: "rules".to_owned(),
            runs: "tests/runs".to_owned(),
            store: Place::default(),
            limits: Limits::default(),
            settings: Settings::default(),
            check: Check::default(),
            levels: Levels::default(),
        }
    }
}

impl Config {
    /// Takes a finding as bad as this.
    fn take(&mut self, finding: &str, level: Level) -> Result<(), UnknownFinding> {
        self.levels = std::mem::take(&mut self.levels).with(finding, level)?;
        Ok(())
    }
}

impl Project {
    /// The project around a folder: upward the next `rulegate.toml`, or the folder itself where it has rules.
    pub(crate) fn find(folder: &Path) -> Result<Self, Stop> {
        if !folder.is_dir() {
            return Err(Stop::usage(format!("there is no folder `{}`", folder.display())));
        }
        let folder = fs::canonicalize(folder).map_err(|it| Stop::io("read", folder, &it))?;
        if !folder.join(FILE).exists() && folder.join("rules").is_dir() {
            return Ok(Self { root: folder, config: Config::default() });
        }
        let Some(root) = folder.ancestors().find(|it| it.join(FILE).exists()) else {
            return Err(Stop::usage(format!(
                "no `{FILE}` in `{}` or above, and no folder `rules` in it: \
                 `rulegate init DIR` makes a project",
                folder.display()
            )));
        };
        let path = root.join(FILE);
        let bytes = fs::read(&path).map_err(|it| Stop::io("read", &path, &it))?;
        let file = SourceFile::from_bytes(FILE, &bytes).map_err(|it| vec![*it]);
        let config = file.and_then(|it| file::read(&it));
        let config = config.map_err(|it| Stop::Problems(Exit::Usage, it))?;
        Ok(Self { root: root.to_owned(), config })
    }

    /// Everything in the rules folder, compiled.
    pub(crate) fn load(&self) -> Result<RuleSet, Stop> {
        let files = files::rules(&self.root, &self.config.rules)?;
        self.compile(&files).map_err(Stop::unchecked)
    }

    /// Files of the rules folder, compiled and tried out with what the binary installs.
    pub(crate) fn compile(&self, files: &[SourceFile]) -> Result<RuleSet, Vec<Diagnostic>> {
        let messages = install::messages().map_err(|it| refused(&it))?;
        let Config { limits, check, levels, .. } = self.config.clone();
        let options = LoadOptions { limits, messages, check, levels, ..LoadOptions::default() };
        let set = RuleSet::load(files, None, &options)?;
        self.playground(&set).map_err(|it| refused(&it))?;
        Ok(set)
    }

    /// A fresh engine for a run.
    pub(crate) fn playground(&self, set: &RuleSet) -> Result<Playground, BuildError> {
        let Config { limits, settings, .. } = &self.config;
        let furnish = |builder: &mut rulegate::engine::EngineBuilder| {
            builder.change_settings(|it| *it = settings.clone());
            install::install(builder);
        };
        Playground::new(set, furnish, limits)
    }

    /// An engine with the rules of a set, a store or else an empty one in memory, and the time of the
    /// machine.
    pub(crate) fn engine(
        &self,
        set: &RuleSet,
        store: Option<Sqlite>,
    ) -> Result<Engine, BuildError> {
        let mut builder = Engine::builder(Catalog::clone(&set.catalog));
        if let Some(store) = store {
            builder = builder.store(store);
        }
        // A look into a file takes up no jobs: an engine may be at work on them.
        builder.change_settings(|it| {
            *it = self.config.settings.clone();
            it.job_recovery = false;
        });
        install::install(&mut builder);
        let engine = builder.build()?;
        engine.reload(set.catalog.clone(), set.steps.clone())?;
        Ok(engine)
    }

    /// Where a file is, by its path as problems show it: that of a rule begins with its folder's own name.
    pub(crate) fn located(&self, shown: &str) -> PathBuf {
        let is_run = shown.strip_prefix(&*self.config.runs).is_some_and(|it| it.starts_with('/'));
        match shown.split_once('/') {
            Some((_, below)) if !is_run => self.root.join(&self.config.rules).join(below),
            _ => self.root.join(shown),
        }
    }

    /// The folder of the runs.
    pub(crate) fn runs_folder(&self) -> PathBuf {
        self.root.join(&self.config.runs)
    }
}

/// Steps that do not fit together, though each of them is right: nobody knows their lines.
fn refused(error: &BuildError) -> Vec<Diagnostic> {
    if let BuildError::Steps(errors) = error {
        errors.iter().map(|it| Diagnostic::error("step", it.to_string())).collect()
    } else {
        vec![Diagnostic::error("engine", error.to_string())]
    }
}

/// The same, as the end of a verb.
pub(crate) fn unbuilt(error: &BuildError) -> Stop {
    Stop::unchecked(refused(error))
}
