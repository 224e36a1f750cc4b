//! The codes of every error that leaves the engine: ours for programs, Dataverse's number beside it.

use std::fmt;

/// Declares the one table of codes.
macro_rules! codes {
    ($($(#[$meta:meta])* $Code:ident = $name:literal, $number:literal;)*) => {
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
    UnknownEntity = "metadata.unknown-entity", 0x8004_1102;
    /// The entity has no such attribute (C-8).
    UnknownAttribute = "metadata.unknown-attribute", 0x8004_1103;
    /// The catalog has no such relationship (I-79).
    UnknownRelationship = "metadata.unknown-relationship", 0x8004_0236;

    /// A value has another type than its attribute (C-19).
    WrongType = "value.wrong-type", 0x8004_4354;
    /// A text has more characters than its attribute allows (C-28).
    TooLong = "value.too-long", 0x8004_4331;
    /// A whole number is outside the range of its attribute (C-29).
    NumberOutOfRange = "value.number-out-of-range", 0x8004_432F;
    /// A decimal, double or amount is outside the range of its attribute (C-29).
    DecimalOutOfRange = "value.decimal-out-of-range", 0x8004_4330;
    /// No option has that number (C-30).
    UnknownOption = "value.unknown-option", 0x8004_431A;
    /// A date lies before 1753 or after 9999, or is no date (C-35).
    InvalidDate = "value.invalid-date", 0x8004_0239;
    /// A lookup cannot point at records of that entity (C-89).
    WrongTarget = "value.wrong-target", 0x8004_0203;
    /// A customer is neither an account nor a contact (C-89).
    InvalidCustomer = "value.invalid-customer", 0x8004_022D;
    /// An attribute that must have a value is set to null (C-26).
    RequiredNull = "value.required-null", 0x8004_0203;
    /// A new record lacks an attribute that must have a value (C-27).
    RequiredMissing = "value.required-missing", 0x8004_0200;

    /// The message needs an identity and got none (E-63).
    IdMissing = "message.id-missing", 0x8004_0203;
    /// A parameter is missing (M-69).
    ParameterMissing = "message.parameter-missing", 0x8004_0200;
    /// A parameter has a wrong type or value.
    ParameterInvalid = "message.parameter-invalid", 0x8004_0203;
    /// Nobody registered such a message.
    UnknownMessage = "message.unknown", 0x8004_0203;
    /// The entity does not support the message (M-77).
    UnsupportedMessage = "message.unsupported", 0x8004_0800;
    /// A query asks for something impossible.
    InvalidQuery = "message.invalid-query", 0x8004_0203;

    /// The caller lacks the privilege (L-25).
    PrivilegeDenied = "privilege.denied", 0x8004_0220;

    /// The status reason does not belong to the state (C-71).
    StatusMismatch = "state.status-mismatch", 0x8004_8408;
    /// The entity has no such state (0x80040233).
    InvalidState = "state.invalid", 0x8004_0233;
    /// The entity allows no such step from its current status reason (C-72).
    TransitionNotAllowed = "state.transition-not-allowed", 0x8004_8408;
    /// The owner is missing or no user or team (C-59).
    InvalidOwner = "owner.invalid", 0x8004_0229;
    /// A record would be its own ancestor (C-97).
    Cycle = "relationship.cycle", 0x8004_0386;
    /// A record cannot be deleted while others refer to it (C-133).
    Restricted = "relationship.restricted", 0x8004_0227;
    /// A child must have its parent, so that the link cannot be removed.
    LinkRequired = "relationship.link-required", 0x8004_8104;
    /// The records do not stand at the ends of the relationship.
    WrongEnd = "relationship.wrong-end", 0x8004_0236;
    /// A many-to-one association takes one related record (I-72).
    TooManyRelated = "relationship.too-many-related", 0x8004_0203;
    /// The two records are not linked (I-71).
    NotLinked = "relationship.not-linked", 0x8004_0217;

    /// The attributes form no alternate key of the entity (C-106).
    KeyNotDefined = "key.not-defined", 0x8006_0890;
    /// No record has that key (C-107).
    KeyNotFound = "key.not-found", 0x8006_0891;
    /// Another record has that key (C-108).
    KeyViolated = "key.violated", 0x8006_0892;
    /// The record was changed in between (C-117).
    VersionMismatch = "concurrency.version-mismatch", 0x8006_0882;
    /// The caller did not say which version it knows (C-117).
    VersionMissing = "concurrency.version-missing", 0x8006_0883;
    /// The entity has no optimistic concurrency (C-117).
    ConcurrencyNotEnabled = "concurrency.not-enabled", 0x8006_088D;

    /// There is no such record (C-10, C-11, C-88).
    NotFound = "store.not-found", 0x8004_0217;
    /// A record of that identity exists (C-3).
    Duplicate = "store.duplicate", 0x8004_0237;
    /// A catalog does not fit the records that are stored.
    Incompatible = "store.incompatible", 0x8004_0203;
    /// The message met others on the same records again and again.
    Conflict = "store.conflict", 0x8004_4150;
    /// The database failed.
    Backend = "store.backend", 0x8004_4150;

    /// A job that is done cannot be canceled (L-7).
    JobNotCancelable = "job.not-cancelable", 0x8004_4165;
    /// A job that does not wait cannot be resumed (L-7).
    JobNotResumable = "job.not-resumable", 0x8004_4166;
    /// A job that does not run cannot be paused (L-7).
    JobNotPausable = "job.not-pausable", 0x8004_4167;
    /// A job that neither is ready nor runs cannot be postponed (L-7).
    JobNotPostponable = "job.not-postponable", 0x8004_4162;
    /// A job that is not done cannot be deleted (E-35).
    JobNotCompleted = "job.not-completed", 0x8004_416A;

    /// A step said no (E-3).
    StepRejected = "step.rejected", 0x8004_0265;
    /// A step broke (E-4).
    StepFailed = "step.failed", 0x8004_0224;
    /// A step went beyond what it may use of time, memory or work (E-37).
    StepLimit = "step.limit", 0x8004_0224;
    /// Steps woke each other too deeply (P-77).
    TooDeep = "operation.too-deep", 0x8004_4182;
    /// A nested message failed before, so nothing can be saved (E-12).
    Doomed = "operation.doomed", 0x8004_0251;
    /// The message took longer than it may (E-37).
    Timeout = "operation.timeout", 0x8004_4151;
    /// A service was used after its message was over.
    Over = "operation.over", 0x8004_0251;
    /// The engine broke a promise to itself.
    Bug = "engine.bug", 0x8004_0216;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
