//! Related records as scripts write them: the records stand under the name of their relationship.

use std::sync::Arc;

use rhai::{Array, Dynamic, Map};
use rulegate::message::{Create, Related, RelationshipRole};
use rulegate::metadata::{EntityMetadata, RelationshipMetadata};
use rulegate::{Catalog, EntityReference, Record};

use super::error::{Raise, Raised};
use super::frame::{self, RecordHandle};
use super::record::{self, converted};
use super::value::{describe, record_bytes};

/// How deeply related records nest: deeper than steps can run (P-75). How many they are, the size of a
/// script's values bounds.
const DEPTH_LIMIT: usize = 16;

/// The record with the values of a map, and what comes along with it: a name that is no attribute's can
/// be a relationship's.
pub(super) fn filled(target: Record, values: &Map) -> Raised<Create> {
    let catalog = frame::top(|frame| Ok(frame.catalog()))?;
    Filler { catalog, depth: 0 }.filled(target, values)
}

/// About how many bytes the values of related records take: each has a message of its own, which counts
/// what it holds.
pub(super) fn bytes(related: &[Related]) -> usize {
    let records = related.iter().flat_map(|it| &it.records);
    records.map(|it| record_bytes(&it.target) + bytes(&it.related)).sum()
}

struct Filler {
    catalog: Arc<Catalog>,
    depth: usize,
}

impl Filler {
    fn filled(&mut self, mut target: Record, values: &Map) -> Raised<Create> {
        let entity = Arc::clone(target.metadata());
        let mut related = Vec::new();
        for (name, value) in values {
            let relationship = match entity.ordinal(name) {
                None => self.catalog.relationship(name).ok().cloned(),
                Some(_) => None,
            };
            if let Some(relationship) = relationship {
                related.push(self.related(&entity, &relationship, value)?);
            } else {
                let (ordinal, value) = converted(&entity, name, value)?;
                target.put(ordinal, value);
            }
        }
        Ok(Create { related, ..Create::new(target) })
    }

    /// The records under the name of a relationship. Where it links records of one entity, an array holds
    /// children, and a single record is the parent.
    fn related(
        &mut self,
        own: &EntityMetadata,
        relationship: &RelationshipMetadata,
        value: &Dynamic,
    ) -> Raised<Related> {
        let (first, second) = relationship.ends();
        let own = own.logical_name();
        let none: [Create; 0] = [];
        let mut related = Related::new(relationship.schema_name(), none);
        if own != first && own != second {
            return Ok(related); // The engine says what it links.
        }
        let other = Arc::clone(
            self.catalog.entity(if own == first { second } else { first }).map_err(Raise::error)?,
        );
        let records = value.read_lock::<Array>().map(|it| it.clone());
        if first == second {
            related.role = Some(match (relationship, &records) {
                (RelationshipMetadata::OneToMany(_), Some(_)) => RelationshipRole::Referenced,
                (_, _) => RelationshipRole::Referencing,
            });
        }
        for it in records.unwrap_or_else(|| vec![value.clone()]) {
            related.records.push(self.record(&other, &it)?);
        }
        Ok(related)
    }

    /// A related record: a map of its values, a record, or a lookup of one that is there.
    fn record(&mut self, entity: &Arc<EntityMetadata>, value: &Dynamic) -> Raised<Create> {
        if let Some(handle) = value.read_lock::<RecordHandle>() {
            return Ok(record::record(*handle)?.into());
        }
        if let Some(reference) = value.read_lock::<EntityReference>() {
            let entity = self.catalog.entity(&reference.entity).map_err(Raise::error)?;
            return Ok(Record::of(entity, reference.id).into());
        }
        let Some(values) = value.read_lock::<Map>() else {
            let found = describe(value);
            return Err(Raise::text(format!("a related record is a map, and got the {found}")));
        };
        if self.depth == DEPTH_LIMIT {
            return Err(Raise::limit(format!("{DEPTH_LIMIT} levels of related records")));
        }
        self.depth += 1;
        let filled = self.filled(Record::new(entity), &values);
        self.depth -= 1;
        filled
    }
}
