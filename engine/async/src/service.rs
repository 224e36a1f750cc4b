//! The service: how tasks send messages.

use std::sync::Arc;

use rulegate::message::{
    Assign, Associate, Create, CreateMultiple, Custom, Delete, Disassociate, Link, Parameters,
    Retrieve, RetrieveMultiple, SetState, TypedRequest, Update, UpdateMultiple, Upsert,
    UpsertMultiple, Upserted,
};
use rulegate::record::{ColumnSet, Page};
use rulegate::{Catalog, EntityReference, Error, LogicalName, Query, Record, Request, Response};

/// Sends messages of tasks, as `IOrganizationServiceAsync` in Dataverse: what
/// [`AsyncEngine`](crate::AsyncEngine) and [`AsyncClient`](crate::AsyncClient) have in common.
///
/// Each method is the one of its name in [`OrganizationService`](rulegate::OrganizationService), on a
/// thread of the engine. Once the engine is closed, it answers [`Error::Closed`].
pub trait OrganizationServiceAsync: Send + Sync {
    /// Sends any message.
    fn execute(&self, request: Request) -> impl Future<Output = Result<Response, Error>> + Send;

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
    fn send<R: TypedRequest>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<R::Output, Error>> + Send {
        let response = self.execute(request.into());
        async move {
            R::Output::try_from(response.await?)
                .map_err(|_| Error::Bug("a message gave another's answer"))
        }
    }

    /// Creates a record.
    fn create(
        &self,
        target: Record,
    ) -> impl Future<Output = Result<EntityReference, Error>> + Send {
        self.send(Create::new(target))
    }

    /// Reads all attributes of a record.
    fn retrieve(
        &self,
        target: &EntityReference,
    ) -> impl Future<Output = Result<Record, Error>> + Send {
        self.send(Retrieve::all(target.clone()))
    }

    /// Reads some attributes of a record.
    fn retrieve_columns<N: Into<LogicalName>>(
        &self,
        target: &EntityReference,
        names: impl IntoIterator<Item = N>,
    ) -> impl Future<Output = Result<Record, Error>> + Send {
        let columns = ColumnSet::only(names);
        self.send(Retrieve { target: target.clone(), columns })
    }

    /// Searches records.
    fn retrieve_multiple(&self, query: Query) -> impl Future<Output = Result<Page, Error>> + Send {
        self.send(RetrieveMultiple { query })
    }

    /// Changes attributes of a record.
    fn update(&self, target: Record) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Update::new(target))
    }

    /// Updates a record, or creates it where there is none.
    fn upsert(&self, target: Record) -> impl Future<Output = Result<Upserted, Error>> + Send {
        self.send(Upsert { target })
    }

    /// Creates records of one entity, or none of them.
    fn create_multiple(
        &self,
        targets: Vec<Record>,
    ) -> impl Future<Output = Result<Vec<EntityReference>, Error>> + Send {
        self.send(CreateMultiple { targets })
    }

    /// Changes records of one entity, or none of them.
    fn update_multiple(
        &self,
        targets: Vec<Record>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(UpdateMultiple { targets })
    }

    /// Updates or creates records of one entity, or nothing is done.
    fn upsert_multiple(
        &self,
        targets: Vec<Record>,
    ) -> impl Future<Output = Result<Vec<Upserted>, Error>> + Send {
        self.send(UpsertMultiple { targets })
    }

    /// Deletes a record.
    fn delete(&self, target: &EntityReference) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Delete::new(target.clone()))
    }

    /// Links a record with others.
    fn associate(
        &self,
        target: &EntityReference,
        relationship: &str,
        related: impl IntoIterator<Item = EntityReference>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Associate { link: Link::new(target.clone(), relationship, related) })
    }

    /// Takes the links between a record and others away.
    fn disassociate(
        &self,
        target: &EntityReference,
        relationship: &str,
        related: impl IntoIterator<Item = EntityReference>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Disassociate { link: Link::new(target.clone(), relationship, related) })
    }

    /// Gives a record another owner.
    fn assign(
        &self,
        target: &EntityReference,
        assignee: &EntityReference,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Assign { target: target.clone(), assignee: assignee.clone() })
    }

    /// Gives a record another state, and the status reason or the default one.
    fn set_state(
        &self,
        target: &EntityReference,
        state: i32,
        status: Option<i32>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(SetState { target: target.clone(), state, status })
    }

    /// Sends a custom message.
    fn call(&self, message: Custom) -> impl Future<Output = Result<Parameters, Error>> + Send {
        self.send(message)
    }
}
