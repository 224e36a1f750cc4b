//! `rulegate test`: plays all runs, and compares their transcripts with the snapshots beside them.

use std::fmt::Write;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::console::{Console, Tone};
use crate::diff;
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;
use crate::runs::{Tested, Verdict, played_json};
use crate::snapshot::{Place, Update};
use crate::watch;

/// What to test.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only runs with one of these in their names
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Write snapshots in place instead of aside, as `INSTA_UPDATE=always`
    #[arg(long)]
    update: bool,
    /// Test again whenever a file changes
    #[arg(short, long)]
    watch: bool,
}

/// Plays runs and compares them.
pub(crate) fn test(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    if !arguments.watch {
        return once(arguments, console);
    }
    watch::each_save(console, |console| once(arguments, console))
}

fn once(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let update = if arguments.update {
        Update::InPlace
    } else {
        Update::from_environment(|name| console.variable(name))?
    };
    let project = Project::find(&console.folder())?;
    let runs = project.runs(&arguments.filters)?;
    let set = project.load()?;
    let mut all = Vec::new();
    for run in &runs {
        let tested = project.test(&set, (run, update))?;
        report(&tested, console)?;
        all.push(tested);
    }
    for orphan in project.orphans()? {
        console.note(format!("no run stands beside `{}`", orphan.display()))?;
    }
    let is_good = all.iter().all(|it| it.verdict == Verdict::Passed);
    if !is_good || !console.is_quiet() {
        console.result(summary(&all, &project))?;
    }
    console.answer(document(&all))?;
    Ok(if is_good { Exit::Fine } else { Exit::Failed })
}

/// What there is to say of one run.
fn report(tested: &Tested, console: &mut Console<'_>) -> Result<(), Stop> {
    let Tested { name, verdict, played, before, written } = tested;
    let bad = console.paint(Tone::Bad, "✘");
    match verdict {
        Verdict::Passed if *written == Some(Place::InPlace) => {
            console.note(format!("wrote the snapshot of {name}"))
        }
        Verdict::Passed if console.is_verbose() => {
            let good = console.paint(Tone::Good, "✔");
            console.result(format!("{good} {name}"))
        }
        Verdict::Passed => Ok(()),
        Verdict::New => console.result(format!("{bad} {name}: no snapshot yet")),
        Verdict::Changed => {
            console.result(format!("{bad} {name}: changed"))?;
            let before = before.as_deref().unwrap_or_default();
            let diff = diff::render(before, &played.transcript, console);
            console.text(&diff)
        }
        Verdict::Failed => {
            console.result(format!("{bad} {name}: failed"))?;
            console.show(played.failure.as_slice())
        }
    }
}

/// How many runs did what, and what to do about it.
fn summary(all: &[Tested], project: &Project) -> String {
    if all.is_empty() {
        return format!("no runs below `{}`", project.config.runs);
    }
    let count = |verdict| all.iter().filter(|it| it.verdict == verdict).count();
    let mut text = format!("{} of {} runs pass", count(Verdict::Passed), all.len());
    for verdict in [Verdict::Changed, Verdict::New, Verdict::Failed] {
        if 0 < count(verdict) {
            let _ = write!(text, " · {} {}", count(verdict), verdict.name());
        }
    }
    if all.iter().any(|it| it.written == Some(Place::Aside)) {
        text.push_str(" · look at what differs with `rulegate review`");
    }
    text
}

fn document(all: &[Tested]) -> Json {
    let runs = all.iter().map(|it| {
        let mut run = played_json(&it.name, &it.played);
        if let Some(keys) = run.as_object_mut() {
            keys.insert("verdict".to_owned(), json!(it.verdict.name()));
            keys.insert("snapshot".to_owned(), json!(it.before));
            let written = it.written.map(|it| match it {
                Place::Aside => "pending",
                Place::InPlace => "snapshot",
            });
            keys.insert("written".to_owned(), json!(written));
        }
        run
    });
    let passed = all.iter().filter(|it| it.verdict == Verdict::Passed).count();
    json!({ "runs": runs.collect::<Vec<_>>(), "passed": passed, "total": all.len() })
}
