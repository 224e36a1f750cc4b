//! The environment: what all messages of an engine share, and no reload changes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::generation::Generation;
use super::job::JobQueue;
use super::recent::Recent;
use super::trace_log::TraceLog;
use crate::clock::{Clock, IdSource, IdStream};
use crate::settings::Settings;
use crate::store::Store;

/// One store, one clock, one source of ids, the jobs and the trace log.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) settings: Settings,
    pub(crate) jobs: JobQueue,
    pub(crate) trace_log: TraceLog,
    pub(crate) recent: Recent,
}

/// What serves: a generation in its environment. A message takes both at once.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) environment: Arc<Environment>,
    pub(crate) generation: Arc<Generation>,
}

impl Environment {
    pub(crate) fn new_id(&self, stream: IdStream, now: DateTime<Utc>) -> Uuid {
        self.ids.next(stream, now)
    }
}
