//! `rulegate init`: writes a new project into an empty or new folder.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::console::Console;
use crate::exit::{Exit, Outcome, Stop};
use crate::files;

/// Where to write it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// An empty folder, or one that is not there yet
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// A file of the template, by its path in the project.
macro_rules! template {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../template/", $path))),)*]
    };
}

/// A small project that passes its own tests.
const TEMPLATE: &[(&str, &str)] = template![
    ".gitignore",
    "README.md",
    "rulegate.toml",
    "rules/account/entity.toml",
    "rules/account/limit_jump.rhai",
    "rules/account/welcome_task.rhai",
    "rules/task/entity.toml",
    "tests/runs/account/limit_jump.rhai",
    "tests/runs/account/limit_jump.snap",
    "tests/runs/account/welcome_task.rhai",
    "tests/runs/account/welcome_task.snap",
];

/// Writes the template.
pub(crate) fn init(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let folder = console.folder().join(&arguments.folder);
    refuse_what_is_taken(&folder)?;
    for (path, text) in TEMPLATE {
        files::write(&folder.join(path), text)?;
    }
    let shown = arguments.folder.display();
    console.note(format!("made a project in `{shown}`; try `rulegate -C {shown} test`"))?;
    let paths: Vec<&str> = TEMPLATE.iter().map(|it| it.0).collect();
    console.answer(json!({ "folder": folder.display().to_string(), "files": paths }))?;
    Ok(Exit::Fine)
}

fn refuse_what_is_taken(folder: &Path) -> Result<(), Stop> {
    if folder.exists() && !folder.is_dir() {
        return Err(Stop::usage(format!("`{}` is a file", folder.display())));
    }
    if !folder.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(folder).map_err(|it| Stop::io("read the folder", folder, &it))?;
    if entries.next().is_some() {
        return Err(Stop::usage(format!(
            "`{}` is not empty: `init` writes into an empty or new folder only",
            folder.display()
        )));
    }
    Ok(())
}
