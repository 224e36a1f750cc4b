//! `rulegate review`: looks at the snapshots that wait for a decision.
//!
//! With a terminal it asks for each of them; without one it shows what differs, and how to decide.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::console::{Console, Tone};
use crate::diff;
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;
use crate::runs::Run;

/// Which snapshots.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only runs with one of these in their names
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
}

/// A run with a transcript that waits.
pub(crate) struct Pending {
    pub(crate) run: Run,
    /// The snapshot; empty where there is none.
    accepted: String,
    waiting: String,
}

impl Filter {
    /// What waits among the runs that the filter selects.
    pub(crate) fn pending(&self, project: &Project) -> Result<Vec<Pending>, Stop> {
        let mut pending = Vec::new();
        for run in project.runs(&self.filters)? {
            if let Some(waiting) = run.snapshot.waiting()? {
                let accepted = run.snapshot.accepted()?.unwrap_or_default();
                pending.push(Pending { run, accepted, waiting });
            }
        }
        Ok(pending)
    }
}

/// Shows what waits, and asks where somebody can answer.
pub(crate) fn review(filter: &Filter, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let pending = filter.pending(&project)?;
    let left = if console.is_interactive() {
        ask_for_all(&pending, console)?
    } else {
        for it in &pending {
            show(it, console)?;
            let name = &it.run.name;
            console.note(format!("  rulegate accept {name}\n  rulegate reject {name}"))?;
        }
        pending.len()
    };
    console.answer(json!({ "pending": pending.iter().map(json).collect::<Vec<_>>() }))?;
    match left {
        0 => Ok(Exit::Fine),
        left => {
            console.note(format!("{left} of {} wait for a decision", pending.len()))?;
            Ok(Exit::Failed)
        }
    }
}

/// Asks until everything is decided, or nobody answers. Answers how many are left.
fn ask_for_all(pending: &[Pending], console: &mut Console<'_>) -> Result<usize, Stop> {
    let mut left = pending.len();
    for (index, it) in pending.iter().enumerate() {
        show(it, console)?;
        let question =
            format!("[{} of {}] a accept · r reject · s skip · q quit?", index + 1, pending.len());
        loop {
            match console.ask(&question)? {
                Some('a') => it.run.snapshot.accept()?,
                Some('r') => it.run.snapshot.reject()?,
                Some('s') => break,
                Some('q') | None => return Ok(left),
                Some(_) => continue,
            }
            left -= 1;
            break;
        }
    }
    Ok(left)
}

fn show(pending: &Pending, console: &mut Console<'_>) -> Result<(), Stop> {
    let Pending { run, accepted, waiting } = pending;
    let what = if accepted.is_empty() { "new" } else { "changed" };
    let title = console.paint(Tone::Strong, &run.name);
    console.result(format!("{title}: {what}"))?;
    let diff = diff::render(accepted, waiting, console);
    console.text(&diff)
}

/// A pending snapshot as JSON.
pub(crate) fn json(pending: &Pending) -> Json {
    let Pending { run, accepted, waiting } = pending;
    let accepted = Some(accepted).filter(|it| !it.is_empty());
    json!({ "name": run.name, "snapshot": accepted, "pending": waiting })
}
