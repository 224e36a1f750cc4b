//! The queue: jobs that wait, run or are done, and what can be asked of them.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Job;
use super::record::{JobChange, JobError, JobRecord, JobState};
use crate::clock::Clock;

/// How many jobs that are done stay to be looked at.
const DONE_LIMIT: usize = 1_000;
/// How often a worker looks whether a postponed job is due: the engine's clock wakes nobody.
const GLANCE: Duration = Duration::from_millis(20);

/// The jobs that wait, those that run, and those that are done.
#[derive(Debug, Default)]
pub(crate) struct JobQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    /// Those that run by themselves, in this order.
    waiting: VecDeque<Job>,
    /// Those that somebody must resume.
    suspended: Vec<Job>,
    running: Vec<JobRecord>,
    done: VecDeque<JobRecord>,
    /// How many jobs were queued so far.
    queued: u64,
    is_closed: bool,
}

/// How a run of a job ended (E-30 to E-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Over(JobState),
    Again,
    Suspended,
}

impl JobQueue {
    /// Adds jobs whose transaction is committed.
    pub(in crate::pipeline) fn push(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let mut state = self.lock();
        for mut job in jobs {
            state.queued += 1;
            job.sequence = state.queued;
            state.waiting.push_back(job);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The next job that is due, without waiting for one.
    pub(crate) fn next(&self, clock: &dyn Clock) -> Option<Job> {
        self.lock().begin(clock.now())
    }

    /// The next job that is due; `None` once the queue is closed and none is.
    pub(crate) fn wait(&self, clock: &dyn Clock) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.begin(clock.now()) {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state = if state.waiting.is_empty() {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                let waited = self.changed.wait_timeout(state, GLANCE);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Waits until no job runs, and none is due.
    pub(crate) fn wait_until_idle(&self, clock: &dyn Clock) {
        let mut state = self.lock();
        while !state.running.is_empty() || state.waiting.iter().any(|it| it.is_due(clock.now())) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the workers end once no job is due.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The jobs that are done, oldest first, those that run, and those that wait.
    pub(crate) fn records(&self) -> Vec<JobRecord> {
        let state = self.lock();
        let waiting = state.waiting.iter().chain(&state.suspended);
        let waiting = waiting.map(|it| it.record(it.state()));
        state.done.iter().chain(&state.running).cloned().chain(waiting).collect()
    }

    /// Keeps what became of a job that ran. What was asked of it meanwhile counts.
    pub(super) fn end(&self, mut job: Job, ending: Ending, now: DateTime<Utc>) -> JobRecord {
        let mut state = self.lock();
        let running = state.running.iter().position(|it| it.id == job.id);
        let running = running.map(|it| state.running.swap_remove(it));
        let asked = running.as_ref().map(|it| it.state);
        job.postpone_until = running.and_then(|it| it.postpone_until);
        let record = match (asked, ending) {
            (Some(JobState::Canceling), _) => state.complete(&job, JobState::Canceled, now),
            (_, Ending::Over(JobState::Succeeded)) if job.is_auto_delete() => {
                JobRecord { completed_on: Some(now), ..job.record(JobState::Succeeded) }
            }
            (_, Ending::Over(ended)) => state.complete(&job, ended, now),
            (Some(JobState::Pausing), Ending::Again) | (_, Ending::Suspended) => {
                job.is_again = true;
                let record = job.record(JobState::Waiting);
                state.suspended.push(job);
                record
            }
            (_, Ending::Again) => {
                job.is_again = true;
                let record = job.record(JobState::Waiting);
                state.waiting.push_back(job);
                record
            }
        };
        drop(state);
        self.changed.notify_all();
        record
    }

    /// Lets a job not run, or not run again (L-7). One that runs goes on to its end, and counts as canceled.
    pub(crate) fn cancel(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), JobError> {
        self.change(id, JobChange::Cancel, |state| {
            if let Some(job) = state.take_waiting(id).or_else(|| state.take_suspended(id)) {
                state.complete(&job, JobState::Canceled, now);
                return true;
            }
            state.ask(id, |it| it.state = JobState::Canceling)
        })
    }

    /// Lets a job that waits be ready to run.
    pub(crate) fn resume(&self, id: Uuid) -> Result<(), JobError> {
        self.change(id, JobChange::Resume, |state| {
            let again = state.waiting.iter().any(|it| it.id == id && it.is_again);
            let found = if again { state.take_waiting(id) } else { state.take_suspended(id) };
            let Some(mut job) = found else { return false };
            job.is_again = false;
            state.waiting.push_back(job);
            true
        })
    }

    /// Lets a job that runs wait for being resumed, should it ask for another run.
    pub(crate) fn pause(&self, id: Uuid) -> Result<(), JobError> {
        self.change(id, JobChange::Pause, |state| {
            let is_canceling = |it: &JobRecord| it.id == id && it.state == JobState::Canceling;
            let is_free = !state.running.iter().any(is_canceling);
            is_free && state.ask(id, |it| it.state = JobState::Pausing)
        })
    }

    /// Lets a job not run before a time; one that runs, not again before it.
    pub(crate) fn postpone(&self, id: Uuid, until: DateTime<Utc>) -> Result<(), JobError> {
        self.change(id, JobChange::Postpone, |state| {
            let mut ready = state.waiting.iter_mut();
            if let Some(job) = ready.find(|it| it.id == id && it.state() == JobState::Ready) {
                job.postpone_until = Some(until);
                return true;
            }
            state.ask(id, |it| it.postpone_until = Some(until))
        })
    }

    /// Forgets a job that is done (E-35).
    pub(crate) fn delete(&self, id: Uuid) -> Result<(), JobError> {
        self.change(id, JobChange::Delete, |state| {
            let count = state.done.len();
            state.done.retain(|it| it.id != id);
            state.done.len() < count
        })
    }

    /// Changes a job, or says why it cannot be.
    fn change(
        &self,
        job: Uuid,
        change: JobChange,
        apply: impl FnOnce(&mut QueueState) -> bool,
    ) -> Result<(), JobError> {
        let mut state = self.lock();
        if apply(&mut state) {
            drop(state);
            self.changed.notify_all();
            return Ok(());
        }
        let state = state.state_of(job).ok_or(JobError::NotFound { job })?;
        Err(JobError::Refused { job, state, change })
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn begin(&mut self, now: DateTime<Utc>) -> Option<Job> {
        let index = self.waiting.iter().position(|it| it.is_due(now))?;
        let mut job = self.waiting.remove(index)?;
        job.attempts += 1;
        job.started_on = Some(now);
        job.postpone_until = None;
        job.said = None;
        self.running.push(job.record(JobState::InProgress));
        Some(job)
    }

    fn complete(&mut self, job: &Job, state: JobState, now: DateTime<Utc>) -> JobRecord {
        let record = JobRecord { completed_on: Some(now), ..job.record(state) };
        if self.done.len() == DONE_LIMIT {
            self.done.pop_front();
        }
        self.done.push_back(record.clone());
        record
    }

    /// Asks something of a job that runs; whether it does.
    fn ask(&mut self, id: Uuid, ask: impl FnOnce(&mut JobRecord)) -> bool {
        self.running.iter_mut().find(|it| it.id == id).map(ask).is_some()
    }

    fn take_waiting(&mut self, id: Uuid) -> Option<Job> {
        self.waiting.remove(self.waiting.iter().position(|it| it.id == id)?)
    }

    fn take_suspended(&mut self, id: Uuid) -> Option<Job> {
        let index = self.suspended.iter().position(|it| it.id == id)?;
        Some(self.suspended.remove(index))
    }

    fn state_of(&self, id: Uuid) -> Option<JobState> {
        let kept = self.done.iter().chain(&self.running).find(|it| it.id == id).map(|it| it.state);
        let waiting = || self.waiting.iter().chain(&self.suspended).find(|it| it.id == id);
        kept.or_else(|| Some(waiting()?.state()))
    }
}
