//! Metadata as JSON: every property of an entity, by the names that entity files use.

use std::fmt;

use rulegate::Catalog;
use rulegate::metadata::{
    AssociatedMenu, AttributeMetadata, AttributeType, Cascades, CdmAttribute, EntityMetadata,
    KeyMetadata, LogicalName, ManyToMany, OneToMany, OptionMetadata, OptionSet, RelationshipEnd,
    RelationshipMetadata,
};
use serde_json::{Map, Value as Json, json};

use super::relationships;

/// An entity with its attributes, keys and relationships.
pub(super) fn entity(entity: &EntityMetadata, catalog: &Catalog) -> Json {
    let it = entity.definition();
    let cdm = it
        .cdm
        .as_ref()
        .map(|cdm| json!({ "name": cdm.name, "source_name": cdm.source_name, "path": cdm.path }));
    json!({
        "name": text(&it.logical_name),
        "schema_name": it.names.schema,
        "display_name": it.names.display,
        "display_collection_name": it.names.display_collection,
        "logical_collection_name": it.names.logical_collection,
        "collection_schema_name": it.names.collection_schema,
        "entity_set_name": it.names.entity_set,
        "object_type_code": it.object_type_code,
        "primary_id": text(&it.primary_id),
        "primary_name": it.primary_name.as_ref().map(text),
        "primary_image": it.primary_image.as_ref().map(text),
        "ownership": it.ownership.name(),
        "activity": it.is_activity,
        "intersect": it.is_intersect,
        "deprecated": it.is_deprecated,
        "optimistic_concurrency": it.is_optimistic_concurrency_enabled,
        "enforce_transitions": it.enforces_state_transitions,
        "read_only_when_inactive": it.is_read_only_when_inactive,
        "cdm": cdm,
        "attributes": entity.attributes().map(|(_, it)| attribute(it)).collect::<Vec<_>>(),
        "keys": it.keys.iter().map(key).collect::<Vec<_>>(),
        "relationships": relationships(entity, catalog).map(relationship).collect::<Vec<_>>(),
    })
}

fn attribute(it: &AttributeMetadata) -> Json {
    let mut document = json!({
        "name": text(&it.logical_name),
        "schema_name": it.schema_name,
        "display_name": it.display_name,
        "type": it.kind.name(),
        "required": it.required.name(),
        "create": it.valid_for.create,
        "update": it.valid_for.update,
        "read": it.valid_for.read,
        "form": it.valid_for.form,
        "source": it.source.name(),
        "attribute_of": it.attribute_of.as_ref().map(text),
        "localizable": it.is_localizable,
        "cdm": it.cdm.as_ref().map(cdm),
    });
    if let (Json::Object(keys), Json::Object(more)) = (&mut document, kind(&it.kind)) {
        keys.extend(more);
    }
    document
}

/// What limits the values of a type.
fn kind(kind: &AttributeType) -> Json {
    match kind {
        AttributeType::Text { max_length, format } | AttributeType::Memo { max_length, format } => {
            json!({ "max_length": max_length, "format": format.name() })
        }
        AttributeType::WholeNumber { min, max, format } => {
            json!({ "min": min, "max": max, "format": format.name() })
        }
        AttributeType::BigInteger { min, max } => json!({ "min": min, "max": max }),
        AttributeType::Decimal { min, max, precision } => {
            json!({ "min": exact(min), "max": exact(max), "precision": precision })
        }
        AttributeType::Double { min, max, precision } => {
            json!({ "min": min, "max": max, "precision": precision })
        }
        AttributeType::Money { min, max, precision, precision_source, base_of } => json!({
            "min": exact(min),
            "max": exact(max),
            "precision": precision,
            "precision_source": precision_source.name(),
            "base_of": base_of.as_ref().map(text),
        }),
        AttributeType::Boolean { default, labels } => {
            json!({ "default": default, "labels": labels })
        }
        AttributeType::DateTime { behavior, format } => {
            json!({ "behavior": behavior.name(), "format": format.name() })
        }
        AttributeType::Choice(set)
        | AttributeType::MultiChoice(set)
        | AttributeType::State(set)
        | AttributeType::Status(set) => option_set(set),
        AttributeType::Lookup { targets }
        | AttributeType::Customer { targets }
        | AttributeType::Owner { targets }
        | AttributeType::PartyList { targets } => {
            json!({ "targets": targets.iter().map(text).collect::<Vec<_>>() })
        }
        AttributeType::Image { max_height, max_width, is_primary } => {
            json!({ "max_height": max_height, "max_width": max_width, "primary": is_primary })
        }
        AttributeType::File { max_size_kb } => json!({ "max_size_kb": max_size_kb }),
        AttributeType::UniqueIdentifier
        | AttributeType::EntityName
        | AttributeType::Virtual
        | AttributeType::ManagedProperty => Json::Object(Map::new()),
    }
}

fn option_set(set: &OptionSet) -> Json {
    let option = |it: &OptionMetadata| {
        json!({
            "value": it.value,
            "name": it.name,
            "label": it.label,
            "state": it.state,
            "default_status": it.default_status,
            "next": it.next,
        })
    };
    json!({
        "option_set": set.name,
        "global": set.is_global,
        "default": set.default,
        "options": set.options.iter().map(option).collect::<Vec<_>>(),
    })
}

fn cdm(it: &CdmAttribute) -> Json {
    json!({
        "name": it.name,
        "type": it.data_type,
        "format": it.data_format(),
        "nullable": it.is_nullable,
        "read_only": it.is_read_only,
        "key": it.is_primary_key,
        "first_included_in": it.first_included_in,
        "min": it.min,
        "max": it.max,
        "max_length": it.max_length,
    })
}

fn key(it: &KeyMetadata) -> Json {
    json!({
        "name": text(&it.name),
        "schema_name": it.schema_name,
        "display_name": it.display_name,
        "attributes": it.attributes.iter().map(text).collect::<Vec<_>>(),
    })
}

fn relationship(relationship: &RelationshipMetadata) -> Json {
    match relationship {
        RelationshipMetadata::OneToMany(it) => one_to_many(it),
        RelationshipMetadata::ManyToMany(it) => many_to_many(it),
    }
}

fn one_to_many(it: &OneToMany) -> Json {
    json!({
        "kind": "one-to-many",
        "schema_name": it.schema_name,
        "referenced_entity": text(&it.referenced_entity),
        "referenced_attribute": text(&it.referenced_attribute),
        "referencing_entity": text(&it.referencing_entity),
        "referencing_attribute": text(&it.referencing_attribute),
        "referencing_navigation": it.referencing_navigation,
        "referenced_navigation": it.referenced_navigation,
        "cascade": cascades(it.cascades),
        "parental": it.is_parental(),
        "hierarchical": it.is_hierarchical,
        "customizable": it.is_customizable,
        "menu": menu(&it.menu),
    })
}

fn many_to_many(it: &ManyToMany) -> Json {
    let end = |it: &RelationshipEnd| {
        json!({
            "entity": text(&it.entity),
            "attribute": text(&it.attribute),
            "navigation": it.navigation,
            "menu": menu(&it.menu),
        })
    };
    json!({
        "kind": "many-to-many",
        "schema_name": it.schema_name,
        "intersect_entity": text(&it.intersect_entity),
        "first": end(&it.first),
        "second": end(&it.second),
        "customizable": it.is_customizable,
    })
}

fn cascades(it: Cascades) -> Json {
    json!({
        "assign": it.assign.name(),
        "delete": it.delete.name(),
        "merge": it.merge.name(),
        "reparent": it.reparent.name(),
        "share": it.share.name(),
        "unshare": it.unshare.name(),
        "archive": it.archive.name(),
        "rollup_view": it.rollup_view.name(),
    })
}

fn menu(it: &AssociatedMenu) -> Json {
    json!({
        "behavior": it.behavior.map(rulegate::metadata::MenuBehavior::name),
        "group": it.group.map(rulegate::metadata::MenuGroup::name),
        "label": it.label,
        "order": it.order,
        "menu_id": it.menu_id,
        "query_api": it.query_api,
        "view_id": it.view_id.map(|it| it.to_string()),
        "offline": it.is_available_offline,
    })
}

fn text(name: &LogicalName) -> String {
    name.to_string()
}

/// A number that JSON could not hold exactly.
fn exact(number: &impl fmt::Display) -> String {
    number.to_string()
}
