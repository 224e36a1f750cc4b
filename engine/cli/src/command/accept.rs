//! `rulegate accept`: makes what waits for a decision the snapshot.

use serde_json::json;

use super::review::{self, Filter};
use crate::console::Console;
use crate::exit::{Exit, Outcome};
use crate::project::Project;

/// Accepts what waits.
pub(crate) fn accept(filter: &Filter, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let pending = filter.pending(&project)?;
    for it in &pending {
        it.run.snapshot.accept()?;
    }
    for it in &pending {
        console.note(format!("accepted {}", it.run.name))?;
    }
    console.answer(json!({ "accepted": pending.iter().map(review::json).collect::<Vec<_>>() }))?;
    Ok(Exit::Fine)
}
