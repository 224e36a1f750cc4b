//! Clients: who sends messages, in whose name.

use std::sync::Arc;

use uuid::Uuid;

use super::{Engine, Inner};
use crate::error::Error;
use crate::message::{Options, Request, Response};
use crate::metadata::Catalog;
use crate::pipeline::{self, Call, Operation, OrganizationService, Origin, Recorder, Transcript};
use crate::record::Record;
use crate::settings::Caller;

/// Sends outermost messages in the name of a user.
#[derive(Debug, Clone)]
pub struct Client {
    engine: Engine,
    sender: Sender,
}

/// Who sends messages, with what is said of them.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    caller: Caller,
    options: Option<Arc<Options>>,
    origin: Option<Arc<Origin>>,
}

impl Sender {
    /// A user who says no more.
    pub(super) fn of(user: Uuid) -> Self {
        Self { caller: Caller::user(user), options: None, origin: None }
    }
}

impl Client {
    pub(super) fn new(engine: Engine, sender: Sender) -> Self {
        Self { engine, sender }
    }

    /// The same, saying where its messages come from: hooks that ask are told.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        let origin = Some(Arc::new(origin));
        Self { sender: Sender { origin, ..self.sender }, ..self }
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
        let options = Some(Arc::new(options));
        Self { sender: Sender { options, ..self.sender }, ..self }
    }

    /// Carries a message through the pipeline and keeps a transcript of it.
    pub fn trace(&self, request: impl Into<Request>) -> (Transcript, Result<Response, Error>) {
        let operation = Arc::new(self.operation().recorded(Recorder::default()));
        let outcome = pipeline::run(self.call(&operation), request.into());
        (operation.finish().into_transcript(), outcome)
    }

    pub(super) fn operation(&self) -> Operation {
        self.engine.inner.operation(&self.sender)
    }

    pub(super) fn call(&self, operation: &Arc<Operation>) -> Call {
        self.sender.call(operation)
    }
}

impl Sender {
    fn call(&self, operation: &Arc<Operation>) -> Call {
        Call::outermost(Arc::clone(operation), self.caller).with_options(self.options.clone())
    }
}

impl Inner {
    fn operation(&self, sender: &Sender) -> Operation {
        Operation::new(self.current.load(), sender.origin.clone())
    }

    /// Carries an outermost message through the pipeline.
    pub(super) fn send(&self, sender: &Sender, request: Request) -> Result<Response, Error> {
        let operation = Arc::new(self.operation(sender));
        let outcome = pipeline::run(sender.call(&operation), request);
        operation.finish();
        outcome
    }
}

impl OrganizationService for Client {
    fn execute(&self, request: Request) -> Result<Response, Error> {
        self.engine.inner.send(&self.sender, request)
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.engine.catalog()
    }

    fn record(&self, entity: &str) -> Result<Record, Error> {
        self.engine.record(entity)
    }
}
