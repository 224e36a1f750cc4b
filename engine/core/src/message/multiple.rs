//! Bulk messages: one message for many records of one entity (M-40 to M-61).
//!
//! Each record runs through the stages of its single message beside those of the bulk message: nothing of
//! Create or Update is said here again.

use super::platform::Platform;
use super::{Create, Request, Response, Update, Upserted};
use crate::error::{DataError, Error};
use crate::metadata::LogicalName;
use crate::record::{EntityReference, Record};

/// Input parameters of *create multiple*: the records come into being, or none of them (M-47).
#[derive(Debug, Clone, PartialEq)]
pub struct CreateMultiple {
    /// The records, all of one entity (M-45).
    pub targets: Vec<Record>,
}

/// Input parameters of *update multiple*: the records change, or none of them (M-47).
///
/// No row version is asked for (M-51). A record that stands there twice changes twice, in the order given (M-52).
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateMultiple {
    /// The records with the attributes that change, all of one entity (M-45).
    pub targets: Vec<Record>,
}

/// Input parameters of *upsert multiple*: each record is updated, or created where there is none, or nothing
/// is done. It is no event: it ends in *create multiple* and *update multiple* (M-30).
#[derive(Debug, Clone, PartialEq)]
pub struct UpsertMultiple {
    /// The records, all of one entity (M-45), each meant by its identity or an alternate key.
    pub targets: Vec<Record>,
}

/// Input parameters of *delete multiple*, which tables of this kind do not have (M-50).
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteMultiple {
    /// The records.
    pub targets: Vec<EntityReference>,
}

/// Refuses what is no bulk: no records, or records of several entities (M-45, M-46).
pub(super) fn check(targets: &[Record], message: &'static str) -> Result<(), Error> {
    let Some(first) = targets.first() else {
        return Err(DataError::NoTargets { message }.into());
    };
    let entity = first.entity();
    match targets.iter().find(|it| it.entity() != entity) {
        None => Ok(()),
        Some(other) => {
            let (entity, other) = (entity.clone(), other.entity().clone());
            Err(DataError::MixedTargets { message, entity, other }.into())
        }
    }
}

/// Refuses an update of records of which one is meant neither by an identity nor by a key (M-46).
pub(super) fn check_identities(targets: &[Record]) -> Result<(), Error> {
    let is_meant = |it: &Record| {
        let among_attributes = it.metadata().system().primary_id.and_then(|place| it.at(place));
        it.id().is_some() || among_attributes.is_some() || it.key().next().is_some()
    };
    if targets.iter().all(is_meant) { Ok(()) } else { Err(DataError::OperationIdMissing.into()) }
}

/// The entity of the records; `none` where there are none.
pub(super) fn entity_of(targets: &[Record]) -> Option<&LogicalName> {
    targets.first().map(Record::entity)
}

impl DeleteMultiple {
    /// What Dataverse says, too (M-50).
    pub(super) fn accept() -> Result<(), Error> {
        Err(DataError::NotImplemented { message: "DeleteMultiple" }.into())
    }
}

impl UpsertMultiple {
    /// What it comes to: for each record an update or a create.
    pub(crate) fn resolve(self, platform: &mut dyn Platform) -> Result<Vec<Request>, Error> {
        check(&self.targets, "UpsertMultiple")?;
        self.targets.into_iter().map(|target| super::Upsert { target }.resolve(platform)).collect()
    }

    /// The answers to what it came to, in the order of its records.
    pub(crate) fn answer(
        resolved: &[Request],
        created: impl IntoIterator<Item = EntityReference>,
    ) -> Response {
        let mut created = created.into_iter();
        let upserted = |it: &Request| {
            let is_created = matches!(it, Request::Create(_));
            let target = if is_created { created.next()? } else { it.target()?.reference()? };
            Some(Upserted { target, is_created })
        };
        Response::UpsertedMultiple(resolved.iter().filter_map(upserted).collect())
    }
}

/// The messages of the single records.
pub(crate) fn singles(request: &Request) -> Vec<Request> {
    let is_new = matches!(request, Request::CreateMultiple(_));
    let single = |it: &Record| {
        if is_new { Create::new(it.clone()).into() } else { Update::new(it.clone()).into() }
    };
    request.targets().iter().map(single).collect()
}

/// The bulk message of a single one (M-41); `None` for those that have none.
pub(crate) fn bulk_of(single: &Request) -> Option<Request> {
    if let Request::Create(it) = single {
        return Some(CreateMultiple { targets: vec![it.target.clone()] }.into());
    }
    if let Request::Update(it) = single {
        return Some(UpdateMultiple { targets: vec![it.target.clone()] }.into());
    }
    None
}
