//! The service: how hooks, and clients, send messages.

use std::sync::Arc;

use uuid::Uuid;

use super::operation::Call;
use super::run;
use crate::error::Error;
use crate::message::{
    Assign, Associate, Create, CreateMultiple, Custom, Delete, Disassociate, Link, Options,
    Parameters, Request, Response, Retrieve, RetrieveMultiple, SetState, TypedRequest, Update,
    UpdateMultiple, Upsert, UpsertMultiple, Upserted,
};
use crate::metadata::{Catalog, LogicalName};
use crate::record::{ColumnSet, EntityReference, Page, Query, Record};

/// Sends messages: what a client and a hook have in common, as `IOrganizationService` in Dataverse.
pub trait OrganizationService {
    /// Sends any message.
    fn execute(&self, request: Request) -> Result<Response, Error>;

    /// The catalog by which records are made.
    fn catalog(&self) -> Arc<Catalog>;

    /// A record of an entity, to be filled and sent.
    fn record(&self, entity: &str) -> Result<Record, Error> {
        Ok(Record::new(self.catalog().entity(entity)?))
    }

    /// A change of a record, to be filled and sent.
    fn change(&self, target: &EntityReference) -> Result<Record, Error> {
        Ok(Record::of(self.catalog().entity(&target.entity)?, target.id))
    }

    /// Sends a message and answers with its output parameters.
    fn send<R: TypedRequest>(&self, request: R) -> Result<R::Output, Error>
    where
        Self: Sized,
    {
        let response = self.execute(request.into())?;
        R::Output::try_from(response).map_err(|_| Error::Bug("a message gave another's answer"))
    }

    /// Creates a record.
    fn create(&self, target: Record) -> Result<EntityReference, Error>
    where
        Self: Sized,
    {
        self.send(Create::new(target))
    }

    /// Reads all attributes of a record.
    fn retrieve(&self, target: &EntityReference) -> Result<Record, Error>
    where
        Self: Sized,
    {
        self.send(Retrieve::all(target.clone()))
    }

    /// Reads some attributes of a record.
    fn retrieve_columns<N: Into<LogicalName>>(
        &self,
        target: &EntityReference,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Record, Error>
    where
        Self: Sized,
    {
        let columns = ColumnSet::only(names);
        self.send(Retrieve { target: target.clone(), columns })
    }

    /// Searches records.
    fn retrieve_multiple(&self, query: Query) -> Result<Page, Error>
    where
        Self: Sized,
    {
        self.send(RetrieveMultiple { query })
    }

    /// Changes attributes of a record.
    fn update(&self, target: Record) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(Update::new(target))
    }

    /// Updates a record, or creates it where there is none.
    fn upsert(&self, target: Record) -> Result<Upserted, Error>
    where
        Self: Sized,
    {
        self.send(Upsert { target })
    }

    /// Creates records of one entity, or none of them.
    fn create_multiple(&self, targets: Vec<Record>) -> Result<Vec<EntityReference>, Error>
    where
        Self: Sized,
    {
        self.send(CreateMultiple { targets })
    }

    /// Changes records of one entity, or none of them.
    fn update_multiple(&self, targets: Vec<Record>) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(UpdateMultiple { targets })
    }

    /// Updates or creates records of one entity, or nothing is done.
    fn upsert_multiple(&self, targets: Vec<Record>) -> Result<Vec<Upserted>, Error>
    where
        Self: Sized,
    {
        self.send(UpsertMultiple { targets })
    }

    /// Deletes a record.
    fn delete(&self, target: &EntityReference) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(Delete::new(target.clone()))
    }

    /// Links a record with others.
    fn associate(
        &self,
        target: &EntityReference,
        relationship: &str,
        related: impl IntoIterator<Item = EntityReference>,
    ) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(Associate { link: Link::new(target.clone(), relationship, related) })
    }

    /// Takes the links between a record and others away.
    fn disassociate(
        &self,
        target: &EntityReference,
        relationship: &str,
        related: impl IntoIterator<Item = EntityReference>,
    ) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(Disassociate { link: Link::new(target.clone(), relationship, related) })
    }

    /// Gives a record another owner.
    fn assign(&self, target: &EntityReference, assignee: &EntityReference) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(Assign { target: target.clone(), assignee: assignee.clone() })
    }

    /// Gives a record another state, and the status reason or the default one.
    fn set_state(
        &self,
        target: &EntityReference,
        state: i32,
        status: Option<i32>,
    ) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.send(SetState { target: target.clone(), state, status })
    }

    /// Sends a custom message.
    fn call(&self, message: Custom) -> Result<Parameters, Error>
    where
        Self: Sized,
    {
        self.send(message)
    }
}

/// Sends messages from within a message: in its transaction, and one deeper.
///
/// It owns what it needs, so that a script can hold it. Once the outermost message is over, it refuses
/// to send.
#[derive(Debug, Clone)]
pub struct Service {
    call: Call,
}

impl Service {
    pub(crate) fn new(call: Call) -> Self {
        Self { call }
    }

    /// The same in the name of another user.
    #[must_use]
    pub fn acting_as(&self, user: Uuid) -> Self {
        let caller = self.call.caller.acting_as(user);
        Self { call: Call { caller, ..self.call.clone() } }
    }

    /// The same, sending these options with each message (L-26).
    #[must_use]
    pub fn with_options(&self, options: Options) -> Self {
        Self { call: self.call.clone().with_options(Some(Arc::new(options))) }
    }
}

impl OrganizationService for Service {
    fn execute(&self, request: Request) -> Result<Response, Error> {
        run(self.call.clone(), request)
    }

    fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.call.operation.generation().catalog)
    }
}
