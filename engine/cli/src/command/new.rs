//! `rulegate new`: writes a rule, run or entity that works, to be changed.

use clap::{Args, Subcommand};
use rulegate::Catalog;
use rulegate::metadata::{AttributeType, EntityMetadata, LogicalName};
use serde_json::json;

use crate::console::Console;
use crate::exit::{Exit, Outcome, Stop};
use crate::files;
use crate::project::Project;

/// What to write.
#[derive(Debug, Args)]
#[command(
    subcommand_value_name = "WHAT",
    subcommand_help_heading = "What",
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What can be written.
#[derive(Debug, Subcommand)]
enum What {
    /// A rule: `new rule account/my_rule`
    Rule {
        /// The entity, a slash, and the name of the rule
        name: String,
    },
    /// A run: `new run account/my_run`
    Run {
        /// The entity, a slash, and the name of the run
        name: String,
    },
    /// An entity: `new entity goal`
    Entity {
        /// The logical name of the entity
        name: String,
    },
}

/// Writes a file that is not there yet.
pub(crate) fn new(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let (path, text) = match &arguments.what {
        What::Rule { name } => {
            let (entity, file) = split(name)?;
            let catalog = project.load()?.catalog;
            let text = rule(known(entity, &catalog)?);
            (format!("{}/{entity}/{file}.rhai", project.config.rules), text)
        }
        What::Run { name } => {
            let (entity, file) = split(name)?;
            let catalog = project.load()?.catalog;
            let text = run(known(entity, &catalog)?);
            (format!("{}/{entity}/{file}.rhai", project.config.runs), text)
        }
        What::Entity { name } => {
            well_formed(name)?;
            (format!("{}/{name}/entity.toml", project.config.rules), entity(name))
        }
    };
    let target = project.root.join(&path);
    if target.exists() {
        return Err(Stop::usage(format!("`{path}` is there already")));
    }
    files::write(&target, &text)?;
    console.result(&path)?;
    console.answer(json!({ "files": [path] }))?;
    Ok(Exit::Fine)
}

fn split(name: &str) -> Result<(&str, &str), Stop> {
    let Some((entity, file)) = name.split_once('/') else {
        return Err(Stop::usage(format!("say of which entity: `account/{name}`")));
    };
    well_formed(file)?;
    Ok((entity, file))
}

fn well_formed(name: &str) -> Result<(), Stop> {
    if LogicalName::from(name).is_well_formed() {
        return Ok(());
    }
    Err(Stop::usage(format!(
        "`{name}` is no name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter"
    )))
}

fn known<'a>(name: &str, catalog: &'a Catalog) -> Result<&'a EntityMetadata, Stop> {
    catalog.entity(name).map(|it| &**it).map_err(|it| Stop::usage(it.to_string()))
}

/// A rule that leaves a line in the transcript.
fn rule(entity: &EntityMetadata) -> String {
    let name = entity.logical_name();
    let attribute = subject(entity).map_or("modifiedon", |it| it.as_str());
    format!(
        "//! What this rule is for, in one sentence.

const STEP = #{{
    message: [\"Create\", \"Update\"],
    stage: \"pre-operation\",
    filtering: [\"{attribute}\"],
}};

fn run(ctx) {{
    trace(`{attribute} of this {name} is ${{ctx.target.{attribute}}}`);
}}
"
    )
}

/// A run that creates a record and reads it.
fn run(entity: &EntityMetadata) -> String {
    let name = entity.logical_name();
    let values = subject(entity).map_or_else(String::new, |it| format!(" {it}: \"First\" "));
    format!(
        "//! What happens here, in one sentence.
let first = create(\"{name}\", #{{{values}}});
"
    )
}

/// An attribute that anybody can set to a text.
fn subject(entity: &EntityMetadata) -> Option<&LogicalName> {
    let is_free = |it: &&rulegate::metadata::AttributeMetadata| {
        matches!(it.kind, AttributeType::Text { .. })
            && it.is_stored()
            && it.valid_for.create
            && it.valid_for.update
    };
    let named = entity.primary_name().and_then(|it| entity.attribute(it)).filter(is_free);
    let any = || entity.attributes().map(|(_, it)| it).find(is_free);
    named.or_else(any).map(|it| &it.logical_name)
}

/// An entity that the organization owns, with a name and two states.
fn entity(name: &str) -> String {
    let mut letters = name.chars();
    let display: String =
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let display = display.replace('_', " ");
    format!(
        "# What a record of this entity stands for, in one sentence.
[entity]
display_name = \"{display}\"
primary_name = \"name\"
ownership = \"organization\"

[attributes]
name = {{ type = \"string\", display_name = \"Name\", required = \"application\", max_length = 100 }}
"
    )
}
