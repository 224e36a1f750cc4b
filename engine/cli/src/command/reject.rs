//! `rulegate reject`: throws away what waits for a decision.

use serde_json::json;

use super::review::{self, Filter};
use crate::console::Console;
use crate::exit::{Exit, Outcome};
use crate::project::Project;

/// Rejects what waits.
pub(crate) fn reject(filter: &Filter, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let pending = filter.pending(&project)?;
    for it in &pending {
        it.run.snapshot.reject()?;
    }
    for it in &pending {
        console.note(format!("rejected {}", it.run.name))?;
    }
    console.answer(json!({ "rejected": pending.iter().map(review::json).collect::<Vec<_>>() }))?;
    Ok(Exit::Fine)
}
