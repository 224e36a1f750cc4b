//! The queue between tasks and threads: bounded, in order of arrival, and what has not begun can be
//! taken back.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rulegate::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a thread does for a task.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// Work that waits for a thread, in order of arrival.
pub(crate) struct Queue {
    /// As many as may wait. Tasks that find none wait for one, first come, first served.
    places: Arc<Semaphore>,
    line: Mutex<Line>,
    has_changed: Condvar,
}

#[derive(Default)]
struct Line {
    waiting: BTreeMap<u64, Waiting>,
    /// The number of the next to come.
    next: u64,
    is_closed: bool,
}

struct Waiting {
    work: Work,
    place: Place,
}

/// A place in the queue, until it is dropped.
pub(crate) struct Place(#[expect(dead_code, reason = "its drop is its use")] OwnedSemaphorePermit);

/// What stands in the queue for as long as it has not begun. Dropping the ticket takes it back.
#[must_use = "work whose ticket is dropped is taken back"]
pub(crate) struct Ticket<'a> {
    queue: &'a Queue,
    number: u64,
}

impl Queue {
    pub(crate) fn new(bound: usize) -> Self {
        let places = Arc::new(Semaphore::new(bound.min(Semaphore::MAX_PERMITS)));
        Self { places, line: Mutex::default(), has_changed: Condvar::new() }
    }

    /// A place, once there is one.
    pub(crate) async fn place(&self) -> Result<Place, Error> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.map(Place).map_err(|_| Error::Closed)
    }

    /// Puts work at the end of the line.
    pub(crate) fn push(&self, place: Place, work: Work) -> Result<Ticket<'_>, Error> {
        let mut line = self.line();
        if line.is_closed {
            return Err(Error::Closed);
        }
        let number = line.next;
        line.next += 1;
        line.waiting.insert(number, Waiting { work, place });
        drop(line);
        self.has_changed.notify_one();
        Ok(Ticket { queue: self, number })
    }

    /// Waits for work, and takes it: from here on nobody takes it back. None where the queue is
    /// closed and empty.
    pub(crate) fn next(&self) -> Option<Work> {
        let mut line = self.line();
        loop {
            if let Some((_, Waiting { work, place })) = line.waiting.pop_first() {
                drop(line);
                drop(place); // It wakes whoever waits for one.
                return Some(work);
            }
            if line.is_closed {
                return None;
            }
            line = self.has_changed.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets nobody in any more. What has its place in the line will be done.
    pub(crate) fn close(&self) {
        self.line().is_closed = true;
        self.places.close();
        self.has_changed.notify_all();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let taken_back = self.queue.line().waiting.remove(&self.number);
        drop(taken_back); // After the lock: what the work holds may do anything when dropped.
    }
}
