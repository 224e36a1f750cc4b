//! Related records: what comes along with the record of a Create or Update (I-82 to I-87).

use std::sync::Arc;

use super::associate::{self, Link, RelationshipRole};
use super::platform::Platform;
use super::{Associate, Create, Request, Response, Update, keys};
use crate::error::{DataError, Error};
use crate::metadata::{LogicalName, OneToMany, RelationshipMetadata};
use crate::record::{EntityReference, Record};

/// Records that come along with another, over one relationship: in either direction (I-82).
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// The schema name of the relationship.
    pub relationship: String,
    /// At which end the other record stands; needed only where both ends are one entity (I-57).
    pub role: Option<RelationshipRole>,
    /// The records, each with those that come along with it. An Update needs their identities (I-87).
    pub records: Vec<Create>,
}

/// How related records hang together with their record.
enum Way {
    /// The record has the lookup: it points at the one related record.
    Up(OneToMany),
    /// The related records have the lookup: they point at the record.
    Down(OneToMany),
    /// They are pairs.
    Across(RelationshipRole),
}

impl Related {
    /// Records over the relationship of that schema name.
    pub fn new<R: Into<Create>>(
        relationship: impl Into<String>,
        records: impl IntoIterator<Item = R>,
    ) -> Self {
        let records = records.into_iter().map(Into::into).collect();
        Self { relationship: relationship.into(), role: None, records }
    }

    /// Says at which end the record stands with which these come along.
    #[must_use]
    pub fn with_role(mut self, role: RelationshipRole) -> Self {
        self.role = Some(role);
        self
    }

    /// Spells the relationship as its author did, and sees that every record stands at an end of it.
    fn accept(
        &mut self,
        own: &LogicalName,
        message: &str,
        platform: &dyn Platform,
    ) -> Result<(), Error> {
        let relationship = Arc::clone(platform.catalog().relationship(&self.relationship)?);
        relationship.schema_name().clone_into(&mut self.relationship);
        let role = RelationshipRole::of(own, self.role, (&relationship, message))?;
        let (this_end, other_end) = role.ends(&relationship);
        if own != this_end {
            return Err(associate::wrong_end(&relationship, own));
        }
        for Create { target, .. } in &mut self.records {
            if target.entity() != other_end {
                return Err(associate::wrong_end(&relationship, target.entity()));
            }
            target.rebase(platform.catalog().entity(other_end)?)?;
            keys::adopt_identity(target);
        }
        let is_lookup = matches!(&*relationship, RelationshipMetadata::OneToMany(_));
        if is_lookup && role == RelationshipRole::Referencing && 1 < self.records.len() {
            return Err(DataError::TooManyRelated.into()); // I-72
        }
        Ok(())
    }

    fn way(&self, own: &LogicalName, platform: &dyn Platform) -> Result<Way, Error> {
        let relationship = platform.catalog().relationship(&self.relationship)?;
        let role = RelationshipRole::of(own, self.role, (relationship, ""))?;
        Ok(match (&**relationship, role) {
            (RelationshipMetadata::OneToMany(it), RelationshipRole::Referencing) => {
                Way::Up(it.clone())
            }
            (RelationshipMetadata::OneToMany(it), RelationshipRole::Referenced) => {
                Way::Down(it.clone())
            }
            (RelationshipMetadata::ManyToMany(_), role) => Way::Across(role),
        })
    }

    fn link(
        &self,
        target: &EntityReference,
        role: RelationshipRole,
        related: Vec<EntityReference>,
    ) -> Link {
        Link::new(target.clone(), self.relationship.clone(), related).with_role(role)
    }
}

/// Checks what comes along with a record: relationships, ends, and how many.
pub(super) fn accept(
    related: &mut [Related],
    own: &LogicalName,
    message: &str,
    platform: &dyn Platform,
) -> Result<(), Error> {
    related.iter_mut().try_for_each(|it| it.accept(own, message, platform))
}

/// What comes along with an Update is there already, so that it has an identity (I-87).
pub(super) fn check_identities(related: &[Related]) -> Result<(), Error> {
    let records = related.iter().flat_map(|it| &it.records);
    for record in records {
        identity(record)?;
    }
    Ok(())
}

/// Before a record is created: creates those to which its lookups then point (I-83).
pub(super) fn create_referenced(
    related: &[Related],
    target: &mut Record,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let own = target.entity().clone();
    for it in related {
        let Way::Up(relationship) = it.way(&own, platform)? else { continue };
        for record in &it.records {
            let created = create(record.clone(), platform)?;
            target.set(&relationship.referencing_attribute, created)?;
        }
    }
    Ok(())
}

/// Once a record is created: creates its children, and links it with its pairs (I-83, I-84).
pub(super) fn create_children(
    related: &[Related],
    parent: &EntityReference,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    for it in related {
        match it.way(&parent.entity, platform)? {
            Way::Up(_) => {} // Created before.
            Way::Down(relationship) => {
                for record in &it.records {
                    let mut child = record.clone();
                    child.target.set(&relationship.referencing_attribute, parent)?;
                    create(child, platform)?;
                }
            }
            Way::Across(role) => {
                let others = it.records.iter().map(|it| saved(it, platform));
                let others = others.collect::<Result<Vec<_>, Error>>()?;
                platform.send(Associate { link: it.link(parent, role, others) }.into())?;
            }
        }
    }
    Ok(())
}

/// Before a record is updated: points its lookups at the records that come along over them. They come
/// after what the record itself says, and so they win (I-86).
pub(super) fn point(
    related: &[Related],
    target: &mut Record,
    platform: &dyn Platform,
) -> Result<(), Error> {
    let own = target.entity().clone();
    for it in related {
        let Way::Up(relationship) = it.way(&own, platform)? else { continue };
        for record in &it.records {
            target.set(&relationship.referencing_attribute, identity(record)?)?;
        }
    }
    Ok(())
}

/// Once a record is updated: updates those that come along (I-85), so that they hang together with it.
pub(super) fn update_all(
    related: &[Related],
    parent: &EntityReference,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    for it in related {
        let way = it.way(&parent.entity, platform)?;
        for record in &it.records {
            let mut record = record.clone();
            if let Way::Down(relationship) = &way
                && !record.target.has(&relationship.referencing_attribute)
            {
                record.target.set(&relationship.referencing_attribute, parent)?;
            }
            platform.send(update_of(record))?;
        }
        if let Way::Across(role) = way {
            let others = it.records.iter().map(identity).collect::<Result<Vec<_>, Error>>()?;
            let mut link = it.link(parent, role, others);
            link.keep_unlinked(platform)?;
            if !link.related.is_empty() {
                platform.send(Associate { link }.into())?;
            }
        }
    }
    Ok(())
}

/// A record at the other end of a pair: created, unless it is there already.
fn saved(record: &Create, platform: &mut dyn Platform) -> Result<EntityReference, Error> {
    let there = match record.target.reference() {
        Some(it) => platform.exists(record.target.metadata(), it.id)?.then_some(it),
        None => None,
    };
    let Some(there) = there else { return create(record.clone(), platform) };
    if record.target.iter().next().is_some() || !record.related.is_empty() {
        platform.send(update_of(record.clone()))?;
    }
    Ok(there)
}

fn create(record: Create, platform: &mut dyn Platform) -> Result<EntityReference, Error> {
    if let Response::Created(created) = platform.send(record.into())? {
        Ok(created)
    } else {
        Err(Error::Bug("a Create gave another's answer"))
    }
}

fn update_of(record: Create) -> Request {
    Update { related: record.related, ..Update::new(record.target) }.into()
}

fn identity(record: &Create) -> Result<EntityReference, Error> {
    record.target.reference().ok_or_else(|| DataError::OperationIdMissing.into())
}
