//! Leases: who runs a job, and until when nobody else does.
//!
//! Before a job runs, its record says so: in which run it is, on which engine, and until when. So an engine that
//! finds it can tell whether another one still runs it, and a job that ends its engine each time is counted.
//! Where the setting gives no time, no record is read first: the engine is alone with its store.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::queue::Ending;
use super::recovery::Remembered;
use super::shift::Ended;
use super::stored::{beginning, ending};
use super::{Job, JobState};
use crate::metadata::EntityMetadata;
use crate::pipeline::Environment;
use crate::pipeline::aside::{found, lay, write};
use crate::record::{Record, Value};
use crate::store::{StoreError, Transaction};

/// How long jobs wait that the store would not lease.
const STORE_DELAY: TimeDelta = TimeDelta::seconds(1);

/// The attributes that say which engine runs a job, and until when.
const HOST: &str = "hostid";
const LEASED_UNTIL: &str = "leaseduntil";

/// What is written of jobs that begin together.
struct Lease<'a> {
    entity: &'a Arc<EntityMetadata>,
    until: Option<DateTime<Utc>>,
    /// Those that need no closer look.
    untouched: BTreeSet<Uuid>,
}

/// What a record says of a job that is to begin.
enum Verdict {
    /// It begins, and has begun so often by then.
    Begins(u32),
    /// Another engine runs it, until then at least.
    Elsewhere(DateTime<Utc>),
    /// It is done, or gone, or waits for somebody to resume it.
    Gone,
    /// The engine that ran it is gone, and this is what becomes of it.
    Ends(Ending, Box<Remembered>),
}

impl Environment {
    /// Leases jobs that were taken, all at once. Answers those that can begin.
    pub(super) fn lease(&self, lot: Vec<Job>) -> Vec<Job> {
        let Some(entity) = self.jobs.records.entity() else { return lot };
        let now = self.clock.now();
        let until = self.lease_until(now);
        let verdicts = write(&*self.store, |tx| {
            let untouched = self.untouched(&lot, until, tx)?;
            let lease = Lease { entity: &entity, until, untouched };
            lot.iter().map(|it| self.lease_one(&lease, it, tx)).collect()
        });
        let verdicts: Vec<Verdict> = match verdicts {
            Ok(verdicts) => verdicts,
            Err(_) => return self.wait_for_store(lot, now),
        };
        let lot = lot.into_iter().zip(verdicts);
        lot.filter_map(|(job, verdict)| self.follow(job, verdict, until)).collect()
    }

    /// Does what a verdict says, now that it is written. Answers the job, where it begins.
    fn follow(&self, mut job: Job, verdict: Verdict, until: Option<DateTime<Utc>>) -> Option<Job> {
        match verdict {
            Verdict::Begins(attempts) => {
                (job.attempts, job.leased_until) = (attempts, until);
                if self.jobs.running_state(job.id) != Some(JobState::InProgress) {
                    self.keep_job(job.id); // Something was asked of it meanwhile.
                }
                return Some(job);
            }
            Verdict::Elsewhere(until) => {
                (job.is_elsewhere, job.again_on) = (true, Some(until));
                self.jobs.put_back(job, self.clock.now());
            }
            Verdict::Gone => self.jobs.drop_taken(&job),
            Verdict::Ends(ending, last) => self.jobs.end(vec![(job, ending, last.shown)]),
        }
        None
    }

    /// Those of many jobs that no engine has begun: found by one search, where that meets nobody.
    fn untouched(
        &self,
        lot: &[Job],
        until: Option<DateTime<Utc>>,
        tx: &mut dyn Transaction,
    ) -> Result<BTreeSet<Uuid>, StoreError> {
        if until.is_none() || lot.len() < 2 || !self.store.takes_turns() {
            return Ok(BTreeSet::new());
        }
        let Some(plan) = self.jobs.records.unbegun(lot) else { return Ok(BTreeSet::new()) };
        Ok(tx.query(&plan)?.records.iter().filter_map(Record::id).collect())
    }

    /// Looks at the record of one job, and writes that it begins, where it does.
    fn lease_one(
        &self,
        lease: &Lease<'_>,
        job: &Job,
        tx: &mut dyn Transaction,
    ) -> Result<Verdict, StoreError> {
        if !job.has_record {
            return Ok(Verdict::Begins(job.attempts));
        }
        let verdict = if lease.until.is_none() || lease.untouched.contains(&job.id) {
            Verdict::Begins(job.attempts)
        } else {
            let record = tx.retrieve(lease.entity, job.id)?;
            record.map_or(Verdict::Gone, |it| self.judge(job, &it))
        };
        match &verdict {
            Verdict::Begins(attempts) => {
                let mut change = Record::of(lease.entity, job.id);
                let host = lease.until.map(|_| self.jobs.records.host());
                for (name, value) in beginning(job, *attempts) {
                    lay(&mut change, name, value);
                }
                lay(&mut change, HOST, host.map_or(Value::Null, Value::from));
                lay(&mut change, LEASED_UNTIL, lease.until.into());
                found(tx.update(&change).map(drop))?;
            }
            Verdict::Ends(_, last) => {
                let change = self.change_of(lease.entity, &last.shown, last.is_suspended);
                found(tx.update(&change).map(drop))?;
            }
            Verdict::Elsewhere(_) | Verdict::Gone => {}
        }
        Ok(verdict)
    }

    /// What its record says of a job that is to begin: another engine may have had it meanwhile.
    fn judge(&self, job: &Job, record: &Record) -> Verdict {
        let Some(last) = Remembered::read(record) else { return Verdict::Gone };
        if let Some(until) = self.is_elsewhere(record, &last) {
            return Verdict::Elsewhere(until);
        }
        let has_run_elsewhere = job.attempts <= last.attempts;
        let was_over = last.shown.state.is_completed();
        let last = last.after_the_end(self);
        if last.shown.state.is_completed() {
            let over = Ending::Over(last.shown.state);
            return if was_over { Verdict::Gone } else { Verdict::Ends(over, Box::new(last)) };
        }
        if last.is_suspended && has_run_elsewhere {
            return Verdict::Gone;
        }
        Verdict::Begins(job.attempts.max(last.attempts + 1))
    }

    /// Until when another engine runs a job, as its record says.
    pub(super) fn is_elsewhere(&self, record: &Record, last: &Remembered) -> Option<DateTime<Utc>> {
        let host = record.get(HOST).and_then(Value::as_text);
        let is_ours = host.is_none_or(|it| it == self.jobs.records.host());
        let Some(Value::Moment(until)) = record.get(LEASED_UNTIL) else { return None };
        let until = Some(*until).filter(|it| self.clock.now() < *it);
        until.filter(|_| last.shown.state.code() == 2 && !is_ours)
    }

    /// Until when a lease holds that begins now; `None` where there are none, or records have no place for them.
    fn lease_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let entity = self.jobs.records.entity()?;
        entity.ordinal(HOST).and(entity.ordinal(LEASED_UNTIL))?;
        let span = Some(self.settings.job_lease).filter(|it| !it.is_zero())?;
        Some(now.checked_add_signed(TimeDelta::from_std(span).ok()?).unwrap_or(now))
    }

    /// Lets jobs wait for a while: the store did not lease them.
    fn wait_for_store(&self, lot: Vec<Job>, now: DateTime<Utc>) -> Vec<Job> {
        for mut job in lot {
            job.again_on = now.checked_add_signed(STORE_DELAY);
            self.jobs.put_back(job, now);
        }
        Vec::new()
    }

    /// Until when the lease of a job must be made longer, so that it has all the time that it may take; `None`
    /// where it has.
    pub(super) fn longer_lease(&self, job: &Job) -> Option<DateTime<Utc>> {
        let (until, now) = (job.leased_until?, self.clock.now());
        let limit = TimeDelta::from_std(self.settings.time_limit).unwrap_or(TimeDelta::MAX);
        let is_short = until.signed_duration_since(now) < limit;
        self.lease_until(now).filter(|it| is_short && until < *it)
    }

    /// Makes the lease of a job longer.
    pub(super) fn lengthen(
        &self,
        job: &mut Job,
        longer: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let Some(entity) = self.jobs.records.entity().filter(|_| longer.is_some()) else {
            return Ok(());
        };
        write(&*self.store, |tx| {
            self.check_lease(&entity, job, tx)?;
            let mut change = Record::of(&entity, job.id);
            lay(&mut change, LEASED_UNTIL, longer.into());
            tx.update(&change).map(drop)
        })?;
        job.leased_until = longer;
        Ok(())
    }

    /// Writes what became of jobs into a transaction, and commits it.
    pub(super) fn write_ends(
        &self,
        open: Option<Box<dyn Transaction>>,
        ended: &[Ended],
    ) -> Result<(), StoreError> {
        let entity = self.jobs.records.entity();
        let write_all = |tx: &mut dyn Transaction| {
            let Some(entity) = &entity else { return Ok(()) };
            ended.iter().try_for_each(|it| self.write_end(entity, it, tx))
        };
        match open {
            Some(mut tx) => write_all(&mut *tx).and_then(|()| tx.commit()),
            None if entity.is_none() => Ok(()),
            None => write(&*self.store, write_all),
        }
    }

    fn write_end(
        &self,
        entity: &Arc<EntityMetadata>,
        ended: &Ended,
        tx: &mut dyn Transaction,
    ) -> Result<(), StoreError> {
        let (job, shown, now) = (&ended.job, &ended.shown, ended.settled_on);
        if !job.has_record {
            return Ok(());
        }
        if job.leased_until.is_some_and(|it| it <= now) {
            self.check_lease(entity, job, tx)?;
        }
        if job.is_auto_delete() && shown.state == JobState::Succeeded {
            return found(tx.delete(entity, job.id));
        }
        let mut change = Record::of(entity, job.id);
        for (name, value) in ending(shown, ended.ending == Ending::Suspended, now) {
            lay(&mut change, name, value);
        }
        lay(&mut change, LEASED_UNTIL, Value::Null);
        found(tx.update(&change).map(drop))
    }

    /// Refuses to go on with a job that another engine has taken over.
    fn check_lease(
        &self,
        entity: &Arc<EntityMetadata>,
        job: &Job,
        tx: &mut dyn Transaction,
    ) -> Result<(), StoreError> {
        let record = tx.retrieve(entity, job.id)?;
        let host = record.as_ref().and_then(|it| it.get(HOST)).and_then(Value::as_text);
        if host.is_some_and(|it| it == self.jobs.records.host()) {
            return Ok(());
        }
        Err(StoreError::Backend("the lease of a job was over, and another engine took it".into()))
    }
}
