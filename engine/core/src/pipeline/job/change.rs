//! What can be asked of a job, and whether its state allows it (L-7).

use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Job;
use super::queue::{JobQueue, QueueState};
use super::record::{JobChange, JobError, JobRecord, JobState};

impl JobQueue {
    /// Lets a job not run, or not run again (L-7). One that runs goes on to its end, and counts as canceled.
    pub(crate) fn cancel(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), JobError> {
        self.change(id, JobChange::Cancel, |state| {
            let over = |it: JobRecord| JobRecord {
                state: JobState::Canceled,
                completed_on: Some(now),
                ..it
            };
            if let Some(job) = state.waiting.pull(id).or_else(|| state.take_suspended(id)) {
                state.waiting.leave(job.in_line());
                state.keep(over(job.record(JobState::Canceled)));
                return true;
            }
            if let Some(index) = state.found.iter().position(|it| it.shown.id == id) {
                let found = state.found.remove(index);
                state.waiting.leave(found.in_line());
                state.keep(over(found.shown));
                return true;
            }
            state.ask(id, |it| it.state = JobState::Canceling)
        })
    }

    /// Lets a job that waits be ready to run.
    pub(crate) fn resume(&self, id: Uuid) -> Result<(), JobError> {
        self.change(id, JobChange::Resume, |state| {
            let again = state.waiting.get(id).is_some_and(|it| it.is_again);
            let found = if again { state.waiting.pull(id) } else { state.take_suspended(id) };
            let Some(mut job) = found else { return false };
            job.is_again = false;
            job.again_on = None;
            state.waiting.push(job);
            true
        })
    }

    /// Lets a job that runs wait for being resumed, should it ask for another run.
    pub(crate) fn pause(&self, id: Uuid) -> Result<(), JobError> {
        self.change(id, JobChange::Pause, |state| {
            let running = state.running.get(&id);
            let is_free = running.is_none_or(|it| it.shown.state != JobState::Canceling);
            is_free && state.ask(id, |it| it.state = JobState::Pausing)
        })
    }

    /// Lets a job not run before a time; one that runs, not again before it.
    pub(crate) fn postpone(&self, id: Uuid, until: DateTime<Utc>) -> Result<(), JobError> {
        self.change(id, JobChange::Postpone, |state| {
            let is_ready = state.waiting.get(id).is_some_and(|it| it.state() == JobState::Ready);
            if is_ready {
                return state.waiting.change(id, |it| it.postpone_until = Some(until));
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

    /// Changes a job, or says why it cannot be. One whose end is being written is waited for.
    fn change(
        &self,
        job: Uuid,
        change: JobChange,
        apply: impl FnOnce(&mut QueueState) -> bool,
    ) -> Result<(), JobError> {
        let mut state = self.lock();
        while state.running.get(&job).is_some_and(|it| it.is_ending) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if apply(&mut state) {
            drop(state);
            self.changed.notify_all();
            return Ok(());
        }
        let state = state.shown(job).ok_or(JobError::NotFound { job })?.state;
        Err(JobError::Refused { job, state, change })
    }
}

impl QueueState {
    /// Asks something of a job that runs; whether it does.
    fn ask(&mut self, id: Uuid, ask: impl FnOnce(&mut JobRecord)) -> bool {
        self.running.get_mut(&id).map(|it| ask(&mut it.shown)).is_some()
    }

    fn take_suspended(&mut self, id: Uuid) -> Option<Job> {
        let index = self.suspended.iter().position(|it| it.id == id)?;
        Some(self.suspended.remove(index))
    }
}
