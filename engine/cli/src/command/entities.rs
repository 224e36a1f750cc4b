//! `rulegate entities`: lists the entities, or shows one.

mod document;

use clap::Args;
use rulegate::Catalog;
use rulegate::metadata::{
    AttributeMetadata, AttributeType, EntityMetadata, OptionSet, RelationshipMetadata,
    RequiredLevel,
};
use serde_json::json;

use crate::console::{Console, Tone};
use crate::exit::{Exit, Outcome, Stop};
use crate::project::Project;

/// Which entity.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The entity to show; all are listed without one
    name: Option<String>,
}

/// Where the names of entities, attributes and types end.
const NAME_WIDTH: usize = 34;
const TYPE_WIDTH: usize = 28;

/// Shows the catalog as it was loaded.
pub(crate) fn entities(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let set = project.load()?;
    let catalog = &set.catalog;
    let Some(name) = &arguments.name else {
        list(catalog, console)?;
        let entities = catalog.entities().map(|it| document::entity(it, catalog));
        let external: Vec<&str> =
            catalog.external().iter().map(rulegate::LogicalName::as_str).collect();
        let entities: Vec<_> = entities.collect();
        console.answer(json!({ "entities": entities, "external": external }))?;
        return Ok(Exit::Fine);
    };
    let entity = catalog.entity(name).map_err(|it| Stop::usage(it.to_string()))?;
    show(entity, catalog, console)?;
    console.answer(json!({ "entities": [document::entity(entity, catalog)] }))?;
    Ok(Exit::Fine)
}

fn list(catalog: &Catalog, console: &mut Console<'_>) -> Result<(), Stop> {
    for entity in catalog.entities() {
        let (attributes, keys) = (entity.attributes().count(), entity.keys().len());
        let relationships = relationships(entity, catalog).count();
        let keys = match keys {
            0 => String::new(),
            1 => ", 1 key".to_owned(),
            keys => format!(", {keys} keys"),
        };
        console.result(format!(
            "{:<NAME_WIDTH$} {attributes} attributes, {relationships} relationships{keys}",
            entity.logical_name()
        ))?;
    }
    Ok(())
}

fn show(entity: &EntityMetadata, catalog: &Catalog, console: &mut Console<'_>) -> Result<(), Stop> {
    let definition = entity.definition();
    let title = console.paint(Tone::Strong, entity.logical_name());
    let name = entity.primary_name().map_or_else(String::new, |it| format!(", named by {it}"));
    console.result(format!(
        "{title}  {}, owned by {}{name}",
        definition.names.display, definition.ownership
    ))?;
    section("attributes", console)?;
    for (_, attribute) in entity.attributes() {
        let kind = kind(&attribute.kind);
        let notes = notes(attribute).join(", ");
        let line = format!("  {:<NAME_WIDTH$} {kind:<TYPE_WIDTH$} {notes}", attribute.logical_name);
        console.result(line.trim_end())?;
    }
    for (_, attribute) in entity.attributes() {
        if let AttributeType::State(set) | AttributeType::Status(set) = &attribute.kind {
            section(&attribute.logical_name, console)?;
            states(set, console)?;
        }
    }
    if !entity.keys().is_empty() {
        section("keys", console)?;
    }
    for key in entity.keys() {
        let names: Vec<&str> = key.attributes.iter().map(rulegate::LogicalName::as_str).collect();
        console.result(format!("  {:<NAME_WIDTH$} {}", key.name, names.join(", ")))?;
    }
    if relationships(entity, catalog).next().is_some() {
        section("relationships", console)?;
    }
    for relationship in relationships(entity, catalog) {
        console.result(format!("  {}", in_words(relationship, entity)))?;
    }
    Ok(())
}

fn section(name: &str, console: &mut Console<'_>) -> Result<(), Stop> {
    let title = console.paint(Tone::Faint, name);
    console.result(format!("\n{title}"))
}

fn states(set: &OptionSet, console: &mut Console<'_>) -> Result<(), Stop> {
    for option in &set.options {
        let state = option.state.map_or_else(String::new, |it| format!(" of state {it}"));
        let status = option.default_status.map_or_else(String::new, |it| format!(", status {it}"));
        let label = if option.label == option.name {
            String::new()
        } else {
            format!(", \"{}\"", option.label)
        };
        console.result(format!("  {:>10} {}{state}{status}{label}", option.value, option.name))?;
    }
    Ok(())
}

/// The relationships at one end of which the entity stands.
fn relationships<'a>(
    entity: &'a EntityMetadata,
    catalog: &'a Catalog,
) -> impl Iterator<Item = &'a RelationshipMetadata> {
    let name = entity.logical_name();
    let is_end = move |it: &&RelationshipMetadata| {
        let (one, other) = it.ends();
        one == name || other == name
    };
    catalog.relationships().map(|it| &**it).filter(is_end)
}

fn in_words(relationship: &RelationshipMetadata, entity: &EntityMetadata) -> String {
    let name = relationship.schema_name();
    match relationship {
        RelationshipMetadata::OneToMany(it) if it.referencing_entity == *entity.logical_name() => {
            format!("{name}: {} leads to {}", it.referencing_attribute, it.referenced_entity)
        }
        RelationshipMetadata::OneToMany(it) => {
            let delete = it.cascades.delete;
            let by = &it.referencing_attribute;
            format!("{name}: has {} by {by}, delete {delete}", it.referencing_entity)
        }
        RelationshipMetadata::ManyToMany(it) => {
            format!(
                "{name}: {} and {} in {}",
                it.first.entity, it.second.entity, it.intersect_entity
            )
        }
    }
}

/// The type of an attribute, with what limits its values.
fn kind(kind: &AttributeType) -> String {
    let name = kind.name();
    match kind {
        AttributeType::Text { max_length, .. } | AttributeType::Memo { max_length, .. } => {
            format!("{name}({max_length})")
        }
        AttributeType::Decimal { precision, .. }
        | AttributeType::Double { precision, .. }
        | AttributeType::Money { precision, .. } => format!("{name}(.{precision})"),
        AttributeType::DateTime { behavior, .. } => format!("{name}({behavior})"),
        AttributeType::Choice(set)
        | AttributeType::MultiChoice(set)
        | AttributeType::State(set)
        | AttributeType::Status(set) => format!("{name} of {}", set.options.len()),
        AttributeType::Lookup { targets }
        | AttributeType::Customer { targets }
        | AttributeType::Owner { targets }
        | AttributeType::PartyList { targets } => match &**targets {
            [target] => format!("{name} to {target}"),
            targets => format!("{name} to {} entities", targets.len()),
        },
        AttributeType::WholeNumber { .. }
        | AttributeType::BigInteger { .. }
        | AttributeType::Boolean { .. }
        | AttributeType::UniqueIdentifier
        | AttributeType::EntityName
        | AttributeType::Image { .. }
        | AttributeType::File { .. }
        | AttributeType::Virtual
        | AttributeType::ManagedProperty => name.to_owned(),
    }
}

fn notes(attribute: &AttributeMetadata) -> Vec<String> {
    let mut notes = Vec::new();
    if attribute.required != RequiredLevel::None {
        notes.push(format!("required: {}", attribute.required));
    }
    if attribute.is_read_only() {
        notes.push("read-only".to_owned());
    } else if !attribute.valid_for.update {
        notes.push("create only".to_owned());
    } else if !attribute.valid_for.create {
        notes.push("update only".to_owned());
    }
    notes.extend(attribute.attribute_of.as_ref().map(|it| format!("of {it}")));
    notes
}
