//! Job records: what is known of a job, as `asyncoperation` shows it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::code::ErrorCode;
use crate::record::EntityReference;

/// What became of a job, for those who look: the columns of L-12.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRecord {
    /// The identity of the job.
    pub id: Uuid,
    /// The step that it runs: its name, and the extension that owns it.
    pub step: String,
    /// The message that queued it.
    pub message_name: String,
    /// The primary entity of that message, or `none`.
    pub entity: String,
    /// The record at which that message was aimed, where it was one.
    pub regarding: Option<EntityReference>,
    /// Jobs that have the same one run one after another (L-5).
    pub dependency_token: Option<String>,
    /// In whose name it runs.
    pub owner: Uuid,
    /// How deeply that message was nested (P-73).
    pub depth: u32,
    /// Its place in the order of queueing. What a message that failed would have queued leaves a gap.
    pub sequence: u64,
    /// When it was queued.
    pub queued_on: DateTime<Utc>,
    /// What became of it.
    pub state: JobState,
    /// How often it was run again (E-32).
    pub retries: u32,
    /// When it was begun last.
    pub started_on: Option<DateTime<Utc>>,
    /// When it was over.
    pub completed_on: Option<DateTime<Utc>>,
    /// Before when it does not run.
    pub postpone_until: Option<DateTime<Utc>>,
    /// What it failed with, if it did (E-30).
    pub message: Option<String>,
    /// The same for people: where it said no, and not where it broke.
    pub friendly_message: Option<String>,
    /// The number by which Dataverse knows that error.
    pub error_code: Option<u32>,
    /// The chain to which it belongs.
    pub correlation_id: Uuid,
}

/// The state of a job, with the status code by which Dataverse knows it (L-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum JobState {
    /// It waits to be run.
    Ready = 0,
    /// It waits: to be run again (E-32), or until somebody resumes it.
    Waiting = 10,
    /// It runs.
    InProgress = 20,
    /// It runs, and waits for being resumed if it asks for another run.
    Pausing = 21,
    /// It runs, and is canceled once it is through.
    Canceling = 22,
    /// It is done.
    Succeeded = 30,
    /// It failed.
    Failed = 31,
    /// It was canceled.
    Canceled = 32,
}

/// What can be asked of a job (L-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobChange {
    /// That it does not run, or does not run again.
    Cancel,
    /// That it waits no longer.
    Resume,
    /// That it waits instead of being run again.
    Pause,
    /// That it does not run before a time.
    Postpone,
    /// That it is forgotten.
    Delete,
    /// That it is queued again, although it failed or was canceled.
    Requeue,
}

/// Why a job does not change as somebody asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// There is no such job. Those that were done are forgotten in time.
    #[error("asyncoperation With Ids = {job} Do Not Exist")]
    NotFound {
        /// The job that was named.
        job: Uuid,
    },
    /// Its state does not allow it (L-7, E-35).
    #[error("{} (the job {job} is {})", .change.refusal(), .state.name())]
    Refused {
        /// The job.
        job: Uuid,
        /// Its state.
        state: JobState,
        /// What was asked.
        change: JobChange,
    },
    /// The store did not do it.
    #[error("the job {job} is as it was: {problem}")]
    Unsaved {
        /// The job.
        job: Uuid,
        /// What the store said.
        problem: String,
    },
}

impl JobRecord {
    /// The kind of operation that a job of a step is: a system event (L-1, L-11).
    pub const OPERATION_TYPE: u32 = 1;
}

impl JobState {
    /// All states, in the order of their status codes.
    pub const ALL: [Self; 8] = [
        Self::Ready,
        Self::Waiting,
        Self::InProgress,
        Self::Pausing,
        Self::Canceling,
        Self::Succeeded,
        Self::Failed,
        Self::Canceled,
    ];

    /// The state of that status code.
    pub fn of_status(status: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|it| i32::from(*it as u8) == status)
    }

    /// The state code: 0 ready, 1 suspended, 2 locked, 3 completed (L-6).
    pub const fn code(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::Waiting => 1,
            Self::InProgress | Self::Pausing | Self::Canceling => 2,
            Self::Succeeded | Self::Failed | Self::Canceled => 3,
        }
    }

    /// Whether nothing more becomes of the job.
    pub const fn is_completed(self) -> bool {
        self.code() == 3
    }

    /// The state in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::InProgress => "in progress",
            Self::Pausing => "pausing",
            Self::Canceling => "canceling",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

impl JobChange {
    /// What Dataverse says where it cannot be.
    const fn refusal(self) -> &'static str {
        match self {
            Self::Cancel => {
                "The target state could not be set to complete because the state transition is not valid."
            }
            Self::Resume | Self::Requeue => {
                "The target state could not be set to ready because the state transition is not valid."
            }
            Self::Pause => {
                "The target state could not be set to suspended because the state transition is not valid."
            }
            Self::Postpone => {
                "The target state could not be set because the state transition is not valid."
            }
            Self::Delete => "Cannot delete async operation unless it is in Completed state.",
        }
    }
}

impl JobError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Unsaved { .. } => ErrorCode::Backend,
            Self::Refused { change, .. } => match change {
                JobChange::Cancel => ErrorCode::JobNotCancelable,
                JobChange::Resume | JobChange::Requeue => ErrorCode::JobNotResumable,
                JobChange::Pause => ErrorCode::JobNotPausable,
                JobChange::Postpone => ErrorCode::JobNotPostponable,
                JobChange::Delete => ErrorCode::JobNotCompleted,
            },
        }
    }

    /// The number by which Dataverse knows this error.
    pub fn number(&self) -> u32 {
        self.code().number()
    }
}
