//! Update: some attributes of a record change.

use std::sync::Arc;

use super::platform::{Platform, existing, find};
use super::{Create, Related, Response, keys, ownership, related, stamps, state, values};
use crate::error::{DataError, Error};
use crate::metadata::{AttributeSet, Cascade, OneToMany, Ordinal};
use crate::record::{EntityReference, Query, Record, Value};

/// The most ancestors that a hierarchy can have before the engine takes it for a circle.
const ANCESTOR_LIMIT: usize = 1_000;

/// Input parameters of *update*.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The record, with the attributes that change: absent ones stay, null ones are cleared (C-5, C-12).
    pub target: Record,
    /// Whether the record must have the version that the target carries.
    pub concurrency: ConcurrencyBehavior,
    /// The records that are updated with it, after it (I-85). Each has an identity (I-87).
    pub related: Vec<Related>,
}

/// What to do where somebody else changed the record in between (M-10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConcurrencyBehavior {
    /// Do not ask.
    #[default]
    Default,
    /// Refuse unless the row version matches (C-116).
    IfRowVersionMatches,
    /// Write in any case.
    AlwaysOverwrite,
}

impl Update {
    /// An update that does not ask for the row version.
    pub fn new(target: Record) -> Self {
        Self { target, concurrency: ConcurrencyBehavior::Default, related: Vec::new() }
    }

    /// The update with more records, over the relationship of that schema name: each is updated, and
    /// linked with the record (I-85).
    #[must_use]
    pub fn with_related<R: Into<Create>>(
        mut self,
        relationship: impl Into<String>,
        records: impl IntoIterator<Item = R>,
    ) -> Self {
        self.related.push(Related::new(relationship, records));
        self
    }

    pub(super) fn accept(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        keys::resolve(&mut self.target, "Update", platform)?;
        self.target.drop_those(|it| &it.not_for_update);
        self.accept_related(platform)
    }

    fn accept_related(&mut self, platform: &dyn Platform) -> Result<(), Error> {
        related::accept(&mut self.related, self.target.entity(), "Update", platform)?;
        related::check_identities(&self.related)
    }

    /// Takes out what an update changes apart, where it is mixed with other attributes (M-19, M-20).
    pub(crate) fn split(&mut self) -> Option<Self> {
        let apart = &self.target.metadata().system().apart;
        let is_mixed = |sent: &AttributeSet| {
            sent.intersects(apart) && !sent.iter().all(|it| apart.contains(it))
        };
        if !is_mixed(self.target.present()) {
            return None;
        }
        let second = Self::new(self.target.only(apart)); // The first has asked for the row version.
        self.target.drop_those(|it| &it.apart);
        Some(second)
    }

    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        let target = self.target.reference().ok_or(DataError::IdMissing { message: "Update" })?;
        let current = existing(platform, &target)?;
        check_version(&current, (self.concurrency, self.target.version()))?;
        check_active(&self.target, &current)?;
        self.accept_related(platform)?; // Steps may have changed them.
        related::point(&self.related, &mut self.target, platform)?;
        values::check(&mut self.target, Some(&current), platform)?;
        values::check_not_cleared(&self.target)?;
        values::check_references(&mut self.target, platform)?;
        state::follow(&mut self.target, &current)?;
        check_ancestors(&self.target, platform)?;
        let new_owner = self.new_owner(&current);
        if new_owner.is_some() {
            ownership::derive(&mut self.target, platform)?;
        }
        stamps::modified(&mut self.target, platform);
        platform.update(&self.target)?;
        if let Some(owner) = new_owner {
            cascade_owner(&current, &owner, platform)?;
        }
        related::update_all(&self.related, &target, platform)?;
        Ok(Response::Done)
    }

    /// The owner, where the update gives the record another one (C-64).
    fn new_owner(&self, current: &Record) -> Option<EntityReference> {
        let place = current.metadata().system().owner?;
        let owner = self.target.at(place)?.as_lookup()?;
        (current.at(place)?.as_lookup() != Some(owner)).then(|| owner.clone())
    }
}

/// Refuses where the record has another version than the caller knows (C-116, C-117).
pub(super) fn check_version(
    current: &Record,
    (behavior, known): (ConcurrencyBehavior, Option<u64>),
) -> Result<(), Error> {
    if behavior != ConcurrencyBehavior::IfRowVersionMatches {
        return Ok(());
    }
    let entity = current.metadata();
    let record =
        || EntityReference::new(current.entity().clone(), current.id().unwrap_or_default());
    if !entity.definition().is_optimistic_concurrency_enabled {
        let entity = current.entity().clone();
        return Err(DataError::ConcurrencyNotEnabled { entity }.into());
    }
    let Some(known) = known else {
        return Err(DataError::VersionMissing { record: record() }.into());
    };
    let current = current.version().unwrap_or(0);
    if current == known {
        return Ok(());
    }
    Err(DataError::VersionMismatch { record: record(), current, known }.into())
}

/// An inactive record of an entity that keeps it as it is changes its state, and nothing else (C-75).
fn check_active(change: &Record, current: &Record) -> Result<(), Error> {
    let (entity, system) = (current.metadata(), current.metadata().system());
    let state = system.state.and_then(|it| current.at(it)).and_then(Value::as_choice);
    if !entity.definition().is_read_only_when_inactive || matches!(state, None | Some(0)) {
        return Ok(());
    }
    let is_state = |it: Ordinal| [system.state, system.status].contains(&Some(it));
    let mut changed = change.present().iter().filter(|it| !entity.is_stamp(*it));
    match (changed.find(|it| !is_state(*it)), current.reference()) {
        (Some(_), Some(record)) => Err(DataError::Inactive { record }.into()),
        _ => Ok(()),
    }
}

/// A record must not become its own ancestor over a hierarchical or parental lookup (R-6, C-97).
fn check_ancestors(change: &Record, platform: &mut dyn Platform) -> Result<(), Error> {
    let Some(record) = change.reference() else { return Ok(()) };
    let own = |it: &&OneToMany| {
        it.referencing_entity == record.entity
            && (it.is_hierarchical || it.is_parental())
            && change.has(&it.referencing_attribute)
    };
    let lookups: Vec<_> = platform
        .catalog()
        .children_of(&record.entity)
        .filter(own)
        .map(|it| it.referencing_attribute.clone())
        .collect();
    for attribute in lookups {
        let mut ancestor = change.get(&attribute).and_then(Value::as_lookup).cloned();
        for _ in 0..ANCESTOR_LIMIT {
            let Some(reference) = ancestor.filter(|it| it.entity == record.entity) else { break };
            if reference == record {
                return Err(DataError::Cycle { record, attribute }.into());
            }
            let entity = Arc::clone(change.metadata());
            let found = platform.retrieve(&entity, reference.id)?;
            ancestor = found.and_then(|it| it.get(&attribute)?.as_lookup().cloned());
        }
    }
    Ok(())
}

/// Gives the children the new owner, as the relationships say. Each has its own pipeline.
fn cascade_owner(
    parent: &Record,
    owner: &EntityReference,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let Some(parent_reference) = parent.reference() else { return Ok(()) };
    let relationships: Vec<OneToMany> = platform
        .catalog()
        .children_of(parent.entity())
        .filter(|it| it.cascades.assign != Cascade::NoCascade)
        .cloned()
        .collect();
    let old_owner = parent.metadata().system().owner.and_then(|it| parent.at(it)).cloned();
    for relationship in relationships {
        let child = Arc::clone(platform.catalog().entity(&relationship.referencing_entity)?);
        let system = child.system();
        let Some(place) = system.owner else { continue };
        let mut query = Query::new(child.logical_name().clone())
            .equal(relationship.referencing_attribute.clone(), &parent_reference);
        if relationship.cascades.assign == Cascade::UserOwned
            && let Some(old) = old_owner.clone()
        {
            query = query.equal(child.name(place), old);
        }
        if relationship.cascades.assign == Cascade::Active
            && let Some(state) = system.state
        {
            query = query.equal(child.name(state), Value::Choice(0));
        }
        for record in find(platform, &query)? {
            let Some(id) = record.id() else { continue };
            // What counts is its owner when its turn comes: steps on its brothers may have deleted it, given
            // it that owner, or taken that owner from it.
            let current = platform.retrieve(&child, id)?;
            let owner_now = current.as_ref().map(|it| it.at(place).and_then(Value::as_lookup));
            if owner_now.is_none_or(|it| it == Some(owner)) {
                continue;
            }
            let mut target = Record::of(&child, id);
            target.put(place, owner.into());
            platform.send(Update::new(target).into())?;
        }
    }
    Ok(())
}
