//! Hostile rules, one idea to break the engine each, and the small engine on which they are tried.

use std::path::Path;
use std::{fs, io};

use rulegate::Engine;
use rulegate::clock::CountingIds;
use rulegate::engine::EngineBuilder;
use rulegate_script::{Diagnostic, Limits, LoadOptions, RuleSet, SourceFile};

/// An account on whose Create hostile rules run, and a task for what they send.
const ENTITIES: [(&str, &str); 2] = [
    (
        "rules/account/entity.toml",
        "[entity]\nownership = \"organization\"\nprimary_name = \"name\"\n[attributes]\n\
         name = { type = \"string\", max_length = 160 }\n\
         description = { type = \"memo\", max_length = 1000000 }\n",
    ),
    (
        "rules/task/entity.toml",
        "[entity]\nownership = \"organization\"\nprimary_name = \"subject\"\n[attributes]\n\
         subject = { type = \"string\", max_length = 200 }\n\
         description = { type = \"memo\", max_length = 1000000 }\n",
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
    let entities = ENTITIES.iter().map(|(path, text)| SourceFile::new(*path, *text));
    let files: Vec<SourceFile> = entities.chain(rules.iter().cloned()).collect();
    let mut options = LoadOptions::default();
    options.limits = limits.clone();
    RuleSet::load(&files, None, &options)
}

/// An engine over the small catalog that has these rules.
pub fn small_engine(
    set: &RuleSet,
    furnish: impl FnOnce(EngineBuilder) -> EngineBuilder,
) -> Result<Engine, Box<dyn std::error::Error>> {
    let builder = Engine::builder(set.catalog.clone()).ids(CountingIds::default());
    let engine = furnish(builder).build()?;
    engine.reload(set.catalog.clone(), set.steps.clone())?;
    Ok(engine)
}
