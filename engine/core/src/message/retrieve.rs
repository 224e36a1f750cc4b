//! Retrieve: a record is read.

use std::sync::Arc;

use super::Response;
use super::platform::{Platform, existing};
use crate::error::Error;
use crate::metadata::{AttributeMetadata, AttributeSet, AttributeType, EntityMetadata, Ordinal};
use crate::record::{ColumnSet, EntityReference, Record, Value, resolve_columns};

/// Input parameters of *retrieve*.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieve {
    /// The record to read.
    pub target: EntityReference,
    /// The attributes to read. Names that are derived from a lookup or an option come only by name.
    pub columns: ColumnSet,
}

impl Retrieve {
    /// Reads all attributes of a record.
    pub fn all(target: EntityReference) -> Self {
        Self { target, columns: ColumnSet::All }
    }

    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        let record = existing(platform, &self.target)?;
        let columns = resolve_columns(&self.columns, record.metadata())?;
        Ok(Response::Retrieved(show(record, columns.as_ref(), platform)?))
    }
}

/// A stored record as a caller sees it: with the attributes wanted, as far as they can be read (C-7), and
/// with the derived names that were asked for (C-91).
pub(super) fn show(
    record: Record,
    columns: Option<&AttributeSet>,
    platform: &mut dyn Platform,
) -> Result<Record, Error> {
    let entity = Arc::clone(record.metadata());
    let mut shown = match columns {
        Some(columns) => record.only(columns),
        None => record.clone(),
    };
    let hidden = |it: &Ordinal| entity.attribute_at(*it).is_none_or(|it| !it.valid_for.read);
    for ordinal in shown.present().iter().filter(hidden).collect::<Vec<_>>() {
        shown.take(ordinal);
    }
    for ordinal in columns.iter().flat_map(|it| it.iter()) {
        if let Some(attribute) = entity.attribute_at(ordinal)
            && let Some(name) = derived_name(&record, attribute, platform)?
        {
            shown.put(ordinal, name);
        }
    }
    Ok(shown)
}

/// The attributes to read, and those from which some of them are derived.
pub(super) fn with_sources(columns: &AttributeSet, entity: &EntityMetadata) -> AttributeSet {
    let of = |it: Ordinal| entity.ordinal(entity.attribute_at(it)?.attribute_of.as_deref()?);
    columns.iter().chain(columns.iter().filter_map(of)).collect()
}

/// The text that an attribute derives from another: the name of a record, the label of an option.
fn derived_name(
    record: &Record,
    attribute: &AttributeMetadata,
    platform: &mut dyn Platform,
) -> Result<Option<Value>, Error> {
    let Some(of) = &attribute.attribute_of else { return Ok(None) };
    if !matches!(attribute.kind, AttributeType::Text { .. })
        || attribute.logical_name.ends_with("yominame")
    {
        return Ok(None);
    }
    match record.get(of) {
        Some(Value::Lookup(reference)) => name_of(reference, platform),
        Some(value) => Ok(label_of(record.metadata(), of, value)),
        None => Ok(None),
    }
}

fn name_of(
    reference: &EntityReference,
    platform: &mut dyn Platform,
) -> Result<Option<Value>, Error> {
    let Ok(entity) = platform.catalog().entity(&reference.entity).cloned() else { return Ok(None) };
    let record = platform.retrieve(&entity, reference.id)?;
    Ok(record.and_then(|it| it.primary_name().map(Value::from)))
}

fn label_of(entity: &EntityMetadata, attribute: &str, value: &Value) -> Option<Value> {
    let kind = &entity.attribute(attribute)?.kind;
    if let AttributeType::Boolean { labels: [no, yes], .. } = kind {
        return Some(if value.as_boolean()? { yes.as_str() } else { no.as_str() }.into());
    }
    Some(kind.option_set()?.by_value(value.as_choice()?)?.label.as_str().into())
}
