//! Texts of statements, written once for each set of attributes: most records of an entity carry the same ones.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rulegate::metadata::AttributeSet;

/// How many sets are kept. A client that sends ever new ones begins anew.
const LIMIT: usize = 64;

/// The texts of one kind of statement.
#[derive(Default)]
pub(crate) struct Texts {
    by_set: Mutex<BTreeMap<AttributeSet, Arc<str>>>,
}

impl Texts {
    /// The text for a set of attributes: the one that is known, or a new one.
    pub(crate) fn of(&self, set: &AttributeSet, write: impl FnOnce() -> String) -> Arc<str> {
        // A panic while the lock was held leaves the texts whole.
        let mut by_set = self.by_set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = by_set.get(set) {
            return Arc::clone(known);
        }
        if by_set.len() == LIMIT {
            by_set.clear();
        }
        let text: Arc<str> = write().into();
        by_set.insert(set.clone(), Arc::clone(&text));
        text
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts").finish_non_exhaustive()
    }
}
