//! `rulegate run`: plays runs, and prints their transcripts.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use rulegate_script::SourceFile;
use serde_json::json;

use crate::console::{Console, Tone, shown};
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;
use crate::runs::{exit_of, played_json};

/// What to play.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The runs to play; `-` reads one from the input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Plays runs, each on an engine of its own.
pub(crate) fn run(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let files = arguments.files.iter().map(|it| read(it, &project, console));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let set = project.load()?;
    let (mut exit, mut documents) = (Exit::Fine, Vec::new());
    for file in &files {
        let played = project.play(&set, file)?;
        if 1 < files.len() {
            let title = console.paint(Tone::Strong, &format!("{}:", file.path));
            console.result(title)?;
        }
        console.text(&played.transcript)?;
        for broken in &played.broken {
            console.detail(broken)?;
        }
        if let Some(failure) = &played.failure {
            console.show(std::slice::from_ref(failure))?;
        }
        exit = exit.worst(exit_of(&played));
        documents.push(played_json(&file.path, &played));
    }
    console.answer(json!({ "runs": documents }))?;
    Ok(exit)
}

fn read(path: &Path, project: &Project, console: &mut Console<'_>) -> Result<SourceFile, Stop> {
    let (name, bytes) = if path == Path::new("-") {
        ("-".to_owned(), console.read_input()?)
    } else {
        let path = console.folder().join(path);
        if path.is_dir() {
            let path = path.display();
            return Err(Stop::usage(format!(
                "`{path}` is a folder: name the runs in it, or play all with `rulegate test`"
            )));
        }
        if !path.exists() {
            return Err(Stop::usage(format!("there is no file `{}`", path.display())));
        }
        let bytes = fs::read(&path).map_err(|it| Stop::io("read", &path, &it))?;
        let path = fs::canonicalize(&path).unwrap_or(path);
        (shown(&path, &project.root), bytes)
    };
    SourceFile::from_bytes(name, &bytes).map_err(|it| Stop::unchecked(vec![*it]))
}
