//! `rulegate dev`: watches the files, checks, plays what a save affects, and says one line of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use rulegate::Step;
use rulegate_script::{Diagnostic, RuleSet, SourceFile};
use serde_json::json;

use crate::console::{Console, Tone};
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;
use crate::runs::{Run, Tested, Verdict};
use crate::snapshot::Update;
use crate::watch::Watch;
use crate::{files, json};

/// How to watch.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Look once, and end
    #[arg(long)]
    once: bool,
}

/// What is known since the last save.
#[derive(Default)]
struct State {
    generation: u64,
    /// The texts of the rules folder, by path.
    files: BTreeMap<String, Arc<str>>,
    /// When which step runs, by the name of the step: a change of that can affect every run.
    registrations: BTreeMap<String, String>,
    /// The warnings that the author has seen.
    warnings: Vec<Diagnostic>,
    /// What became of each run, and its text.
    tested: BTreeMap<String, (Tested, Arc<str>)>,
}

/// What a save came to.
struct Save {
    generation: u64,
    rules: usize,
    warnings: Vec<Diagnostic>,
    /// Those that were not there before.
    new_warnings: Vec<Diagnostic>,
    milliseconds: u128,
    /// How many runs were played for it.
    played: usize,
    total: usize,
    /// The runs that do not pass.
    bad: Vec<(String, Verdict)>,
}

/// Watches until Ctrl-C.
pub(crate) fn dev(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let update = Update::from_environment(|name| console.variable(name))?;
    let (mut state, mut watch) = (State::default(), Watch::default());
    let mut project = Project::find(&console.folder())?;
    loop {
        watch.wait(&project);
        let outcome = Project::find(&console.folder()).and_then(|found| {
            project = found;
            let began = Instant::now();
            let save = state.save(&project, update)?;
            Ok(Save { milliseconds: began.elapsed().as_millis(), ..save })
        });
        let exit = match outcome {
            Ok(save) => report(&save, console)?,
            Err(Stop::Problems(exit, problems)) => {
                refuse(&state, &problems, console)?;
                exit
            }
            Err(Stop::ClosedPipe) => return Err(Stop::ClosedPipe),
            Err(stop) if arguments.once => return Err(stop),
            // A folder that is gone for a moment comes back with the next save.
            Err(Stop::Usage(text) | Stop::Unexpected(text)) => {
                console.note(text)?;
                Exit::Unexpected
            }
        };
        console.flush()?;
        if arguments.once {
            return Ok(exit);
        }
    }
}

impl State {
    /// Checks everything, and plays what the save affects.
    fn save(&mut self, project: &Project, update: Update) -> Result<Save, Stop> {
        let files = files::rules(&project.root, &project.config.rules)?;
        let set = project.compile(&files).map_err(Stop::unchecked)?;
        let runs = project.runs(&[])?;
        let changed = self.changed(&files, &set);
        self.generation += 1;
        self.tested.retain(|name, _| runs.iter().any(|it| it.name == *name));
        let mut played = 0;
        for run in runs.iter().filter(|it| changed.affects(it, &self.tested)).collect::<Vec<_>>() {
            let tested = project.test(&set, (run, update))?;
            self.tested.insert(run.name.clone(), (tested, Arc::clone(&run.file.text)));
            played += 1;
        }
        let is_seen = |it: &Diagnostic| {
            let is_same = |seen: &Diagnostic| {
                (&seen.file, &seen.code, &seen.message) == (&it.file, &it.code, &it.message)
            };
            self.warnings.iter().any(is_same)
        };
        let new_warnings = set.findings.iter().filter(|it| !is_seen(it)).cloned().collect();
        self.warnings.clone_from(&set.findings);
        let bad = self.tested.values().map(|(it, _)| it).filter(|it| it.verdict != Verdict::Passed);
        Ok(Save {
            generation: self.generation,
            rules: set.rule_count,
            warnings: set.findings,
            new_warnings,
            milliseconds: 0,
            played,
            total: runs.len(),
            bad: bad.map(|it| (it.name.clone(), it.verdict)).collect(),
        })
    }

    /// What the save changed, which becomes what is known.
    fn changed(&mut self, files: &[SourceFile], set: &RuleSet) -> Changed {
        let files: BTreeMap<_, _> =
            files.iter().map(|it| (it.path.clone(), Arc::clone(&it.text))).collect();
        let registrations: BTreeMap<_, _> =
            set.steps.iter().map(|it| (identity(it), registration(it))).collect();
        let is_other = |path: &&String| files.get(*path) != self.files.get(*path);
        let paths: BTreeSet<String> =
            files.keys().chain(self.files.keys()).filter(is_other).cloned().collect();
        let is_rule = |path: &String| files::ends(path, ".rhai") && !path.contains("/lib/");
        let changed = if registrations == self.registrations && paths.iter().all(is_rule) {
            Changed::Rules(paths.iter().map(|it| step_of(it)).collect())
        } else {
            Changed::Everything
        };
        self.files = files;
        self.registrations = registrations;
        changed
    }
}

/// What a save changed.
enum Changed {
    /// What rules do: the names of their steps.
    Rules(BTreeSet<String>),
    /// What there is, and when it runs.
    Everything,
}

impl Changed {
    /// Whether a run may come to something else than before.
    fn affects(&self, run: &Run, tested: &BTreeMap<String, (Tested, Arc<str>)>) -> bool {
        let Some((before, text)) = tested.get(&run.name) else { return true };
        let is_touched = match self {
            Self::Everything => true,
            Self::Rules(steps) => before.played.steps.iter().any(|it| steps.contains(it)),
        };
        is_touched || *text != run.file.text || before.verdict != Verdict::Passed
    }
}

/// A step of a rule, which may have several.
fn identity(step: &Step) -> String {
    let entity = step.entity().map_or("", |it| it.as_str());
    format!("{} {} {entity} {}", step.name(), step.message(), step.stage().name())
}

/// When a step runs, in words.
fn registration(step: &Step) -> String {
    let pre: Vec<_> = step.pre_images().collect();
    let post: Vec<_> = step.post_images().collect();
    let filters = (step.filtering_attributes(), step.relationship_filter());
    format!(
        "{:?} {} {filters:?} {pre:?} {post:?} {}",
        step.mode(),
        step.execution_order(),
        step.is_enabled()
    )
}

/// The name of the step of a rule, from its path.
fn step_of(path: &str) -> String {
    let path = path.strip_suffix(".rhai").unwrap_or(path);
    let start = path.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    path.get(start..).unwrap_or(path).to_owned()
}

fn report(save: &Save, console: &mut Console<'_>) -> Outcome {
    let Save { generation, rules, milliseconds, played, total, bad, .. } = save;
    let runs = if bad.is_empty() {
        console.paint(Tone::Good, &format!("{total} of {total} runs pass"))
    } else {
        let names: Vec<String> = bad.iter().map(in_words).collect();
        let text = format!("{} of {total} runs changed: {}", bad.len(), names.join(", "));
        console.paint(Tone::Bad, &text)
    };
    let warnings = match save.warnings.len() {
        0 => String::new(),
        count => format!(" · {count} warning{}", if count == 1 { "" } else { "s" }),
    };
    let line = format!("gen {generation} · {rules} rules · {milliseconds} ms · {runs}{warnings}");
    console.result(line)?;
    console.show(if console.is_verbose() { &save.warnings } else { &save.new_warnings })?;
    console.detail(format!("played {played} of {total} runs"))?;
    let bad_json = bad.iter().map(|(name, it)| json!({ "name": name, "verdict": it.name() }));
    console.answer(json!({
        "generation": generation,
        "rules": rules,
        "milliseconds": u64::try_from(*milliseconds).unwrap_or(u64::MAX),
        "played": played,
        "total": total,
        "changed": bad_json.collect::<Vec<_>>(),
        "problems": json::all(&save.warnings),
    }))?;
    Ok(if bad.is_empty() { Exit::Fine } else { Exit::Failed })
}

/// A run that does not pass; how, unless it is the usual.
fn in_words((name, verdict): &(String, Verdict)) -> String {
    match verdict {
        Verdict::Passed | Verdict::Changed => name.clone(),
        Verdict::New | Verdict::Failed => format!("{name} ({})", verdict.name()),
    }
}

/// A save that does not check: what was good before stays.
fn refuse(state: &State, problems: &[Diagnostic], console: &mut Console<'_>) -> Result<(), Stop> {
    let plural = if problems.len() == 1 { "" } else { "s" };
    let text = console.paint(Tone::Bad, &format!("{} problem{plural}", problems.len()));
    console.result(format!("gen {} stays · {text}", state.generation))?;
    console.show(problems)?;
    console.answer(json!({
        "generation": state.generation,
        "problems": json::all(problems),
    }))
}
