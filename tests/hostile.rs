//! Hostile rules, one idea to break the engine each, and the small engine on which they are tried.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use chrono::{DateTime, Utc};
use rulegate::Engine;
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate_script::{Check, Diagnostic, Execution, Limits, LoadOptions, RuleSet, SourceFile};

/// An account with an attribute of every kind that a rule can write, and a task for what rules send.
const ENTITIES: [(&str, &str); 2] = [
    (
        "rules/account/entity.toml",
        r#"
[entity]
ownership = "organization"
primary_name = "name"
[attributes]
accountid = { type = "unique-identifier", required = "system", update = false }
name = { type = "string", max_length = 160 }
description = { type = "memo", max_length = 1000000 }
employees = { type = "whole-number", min = 0, max = 1000000 }
visits = { type = "big-integer" }
discount = { type = "decimal", min = 0, max = 100, precision = 2 }
score = { type = "double", min = 0, max = 10, precision = 1 }
revenue = { type = "money", precision = 2 }
onhold = { type = "boolean" }
rating = { type = "choice" }
channels = { type = "multi-choice", option_set = "channels" }
foundedon = { type = "date-time", format = "date-only", behavior = "date-only" }
calledon = { type = "date-time" }
parentid = { type = "lookup", targets = ["account"] }
[options.rating]
Hot = { value = 1, label = "Really Hot" }
Cold = { value = 2, label = "Cold" }
[options.channels]
Phone = { value = 1, label = "Phone" }
Mail = { value = 2, label = "Mail" }
"#,
    ),
    (
        "rules/task/entity.toml",
        r#"
[entity]
ownership = "organization"
primary_name = "subject"
[attributes]
subject = { type = "string", max_length = 200 }
description = { type = "memo", max_length = 1000000 }
"#,
    ),
];

/// Every script of `tests/hostile`, as a rule of the account, in the order of their names.
pub fn hostile_rules() -> io::Result<Vec<SourceFile>> {
    let mut paths: Vec<_> = fs::read_dir(super::root().join("tests/hostile"))?
        .map(|it| it.map(|it| it.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|it| it.extension().is_some_and(|it| it == "rhai"));
    paths.sort();
    paths.iter().map(|it| rule(it)).collect()
}

fn rule(path: &Path) -> io::Result<SourceFile> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let shown = format!("rules/account/{name}.rhai");
    SourceFile::from_bytes(shown, &fs::read(path)?).map_err(io::Error::other)
}

/// The small catalog, and these rules over it.
pub fn small_set(rules: &[SourceFile], limits: &Limits) -> Result<RuleSet, Vec<Diagnostic>> {
    load(rules, &LoadOptions { limits: limits.clone(), ..LoadOptions::default() })
}

/// The same, with rules that run that way, and may take their time: how many steps a rule takes is the same on every
/// machine, and how long is not.
pub fn small_set_as(
    rules: &[SourceFile],
    execution: Execution,
) -> Result<RuleSet, Vec<Diagnostic>> {
    let mut limits = Limits::default();
    limits.time = Duration::from_hours(1);
    load(rules, &LoadOptions { execution, limits, ..LoadOptions::default() })
}

fn load(rules: &[SourceFile], options: &LoadOptions) -> Result<RuleSet, Vec<Diagnostic>> {
    let entities = ENTITIES.iter().map(|(path, text)| SourceFile::new(*path, *text));
    let files: Vec<SourceFile> = entities.chain(rules.iter().cloned()).collect();
    // What a checker would refuse is what these rules are about: how it ends.
    RuleSet::load(&files, None, &LoadOptions { check: Check::Syntax, ..options.clone() })
}

/// An engine over the small catalog that has these rules.
pub fn small_engine(
    set: &RuleSet,
    furnish: impl FnOnce(EngineBuilder) -> EngineBuilder,
) -> Result<Engine, Box<dyn std::error::Error>> {
    let now = DateTime::<Utc>::from_timestamp(super::NOW, 0).unwrap_or_default();
    let builder = Engine::builder(set.catalog.clone());
    let builder = builder.clock(ManualClock::at(now)).ids(CountingIds::default());
    let engine = furnish(builder).build()?;
    engine.reload(set.catalog.clone(), set.steps.clone())?;
    Ok(engine)
}
