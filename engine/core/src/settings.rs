//! Switches and limits of an engine: what Dataverse leaves open, and what an embedder may tighten.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use crate::bootstrap::{ORGANIZATION, SYSTEM_USER};

/// Switches and limits. The defaults are Dataverse's, or our documented choice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that Dataverse leaves open")]
pub struct Settings {
    /// The deepest level at which a step may run. Deeper means that a step wakes itself (P-74, P-75).
    pub depth_limit: u32,
    /// How long one outermost message may take with all that it causes (E-37, E-44).
    pub time_limit: Duration,
    /// How many messages one outermost message may cause. Stops a loop that depth does not see.
    pub message_limit: u32,
    /// Whether associating over a one-to-many relationship raises an Update of each related record (I-64).
    pub associate_raises_update: bool,
    /// Whether what the engine fills stands in the target of Create before stage 20 (spec 9.7, 13).
    pub platform_attributes_at_pre_operation: bool,
    /// Whether a failed read within a transaction dooms it, as a failed write does (E-13).
    pub read_failure_dooms: bool,
    /// Whether a step on Associate or Disassociate may name a primary entity (I-60).
    pub associate_takes_entity: bool,
    /// Digits after the point of amounts that leave it to the organization (C-33).
    pub pricing_decimal_precision: u32,
    /// The most records that an aggregate may be computed of: Dataverse's `AggregateQueryRecordLimit`.
    pub aggregate_record_limit: u32,
    /// Who may send messages that pass steps by (L-19, L-25): at first SYSTEM alone.
    pub bypass_users: BTreeSet<Uuid>,
    /// How many steps one message may pass by, by their names (L-22).
    pub bypass_steps_limit: usize,
    /// Where hooks run, for those that ask.
    pub organization: Organization,
    /// Which step runs leave a row in the trace log (E-46).
    pub trace_log: TraceLogSetting,
    /// How many runs of steps the engine remembers, for [`Engine::recent_steps`](crate::Engine::recent_steps):
    /// none for 0. It costs a message next to nothing.
    pub recent_steps: usize,
    /// What becomes of asynchronous steps.
    pub jobs: Jobs,
    /// On which generation a job runs.
    pub job_generation: JobGeneration,
    /// Whether the engine takes up the jobs that it finds in its store, and with them what another engine ran
    /// when it went.
    pub job_recovery: bool,
    /// How long nobody else runs a job that an engine has begun: when that is over, the engine must be gone, and
    /// one that found the job when it was built takes it over. More than [`time_limit`](Self::time_limit), so that
    /// a job has all its time.
    ///
    /// Nothing for an engine that is alone with its store: it takes up at once what it finds begun. So it is where
    /// `asyncoperation` lacks the attributes `hostid` and `leaseduntil`.
    pub job_lease: Duration,
    /// Which jobs run one after another.
    pub job_order: JobOrder,
    /// How long a job waits before it is run again, by the engine's clock: twice as long after each further
    /// run, and never more than an hour. Not at all at first.
    pub job_retry_delay: Duration,
}

/// Which step runs leave a row in the trace log (E-46, E-47).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceLogSetting {
    /// None.
    Off,
    /// Those that ended with a fault.
    #[default]
    Exceptions,
    /// All.
    All,
}

/// Who runs asynchronous steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Jobs {
    /// Whoever calls [`Engine::run_jobs`](crate::Engine::run_jobs), in the order in which they were queued.
    #[default]
    Manual,
    /// So many threads of the engine's own.
    Workers(usize),
}

/// On which generation a job runs: on which steps of it, and of the messages that it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobGeneration {
    /// The one on which its message ran. A job that another engine left in the store has none of these any
    /// more, and takes the one that serves when it is found.
    #[default]
    AsQueued,
    /// The one that serves when it runs. A job whose step is gone by then fails.
    Latest,
}

/// Which jobs run one after another, in the order of their creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobOrder {
    /// Those of [ordered steps](crate::Step::ordered) on one record. The platform promises no order (P-48, L-3).
    #[default]
    OfSteps,
    /// All jobs of one record.
    OfRecord,
}

/// What hooks are told of the organization, its environment and its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its identity.
    pub id: Uuid,
    /// Its unique name.
    pub name: String,
    /// The environment in which it is.
    pub environment_id: String,
    /// The tenant to whom that belongs.
    pub tenant_id: Uuid,
}

/// In whose name a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Whose privileges count, and who stands as creator and modifier.
    pub user: Uuid,
    /// Who began it all.
    pub initiating: Uuid,
}

impl Caller {
    /// A user who acts in their own name.
    pub fn user(user: Uuid) -> Self {
        Self { user, initiating: user }
    }

    /// Who began it all, where the user acts in their name; `None` where the user did (C-45).
    pub fn delegate(self) -> Option<Uuid> {
        Some(self.initiating).filter(|it| *it != self.user)
    }

    /// The same beginner, acting as another user.
    #[must_use]
    pub fn acting_as(self, user: Uuid) -> Self {
        Self { user, ..self }
    }
}

impl Default for Organization {
    fn default() -> Self {
        let (id, name) = (ORGANIZATION, "organization".to_owned());
        Self { id, name, environment_id: String::new(), tenant_id: Uuid::nil() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            depth_limit: 8,
            time_limit: Duration::from_mins(2),
            message_limit: 100_000,
            associate_raises_update: true,
            platform_attributes_at_pre_operation: true,
            read_failure_dooms: false,
            associate_takes_entity: false,
            pricing_decimal_precision: 2,
            aggregate_record_limit: 50_000,
            bypass_users: BTreeSet::from([SYSTEM_USER]),
            bypass_steps_limit: 3,
            organization: Organization::default(),
            trace_log: TraceLogSetting::default(),
            recent_steps: 1_000,
            jobs: Jobs::default(),
            job_generation: JobGeneration::default(),
            job_recovery: true,
            job_lease: Duration::from_mins(3),
            job_order: JobOrder::default(),
            job_retry_delay: Duration::ZERO,
        }
    }
}
