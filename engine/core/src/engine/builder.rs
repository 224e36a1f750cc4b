//! The builder: what an engine is made of.

use std::sync::{Arc, Mutex};
use std::thread;

use arc_swap::ArcSwap;

use super::{Engine, Inner, Registry, ReloadError};
use crate::bootstrap::bootstrap;
use crate::clock::{Clock, IdSource, RandomIds, SystemClock};
use crate::message::CustomMessage;
use crate::metadata::Catalog;
use crate::pipeline::{
    Environment, Generation, Hook, JobQueue, Recent, Serving, Step, TraceLog, recover, work,
};
use crate::settings::{Jobs, Settings};
use crate::store::{Memory, Store};

/// What an engine is made of. What is left out is Dataverse's default, the machine's clock, random
/// identities, and a store in memory.
#[derive(Debug)]
#[must_use = "a builder builds nothing until `build`"]
pub struct EngineBuilder {
    catalog: Catalog,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    settings: Settings,
    registry: Registry,
}

/// Why an engine cannot be built.
pub type BuildError = ReloadError;

impl EngineBuilder {
    pub(super) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            store: Arc::new(Memory::default()),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            settings: Settings::default(),
            registry: Registry::default(),
        }
    }

    /// Keeps records in this store.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Takes the time from this clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes the time from a clock that somebody else holds, too.
    pub fn shared_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes identities from this source.
    pub fn ids(mut self, ids: impl IdSource + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Sets switches and limits.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Sets switches and limits, for those who hold the builder by reference.
    pub fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
    }

    /// Registers a step. One whose entity the catalog lacks is left out, and noted in
    /// [`Engine::skipped_steps`].
    pub fn step(mut self, step: Step) -> Self {
        self.add_step(step);
        self
    }

    /// Registers a step, for those who hold the builder by reference.
    pub fn add_step(&mut self, step: Step) {
        if let Some(entity) = step.entity()
            && self.catalog.entity(entity).is_err()
        {
            self.registry
                .skipped
                .push(format!("{}: the catalog has no entity `{entity}`", step.name()));
        } else {
            self.registry.native.push(step);
        }
    }

    /// Registers a custom message with its main operation (M-62).
    pub fn message(mut self, message: CustomMessage, main: impl Hook + 'static) -> Self {
        self.add_message(message, main);
        self
    }

    /// Registers a custom message, for those who hold the builder by reference.
    pub fn add_message(&mut self, message: CustomMessage, main: impl Hook + 'static) {
        self.registry.messages.add(message, Arc::new(main));
    }

    /// The engine. It refuses steps that do not fit the catalog, and a store that cannot hold it.
    pub fn build(mut self) -> Result<Engine, BuildError> {
        self.registry.associate_takes_entity = self.settings.associate_takes_entity;
        let catalog = Arc::new(self.catalog);
        let generation = Arc::new(self.registry.generation(0, catalog, &[])?);
        self.store.adopt(&generation.catalog)?;
        bootstrap(&*self.store, &generation.catalog, self.clock.now())?;
        let environment = Arc::new(Environment {
            store: self.store,
            clock: self.clock,
            ids: self.ids,
            jobs: JobQueue::default(),
            trace_log: TraceLog::default(),
            recent: Recent::new(self.settings.recent_steps),
            settings: self.settings,
        });
        recover(&environment, &generation)?;
        Ok(start(environment, generation, self.registry))
    }
}

fn start(environment: Arc<Environment>, generation: Arc<Generation>, registry: Registry) -> Engine {
    let serving = Serving { environment: Arc::clone(&environment), generation };
    let current = Arc::new(ArcSwap::from_pointee(serving));
    if let Jobs::Workers(count) = environment.settings.jobs {
        for _ in 0..count {
            let (environment, current) = (Arc::clone(&environment), Arc::clone(&current));
            environment.jobs.add_worker();
            thread::spawn(move || work(&environment, || Arc::clone(&current.load().generation)));
        }
    }
    Engine { inner: Arc::new(Inner { environment, current, registry: Mutex::new(registry) }) }
}
