//! The shipped rules and hooks in an engine, and one message with its transcript.

use rulegate::message::Create;
use rulegate::{Engine, OrganizationService};
use rulegate_script::{Diagnostic, LoadOptions, RuleFolder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = RuleFolder::new("rules").load(&LoadOptions::default(), None);
    let set = set.map_err(|all| Diagnostic::render_all(&all, true))?;
    let mut builder = Engine::builder(set.catalog.clone());
    hooks::install(&mut builder);
    let engine = builder.build()?;
    engine.reload(set.catalog, set.steps)?;

    let target =
        engine.record("opportunity")?.with("name", "licences")?.with("closeprobability", 80)?;
    let (transcript, created) = engine.trace(Create::new(target));
    println!("{transcript}");
    created?;
    Ok(())
}
