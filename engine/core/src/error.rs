//! What goes wrong: an [`Error`] stops a message, a [`Fault`] is how a hook says so.
//!
//! A *rejection* is an answer and safe to show to people; a *failure* is a bug. They never mix.

mod data;
mod fault;

use std::sync::Arc;
use std::time::Duration;

pub use self::data::DataError;
pub use self::fault::{Failure, Fault, Limit, OperationStatus, Rejection};
pub use crate::code::{ErrorCode, platform};
use crate::metadata::MetadataError;
use crate::record::{QueryError, ValueError};
use crate::store::StoreError;

/// Why a message was not carried out. Whatever the variant, its transaction was rolled back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request names something that the catalog does not know.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A value does not fit its attribute.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A query asks for something impossible.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The request breaks a rule of the data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A step refused the message or broke while handling it.
    #[error("{}", StepFailure(.0))]
    Step(#[source] Box<StepError>),
    /// Steps woke each other too deeply (P-77). The text is Dataverse's, on which clients match (P-78).
    #[error(
        "This workflow job was canceled because the workflow that started it included an infinite \
         loop. Correct the workflow logic and try again. For information about workflow logic, see \
         Help. (step `{step}` would run at depth {depth}; the limit is {limit})"
    )]
    TooDeep {
        /// The step that would have run.
        step: String,
        /// The depth at which it would have run.
        depth: u32,
        /// The deepest depth allowed.
        limit: u32,
    },
    /// A nested message failed before, so that nothing can be saved (E-12). It begins as Dataverse's text does
    /// (E-11).
    #[error(
        "There is no active transaction: a nested message failed before, and a caught error saves nothing \
         ({cause})"
    )]
    Doomed {
        /// What failed before, in words.
        cause: Arc<str>,
    },
    /// The message took longer than it may (E-37).
    #[error("the message took longer than {limit:?} and was rolled back")]
    Timeout {
        /// The time that it may take.
        limit: Duration,
    },
    /// One outermost message caused more messages than it may.
    #[error("one message caused more than {limit} others: does a rule loop?")]
    TooManyMessages {
        /// The most messages.
        limit: u32,
    },
    /// A service was used after its message was over.
    #[error("this service belongs to a message that is over; ask the context for it each time")]
    Over,
    /// What takes messages for the engine was closed before it had a place for this one.
    #[error("the engine takes no more messages; this one was not begun")]
    Closed,
    /// The engine broke a promise to itself. Please report it.
    #[error("bug in the engine: {0}")]
    Bug(&'static str),
}

/// Which step stopped a message, where, and what it said.
#[derive(Debug)]
#[non_exhaustive]
pub struct StepError {
    /// The name of the step.
    pub step: String,
    /// The message that was being processed.
    pub message: String,
    /// The primary entity, or `none`.
    pub entity: String,
    /// The stage at which the step ran, as a number: 10, 20, 30 or 40.
    pub stage: u16,
    /// How deeply the message was nested.
    pub depth: u32,
    /// What the step said.
    pub fault: Fault,
    /// What the step had traced before (E-54).
    pub trace: Vec<String>,
}

impl Error {
    /// The stable code of this error; of the innermost one where a step passed on a nested error (E-21).
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Metadata(error) => error.code(),
            Self::Value(error) => error.code(),
            Self::Query(error) => error.code(),
            Self::Data(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Step(error) => error.fault.code(),
            Self::TooDeep { .. } => ErrorCode::TooDeep,
            Self::Doomed { .. } => ErrorCode::Doomed,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::TooManyMessages { .. } => ErrorCode::StepLimit,
            Self::Over => ErrorCode::Over,
            Self::Closed => ErrorCode::Closed,
            Self::Bug(_) => ErrorCode::Bug,
        }
    }

    /// The number by which Dataverse knows this error.
    pub fn number(&self) -> u32 {
        let own = self.rejection().and_then(|it| it.number);
        own.unwrap_or_else(|| self.code().number())
    }

    /// What a rule said, if the message was refused by one, however deeply nested.
    pub fn rejection(&self) -> Option<&Rejection> {
        let Self::Step(error) = self else { return None };
        match &error.fault {
            Fault::Rejected(rejection) => Some(rejection),
            Fault::Nested(error) => error.rejection(),
            Fault::Failed(_) | Fault::Limit(_) => None,
        }
    }

    /// The innermost step that stopped the message, if one did.
    pub fn step(&self) -> Option<&StepError> {
        let Self::Step(error) = self else { return None };
        match &error.fault {
            Fault::Nested(inner) => inner.step().or(Some(error)),
            Fault::Rejected(_) | Fault::Failed(_) | Fault::Limit(_) => Some(error),
        }
    }

    /// Whether the message met another on the same records, so that it is carried out again; also where
    /// a step passed on that a message of its own did.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, StoreError::Conflict),
            Self::Step(error) => {
                matches!(&error.fault, Fault::Nested(nested) if nested.is_conflict())
            }
            Self::Metadata(_)
            | Self::Value(_)
            | Self::Query(_)
            | Self::Data(_)
            | Self::TooDeep { .. }
            | Self::Doomed { .. }
            | Self::Timeout { .. }
            | Self::TooManyMessages { .. }
            | Self::Over
            | Self::Closed
            | Self::Bug(_) => false,
        }
    }
}

/// A step's failure in words: where, then what.
struct StepFailure<'a>(&'a StepError);

impl std::fmt::Display for StepFailure<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let StepError { step, message, entity, stage, fault, .. } = self.0;
        match fault {
            Fault::Rejected(rejection) => write!(f, "{rejection}"),
            // E-4: what is no refusal is an unexpected error, and says where it came from.
            Fault::Failed(_) | Fault::Limit(_) => write!(
                f,
                "An unexpected error occurred from ISV code. step `{step}` on {message} of {entity} at \
                 stage {stage}: {fault}"
            ),
            Fault::Nested(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        StepFailure(self).fmt(f)
    }
}
