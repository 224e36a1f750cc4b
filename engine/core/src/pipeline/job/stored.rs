//! Jobs in the store: each a record of `asyncoperation`, where the catalog has that entity.
//!
//! The record is written in the transaction that queues the job, so that it is there if that commits (P-41).
//! What becomes of the job is written later, in small transactions beside any message. Nobody hears of it
//! where the store refuses one of these: the job goes on, and a later engine finds an older state of it,
//! and runs it again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::record::{JobChange, JobError, JobRecord, JobState};
use super::recovery::FoundJob;
use super::{Job, JobQueue, data};
use crate::metadata::{Catalog, EntityMetadata};
use crate::pipeline::Environment;
use crate::pipeline::aside::{lay, put, write};
use crate::record::{EntityReference, Record, Value};
use crate::store::StoreError;

/// The entity.
pub(super) const ENTITY: &str = "asyncoperation";
/// The attribute that holds what a job needs.
pub(super) const DATA: &str = "data";

/// Where jobs have records.
#[derive(Debug, Default)]
pub(super) struct JobRecords {
    /// The definition of these records; `None` where jobs have none.
    entity: Mutex<Option<Arc<EntityMetadata>>>,
    /// One record at a time, so that the last one written is the newest.
    turn: Mutex<()>,
}

impl JobQueue {
    /// The record of a new job, where jobs have records.
    pub(in crate::pipeline) fn new_record(&self, job: &Job) -> Option<Record> {
        let entity = self.records.entity()?;
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
    /// Writes what became of a job: what the queue knows of it by now, else what is said here.
    pub(crate) fn keep_job(&self, id: Uuid, last: Option<&JobRecord>) {
        let Some(entity) = self.jobs.records.entity() else { return };
        let _turn = self.jobs.records.turn();
        let shape = self.jobs.shape_of(id).or_else(|| Some((last?.clone(), false)));
        let Some((shown, is_suspended)) = shape else { return };
        drop(self.write_job(&entity, &shown, is_suspended));
    }

    /// Removes the record of a job that nobody wants to see any more.
    pub(crate) fn forget_job(&self, id: Uuid) {
        let Some(entity) = self.jobs.records.entity() else { return };
        let _turn = self.jobs.records.turn();
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
                let _turn = self.jobs.records.turn();
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
        let _turn = self.jobs.records.turn();
        self.write_job(&entity, &shown, false).map_err(|it| unsaved(id, &it))?;
        self.jobs.forget(id);
        self.jobs.find(vec![FoundJob::new(&record, shown, false)]);
        Ok(())
    }

    /// A job as the store remembers it.
    fn stored_job(&self, id: Uuid) -> Result<(Arc<EntityMetadata>, Record, JobRecord), JobError> {
        let none = JobError::NotFound { job: id };
        let Some(entity) = self.jobs.records.entity() else { return Err(none) };
        let found = self.store.snapshot().and_then(|mut it| it.retrieve(&entity, id));
        let record = found.map_err(|it| unsaved(id, &it))?;
        let Some(record) = record else { return Err(none) };
        let shown = read(&record).ok_or(none)?;
        Ok((entity, record, shown))
    }

    /// Writes what may have changed of a job. One whose record is gone is left alone.
    pub(super) fn write_job(
        &self,
        entity: &Arc<EntityMetadata>,
        shown: &JobRecord,
        is_suspended: bool,
    ) -> Result<(), StoreError> {
        let mut change = Record::of(entity, shown.id);
        for (name, value) in changing(shown, is_suspended) {
            lay(&mut change, name, value);
        }
        lay(&mut change, "modifiedon", self.clock.now().into());
        found(write(&*self.store, |tx| tx.update(&change).map(drop)))
    }

    fn remove_job(&self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError> {
        found(write(&*self.store, |tx| tx.delete(entity, id)))
    }
}

impl JobRecords {
    pub(super) fn entity(&self) -> Option<Arc<EntityMetadata>> {
        self.entity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the definition of a catalog. Answers it, where jobs had no records before and have some now.
    pub(super) fn adopt(&self, catalog: &Catalog) -> Option<Arc<EntityMetadata>> {
        let new = catalog.entity(ENTITY).ok().cloned();
        let mut entity = self.entity.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *entity, new.clone());
        new.filter(|_| before.is_none())
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

/// A record that is gone needs no change.
fn found(outcome: Result<(), StoreError>) -> Result<(), StoreError> {
    if matches!(outcome, Err(StoreError::NotFound { .. })) { Ok(()) } else { outcome }
}
