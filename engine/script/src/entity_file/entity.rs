//! The entity itself: its head, its alternate keys, and all that its file holds.

use rulegate::metadata::{
    CatalogDraft, CdmEntity, EntityDefinition, EntityNames, KeyMetadata, LogicalName, Ownership,
};

use super::option_set::OptionTables;
use super::reader::Reader;
use super::{attribute, relationship};
use crate::Diagnostic;

/// Reads an entity and its relationships into the draft.
pub(super) fn read(name: &LogicalName, file: &mut Reader<'_>, draft: &mut CatalogDraft) {
    if !name.is_well_formed() {
        let message = format!("`{name}` cannot name an entity");
        let help = "rename the folder: a name takes `a` to `z`, `0` to `9` and `_`, and begins with a letter";
        file.report_file(Diagnostic::error("ill-formed-name", message).help(help));
    }
    let head = file.required_table("entity", "an entity", |keys| head(name, keys));
    let mut options = OptionTables::of(file.entries("options"));
    let attributes = file.entries("attributes");
    let attributes = attributes.iter().filter_map(|it| attribute::read(file, it, &mut options));
    let attributes: Vec<_> = attributes.collect();
    options.report_unused(file, &attributes);
    let keys = file.entries("keys");
    let keys = keys.iter().filter_map(|it| file.nested("a key", it, |keys| key(it.name, keys)));
    let keys = keys.collect();
    draft.relationships.extend(relationship::read(name, file));
    let head = head.unwrap_or_else(|| EntityDefinition::new(name));
    draft.entities.push(EntityDefinition { attributes, keys, ..head });
}

fn head(name: &LogicalName, keys: &mut Reader<'_>) -> EntityDefinition {
    EntityDefinition {
        logical_name: name.clone(),
        names: EntityNames {
            schema: keys.or("schema_name", name.to_string()),
            display: keys.or("display_name", name.to_string()),
            display_collection: keys.or("display_collection_name", String::new()),
            logical_collection: keys.or("logical_collection_name", String::new()),
            collection_schema: keys.or("collection_schema_name", String::new()),
            entity_set: keys.or("entity_set_name", String::new()),
        },
        object_type_code: keys.optional("object_type_code"),
        primary_id: keys.or("primary_id", format!("{name}id").into()),
        primary_name: keys.optional("primary_name"),
        primary_image: keys.optional("primary_image"),
        ownership: keys.required("ownership").unwrap_or(Ownership::None),
        is_activity: keys.or("activity", false),
        is_intersect: keys.or("intersect", false),
        is_deprecated: keys.or("deprecated", false),
        is_optimistic_concurrency_enabled: keys.or("optimistic_concurrency", true),
        enforces_state_transitions: keys.or("enforce_transitions", false),
        is_read_only_when_inactive: keys.or("read_only_when_inactive", false),
        cdm: keys.table("cdm", "`cdm` of an entity", |keys| CdmEntity {
            name: keys.required("name").unwrap_or_default(),
            source_name: keys.or("source_name", String::new()),
            path: keys.or("path", String::new()),
        }),
        attributes: Vec::new(),
        keys: Vec::new(),
    }
}

fn key(name: &str, keys: &mut Reader<'_>) -> KeyMetadata {
    KeyMetadata {
        name: name.into(),
        schema_name: keys.or("schema_name", name.to_owned()),
        display_name: keys.or("display_name", String::new()),
        attributes: keys.required("attributes").unwrap_or_default(),
    }
}
