//! Recovery: the jobs that an engine finds in its store, and that another one has left there.
//!
//! They are queued again when the engine is built, unless the settings say otherwise. What ran when that other
//! engine went is run again once its lease is over, as often as a job may begin: what it wrote by then is undone
//! (see [`shift`](super::shift)), and what it did outside it knows by its identity, which stays the same.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::data::{JobData, Unreadable};
use super::record::{JobError, JobRecord, JobState};
use super::stored::{DATA, ENTITY, read};
use super::waiting::InLine;
use super::{ATTEMPT_LIMIT, Job, Said};
use crate::code::ErrorCode;
use crate::pipeline::{Environment, Generation};
use crate::record::{Operator, Query, QueryPlan, Record, Value};
use crate::store::StoreError;

/// What a record says of its job.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) shown: JobRecord,
    /// Whether somebody must resume it.
    pub(super) is_suspended: bool,
    /// How often it began.
    pub(super) attempts: u32,
}

/// A job as the store remembers it, before it is known which step it runs.
#[derive(Debug)]
pub(super) struct FoundJob {
    pub(super) shown: JobRecord,
    is_suspended: bool,
    /// Whether it ran before, and waits to be run again.
    is_again: bool,
    attempts: u32,
    /// Until when another engine runs it.
    elsewhere: Option<DateTime<Utc>>,
    token: Option<Arc<str>>,
    data: Result<JobData, Unreadable>,
}

/// Finds the jobs that the store remembers, where it was not asked before, and queues those whose steps the
/// generation has. Those whose steps are gone fail.
pub(crate) fn recover(
    environment: &Environment,
    generation: &Arc<Generation>,
) -> Result<(), StoreError> {
    let entity = environment.jobs.records.adopt(&generation.catalog);
    if entity.is_some() && environment.settings.job_recovery {
        find(environment, generation)?;
    }
    // A rules folder is loaded after the engine is built: what it caused waits for it.
    let is_time = |it: &FoundJob| {
        let queued_by = it.data.as_ref().map_or(0, |it| it.generation);
        0 < generation.number || queued_by == 0
    };
    for found in environment.jobs.take_found(is_time) {
        found.queue(environment, generation)?;
    }
    Ok(())
}

/// Reads what is not completed.
fn find(environment: &Environment, generation: &Generation) -> Result<(), StoreError> {
    let completed = Value::Choice(JobState::Succeeded.code().into());
    let query = Query::new(ENTITY)
        .filter("statecode", Operator::NotEqual, [completed])
        .order_by("sequence")
        .order_by("createdon");
    let Ok(plan) = QueryPlan::new(&query, &generation.catalog) else { return Ok(()) };
    let records = environment.store.snapshot()?.query(&plan)?.records;
    let mut found = Vec::new();
    for record in records.iter().filter(|it| it.has(DATA)) {
        let Some(last) = Remembered::read(record) else { continue };
        if let Some(until) = environment.is_elsewhere(record, &last) {
            found.push(FoundJob { elsewhere: Some(until), ..FoundJob::new(record, last) });
            continue;
        }
        let before = last.shown.state;
        let last = last.after_the_end(environment);
        if last.shown.state != before {
            environment.write_unchanged(record, &last.shown, last.is_suspended)?;
        }
        let job = FoundJob::new(record, last);
        if job.shown.state.is_completed() {
            environment.jobs.give_up(job);
        } else {
            found.push(job);
        }
    }
    environment.jobs.find(found);
    Ok(())
}

/// Finds a job that waits for somebody to resume it, and that is in the store alone.
pub(crate) fn recall(
    environment: &Environment,
    generation: &Arc<Generation>,
    id: Uuid,
) -> Result<(), JobError> {
    let (_, record, shown) = environment.stored_job(id)?;
    let last = Remembered::read(&record).filter(|it| it.is_suspended);
    let Some(last) = last.filter(|_| shown.state == JobState::Waiting) else {
        return Err(JobError::NotFound { job: id });
    };
    let unreadable = |it: Unreadable| JobError::Unsaved { job: id, problem: it.to_string() };
    let mut found = FoundJob::new(&record, last);
    let job = found.resolve(generation).map_err(unreadable)?;
    environment.jobs.recall(job);
    Ok(())
}

impl Remembered {
    /// `None` where it is no record that an engine wrote.
    pub(super) fn read(record: &Record) -> Option<Self> {
        let shown = read(record)?;
        let is_suspended = record.get("iswaitingforevent").and_then(Value::as_boolean);
        let attempts = if shown.started_on.is_some() { shown.retries + 1 } else { 0 };
        Some(Self { shown, is_suspended: is_suspended == Some(true), attempts })
    }

    /// What becomes of one that ran when its engine went: as often as that may happen, it is run again.
    pub(super) fn after_the_end(mut self, environment: &Environment) -> Self {
        match self.shown.state {
            JobState::InProgress if ATTEMPT_LIMIT <= self.attempts => {
                let text = format!("the engine ended {} times while the job ran", self.attempts);
                self.shown.message = Some(text);
                self.shown.error_code = Some(ErrorCode::StepFailed.number());
                self.shown.complete(JobState::Failed, environment);
            }
            JobState::InProgress => self.shown.state = JobState::Ready,
            JobState::Pausing => {
                self.shown.state = JobState::Waiting;
                self.is_suspended = true;
            }
            JobState::Canceling => self.shown.complete(JobState::Canceled, environment),
            JobState::Ready
            | JobState::Waiting
            | JobState::Succeeded
            | JobState::Failed
            | JobState::Canceled => {}
        }
        self
    }
}

impl JobRecord {
    fn complete(&mut self, state: JobState, environment: &Environment) {
        self.state = state;
        self.completed_on = Some(environment.clock.now());
    }
}

impl FoundJob {
    pub(super) fn new(record: &Record, last: Remembered) -> Self {
        let Remembered { shown, is_suspended, attempts } = last;
        let is_again = shown.state == JobState::Waiting;
        let token = shown.dependency_token.as_deref().map(Arc::from);
        let text = record.get(DATA).and_then(Value::as_text).unwrap_or_default();
        let data = JobData::parse(text);
        Self { shown, is_suspended, is_again, attempts, elsewhere: None, token, data }
    }

    pub(super) fn in_line(&self) -> InLine<'_> {
        let (sequence, id) = (self.shown.sequence, self.shown.id);
        InLine { token: self.token.as_ref(), sequence, id }
    }

    /// Queues it; one of which the generation knows no step fails.
    fn queue(
        mut self,
        environment: &Environment,
        generation: &Arc<Generation>,
    ) -> Result<(), StoreError> {
        match self.resolve(generation) {
            Ok(job) => environment.jobs.admit(job, self.is_suspended),
            Err(problem) => {
                self.shown.message = Some(problem.to_string());
                self.shown.error_code = Some(ErrorCode::StepFailed.number());
                self.shown.complete(JobState::Failed, environment);
                if let Some(entity) = environment.jobs.records.entity() {
                    environment.write_job(&entity, &self.shown, false)?;
                }
                environment.jobs.give_up(self);
            }
        }
        Ok(())
    }

    /// The job, on the steps of a generation.
    fn resolve(&mut self, generation: &Arc<Generation>) -> Result<Job, Unreadable> {
        let data = std::mem::replace(&mut self.data, Err(Unreadable::Shape("data")));
        let (cause, planned) = data?.resolve(generation)?;
        let shown = self.shown.clone();
        let said = shown.message.map(|message| Said {
            message,
            friendly: shown.friendly_message,
            number: shown.error_code.unwrap_or_default(),
        });
        Ok(Job {
            id: shown.id,
            queued_on: shown.queued_on,
            sequence: shown.sequence,
            attempts: self.attempts,
            is_again: self.is_again,
            started_on: shown.started_on,
            postpone_until: shown.postpone_until,
            again_on: self.elsewhere,
            said,
            regarding: shown.regarding,
            token: self.token.clone(),
            has_record: true,
            leased_until: None,
            is_elsewhere: self.elsewhere.is_some(),
            planned,
            generation: Arc::clone(generation),
            cause,
        })
    }
}
