//! The context: what a hook sees of the message that it runs on.

use std::mem;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Variables;
use super::image::Image;
use super::operation::Call;
use super::parent::{ParentContext, Wrapper};
use super::plan::{Plan, PlanId, PlannedStep};
use super::service::Service;
use super::step::{Mode, Stage};
use super::trace_log::TraceText;
use crate::clock::IdStream;
use crate::error::Fault;
use crate::message::{Custom, Message, Parameters, Request, Response};
use crate::metadata::{Catalog, EntityIndex, EntityMetadata, LogicalName};
use crate::record::{Record, Value};
use crate::settings::{Caller, Settings};

/// What a hook sees: the message, its parameters, images, and the way to send more messages.
///
/// It owns all that it needs, so that code which must own its context while it runs can
/// [`take`](Self::take) it and put it back.
#[derive(Debug)]
pub struct Context {
    pub(super) call: Call,
    pub(super) message: Message,
    pub(super) subject: Subject,
    pub(super) plan: PlanId,
    /// The input parameters, as hooks left them.
    pub(super) request: Arc<Request>,
    /// The input parameters, as the caller sent them; `None` while they still stand in `request`.
    pub(super) sent: Option<Arc<Request>>,
    pub(super) response: Option<Response>,
    pub(super) stage: Stage,
    pub(super) mode: Mode,
    pub(super) caller: Caller,
    pub(super) parent: Option<Arc<ParentContext>>,
    /// What stands around it at the stages in the transaction, where it is wrapped (P-66).
    pub(super) wrapper: Option<Wrapper>,
    pub(super) is_in_transaction: bool,
    pub(super) before: Option<Record>,
    pub(super) after: Option<Record>,
    pub(super) running: Running,
    pub(super) trace: TraceText,
    pub(super) job: Option<(Uuid, DateTime<Utc>)>,
    pub(super) request_id: OnceLock<Uuid>,
    /// The contexts of the single messages, for a bulk message (M-40).
    pub(super) items: Vec<Self>,
    /// Whether a step of this message, or of the bulk message around it, asks for a pre- or a post-image.
    pub(super) wants_images: (bool, bool),
    /// What hooks of this message leave for those that run later (V-1 to V-14).
    pub shared: Variables,
}

/// At which entity a message is aimed.
#[derive(Debug, Clone, Default)]
pub(super) enum Subject {
    /// At none, or it is not known yet.
    #[default]
    None,
    /// At one of the catalog.
    Known(EntityIndex),
    /// At one that the catalog lacks.
    Unknown(LogicalName),
}

/// Which step has the context.
#[derive(Debug, Default)]
pub(super) enum Running {
    /// None.
    #[default]
    Nothing,
    /// One of the plan, by its place.
    Planned(Stage, usize),
    /// That of a job.
    Job(Arc<PlannedStep>),
}

thread_local! {
    /// What stands in a context whose owner took it out: one for each thread, so that none counts in another's.
    static NOTHING: Arc<Request> = Arc::new(Custom::new("none").into());
}
/// The name of the entity of messages that have none.
static NO_ENTITY: LazyLock<LogicalName> = LazyLock::new(|| "none".into());

impl Context {
    /// The message that is being processed.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The entity at which the message is aimed, or `none`.
    pub fn entity(&self) -> &LogicalName {
        match &self.subject {
            Subject::None => &NO_ENTITY,
            Subject::Known(_) => self.metadata().map_or(&NO_ENTITY, |it| it.logical_name()),
            Subject::Unknown(name) => name,
        }
    }

    /// The definition of that entity, where there is one.
    pub fn metadata(&self) -> Option<&Arc<EntityMetadata>> {
        if let Subject::Known(index) = self.subject { self.catalog().at(index) } else { None }
    }

    /// The record at which the message is aimed, once it is known.
    pub fn primary_id(&self) -> Option<Uuid> {
        self.request.primary_id()
    }

    /// The catalog of the generation on which the message runs.
    pub fn catalog(&self) -> &Catalog {
        &self.call.operation.generation().catalog
    }

    /// The switches and limits of the engine.
    pub fn settings(&self) -> &Settings {
        &self.call.operation.environment().settings
    }

    /// The number of the generation on which the message runs.
    pub fn generation(&self) -> u64 {
        self.call.operation.generation().number
    }

    /// The stage at which the hook runs.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether the hook runs within its message or after it.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How deeply the message is nested: 1 for one that a caller sent (P-70).
    pub fn depth(&self) -> u32 {
        self.call.depth
    }

    /// Whether a failure undoes what the hook does (P-29).
    pub fn is_in_transaction(&self) -> bool {
        self.is_in_transaction
    }

    /// The user in whose name the hook runs.
    pub fn user(&self) -> Uuid {
        self.caller.user
    }

    /// The user who caused the event.
    pub fn initiating_user(&self) -> Uuid {
        self.caller.initiating
    }

    /// The time of the outermost message, by the engine's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.call.operation.now
    }

    /// When the outermost message must be over, for hooks that could run long.
    pub fn deadline(&self) -> Instant {
        self.call.operation.deadline()
    }

    /// The identity of the chain of messages: the same in all that one outermost message causes (P-84).
    pub fn correlation_id(&self) -> Uuid {
        self.call.operation.correlation()
    }

    /// The identity of this message (P-85).
    pub fn request_id(&self) -> Uuid {
        *self
            .request_id
            .get_or_init(|| self.call.operation.environment().new_id(IdStream::Request, self.now()))
    }

    /// The identity of the job and when it was queued, for asynchronous hooks. Each run of the job has
    /// the same: by it, what the job calls outside can know a second run.
    pub fn job(&self) -> Option<(Uuid, DateTime<Utc>)> {
        self.job
    }

    /// The name of the step that runs.
    pub fn step(&self) -> &str {
        self.planned().map_or("", |it| it.step.name())
    }

    /// The message within which this one was sent, or the wrapper of Create, Update and Delete (P-64 to P-66).
    pub fn parent(&self) -> Option<&ParentContext> {
        match &self.wrapper {
            Some(wrapper) => Some(wrapper.open(self)),
            None => self.parent.as_deref(),
        }
    }

    /// The input parameters.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The record that the caller sent, for Create and Update.
    pub fn target(&self) -> Option<&Record> {
        self.request.target()
    }

    /// The record that the caller sent, to be changed before it is written (P-21).
    ///
    /// After the main operation a change would be lost without a sound (P-20), so this refuses it.
    pub fn target_mut(&mut self) -> Result<&mut Record, Fault> {
        self.refuse_after_write()?;
        let message = &self.message;
        Arc::make_mut(&mut self.request)
            .target_mut()
            .ok_or_else(|| Fault::failed(format!("{message} has no target that can be changed")))
    }

    /// The input parameters, to be changed before the main operation.
    pub fn request_mut(&mut self) -> Result<&mut Request, Fault> {
        self.refuse_after_write()?;
        Ok(Arc::make_mut(&mut self.request))
    }

    /// The input parameters of a custom message.
    pub fn parameters(&self) -> Option<&Parameters> {
        if let Request::Custom(custom) = &*self.request { Some(&custom.parameters) } else { None }
    }

    /// The output parameters, once the main operation has filled them.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// The output parameters, to be changed: the caller gets what the last hook leaves.
    pub fn response_mut(&mut self) -> Option<&mut Response> {
        self.response.as_mut()
    }

    /// The record before the message, where the step asked for it without an alias.
    pub fn pre_image(&self) -> Option<Image<'_>> {
        self.pre_image_as("")
    }

    /// The record after the main operation, where the step asked for it without an alias.
    pub fn post_image(&self) -> Option<Image<'_>> {
        self.post_image_as("")
    }

    /// The pre-image of that alias.
    pub fn pre_image_as(&self, alias: &str) -> Option<Image<'_>> {
        Image::find(&self.planned()?.pre_images, alias, self.before.as_ref())
    }

    /// The post-image of that alias.
    pub fn post_image_as(&self, alias: &str) -> Option<Image<'_>> {
        if matches!(self.running, Running::Job(_))
            && let Some(image) = Image::of_job(alias, self.after.as_ref())
        {
            return Some(image);
        }
        Image::find(&self.planned()?.post_images, alias, self.after.as_ref())
    }

    /// The records of a bulk message (M-57), as hooks left them.
    pub fn targets(&self) -> &[Record] {
        self.request.targets()
    }

    /// The records of a bulk message, to be changed before they are written: neither more nor fewer, nor others.
    pub fn targets_mut(&mut self) -> Result<&mut [Record], Fault> {
        self.refuse_after_write()?;
        let message = &self.message;
        let targets = Arc::make_mut(&mut self.request).targets_mut().map(Vec::as_mut_slice);
        targets.ok_or_else(|| Fault::failed(format!("{message} has no targets")))
    }

    /// The pre-image of that alias of one record of a bulk message, by its place among the targets (M-58).
    pub fn pre_image_of(&self, index: usize, alias: &str) -> Option<Image<'_>> {
        let record = self.items.get(index)?.before.as_ref();
        Image::find(&self.planned()?.pre_images, alias, record)
    }

    /// The post-image of that alias of one record of a bulk message, by its place among the targets (M-58).
    pub fn post_image_of(&self, index: usize, alias: &str) -> Option<Image<'_>> {
        let record = self.items.get(index)?.after.as_ref();
        Image::find(&self.planned()?.post_images, alias, record)
    }

    /// The value that an attribute has once the message is through: the target's if it carries the
    /// attribute, else the pre-image's.
    pub fn after(&self, name: &str) -> Option<&Value> {
        match self.target().and_then(|it| it.get(name)) {
            Some(Value::Null) => None,
            Some(value) => Some(value),
            None => self.pre_image()?.get(name),
        }
    }

    /// The way to send messages from within this one: in its transaction, one deeper, in the name of
    /// [`user`](Self::user). Ask for it each time: it knows the shared variables as they are now (V-7).
    pub fn service(&self) -> Service {
        self.service_as(self.caller.user)
    }

    /// The same in the name of another user.
    pub fn service_as(&self, user: Uuid) -> Service {
        let caller = self.caller.acting_as(user);
        Service::new(self.call.nested(caller, Arc::new(self.as_parent(self.stage))))
    }

    /// Leaves a line in the trace (E-45), which holds the newest 10 KiB (E-49).
    pub fn trace(&mut self, line: impl Into<String>) {
        let line = line.into();
        self.call.operation.note(|it| it.traced(&line));
        self.trace.push(&line);
    }

    /// Takes the context out, and leaves an empty one of the same message in its place.
    ///
    /// For code that must own its context while it runs, and gives it back before it returns. It comes in a box, for it
    /// is large.
    #[must_use = "a context that is not put back loses what hooks changed"]
    pub fn take(&mut self) -> Box<Self> {
        let vacant = Self {
            call: self.call.clone(),
            message: self.message.clone(),
            subject: self.subject.clone(),
            plan: self.plan,
            request: NOTHING.with(Arc::clone),
            sent: None,
            response: None,
            stage: self.stage,
            mode: self.mode,
            caller: self.caller,
            parent: None,
            wrapper: None,
            is_in_transaction: self.is_in_transaction,
            before: None,
            after: None,
            running: Running::Nothing,
            trace: TraceText::default(),
            job: None,
            request_id: OnceLock::new(),
            items: Vec::new(),
            wants_images: self.wants_images,
            shared: Variables::new(),
        };
        Box::new(mem::replace(self, vacant))
    }

    fn refuse_after_write(&self) -> Result<(), Fault> {
        if self.response.is_some() {
            let reason = "the target was written already, and a change would be lost; send an update instead";
            return Err(Fault::failed(reason));
        }
        Ok(())
    }
}

/// What the pipeline does with a context between hooks.
impl Context {
    pub(super) fn open(call: Call, request: Request) -> Self {
        let message = request.message();
        let request = Arc::new(request);
        Self {
            subject: Subject::None,
            plan: PlanId::default(),
            sent: None,
            request,
            response: None,
            stage: Stage::PreValidation,
            mode: Mode::Synchronous,
            caller: call.caller,
            parent: call.parent.clone(),
            wrapper: None,
            is_in_transaction: false,
            before: None,
            after: None,
            running: Running::Nothing,
            trace: TraceText::default(),
            job: None,
            request_id: OnceLock::new(),
            items: Vec::new(),
            wants_images: (false, false),
            shared: call.variables(),
            message,
            call,
        }
    }

    /// Once the request is accepted: what it is aimed at, and which steps listen.
    pub(super) fn settle(&mut self) {
        let generation = &self.call.operation.generation();
        self.message = self.request.message();
        self.subject = Subject::of(&self.request, &generation.catalog);
        // Steps on associations may be those of the target's entity (I-60).
        let listened = match self.request.link() {
            Some(link) => Subject::named(&link.target.entity, &generation.catalog).index(),
            None => self.subject.index(),
        };
        self.plan = generation.plan_of(&self.message, listened);
        let plan = generation.plan(self.plan);
        self.wants_images = (plan.wants_pre_image, plan.wants_post_image);
    }

    /// The steps that listen.
    pub(super) fn plan(&self) -> &Plan {
        self.call.operation.generation().plan(self.plan)
    }

    /// The step that has the context.
    pub(super) fn planned(&self) -> Option<&PlannedStep> {
        match &self.running {
            Running::Nothing => None,
            Running::Planned(stage, index) => self.plan().at(*stage).get(*index),
            Running::Job(planned) => Some(planned),
        }
    }

    /// Lends the context to a step.
    pub(super) fn enter(&mut self, planned: &PlannedStep, (stage, running): (Stage, Running)) {
        self.stage = stage;
        self.running = running;
        self.caller = match planned.run_as {
            Some(user) => self.call.caller.acting_as(user),
            None => self.call.caller,
        };
        self.trace.clear();
    }

    /// This message as those within it see it.
    pub(super) fn as_parent(&self, stage: Stage) -> ParentContext {
        ParentContext {
            message: self.message.clone(),
            entity: self.entity().clone(),
            primary_id: self.request.primary_id(),
            stage,
            depth: self.call.depth,
            shared: self.shared.clone(),
            input: Arc::clone(self.sent()),
            parent: self.parent_shared(),
        }
    }

    /// The input parameters, as the caller sent them.
    pub(super) fn sent(&self) -> &Arc<Request> {
        self.sent.as_ref().unwrap_or(&self.request)
    }

    /// What stands around it, to be kept.
    pub(super) fn parent_shared(&self) -> Option<Arc<ParentContext>> {
        match &self.wrapper {
            Some(wrapper) => Some(Arc::clone(wrapper.open(self))),
            None => self.parent.clone(),
        }
    }
}

/// The name of the entity of messages that have none.
pub(super) fn none() -> &'static LogicalName {
    &NO_ENTITY
}

impl Subject {
    /// The subject of a request.
    fn of(request: &Request, catalog: &Catalog) -> Self {
        let Some(name) = request.primary_entity() else { return Self::None };
        let record = request.target().or_else(|| request.targets().first());
        match record.map(|it| catalog.own(it.metadata())) {
            Some(Ok(entity)) => Self::Known(entity.index()),
            Some(Err(_)) | None => Self::named(name, catalog),
        }
    }

    fn named(name: &LogicalName, catalog: &Catalog) -> Self {
        match catalog.entity_by_name(name) {
            Some(entity) => Self::Known(entity.index()),
            None if *name == "none" => Self::None,
            None => Self::Unknown(name.clone()),
        }
    }

    /// Its place in the catalog, where it has one.
    pub(super) fn index(&self) -> Option<EntityIndex> {
        if let Self::Known(index) = self { Some(*index) } else { None }
    }
}
