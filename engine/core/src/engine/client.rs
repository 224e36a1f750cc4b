//! Clients: who sends messages, in whose name.

use std::sync::Arc;

use super::Engine;
use crate::error::Error;
use crate::message::{Options, Request, Response};
use crate::metadata::Catalog;
use crate::pipeline::{self, Call, Operation, OrganizationService, Origin, Recorder, Transcript};
use crate::settings::Caller;

/// Sends outermost messages in the name of a user.
#[derive(Debug, Clone)]
pub struct Client {
    engine: Engine,
    caller: Caller,
    options: Option<Arc<Options>>,
    origin: Option<Arc<Origin>>,
}

impl Client {
    pub(super) fn new(engine: Engine, caller: Caller) -> Self {
        Self { engine, caller, options: None, origin: None }
    }

    /// The same, saying where its messages come from: hooks that ask are told.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { origin: Some(Arc::new(origin)), ..self }
    }

    /// The same, sending these options with each message.
    ///
    /// ```
    /// use rulegate::message::Options;
    /// # use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
    /// # use rulegate::{Context, Engine, Message, OrganizationService, Stage, Step};
    /// # let account = EntityDefinition::new("account").attribute("name", AttributeType::text(160));
    /// # let catalog = CatalogDraft::default().entity(account).check()?;
    /// # let engine = Engine::builder(catalog)
    /// #     .step(Step::on(Message::Create, "account").run("import", |ctx: &mut Context| {
    /// #         assert_eq!(ctx.shared.get("tag"), Some(&"import".into()));
    /// #         Ok(())
    /// #     }))
    /// #     .build()?;
    /// let importer = engine.client().with_options(Options::new().tag("import"));
    /// importer.create(importer.record("account")?.with("name", "Acme")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        Self { options: Some(Arc::new(options)), ..self }
    }

    /// Carries a message through the pipeline and keeps a transcript of it.
    pub fn trace(&self, request: impl Into<Request>) -> (Transcript, Result<Response, Error>) {
        let operation = Arc::new(self.operation().recorded(Recorder::default()));
        let outcome = pipeline::run(self.call(&operation), request.into());
        (operation.finish().into_transcript(), outcome)
    }

    pub(super) fn operation(&self) -> Operation {
        let inner = &self.engine.inner;
        Operation::new(&inner.environment, &inner.current.load_full(), self.origin.clone())
    }

    pub(super) fn call(&self, operation: &Arc<Operation>) -> Call {
        Call::outermost(Arc::clone(operation), self.caller).with_options(self.options.clone())
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
