//! The engine as tasks see it.

use std::fmt;
use std::sync::Arc;

use rulegate::{
    Catalog, Engine, Error, OrganizationService, Request, Response, Transcript, bootstrap,
};
use uuid::Uuid;

use crate::builder::{AsyncEngineBuilder, StartError};
use crate::client::AsyncClient;
use crate::service::OrganizationServiceAsync;
use crate::threads::Threads;

/// An engine whose messages run on threads of their own, so that the tasks that send them never block.
///
/// Clones share the engine, its threads and their queue. The last one that is dropped closes the
/// queue and blocks nobody: the threads carry out what they accepted, drop the engine, and end.
#[derive(Clone)]
pub struct AsyncEngine {
    // INVARIANT: before `threads`, whose last drop lets the threads end. While they run they have the
    // engine, too, so that its last drop, which may close a database, is theirs.
    engine: Engine,
    threads: Arc<Threads>,
}

impl AsyncEngine {
    /// Starts so many threads for an engine.
    pub fn new(engine: Engine, threads: usize) -> Result<Self, StartError> {
        Self::builder(engine).threads(threads).build()
    }

    /// Threads for an engine, to be set up further.
    pub fn builder(engine: Engine) -> AsyncEngineBuilder {
        AsyncEngineBuilder::new(engine)
    }

    pub(crate) fn over(engine: Engine, threads: Arc<Threads>) -> Self {
        Self { engine, threads }
    }

    /// The engine itself, for what takes no time, such as its settings and steps. Its messages block.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Sends messages in the name of the default user.
    pub fn client(&self) -> AsyncClient {
        self.as_user(bootstrap::DEFAULT_USER)
    }

    /// Sends messages in the name of a user.
    pub fn as_user(&self, user: Uuid) -> AsyncClient {
        AsyncClient::over(self.engine.as_user(user), Arc::clone(&self.threads))
    }

    /// Carries a message through the pipeline and keeps a transcript of it. Failing is no reason for
    /// having none; that of a message that was not begun is empty.
    pub async fn trace(
        &self,
        request: impl Into<Request> + Send,
    ) -> (Transcript, Result<Response, Error>) {
        self.client().trace(request).await
    }

    /// Runs any work with the engine on one of its threads, in one hop: several messages, say, or
    /// jobs that are due.
    ///
    /// It has its place in the queue as a message has, and as a message it runs to its end once it
    /// has begun.
    ///
    /// ```
    /// # use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
    /// # use rulegate::Engine;
    /// # use rulegate_async::AsyncEngine;
    /// # let account = EntityDefinition::new("account").attribute("name", AttributeType::text(160));
    /// # let engine = Engine::builder(CatalogDraft::default().entity(account).check()?).build()?;
    /// # let engine = AsyncEngine::new(engine, 1)?;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let outcomes = engine.run(Engine::run_jobs).await?;
    /// assert!(outcomes.is_empty());
    /// # Ok::<(), rulegate::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let engine = self.engine.clone();
        self.threads.run(move || work(&engine)).await
    }

    /// Refuses messages from here on, also those that wait for a place in the queue, and waits until
    /// the others are done and the threads have ended. Clones are closed with it.
    ///
    /// The threads have let go of the engine then: who drops it last, closes its store. A future that
    /// is dropped before goes on closing, and does not wait for it.
    pub async fn close(&self) {
        self.threads.close().await;
    }
}

impl OrganizationServiceAsync for AsyncEngine {
    async fn execute(&self, request: Request) -> Result<Response, Error> {
        self.client().execute(request).await
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.engine.catalog()
    }
}

impl fmt::Debug for AsyncEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncEngine").field("engine", &self.engine).finish_non_exhaustive()
    }
}
