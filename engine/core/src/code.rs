//! The codes of every error that leaves the engine: ours for programs, Dataverse's number beside it.
//!
//! Dataverse's numbers stand in [`platform`], those that nobody raises included.

pub mod platform;

use std::fmt;

/// Declares the one table of codes.
macro_rules! codes {
    ($($(#[$meta:meta])* $Code:ident = $name:literal, $number:expr;)*) => {
        /// A stable code: programs, rules and runs match on it. It is never reused for another meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode { $($(#[$meta])* $Code,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$Code,)*];

            /// The code as programs, rules and runs spell it: `layer.what-is-wrong`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Code => $name,)* }
            }

            /// The number by which Dataverse knows the error (spec §4.5); ours alone have its nearest.
            pub const fn number(self) -> u32 {
                match self { $(Self::$Code => $number,)* }
            }
        }
    };
}

codes! {
    /// The catalog has no such entity (C-9).
    UnknownEntity = "metadata.unknown-entity", platform::NO_ENTITY;
    /// The entity has no such attribute (C-8).
    UnknownAttribute = "metadata.unknown-attribute", platform::NO_ATTRIBUTE;
    /// The catalog has no such relationship (I-79).
    UnknownRelationship = "metadata.unknown-relationship", platform::NO_RELATIONSHIP;

    /// A value has another type than its attribute (C-19).
    WrongType = "value.wrong-type", platform::INCORRECT_ATTRIBUTE_VALUE_TYPE;
    /// A text has more characters than its attribute allows (C-28).
    TooLong = "value.too-long", platform::STRING_LENGTH_TOO_LONG;
    /// A whole number is outside the range of its attribute (C-29).
    NumberOutOfRange = "value.number-out-of-range", platform::INTEGER_VALUE_OUT_OF_RANGE;
    /// A decimal, double or amount is outside the range of its attribute (C-29).
    DecimalOutOfRange = "value.decimal-out-of-range", platform::DECIMAL_VALUE_OUT_OF_RANGE;
    /// No option has that number (C-30).
    UnknownOption = "value.unknown-option", platform::PICKLIST_VALUE_OUT_OF_RANGE;
    /// A date lies before 1753 or after 9999, or is no date (C-35).
    InvalidDate = "value.invalid-date", platform::INVALID_DATE_TIME;
    /// A lookup cannot point at records of that entity (C-89).
    WrongTarget = "value.wrong-target", platform::INVALID_ARGUMENT;
    /// A customer is neither an account nor a contact (C-89).
    InvalidCustomer = "value.invalid-customer", platform::INVALID_CUSTOMER;
    /// An attribute that must have a value is set to null (C-26).
    RequiredNull = "value.required-null", platform::INVALID_ARGUMENT;
    /// A new record lacks an attribute that must have a value (C-27).
    RequiredMissing = "value.required-missing", platform::REQUIRED_FIELD_MISSING;

    /// The message needs an identity and got none (E-63).
    IdMissing = "message.id-missing", platform::INVALID_ARGUMENT;
    /// A record that comes along with an Update, or stands in a bulk update, has no identity (I-87, M-46).
    OperationIdMissing = "message.operation-id-missing", platform::OBJECT_DOES_NOT_EXIST;
    /// A parameter is missing (M-69).
    ParameterMissing = "message.parameter-missing", platform::REQUIRED_FIELD_MISSING;
    /// A parameter has a wrong type or value.
    ParameterInvalid = "message.parameter-invalid", platform::INVALID_ARGUMENT;
    /// Nobody registered such a message.
    UnknownMessage = "message.unknown", platform::INVALID_ARGUMENT;
    /// The entity does not support the message (M-77).
    UnsupportedMessage = "message.unsupported", platform::ENTITY_DOES_NOT_SUPPORT_MESSAGE;
    /// A bulk message has no record (M-46).
    NoTargets = "message.no-targets", platform::UNEXPECTED;
    /// A bulk message has records of several entities (M-45, M-46).
    MixedTargets = "message.mixed-targets", platform::INVALID_ARGUMENT;
    /// No entity has the message (M-50).
    NotImplemented = "message.not-implemented", platform::ENTITY_DOES_NOT_SUPPORT_MESSAGE;
    /// A query asks for something impossible.
    InvalidQuery = "message.invalid-query", platform::INVALID_ARGUMENT;
    /// An aggregate of too many records.
    AggregateLimit = "message.aggregate-limit", platform::AGGREGATE_QUERY_RECORD_LIMIT;

    /// The caller lacks the privilege (L-25).
    PrivilegeDenied = "privilege.denied", platform::PRIVILEGE_DENIED;

    /// The status reason does not belong to the state (C-71).
    StatusMismatch = "state.status-mismatch", platform::INVALID_STATE_CODE_STATUS_CODE;
    /// The entity has no such state.
    InvalidState = "state.invalid", platform::INVALID_STATE;
    /// The entity allows no such step from its current status reason (C-72).
    TransitionNotAllowed = "state.transition-not-allowed", platform::INVALID_STATE_CODE_STATUS_CODE;
    /// The entity keeps its inactive records as they are (C-75).
    Inactive = "state.inactive", platform::CANNOT_UPDATE_INACTIVE;
    /// The owner is missing or no user or team (C-59).
    InvalidOwner = "owner.invalid", platform::INVALID_OWNER_ID;
    /// A record would be its own ancestor (C-97).
    Cycle = "relationship.cycle", platform::ENTITY_LOOP_EXISTS;
    /// A record cannot be deleted while others refer to it (C-133).
    Restricted = "relationship.restricted", platform::CANNOT_DELETE_DUE_TO_ASSOCIATION;
    /// A child must have its parent, so that the link cannot be removed.
    LinkRequired = "relationship.link-required", platform::REMOVE_LINK_ON_NON_NULLABLE;
    /// The records do not stand at the ends of the relationship.
    WrongEnd = "relationship.wrong-end", platform::NO_RELATIONSHIP;
    /// A many-to-one association takes one related record (I-72).
    TooManyRelated = "relationship.too-many-related", platform::INVALID_ARGUMENT;
    /// The two records are not linked (I-71).
    NotLinked = "relationship.not-linked", platform::OBJECT_DOES_NOT_EXIST;

    /// The attributes form no alternate key of the entity (C-106).
    KeyNotDefined = "key.not-defined", platform::ENTITY_KEY_NOT_DEFINED;
    /// No record has that key (C-107).
    KeyNotFound = "key.not-found", platform::KEY_NOT_FOUND;
    /// Another record has that key (C-108).
    KeyViolated = "key.violated", platform::DUPLICATE_RECORD_ENTITY_KEY;
    /// The record was changed in between (C-117).
    VersionMismatch = "concurrency.version-mismatch", platform::CONCURRENCY_VERSION_MISMATCH;
    /// The caller did not say which version it knows (C-117).
    VersionMissing = "concurrency.version-missing", platform::CONCURRENCY_VERSION_NOT_PROVIDED;
    /// The entity has no optimistic concurrency (C-117).
    ConcurrencyNotEnabled = "concurrency.not-enabled", platform::OPTIMISTIC_CONCURRENCY_NOT_ENABLED;

    /// There is no such record (C-10, C-11, C-88).
    NotFound = "store.not-found", platform::OBJECT_DOES_NOT_EXIST;
    /// A record of that identity exists (C-3).
    Duplicate = "store.duplicate", platform::DUPLICATE_RECORD;
    /// A catalog does not fit the records that are stored.
    Incompatible = "store.incompatible", platform::INVALID_ARGUMENT;
    /// The message met others on the same records again and again.
    Conflict = "store.conflict", platform::GENERIC_SQL_ERROR;
    /// The database failed.
    Backend = "store.backend", platform::GENERIC_SQL_ERROR;

    /// A job that is done cannot be canceled (L-7).
    JobNotCancelable = "job.not-cancelable", platform::JOB_TO_COMPLETE;
    /// A job that does not wait cannot be resumed (L-7).
    JobNotResumable = "job.not-resumable", platform::JOB_TO_READY;
    /// A job that does not run cannot be paused (L-7).
    JobNotPausable = "job.not-pausable", platform::JOB_TO_SUSPENDED;
    /// A job that neither is ready nor runs cannot be postponed (L-7).
    JobNotPostponable = "job.not-postponable", platform::JOB_TRANSITION;
    /// A job that is not done cannot be deleted (E-35).
    JobNotCompleted = "job.not-completed", platform::JOB_NOT_COMPLETED;

    /// A step said no (E-3).
    StepRejected = "step.rejected", platform::ISV_ABORTED;
    /// A step broke (E-4).
    StepFailed = "step.failed", platform::ISV_UNEXPECTED;
    /// A step went beyond what it may use of time, memory or work (E-37).
    StepLimit = "step.limit", platform::ISV_UNEXPECTED;
    /// Steps woke each other too deeply (P-77).
    TooDeep = "operation.too-deep", platform::DEPTH_TOO_HIGH;
    /// A nested message failed before, so nothing can be saved (E-12).
    Doomed = "operation.doomed", platform::NO_ACTIVE_TRANSACTION;
    /// The message took longer than it may (E-37).
    Timeout = "operation.timeout", platform::SQL_TIMEOUT;
    /// A service was used after its message was over.
    Over = "operation.over", platform::NO_ACTIVE_TRANSACTION;
    /// The engine takes no more messages.
    Closed = "engine.closed", platform::UNEXPECTED;
    /// The engine broke a promise to itself.
    Bug = "engine.bug", platform::UNEXPECTED;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
