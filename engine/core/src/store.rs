//! The port to storage: what the engine asks of a database, and nothing more.
//!
//! A store reads, inserts, updates, deletes and queries records. Links of many-to-many relationships
//! are records of their intersect entity, so there is no verb for them.
//!
//! Invariants that every store keeps, and the conformance suite checks:
//!
//! - A transaction sees its own writes; others see them after the commit, all at once or not at all.
//! - Two transactions never lose an update: the later of two that met answers [`StoreError::Conflict`]
//!   to the engine, which carries its message out again.
//! - A stored record holds no null, and its version grows with every write. Its identity and its version
//!   stand among its attributes too, where the entity has attributes for them.
//! - Alternate keys are unique among the records that have a value in all their attributes (C-110).

mod memory;

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

pub use self::memory::Memory;
use crate::code::ErrorCode;
use crate::metadata::{Catalog, EntityMetadata, LogicalName};
use crate::record::{AggregateError, EntityReference, Page, QueryPlan, Record};

/// A database that can be read and can open transactions.
pub trait Store: Send + Sync + fmt::Debug {
    /// Learns the catalog: before the first message, and before each reload that changes it. An error
    /// refuses the catalog and leaves the store as it was: no value that is stored is ever lost to a catalog. The
    /// records of an entity that leaves it are kept, and found again when it comes back.
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError>;

    /// What is committed now, to be read outside any transaction.
    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError>;

    /// Opens a transaction. Dropping it without a commit rolls it back.
    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// Opens a transaction for a message that met others, and is carried out again. A store in which
    /// writers can take turns gives it the turn at once, so that it meets nobody a second time.
    fn begin_again(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.begin()
    }

    /// Whether writers take turns: a transaction that has written meets nobody any more, and takes
    /// [marks](Transaction::mark). Then jobs share transactions, and have their effects exactly once.
    fn takes_turns(&self) -> bool {
        false
    }
}

/// Reads records.
pub trait Reader: Send {
    /// The record, or `None` where there is none.
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError>;

    /// Whether there is such a record.
    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError>;

    /// The records that match, in the order of the plan.
    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError>;
}

/// Everything that one outermost message reads and writes.
///
/// A transaction owns its connection, so it needs no lifetime and can cross into scripts.
pub trait Transaction: Reader {
    /// Writes a new record, which has an identity. Answers its version.
    fn insert(&mut self, record: &Record) -> Result<u64, StoreError>;

    /// Lays `change` over the stored record; a null clears its attribute. Answers the new version.
    fn update(&mut self, change: &Record) -> Result<u64, StoreError>;

    /// Removes the record.
    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError>;

    /// Sets a mark to which [`back_to_mark`](Self::back_to_mark) goes back. There is one at a time.
    fn mark(&mut self) -> Result<(), StoreError> {
        Err(StoreError::Backend("a store whose writers take no turns has no marks".into()))
    }

    /// Takes the mark away, and keeps what was written since.
    fn unmark(&mut self) -> Result<(), StoreError> {
        self.mark()
    }

    /// Undoes what was written since the mark, and takes it away.
    fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.mark()
    }

    /// Makes every change durable, or none.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such record. The text is Dataverse's, on which clients match (E-62).
    #[error("{} With Ids = {} Do Not Exist", .target.entity, .target.id)]
    NotFound {
        /// The record that was looked for.
        target: EntityReference,
    },
    /// There is a record of that identity, or the two are linked already. The text is Dataverse's (E-62).
    #[error("Cannot insert duplicate key.")]
    Duplicate,
    /// Another record has that alternate key.
    #[error("Entity Key {key} violated. another `{entity}` has the same values")]
    KeyViolated {
        /// The entity.
        entity: LogicalName,
        /// The key.
        key: LogicalName,
    },
    /// The catalog gives an attribute a type that its stored values do not have.
    #[error(
        "`{entity}.{attribute}` is stored as {stored} and cannot become {wanted}: give the new \
         attribute another name, or clear the old one first"
    )]
    Incompatible {
        /// The entity.
        entity: LogicalName,
        /// The attribute.
        attribute: LogicalName,
        /// The type that its values have.
        stored: &'static str,
        /// The type that the catalog gives it.
        wanted: &'static str,
    },
    /// The catalog has an attribute no longer that stored records have values in.
    #[error(
        "`{entity}.{attribute}` has left the catalog, and records have values in it: take it up again, \
         clear it in all of them, and then leave it out"
    )]
    Removed {
        /// The entity.
        entity: LogicalName,
        /// The attribute.
        attribute: LogicalName,
    },
    /// Another transaction changed what this one read. The engine carries the message out again.
    #[error("the message met others on the same records again and again, and gave up")]
    Conflict,
    /// What a query wants computed cannot be.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
    /// The database itself failed.
    #[error("the database failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Duplicate => ErrorCode::Duplicate,
            Self::KeyViolated { .. } => ErrorCode::KeyViolated,
            Self::Incompatible { .. } | Self::Removed { .. } => ErrorCode::Incompatible,
            Self::Conflict => ErrorCode::Conflict,
            Self::Aggregate(error) => error.code(),
            Self::Backend(_) => ErrorCode::Backend,
        }
    }
}
