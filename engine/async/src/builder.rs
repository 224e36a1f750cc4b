//! The builder: how many threads carry messages, and how many messages wait for them.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use rulegate::Engine;

use crate::engine::AsyncEngine;
use crate::threads::Threads;

/// How many messages wait for a thread, unless it is said otherwise: enough for bursts, and little to
/// drain at the end.
const QUEUE_BOUND: usize = 1_024;

/// What an [`AsyncEngine`] is made of. What is left out is a thread for each processor, and a queue
/// of 1024 messages.
#[derive(Debug)]
#[must_use = "a builder builds nothing until `build`"]
pub struct AsyncEngineBuilder {
    engine: Engine,
    threads: usize,
    queue_bound: usize,
}

/// Why no threads were started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Without a thread, no message would ever run.
    #[error("no thread would carry a message: ask for at least one")]
    NoThreads,
    /// Without a place to wait, no message would ever reach a thread.
    #[error("no message could wait for a thread: the queue needs at least one place")]
    NoPlaces,
    /// The system gives no more threads.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

impl AsyncEngineBuilder {
    pub(crate) fn new(engine: Engine) -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self { engine, threads, queue_bound: QUEUE_BOUND }
    }

    /// Carries so many messages at once. A store that commits several messages together wants more
    /// threads than the machine has processors.
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Lets so many messages wait for a thread. The callers of more wait until there is a place.
    pub fn queue_bound(self, queue_bound: usize) -> Self {
        Self { queue_bound, ..self }
    }

    /// Starts the threads.
    pub fn build(self) -> Result<AsyncEngine, StartError> {
        if self.threads == 0 {
            return Err(StartError::NoThreads);
        }
        if self.queue_bound == 0 {
            return Err(StartError::NoPlaces);
        }
        let threads = Threads::start(&self.engine, self.threads, self.queue_bound)?;
        Ok(AsyncEngine::over(self.engine, Arc::new(threads)))
    }
}
