//! Jobs in the store: each a record of `asyncoperation`, where the catalog has that entity.
//!
//! The record is written in the transaction that queues the job, so that it is there if that commits (P-41).
//! That it begins is written before it does, and what became of it with what it wrote. What people ask of a job
//! is written beside any message: nobody hears of it where the store refuses that, and a later engine finds an
//! older state of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::record::{JobChange, JobError, JobRecord, JobState};
use super::recovery::{FoundJob, Remembered};
use super::{Job, JobQueue, data};
use crate::clock::{Clock, IdSource, IdStream, RandomIds, SystemClock};
use crate::metadata::{Catalog, EntityMetadata};
use crate::pipeline::Environment;
use crate::pipeline::aside::{found, lay, put, write};
use crate::record::{EntityReference, Operator, Query, QueryPlan, Record, Value};
use crate::store::StoreError;

/// The entity.
pub(super) const ENTITY: &str = "asyncoperation";
/// The attribute that holds what a job needs.
pub(super) const DATA: &str = "data";
const MODIFIED_ON: &str = "modifiedon";

/// Where jobs have records.
#[derive(Debug)]
pub(super) struct JobRecords {
    /// The definition of these records, and the catalog that has it; `None` where jobs have none.
    entity: Mutex<Option<(Arc<EntityMetadata>, Arc<Catalog>)>>,
    /// The name by which records know this engine.
    host: String,
}

impl JobQueue {
    /// The record of a new job, where jobs have records.
    pub(in crate::pipeline) fn new_record(&self, job: &mut Job) -> Option<Record> {
        let entity = self.records.entity()?;
        job.has_record = true;
        let shown = job.record(JobState::Ready);
        let mut record = Record::of(&entity, job.id);
        let caller = job.cause.caller;
        for (name, value) in [
            (&**entity.primary_id(), Value::Id(job.id)),
            ("name", shown.step.as_str().into()),
            ("messagename", shown.message_name.as_str().into()),
            ("primaryentitytype", shown.entity.as_str().into()),
            ("regardingobjectid", shown.regarding.clone().into()),
            ("correlationid", Value::Id(shown.correlation_id)),
            ("depth", i64::from(shown.depth).into()),
            ("sequence", whole(shown.sequence)),
            ("operationtype", Value::Choice(OPERATION_TYPE)),
            ("createdon", shown.queued_on.into()),
            ("modifiedon", shown.queued_on.into()),
            ("createdby", user(caller.user)),
            ("createdonbehalfby", caller.delegate().map_or(Value::Null, user)),
            ("ownerid", user(shown.owner)),
            ("dependencytoken", shown.dependency_token.as_deref().map_or(Value::Null, Value::from)),
            (DATA, data::write(job).into()),
        ] {
            put(&mut record, name, value);
        }
        for (name, value) in changing(&shown, false) {
            put(&mut record, name, value);
        }
        Some(record)
    }
}

/// A system event, as the option set has it (L-11).
const OPERATION_TYPE: i32 = 1;

/// What becomes of a job in the store, and what can be asked of one that is there alone.
impl Environment {
    /// Writes what the queue knows of a job by now. Where that cannot be at this moment, a worker does so later.
    pub(crate) fn keep_job(&self, id: Uuid) {
        let Some(entity) = self.jobs.records.entity() else { return };
        let kept = write(&*self.store, |tx| {
            let Some((shown, is_suspended)) = self.jobs.shape_of(id) else { return Ok(()) };
            let stored = tx.retrieve(&entity, id)?;
            if stored.as_ref().and_then(read).is_none_or(|it| it.state.is_completed()) {
                return Ok(()); // Another engine was quicker.
            }
            let change = self.change_of(&entity, &shown, is_suspended);
            found(tx.update(&change).map(drop))
        });
        if kept.is_err() {
            self.jobs.keep_later(id);
        }
    }

    /// Removes the record of a job that nobody wants to see any more.
    pub(crate) fn forget_job(&self, id: Uuid) {
        let Some(entity) = self.jobs.records.entity() else { return };
        drop(self.remove_job(&entity, id));
    }

    /// Forgets a job that is done (E-35), also one that only the store remembers.
    pub(crate) fn delete_job(&self, id: Uuid) -> Result<(), JobError> {
        match self.jobs.delete(id) {
            Err(JobError::NotFound { .. }) => {
                let (entity, _, shown) = self.stored_job(id)?;
                if !shown.state.is_completed() {
                    return Err(refused(&shown, JobChange::Delete));
                }
                self.remove_job(&entity, id).map_err(|it| unsaved(id, &it))
            }
            outcome => outcome.inspect(|()| self.forget_job(id)),
        }
    }

    /// Takes a job that failed or was canceled out of the store, to be run as if it were new.
    pub(crate) fn take_job_again(&self, id: Uuid) -> Result<(), JobError> {
        let (entity, record, shown) = match self.stored_job(id) {
            Err(JobError::NotFound { .. }) => {
                let shown = self.jobs.shape_of(id).ok_or(JobError::NotFound { job: id })?.0;
                return Err(refused(&shown, JobChange::Requeue));
            }
            found => found?,
        };
        if !matches!(shown.state, JobState::Failed | JobState::Canceled) {
            return Err(refused(&shown, JobChange::Requeue));
        }
        let shown = JobRecord {
            state: JobState::Ready,
            retries: 0,
            started_on: None,
            completed_on: None,
            postpone_until: None,
            message: None,
            friendly_message: None,
            error_code: None,
            ..shown
        };
        self.write_job(&entity, &shown, false).map_err(|it| unsaved(id, &it))?;
        self.jobs.forget(id);
        self.jobs.find(vec![FoundJob::new(
            &record,
            Remembered { shown, is_suspended: false, attempts: 0 },
        )]);
        Ok(())
    }

    /// A job as the store remembers it.
    pub(super) fn stored_job(
        &self,
        id: Uuid,
    ) -> Result<(Arc<EntityMetadata>, Record, JobRecord), JobError> {
        let none = JobError::NotFound { job: id };
        let Some(entity) = self.jobs.records.entity() else { return Err(none) };
        let found = self.store.snapshot().and_then(|mut it| it.retrieve(&entity, id));
        let record = found.map_err(|it| unsaved(id, &it))?;
        let Some(record) = record else { return Err(none) };
        let shown = read(&record).ok_or(none)?;
        Ok((entity, record, shown))
    }

    /// Writes what a job looks like. One whose record is gone is left alone.
    pub(super) fn write_job(
        &self,
        entity: &Arc<EntityMetadata>,
        shown: &JobRecord,
        is_suspended: bool,
    ) -> Result<(), StoreError> {
        let change = self.change_of(entity, shown, is_suspended);
        found(write(&*self.store, |tx| tx.update(&change).map(drop)))
    }

    /// The same, where the record is still as it was read: else another engine has the job.
    pub(super) fn write_unchanged(
        &self,
        before: &Record,
        shown: &JobRecord,
        is_suspended: bool,
    ) -> Result<(), StoreError> {
        let change = self.change_of(before.metadata(), shown, is_suspended);
        write(&*self.store, |tx| {
            let now = tx.retrieve(before.metadata(), shown.id)?;
            if now.is_some_and(|it| it.version() == before.version()) {
                tx.update(&change)?;
            }
            Ok(())
        })
    }

    /// What may have changed of a job.
    pub(super) fn change_of(
        &self,
        entity: &Arc<EntityMetadata>,
        shown: &JobRecord,
        is_suspended: bool,
    ) -> Record {
        let mut change = Record::of(entity, shown.id);
        for (name, value) in changing(shown, is_suspended) {
            lay(&mut change, name, value);
        }
        lay(&mut change, MODIFIED_ON, self.clock.now().into());
        change
    }

    fn remove_job(&self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError> {
        found(write(&*self.store, |tx| tx.delete(entity, id)))
    }
}

impl Default for JobRecords {
    fn default() -> Self {
        let host = RandomIds.next(IdStream::Job, SystemClock.now()).to_string();
        Self { entity: Mutex::default(), host }
    }
}

impl JobRecords {
    pub(super) fn entity(&self) -> Option<Arc<EntityMetadata>> {
        self.lock().as_ref().map(|it| Arc::clone(&it.0))
    }

    /// Finds those of many jobs that wait, and that nobody has begun.
    pub(super) fn unbegun(&self, jobs: &[Job]) -> Option<QueryPlan> {
        let known = self.lock();
        let (entity, catalog) = known.as_ref()?;
        let query = Query::new(ENTITY)
            .select(["statuscode"])
            .filter(
                entity.primary_id().clone(),
                Operator::In,
                jobs.iter().map(|it| Value::Id(it.id)),
            )
            .filter("statuscode", Operator::Equal, [Value::Choice(JobState::Ready as i32)])
            .filter("startedon", Operator::Null, []);
        QueryPlan::new(&query, catalog).ok()
    }

    /// Takes the definition of a catalog. Answers it, where jobs had no records before and have some now.
    pub(super) fn adopt(&self, catalog: &Arc<Catalog>) -> Option<Arc<EntityMetadata>> {
        let new = catalog.entity(ENTITY).ok().cloned();
        let known = new.clone().map(|it| (it, Arc::clone(catalog)));
        let before = std::mem::replace(&mut *self.lock(), known);
        new.filter(|_| before.is_none())
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Arc<EntityMetadata>, Arc<Catalog>)>> {
        self.entity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name by which records know this engine: no other one has it, whoever gives identities.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

/// What a job's record says when it begins.
pub(super) fn beginning(job: &Job, attempts: u32) -> impl Iterator<Item = (&'static str, Value)> {
    let state = JobState::InProgress;
    let always = [
        ("statecode", Value::Choice(state.code().into())),
        ("statuscode", Value::Choice(state as i32)),
        ("retrycount", i64::from(attempts.saturating_sub(1)).into()),
        ("startedon", job.started_on.into()),
        ("postponeuntil", Value::Null),
        (MODIFIED_ON, job.started_on.into()),
    ];
    // What a run before left.
    let left = ["message", "friendlymessage", "errorcode", "iswaitingforevent"];
    let left = left.into_iter().filter(move |_| 1 < attempts);
    always.into_iter().chain(left.map(|it| (it, Value::Null)))
}

/// What a job's record says when its run is over.
pub(super) fn ending(
    shown: &JobRecord,
    is_suspended: bool,
    now: DateTime<Utc>,
) -> impl Iterator<Item = (&'static str, Value)> {
    // What only a run that did not end well has to say: a run that began has cleared it.
    let is_well = shown.state == JobState::Succeeded && shown.message.is_none();
    let quiet = |name: &str| {
        matches!(
            name,
            "iswaitingforevent"
                | "retrycount"
                | "startedon"
                | "postponeuntil"
                | "message"
                | "friendlymessage"
                | "errorcode"
        )
    };
    let changing = changing(shown, is_suspended).into_iter();
    let changing = changing.filter(move |(name, _)| !is_well || !quiet(name));
    changing.chain([(MODIFIED_ON, now.into())])
}

/// The attributes that change while a job lives.
fn changing(shown: &JobRecord, is_suspended: bool) -> [(&'static str, Value); 11] {
    let text = |it: &Option<String>| it.as_deref().map_or(Value::Null, Value::from);
    let span = shown.completed_on.zip(shown.started_on);
    let span = span.and_then(|(end, begin)| (end - begin).to_std().ok());
    [
        ("statecode", Value::Choice(shown.state.code().into())),
        ("statuscode", Value::Choice(shown.state as i32)),
        ("iswaitingforevent", is_suspended.into()),
        ("retrycount", i64::from(shown.retries).into()),
        ("startedon", shown.started_on.into()),
        ("completedon", shown.completed_on.into()),
        ("executiontimespan", span.map(|it| it.as_secs_f64()).into()),
        ("postponeuntil", shown.postpone_until.into()),
        ("message", text(&shown.message)),
        ("friendlymessage", text(&shown.friendly_message)),
        ("errorcode", shown.error_code.map(|it| i64::from(it.cast_signed())).into()),
    ]
}

/// What a record says of its job; `None` where it is no record that an engine wrote.
pub(super) fn read(record: &Record) -> Option<JobRecord> {
    let text = |name| record.get(name).and_then(Value::as_text).map(str::to_owned);
    let number = |name| record.get(name).and_then(Value::as_whole_number);
    let moment = |name| {
        if let Some(Value::Moment(it)) = record.get(name) { Some(*it) } else { None }
    };
    let id = |name| record.get(name).and_then(Value::as_identity);
    let status = record.get("statuscode").and_then(Value::as_choice)?;
    let error_code = number("errorcode").and_then(|it| i32::try_from(it).ok());
    Some(JobRecord {
        id: record.id()?,
        step: text("name")?,
        message_name: text("messagename")?,
        entity: text("primaryentitytype")?,
        regarding: record.get("regardingobjectid").and_then(Value::as_lookup).cloned(),
        dependency_token: text("dependencytoken"),
        owner: id("ownerid").unwrap_or_default(),
        depth: number("depth").and_then(|it| it.try_into().ok()).unwrap_or(1),
        sequence: number("sequence").and_then(|it| it.try_into().ok()).unwrap_or_default(),
        queued_on: moment("createdon")?,
        state: JobState::of_status(status)?,
        retries: number("retrycount").and_then(|it| it.try_into().ok()).unwrap_or_default(),
        started_on: moment("startedon"),
        completed_on: moment("completedon"),
        postpone_until: moment("postponeuntil"),
        message: text("message"),
        friendly_message: text("friendlymessage"),
        error_code: error_code.map(i32::cast_unsigned),
        correlation_id: id("correlationid").unwrap_or_default(),
    })
}

fn user(id: Uuid) -> Value {
    Value::Lookup(EntityReference::new("systemuser", id))
}

fn whole(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn refused(shown: &JobRecord, change: JobChange) -> JobError {
    JobError::Refused { job: shown.id, state: shown.state, change }
}

fn unsaved(job: Uuid, problem: &StoreError) -> JobError {
    JobError::Unsaved { job, problem: problem.to_string() }
}
