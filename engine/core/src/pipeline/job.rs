//! Jobs: asynchronous steps, queued in the transaction that caused them, run after it.

mod change;
mod data;
mod lease;
mod queue;
mod record;
mod recovery;
mod shift;
mod stored;
mod waiting;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use self::data::Unreadable;
pub(crate) use self::queue::JobQueue;
pub use self::record::{JobChange, JobError, JobRecord, JobState};
pub(crate) use self::recovery::{recall, recover};
pub(crate) use self::shift::{Shift, work};
use self::waiting::InLine;
use super::context::{Context, Running};
use super::operation::{Call, Operation};
use super::origin::Origin;
use super::parent::ParentContext;
use super::plan::PlannedStep;
use super::step::{Mode, Stage};
use super::transcript::Recorder;
use super::{Generation, Variables};
use crate::clock::IdStream;
use crate::error::Fault;
use crate::message::{Options, Request, Response};
use crate::record::{EntityReference, Record};
use crate::settings::{Caller, JobOrder};

/// How often a job runs that asks to be run again (E-31).
const ATTEMPT_LIMIT: u32 = 4;

/// An asynchronous step with all that it needs of the message that queued it.
#[derive(Debug)]
pub(crate) struct Job {
    id: Uuid,
    queued_on: DateTime<Utc>,
    /// Its place in the order of queueing.
    sequence: u64,
    attempts: u32,
    /// Whether it ran before, and waits to be run again.
    is_again: bool,
    started_on: Option<DateTime<Utc>>,
    postpone_until: Option<DateTime<Utc>>,
    /// Before when it is not run again, unless somebody resumes it.
    again_on: Option<DateTime<Utc>>,
    /// What it said when it failed last.
    said: Option<Said>,
    regarding: Option<EntityReference>,
    /// Its dependency token: jobs that have the same one run one after another.
    token: Option<Arc<str>>,
    /// Whether the store remembers it.
    has_record: bool,
    /// Until when nobody else runs it.
    leased_until: Option<DateTime<Utc>>,
    /// Whether another engine has it, as far as is known.
    is_elsewhere: bool,
    planned: Arc<PlannedStep>,
    generation: Arc<Generation>,
    cause: Cause,
}

/// What a job needs of the message that queued it.
#[derive(Debug)]
struct Cause {
    correlation: Uuid,
    caller: Caller,
    options: Option<Arc<Options>>,
    origin: Option<Arc<Origin>>,
    depth: u32,
    parent: Option<Arc<ParentContext>>,
    request: Arc<Request>,
    sent: Arc<Request>,
    response: Option<Response>,
    shared: Variables,
    before: Option<Record>,
    after: Option<Record>,
    /// The records of a bulk message, each with its images.
    items: Vec<JobItem>,
}

/// One record of a bulk message, for its job.
#[derive(Debug)]
struct JobItem {
    request: Arc<Request>,
    before: Option<Record>,
    after: Option<Record>,
}

/// What a job failed with: the text, the text for people, and the number.
#[derive(Debug, Clone)]
struct Said {
    message: String,
    friendly: Option<String>,
    number: u32,
}

/// What a job did, in words.
#[derive(Debug)]
pub struct JobOutcome {
    /// What became of it.
    pub record: JobRecord,
    /// The error with which it ended, if it did.
    pub fault: Option<Fault>,
    pub(crate) recorder: Recorder,
}

impl Job {
    /// The job of a step on a message that is almost through.
    pub(super) fn new(ctx: &Context, planned: &Arc<PlannedStep>) -> Self {
        let operation = &ctx.call.operation;
        let id = ctx.primary_id().filter(|_| *ctx.entity() != "none");
        let is_ordered = planned.step.is_ordered
            || operation.environment().settings.job_order == JobOrder::OfRecord;
        let token = id.filter(|_| is_ordered).map(|it| format!("{}:{it}", ctx.entity()).into());
        Self {
            id: operation.environment().new_id(IdStream::Job, operation.now),
            queued_on: operation.now,
            sequence: operation.environment().jobs.next_place(),
            attempts: 0,
            is_again: false,
            started_on: None,
            postpone_until: None,
            again_on: None,
            said: None,
            regarding: id.map(|it| EntityReference::new(ctx.entity().clone(), it)),
            token,
            has_record: false,
            leased_until: None,
            is_elsewhere: false,
            planned: Arc::clone(planned),
            generation: Arc::clone(&operation.generation()),
            cause: Cause::new(ctx),
        }
    }

    /// What it looks like in a state.
    fn record(&self, state: JobState) -> JobRecord {
        let (said, cause) = (self.said.as_ref(), &self.cause);
        JobRecord {
            id: self.id,
            step: self.planned.step.name().to_owned(),
            message_name: cause.request.message().to_string(),
            entity: cause.request.entity().into_owned(),
            regarding: self.regarding.clone(),
            owner: self.owner(),
            dependency_token: self.token.as_deref().map(str::to_owned),
            depth: cause.depth,
            sequence: self.sequence,
            queued_on: self.queued_on,
            state,
            retries: self.attempts.saturating_sub(1),
            started_on: self.started_on,
            completed_on: None,
            postpone_until: self.postpone_until.max(self.again_on),
            message: said.map(|it| it.message.clone()),
            friendly_message: said.and_then(|it| it.friendly.clone()),
            error_code: said.map(|it| it.number),
            correlation_id: cause.correlation,
        }
    }

    /// Its state while it does not run.
    fn state(&self) -> JobState {
        match (self.is_elsewhere, self.is_again) {
            (true, _) => JobState::InProgress,
            (false, true) => JobState::Waiting,
            (false, false) => JobState::Ready,
        }
    }

    /// In whose name it runs.
    fn owner(&self) -> Uuid {
        self.planned.step.run_as.unwrap_or(self.cause.caller.user)
    }

    /// Before when it does not run.
    fn waits_until(&self) -> Option<DateTime<Utc>> {
        self.postpone_until.max(self.again_on)
    }

    fn in_line(&self) -> InLine<'_> {
        InLine { token: self.token.as_ref(), sequence: self.sequence, id: self.id }
    }

    /// Whether nobody wants to hear that it succeeded (L-10).
    fn is_auto_delete(&self) -> bool {
        self.planned.step.is_auto_delete
    }

    /// Takes the step, and all that follows from it, of another generation; the name of the step where
    /// that has it no more.
    fn move_to(&mut self, generation: &Arc<Generation>) -> Result<(), Unreadable> {
        let step = &self.planned.step;
        let planned = self.cause.step(generation, step.name(), step.entity());
        let gone = || Unreadable::StepGone(step.name().to_owned());
        self.planned = planned.ok_or_else(gone)?;
        self.generation = Arc::clone(generation);
        Ok(())
    }

    /// The context of the job: after the message, outside its transaction, at the same depth (P-73).
    fn context(&self, operation: Arc<Operation>) -> Context {
        let cause = &self.cause;
        let call = Call::outermost(operation, cause.caller).with_options(cause.options.clone());
        let call = Call { depth: cause.depth, ..call };
        let mut ctx = Context::open(call, (*cause.request).clone());
        ctx.settle();
        ctx.mode = Mode::Asynchronous;
        ctx.job = Some((self.id, self.queued_on));
        ctx.parent.clone_from(&cause.parent);
        ctx.sent = Some(Arc::clone(&cause.sent));
        ctx.response.clone_from(&cause.response);
        ctx.shared.clone_from(&cause.shared);
        ctx.before.clone_from(&cause.before);
        ctx.after.clone_from(&cause.after);
        ctx.items = cause.items.iter().map(|it| it.context(&ctx.call)).collect();
        let running = Running::Job(Arc::clone(&self.planned));
        ctx.enter(&self.planned, (Stage::PostOperation, running));
        ctx
    }
}

impl Cause {
    fn new(ctx: &Context) -> Self {
        let operation = &ctx.call.operation;
        Self {
            correlation: operation.correlation(),
            caller: ctx.call.caller,
            options: ctx.call.options.clone(),
            origin: operation.origin.clone(),
            depth: ctx.call.depth,
            parent: ctx.parent_shared(),
            request: Arc::clone(&ctx.request),
            sent: Arc::clone(ctx.sent()),
            response: ctx.response.clone(),
            shared: ctx.shared.clone(),
            before: ctx.before.clone(),
            after: ctx.after.clone(),
            items: ctx.items.iter().map(JobItem::new).collect(),
        }
    }
}

impl JobItem {
    fn new(ctx: &Context) -> Self {
        let (before, after) = (ctx.before.clone(), ctx.after.clone());
        Self { request: Arc::clone(&ctx.request), before, after }
    }

    fn context(&self, call: &Call) -> Context {
        let mut ctx = Context::open(call.clone(), (*self.request).clone());
        (ctx.before, ctx.after) = (self.before.clone(), self.after.clone());
        ctx
    }
}
