//! Associate and Disassociate: records are linked, and links are taken away.

use std::fmt;
use std::sync::Arc;

use super::platform::{Platform, existing, find};
use super::{Response, Update, keys, stamps, values};
use crate::error::{DataError, Error};
use crate::metadata::{LogicalName, ManyToMany, OneToMany, RelationshipMetadata};
use crate::record::{EntityReference, Query, Record, Value};
use crate::store::StoreError;

/// Input parameters of *associate*.
#[derive(Debug, Clone, PartialEq)]
pub struct Associate {
    /// What to link.
    pub link: Link,
}

/// Input parameters of *disassociate*.
#[derive(Debug, Clone, PartialEq)]
pub struct Disassociate {
    /// What to take apart.
    pub link: Link,
}

/// The parameters of both: a record, a relationship, and the records at its other end (I-56).
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The record.
    pub target: EntityReference,
    /// The schema name of the relationship.
    pub relationship: String,
    /// At which end the target stands; needed only where both ends are one entity (I-57).
    pub role: Option<RelationshipRole>,
    /// The records at the other end.
    pub related: Vec<EntityReference>,
}

/// At which end of a relationship the target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationshipRole {
    /// It holds the lookup: the child. In a many-to-many relationship, the first end.
    Referencing,
    /// It is pointed at: the parent. In a many-to-many relationship, the second end.
    Referenced,
}

impl RelationshipRole {
    /// At which end records of an entity stand: as the caller says, or the only one where they can.
    pub(super) fn of(
        entity: &LogicalName,
        said: Option<Self>,
        (relationship, message): (&RelationshipMetadata, &str),
    ) -> Result<Self, Error> {
        let (first, second) = relationship.ends();
        if first == second {
            return said.ok_or_else(|| {
                let parameter = "Relationship.PrimaryEntityRole".to_owned();
                DataError::ParameterMissing { message: message.to_owned(), parameter }.into()
            });
        }
        let is_first = entity == first;
        Ok(match relationship {
            RelationshipMetadata::OneToMany(_) if is_first => Self::Referenced,
            RelationshipMetadata::OneToMany(_) => Self::Referencing,
            RelationshipMetadata::ManyToMany(_) if is_first => Self::Referencing,
            RelationshipMetadata::ManyToMany(_) => Self::Referenced,
        })
    }

    /// The entity at this end, and the one at the other.
    pub(super) fn ends(self, relationship: &RelationshipMetadata) -> (&LogicalName, &LogicalName) {
        let (referenced, referencing) = relationship.ends();
        match (self, relationship) {
            (Self::Referenced, RelationshipMetadata::OneToMany(_))
            | (Self::Referencing, RelationshipMetadata::ManyToMany(_)) => (referenced, referencing),
            (Self::Referencing, RelationshipMetadata::OneToMany(_))
            | (Self::Referenced, RelationshipMetadata::ManyToMany(_)) => (referencing, referenced),
        }
    }
}

/// A record stands at no end of the relationship, or at the wrong one.
pub(super) fn wrong_end(relationship: &RelationshipMetadata, record: &dyn fmt::Display) -> Error {
    let (first, second) = relationship.ends();
    DataError::WrongEnd {
        relationship: relationship.schema_name().to_owned(),
        first: first.clone(),
        second: second.clone(),
        record: record.to_string(),
    }
    .into()
}

impl Link {
    /// A link between a record and others.
    pub fn new(
        target: EntityReference,
        relationship: impl Into<String>,
        related: impl IntoIterator<Item = EntityReference>,
    ) -> Self {
        let (relationship, related) = (relationship.into(), related.into_iter().collect());
        Self { target, relationship, role: None, related }
    }

    /// Says at which end the target stands.
    #[must_use]
    pub fn with_role(mut self, role: RelationshipRole) -> Self {
        self.role = Some(role);
        self
    }

    /// Spells the relationship as its author did, and sees that every record stands at an end of it.
    pub(super) fn accept(&mut self, platform: &dyn Platform) -> Result<(), Error> {
        let relationship = Arc::clone(platform.catalog().relationship(&self.relationship)?);
        relationship.schema_name().clone_into(&mut self.relationship);
        let (own, other) = self.role(&relationship)?.ends(&relationship);
        let stray = Some(&self.target).filter(|it| it.entity != *own);
        let stray = stray.or_else(|| self.related.iter().find(|it| it.entity != *other));
        stray.map_or(Ok(()), |record| Err(wrong_end(&relationship, record)))
    }

    /// At which end the target stands.
    fn role(&self, relationship: &RelationshipMetadata) -> Result<RelationshipRole, Error> {
        RelationshipRole::of(&self.target.entity, self.role, (relationship, "Associate"))
    }

    /// Leaves out the records that make pairs with the target already.
    pub(super) fn keep_unlinked(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        let relationship = Arc::clone(platform.catalog().relationship(&self.relationship)?);
        let RelationshipMetadata::ManyToMany(pairs) = &*relationship else { return Ok(()) };
        let mut unlinked = Vec::new();
        for (pair, related) in self.intersects(pairs, platform)?.iter().zip(&self.related) {
            if find_pair(pairs, pair, platform)?.is_none() {
                unlinked.push(related.clone());
            }
        }
        self.related = unlinked;
        Ok(())
    }

    /// The relationship, with each child and its parent for a one-to-many one.
    fn pairs(
        &self,
        one_to_many: &OneToMany,
    ) -> Result<Vec<(EntityReference, EntityReference)>, Error> {
        let relationship = RelationshipMetadata::OneToMany(one_to_many.clone());
        match self.role(&relationship)? {
            RelationshipRole::Referenced => {
                Ok(self.related.iter().map(|it| (it.clone(), self.target.clone())).collect())
            }
            RelationshipRole::Referencing => match self.related.as_slice() {
                [] => Ok(Vec::new()),
                [parent] => Ok(vec![(self.target.clone(), parent.clone())]),
                _ => Err(DataError::TooManyRelated.into()), // I-72
            },
        }
    }

    /// The records of the intersect entity that the link is made of, not yet written.
    fn intersects(
        &self,
        pairs: &ManyToMany,
        platform: &dyn Platform,
    ) -> Result<Vec<Record>, Error> {
        let role = self.role(&RelationshipMetadata::ManyToMany(pairs.clone()))?;
        let entity = Arc::clone(platform.catalog().entity(&pairs.intersect_entity)?);
        let (own, other) = match role {
            RelationshipRole::Referencing => (&pairs.first.attribute, &pairs.second.attribute),
            RelationshipRole::Referenced => (&pairs.second.attribute, &pairs.first.attribute),
        };
        let record = |it: &EntityReference| {
            Ok(Record::new(&entity).with(own, self.target.id)?.with(other, it.id)?)
        };
        self.related.iter().map(record).collect()
    }
}

impl Associate {
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        self.link.accept(platform)?; // Steps may have changed it.
        let link = &self.link;
        values::check_exists(&link.target, platform)?;
        for related in &link.related {
            values::check_exists(related, platform)?;
        }
        match &*Arc::clone(platform.catalog().relationship(&link.relationship)?) {
            RelationshipMetadata::OneToMany(it) => {
                for (child, parent) in link.pairs(it)? {
                    set_lookup(it, &child, Some(parent), platform)?; // I-61
                }
            }
            RelationshipMetadata::ManyToMany(it) => {
                for pair in link.intersects(it, platform)? {
                    add_pair(it, pair, platform)?;
                }
            }
        }
        Ok(Response::Done)
    }
}

impl Disassociate {
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        self.link.accept(platform)?; // Steps may have changed it.
        let link = &self.link;
        values::check_exists(&link.target, platform)?;
        match &*Arc::clone(platform.catalog().relationship(&link.relationship)?) {
            RelationshipMetadata::OneToMany(it) => {
                for (child, parent) in link.pairs(it)? {
                    take_child(it, (&child, &parent), platform)?;
                }
            }
            RelationshipMetadata::ManyToMany(it) => {
                let pairs = link.intersects(it, platform)?;
                for (pair, related) in pairs.iter().zip(&link.related) {
                    take_pair(it, pair, platform)?.ok_or_else(|| DataError::NotLinked {
                        relationship: it.schema_name.clone(),
                        first: link.target.clone(),
                        second: related.clone(),
                    })?; // I-71
                }
            }
        }
        Ok(Response::Done)
    }
}

/// Clears the lookup of a child, if it points at this parent (I-62, R-43).
fn take_child(
    relationship: &OneToMany,
    (child, parent): (&EntityReference, &EntityReference),
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let current = existing(platform, child)?;
    let lookup = current.get(&relationship.referencing_attribute).and_then(Value::as_lookup);
    if lookup == Some(parent) {
        set_lookup(relationship, child, None, platform)?;
    }
    Ok(())
}

/// Writes a pair (I-68), which must be new (I-70). It raises no event on the intersect entity (I-69).
fn add_pair(
    relationship: &ManyToMany,
    mut pair: Record,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    if find_pair(relationship, &pair, platform)?.is_some() {
        return Err(StoreError::Duplicate.into());
    }
    keys::identify(&mut pair, platform);
    platform.insert(&pair)?;
    Ok(())
}

/// Deletes a pair; `None` where the two are not linked.
fn take_pair(
    relationship: &ManyToMany,
    pair: &Record,
    platform: &mut dyn Platform,
) -> Result<Option<()>, Error> {
    let Some(found) = find_pair(relationship, pair, platform)? else { return Ok(None) };
    platform.delete(pair.metadata(), found)?;
    Ok(Some(()))
}

/// Sets or clears the lookup of a child: by an Update of its own, or directly where that is switched off (I-64).
fn set_lookup(
    relationship: &OneToMany,
    child: &EntityReference,
    parent: Option<EntityReference>,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let entity = Arc::clone(platform.catalog().entity(&child.entity)?);
    let mut target =
        Record::of(&entity, child.id).with(&relationship.referencing_attribute, parent)?;
    if platform.settings().associate_raises_update {
        platform.send(Update::new(target).into())?;
    } else {
        values::check_not_cleared(&target)?;
        values::check_references(&mut target, platform)?;
        stamps::modified(&mut target, platform); // I-77
        platform.update(&target)?;
    }
    Ok(())
}

/// The record that holds the pair, if the two are linked.
fn find_pair(
    pairs: &ManyToMany,
    pair: &Record,
    platform: &mut dyn Platform,
) -> Result<Option<uuid::Uuid>, Error> {
    let mut query = Query::new(pairs.intersect_entity.clone()).top(1);
    for attribute in [&pairs.first.attribute, &pairs.second.attribute] {
        query = query.equal(attribute.clone(), pair.get(attribute).cloned());
    }
    Ok(find(platform, &query)?.first().and_then(Record::id))
}
