//! Jobs: asynchronous steps, queued in the transaction that caused them, run after it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::context::Context;
use super::generation::PlannedStep;
use super::operation::{Call, Operation};
use super::parent::ParentContext;
use super::step::{Mode, Stage};
use super::transcript::Recorder;
use super::{Environment, Generation, Variables, execute, image};
use crate::clock::IdStream;
use crate::error::{Fault, OperationStatus};
use crate::message::{Options, Request, Response};
use crate::record::Record;
use crate::settings::Caller;

/// How often a job runs that asks to be run again (E-31).
const ATTEMPT_LIMIT: u32 = 4;
/// How many jobs that are done stay to be looked at.
const DONE_LIMIT: usize = 1_000;

/// An asynchronous step with all that it needs of the message that queued it.
#[derive(Debug)]
pub(crate) struct Job {
    id: Uuid,
    queued_on: DateTime<Utc>,
    attempts: u32,
    planned: PlannedStep,
    generation: Arc<Generation>,
    correlation: Uuid,
    caller: Caller,
    options: Option<Arc<Options>>,
    depth: u32,
    parent: Option<Arc<ParentContext>>,
    request: Arc<Request>,
    sent: Arc<Request>,
    response: Option<Response>,
    shared: Variables,
    before: Option<Record>,
    after: Option<Record>,
}

/// What became of a job, for those who look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRecord {
    /// The identity of the job.
    pub id: Uuid,
    /// The step that it runs.
    pub step: String,
    /// When it was queued.
    pub queued_on: DateTime<Utc>,
    /// What became of it.
    pub state: JobState,
    /// How often it was run again (E-32).
    pub retries: u32,
    /// What it failed with, if it did (E-30).
    pub message: Option<String>,
    /// The chain to which it belongs.
    pub correlation_id: Uuid,
}

/// The state of a job, with the status code by which Dataverse knows it (L-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum JobState {
    /// It waits to be run.
    Ready = 0,
    /// It waits until somebody resumes it.
    Waiting = 10,
    /// It is done.
    Succeeded = 30,
    /// It failed.
    Failed = 31,
    /// It was canceled.
    Canceled = 32,
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

/// The jobs that wait and those that are done.
#[derive(Debug, Default)]
pub(crate) struct JobQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Job>,
    done: VecDeque<JobRecord>,
    running: usize,
    is_closed: bool,
}

impl Job {
    /// The job of a step on a message that is almost through.
    pub(super) fn new(ctx: &Context, planned: &PlannedStep) -> Self {
        let operation = &ctx.call.operation;
        Self {
            id: operation.environment.new_id(IdStream::Job, operation.now),
            queued_on: operation.now,
            attempts: 0,
            planned: planned.clone(),
            generation: Arc::clone(&operation.generation),
            correlation: operation.correlation(),
            caller: ctx.call.caller,
            options: ctx.call.options.clone(),
            depth: ctx.call.depth,
            parent: ctx.parent.clone(),
            request: Arc::clone(&ctx.request),
            sent: Arc::clone(&ctx.sent),
            response: ctx.response.clone(),
            shared: ctx.shared.clone(),
            before: ctx.before.clone(),
            after: ctx.after.clone(),
        }
    }

    fn record(&self, state: JobState, message: Option<String>) -> JobRecord {
        JobRecord {
            id: self.id,
            step: self.planned.step.name().to_owned(),
            queued_on: self.queued_on,
            state,
            retries: self.attempts.saturating_sub(1),
            message,
            correlation_id: self.correlation,
        }
    }

    /// The context of the job: after the message, outside its transaction, at the same depth (P-73).
    fn context(&self, operation: Arc<Operation>) -> Context {
        let call = Call::outermost(operation, self.caller).with_options(self.options.clone());
        let call = Call { depth: self.depth, ..call };
        let mut ctx = Context::open(call, (*self.request).clone());
        ctx.settle();
        ctx.mode = Mode::Asynchronous;
        ctx.job = Some((self.id, self.queued_on));
        ctx.parent.clone_from(&self.parent);
        ctx.sent = Arc::clone(&self.sent);
        ctx.response.clone_from(&self.response);
        ctx.shared.clone_from(&self.shared);
        ctx.before.clone_from(&self.before);
        ctx.after.clone_from(&self.after);
        ctx.enter(&self.planned, Stage::PostOperation);
        ctx.post_images.extend(image::of_job(self.after.as_ref()));
        ctx
    }
}

/// Runs one job. Each message that it sends is a transaction of its own (P-27, E-36).
pub(crate) fn run_job(
    environment: &Arc<Environment>,
    mut job: Job,
    recorder: Option<Recorder>,
) -> JobOutcome {
    job.attempts += 1;
    let operation = Operation::new(environment, &job.generation).correlated(job.correlation);
    let operation = Arc::new(match recorder {
        Some(recorder) => operation.recorded(recorder),
        None => operation,
    });
    let mut ctx = job.context(Arc::clone(&operation));
    operation.note(|it| it.job_began(&job.planned));
    let outcome = ctx
        .check_depth(&job.planned.step)
        .map_err(Fault::from)
        .and_then(|()| execute(&*job.planned.step.hook, &mut ctx));
    operation.note(|it| it.job_ended(&outcome));
    ctx.log(&job.planned.step, &outcome);
    let recorder = operation.finish();

    let (state, fault) = match outcome {
        Ok(()) => (JobState::Succeeded, None),
        Err(fault) => (state_after(&fault, job.attempts), Some(fault)),
    };
    let record = job.record(state, fault.as_ref().map(ToString::to_string));
    environment.jobs.done(record.clone(), job);
    JobOutcome { record, fault, recorder }
}

/// What becomes of a job that failed (E-30 to E-33).
fn state_after(fault: &Fault, attempts: u32) -> JobState {
    let Fault::Rejected(rejection) = fault else { return JobState::Failed };
    match rejection.status {
        OperationStatus::Retry if attempts < ATTEMPT_LIMIT => JobState::Ready,
        OperationStatus::Failed | OperationStatus::Retry => JobState::Failed,
        OperationStatus::Canceled => JobState::Canceled,
        OperationStatus::Suspended => JobState::Waiting,
        OperationStatus::Succeeded => JobState::Succeeded,
    }
}

impl JobQueue {
    /// Adds jobs whose transaction is committed.
    pub(super) fn push(&self, jobs: Vec<Job>) {
        if !jobs.is_empty() {
            self.lock().waiting.extend(jobs);
            self.changed.notify_all();
        }
    }

    /// The next job, without waiting for one.
    pub(crate) fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.waiting.pop_front()?;
        state.running += 1;
        Some(job)
    }

    /// The next job; `None` once the queue is closed and empty.
    pub(crate) fn wait(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                state.running += 1;
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until no job waits or runs.
    pub(crate) fn wait_until_idle(&self) {
        let mut state = self.lock();
        while !state.waiting.is_empty() || state.running != 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the workers end once the queue is empty.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The jobs that are done, oldest first, and then those that wait.
    pub(crate) fn records(&self) -> Vec<JobRecord> {
        let state = self.lock();
        let waiting = state.waiting.iter().map(|it| it.record(JobState::Ready, None));
        state.done.iter().cloned().chain(waiting).collect()
    }

    fn done(&self, record: JobRecord, job: Job) {
        let mut state = self.lock();
        state.running = state.running.saturating_sub(1);
        if record.state == JobState::Ready {
            state.waiting.push_back(job);
        } else {
            if state.done.len() == DONE_LIMIT {
                state.done.pop_front();
            }
            state.done.push_back(record);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
