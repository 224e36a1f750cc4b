//! The engine: the front door.

mod batch;
mod builder;
mod client;
mod jobs;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use uuid::Uuid;

pub use self::batch::{
    BATCH_LIMIT, BatchAnswer, BatchItem, BatchSettings, BatchTooLarge, TransactionError,
};
pub use self::builder::{BuildError, EngineBuilder};
pub use self::client::Client;
use self::client::Sender;
use crate::bootstrap;
use crate::error::Error;
use crate::message::{CustomMessage, Request, Response};
use crate::metadata::{Catalog, LogicalName};
use crate::pipeline::{
    Environment, Generation, Messages, OrganizationService, RecentStep, Registered, Serving, Step,
    StepError, TraceRow, Transcript, recover,
};
use crate::record::Record;
use crate::settings::Settings;
use crate::store::StoreError;

/// A catalog, a store and the steps between them. Clones share all three.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    environment: Arc<Environment>,
    current: Arc<ArcSwap<Serving>>,
    /// What was registered in Rust, and what each other source gave last. One reload at a time.
    registry: Mutex<Registry>,
}

/// The steps and messages from which generations are made.
#[derive(Debug, Default)]
struct Registry {
    messages: Messages,
    native: Vec<Step>,
    /// Steps of entities that the catalog lacks are left out, and noted here.
    skipped: Vec<String>,
    /// The steps that were loaded, as those of a rules folder.
    loaded: Vec<Step>,
    /// As the settings say.
    associate_takes_entity: bool,
}

/// Why a reload was refused. The last good generation keeps serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// Steps do not fit the catalog.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Steps(Vec<StepError>),
    /// Two custom messages have one name, or one has that of a message of the engine's own.
    #[error("`{0}`: another message has this name")]
    MessageTwice(String),
    /// The catalog gives attributes other places, so that what is stored would be read as something else.
    #[error("`{0}`: a reload moves no attribute; make the catalog with `Catalog::succeed`")]
    Moved(LogicalName),
    /// The store cannot hold the catalog.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// An engine to be furnished.
    pub fn builder(catalog: Catalog) -> EngineBuilder {
        EngineBuilder::new(catalog)
    }

    /// Sends messages in the name of a user.
    pub fn as_user(&self, user: Uuid) -> Client {
        Client::new(self.clone(), Sender::of(user))
    }

    /// Carries a message through the pipeline and keeps a transcript of it. Failing is no reason for
    /// having none.
    pub fn trace(&self, request: impl Into<Request>) -> (Transcript, Result<Response, Error>) {
        self.client().trace(request)
    }

    /// The settings with which the engine was built.
    pub fn settings(&self) -> &Settings {
        &self.inner.environment.settings
    }

    /// The number of the generation that serves: how many reloads came before.
    pub fn generation(&self) -> u64 {
        self.inner.current.load().generation.number
    }

    /// The steps of the generation that serves, in the order of their names.
    pub fn steps(&self) -> Vec<Step> {
        let registry = self.registry();
        let mut steps: Vec<Step> =
            registry.native.iter().chain(&registry.loaded).cloned().collect();
        steps.sort_by(|a, b| a.name().cmp(b.name()));
        steps
    }

    /// The names of all messages, the engine's own and the custom ones.
    pub fn messages(&self) -> Vec<String> {
        self.registry().messages.names().map(str::to_owned).collect()
    }

    /// The definition of a custom message, by any of its names.
    pub fn custom_message(&self, name: &str) -> Option<CustomMessage> {
        self.registry().messages.get(name).map(|it| it.definition.clone())
    }

    /// Native steps that were left out because the catalog lacks their entity.
    pub fn skipped_steps(&self) -> Vec<String> {
        self.registry().skipped.clone()
    }

    /// Makes the next generation: a catalog, and all steps that are loaded rather than registered in
    /// Rust. It serves from the next message on; messages under way end on the one they began with.
    ///
    /// A set with any error is refused whole. Answers the number of the new generation.
    pub fn reload(&self, catalog: Catalog, steps: Vec<Step>) -> Result<u64, ReloadError> {
        let mut registry = self.registry();
        let number = self.generation() + 1;
        let next = registry.generation(number, Arc::new(catalog), &steps)?;
        self.check_places(&next.catalog)?;
        self.inner.environment.store.adopt(&next.catalog)?;
        let next = Arc::new(next);
        recover(&self.inner.environment, &next)?;
        registry.loaded = steps;
        let environment = Arc::clone(&self.inner.environment);
        self.inner.current.store(Arc::new(Serving { environment, generation: next }));
        Ok(number)
    }

    /// Checks what [`reload`](Self::reload) would do, and does nothing.
    pub fn check(&self, catalog: &Catalog, steps: &[Step]) -> Result<(), ReloadError> {
        let registry = self.registry();
        registry.generation(0, Arc::new(catalog.clone()), steps)?;
        self.check_places(catalog)
    }

    fn check_places(&self, next: &Catalog) -> Result<(), ReloadError> {
        let current = self.catalog();
        current.moved_by(next).map_or(Ok(()), |it| Err(ReloadError::Moved(it.clone())))
    }

    /// The runs of steps of which the setting keeps a row, newest last.
    pub fn trace_log(&self) -> Vec<TraceRow> {
        self.inner.environment.trace_log.rows()
    }

    /// The steps that ran last, newest last, and what came of each: as many as
    /// [`recent_steps`](Settings::recent_steps) says, jobs among them. To be read at any time.
    ///
    /// A reload is no end: they are those of the newest four generations that ran any.
    pub fn recent_steps(&self) -> Vec<RecentStep> {
        self.inner.environment.recent.steps()
    }

    /// Sends messages in the name of the default user.
    pub fn client(&self) -> Client {
        self.as_user(bootstrap::DEFAULT_USER)
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.inner.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn generation(
        &self,
        number: u64,
        catalog: Arc<Catalog>,
        loaded: &[Step],
    ) -> Result<Generation, ReloadError> {
        if let Some(name) = self.messages.twice() {
            return Err(ReloadError::MessageTwice(name.to_owned()));
        }
        let steps: Vec<Step> = self.native.iter().chain(loaded).cloned().collect();
        let registered = Registered {
            messages: self.messages.clone(),
            steps: &steps,
            associate_takes_entity: self.associate_takes_entity,
        };
        Generation::new(number, catalog, registered).map_err(ReloadError::Steps)
    }
}

impl OrganizationService for Engine {
    fn execute(&self, request: Request) -> Result<Response, Error> {
        self.inner.send(&Sender::of(bootstrap::DEFAULT_USER), request)
    }

    fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.inner.current.load().generation.catalog)
    }

    fn record(&self, entity: &str) -> Result<Record, Error> {
        Ok(Record::new(self.inner.current.load().generation.catalog.entity(entity)?))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.environment.jobs.close(); // The workers finish what waits, and end.
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("generation", &self.generation()).finish_non_exhaustive()
    }
}
