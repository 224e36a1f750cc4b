//! The data of a job: all that it needs of its message, as a text that outlives the engine.
//!
//! It is JSON, and everything stands there by its name: entities, attributes, variants. So it can be read
//! under another generation, as long as what it names is still there.

mod json;
mod requests;
mod values;

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use self::json::{Fields, Stored, field, object};
use super::{Cause, Job, JobItem};
use crate::message::Request;
use crate::metadata::{Catalog, LogicalName, MetadataError};
use crate::pipeline::generation::Generation;
use crate::pipeline::origin::Origin;
use crate::pipeline::parent::ParentContext;
use crate::pipeline::plan::PlannedStep;
use crate::pipeline::{Stage, Variables};
use crate::settings::Caller;

/// The form of the text. Another one gets another number.
const VERSION: u32 = 1;

/// Why the data of a job is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// It is no JSON.
    #[error("the data of the job cannot be read: {0}")]
    NoJson(#[from] serde_json::Error),
    /// It is of a form that a later engine wrote.
    #[error("the data of the job is of version {0}, and this engine reads version {VERSION}")]
    Version(u32),
    /// Something in it is not what it should be.
    #[error("the data of the job cannot be read: there is no {0} where one should be")]
    Shape(&'static str),
    /// It names something that the catalog lacks.
    #[error("the data of the job cannot be read: {0}")]
    Metadata(#[from] MetadataError),
    /// Its step is gone.
    #[error("the step `{0}` is not there any more, or disabled")]
    StepGone(String),
}

/// What is known of a job before its names are resolved.
#[derive(Debug)]
pub(super) struct JobData {
    /// The number of the generation on which its message ran.
    pub(super) generation: u64,
    json: Json,
}

/// Which step a job runs.
#[derive(Debug)]
struct StepName {
    name: String,
    /// The entity of which the step is registered.
    entity: Option<LogicalName>,
}

object! {
    StepName { name, entity }
    Cause {
        correlation, caller, options, origin, depth, parent, request, sent, response, shared, before,
        after, items,
    }
    JobItem { request, before, after }
    Caller { user, initiating }
    Origin { authenticated_user, user_agent, is_portals_client, portals_contact }
}

/// The job as a text.
pub(super) fn write(job: &Job) -> String {
    let step = &job.planned.step;
    let step = StepName { name: step.name().to_owned(), entity: step.entity().cloned() };
    let mut json = String::new();
    Fields::begin(&mut json)
        .field("version", &VERSION)
        .field("generation", &job.generation.number)
        .field("step", &step)
        .field("cause", &job.cause)
        .end();
    json
}

impl JobData {
    /// Reads a text that [`write`] wrote, as far as that needs no generation.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        let json: Json = serde_json::from_str(text)?;
        let catalog = Catalog::default();
        let version = field(&json, "version", &catalog)?;
        if version != VERSION {
            return Err(Unreadable::Version(version));
        }
        Ok(Self { generation: field(&json, "generation", &catalog)?, json })
    }

    /// What it says, and the step that it names, of a generation.
    pub(super) fn resolve(
        &self,
        generation: &Generation,
    ) -> Result<(Cause, Arc<PlannedStep>), Unreadable> {
        let catalog = &generation.catalog;
        let step: StepName = field(&self.json, "step", catalog)?;
        let cause: Cause = field(&self.json, "cause", catalog)?;
        let planned = cause.step(generation, &step.name, step.entity.as_ref());
        planned.map(|it| (cause, it)).ok_or(Unreadable::StepGone(step.name))
    }
}

impl Cause {
    /// The asynchronous step of that name, as the generation has it for this message.
    pub(super) fn step(
        &self,
        generation: &Generation,
        name: &str,
        entity: Option<&LogicalName>,
    ) -> Option<Arc<PlannedStep>> {
        let primary = self.request.entity();
        let listened = self.request.link().map_or(&*primary, |it| &it.target.entity);
        let plan = generation.steps(&self.request.message(), listened);
        let is_it = |it: &&Arc<PlannedStep>| it.step.name() == name && it.step.entity() == entity;
        plan.asynchronous.iter().find(is_it).cloned()
    }
}

/// A chain of contexts, innermost first: side by side, so that no depth is too deep for a reader.
impl Stored for ParentContext {
    fn write(&self, json: &mut String) {
        let chain = std::iter::successors(Some(self), |it| it.parent());
        chain.map(ChainLink::of).collect::<Vec<_>>().write(json);
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        let chain = Vec::<ChainLink>::read(json, catalog)?;
        let outermost_first = chain.into_iter().rev();
        let chain = outermost_first.fold(None, |parent, link| Some(link.within(parent)));
        chain.ok_or(Unreadable::Shape("parent context"))
    }
}

/// One context of a chain.
#[derive(Debug)]
struct ChainLink {
    message: String,
    entity: String,
    primary_id: Option<Uuid>,
    stage: Stage,
    depth: u32,
    shared: Variables,
    input: Arc<Request>,
}

object! {
    ChainLink { message, entity, primary_id, stage, depth, shared, input }
}

impl ChainLink {
    fn of(context: &ParentContext) -> Self {
        Self {
            message: context.message.to_string(),
            entity: context.entity().to_owned(),
            primary_id: context.primary_id,
            stage: context.stage,
            depth: context.depth,
            shared: context.shared.clone(),
            input: Arc::clone(&context.input),
        }
    }

    fn within(self, parent: Option<ParentContext>) -> ParentContext {
        let Self { message, entity, primary_id, stage, depth, shared, input } = self;
        let (message, entity) = (message.as_str().into(), entity.into());
        let parent = parent.map(Arc::new);
        ParentContext { message, entity, primary_id, stage, depth, shared, input, parent }
    }
}
