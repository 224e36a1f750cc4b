//! `rulegate check`: says everything that is known to be wrong before a rule runs.

mod fix;
mod github;
mod sarif;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use rulegate_script::{Check, Diagnostic, Level, Levels, Severity, check_run};
use serde_json::json;

use self::fix::Fixed;
use crate::arguments::Format;
use crate::console::{Console, shown};
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;
use crate::watch;
use crate::{files, json};

/// What to check, and what to make of it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only say what is wrong in these files and folders; everything is read
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Take this finding as an error; `warnings` are all of them
    #[arg(long, value_name = "NAME")]
    deny: Vec<String>,
    /// Take this finding as a warning
    #[arg(long, value_name = "NAME")]
    warn: Vec<String>,
    /// Do not tell of this finding
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,
    /// Mend what can be mended, and say what is left
    #[arg(long)]
    fix: bool,
    /// Check again whenever a file changes
    #[arg(short, long)]
    watch: bool,
}

/// What a project holds, in numbers, and all that is wrong with it.
struct Findings {
    problems: Vec<Diagnostic>,
    rules: usize,
    entities: usize,
    runs: usize,
    /// Whether all that the rules do comes to an end, in words; none where they could not be read.
    termination: Option<String>,
}

/// Checks entities, rules and runs. They depend on each other, so all are read.
pub(crate) fn check(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    if !arguments.watch {
        return once(arguments, console);
    }
    watch::each_save(console, |console| once(arguments, console))
}

fn once(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let mut project = Project::find(&console.folder())?;
    // Who asks for a check wants all of it, whatever is enough before a rule runs.
    project.config.check = Check::Whole;
    project.config.levels = levels(arguments)?.over(&project.config.levels);
    let wanted = wanted(arguments, &project, console)?;
    let find = || -> Result<Findings, Stop> {
        let mut findings = findings(&project)?;
        findings.problems.retain(|it| is_wanted(it, &wanted, &project));
        Ok(findings)
    };
    let fixed =
        if arguments.fix { fix::fix(&project, || Ok(find()?.problems))? } else { Fixed::default() };
    let findings = find()?;
    report(&findings, &fixed, (&project, console))?;
    let is_good = findings.problems.iter().all(|it| it.severity != Severity::Error);
    Ok(if is_good { Exit::Fine } else { Exit::Unchecked })
}

fn levels(arguments: &Arguments) -> Result<Levels, Stop> {
    let Arguments { allow, warn, deny, .. } = arguments;
    let mut levels = Levels::default();
    for (names, level) in [(allow, Level::Allow), (warn, Level::Warn), (deny, Level::Deny)] {
        for name in names {
            levels = levels.with(name, level).map_err(|it| Stop::usage(it.to_string()))?;
        }
    }
    Ok(levels)
}

fn report(
    findings: &Findings,
    fixed: &Fixed,
    (project, console): (&Project, &mut Console<'_>),
) -> Result<(), Stop> {
    let Findings { problems, rules, entities, runs, termination } = findings;
    let text = match console.format() {
        Format::Human | Format::Json => Diagnostic::render_all(problems, console.is_colored()),
        Format::Short => problems.iter().map(line).collect(),
        Format::Sarif => format!("{}\n", sarif::render(&placed(problems, project, console))),
        Format::Github => github::render(&placed(problems, project, console)),
    };
    console.text(&text)?;
    if 0 < fixed.problems {
        let files = count(fixed.files.len(), "file");
        console.note(format!("mended {} in {files}", count(fixed.problems, "problem")))?;
    }
    if problems.is_empty() {
        console.detail(format!("{rules} rules, {entities} entities and {runs} runs check"))?;
    } else {
        console.note(summary(problems))?;
    }
    if let Some(termination) = termination {
        console.detail(termination)?;
    }
    console.answer(json!({
        "problems": json::all(problems),
        "termination": termination,
        "fixed": { "problems": fixed.problems, "files": fixed.files },
    }))
}

/// How much is wrong, and what to do about it.
fn summary(problems: &[Diagnostic]) -> String {
    let errors = problems.iter().filter(|it| it.severity == Severity::Error).count();
    let warnings = count(problems.len() - errors, "warning");
    let mends = match problems.iter().filter(|it| it.fix.is_some()).count() {
        0 => String::new(),
        fixes => format!(" · `rulegate check --fix` mends {fixes}"),
    };
    format!("{}, {warnings}{mends}", count(errors, "error"))
}

/// A problem in a line.
fn line(problem: &Diagnostic) -> String {
    format!("{problem} [{}]\n", problem.code)
}

/// The problems with the paths that others know.
fn placed(problems: &[Diagnostic], project: &Project, console: &Console<'_>) -> Vec<Diagnostic> {
    let prefix = prefix(project, console);
    let path = |it: &str| shown(&project.located(it), &project.root);
    let placed = |it: &Diagnostic| match it.file.as_str() {
        "" => it.clone(),
        file => it.clone().in_file(format!("{prefix}{}", path(file))),
    };
    problems.iter().map(placed).collect()
}

/// What stands before paths where others read them: they know the repository, of which a project may be a part.
fn prefix(project: &Project, console: &Console<'_>) -> String {
    let repository = console.variable("GITHUB_WORKSPACE").map(Path::new);
    let below = repository.and_then(|it| {
        let it = fs::canonicalize(it).ok()?;
        Some(shown(project.root.strip_prefix(it).ok()?, Path::new("")))
    });
    below.filter(|it| !it.is_empty()).map_or_else(String::new, |it| format!("{it}/"))
}

fn is_wanted(problem: &Diagnostic, wanted: &[String], project: &Project) -> bool {
    let path = shown(&project.located(&problem.file), &project.root);
    wanted.is_empty() || problem.file.is_empty() || wanted.iter().any(|it| lies_in(&path, it))
}

fn findings(project: &Project) -> Result<Findings, Stop> {
    let mut problems = Vec::new();
    let files = files::rules(&project.root, &project.config.rules);
    let (mut rules, mut entities, mut termination) = (0, 0, None);
    match found(files, &mut problems)?.map(|it| project.compile(&it)) {
        Some(Ok(set)) => {
            rules = set.rule_count;
            entities = set.catalog.entities().count();
            problems.extend(set.findings);
            termination = Some(set.termination.to_string());
        }
        Some(Err(found)) => problems.extend(found),
        None => {}
    }
    let runs = found(project.runs(&[]), &mut problems)?.unwrap_or_default();
    let limits = &project.config.limits;
    problems.extend(runs.iter().flat_map(|it| check_run(&it.file, limits)));
    Ok(Findings { problems, rules, entities, runs: runs.len(), termination })
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
