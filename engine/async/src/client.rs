//! Clients of tasks: who sends messages, in whose name.

use std::fmt;
use std::sync::Arc;

use rulegate::message::Options;
use rulegate::pipeline::Origin;
use rulegate::{Catalog, Client, Error, OrganizationService, Request, Response, Transcript};

use crate::service::OrganizationServiceAsync;
use crate::threads::Threads;

/// Sends outermost messages of tasks in the name of a user.
#[derive(Clone)]
pub struct AsyncClient {
    // INVARIANT: before `threads`, as in `AsyncEngine`.
    client: Client,
    threads: Arc<Threads>,
}

impl AsyncClient {
    pub(crate) fn over(client: Client, threads: Arc<Threads>) -> Self {
        Self { client, threads }
    }

    /// The same, saying where its messages come from: hooks that ask are told.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { client: self.client.with_origin(origin), ..self }
    }

    /// The same, sending these options with each message.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        Self { client: self.client.with_options(options), ..self }
    }

    /// Carries a message through the pipeline and keeps a transcript of it; that of a message that
    /// was not begun is empty.
    pub async fn trace(
        &self,
        request: impl Into<Request> + Send,
    ) -> (Transcript, Result<Response, Error>) {
        let request = request.into();
        let traced = self.run(move |client| client.trace(request)).await;
        traced.unwrap_or_else(|error| (Transcript::default(), Err(error)))
    }

    /// Runs any work with the client on one of the engine's threads, in one hop. So go batches:
    ///
    /// ```
    /// # use rulegate::message::Create;
    /// # use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
    /// # use rulegate::{Engine, Request};
    /// # use rulegate_async::{AsyncEngine, OrganizationServiceAsync};
    /// # let account = EntityDefinition::new("account").attribute("name", AttributeType::text(160));
    /// # let engine = Engine::builder(CatalogDraft::default().entity(account).check()?).build()?;
    /// # let engine = AsyncEngine::new(engine, 1)?;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let client = engine.client();
    /// let requests: [Request; 2] =
    ///     [Create::new(client.record("account")?).into(), Create::new(client.record("account")?).into()];
    /// let created = client.run(move |it| it.execute_transaction(&requests)).await??;
    /// assert_eq!(created.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let client = self.client.clone();
        self.threads.run(move || work(&client)).await
    }
}

impl OrganizationServiceAsync for AsyncClient {
    async fn execute(&self, request: Request) -> Result<Response, Error> {
        self.run(move |client| client.execute(request)).await?
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.client.catalog()
    }
}

impl fmt::Debug for AsyncClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncClient").field("client", &self.client).finish_non_exhaustive()
    }
}
