//! A rules folder that changes, breaks and is mended while messages flow.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use rulegate::{Engine, OrganizationService};
use rulegate_script::{Diagnostic, LoadOptions, ReloadEvent, RuleFolder, WatchOptions};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ENTITY: &str = r#"
[entity]
ownership = "none"

[attributes]
goalid = { type = "unique-identifier", required = "system" }
amount = { type = "money" }
rating = { type = "string", max_length = 20 }
"#;

/// How long a save may take to be heard of.
const PATIENCE: Duration = Duration::from_secs(30);

fn rule(body: &str) -> String {
    let step = r#"const STEP = #{ message: "Create", stage: "pre-operation" };"#;
    format!("{step}\n\nfn run(ctx) {{\n    {body}\n}}\n")
}

fn save(folder: &Path, body: &str) -> Outcome<()> {
    println!("\nsaved: {body}");
    Ok(fs::write(folder.join("rules/goal/rate.rhai"), rule(body))?)
}

/// What a message gives at this moment.
fn ask(engine: &Engine) -> Outcome<()> {
    let goal = engine.create(engine.record("goal")?.with("amount", 5_000)?)?;
    let rating = engine.retrieve(&goal)?.get("rating").map(ToString::to_string);
    println!("generation {}: rating {}", engine.generation(), rating.unwrap_or_default());
    Ok(())
}

fn tell(event: ReloadEvent) {
    match event {
        ReloadEvent::Reloaded { generation, files_changed, .. } => {
            println!("reloaded as generation {generation}: {}", files_changed.join(", "));
        }
        ReloadEvent::Refused { diagnostics } => {
            println!("refused:\n{}", Diagnostic::render_all(&diagnostics, false));
        }
        other => println!("{other:?}"),
    }
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    fs::create_dir_all(folder.path().join("rules/goal"))?;
    fs::write(folder.path().join("rules/goal/entity.toml"), ENTITY)?;
    save(folder.path(), r#"ctx.target.rating = "cold";"#)?;

    let rules = RuleFolder::new(folder.path().join("rules"));
    let set = rules.load(&LoadOptions::default(), None);
    let set = set.map_err(|all| Diagnostic::render_all(&all, false))?;
    let engine = Engine::builder(set.catalog.clone()).build()?;
    engine.reload(set.catalog.clone(), set.steps.clone())?;
    ask(&engine)?;

    let (heard, events) = mpsc::channel();
    let options = WatchOptions::default().serving(&set);
    let _watcher = rules.watch(engine.clone(), options, move |event| drop(heard.send(event)))?;

    for body in [
        r#"ctx.target.rating = if ctx.target.amount > 1000 { "hot" } else { "cold" };"#,
        r#"ctx.target.rating = if ctx.target.amount > 1000 { "hot" "#, // Half a save.
        r#"ctx.target.rating = if ctx.target.amount > 1000 { "very hot" } else { "cold" };"#,
    ] {
        save(folder.path(), body)?;
        tell(events.recv_timeout(PATIENCE)?);
        ask(&engine)?; // The last good rules serve, whatever was saved.
    }
    Ok(())
}
