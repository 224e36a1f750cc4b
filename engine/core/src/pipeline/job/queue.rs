//! The queue: jobs that wait, run or are done, and what a worker does next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Job;
use super::record::{JobRecord, JobState};
use super::recovery::FoundJob;
use super::stored::JobRecords;
use super::waiting::{Order, Waiting};
use crate::clock::Clock;

/// How many jobs that are done stay to be looked at.
const DONE_LIMIT: usize = 1_000;
/// How many jobs that somebody must resume stay in memory, where the store has them too.
const SUSPENDED_LIMIT: usize = 1_000;
/// How many jobs share the commit of their lease. More would make those of others wait longer than it saves.
const LOT_LIMIT: usize = 256;
/// How often a worker looks whether a postponed job is due: the engine's clock wakes nobody.
const GLANCE: Duration = Duration::from_millis(20);

/// The jobs that wait, those that run, and those that are done.
#[derive(Debug, Default)]
pub(crate) struct JobQueue {
    state: Mutex<QueueState>,
    pub(super) changed: Condvar,
    /// How many places in the order of queueing were given so far.
    places: AtomicU64,
    /// Where jobs have records.
    pub(super) records: JobRecords,
}

#[derive(Debug, Default)]
pub(super) struct QueueState {
    /// Those that run by themselves.
    pub(super) waiting: Waiting,
    /// Those that somebody must resume.
    pub(super) suspended: Vec<Job>,
    /// Those that the store remembers, and whose step is not there yet.
    pub(super) found: Vec<FoundJob>,
    /// Those that are leased, and that the next worker begins.
    leased: VecDeque<Job>,
    /// Those that are taken, leased ones among them.
    pub(super) running: BTreeMap<Uuid, Running>,
    pub(super) done: VecDeque<JobRecord>,
    /// Those whose records do not say yet what was asked of them.
    unkept: Vec<Uuid>,
    /// How many were put back whose records do not say so yet: until they do, nobody is idle.
    unwritten: usize,
    workers: usize,
    is_closed: bool,
}

/// A job that is taken, as it looks.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) shown: JobRecord,
    /// Whether its end is being written, so that nothing can be asked of it until that is done.
    pub(super) is_ending: bool,
}

/// How a run of a job ended (E-30 to E-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Over(JobState),
    Again,
    Suspended,
}

/// What a worker does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Runs this job.
    Run(Box<Job>),
    /// Leases these.
    Lease(Vec<Job>),
    /// Writes what became of those that it ran: nothing else is due.
    Settle,
    /// Ends: the queue is closed, and nothing is due.
    End,
}

impl JobQueue {
    /// Adds jobs whose transaction is committed.
    pub(in crate::pipeline) fn push(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let mut state = self.lock();
        for job in jobs {
            state.waiting.push(job);
        }
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
        let mut state = self.lock();
        for job in &jobs {
            state.waiting.stand(job.in_line());
        }
        state.found.extend(jobs);
    }

    /// Takes the jobs that the store remembers, and for which it is time.
    pub(super) fn take_found(&self, is_time: impl Fn(&FoundJob) -> bool) -> Vec<FoundJob> {
        self.lock().found.extract_if(.., |it| is_time(it)).collect()
    }

    /// Adds a job that the store remembered, and whose step is there.
    pub(super) fn admit(&self, job: Job, is_suspended: bool) {
        let mut state = self.lock();
        if is_suspended {
            state.suspend(job);
        } else {
            state.waiting.push(job);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Adds a job that the store remembered alone, for what is asked of it now.
    pub(super) fn recall(&self, job: Job) {
        let mut state = self.lock();
        if state.shown(job.id).is_some() {
            return; // Somebody else was quicker.
        }
        state.waiting.stand(job.in_line());
        state.suspended.push(job);
    }

    /// Keeps what became of a job that never ran.
    pub(super) fn give_up(&self, found: FoundJob) {
        let mut state = self.lock();
        state.waiting.leave(found.in_line());
        state.keep(found.shown);
    }

    /// Forgets what became of a job, since it is queued again.
    pub(super) fn forget(&self, id: Uuid) {
        self.lock().done.retain(|it| it.id != id);
    }

    /// What a job looks like now, and whether it waits for somebody to resume it.
    pub(super) fn shape_of(&self, id: Uuid) -> Option<(JobRecord, bool)> {
        let state = self.lock();
        if state.running.get(&id).is_some_and(|it| it.is_ending) {
            return None; // Who writes its end writes all of it.
        }
        let suspended = state.suspended.iter().find(|it| it.id == id);
        let suspended = suspended.map(|it| (it.record(JobState::Waiting), true));
        suspended.or_else(|| Some((state.shown(id)?, false)))
    }

    /// The state of a job that is taken.
    pub(super) fn running_state(&self, id: Uuid) -> Option<JobState> {
        self.lock().running.get(&id).map(|it| it.shown.state)
    }

    /// Takes the next job that is due, to be leased. Whoever asks runs it without a worker.
    pub(super) fn next(&self, clock: &dyn Clock) -> Vec<Job> {
        self.lock().take(1, Order::Queued, clock.now())
    }

    /// What a worker does next. It waits, unless what it did is still to be settled.
    pub(super) fn wait(&self, clock: &dyn Clock, is_settled: bool) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.leased.pop_front() {
                return Next::Run(Box::new(job));
            }
            let lot = state.take(LOT_LIMIT, Order::Fair, clock.now());
            if !lot.is_empty() {
                return Next::Lease(lot);
            }
            if !is_settled {
                return Next::Settle;
            }
            if state.is_closed && state.running.is_empty() {
                return Next::End;
            }
            state = if state.waiting.is_empty() {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                let waited = self.changed.wait_timeout(state, GLANCE);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Lets workers begin these, which are leased.
    pub(super) fn lease(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        self.lock().leased.extend(jobs);
        self.changed.notify_all();
    }

    /// Whether anything was asked of a job that is taken and did not begin.
    pub(super) fn is_asked(&self, id: Uuid) -> bool {
        let is_asked =
            |it: &JobRecord| it.state != JobState::InProgress || it.postpone_until.is_some();
        self.lock().running.get(&id).is_some_and(|it| is_asked(&it.shown))
    }

    /// Puts a job back that was leased and did not begin. Its record says so once it is [`written`](Self::written).
    pub(super) fn give_back(&self, job: Job, now: DateTime<Utc>) {
        self.lock().unwritten += 1;
        self.put_back(job, now);
    }

    /// The record of a job that was given back says so.
    pub(super) fn written(&self) {
        let mut state = self.lock();
        state.unwritten = state.unwritten.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Puts a job back that was taken and not leased: what was asked of it meanwhile becomes of it.
    pub(super) fn put_back(&self, mut job: Job, now: DateTime<Utc>) {
        let mut state = self.lock();
        let asked = state.running.remove(&job.id).map(|it| it.shown);
        job.attempts = job.attempts.saturating_sub(1);
        if job.attempts == 0 {
            job.started_on = None;
        }
        job.postpone_until = asked.as_ref().and_then(|it| it.postpone_until);
        let asked = asked.map(|it| it.state);
        let token = job.token.clone();
        if asked == Some(JobState::Canceling) {
            let canceled = job.record(JobState::Canceled);
            state.keep(JobRecord { completed_on: Some(now), ..canceled });
        } else if asked == Some(JobState::Pausing) {
            state.suspend(job);
        } else {
            state.waiting.push(job);
        }
        state.waiting.free(token.as_ref());
        drop(state);
        self.changed.notify_all();
    }

    /// Forgets a job that was taken: another engine has run it.
    pub(super) fn drop_taken(&self, job: &Job) {
        let mut state = self.lock();
        state.running.remove(&job.id);
        state.waiting.free(job.token.as_ref());
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until no job runs, and none is due.
    pub(crate) fn wait_until_idle(&self, clock: &dyn Clock) {
        let mut state = self.lock();
        let is_busy = |it: &QueueState| !it.running.is_empty() || 0 < it.unwritten;
        while is_busy(&state) || 0 < state.waiting.due(clock.now()) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Counts a worker that begins.
    pub(crate) fn add_worker(&self) {
        self.lock().workers += 1;
    }

    /// A worker has ended.
    pub(super) fn remove_worker(&self) {
        let mut state = self.lock();
        state.workers = state.workers.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Lets the workers end once no job is due.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits until the workers have ended.
    pub(crate) fn wait_for_workers(&self) {
        let mut state = self.lock();
        while 0 < state.workers {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The jobs that are done, oldest first, those that run, and those that wait.
    pub(crate) fn records(&self) -> Vec<JobRecord> {
        self.lock().all().collect()
    }

    /// What becomes of a job that ran, with what was asked of it meanwhile. From here on nothing can be asked of
    /// it, until it [`end`](Self::end)s.
    pub(super) fn ending_of(&self, job: &Job, ending: Ending) -> (Ending, Option<DateTime<Utc>>) {
        let mut state = self.lock();
        let Some(running) = state.running.get_mut(&job.id) else { return (ending, None) };
        running.is_ending = true;
        let ending = match (running.shown.state, ending) {
            (JobState::Canceling, _) => Ending::Over(JobState::Canceled),
            (JobState::Pausing, Ending::Again) => Ending::Suspended,
            _ => ending,
        };
        (ending, running.shown.postpone_until)
    }

    /// Takes in what became of jobs, now that it is written.
    pub(super) fn end(&self, ended: Vec<(Job, Ending, JobRecord)>) {
        let mut state = self.lock();
        for (job, ending, shown) in ended {
            state.running.remove(&job.id);
            let token = job.token.clone();
            match ending {
                Ending::Over(JobState::Succeeded) if job.is_auto_delete() => {}
                Ending::Over(_) => state.keep(shown),
                Ending::Suspended => state.suspend(job),
                Ending::Again => state.waiting.push(job),
            }
            state.waiting.free(token.as_ref());
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A job whose record could not be changed now.
    pub(super) fn keep_later(&self, id: Uuid) {
        self.lock().unkept.push(id);
    }

    pub(super) fn take_unkept(&self) -> Vec<Uuid> {
        std::mem::take(&mut self.lock().unkept)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    /// Takes jobs that are due.
    fn take(&mut self, limit: usize, order: Order, now: DateTime<Utc>) -> Vec<Job> {
        let mut lot = Vec::new();
        while lot.len() < limit {
            // One that began before comes alone: should it end the engine, its run counts for nobody else.
            let next = self.waiting.peek(order, now);
            let Some(is_alone) = next.map(|it| 0 < it.attempts) else { break };
            if is_alone && !lot.is_empty() {
                break;
            }
            let Some(job) = self.waiting.take(order, now) else { break };
            lot.push(self.begin(job, now));
            if is_alone {
                break;
            }
        }
        lot
    }

    fn begin(&mut self, mut job: Job, now: DateTime<Utc>) -> Job {
        job.attempts += 1;
        job.is_elsewhere = false;
        job.started_on = Some(now);
        job.postpone_until = None;
        job.again_on = None;
        job.said = None;
        let shown = job.record(JobState::InProgress);
        self.running.insert(job.id, Running { shown, is_ending: false });
        job
    }

    /// Keeps a job until somebody resumes it: in the store alone, where there are many.
    fn suspend(&mut self, mut job: Job) {
        job.is_again = true;
        self.waiting.stand(job.in_line());
        if !job.has_record || self.suspended.len() < SUSPENDED_LIMIT {
            self.suspended.push(job);
        }
    }

    pub(super) fn keep(&mut self, done: JobRecord) {
        if self.done.len() == DONE_LIMIT {
            self.done.pop_front();
        }
        self.done.push_back(done);
    }

    /// The jobs that are done, oldest first, those that run, and those that wait.
    fn all(&self) -> impl Iterator<Item = JobRecord> {
        let waiting = self.waiting.iter().chain(&self.suspended);
        let waiting = waiting.map(|it| it.record(it.state()));
        let running = self.running.values().map(|it| &it.shown);
        let known = self.done.iter().chain(running).chain(self.found.iter().map(|it| &it.shown));
        known.cloned().chain(waiting)
    }

    /// What a job looks like.
    pub(super) fn shown(&self, id: Uuid) -> Option<JobRecord> {
        if let Some(running) = self.running.get(&id) {
            return Some(running.shown.clone());
        }
        if let Some(waiting) = self.waiting.get(id) {
            return Some(waiting.record(waiting.state()));
        }
        let found = self.found.iter().map(|it| &it.shown);
        let known = self.done.iter().rev().chain(found).find(|it| it.id == id).cloned();
        let suspended = || self.suspended.iter().find(|it| it.id == id);
        known.or_else(|| suspended().map(|it| it.record(it.state())))
    }
}
