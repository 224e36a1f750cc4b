//! Jobs: asynchronous steps, queued in the transaction that caused them, run after it.

mod data;
mod queue;
mod record;
mod recovery;
mod stored;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::data::Unreadable;
use self::queue::Ending;
pub(crate) use self::queue::JobQueue;
pub use self::record::{JobChange, JobError, JobRecord, JobState};
pub(crate) use self::recovery::recover;
use super::context::Context;
use super::generation::PlannedStep;
use super::operation::{Call, Operation};
use super::origin::Origin;
use super::parent::ParentContext;
use super::step::{Mode, Stage};
use super::transcript::Recorder;
use super::{Environment, Generation, Variables, execute, image};
use crate::clock::IdStream;
use crate::code::ErrorCode;
use crate::error::{Fault, OperationStatus};
use crate::message::{Options, Request, Response};
use crate::record::{EntityReference, Record};
use crate::settings::{Caller, JobGeneration};

/// How often a job runs that asks to be run again (E-31).
const ATTEMPT_LIMIT: u32 = 4;
/// The longest that a job waits between two runs.
const WAIT_LIMIT: TimeDelta = TimeDelta::hours(1);

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
    planned: PlannedStep,
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
    pub(super) fn new(ctx: &Context, planned: &PlannedStep) -> Self {
        let operation = &ctx.call.operation;
        let id = ctx.primary_id().filter(|_| ctx.entity != "none");
        Self {
            id: operation.environment.new_id(IdStream::Job, operation.now),
            queued_on: operation.now,
            sequence: operation.environment.jobs.next_place(),
            attempts: 0,
            is_again: false,
            started_on: None,
            postpone_until: None,
            again_on: None,
            said: None,
            regarding: id.map(|it| EntityReference::new(ctx.entity.clone(), it)),
            planned: planned.clone(),
            generation: Arc::clone(&operation.generation),
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
            owner: self.planned.step.run_as.unwrap_or(cause.caller.user),
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
        if self.is_again { JobState::Waiting } else { JobState::Ready }
    }

    /// Whether it may run by now.
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.postpone_until.max(self.again_on).is_none_or(|it| it <= now)
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
        ctx.sent = Arc::clone(&cause.sent);
        ctx.response.clone_from(&cause.response);
        ctx.shared.clone_from(&cause.shared);
        ctx.before.clone_from(&cause.before);
        ctx.after.clone_from(&cause.after);
        ctx.items = cause.items.iter().map(|it| it.context(&ctx.call)).collect();
        ctx.enter(&self.planned, Stage::PostOperation);
        ctx.post_images.extend(image::of_job(cause.after.as_ref()));
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
            parent: ctx.parent.clone(),
            request: Arc::clone(&ctx.request),
            sent: Arc::clone(&ctx.sent),
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

/// Runs one job. Each message that it sends is a transaction of its own (P-27, E-36).
///
/// What it did, and that it did, are written one after the other: a job that the engine left in between is
/// run again. It knows itself by [`Context::job`], which stays the same.
pub(crate) fn run_job(
    environment: &Arc<Environment>,
    current: &Arc<Generation>,
    mut job: Job,
    recorder: Option<Recorder>,
) -> JobOutcome {
    environment.keep_job(job.id, None);
    let moved = match environment.settings.job_generation {
        JobGeneration::AsQueued => Ok(()),
        JobGeneration::Latest => job.move_to(current),
    };
    let operation = Operation::new(environment, &job.generation, job.cause.origin.clone());
    let operation = operation.correlated(job.cause.correlation);
    let operation = Arc::new(match recorder {
        Some(recorder) => operation.recorded(recorder),
        None => operation,
    });
    let mut ctx = job.context(Arc::clone(&operation));
    operation.note(|it| it.job_began(&job.planned));
    let outcome = moved
        .map_err(|gone| Fault::failed(gone.to_string()))
        .and_then(|()| ctx.check_depth(&job.planned.step).map_err(Fault::from))
        .and_then(|()| execute(&*job.planned.step.hook, &mut ctx));
    operation.note(|it| it.job_ended(&outcome));
    ctx.log(&job.planned.step, &outcome);
    let recorder = operation.finish();

    let (ending, fault) = match outcome {
        Ok(()) => (Ending::Over(JobState::Succeeded), None),
        Err(fault) => (ending(&fault, job.attempts), Some(fault)),
    };
    job.said = fault.as_ref().map(Said::new);
    let now = environment.clock.now();
    job.again_on = environment.again_on(job.attempts, now).filter(|_| ending == Ending::Again);
    let (id, is_forgotten) = (job.id, job.is_auto_delete());
    let record = environment.jobs.end(job, ending, now);
    if is_forgotten && record.state == JobState::Succeeded {
        environment.forget_job(id);
    } else {
        environment.keep_job(id, Some(&record));
    }
    environment.jobs.saved();
    JobOutcome { record, fault, recorder }
}

impl Environment {
    /// Before when a job is not run again: twice as long after each run; `None` where it need not wait.
    fn again_on(&self, attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let delay = Some(self.settings.job_retry_delay).filter(|it| !it.is_zero())?;
        let wait = delay.saturating_mul(1 << attempts.saturating_sub(1).min(ATTEMPT_LIMIT));
        let wait = TimeDelta::from_std(wait).map_or(WAIT_LIMIT, |it| it.min(WAIT_LIMIT));
        now.checked_add_signed(wait)
    }
}

/// What becomes of a job that failed (E-30 to E-34).
fn ending(fault: &Fault, attempts: u32) -> Ending {
    let status = match fault {
        Fault::Rejected(rejection) => rejection.status,
        // The store may do better next time.
        Fault::Nested(error)
            if matches!(error.code(), ErrorCode::Backend | ErrorCode::Conflict) =>
        {
            OperationStatus::Retry
        }
        Fault::Nested(_) | Fault::Failed(_) | Fault::Limit(_) => OperationStatus::Failed,
    };
    match status {
        OperationStatus::Retry if attempts < ATTEMPT_LIMIT => Ending::Again,
        OperationStatus::Failed | OperationStatus::Retry => Ending::Over(JobState::Failed),
        OperationStatus::Canceled => Ending::Over(JobState::Canceled),
        OperationStatus::Suspended => Ending::Suspended,
        OperationStatus::Succeeded => Ending::Over(JobState::Succeeded),
    }
}

impl Said {
    fn new(fault: &Fault) -> Self {
        let (rejection, number) = match fault {
            Fault::Rejected(rejection) => (Some(rejection), rejection.number),
            Fault::Nested(error) => (error.rejection(), Some(error.number())),
            Fault::Failed(_) | Fault::Limit(_) => (None, None),
        };
        Self {
            message: fault.to_string(),
            friendly: rejection.map(|it| it.reason.clone()),
            number: number.unwrap_or_else(|| fault.code().number()),
        }
    }
}
