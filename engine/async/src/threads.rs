//! The threads of an engine: a message hops to one of them, and its answer hops back.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use rulegate::{Engine, Error};
use tokio::sync::{oneshot, watch};

use crate::queue::Queue;

/// The way to an engine's threads. They end when this is dropped and the queue is empty.
pub(crate) struct Threads {
    queue: Arc<Queue>,
    /// Each thread listens until it ends.
    ended: watch::Sender<()>,
}

impl Threads {
    pub(crate) fn start(engine: &Engine, threads: usize, bound: usize) -> io::Result<Self> {
        let started = Self { queue: Arc::new(Queue::new(bound)), ended: watch::Sender::new(()) };
        for number in 1..=threads {
            let (queue, ended) = (Arc::clone(&started.queue), started.ended.subscribe());
            let engine = engine.clone();
            thread::Builder::new().name(format!("rulegate-{number}")).spawn(move || {
                work(&queue);
                drop(engine); // Before anybody hears that the thread has ended.
                drop(ended);
            })?;
        }
        Ok(started)
    }

    /// Runs work on a thread, and answers what it answers. Where it panics, so does this.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = self.queue.place().await?;
        let (answer, answered) = oneshot::channel();
        let carry = move || {
            // Without a listener, the answer is nobody's: its future was dropped.
            drop(answer.send(catch_unwind(AssertUnwindSafe(work))));
        };
        let _ticket = self.queue.push(place, Box::new(carry))?; // Dropped with this future.
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(Error::Bug("a thread ended without an answer")),
        }
    }

    /// Accepts nothing more, and waits until the threads have ended.
    pub(crate) async fn close(&self) {
        self.queue.close();
        self.ended.closed().await;
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// What a thread does until the queue is closed and empty.
fn work(queue: &Queue) {
    while let Some(carry) = queue.next() {
        // What panics here is the drop of an answer that nobody hears. The thread goes on.
        drop(catch_unwind(AssertUnwindSafe(carry)));
    }
}
