//! Links: the record that a lookup refers to, and what a query wants of it.

use std::sync::Arc;

use super::query::{ColumnSet, Condition, Filter, Operator, QueryError};
use super::query_plan::Test;
use super::resolution::{resolve, resolve_columns};
use super::{Record, Value};
use crate::metadata::{
    AttributeMetadata, AttributeType, Catalog, EntityMetadata, LogicalName, Ordinal,
};

/// The record that a lookup refers to, as a part of a query: its attributes come as `alias.attribute`.
///
/// A link never makes more records of one: each has one record at the other end of its lookup, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkEntity {
    /// The lookup, an attribute of the entity that is searched.
    pub lookup: LogicalName,
    /// The entity at which it points.
    pub entity: LogicalName,
    /// The name of the link, before the dot.
    pub alias: LogicalName,
    /// The attributes wanted of the other record: none of them at first.
    pub columns: ColumnSet,
    /// The condition that the other record must meet, or is left out.
    pub filter: Filter,
    /// Whether a record comes also where its link leads to none that meets the condition.
    pub is_outer: bool,
}

/// A link whose names are resolved.
#[derive(Debug, Clone)]
pub struct LinkPlan {
    /// The lookup.
    pub lookup: Ordinal,
    /// The entity at which it points.
    pub entity: Arc<EntityMetadata>,
    /// The attributes wanted, and the names under which they come.
    pub columns: Vec<(Ordinal, LogicalName)>,
    /// The condition that the other record must meet, or is left out.
    pub filter: Test,
    /// Whether a record comes also where its link leads to none that meets the condition.
    pub is_outer: bool,
    alias: LogicalName,
}

impl LinkEntity {
    /// The record of that entity at which a lookup points. Records whose lookup points at none are left out.
    pub fn new(lookup: impl Into<LogicalName>, entity: impl Into<LogicalName>) -> Self {
        let lookup = lookup.into();
        Self {
            alias: lookup.clone(),
            lookup,
            entity: entity.into(),
            columns: ColumnSet::Only(Vec::new()),
            filter: Filter::All(Vec::new()),
            is_outer: false,
        }
    }

    /// Gives the link a name other than that of its lookup.
    #[must_use]
    pub fn named(self, alias: impl Into<LogicalName>) -> Self {
        Self { alias: alias.into(), ..self }
    }

    /// Lets records come also where the link leads to none.
    #[must_use]
    pub fn outer(self) -> Self {
        Self { is_outer: true, ..self }
    }

    /// Wants these attributes of the other record.
    #[must_use]
    pub fn select<N: Into<LogicalName>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self { columns: ColumnSet::only(names), ..self }
    }

    /// The other record must meet one more condition.
    #[must_use]
    pub fn filter(
        self,
        attribute: impl Into<LogicalName>,
        operator: Operator,
        values: impl IntoIterator<Item = Value>,
    ) -> Self {
        let values = values.into_iter().collect();
        let filter = self.filter.and(Condition { attribute: attribute.into(), operator, values });
        Self { filter, ..self }
    }
}

impl LinkPlan {
    pub(super) fn new(
        link: &LinkEntity,
        own: &EntityMetadata,
        catalog: &Catalog,
    ) -> Result<Self, QueryError> {
        let lookup = own.find(&link.lookup)?;
        let entity = Arc::clone(catalog.entity(&link.entity)?);
        let kind = own.attribute_at(lookup).map(|it| &it.kind);
        if !kind.is_some_and(|it| points_at(it, &link.entity)) {
            let (attribute, entity) = (link.lookup.clone(), link.entity.clone());
            return Err(QueryError::NoLink { attribute, entity });
        }
        if !link.alias.is_well_formed() {
            return Err(QueryError::Alias { alias: link.alias.clone() });
        }
        let filter = resolve(&link.filter, &entity)?;
        let wanted = resolve_columns(&link.columns, &entity)?;
        let mut plan = Self {
            lookup,
            columns: Vec::new(),
            filter,
            is_outer: link.is_outer,
            alias: link.alias.clone(),
            entity,
        };
        let entity = Arc::clone(&plan.entity);
        for (place, attribute) in entity.attributes() {
            if wanted.as_ref().is_none_or(|it| it.contains(place)) {
                plan.want(place, attribute);
            }
        }
        Ok(plan)
    }

    /// The name of the link.
    pub fn alias(&self) -> &LogicalName {
        &self.alias
    }

    /// Wants one more attribute, as far as it can be read (C-7). Answers the name under which it comes.
    pub(super) fn want(&mut self, place: Ordinal, attribute: &AttributeMetadata) -> LogicalName {
        let name = LogicalName::from(format!("{}.{}", self.alias, attribute.logical_name));
        let is_known = self.columns.iter().any(|(it, _)| *it == place);
        if attribute.valid_for.read && !is_known {
            self.columns.push((place, name.clone()));
        }
        name
    }

    /// Finds the record at the other end, which `find` looks up by its identity, and lays what is wanted of it
    /// beside the attributes of the first; `None` where the link leaves that one out.
    pub fn join(
        &self,
        mut record: Record,
        find: impl FnOnce(uuid::Uuid) -> Option<Record>,
    ) -> Option<Record> {
        let reference = record.at(self.lookup).and_then(Value::as_lookup);
        let reference = reference.filter(|it| it.entity == *self.entity.logical_name());
        let other = reference.and_then(|it| find(it.id)).filter(|it| self.filter.matches(it));
        match other {
            Some(other) => self.lay(&mut record, &other),
            None if !self.is_outer => return None,
            None => {}
        }
        Some(record)
    }

    /// Lays what is wanted of the other record beside the attributes of the first.
    pub fn lay(&self, record: &mut Record, other: &Record) {
        for (place, name) in &self.columns {
            if let Some(value) = other.at(*place) {
                record.put_aliased(name.clone(), value.clone());
            }
        }
    }
}

/// Whether an attribute of this type can point at records of that entity.
fn points_at(kind: &AttributeType, entity: &str) -> bool {
    kind.is_reference()
        && (kind.targets().is_empty() || kind.targets().iter().any(|it| it == entity))
}
