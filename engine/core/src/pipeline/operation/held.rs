//! Held transactions: several messages, one after another, each of which can be undone alone.

use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Job;
use crate::store::{Reader, Store, StoreError, Transaction};

/// A transaction that stays open between messages, for the jobs of a worker.
///
/// It opens with the first message that writes. From then on it has the turn, so that it meets nobody.
#[derive(Default)]
pub(crate) struct Held(Mutex<State>);

#[derive(Default)]
struct State {
    open: Option<Box<dyn Transaction>>,
    /// The jobs that exist if it commits (P-41).
    jobs: Vec<Job>,
    /// Whether the store gave it up, and with it what was written.
    is_lost: bool,
}

/// What is left of it at its end: what is to be committed, and the jobs that exist from then on.
pub(crate) type HeldEnd = (Result<Option<Box<dyn Transaction>>, StoreError>, Vec<Job>);

impl Held {
    /// The transaction, with a mark to which a message that fails goes back; `None` where it is not open.
    pub(super) fn take(&self) -> Result<Option<Box<dyn Transaction>>, StoreError> {
        let mut state = self.lock();
        if state.is_lost {
            return Err(lost());
        }
        let Some(mut open) = state.open.take() else { return Ok(None) };
        if let Err(error) = open.mark() {
            state.is_lost = true;
            return Err(error);
        }
        Ok(Some(open))
    }

    /// Keeps what a message wrote.
    pub(super) fn keep(
        &self,
        mut open: Box<dyn Transaction>,
        is_marked: bool,
        jobs: Vec<Job>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        if is_marked && let Err(error) = open.unmark() {
            state.is_lost = true;
            return Err(error);
        }
        state.open = Some(open);
        state.jobs.extend(jobs);
        Ok(())
    }

    /// Undoes what a message wrote since the mark.
    pub(super) fn undo(&self, mut open: Box<dyn Transaction>) {
        let mut state = self.lock();
        match open.back_to_mark() {
            Ok(()) => state.open = Some(open),
            Err(_) => state.is_lost = true,
        }
    }

    /// Reads what is there between messages.
    pub(super) fn read<T>(
        &self,
        store: &dyn Store,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.lock();
        if state.is_lost {
            return Err(lost());
        }
        if let Some(open) = &mut state.open {
            return ask(open.as_mut());
        }
        drop(state);
        ask(store.snapshot()?.as_mut())
    }

    /// Ends it, and begins anew.
    pub(crate) fn end(&self) -> HeldEnd {
        let State { open, jobs, is_lost } = mem::take(&mut *self.lock());
        (if is_lost { Err(lost()) } else { Ok(open) }, jobs)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost() -> StoreError {
    StoreError::Backend("the store gave up what the jobs before had written".into())
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}
