//! Runs: the scripts below the runs folder, played and compared with their snapshots.

use std::path::PathBuf;

use rulegate_script::{Played, RuleSet, SourceFile};
use serde_json::{Value as Json, json};

use crate::exit::{Exit, Stop};
use crate::project::{Project, unbuilt};
use crate::snapshot::{Comparison, Place, Snapshot, Update};
use crate::{files, json};

/// A script below the runs folder.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Its path below the folder without its ending: `opportunity/won`.
    pub(crate) name: String,
    /// Its text.
    pub(crate) file: SourceFile,
    /// Its snapshot.
    pub(crate) snapshot: Snapshot,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its transcript is that of its snapshot, or has become it.
    Passed,
    /// It has no snapshot.
    New,
    /// Its transcript differs from its snapshot.
    Changed,
    /// It did not come to its end, or a demand of its own was not met.
    Failed,
}

/// A run that was played and compared.
#[derive(Debug)]
pub(crate) struct Tested {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    pub(crate) played: Played,
    /// The snapshot, where it differs.
    pub(crate) before: Option<String>,
    /// Where the transcript was written, if it was.
    pub(crate) written: Option<Place>,
}

impl Verdict {
    /// The verdict in a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }
}

impl Project {
    /// The runs, in the order of their names; of those that the filters select, if there are any.
    pub(crate) fn runs(&self, filters: &[String]) -> Result<Vec<Run>, Stop> {
        let folder = self.runs_folder();
        if !folder.is_dir() {
            return selected(Vec::new(), filters);
        }
        let names = files::list(&folder, &|name| files::ends(name, ".rhai"))?;
        let files = files::texts(&folder, &self.config.runs, &names)?;
        let runs = names.iter().zip(files).map(|(path, file)| Run {
            name: path.strip_suffix(".rhai").unwrap_or(path).to_owned(),
            snapshot: Snapshot::beside(&folder.join(path)),
            file,
        });
        selected(runs.collect(), filters)
    }

    /// Snapshots and what waits for a decision, without a run beside them.
    pub(crate) fn orphans(&self) -> Result<Vec<PathBuf>, Stop> {
        let folder = self.runs_folder();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let names =
            files::list(&folder, &|it| files::ends(it, ".snap") || files::ends(it, ".snap.new"))?;
        let has_run = |it: &str| {
            let name = it.trim_end_matches(".new").trim_end_matches(".snap");
            folder.join(format!("{name}.rhai")).exists()
        };
        let orphans = names.iter().filter(|it| !has_run(it));
        Ok(orphans.map(|it| PathBuf::from(&self.config.runs).join(it)).collect())
    }

    /// Plays a run on an engine of its own.
    pub(crate) fn play(&self, set: &RuleSet, file: &SourceFile) -> Result<Played, Stop> {
        let playground = self.playground(set).map_err(|it| unbuilt(&it))?;
        Ok(playground.play(file))
    }

    /// Plays a run, compares its transcript, and writes what is to be written.
    pub(crate) fn test(
        &self,
        set: &RuleSet,
        (run, update): (&Run, Update),
    ) -> Result<Tested, Stop> {
        let played = self.play(set, &run.file)?;
        let name = run.name.clone();
        if played.failure.is_some() {
            // What it came to is nothing to keep: first the run has to end.
            let verdict = Verdict::Failed;
            return Ok(Tested { name, verdict, played, before: None, written: None });
        }
        let comparison = run.snapshot.compare(&played.transcript)?;
        let written = run.snapshot.record(&played.transcript, &comparison, update)?;
        let (verdict, before) = match comparison {
            _ if written == Some(Place::InPlace) => (Verdict::Passed, None),
            Comparison::Same => (Verdict::Passed, None),
            Comparison::New => (Verdict::New, None),
            Comparison::Changed(before) => (Verdict::Changed, Some(before)),
        };
        Ok(Tested { name, verdict, played, before, written })
    }
}

/// The runs whose names hold one of the filters. One that selects nothing is a mistake.
fn selected(mut runs: Vec<Run>, filters: &[String]) -> Result<Vec<Run>, Stop> {
    let idle = filters.iter().find(|filter| !runs.iter().any(|it| it.name.contains(&***filter)));
    if let Some(filter) = idle {
        return Err(Stop::usage(format!("no run has `{filter}` in its name")));
    }
    runs.retain(|run| filters.is_empty() || filters.iter().any(|it| run.name.contains(&**it)));
    Ok(runs)
}

/// What playing came to, as an exit code: a run that is none, one that failed, one that was refused.
pub(crate) fn exit_of(played: &Played) -> Exit {
    match &played.failure {
        Some(failure) if failure.code != "run" => Exit::Unchecked,
        Some(_) => Exit::Failed,
        None if played.is_rejected => Exit::Rejected,
        None => Exit::Fine,
    }
}

/// What was played, as JSON.
pub(crate) fn played_json(name: &str, played: &Played) -> Json {
    json!({
        "name": name,
        "transcript": played.transcript,
        "failure": played.failure.as_ref().map(json::diagnostic),
        "rejected": played.is_rejected,
        "broken": played.broken,
        "steps": played.steps,
    })
}
