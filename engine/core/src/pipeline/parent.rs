//! Parent contexts: what a hook sees of the message within which its own was sent.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::Variables;
use super::context::Context;
use super::step::Stage;
use crate::message::{Message, Request};
use crate::metadata::LogicalName;

/// What a hook sees of an enclosing message: as it was when the nested one was sent.
///
/// Create, Update and Delete stand within a wrapper of their own, at stage 30, that holds what the caller
/// sent and what pre-validation left (P-65 to P-67, V-4).
#[derive(Debug)]
pub struct ParentContext {
    pub(super) message: Message,
    pub(super) entity: LogicalName,
    pub(super) primary_id: Option<Uuid>,
    pub(super) stage: Stage,
    pub(super) depth: u32,
    pub(super) shared: Variables,
    pub(super) input: Arc<Request>,
    pub(super) parent: Option<Arc<ParentContext>>,
}

/// The wrapper of a message, of which nothing is made until somebody asks for it.
#[derive(Debug, Clone)]
pub(super) struct Wrapper {
    /// The record of the message when it was wrapped.
    primary_id: Option<Uuid>,
    /// What pre-validation left.
    shared: Variables,
    made: OnceLock<Arc<ParentContext>>,
}

impl Wrapper {
    pub(super) fn new(primary_id: Option<Uuid>, shared: Variables) -> Self {
        Self { primary_id, shared, made: OnceLock::new() }
    }

    /// What hooks of the message see of its wrapper.
    pub(super) fn open(&self, ctx: &Context) -> &Arc<ParentContext> {
        self.made.get_or_init(|| {
            Arc::new(ParentContext {
                message: ctx.message.clone(),
                entity: ctx.entity().clone(),
                primary_id: self.primary_id,
                stage: Stage::MainOperation,
                depth: ctx.call.depth,
                shared: self.shared.clone(),
                input: Arc::clone(ctx.sent()),
                parent: ctx.parent.clone(),
            })
        })
    }
}

impl ParentContext {
    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Its primary entity, or `none`.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// The record at which it was aimed, where it was one.
    pub fn primary_id(&self) -> Option<Uuid> {
        self.primary_id
    }

    /// The stage at which it was.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// How deeply it was nested.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// What its hooks had left for each other.
    pub fn shared(&self) -> &Variables {
        &self.shared
    }

    /// What its caller had sent.
    pub fn input(&self) -> &Request {
        &self.input
    }

    /// The message within which it was sent, if any.
    pub fn parent(&self) -> Option<&Self> {
        self.parent.as_deref()
    }
}
