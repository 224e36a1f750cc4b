//! Faults: why a hook did not let its message pass.

use std::error::Error as StdError;
use std::fmt;

use super::{Error, ErrorCode};
use crate::metadata::MetadataError;

/// Why a hook did not let its message pass.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The rule said no: an answer, not a bug. Callers may show it to people.
    #[error(transparent)]
    Rejected(Rejection),
    /// The hook broke.
    #[error(transparent)]
    Failed(Failure),
    /// The hook used more than it may.
    #[error(transparent)]
    Limit(Limit),
    /// A message that the hook sent failed.
    #[error(transparent)]
    Nested(Box<Error>),
}

/// How a hook broke, and where.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What went wrong.
    pub error: Box<dyn StdError + Send + Sync>,
    /// Where it happened: file and line, where the hook has them.
    pub place: Option<String>,
}

/// A rule's no, as `InvalidPluginExecutionException` says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct Rejection {
    /// A stable code of the rule's own, on which callers may match; none where it gave none.
    pub code: Option<String>,
    /// The number by which Dataverse knows this refusal; none for [`ErrorCode::StepRejected`]'s.
    pub number: Option<u32>,
    /// A sentence for people.
    pub reason: String,
    /// What becomes of a job that says so. To a synchronous step every status is a failure (E-17).
    pub status: OperationStatus,
}

/// What becomes of a job whose hook rejects (E-17, E-33).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OperationStatus {
    /// It has failed.
    #[default]
    Failed,
    /// It is canceled.
    Canceled,
    /// It runs again, four times at most (E-31).
    Retry,
    /// It waits.
    Suspended,
    /// It is done all the same.
    Succeeded,
}

/// A limit that a hook exceeded, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// What there was too much of, with the limit: `1000000 operations`.
    pub what: String,
    /// Where it happened: file and line, where the hook has them.
    pub place: String,
}

impl Fault {
    /// Refuses a message for a business reason.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Rejected(Rejection::new(reason))
    }

    /// Refuses a message for a business reason that has a stable code.
    pub fn reject_with(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Rejected(Rejection { code: Some(code.into()), ..Rejection::new(reason) })
    }

    /// Refuses a message as Dataverse itself would, with its number.
    pub fn reject_as(number: u32, code: impl Into<String>, reason: impl Into<String>) -> Self {
        let (code, number) = (Some(code.into()), Some(number));
        Self::Rejected(Rejection { code, number, ..Rejection::new(reason) })
    }

    /// Refuses, and says what becomes of the job.
    pub fn reject_job(status: OperationStatus, reason: impl Into<String>) -> Self {
        Self::Rejected(Rejection { status, ..Rejection::new(reason) })
    }

    /// Says that the hook broke.
    pub fn failed(reason: impl Into<String>) -> Self {
        let reason: String = reason.into();
        Self::Failed(Failure { error: reason.into(), place: None })
    }

    /// Says that the hook broke, and by which error.
    pub fn caused_by(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed(Failure { error: error.into(), place: None })
    }

    /// Adds where it happened, for a hook that broke or used too much.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        match &mut self {
            Self::Failed(failure) => failure.place = Some(place.into()),
            Self::Limit(limit) => limit.place = place.into(),
            Self::Rejected(_) | Self::Nested(_) => {}
        }
        self
    }

    /// Says that the hook used more than it may.
    pub fn limit(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self::Limit(Limit { what: what.into(), place: place.into() })
    }

    /// The stable code of the error that this fault makes.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Rejected(_) => ErrorCode::StepRejected,
            Self::Failed(_) => ErrorCode::StepFailed,
            Self::Limit(_) => ErrorCode::StepLimit,
            Self::Nested(error) => error.code(),
        }
    }
}

impl Rejection {
    /// A no without a code. Without a sentence either, it has Dataverse's general one (E-25).
    fn new(reason: impl Into<String>) -> Self {
        let reason = Some(reason.into()).filter(|it| !it.is_empty());
        Self {
            code: None,
            number: None,
            reason: reason.unwrap_or_else(|| "ISV code aborted the operation.".to_owned()),
            status: OperationStatus::Failed,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Nested(Box::new(error))
    }
}

impl From<MetadataError> for Fault {
    fn from(error: MetadataError) -> Self {
        Self::Failed(Failure { error: Box::new(error), place: None })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped: more than {}", self.what)?;
        if self.place.is_empty() { Ok(()) } else { write!(f, " at {}", self.place) }
    }
}

impl StdError for Limit {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, " ({place})"))
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
