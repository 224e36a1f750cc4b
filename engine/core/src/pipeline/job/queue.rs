//! The queue: jobs that wait, run or are done, and what can be asked of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Job;
use super::record::{JobChange, JobError, JobRecord, JobState};
use super::recovery::FoundJob;
use super::stored::JobRecords;
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
    /// How many places in the order of queueing were given so far.
    places: AtomicU64,
    /// Where jobs have records.
    pub(super) records: JobRecords,
}

#[derive(Debug, Default)]
struct QueueState {
    /// Those that run by themselves, in this order.
    waiting: VecDeque<Job>,
    /// Those that somebody must resume.
    suspended: Vec<Job>,
    /// Those that the store remembers, and whose step is not there yet.
    found: Vec<FoundJob>,
    running: Vec<JobRecord>,
    done: VecDeque<JobRecord>,
    /// How many runs ended whose records do not say so yet.
    unsaved: usize,
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
        state.waiting.extend(jobs);
        drop(state);
        self.changed.notify_all();
    }

    /// A place in the order of queueing.
    pub(super) fn next_place(&self) -> u64 {
        self.places.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds jobs that the store remembers, and lets new ones come behind them.
    pub(super) fn find(&self, jobs: Vec<FoundJob>) {
        let last = jobs.iter().map(|it| it.shown.sequence).max().unwrap_or(0);
        self.places.fetch_max(last, Ordering::Relaxed);
        self.lock().found.extend(jobs);
    }

    /// Takes the jobs that the store remembers, and for which it is time.
    pub(super) fn take_found(&self, is_time: impl Fn(&FoundJob) -> bool) -> Vec<FoundJob> {
        self.lock().found.extract_if(.., |it| is_time(it)).collect()
    }

    /// Adds a job that the store remembered, and whose step is there.
    pub(super) fn admit(&self, job: Job, is_suspended: bool) {
        let mut state = self.lock();
        if is_suspended {
            state.suspended.push(job);
        } else {
            state.waiting.push_back(job);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Keeps what became of a job that never ran.
    pub(super) fn give_up(&self, shown: JobRecord) {
        self.lock().keep(shown);
    }

    /// Forgets what became of a job, since it is queued again.
    pub(super) fn forget(&self, id: Uuid) {
        self.lock().done.retain(|it| it.id != id);
    }

    /// What a job looks like now, and whether it waits for somebody to resume it.
    pub(super) fn shape_of(&self, id: Uuid) -> Option<(JobRecord, bool)> {
        let state = self.lock();
        let suspended = state.suspended.iter().find(|it| it.id == id);
        let suspended = suspended.map(|it| (it.record(JobState::Waiting), true));
        suspended.or_else(|| Some((state.shown(id)?, false)))
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
        let is_busy = |it: &QueueState| !it.running.is_empty() || 0 < it.unsaved;
        let mut state = self.lock();
        while is_busy(&state) || state.waiting.iter().any(|it| it.is_due(clock.now())) {
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
        self.lock().all().collect()
    }

    /// Keeps what became of a job that ran. What was asked of it meanwhile counts. Nobody is idle until its
    /// record is [`saved`](Self::saved), too.
    pub(super) fn end(&self, mut job: Job, ending: Ending, now: DateTime<Utc>) -> JobRecord {
        let mut state = self.lock();
        let running = state.running.iter().position(|it| it.id == job.id);
        let running = running.map(|it| state.running.swap_remove(it));
        let asked = running.as_ref().map(|it| it.state);
        state.unsaved += 1;
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

    /// The record of a run that ended says so.
    pub(super) fn saved(&self) {
        let mut state = self.lock();
        state.unsaved = state.unsaved.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Lets a job not run, or not run again (L-7). One that runs goes on to its end, and counts as canceled.
    pub(crate) fn cancel(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), JobError> {
        self.change(id, JobChange::Cancel, |state| {
            if let Some(job) = state.take_waiting(id).or_else(|| state.take_suspended(id)) {
                state.complete(&job, JobState::Canceled, now);
                return true;
            }
            if let Some(index) = state.found.iter().position(|it| it.shown.id == id) {
                let shown = state.found.remove(index).shown;
                state.keep(JobRecord {
                    state: JobState::Canceled,
                    completed_on: Some(now),
                    ..shown
                });
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
            job.again_on = None;
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
        job.again_on = None;
        job.said = None;
        self.running.push(job.record(JobState::InProgress));
        Some(job)
    }

    fn complete(&mut self, job: &Job, state: JobState, now: DateTime<Utc>) -> JobRecord {
        let record = JobRecord { completed_on: Some(now), ..job.record(state) };
        self.keep(record.clone());
        record
    }

    fn keep(&mut self, done: JobRecord) {
        if self.done.len() == DONE_LIMIT {
            self.done.pop_front();
        }
        self.done.push_back(done);
    }

    /// The jobs that are done, oldest first, those that run, and those that wait.
    fn all(&self) -> impl Iterator<Item = JobRecord> {
        let waiting = self.waiting.iter().chain(&self.suspended);
        let waiting = waiting.map(|it| it.record(it.state()));
        let known =
            self.done.iter().chain(&self.running).chain(self.found.iter().map(|it| &it.shown));
        known.cloned().chain(waiting)
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

    /// What a job looks like: the newest first, since it is mostly one of these.
    fn shown(&self, id: Uuid) -> Option<JobRecord> {
        let found = self.found.iter().map(|it| &it.shown);
        let mut known = self.running.iter().chain(self.done.iter().rev()).chain(found);
        let known = known.find(|it| it.id == id).cloned();
        let waiting = || self.waiting.iter().chain(&self.suspended).find(|it| it.id == id);
        known.or_else(|| waiting().map(|it| it.record(it.state())))
    }

    fn state_of(&self, id: Uuid) -> Option<JobState> {
        self.shown(id).map(|it| it.state)
    }
}
