//! Delete: a record goes, and its relationships say what becomes of those that refer to it.

use std::sync::Arc;

use super::platform::{Platform, existing, find};
use super::update::{ConcurrencyBehavior, check_version};
use super::{Response, values};
use crate::error::{DataError, Error};
use crate::metadata::{Cascade, OneToMany, RelationshipMetadata};
use crate::record::{EntityReference, Query, Record, Value};

/// Input parameters of *delete*.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The record to delete.
    pub target: EntityReference,
    /// Whether the record must have the version that the caller knows.
    pub concurrency: ConcurrencyBehavior,
    /// The version that the caller knows.
    pub version: Option<u64>,
}

impl Delete {
    /// A delete that does not ask for the row version.
    pub fn new(target: EntityReference) -> Self {
        Self { target, concurrency: ConcurrencyBehavior::Default, version: None }
    }

    /// Between the stages 10 and 20: refuses where children hold the record, and takes it out of
    /// those that let go, without an event of theirs.
    pub(super) fn prepare(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        for relationship in self.children(platform, Cascade::Restrict) {
            if !find(platform, &self.referring(&relationship).top(1))?.is_empty() {
                return Err(DataError::Restricted {
                    record: self.target.clone(),
                    child: relationship.referencing_entity,
                    relationship: relationship.schema_name,
                }
                .into());
            }
        }
        for relationship in self.children(platform, Cascade::RemoveLink) {
            self.remove_links(&relationship, platform)?;
        }
        Ok(())
    }

    /// Deletes the children first, then the pairs in which the record is (C-135), then the record.
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        let current = existing(platform, &self.target)?;
        check_version(&current, (self.concurrency, self.version))?;
        check_completed(&current)?;
        for relationship in self.children(platform, Cascade::Cascade) {
            let children = find(platform, &self.referring(&relationship))?;
            for child in &children {
                delete_child(child, platform)?;
            }
        }
        self.remove_pairs(platform)?;
        platform.delete(current.metadata(), self.target.id)?;
        Ok(Response::Done)
    }

    /// The relationships that do this to the children of the record.
    fn children(&self, platform: &dyn Platform, wanted: Cascade) -> Vec<OneToMany> {
        let children = platform.catalog().children_of(&self.target.entity);
        children.filter(|it| it.cascades.delete == wanted).cloned().collect()
    }

    fn referring(&self, relationship: &OneToMany) -> Query {
        Query::new(relationship.referencing_entity.clone())
            .equal(relationship.referencing_attribute.clone(), &self.target)
    }

    fn remove_links(
        &self,
        relationship: &OneToMany,
        platform: &mut dyn Platform,
    ) -> Result<(), Error> {
        let child = Arc::clone(platform.catalog().entity(&relationship.referencing_entity)?);
        let attribute = &relationship.referencing_attribute;
        let place = child.find(attribute)?;
        let is_required = child.attribute_at(place).is_some_and(values::must_have_value);
        for record in find(platform, &self.referring(relationship))? {
            if is_required {
                let (child, attribute) = (child.logical_name().clone(), attribute.clone());
                let record = self.target.clone();
                return Err(DataError::LinkRequired { record, child, attribute }.into());
            }
            let Some(id) = record.id() else { continue };
            let mut change = Record::of(&child, id);
            values::clear_reference(&mut change, place);
            platform.update(&change)?;
        }
        Ok(())
    }

    fn remove_pairs(&self, platform: &mut dyn Platform) -> Result<(), Error> {
        let ends: Vec<_> = platform
            .catalog()
            .relationships()
            .filter_map(|it| match &**it {
                RelationshipMetadata::ManyToMany(it) => Some(it),
                RelationshipMetadata::OneToMany(_) => None,
            })
            .flat_map(|it| [(&it.intersect_entity, &it.first), (&it.intersect_entity, &it.second)])
            .filter(|(_, end)| end.entity == self.target.entity)
            .map(|(intersect, end)| (intersect.clone(), end.attribute.clone()))
            .collect();
        for (intersect, attribute) in ends {
            let entity = Arc::clone(platform.catalog().entity(&intersect)?);
            let pairs = find(platform, &Query::new(intersect).equal(attribute, self.target.id))?;
            for pair in pairs.iter().filter_map(Record::id) {
                platform.delete(&entity, pair)?;
            }
        }
        Ok(())
    }
}

/// Deletes a child, unless it went already: with another child, or by a step.
fn delete_child(child: &Record, platform: &mut dyn Platform) -> Result<(), Error> {
    let Some(target) = child.reference() else { return Ok(()) };
    if platform.exists(child.metadata(), target.id)? {
        platform.send(Delete::new(target).into())?;
    }
    Ok(())
}

/// A job that still has something to do is not deleted (E-35): one of the engine's, which has data.
fn check_completed(current: &Record) -> Result<(), Error> {
    const COMPLETED: i32 = 3;
    let state = || current.get("statecode").and_then(Value::as_choice);
    if current.entity() == "asyncoperation" && current.has("data") && state() != Some(COMPLETED) {
        return Err(DataError::JobNotCompleted.into());
    }
    Ok(())
}
