//! Notes: what happened, as it was. Words are made of them when somebody reads the transcript.

use std::borrow::Cow;
use std::sync::Arc;

use uuid::Uuid;

use super::words::{describe, saved, sent};
use super::{Event, StepOutcome};
use crate::message::{Message, Request};
use crate::metadata::{AttributeSet, EntityMetadata, Ordinal};
use crate::pipeline::step::Stage;
use crate::record::{EntityReference, Record, Value};

/// Something that happened: an [`Event`] before it is put into words.
#[derive(Debug, Clone)]
pub(super) enum Note {
    Opened(Box<Opened>),
    Stage { level: usize, stage: Stage },
    Target { level: usize, index: usize, name: String },
    Step { level: usize, name: Arc<str>, outcome: StepOutcome, changes: Vec<Change> },
    Trace { level: usize, line: String },
    Main { level: usize, result: Done },
    Closed { level: usize, failure: Option<String> },
    Job { name: Arc<str>, outcome: StepOutcome },
}

/// A message that began.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) level: usize,
    pub(super) message: Message,
    pub(super) sent: Sent,
    /// The user, where it is not the engine's default one.
    pub(super) user: Option<Uuid>,
    pub(super) depth: u32,
    pub(super) is_read: bool,
}

/// What a message was sent with.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// A record, and in words how many come along.
    Record(Record, String),
    /// What is seldom sent, or soon said.
    Words(String),
}

/// What a main operation did.
#[derive(Debug, Clone)]
pub(super) enum Done {
    /// It is at work, or it failed.
    Nothing,
    Created(EntityReference),
    /// An update wrote these attributes, and stamps.
    Saved(Arc<EntityMetadata>, AttributeSet),
    Words(Cow<'static, str>),
}

/// The targets of a message as they were before a step.
#[derive(Debug)]
pub(in crate::pipeline) struct Before {
    target: Option<Record>,
    targets: Vec<Record>,
}

/// An attribute of a target that a step changed.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Of which record of a bulk message.
    index: Option<usize>,
    entity: Arc<EntityMetadata>,
    attribute: Ordinal,
    before: Option<Value>,
    after: Option<Value>,
}

impl Note {
    /// The event in words.
    pub(super) fn to_event(&self) -> Event {
        match self {
            Self::Opened(opened) => opened.to_event(),
            Self::Stage { level, stage } => {
                let (number, name) = (stage.number(), stage.name().to_owned());
                Event::Stage { level: *level, number, name }
            }
            Self::Target { level, index, name } => {
                Event::Target { level: *level, index: *index, name: name.clone() }
            }
            Self::Step { level, name, outcome, changes } => Event::Step {
                level: *level,
                name: name.to_string(),
                outcome: outcome.clone(),
                changes: in_words(changes),
            },
            Self::Trace { level, line } => Event::Trace { level: *level, line: line.clone() },
            Self::Main { level, result } => {
                Event::Main { level: *level, result: result.to_words() }
            }
            Self::Closed { level, failure } => {
                Event::Closed { level: *level, failure: failure.clone() }
            }
            Self::Job { name, outcome } => {
                Event::Job { name: name.to_string(), outcome: outcome.clone() }
            }
        }
    }
}

impl Opened {
    fn to_event(&self) -> Event {
        let user = self.user.map(|it| EntityReference::new("systemuser", it).to_string());
        Event::Opened {
            level: self.level,
            message: self.message.to_string(),
            parameters: match &self.sent {
                Sent::Record(target, related) => sent(&self.message, target) + related,
                Sent::Words(words) => words.clone(),
            },
            user,
            depth: self.depth,
            is_read: self.is_read,
        }
    }
}

impl Done {
    fn to_words(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Created(created) => created.to_string(),
            Self::Saved(entity, attributes) => saved(entity, attributes),
            Self::Words(words) => words.clone().into_owned(),
        }
    }
}

impl Before {
    pub(in crate::pipeline) fn of(request: &Request) -> Self {
        Self { target: request.target().cloned(), targets: request.targets().to_vec() }
    }

    /// What the step changed.
    pub(super) fn changes(&self, after: &Request) -> Vec<Change> {
        let mut changes = Vec::new();
        if let (Some(before), Some(after)) = (&self.target, after.target()) {
            Change::collect(&mut changes, None, (before, after));
        }
        for (index, pair) in self.targets.iter().zip(after.targets()).enumerate() {
            Change::collect(&mut changes, Some(index), pair);
        }
        changes
    }
}

impl Change {
    /// The attributes in which two states of a target differ.
    fn collect(all: &mut Vec<Self>, index: Option<usize>, (before, after): (&Record, &Record)) {
        all.extend(before.differing(after).iter().map(|attribute| Self {
            index,
            entity: Arc::clone(after.metadata()),
            attribute,
            before: before.at(attribute).cloned(),
            after: after.at(attribute).cloned(),
        }));
    }
}

/// The changes as name, value before and value after, record by record in the order of the names.
fn in_words(changes: &[Change]) -> Vec<(String, String, String)> {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|it| (it.index, it.entity.name(it.attribute)));
    let words = |it: &Change| {
        let name = it.entity.name(it.attribute);
        let value = |value: &Option<Value>| match value {
            Some(value) => describe(&it.entity, it.attribute, value),
            None => "–".to_owned(),
        };
        let name = match it.index {
            Some(index) => format!("[{index}] {name}"),
            None => name.to_owned(),
        };
        (name, value(&it.before), value(&it.after))
    };
    sorted.into_iter().map(words).collect()
}
