//! Tables: the rows of one entity, the references they hold, and their alternate keys.

use std::fmt::Write;
use std::mem::discriminant;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use uuid::Uuid;

use crate::metadata::{EntityMetadata, KeyMetadata, LogicalName, Ordinal};
use crate::record::{
    AggregateError, MoneyPrecision, Page, QueryPlan, Record, Value, ValueError, check_value,
};
use crate::store::StoreError;

/// The rows of one entity.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// The newest definition of the entity: rows of older ones are kept under it.
    entity: Option<Arc<EntityMetadata>>,
    /// Shared, so that a copy of a part of the map counts in rows, and not in what all rows share.
    rows: OrdMap<Uuid, Arc<Record>>,
    /// For each reference that a row holds: the attribute, the identity there, the row.
    references: OrdSet<(Ordinal, Uuid, Uuid)>,
    /// The row that has each alternate key, by the key's name and values.
    keys: OrdMap<String, Uuid>,
    /// The commit that changed the table last.
    pub(super) changed: u64,
}

impl Table {
    pub(super) fn row(&self, id: Uuid) -> Option<&Record> {
        self.rows.get(&id).map(Arc::as_ref)
    }

    /// The table under a newer definition of its entity: with its keys, if the rows fit it.
    pub(super) fn under(&self, entity: &Arc<EntityMetadata>) -> Result<Self, StoreError> {
        if self.entity.as_ref().is_some_and(|it| Arc::ptr_eq(it, entity)) {
            return Ok(self.clone());
        }
        let entity = Some(Arc::clone(entity));
        let mut table = Self { entity, changed: self.changed, ..Self::default() };
        for (id, row) in &self.rows {
            table.put(*id, Arc::clone(row))?;
        }
        for row in table.rows.values() {
            check_attributes(row)?;
        }
        Ok(table)
    }

    /// Puts a row, in place of the one that was there. A taken key leaves the table as it was.
    pub(super) fn put(&mut self, id: Uuid, row: Arc<Record>) -> Result<(), StoreError> {
        let row = match &self.entity {
            Some(entity) if !Arc::ptr_eq(entity, row.metadata()) => Arc::new(row.under(entity)),
            Some(_) | None => row,
        };
        if self.rows.get(&id).is_some_and(|before| is_found_alike(before, &row)) {
            self.rows.insert(id, row);
            return Ok(());
        }
        if let Some((key, _)) =
            keys_of(&row).find(|(_, text)| self.keys.get(text).is_some_and(|holder| *holder != id))
        {
            let (entity, key) = (row.entity().clone(), key.clone());
            return Err(StoreError::KeyViolated { entity, key });
        }
        self.take(id);
        for (attribute, target) in references_of(&row) {
            self.references.insert((attribute, target, id));
        }
        for (_, text) in keys_of(&row) {
            self.keys.insert(text, id);
        }
        self.rows.insert(id, row);
        Ok(())
    }

    /// Takes a row out.
    pub(super) fn take(&mut self, id: Uuid) -> Option<Arc<Record>> {
        let row = Arc::clone(self.rows.get(&id)?);
        self.rows.remove(&id);
        for (attribute, target) in references_of(&row) {
            self.references.remove(&(attribute, target, id));
        }
        for (_, text) in keys_of(&row) {
            self.keys.remove(&text);
        }
        Some(row)
    }

    pub(super) fn query(
        &self,
        plan: &QueryPlan,
        find: impl FnMut(&Arc<EntityMetadata>, Uuid) -> Option<Record>,
    ) -> Result<Page, AggregateError> {
        let under = |row: &Arc<Record>| row.under(&plan.entity);
        match self.candidates(plan) {
            Some(ids) => plan.answer(ids.filter_map(|id| self.rows.get(&id)).map(under), find),
            None => plan.answer(self.rows.values().map(under), find),
        }
    }

    /// The rows among which all matches are, where an index knows them.
    fn candidates(&self, plan: &QueryPlan) -> Option<impl Iterator<Item = Uuid>> {
        let (attribute, target) = plan
            .equalities()
            .find_map(|(attribute, value)| Some((attribute, value.as_identity()?)))?;
        let range = (attribute, target, Uuid::nil())..=(attribute, target, Uuid::max());
        Some(self.references.range(range).map(|(_, _, row)| *row))
    }
}

/// Every value has an attribute, and is of its type.
fn check_attributes(row: &Record) -> Result<(), StoreError> {
    let entity = row.metadata();
    let money = MoneyPrecision { organization: 0, currency: 0 };
    for (ordinal, value) in row.iter() {
        let Some(attribute) = entity.attribute_at(ordinal) else {
            let attribute = entity.name(ordinal).into();
            return Err(StoreError::Removed { entity: row.entity().clone(), attribute });
        };
        let is_other = match check_value(value.clone(), attribute, money) {
            Ok(it) => discriminant(&it) != discriminant(value),
            Err(error) => matches!(error, ValueError::WrongType { .. }),
        };
        if is_other {
            return Err(StoreError::Incompatible {
                entity: row.entity().clone(),
                attribute: attribute.logical_name.clone(),
                stored: value.kind(),
                wanted: attribute.kind.name(),
            });
        }
    }
    Ok(())
}

/// Whether both rows are found by the same references and keys, so that only the row changes: every touch of a map
/// copies a part of it that a snapshot shares.
fn is_found_alike(before: &Record, row: &Record) -> bool {
    Arc::ptr_eq(before.metadata(), row.metadata())
        && references_of(before).eq(references_of(row))
        && keys_of(before).eq(keys_of(row))
}

/// The references that a row holds; its own identity is none.
fn references_of(row: &Record) -> impl Iterator<Item = (Ordinal, Uuid)> {
    let own = row.metadata().system().primary_id;
    row.iter()
        .filter(move |(attribute, _)| Some(*attribute) != own)
        .filter_map(|(attribute, value)| Some((attribute, value.as_identity()?)))
}

/// The keys in whose attributes the row has values (C-110), each with its values as text.
fn keys_of(row: &Record) -> impl Iterator<Item = (&LogicalName, String)> {
    row.metadata().keys().iter().filter_map(|key| Some((&key.name, key_text(row, key)?)))
}

fn key_text(row: &Record, key: &KeyMetadata) -> Option<String> {
    let mut text = key.name.to_string();
    for attribute in &key.attributes {
        let value = row.get(attribute)?;
        let part = if let Value::Text(it) = value {
            it.to_lowercase()
        } else if let Value::Decimal(it) = value {
            it.normalize().to_string()
        } else {
            value.to_string()
        };
        let _ = write!(text, " {}:{part}", part.len()); // With its length, no value runs into the next.
    }
    Some(text)
}
