//! Shifts: a worker runs jobs, one after another, and settles them together.
//!
//! Where writers take turns, all that the jobs of a shift write waits in one transaction, and with it goes
//! what became of them: so each job has its effects on the database once, however the engine ends. Each message
//! still stands for itself (P-27, E-36): one that fails is undone alone, and what a failing job wrote stays.
//!
//! A step that [`reaches outside`](super::Step::reaching_outside) holds nobody up: each of its messages is
//! durable before the next, and its job runs at least once. So it is in a store whose writers take no turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::Guard;
use chrono::{DateTime, TimeDelta, Utc};

use super::queue::{Ending, Next};
use super::{ATTEMPT_LIMIT, Job, JobOutcome, JobRecord, JobState, Said};
use crate::code::ErrorCode;
use crate::error::{Fault, OperationStatus};
use crate::pipeline::operation::{Held, Operation};
use crate::pipeline::transcript::Recorder;
use crate::pipeline::{Environment, Generation, Serving, execute};
use crate::settings::JobGeneration;
use crate::store::StoreError;

/// The longest that a job waits between two runs.
const WAIT_LIMIT: TimeDelta = TimeDelta::hours(1);
/// How many jobs are settled together: more would make a failed commit cost more than it saves.
const SHIFT_LIMIT: usize = 256;
/// How long messages may have to wait for what jobs hold, but for the one that runs.
const SHIFT_TIME: Duration = Duration::from_millis(10);

/// Jobs that ran, and of which nobody knows yet.
#[derive(Debug)]
pub(crate) struct Shift<'a> {
    environment: &'a Arc<Environment>,
    held: Option<Arc<Held>>,
    ended: Vec<Ended>,
    /// When the first of them began.
    began: Option<Instant>,
}

/// A job that ran.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) job: Job,
    pub(super) ending: Ending,
    /// What it looks like.
    pub(super) shown: JobRecord,
    /// When it was settled.
    pub(super) settled_on: DateTime<Utc>,
    fault: Option<Fault>,
    operation: Arc<Operation>,
}

/// What a worker does until the queue is closed and nothing is due.
pub(crate) fn work(environment: &Arc<Environment>, current: impl Fn() -> Arc<Generation>) {
    let _counted = Counted(environment);
    let mut shift = Shift::new(environment);
    loop {
        match environment.jobs.wait(&*environment.clock, shift.ended.is_empty()) {
            Next::Run(job) => shift.run(&current(), *job, None),
            Next::Lease(lot) => {
                shift.settle();
                environment.jobs.lease(environment.lease(lot));
            }
            Next::Settle => drop(shift.settle()),
            Next::End => return,
        }
        if shift.is_over() {
            shift.settle();
        }
    }
}

/// A worker counts until it is gone.
struct Counted<'a>(&'a Environment);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.jobs.remove_worker();
    }
}

impl<'a> Shift<'a> {
    pub(crate) fn new(environment: &'a Arc<Environment>) -> Self {
        let held = environment.store.takes_turns().then(Arc::default);
        Self { environment, held, ended: Vec::new(), began: None }
    }

    /// Takes the next job that is due, in the order of queueing, runs it and settles it. `None` where none is.
    pub(crate) fn run_next(
        &mut self,
        current: &Arc<Generation>,
        recorder: impl Fn() -> Option<Recorder>,
    ) -> Option<Vec<JobOutcome>> {
        let lot = self.environment.jobs.next(&*self.environment.clock);
        if lot.is_empty() {
            return None;
        }
        for job in self.environment.lease(lot) {
            self.run(current, job, recorder());
        }
        Some(self.settle())
    }

    /// Whether others have waited long enough.
    fn is_over(&self) -> bool {
        SHIFT_LIMIT <= self.ended.len() || self.began.is_some_and(|it| SHIFT_TIME <= it.elapsed())
    }

    /// Runs a job. It knows itself by [`Context::job`](super::Context::job), which stays the same in each run.
    fn run(&mut self, current: &Arc<Generation>, mut job: Job, recorder: Option<Recorder>) {
        let environment = self.environment;
        let is_outside = job.planned.step.is_reaching_outside;
        if is_outside {
            self.settle();
        }
        let is_asked = environment.jobs.is_asked(job.id);
        let longer = environment.longer_lease(&job);
        if is_asked || longer.is_some() {
            self.settle(); // What is written now needs the turn.
        }
        if is_asked || environment.lengthen(&mut job, longer).is_err() {
            let id = job.id;
            environment.jobs.give_back(job, environment.clock.now());
            environment.keep_job(id);
            return environment.jobs.written();
        }
        self.began.get_or_insert_with(Instant::now);
        let moved = match environment.settings.job_generation {
            JobGeneration::AsQueued => Ok(()),
            JobGeneration::Latest => job.move_to(current),
        };
        let serving = Serving {
            environment: Arc::clone(environment),
            generation: Arc::clone(&job.generation),
        };
        let serving = Guard::from_inner(Arc::new(serving));
        let operation = Operation::new(serving, job.cause.origin.clone());
        let operation = operation.correlated(job.cause.correlation);
        let operation = operation.holding(self.held.clone().filter(|_| !is_outside));
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
        ctx.remember_end(&outcome);
        ctx.log(&job.planned.step, &outcome);
        operation.close();

        let shown = job.record(JobState::InProgress);
        let ending = match &outcome {
            Ok(()) => Ending::Over(JobState::Succeeded),
            Err(fault) => ending(fault, job.attempts),
        };
        let settled_on = operation.now;
        self.ended.push(Ended { job, ending, shown, settled_on, fault: outcome.err(), operation });
        if is_outside {
            self.settle();
        }
    }

    /// Makes what the jobs wrote durable, together with what became of them.
    fn settle(&mut self) -> Vec<JobOutcome> {
        self.began = None;
        let (environment, mut ended) = (self.environment, std::mem::take(&mut self.ended));
        if ended.is_empty() {
            return Vec::new();
        }
        let now = environment.clock.now();
        for it in &mut ended {
            it.conclude(environment, now);
        }
        let none = || (Ok(None), Vec::new());
        let (open, queued) = self.held.as_ref().map_or_else(none, |it| it.end());
        match open.and_then(|it| environment.write_ends(it, &ended)) {
            Ok(()) => environment.jobs.push(queued),
            Err(error) if self.held.is_some() => {
                for it in &mut ended {
                    it.undo(environment, &error, now);
                }
                drop(environment.write_ends(None, &ended));
            }
            // Each message was durable before. A later engine may find the jobs begun, and run them again.
            Err(_) => {}
        }
        let (told, over): (Vec<_>, Vec<_>) = ended.into_iter().map(Ended::part).unzip();
        environment.jobs.end(over);
        for id in environment.jobs.take_unkept() {
            environment.keep_job(id);
        }
        let finish = |(record, fault, operation): (JobRecord, Option<Fault>, Arc<Operation>)| {
            JobOutcome { record, fault, recorder: operation.finish() }
        };
        told.into_iter().map(finish).collect()
    }
}

impl Ended {
    /// What becomes of the job, with what was asked of it meanwhile.
    fn conclude(&mut self, environment: &Environment, now: DateTime<Utc>) {
        self.job.said = self.fault.as_ref().map(Said::new);
        let (ending, postponed) = environment.jobs.ending_of(&self.job, self.ending);
        self.ending = ending;
        self.settled_on = now;
        self.job.postpone_until = postponed;
        self.job.is_again = matches!(ending, Ending::Again | Ending::Suspended);
        self.job.again_on = environment.again_on(self.job.attempts, now);
        self.job.again_on = self.job.again_on.filter(|_| ending == Ending::Again);
        self.shown = match ending {
            Ending::Over(state) => JobRecord { completed_on: Some(now), ..self.job.record(state) },
            Ending::Again | Ending::Suspended => self.job.record(JobState::Waiting),
        };
    }

    /// The store did not take what it wrote: it runs again, as often as a job may (E-34).
    fn undo(&mut self, environment: &Environment, error: &StoreError, now: DateTime<Utc>) {
        self.fault = Some(Fault::failed(error.to_string()));
        let is_last = ATTEMPT_LIMIT <= self.job.attempts;
        self.ending = if is_last { Ending::Over(JobState::Failed) } else { Ending::Again };
        self.conclude(environment, now);
    }

    #[expect(clippy::type_complexity, reason = "what is told, and what the queue takes in")]
    fn part(self) -> ((JobRecord, Option<Fault>, Arc<Operation>), (Job, Ending, JobRecord)) {
        let Self { job, ending, shown, fault, operation, .. } = self;
        ((shown.clone(), fault, operation), (job, ending, shown))
    }
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
