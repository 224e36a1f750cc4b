//! `rulegate check`: says everything that is known to be wrong before a rule runs.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use rulegate_script::{Diagnostic, Severity, check_run};
use serde_json::json;

use crate::console::{Console, shown};
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;
use crate::{files, json};

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only say what is wrong in these files and folders; everything is read
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// What a project holds, in numbers, and all that is wrong with it.
struct Findings {
    problems: Vec<Diagnostic>,
    rules: usize,
    entities: usize,
    runs: usize,
}

/// Checks entities, rules and runs. They depend on each other, so all are read.
pub(crate) fn check(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let wanted = wanted(arguments, &project, console)?;
    let mut findings = findings(&project)?;
    let is_wanted = |it: &Diagnostic| {
        wanted.is_empty() || it.file.is_empty() || wanted.iter().any(|path| lies_in(&it.file, path))
    };
    findings.problems.retain(is_wanted);
    let Findings { problems, rules, entities, runs } = findings;

    let text = Diagnostic::render_all(&problems, console.is_colored());
    console.text(&text)?;
    let errors = problems.iter().filter(|it| it.severity == Severity::Error).count();
    if problems.is_empty() {
        console.detail(format!("{rules} rules, {entities} entities and {runs} runs check"))?;
    } else {
        let warnings = problems.len() - errors;
        console.note(format!("{}, {}", count(errors, "error"), count(warnings, "warning")))?;
    }
    console.answer(json!({ "problems": json::all(&problems) }))?;
    Ok(if errors == 0 { Exit::Fine } else { Exit::Unchecked })
}

fn findings(project: &Project) -> Result<Findings, Stop> {
    let mut problems = Vec::new();
    let files = files::rules(&project.root, &project.config.rules);
    let (mut rules, mut entities) = (0, 0);
    match found(files, &mut problems)?.map(|it| project.compile(&it)) {
        Some(Ok(set)) => {
            rules = set.rule_count;
            entities = set.catalog.entities().count();
        }
        Some(Err(found)) => problems.extend(found),
        None => {}
    }
    let runs = found(project.runs(&[]), &mut problems)?.unwrap_or_default();
    let limits = &project.config.limits;
    problems.extend(runs.iter().flat_map(|it| check_run(&it.file, limits)));
    Ok(Findings { problems, rules, entities, runs: runs.len() })
}

/// What could be read; what is wrong with it goes to the problems.
fn found<T>(read: Result<T, Stop>, problems: &mut Vec<Diagnostic>) -> Result<Option<T>, Stop> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(Stop::Problems(Exit::Unchecked, found)) => {
            problems.extend(found);
            Ok(None)
        }
        Err(stop) => Err(stop),
    }
}

/// The paths, from the root of the project.
fn wanted(
    arguments: &Arguments,
    project: &Project,
    console: &Console<'_>,
) -> Result<Vec<String>, Stop> {
    let absolute = arguments.paths.iter().map(|it| {
        let path = console.folder().join(it);
        fs::canonicalize(&path)
            .map_err(|_| Stop::usage(format!("there is no file or folder `{}`", it.display())))
    });
    absolute.map(|it| it.map(|it| shown(&it, &project.root))).collect()
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn lies_in(file: &str, path: &str) -> bool {
    path.is_empty() || file == path || file.strip_prefix(path).is_some_and(|it| it.starts_with('/'))
}
