//! Generations: one catalog, its steps and its messages, which belong together and are swapped together.
//!
//! A message runs from start to end on the generation with which it began (RULES §2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::configuration::Deployment;
use super::plan::{Names, Plan, PlanId, Plans};
use super::step::{Hook, Mode, Stage, Step};
use crate::code::platform;
use crate::message::{CustomMessage, Message, Request};
use crate::metadata::{
    Catalog, DidYouMean, EntityIndex, EntityMetadata, MetadataError, suggestion,
};

/// A catalog, its steps and its messages.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    /// How many reloads came before.
    pub(crate) number: u64,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) messages: Messages,
    plans: Plans,
    /// Whether any step listens to a bulk message, so that single ones raise it, too (M-41).
    hears_bulk: bool,
}

/// The custom messages, by every name by which they are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages {
    by_name: BTreeMap<String, Arc<RegisteredMessage>>,
    /// How many there are.
    count: usize,
    /// Names that were registered although another message had them.
    twice: Vec<String>,
}

/// A custom message with its main operation.
pub(crate) struct RegisteredMessage {
    pub(crate) definition: CustomMessage,
    pub(crate) main: Arc<dyn Hook>,
    /// Its place among the custom messages.
    index: usize,
}

/// What a generation is made of, beside its catalog.
#[derive(Debug)]
pub(crate) struct Registered<'a> {
    pub(crate) messages: Messages,
    pub(crate) steps: &'a [Step],
    /// Whether a step on Associate or Disassociate may name a primary entity (I-60).
    pub(crate) associate_takes_entity: bool,
}

/// Why a step cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step `{step}`: {problem}")]
pub struct StepError {
    /// The name of the step.
    pub step: String,
    /// What is wrong.
    pub problem: StepProblem,
}

/// What is wrong with a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepProblem {
    /// It names something that the catalog does not know.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Nobody registered its message.
    #[error("there is no message `{message}`{}", DidYouMean(.suggestion))]
    UnknownMessage {
        /// The name that was given.
        message: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// Its message raises no event (M-30).
    #[error("no step can run on {0}: register it on what the message becomes, Create and Update")]
    NoEvent(Message),
    /// It runs at a stage that is not for steps (P-2).
    #[error("no step runs at stage 30: take 10, 20 or 40")]
    MainStage,
    /// It is asynchronous before the commit (P-43).
    #[error("an asynchronous step runs in post-operation, and this one is at {0}")]
    AsynchronousBeforePost(&'static str),
    /// It has a pre-image of what is not there before, or a post-image of what is not there after (I-6).
    #[error("Message {message} does not support this image type. It has no {image}")]
    ImageType {
        /// The message.
        message: Message,
        /// The image.
        image: &'static str,
    },
    /// It has a post-image before the write (I-7).
    #[error("PreEvent step registration does not support Post Image.")]
    PostImageBeforeWrite,
    /// Its message has no images (I-5).
    #[error("{0} does not support images")]
    NoImages(Message),
    /// Its images show another property than its message has (I-8).
    #[error("{message} has no image of `{property}`: it is of `{expected}`")]
    ImageProperty {
        /// The message.
        message: Message,
        /// The property that was given.
        property: String,
        /// The property of which the message has images (I-2, I-4).
        expected: &'static str,
    },
    /// It has a secure configuration, and is not on the server only (P-54).
    #[error("a step with a secure configuration is deployed to the server only")]
    SecureNotOnServer,
    /// Two of its images have one alias.
    #[error("two images are called `{0}`")]
    AliasTwice(String),
    /// It names an entity on a message that names none (I-59).
    #[error("{0} names no primary entity: leave the entity out, and filter by relationship")]
    EntityOnAssociation(Message),
    /// It names attributes or images without an entity whose attributes they could be.
    #[error("a step without an entity cannot name attributes")]
    AttributesWithoutEntity,
    /// It filters by relationship on a message that knows none.
    #[error("only Associate and Disassociate can be filtered by relationship")]
    RelationshipOnOther,
    /// Another step has its name, message and stage.
    #[error("another step has this name on the same message, entity and stage")]
    Twice,
}

impl StepProblem {
    /// The number by which Dataverse knows this refusal.
    pub const fn number(&self) -> u32 {
        match self {
            Self::Metadata(_) => platform::NO_ATTRIBUTE,
            Self::ImageType { .. } => platform::INVALID_IMAGE_TYPE,
            Self::PostImageBeforeWrite => platform::NO_POST_IMAGE_BEFORE_WRITE,
            Self::NoImages(_) => platform::NO_IMAGES,
            Self::MainStage => platform::INVALID_STAGE,
            Self::NoEvent(_) => platform::STEP_NOT_ALLOWED,
            Self::ImageProperty { .. } => platform::INVALID_MESSAGE_PROPERTY_NAME,
            Self::SecureNotOnServer => platform::SECURE_CONFIGURATION,
            Self::UnknownMessage { .. }
            | Self::AsynchronousBeforePost(_)
            | Self::AliasTwice(_)
            | Self::EntityOnAssociation(_)
            | Self::AttributesWithoutEntity
            | Self::RelationshipOnOther
            | Self::Twice => platform::INVALID_ARGUMENT,
        }
    }
}

impl Generation {
    /// Checks the steps against the catalog and puts them in order. All that is wrong is answered at once.
    pub(crate) fn new(
        number: u64,
        catalog: Arc<Catalog>,
        registered: Registered<'_>,
    ) -> Result<Self, Vec<StepError>> {
        let mut places = BTreeSet::new();
        let mut is_first = |it: &Step| {
            places.insert((it.message.clone(), it.stage, it.entity.clone(), it.name.clone()))
        };
        let problems: Vec<StepError> = registered
            .steps
            .iter()
            .filter_map(|step| {
                let twice = (!is_first(step)).then_some(StepProblem::Twice);
                let problem = check(step, &catalog, &registered).err().or(twice)?;
                Some(StepError { step: step.name.to_string(), problem })
            })
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let Registered { messages, steps, .. } = registered;
        let live = || steps.iter().filter(|it| it.is_live());
        let mut by_column: BTreeMap<usize, Vec<&Step>> = BTreeMap::new();
        for step in live() {
            // INVARIANT: the messages were checked, so that each has a column.
            let Some(column) = messages.column(&step.message) else { continue };
            by_column.entry(column).or_default().push(step);
        }
        let hears_bulk = live().any(|it| it.message.is_bulk());
        let plans = Plans::new(&catalog, messages.columns(), &by_column);
        Ok(Self { number, catalog, messages, plans, hears_bulk })
    }

    /// The steps of a message to an entity, by their names.
    pub(super) fn steps(&self, message: &Message, entity: &str) -> &Plan {
        let entity = self.catalog.entity_by_name(entity).map(|it| it.index());
        self.plan(self.plan_of(message, entity))
    }

    /// Where the plan of a message to an entity stands.
    pub(super) fn plan_of(&self, message: &Message, entity: Option<EntityIndex>) -> PlanId {
        self.messages.column(message).map(|it| self.plans.find(it, entity)).unwrap_or_default()
    }

    /// The steps of a plan.
    pub(super) fn plan(&self, id: PlanId) -> &Plan {
        self.plans.get(id)
    }

    /// What its steps and entities are called.
    pub(super) fn names(&self) -> &Arc<Names> {
        self.plans.names()
    }

    /// Whether a single message raises a bulk message that somebody hears (M-41).
    pub(super) fn hears_bulk_of(&self, single: &Request) -> bool {
        if !self.hears_bulk {
            return false;
        }
        let Some(bulk) = single.message().bulk() else { return false };
        !self.steps(&bulk, &single.entity()).is_empty()
    }
}

impl Messages {
    /// Registers a message under all its names.
    pub(crate) fn add(&mut self, definition: CustomMessage, main: Arc<dyn Hook>) {
        let names: Vec<String> =
            definition.aliases.iter().cloned().chain([definition.name.to_string()]).collect();
        let registered = Arc::new(RegisteredMessage { definition, main, index: self.count });
        self.count += 1;
        for name in names {
            if !matches!(Message::from(name.as_str()), Message::Custom(_))
                || self.get(&name).is_some()
            {
                self.twice.push(name.clone());
            }
            self.by_name.insert(name, Arc::clone(&registered));
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<RegisteredMessage>> {
        self.by_name.get(name)
    }

    /// The place of a message among all: first the engine's own, then the custom ones.
    fn column(&self, message: &Message) -> Option<usize> {
        match message.standard_index() {
            Some(index) => Some(index),
            None => Some(Message::STANDARD.len() + self.get(message.name())?.index),
        }
    }

    fn columns(&self) -> usize {
        Message::STANDARD.len() + self.count
    }

    /// The first name that two messages have.
    pub(crate) fn twice(&self) -> Option<&str> {
        self.twice.first().map(String::as_str)
    }

    /// Every name of every message, the engine's own among them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        const STANDARD: [Message; 14] = Message::STANDARD;
        static NAMES: &[Message; 14] = &STANDARD;
        NAMES.iter().map(Message::name).chain(self.by_name.keys().map(String::as_str))
    }
}

impl std::fmt::Debug for RegisteredMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RegisteredMessage").field(&self.definition).finish()
    }
}

/// Everything that can be wrong with one step.
fn check(step: &Step, catalog: &Catalog, registered: &Registered<'_>) -> Result<(), StepProblem> {
    let (message, messages) = (&step.message, &registered.messages);
    if let Message::Custom(name) = message
        && messages.get(name).is_none_or(|it| it.definition.name != *name)
    {
        let (message, known) = (name.to_string(), messages.names());
        let suggestion = suggestion(name, known).map(str::to_owned);
        return Err(StepProblem::UnknownMessage { message, suggestion });
    }
    if matches!(message, Message::Upsert | Message::UpsertMultiple | Message::DeleteMultiple) {
        return Err(StepProblem::NoEvent(message.clone()));
    }
    if step.stage == Stage::MainOperation {
        return Err(StepProblem::MainStage);
    }
    if step.mode == Mode::Asynchronous && step.stage != Stage::PostOperation {
        return Err(StepProblem::AsynchronousBeforePost(step.stage.name()));
    }
    if step.deployment != Deployment::ServerOnly && !step.secure_configuration().is_empty() {
        return Err(StepProblem::SecureNotOnServer);
    }
    match &step.relationship {
        Some(_) if !message.is_association() => return Err(StepProblem::RelationshipOnOther),
        Some(name) => drop(catalog.relationship(name)?),
        None => {}
    }
    check_images(step)?;
    match &step.entity {
        Some(_) if message.is_association() && !registered.associate_takes_entity => {
            Err(StepProblem::EntityOnAssociation(message.clone()))
        }
        Some(name) => {
            let entity = catalog.entity(name)?;
            if step.listens_to(entity) { check_attributes(step, entity) } else { Ok(()) }
        }
        None if has_attributes(step) => Err(StepProblem::AttributesWithoutEntity),
        None => Ok(()),
    }
}

/// The matrix of spec §3.1.
fn check_images(step: &Step) -> Result<(), StepProblem> {
    let message = &step.message;
    let (has_pre, has_post) = (!step.pre_images.is_empty(), !step.post_images.is_empty());
    if !has_pre && !has_post && step.image_property.is_none() {
        return Ok(());
    }
    let Some(expected) = image_property(message) else {
        return Err(StepProblem::NoImages(message.clone()));
    };
    if let Some(property) = step.image_property.clone().filter(|it| it != expected) {
        let message = message.clone();
        return Err(StepProblem::ImageProperty { message, property, expected });
    }
    let wrong = |image| Err(StepProblem::ImageType { message: message.clone(), image });
    if has_pre && matches!(message, Message::Create | Message::CreateMultiple) {
        return wrong("pre-image");
    }
    if has_post && *message == Message::Delete {
        return wrong("post-image");
    }
    if has_post && step.stage != Stage::PostOperation {
        return Err(StepProblem::PostImageBeforeWrite);
    }
    for images in [&step.pre_images, &step.post_images] {
        for (index, image) in images.iter().enumerate() {
            if images.iter().skip(index + 1).any(|it| it.alias == image.alias) {
                return Err(StepProblem::AliasTwice(image.alias.clone()));
            }
        }
    }
    Ok(())
}

/// The property of a message of which it has images (I-2, I-4); `None` where it has none.
fn image_property(message: &Message) -> Option<&'static str> {
    match message {
        Message::Create => Some("id"),
        Message::Update | Message::Delete | Message::Assign => Some("Target"),
        Message::SetState => Some("EntityMoniker"),
        Message::CreateMultiple | Message::UpdateMultiple => Some("Targets"), // I-3
        Message::Upsert
        | Message::UpsertMultiple
        | Message::DeleteMultiple
        | Message::Retrieve
        | Message::RetrieveMultiple
        | Message::Associate
        | Message::Disassociate
        | Message::Custom(_) => None,
    }
}

fn check_attributes(step: &Step, entity: &EntityMetadata) -> Result<(), StepProblem> {
    let images = step.pre_images.iter().chain(&step.post_images).flat_map(|it| &it.attributes);
    for name in step.filtering.iter().chain(images) {
        entity.find(name)?;
    }
    Ok(())
}

fn has_attributes(step: &Step) -> bool {
    let images = step.pre_images.iter().chain(&step.post_images);
    !step.filtering.is_empty() || images.flat_map(|it| &it.attributes).next().is_some()
}
