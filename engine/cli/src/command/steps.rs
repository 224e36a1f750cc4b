//! `rulegate steps`: lists the steps, in the order in which they run.

use std::collections::BTreeMap;

use clap::Args;
use rulegate::metadata::{LogicalName, suggestion};
use rulegate::{Catalog, Engine, Message, Mode, Stage, Step};
use rulegate_script::Way;
use serde_json::{Value as Json, json};

use crate::console::{Console, Tone};
use crate::exit::{Exit, Outcome, Stop};
use crate::project::{Project, unbuilt};

/// Which steps.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only what runs for records of this entity
    #[arg(long, value_name = "NAME")]
    entity: Option<String>,
    /// Only what runs on this message
    #[arg(long, value_name = "NAME")]
    message: Option<String>,
}

/// The steps of one message to one entity.
struct Plan<'a> {
    message: &'a Message,
    /// `None` for the entities that have no plan of their own, and for messages without an entity.
    entity: Option<&'a LogicalName>,
    steps: Vec<&'a Step>,
}

/// How rules run, by the names of their steps.
type Ways = BTreeMap<String, Way>;

/// Where the names of steps end.
const NAME_WIDTH: usize = 40;

/// Lists what runs.
pub(crate) fn steps(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let set = project.load()?;
    let engine = project.engine(&set, None).map_err(|it| unbuilt(&it))?;
    check(arguments, &engine, &set.catalog)?;
    let steps = engine.steps();
    let mut plans = plans(&steps, (arguments.entity.as_deref(), &set.catalog));
    if let Some(message) = &arguments.message {
        plans.retain(|it| it.message.name() == message);
    }
    for (index, plan) in plans.iter().enumerate() {
        if 0 < index {
            console.result("")?;
        }
        show(plan, &set.ways, console)?;
    }
    for skipped in engine.skipped_steps() {
        console.detail(format!("left out: {skipped}"))?;
    }
    console.answer(
        json!({ "plans": plans.iter().map(|it| document(it, &set.ways)).collect::<Vec<_>>() }),
    )?;
    Ok(Exit::Fine)
}

/// A name that nobody knows lists nothing, which would be no answer.
fn check(arguments: &Arguments, engine: &Engine, catalog: &Catalog) -> Result<(), Stop> {
    if let Some(name) = &arguments.entity {
        catalog.entity(name).map_err(|it| Stop::usage(it.to_string()))?;
    }
    let messages = engine.messages();
    let Some(name) = arguments.message.as_ref().filter(|it| !messages.contains(it)) else {
        return Ok(());
    };
    let meant = suggestion(name, messages.iter().map(String::as_str));
    let meant = meant.map_or_else(String::new, |it| format!(", did you mean `{it}`?"));
    Err(Stop::usage(format!("there is no message `{name}`{meant}")))
}

/// The plans as the engine makes them: by message and entity; of one entity, the general ones are its own
/// where it has no other. A step that picks its entities stands with those that have steps of their own.
fn plans<'a>(steps: &'a [Step], (of, catalog): (Option<&str>, &Catalog)) -> Vec<Plan<'a>> {
    let mut keys: Vec<(&Message, Option<&LogicalName>)> =
        steps.iter().map(|it| (it.message(), it.entity())).collect();
    keys.sort();
    keys.dedup();
    if let Some(of) = of {
        let has_own = |message: &Message| {
            keys.iter().any(|(it, entity)| *it == message && entity.is_some_and(|it| it == of))
        };
        let shows = |(message, entity): &(&Message, Option<&LogicalName>)| match entity {
            Some(entity) => *entity == of,
            None => !message.is_association() && !has_own(message),
        };
        keys = keys.iter().filter(|it| shows(it)).copied().collect();
    }
    let plan = |(message, entity): (&'a Message, Option<&'a LogicalName>)| {
        let shown = entity.map(LogicalName::as_str).or(of);
        let metadata = shown.and_then(|it| catalog.entity(it).ok());
        let listens = |it: &Step| match metadata {
            Some(metadata) => it.listens_to(metadata),
            None => it.entity().is_none() && !it.is_selective(),
        };
        let runs = |it: &&Step| it.message() == message && listens(it);
        let mut steps: Vec<&Step> = steps.iter().filter(runs).collect();
        steps.sort_by_key(|it| order(it));
        Plan { message, entity, steps }
    };
    keys.into_iter().map(plan).filter(|it| !it.steps.is_empty()).collect()
}

/// The order of the engine: stage, then jobs behind the rest, then rank; ties go to steps without an entity,
/// then by name.
fn order(step: &Step) -> (Stage, Mode, i32, bool, String) {
    let (rank, has_entity) = (step.execution_order(), step.entity().is_some());
    (step.stage(), step.mode(), rank, has_entity, step.name().to_owned())
}

fn show(plan: &Plan<'_>, ways: &Ways, console: &mut Console<'_>) -> Result<(), Stop> {
    let entity = entity(plan);
    let title = console.paint(Tone::Strong, &format!("{} {entity}", plan.message));
    console.result(title)?;
    let mut stage = None;
    for step in &plan.steps {
        if stage != Some(step.stage()) {
            stage = Some(step.stage());
            console.result(format!("  {} {}", step.stage().number(), step.stage().name()))?;
        }
        let rank = match step.execution_order() {
            i32::MIN => "first".to_owned(),
            i32::MAX => "last".to_owned(),
            rank => rank.to_string(),
        };
        let notes = notes(step).join(" · ");
        let line = format!("{rank:>8}  {:<NAME_WIDTH$} {notes}", step.name());
        console.result(line.trim_end())?;
        if let Some(way) = ways.get(step.name()).filter(|_| console.is_verbose()) {
            console.result(format!("{:>8}  {way}", ""))?;
        }
    }
    Ok(())
}

fn entity(plan: &Plan<'_>) -> String {
    match plan.entity {
        Some(entity) => entity.to_string(),
        None if plan.message.is_association() => "(no entity)".to_owned(),
        None => "(any other entity)".to_owned(),
    }
}

/// What is special about a step.
fn notes(step: &Step) -> Vec<String> {
    let mut notes = Vec::new();
    if !step.is_enabled() {
        notes.push("disabled".to_owned());
    }
    if step.mode() == Mode::Asynchronous {
        notes.push("async".to_owned());
    }
    if !step.filtering_attributes().is_empty() {
        notes.push(format!("filtering {}", joined(step.filtering_attributes())));
    }
    if !step.configuration().is_empty() {
        notes.push(format!("configuration {:?}", step.configuration()));
    }
    notes.extend(step.relationship_filter().map(|it| format!("relationship {it}")));
    let image = |kind: &str, (alias, attributes): (&str, &[LogicalName])| {
        let alias = if alias.is_empty() { String::new() } else { format!(" as {alias}") };
        let what = if attributes.is_empty() { "everything".to_owned() } else { joined(attributes) };
        format!("{kind}{alias} {what}")
    };
    notes.extend(step.pre_images().map(|it| image("pre-image", it)));
    notes.extend(step.post_images().map(|it| image("post-image", it)));
    notes
}

fn joined(names: &[LogicalName]) -> String {
    names.iter().map(LogicalName::as_str).collect::<Vec<_>>().join(", ")
}

fn document(plan: &Plan<'_>, ways: &Ways) -> Json {
    let texts =
        |names: &[LogicalName]| names.iter().map(|it| json!(it.as_str())).collect::<Vec<_>>();
    let image = |(alias, attributes): (&str, &[LogicalName])| json!({ "alias": alias, "attributes": texts(attributes) });
    let steps = plan.steps.iter().map(|step| {
        json!({
            "name": step.name(),
            "entity": step.entity().map(rulegate::LogicalName::as_str),
            "stage": step.stage().name(),
            "stage_number": step.stage().number(),
            "mode": step.mode().name(),
            "rank": step.execution_order(),
            "filtering": texts(step.filtering_attributes()),
            "relationship": step.relationship_filter(),
            "pre_images": step.pre_images().map(image).collect::<Vec<_>>(),
            "post_images": step.post_images().map(image).collect::<Vec<_>>(),
            "enabled": step.is_enabled(),
            "configuration": step.configuration(),
            "description": step.description(),
            "way": ways.get(step.name()).map(ToString::to_string),
        })
    });
    json!({
        "message": plan.message.name(),
        "entity": plan.entity.map(rulegate::LogicalName::as_str),
        "steps": steps.collect::<Vec<_>>(),
    })
}
