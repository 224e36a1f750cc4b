//! The jobs of an engine: who runs them, and what can be asked of them (L-7).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Engine;
use crate::pipeline::{
    Environment, JobError, JobOutcome, JobQueue, JobRecord, Recorder, Shift, Transcript, recall,
    recover,
};

impl Engine {
    /// Runs the jobs that are due, in the order in which they were queued, and those that they queue.
    pub fn run_jobs(&self) -> Vec<JobOutcome> {
        self.run_each(|| None)
    }

    /// The same, with a transcript of each job.
    pub fn trace_jobs(&self) -> Vec<(Transcript, JobOutcome)> {
        let traced = |mut outcome: JobOutcome| {
            let transcript = std::mem::take(&mut outcome.recorder).into_transcript();
            (transcript, outcome)
        };
        self.run_each(|| Some(Recorder::default())).into_iter().map(traced).collect()
    }

    fn run_each(&self, recorder: impl Fn() -> Option<Recorder>) -> Vec<JobOutcome> {
        let (mut outcomes, mut shift) = (Vec::new(), Shift::new(&self.inner.environment));
        while let Some(ended) = shift.run_next(&self.inner.current.load().generation, &recorder) {
            outcomes.extend(ended);
        }
        outcomes
    }

    /// Lets the workers carry out what is due, and end. Returns when they have: for a program that ends.
    ///
    /// What is queued from here on, and what is not due yet, waits in the store for the next engine. Not to be called
    /// by a hook of a job, which would wait for itself.
    pub fn drain_jobs(&self) {
        self.environment().jobs.close();
        self.environment().jobs.wait_for_workers();
    }

    /// Waits until no job runs, and none is due. With [`Jobs::Manual`](crate::settings::Jobs) somebody else
    /// must run them.
    pub fn wait_for_jobs(&self) {
        let environment = self.environment();
        environment.jobs.wait_until_idle(&*environment.clock);
    }

    /// The jobs that are done, those that run, and those that wait. Of those that are done, and of those that
    /// somebody must resume, the last thousand: the others are found by a query for `asyncoperation`.
    pub fn jobs(&self) -> Vec<JobRecord> {
        self.environment().jobs.records()
    }

    /// Lets a job not run, or not run again. One that runs goes on to its end, and then counts as canceled.
    pub fn cancel_job(&self, job: Uuid) -> Result<(), JobError> {
        let now = self.environment().clock.now();
        self.change_job(job, |jobs| jobs.cancel(job, now))
    }

    /// Lets a job that waits be ready to run.
    pub fn resume_job(&self, job: Uuid) -> Result<(), JobError> {
        self.change_job(job, |jobs| jobs.resume(job))
    }

    /// Lets a job that runs wait until it is resumed, should it ask for another run.
    pub fn pause_job(&self, job: Uuid) -> Result<(), JobError> {
        self.change_job(job, |jobs| jobs.pause(job))
    }

    /// Lets a job not run before a time of the engine's clock; one that runs, not again before it.
    pub fn postpone_job(&self, job: Uuid, until: DateTime<Utc>) -> Result<(), JobError> {
        self.change_job(job, |jobs| jobs.postpone(job, until))
    }

    /// Forgets a job that is done. One that is not is refused (E-35).
    pub fn delete_job(&self, job: Uuid) -> Result<(), JobError> {
        self.environment().delete_job(job)
    }

    /// Queues a job again that failed or was canceled, as if it had never run: with the same identity, on the
    /// generation that serves now. Only where jobs are records of the store; else it is refused.
    pub fn requeue_job(&self, job: Uuid) -> Result<(), JobError> {
        let environment = self.environment();
        environment.take_job_again(job)?;
        recover(environment, &self.inner.current.load().generation)
            .map_err(|it| JobError::Unsaved { job, problem: it.to_string() })
    }

    /// Changes a job in the queue, or else in the store alone, and its record after it.
    fn change_job(
        &self,
        job: Uuid,
        change: impl Fn(&JobQueue) -> Result<(), JobError>,
    ) -> Result<(), JobError> {
        let environment = self.environment();
        match change(&environment.jobs) {
            Err(JobError::NotFound { .. }) => {
                recall(environment, &self.inner.current.load().generation, job)?;
                change(&environment.jobs)?;
            }
            outcome => outcome?,
        }
        environment.keep_job(job);
        Ok(())
    }

    fn environment(&self) -> &Environment {
        &self.inner.environment
    }
}
