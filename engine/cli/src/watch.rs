//! Watching: whether a file of the project changed since the last look.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::console::Console;
use crate::exit::{Outcome, Stop};
use crate::files;
use crate::project::{FILE, Project};

/// The time between two looks: shorter than a person notices.
const INTERVAL: Duration = Duration::from_millis(50);

/// What the files of a project looked like.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch(Vec<(PathBuf, Option<SystemTime>, u64)>);

/// Does the same again after each save, until it is interrupted: what is wrong with the files is shown, and mended
/// by the next save.
pub(crate) fn each_save(
    console: &mut Console<'_>,
    act: impl Fn(&mut Console<'_>) -> Outcome,
) -> Outcome {
    let mut watch = Watch::default();
    let project = Project::find(&console.folder())?;
    loop {
        watch.wait(&project);
        match act(console) {
            Ok(_) => {}
            Err(Stop::Problems(_, problems)) => console.show(&problems)?,
            Err(stop) => return Err(stop),
        }
        console.flush()?;
    }
}

impl Watch {
    /// Waits until a file changed; not at all on the first look.
    pub(crate) fn wait(&mut self, project: &Project) {
        loop {
            let seen = Self::look(project);
            if seen != *self {
                *self = seen;
                return;
            }
            thread::sleep(INTERVAL);
        }
    }

    /// What vanishes while we look is not there.
    fn look(project: &Project) -> Self {
        let rules = project.root.join(&project.config.rules);
        let mut paths = vec![project.root.join(FILE)];
        for folder in [rules, project.runs_folder()].into_iter().filter(|it| it.is_dir()) {
            let is_ours =
                |it: &str| [".rhai", ".toml", ".snap"].iter().any(|ending| it.ends_with(ending));
            let names = files::list(&folder, &is_ours).unwrap_or_default();
            paths.extend(names.iter().map(|it| folder.join(it)));
        }
        let seen = paths.into_iter().filter_map(|path| {
            let metadata = fs::metadata(&path).ok()?;
            Some((path, metadata.modified().ok(), metadata.len()))
        });
        Self(seen.collect())
    }
}
