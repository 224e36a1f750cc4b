//! What a watch does, and how soon.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::rule_set::{LoadOptions, RuleSet};

/// How long nothing may change before a save counts as done. The steps of an editor's save are less
/// than a millisecond apart, and an author sees no difference below fifty.
const QUIET: Duration = Duration::from_millis(20);

/// How long a burst of changes may last before the folder is read in its midst: who writes without a
/// pause is served all the same.
const BURST_LIMIT: Duration = Duration::from_millis(200);

/// How often contents are compared where the system tells of no changes.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How often contents are compared although the system tells of changes: it loses them where a
/// network folder changes on another machine, or where a folder far above is moved.
const SAFETY_INTERVAL: Duration = Duration::from_secs(30);

/// What a set must pass before it serves: its checks, its runs.
pub type Gate = Arc<dyn Fn(&RuleSet) -> Result<(), Vec<Diagnostic>> + Send + Sync>;

/// What a watch does, and how soon.
#[derive(Clone)]
pub struct WatchOptions {
    /// What rule sets are read with. The custom messages of the engine are known without being named.
    pub load: LoadOptions,
    /// What a set must pass before it serves.
    pub gate: Option<Gate>,
    /// The set that serves already.
    pub serving: Option<RuleSet>,
    /// How long nothing may change before a save counts as done.
    pub quiet: Duration,
    /// How long a burst of changes may last before the folder is read in its midst.
    pub burst_limit: Duration,
    /// How often contents are compared where the system tells of no changes.
    pub poll_interval: Duration,
    /// How often contents are compared although the system tells of changes.
    pub safety_interval: Duration,
    /// Whether contents are compared at intervals instead of listening to the system: for network
    /// folders that tell of no changes.
    pub is_polling: bool,
}

impl WatchOptions {
    /// Says that this set serves already: its files are no change, and what stays of it is not read again.
    #[must_use]
    pub fn serving(mut self, set: &RuleSet) -> Self {
        self.serving = Some(set.clone());
        self
    }

    /// Demands that a set passes the gate before it serves.
    #[must_use]
    pub fn gate(
        mut self,
        gate: impl Fn(&RuleSet) -> Result<(), Vec<Diagnostic>> + Send + Sync + 'static,
    ) -> Self {
        self.gate = Some(Arc::new(gate));
        self
    }
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            load: LoadOptions::default(),
            gate: None,
            serving: None,
            quiet: QUIET,
            burst_limit: BURST_LIMIT,
            poll_interval: POLL_INTERVAL,
            safety_interval: SAFETY_INTERVAL,
            is_polling: false,
        }
    }
}

impl fmt::Debug for WatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchOptions")
            .field("quiet", &self.quiet)
            .field("burst_limit", &self.burst_limit)
            .field("poll_interval", &self.poll_interval)
            .field("safety_interval", &self.safety_interval)
            .field("is_polling", &self.is_polling)
            .finish_non_exhaustive()
    }
}
