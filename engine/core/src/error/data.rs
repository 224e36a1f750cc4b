//! Rules of the data that a request can break.

use uuid::Uuid;

use super::ErrorCode;
use crate::metadata::LogicalName;
use crate::record::EntityReference;

/// A rule of the data that a request breaks. Variants are facts.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The message needs an identity, or an alternate key.
    #[error("Entity Id must be specified for {message}")]
    IdMissing {
        /// The message.
        message: &'static str,
    },
    /// A record that comes along with an Update, or stands in a bulk update, has no identity (I-87, M-46).
    #[error("Entity Id must be specified for Operation")]
    OperationIdMissing,
    /// A parameter is missing.
    #[error("{message} needs the parameter `{parameter}`")]
    ParameterMissing {
        /// The message.
        message: String,
        /// The parameter.
        parameter: String,
    },
    /// A parameter has a wrong type or value.
    #[error("{message}: the parameter `{parameter}` {problem}")]
    ParameterInvalid {
        /// The message.
        message: String,
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody registered such a message.
    #[error("there is no message `{message}`{}", crate::metadata::DidYouMean(.suggestion))]
    UnknownMessage {
        /// The name that was given.
        message: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// The entity does not support the message. The text is Dataverse's (M-77), with its reason behind.
    #[error(
        "The method being invoked does not support provided entity type. (`{entity}` and {message}: {reason})"
    )]
    UnsupportedMessage {
        /// The message.
        message: &'static str,
        /// The entity.
        entity: LogicalName,
        /// Why not.
        reason: &'static str,
    },
    /// The caller may not do this.
    #[error("the user {user} lacks the privilege {privilege}")]
    PrivilegeDenied {
        /// The caller.
        user: Uuid,
        /// The name of the privilege.
        privilege: &'static str,
    },
    /// A bulk message has no record.
    #[error("{message} needs at least one record in `Targets`")]
    NoTargets {
        /// The message.
        message: &'static str,
    },
    /// A bulk message has records of several entities.
    #[error("all `Targets` of {message} are of one entity: `{other}` stands beside `{entity}`")]
    MixedTargets {
        /// The message.
        message: &'static str,
        /// The entity of the first record.
        entity: LogicalName,
        /// The entity of another one.
        other: LogicalName,
    },
    /// A message that no entity has.
    #[error("{message} has not yet been implemented.")]
    NotImplemented {
        /// The message.
        message: &'static str,
    },
    /// The status reason does not belong to the state.
    #[error("{status} is not a valid status code for state code {state} of `{entity}`")]
    StatusMismatch {
        /// The entity.
        entity: LogicalName,
        /// The state.
        state: i32,
        /// The status reason.
        status: i32,
    },
    /// The entity has no such state.
    #[error("`{entity}` has no state {state}")]
    InvalidState {
        /// The entity.
        entity: LogicalName,
        /// The state.
        state: i32,
    },
    /// The entity allows no such step.
    #[error("`{entity}` cannot go from status reason {from} to {to}")]
    TransitionNotAllowed {
        /// The entity.
        entity: LogicalName,
        /// The current status reason.
        from: i32,
        /// The wanted one.
        to: i32,
    },
    /// The entity keeps its inactive records as they are (C-75).
    #[error("{record} cannot be updated because it is inactive: change its state first")]
    Inactive {
        /// The record.
        record: EntityReference,
    },
    /// The owner is no user or team.
    #[error("`{owner}` cannot own records: an owner is a user or a team that exists")]
    InvalidOwner {
        /// The owner.
        owner: EntityReference,
    },
    /// A record would be its own ancestor.
    #[error("`{attribute}` would make {record} its own ancestor")]
    Cycle {
        /// The record.
        record: EntityReference,
        /// The lookup.
        attribute: LogicalName,
    },
    /// It is a job that is not completed (E-35). The text is Dataverse's.
    #[error("Cannot delete async operation unless it is in Completed state.")]
    JobNotCompleted,
    /// Others refer to the record.
    #[error(
        "{record} cannot be deleted: records of `{child}` refer to it (relationship `{relationship}`)"
    )]
    Restricted {
        /// The record.
        record: EntityReference,
        /// The entity of those that refer to it.
        child: LogicalName,
        /// The relationship over which they do.
        relationship: String,
    },
    /// A child must have its parent.
    #[error("`{child}.{attribute}` must have a value, so that {record} cannot be taken out of it")]
    LinkRequired {
        /// The record.
        record: EntityReference,
        /// The entity of the children.
        child: LogicalName,
        /// Their lookup.
        attribute: LogicalName,
    },
    /// A record stands at no end of the relationship.
    #[error("`{relationship}` links `{first}` and `{second}`, and got {record}")]
    WrongEnd {
        /// The relationship.
        relationship: String,
        /// One end.
        first: LogicalName,
        /// The other end.
        second: LogicalName,
        /// The record, or the entity of one that has no identity yet.
        record: String,
    },
    /// A many-to-one association takes one related record.
    #[error("Only one related entity is supported for Many to One relationship association.")]
    TooManyRelated,
    /// The two records are not linked.
    #[error("{first} and {second} are not linked by `{relationship}`")]
    NotLinked {
        /// The relationship.
        relationship: String,
        /// One record.
        first: EntityReference,
        /// The other.
        second: EntityReference,
    },
    /// The attributes form no alternate key.
    #[error("`{entity}` has no alternate key of {attributes}")]
    KeyNotDefined {
        /// The entity.
        entity: LogicalName,
        /// The attributes.
        attributes: String,
    },
    /// No record has that key.
    #[error("no `{entity}` has the key {key}")]
    KeyNotFound {
        /// The entity.
        entity: LogicalName,
        /// The key's attributes and values.
        key: String,
    },
    /// The record was changed in between.
    #[error(
        "{record} was changed in between: it has version {current}, and the caller knows {known}"
    )]
    VersionMismatch {
        /// The record.
        record: EntityReference,
        /// Its version.
        current: u64,
        /// The version that the caller knows.
        known: u64,
    },
    /// The caller did not say which version it knows.
    #[error("{record}: the row version must be sent to demand that it matches")]
    VersionMissing {
        /// The record.
        record: EntityReference,
    },
    /// The entity has no optimistic concurrency.
    #[error("`{entity}` has no optimistic concurrency")]
    ConcurrencyNotEnabled {
        /// The entity.
        entity: LogicalName,
    },
}

impl DataError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::IdMissing { .. } => ErrorCode::IdMissing,
            Self::OperationIdMissing => ErrorCode::OperationIdMissing,
            Self::ParameterMissing { .. } => ErrorCode::ParameterMissing,
            Self::ParameterInvalid { .. } => ErrorCode::ParameterInvalid,
            Self::UnknownMessage { .. } => ErrorCode::UnknownMessage,
            Self::UnsupportedMessage { .. } => ErrorCode::UnsupportedMessage,
            Self::PrivilegeDenied { .. } => ErrorCode::PrivilegeDenied,
            Self::NoTargets { .. } => ErrorCode::NoTargets,
            Self::MixedTargets { .. } => ErrorCode::MixedTargets,
            Self::NotImplemented { .. } => ErrorCode::NotImplemented,
            Self::StatusMismatch { .. } => ErrorCode::StatusMismatch,
            Self::InvalidState { .. } => ErrorCode::InvalidState,
            Self::TransitionNotAllowed { .. } => ErrorCode::TransitionNotAllowed,
            Self::Inactive { .. } => ErrorCode::Inactive,
            Self::InvalidOwner { .. } => ErrorCode::InvalidOwner,
            Self::Cycle { .. } => ErrorCode::Cycle,
            Self::JobNotCompleted => ErrorCode::JobNotCompleted,
            Self::Restricted { .. } => ErrorCode::Restricted,
            Self::LinkRequired { .. } => ErrorCode::LinkRequired,
            Self::WrongEnd { .. } => ErrorCode::WrongEnd,
            Self::TooManyRelated => ErrorCode::TooManyRelated,
            Self::NotLinked { .. } => ErrorCode::NotLinked,
            Self::KeyNotDefined { .. } => ErrorCode::KeyNotDefined,
            Self::KeyNotFound { .. } => ErrorCode::KeyNotFound,
            Self::VersionMismatch { .. } => ErrorCode::VersionMismatch,
            Self::VersionMissing { .. } => ErrorCode::VersionMissing,
            Self::ConcurrencyNotEnabled { .. } => ErrorCode::ConcurrencyNotEnabled,
        }
    }
}
