//! Reloading: from the files of a folder to the next generation, or the reason why not.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rulegate::engine::ReloadError;
use rulegate::pipeline::StepError;
use rulegate::{Engine, OrganizationService};

use super::watch::Gate;
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;
use crate::registration::step_name;
use crate::rule_set::{LoadOptions, RuleSet};

/// Why a set does not serve.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether the same files are refused again: a store that was away may be back.
    pub(super) is_final: bool,
}

/// Makes the next generation of these files, which come after those of the set that serves. Answers its number, and
/// its set.
pub(super) fn reload(
    engine: &Engine,
    (files, serving): (&[SourceFile], Option<&RuleSet>),
    (options, gate): (&LoadOptions, Option<&Gate>),
) -> Result<(u64, RuleSet), Refusal> {
    let catalog = engine.catalog();
    let set = guarded("reading the set", || match serving {
        Some(serving) => serving.succeed(files, &catalog, options),
        None => RuleSet::load(files, Some(&catalog), options),
    })?;
    if let Some(gate) = gate {
        guarded("the gate", || gate(&set))?;
    }
    let (catalog, steps) = (set.catalog.clone(), set.steps.clone());
    let reloaded = guarded("the reload", || Ok(engine.reload(catalog, steps)))?;
    let generation = reloaded.map_err(|error| refusal(&error, files))?;
    Ok((generation, set))
}

/// The paths of the files that one of the sets lacks, or has with another text.
pub(super) fn changes(before: &[SourceFile], after: &[SourceFile]) -> Vec<String> {
    let (before, after) = (texts(before), texts(after));
    let mut paths: Vec<String> =
        before.symmetric_difference(&after).map(|it| it.0.to_owned()).collect();
    paths.dedup();
    paths
}

fn texts(files: &[SourceFile]) -> BTreeSet<(&str, &str)> {
    files.iter().map(|it| (it.path.as_str(), &*it.text)).collect()
}

/// Does what may panic: a panic is a problem like another, and the watch goes on.
pub(super) fn guarded<T>(
    what: &str,
    body: impl FnOnce() -> Result<T, Vec<Diagnostic>>,
) -> Result<T, Refusal> {
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = format!("{what} panicked: {}", words(&*panic));
        Err(vec![Diagnostic::error("panic", text)])
    });
    outcome.map_err(|mut diagnostics| {
        if diagnostics.is_empty() {
            let text = format!("{what} refused the set, and said no reason");
            diagnostics.push(Diagnostic::error("refused", text));
        }
        Refusal { diagnostics, is_final: true }
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

fn refusal(error: &ReloadError, files: &[SourceFile]) -> Refusal {
    if let ReloadError::Steps(steps) = error {
        let diagnostics = steps.iter().map(|it| unfit_step(it, files)).collect();
        return Refusal { diagnostics, is_final: true };
    }
    Refusal { diagnostics: vec![Diagnostic::error("store", error.to_string())], is_final: false }
}

/// What is wrong with a step, in the file that registers it. A native step has none.
fn unfit_step(error: &StepError, files: &[SourceFile]) -> Diagnostic {
    const KEYWORD: &str = "STEP";
    let name = error.step.split(':').next().unwrap_or_default();
    let is_its = |it: &&SourceFile| step_name(&it.path) == name;
    let Some(file) = files.iter().rfind(is_its) else {
        return Diagnostic::error("step", error.to_string());
    };
    let start = file.text.find(KEYWORD).unwrap_or(0);
    let end = (start + KEYWORD.len()).min(file.text.len());
    Diagnostic::error("step", error.problem.to_string())
        .at(&file.path, Arc::clone(&file.text), start..end)
        .label(format!("the step `{}`", error.step))
}
