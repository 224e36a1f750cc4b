//! Jobs that wait: whose turn it is, by the order of queueing, by their owners, by their lines.
//!
//! Each step of it takes as long for a few jobs as for many: nothing here looks at all that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Job;

/// Jobs that wait for their turn, and the lines in which some of them stand.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// All of them, in the order in which they came.
    jobs: BTreeMap<u64, Job>,
    places: BTreeMap<Uuid, u64>,
    last_place: u64,
    /// Those that may begin.
    ready: BTreeSet<u64>,
    /// The same, for each owner.
    of_owner: BTreeMap<Uuid, BTreeSet<u64>>,
    /// The owner whose job began last.
    served: Uuid,
    /// Those whose time has not come, by that time.
    later: BTreeSet<(DateTime<Utc>, u64)>,
    lines: BTreeMap<Arc<str>, Line>,
}

/// The jobs of one dependency token: the next one begins when the one before is over.
#[derive(Debug, Default)]
struct Line {
    /// Those that are not over, and do not run: in the order of their creation.
    members: BTreeSet<(u64, Uuid)>,
    is_busy: bool,
}

/// A job, as far as its line knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct InLine<'a> {
    pub(super) token: Option<&'a Arc<str>>,
    pub(super) sequence: u64,
    pub(super) id: Uuid,
}

/// Who comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Who was queued first.
    Queued,
    /// The owners take turns; of each, who was queued first.
    Fair,
}

impl Waiting {
    /// Adds a job behind all others.
    pub(super) fn push(&mut self, job: Job) {
        self.last_place += 1;
        let place = self.last_place;
        self.stand(job.in_line());
        self.places.insert(job.id, place);
        self.jobs.insert(place, job);
        self.sort(place);
    }

    /// Lets a job stand in its line, although it waits elsewhere: those behind it wait for it.
    pub(super) fn stand(&mut self, job: InLine<'_>) {
        if let Some(token) = job.token {
            let line = self.lines.entry(Arc::clone(token)).or_default();
            line.members.insert((job.sequence, job.id));
        }
    }

    /// Takes the next job that is due. Its line is busy until it is [`freed`](Self::free).
    pub(super) fn take(&mut self, order: Order, now: DateTime<Utc>) -> Option<Job> {
        self.wake(now);
        let place = self.next(order)?;
        let job = self.remove(place)?;
        self.served = job.owner();
        if let Some(line) = job.token.as_ref().and_then(|it| self.lines.get_mut(it)) {
            line.members.remove(&(job.sequence, job.id));
            line.is_busy = true;
        }
        Some(job)
    }

    /// The next job that is due, which stays.
    pub(super) fn peek(&mut self, order: Order, now: DateTime<Utc>) -> Option<&Job> {
        self.wake(now);
        self.jobs.get(&self.next(order)?)
    }

    /// How many jobs are due.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> usize {
        self.wake(now);
        self.ready.len()
    }

    /// Lets the next one of a line come forward, since its job does not run any more.
    pub(super) fn free(&mut self, token: Option<&Arc<str>>) {
        let Some(token) = token else { return };
        if let Some(line) = self.lines.get_mut(token) {
            line.is_busy = false;
        }
        self.advance(token);
    }

    /// Takes one out of its line that did not run, and waits no more.
    pub(super) fn leave(&mut self, job: InLine<'_>) {
        let Some(token) = job.token else { return };
        if let Some(line) = self.lines.get_mut(token) {
            line.members.remove(&(job.sequence, job.id));
        }
        self.advance(token);
    }

    /// Takes a job out by its identity. It keeps its place in its line.
    pub(super) fn pull(&mut self, id: Uuid) -> Option<Job> {
        self.remove(*self.places.get(&id)?)
    }

    /// Changes a job, which keeps its place.
    pub(super) fn change(&mut self, id: Uuid, change: impl FnOnce(&mut Job)) -> bool {
        let Some(place) = self.places.get(&id).copied() else { return false };
        let Some(mut job) = self.remove(place) else { return false };
        change(&mut job);
        self.places.insert(job.id, place);
        self.jobs.insert(place, job);
        self.sort(place);
        true
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&Job> {
        self.jobs.get(self.places.get(&id)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    fn next(&self, order: Order) -> Option<u64> {
        if order == Order::Queued {
            return self.ready.first().copied();
        }
        let after = self.of_owner.range((Excluded(self.served), Unbounded)).next();
        let (_, places) = after.or_else(|| self.of_owner.first_key_value())?;
        places.first().copied()
    }

    /// Puts a job where it belongs: those that may begin, those whose time has not come, or behind another.
    fn sort(&mut self, place: u64) {
        let Some(job) = self.jobs.get(&place) else { return };
        if let Some(until) = job.waits_until() {
            self.later.insert((until, place));
        } else if self.is_first(job) {
            self.of_owner.entry(job.owner()).or_default().insert(place);
            self.ready.insert(place);
            self.hold_back(place);
        }
    }

    /// Whether nobody of its line is before it.
    fn is_first(&self, job: &Job) -> bool {
        let line = job.token.as_ref().and_then(|it| self.lines.get(it));
        line.is_none_or(|it| !it.is_busy && it.members.first() == Some(&(job.sequence, job.id)))
    }

    /// One that was created before may be queued after: then the other is first no more.
    fn hold_back(&mut self, place: u64) {
        let Some(token) = self.jobs.get(&place).and_then(|it| it.token.clone()) else { return };
        let second = self.lines.get(&token).and_then(|it| it.members.iter().nth(1).copied());
        let second = second.and_then(|(_, id)| self.places.get(&id).copied());
        if let Some(second) = second {
            self.unready(second);
        }
    }

    fn unready(&mut self, place: u64) {
        let Some(job) = self.jobs.get(&place) else { return };
        let owner = job.owner();
        self.ready.remove(&place);
        if let Some(places) = self.of_owner.get_mut(&owner) {
            places.remove(&place);
            if places.is_empty() {
                self.of_owner.remove(&owner);
            }
        }
    }

    /// Lets the first of a line come forward, where its time has come.
    fn advance(&mut self, token: &Arc<str>) {
        let Some(line) = self.lines.get(token) else { return };
        match line.members.first() {
            None if !line.is_busy => drop(self.lines.remove(token)),
            None => {}
            Some((_, id)) => {
                if let Some(place) = self.places.get(id).copied()
                    && self.jobs.get(&place).is_some_and(|it| it.waits_until().is_none())
                {
                    self.sort(place);
                }
            }
        }
    }

    /// Sorts those in whose time has come.
    fn wake(&mut self, now: DateTime<Utc>) {
        while let Some((until, place)) = self.later.first().copied()
            && until <= now
        {
            self.later.pop_first();
            if let Some(job) = self.jobs.get_mut(&place) {
                job.postpone_until = None;
                job.again_on = None;
            }
            self.sort(place);
        }
    }

    fn remove(&mut self, place: u64) -> Option<Job> {
        self.unready(place);
        let job = self.jobs.remove(&place)?;
        self.places.remove(&job.id);
        if let Some(until) = job.waits_until() {
            self.later.remove(&(until, place));
        }
        Some(job)
    }
}
