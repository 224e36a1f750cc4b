//! Steps: which hook runs on which message, at which stage, in which order.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::Context;
use super::configuration::{Configuration, Deployment};
use crate::error::Fault;
use crate::message::Message;
use crate::metadata::{EntityMetadata, LogicalName};

/// When a step runs, relative to the main operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Before the transaction: the cheapest place to refuse (P-22, P-23).
    PreValidation = 10,
    /// In the transaction, before the write: the place to change the target (P-21, P-25).
    PreOperation = 20,
    /// The main operation itself: no step runs there but the handler of a custom message (P-2).
    MainOperation = 30,
    /// In the transaction, after the write: the place to send further messages (P-19, P-25).
    PostOperation = 40,
}

/// Whether a step runs within its message or after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Within the message.
    #[default]
    Synchronous,
    /// After the commit, as a job (P-27); in post-operation only (P-43).
    Asynchronous,
}

/// Whether a step can do what its host can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum IsolationMode {
    /// It can: it is part of the host.
    #[default]
    None = 1,
    /// It has its context and the service, and nothing else.
    Sandbox = 2,
}

/// Code that a step runs.
pub trait Hook: Send + Sync {
    /// Looks at the context, changes the target, sends messages, or refuses with a fault.
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault>;

    /// Whether it would do nothing here: no change, no trace, no refusal. Asked before it runs where nobody
    /// listens, once or more often; it looks at the context, and changes nothing. In a bulk message that is before
    /// the steps of the other records run, so that what these write is nothing to look at.
    fn is_idle(&self, ctx: &Context) -> bool {
        let _ = ctx;
        false
    }

    /// What it can touch: the less that is, the less the pipeline looks after once it has run.
    fn reach(&self) -> Reach {
        Reach::Everything
    }

    /// Whether it looks at images. Those of a step whose hook does not are not read.
    fn looks_at_images(&self) -> bool {
        true
    }
}

/// What a hook can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// All that a context lets it.
    #[default]
    Everything,
    /// Attributes of the target, and the trace. It sends no message, leaves all else of the context as it is,
    /// and ends soon, for it has no loops.
    Target,
}

/// Whether a step has anything to do with an entity.
type Applies = Arc<dyn Fn(&EntityMetadata) -> bool + Send + Sync>;

/// The registration of a hook: the *when* of a rule.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the registration")]
pub struct Step {
    pub(super) name: Arc<str>,
    pub(super) message: Message,
    pub(super) entity: Option<LogicalName>,
    pub(super) applies: Option<Applies>,
    pub(super) stage: Stage,
    pub(super) mode: Mode,
    pub(super) rank: i32,
    pub(super) filtering: Vec<LogicalName>,
    pub(super) relationship: Option<String>,
    pub(super) pre_images: Vec<ImageRequest>,
    pub(super) post_images: Vec<ImageRequest>,
    pub(super) run_as: Option<Uuid>,
    pub(super) is_enabled: bool,
    pub(super) is_essential: bool,
    pub(super) is_auto_delete: bool,
    pub(super) is_ordered: bool,
    pub(super) is_reaching_outside: bool,
    pub(super) isolation_mode: IsolationMode,
    pub(super) deployment: Deployment,
    pub(super) configuration: Option<Arc<Configuration>>,
    pub(super) image_property: Option<String>,
    pub(super) description: String,
    pub(super) hook: Arc<dyn Hook>,
}

/// An image that a step asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageRequest {
    /// The name under which the hook finds it (I-10); empty for the one without an alias.
    pub(super) alias: String,
    /// The attributes that it shows (I-13); all of them where empty (I-14).
    pub(super) attributes: Vec<LogicalName>,
}

impl Stage {
    /// Every stage at which steps can run, in order.
    pub const ALL: [Self; 3] = [Self::PreValidation, Self::PreOperation, Self::PostOperation];

    /// The stage's name as rules and transcripts spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreValidation => "pre-validation",
            Self::PreOperation => "pre-operation",
            Self::MainOperation => "main",
            Self::PostOperation => "post-operation",
        }
    }

    /// The stage of that name at which steps can run.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The stage's number.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl Mode {
    /// The mode's name as rules spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "sync",
            Self::Asynchronous => "async",
        }
    }
}

impl Step {
    /// A step on a message to records of an entity. It runs at [`Stage::PreOperation`] with rank 1, and
    /// does nothing until [`run`](Self::run) gives it a hook.
    pub fn on(message: impl Into<Message>, entity: impl Into<LogicalName>) -> Self {
        Self { entity: Some(entity.into()), ..Self::on_any(message) }
    }

    /// A step on a message to whatever entity, or to none: what Associate needs (P-15, I-59).
    pub fn on_any(message: impl Into<Message>) -> Self {
        Self {
            name: "".into(),
            message: message.into(),
            entity: None,
            applies: None,
            stage: Stage::PreOperation,
            mode: Mode::Synchronous,
            rank: 1,
            filtering: Vec::new(),
            relationship: None,
            pre_images: Vec::new(),
            post_images: Vec::new(),
            run_as: None,
            is_enabled: true,
            is_essential: false,
            is_auto_delete: false,
            is_ordered: false,
            is_reaching_outside: false,
            isolation_mode: IsolationMode::None,
            deployment: Deployment::ServerOnly,
            configuration: None,
            image_property: None,
            description: String::new(),
            hook: Arc::new(|_: &mut Context| Ok(())),
        }
    }

    /// Lets the step exist only for entities of which this holds, be it whatever entity or the one it names.
    ///
    /// For steps that are written without knowing the catalog: those that need certain attributes, wherever
    /// they are. To an entity of which it does not hold, the step is not there, nor checked against it.
    #[must_use]
    pub fn only_for(
        mut self,
        applies: impl Fn(&EntityMetadata) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.applies = Some(Arc::new(applies));
        self
    }

    /// Sets the stage.
    #[must_use]
    pub fn at(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// Lets the step run after the commit, as a job, in post-operation (P-43).
    #[must_use]
    pub fn asynchronous(mut self) -> Self {
        self.mode = Mode::Asynchronous;
        self.stage = Stage::PostOperation;
        self
    }

    /// Forgets the jobs of the step that succeeded, as `AsyncAutoDelete` does (P-58, L-10).
    #[must_use]
    pub fn auto_delete(mut self) -> Self {
        self.is_auto_delete = true;
        self
    }

    /// Lets the jobs of the step run one after another for each record at which their messages are aimed, in the
    /// order of their creation: the jobs of all ordered steps on one record are one line.
    ///
    /// One that waits, be it postponed, to be run again or to be resumed, holds up those behind it. The platform
    /// has no such order for its steps (P-48, L-5); [`job_order`](crate::settings::Settings::job_order) sets it for all.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// Says that the hook of an asynchronous step does more than send messages: calls a service, writes a file.
    ///
    /// Then each of its messages is durable before the next, nobody waits for the hook to end, and the job
    /// runs at least once: the identity in [`Context::job`] is the same each time, to be sent along as the key by which the
    /// service knows what it has done. What another job sends is in one transaction with that it is done, so that it is
    /// there exactly once; from its first message that writes to its end others wait to write, as with a
    /// synchronous step. So this is also for hooks that write through an [`Engine`](crate::Engine) of their own instead
    /// of their context's service, and for those that wait for what another thread sends.
    #[must_use]
    pub fn reaching_outside(mut self) -> Self {
        self.is_reaching_outside = true;
        self
    }

    /// Sets the execution order within the stage: lower ranks run first (P-44).
    #[must_use]
    pub fn rank(mut self, rank: i32) -> Self {
        self.rank = rank;
        self
    }

    /// Runs an update step only where the target carries one of these attributes, changed or not (I-44, I-45).
    #[must_use]
    pub fn filtering<N: Into<LogicalName>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.filtering = names.into_iter().map(Into::into).collect();
        self
    }

    /// Runs a step on Associate or Disassociate only for this relationship.
    #[must_use]
    pub fn relationship(mut self, schema_name: impl Into<String>) -> Self {
        self.relationship = Some(schema_name.into());
        self
    }

    /// Shows the hook these attributes as they were before the main operation; all of them for none.
    #[must_use]
    pub fn pre_image<N: Into<LogicalName>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.pre_image_as("", names)
    }

    /// Shows the hook these attributes as they are after the main operation; all of them for none.
    #[must_use]
    pub fn post_image<N: Into<LogicalName>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.post_image_as("", names)
    }

    /// The same as [`pre_image`](Self::pre_image), under a name of its own.
    #[must_use]
    pub fn pre_image_as<N: Into<LogicalName>>(
        mut self,
        alias: &str,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.pre_images.push(ImageRequest::new(alias, names));
        self
    }

    /// The same as [`post_image`](Self::post_image), under a name of its own.
    #[must_use]
    pub fn post_image_as<N: Into<LogicalName>>(
        mut self,
        alias: &str,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.post_images.push(ImageRequest::new(alias, names));
        self
    }

    /// Says which property of the message its images show (I-4, I-8). Each message has one, so that this
    /// only checks what the author thinks.
    #[must_use]
    pub fn image_property(mut self, name: impl Into<String>) -> Self {
        self.image_property = Some(name.into());
        self
    }

    /// Runs the hook in the name of this user (P-59).
    #[must_use]
    pub fn run_as(mut self, user: Uuid) -> Self {
        self.run_as = Some(user);
        self
    }

    /// Keeps the step, and does not run it (P-50).
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.is_enabled = false;
        self
    }

    /// Lets no request pass the step by, as `CanBeBypassed = false` does (L-30): for what the platform does.
    #[must_use]
    pub fn essential(mut self) -> Self {
        self.is_essential = true;
        self
    }

    /// Says that the hook is shut in: a rule, say.
    #[must_use]
    pub fn sandboxed(mut self) -> Self {
        self.isolation_mode = IsolationMode::Sandbox;
        self
    }

    /// Says in words what the step is for.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Gives the step its name and its hook.
    #[must_use]
    pub fn run(mut self, name: impl Into<Arc<str>>, hook: impl Hook + 'static) -> Self {
        self.name = name.into();
        self.hook = Arc::new(hook);
        self
    }

    /// The hook that it runs: for those that wrap it in another, or run it by itself.
    pub fn hook(&self) -> &Arc<dyn Hook> {
        &self.hook
    }

    /// The name of the step, which transcripts show.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The message on which it runs.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The entity at whose records the message is aimed; `None` for any, or none.
    pub fn entity(&self) -> Option<&LogicalName> {
        self.entity.as_ref()
    }

    /// Whether it is there for messages to records of this entity.
    pub fn listens_to(&self, entity: &EntityMetadata) -> bool {
        self.entity.as_ref().is_none_or(|it| it == entity.logical_name())
            && self.applies.as_ref().is_none_or(|it| it(entity))
    }

    /// Whether it picks the entities to which it listens by what they have.
    pub fn is_selective(&self) -> bool {
        self.applies.is_some()
    }

    /// The stage at which it runs.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether it runs within its message or after it.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Its execution order within the stage.
    pub fn execution_order(&self) -> i32 {
        self.rank
    }

    /// The attributes of which an update must carry one.
    pub fn filtering_attributes(&self) -> &[LogicalName] {
        &self.filtering
    }

    /// The relationship for which alone it runs.
    pub fn relationship_filter(&self) -> Option<&str> {
        self.relationship.as_deref()
    }

    /// The aliases and attributes of its pre-images.
    pub fn pre_images(&self) -> impl Iterator<Item = (&str, &[LogicalName])> {
        self.pre_images.iter().map(|it| (it.alias.as_str(), it.attributes.as_slice()))
    }

    /// The aliases and attributes of its post-images.
    pub fn post_images(&self) -> impl Iterator<Item = (&str, &[LogicalName])> {
        self.post_images.iter().map(|it| (it.alias.as_str(), it.attributes.as_slice()))
    }

    /// Whether it runs at all.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Whether no request can pass it by.
    pub fn is_essential(&self) -> bool {
        self.is_essential
    }

    /// Whether its hook can do what the host can.
    pub fn isolation_mode(&self) -> IsolationMode {
        self.isolation_mode
    }

    /// What it is for, in words.
    pub fn description(&self) -> &str {
        &self.description
    }
}

impl ImageRequest {
    fn new<N: Into<LogicalName>>(alias: &str, names: impl IntoIterator<Item = N>) -> Self {
        let attributes = names.into_iter().map(Into::into).collect();
        Self { alias: alias.to_owned(), attributes }
    }
}

impl<F> Hook for F
where
    F: Fn(&mut Context) -> Result<(), Fault> + Send + Sync,
{
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        self(ctx)
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("name", &self.name)
            .field("message", &self.message)
            .field("entity", &self.entity)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
