//! Recovery: the jobs that an engine finds in its store, and that another one has left there.
//!
//! They are queued again when the engine is built, unless the settings say otherwise. What ran when that other
//! engine went is run again: at least once, with the same identity. Nothing tells whether that engine still
//! runs: one engine at a time takes care of the jobs of a store.

use std::sync::Arc;

use super::data::{JobData, Unreadable};
use super::record::{JobRecord, JobState};
use super::stored::{DATA, ENTITY, read};
use super::{ATTEMPT_LIMIT, Job, Said};
use crate::code::ErrorCode;
use crate::metadata::EntityMetadata;
use crate::pipeline::{Environment, Generation};
use crate::record::{Operator, Query, QueryPlan, Record, Value};
use crate::store::StoreError;

/// A job as the store remembers it, before it is known which step it runs.
#[derive(Debug)]
pub(super) struct FoundJob {
    pub(super) shown: JobRecord,
    is_suspended: bool,
    /// Whether it ran before, and waits to be run again.
    is_again: bool,
    attempts: u32,
    data: Result<JobData, Unreadable>,
}

/// Finds the jobs that the store remembers, where it was not asked before, and queues those whose steps the
/// generation has. Those whose steps are gone fail.
pub(crate) fn recover(
    environment: &Environment,
    generation: &Arc<Generation>,
) -> Result<(), StoreError> {
    let entity = environment.jobs.records.adopt(&generation.catalog);
    if let Some(entity) = entity.filter(|_| environment.settings.job_recovery) {
        find(environment, generation, &entity)?;
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
fn find(
    environment: &Environment,
    generation: &Generation,
    entity: &Arc<EntityMetadata>,
) -> Result<(), StoreError> {
    let completed = Value::Choice(JobState::Succeeded.code().into());
    let query = Query::new(ENTITY)
        .filter("statecode", Operator::NotEqual, [completed])
        .order_by("sequence")
        .order_by("createdon");
    let Ok(plan) = QueryPlan::new(&query, &generation.catalog) else { return Ok(()) };
    let records = environment.store.snapshot()?.query(&plan)?.records;
    let mut found = Vec::new();
    for record in records.iter().filter(|it| it.has(DATA)) {
        let Some(shown) = read(record) else { continue };
        let before = shown.state;
        let is_waiting_for_event = record.get("iswaitingforevent").and_then(Value::as_boolean);
        let job = FoundJob::new(record, shown, is_waiting_for_event == Some(true));
        let job = job.after_the_end(environment);
        if job.shown.state != before {
            environment.write_job(entity, &job.shown, job.is_suspended)?;
        }
        if job.shown.state.is_completed() {
            environment.jobs.give_up(job.shown);
        } else {
            found.push(job);
        }
    }
    environment.jobs.find(found);
    Ok(())
}

impl FoundJob {
    pub(super) fn new(record: &Record, shown: JobRecord, is_suspended: bool) -> Self {
        let ran = shown.started_on.is_some();
        let attempts = if ran { shown.retries + 1 } else { 0 };
        let is_again = shown.state == JobState::Waiting;
        let text = record.get(DATA).and_then(Value::as_text).unwrap_or_default();
        Self { shown, is_suspended, is_again, attempts, data: JobData::parse(text) }
    }

    /// What becomes of one that ran when its engine went: as often as that may happen, it is run again.
    fn after_the_end(mut self, environment: &Environment) -> Self {
        match self.shown.state {
            JobState::InProgress if ATTEMPT_LIMIT <= self.attempts => {
                let text = format!("the engine ended {} times while the job ran", self.attempts);
                self.shown.message = Some(text);
                self.shown.error_code = Some(ErrorCode::StepFailed.number());
                self.complete(JobState::Failed, environment);
            }
            JobState::InProgress => self.shown.state = JobState::Ready,
            JobState::Pausing => {
                self.shown.state = JobState::Waiting;
                (self.is_suspended, self.is_again) = (true, true);
            }
            JobState::Canceling => self.complete(JobState::Canceled, environment),
            JobState::Ready
            | JobState::Waiting
            | JobState::Succeeded
            | JobState::Failed
            | JobState::Canceled => {}
        }
        self
    }

    fn complete(&mut self, state: JobState, environment: &Environment) {
        self.shown.state = state;
        self.shown.completed_on = Some(environment.clock.now());
    }

    /// Queues it; one of which the generation knows no step fails.
    fn queue(
        mut self,
        environment: &Environment,
        generation: &Arc<Generation>,
    ) -> Result<(), StoreError> {
        let data = std::mem::replace(&mut self.data, Err(Unreadable::Shape("data")));
        let resolved = data.and_then(|it| it.resolve(generation));
        match resolved {
            Ok((cause, planned)) => {
                let shown = self.shown;
                let said = shown.message.map(|message| Said {
                    message,
                    friendly: shown.friendly_message,
                    number: shown.error_code.unwrap_or_default(),
                });
                let job = Job {
                    id: shown.id,
                    queued_on: shown.queued_on,
                    sequence: shown.sequence,
                    attempts: self.attempts,
                    is_again: self.is_again,
                    started_on: shown.started_on,
                    postpone_until: shown.postpone_until,
                    again_on: None,
                    said,
                    regarding: shown.regarding,
                    planned,
                    generation: Arc::clone(generation),
                    cause,
                };
                environment.jobs.admit(job, self.is_suspended);
            }
            Err(problem) => {
                self.shown.message = Some(problem.to_string());
                self.shown.error_code = Some(ErrorCode::StepFailed.number());
                self.complete(JobState::Failed, environment);
                if let Some(entity) = environment.jobs.records.entity() {
                    environment.write_job(&entity, &self.shown, false)?;
                }
                environment.jobs.give_up(self.shown);
            }
        }
        Ok(())
    }
}
