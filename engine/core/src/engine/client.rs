//! Clients: who sends messages, in whose name.

use std::sync::Arc;

use super::Engine;
use crate::error::Error;
use crate::message::{Request, Response};
use crate::metadata::Catalog;
use crate::pipeline::{self, Call, Operation, OrganizationService, Recorder, Transcript};
use crate::settings::Caller;

/// Sends outermost messages in the name of a user.
#[derive(Debug, Clone)]
pub struct Client {
    engine: Engine,
    pub(super) caller: Caller,
}

impl Client {
    pub(super) fn new(engine: Engine, caller: Caller) -> Self {
        Self { engine, caller }
    }

    /// Carries a message through the pipeline and keeps a transcript of it.
    pub fn trace(&self, request: impl Into<Request>) -> (Transcript, Result<Response, Error>) {
        let operation = Arc::new(self.operation().recorded(Recorder::default()));
        let outcome = pipeline::run(self.call(&operation), request.into());
        (operation.finish().into_transcript(), outcome)
    }

    pub(super) fn operation(&self) -> Operation {
        let inner = &self.engine.inner;
        Operation::new(&inner.environment, &inner.current.load_full())
    }

    fn call(&self, operation: &Arc<Operation>) -> Call {
        Call::outermost(Arc::clone(operation), self.caller)
    }
}

impl OrganizationService for Client {
    fn execute(&self, request: Request) -> Result<Response, Error> {
        let operation = Arc::new(self.operation());
        let outcome = pipeline::run(self.call(&operation), request);
        operation.finish();
        outcome
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.engine.catalog()
    }
}
