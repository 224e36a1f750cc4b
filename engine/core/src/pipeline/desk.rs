//! The desk: the [`Platform`] that the pipeline lends to main operations.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::context::Context;
use super::operation::Call;
use super::parent::ParentContext;
use super::run;
use super::step::Stage;
use crate::error::Error;
use crate::message::{Platform, Request, Response};
use crate::metadata::{Catalog, EntityMetadata};
use crate::record::{Page, QueryPlan, Record};
use crate::settings::{Caller, Settings};

/// What a main operation may use: the operation's transaction, and the way to send messages.
pub(super) struct Desk<'a> {
    call: &'a Call,
    /// The message from which others are sent, once it is open.
    opened: Option<&'a Context>,
    /// Its record when it came to the desk.
    primary_id: Option<Uuid>,
    /// What messages sent from here see as their parent, once there is one.
    parent: Option<Arc<ParentContext>>,
}

impl<'a> Desk<'a> {
    /// A desk for a message that is not open yet: it sends none.
    pub(super) fn of(call: &'a Call) -> Self {
        Self { call, opened: None, primary_id: None, parent: None }
    }

    /// A desk for a message whose request is not in its context meanwhile.
    pub(super) fn within(ctx: &'a Context, request: &Request) -> Self {
        let primary_id = request.primary_id();
        Self { call: &ctx.call, opened: Some(ctx), primary_id, parent: None }
    }

    fn parent(&mut self) -> Option<Arc<ParentContext>> {
        if self.parent.is_none() {
            let opened = self.opened?;
            let parent = opened.as_parent(Stage::MainOperation);
            self.parent = Some(Arc::new(ParentContext { primary_id: self.primary_id, ..parent }));
        }
        self.parent.clone()
    }
}

impl Platform for Desk<'_> {
    fn catalog(&self) -> &Catalog {
        &self.call.operation.generation().catalog
    }

    fn settings(&self) -> &Settings {
        &self.call.operation.environment().settings
    }

    fn now(&self) -> DateTime<Utc> {
        self.call.operation.now
    }

    fn caller(&self) -> Caller {
        self.call.caller
    }

    fn delegate(&self) -> Option<Uuid> {
        self.call.operation.delegate(self.call.caller)
    }

    fn new_id(&mut self) -> Uuid {
        self.call.operation.new_record_id()
    }

    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, Error> {
        self.call.operation.read(|it| it.retrieve(entity, id))
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, Error> {
        self.call.operation.read(|it| it.exists(entity, id))
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, Error> {
        self.call.operation.read(|it| it.query(plan))
    }

    fn insert(&mut self, record: &Record) -> Result<u64, Error> {
        self.call.operation.write(|it| it.insert(record))
    }

    fn update(&mut self, change: &Record) -> Result<u64, Error> {
        self.call.operation.write(|it| it.update(change))
    }

    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), Error> {
        self.call.operation.write(|it| it.delete(entity, id))
    }

    fn send(&mut self, request: Request) -> Result<Response, Error> {
        let parent = self.parent().ok_or(Error::Bug("a message sent before it was opened"))?;
        // What a main operation sends belongs to its request: a cascade inherits the options (L-28).
        let options = self.call.options.clone();
        run(self.call.nested(self.call.caller, parent).with_options(options), request)
    }
}
