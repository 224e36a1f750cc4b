//! The trace log: a row for every run of a step, kept or dropped by policy (E-45 to E-53).

mod records;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::context::Context;
use super::step::{Mode, Step};
use crate::error::Fault;
use crate::settings::TraceLogSetting;

/// The text of a row, in bytes; older lines go first (E-49).
const TEXT_LIMIT: usize = 10 * 1024;
/// How long a row is kept (E-50).
const AGE_LIMIT: TimeDelta = TimeDelta::hours(24);
/// How many rows are kept: what Dataverse stores in a table stands in memory here.
const ROW_LIMIT: usize = 10_000;

/// One run of a step: the columns of E-51.
///
/// How long it took is not among them: the engine has no clock but the one that is given to it, and that
/// one stands still while a message runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceRow {
    /// The name of the step.
    pub step: String,
    /// The message.
    pub message: String,
    /// The primary entity, or `none`.
    pub entity: String,
    /// How deeply the message was nested.
    pub depth: u32,
    /// Whether the step ran within its message.
    pub mode: Mode,
    /// The lines that the step traced.
    pub text: String,
    /// What it failed with, if it did.
    pub exception: Option<String>,
    /// The unsecure configuration of the step; the secure one is never logged.
    pub configuration: String,
    /// The chain to which it belongs.
    pub correlation_id: Uuid,
    /// The message that it ran on.
    pub request_id: Uuid,
    /// In whose name the step ran.
    pub created_by: Uuid,
    /// The user who began it all, where it is another.
    pub created_on_behalf_by: Option<Uuid>,
    /// The generation on which it ran.
    pub generation: u64,
    /// When the message began.
    pub created_on: DateTime<Utc>,
}

/// How many bytes of text all rows hold: a step that fails all the time fills the log, not the machine.
const LOG_LIMIT: usize = 4 * 1024 * 1024;

/// The rows, newest last. They are no part of any transaction (E-48).
#[derive(Debug, Default)]
pub(crate) struct TraceLog(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    kept: VecDeque<TraceRow>,
    /// INVARIANT: the bytes of the texts of all rows.
    size: usize,
    /// The day on which records that had grown old were removed last.
    cleaned_on: Option<NaiveDate>,
}

impl TraceLog {
    pub(crate) fn rows(&self) -> Vec<TraceRow> {
        self.lock().kept.iter().cloned().collect()
    }

    /// Whether this is the first time that it is asked on this day, or a later one.
    fn begins_day(&self, now: DateTime<Utc>) -> bool {
        let (today, mut log) = (Some(now.date_naive()), self.lock());
        let begins = log.cleaned_on < today;
        log.cleaned_on = log.cleaned_on.max(today);
        begins
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, row: TraceRow) {
        let mut log = self.lock();
        let oldest = row.created_on - AGE_LIMIT;
        log.size += row.size();
        while log.kept.len() == ROW_LIMIT
            || LOG_LIMIT < log.size
            || log.kept.front().is_some_and(|it| it.created_on < oldest)
        {
            let Some(dropped) = log.kept.pop_front() else { break };
            log.size -= dropped.size();
        }
        log.kept.push_back(row);
    }
}

impl TraceRow {
    /// The kind of operation that a run of a step is: a plug-in (E-51).
    pub const OPERATION_TYPE: i32 = 1;

    fn size(&self) -> usize {
        self.text.len() + self.configuration.len() + self.exception.as_ref().map_or(0, String::len)
    }
}

impl Context {
    /// Leaves a row in the trace log, as the setting says.
    pub(super) fn log(&self, step: &Step, outcome: &Result<(), Fault>) {
        let environment = &self.call.operation.environment();
        let wanted = match outcome {
            Ok(()) => TraceLogSetting::All,
            Err(_) => TraceLogSetting::Exceptions,
        };
        if environment.settings.trace_log < wanted {
            return;
        }
        let row = TraceRow {
            step: step.name().to_owned(),
            message: self.message.to_string(),
            entity: self.entity().to_string(),
            depth: self.call.depth,
            mode: self.mode,
            text: self.trace.lines().join("\n"),
            exception: outcome.as_ref().err().map(|it| end_of(&it.to_string()).to_owned()),
            configuration: step.configuration().to_owned(),
            correlation_id: self.correlation_id(),
            request_id: self.request_id(),
            created_by: self.user(),
            created_on_behalf_by: self.call.operation.delegate(self.caller),
            generation: self.generation(),
            created_on: self.now(),
        };
        if records::is_kept(self.catalog()) {
            self.call.operation.log(row.clone());
        }
        environment.trace_log.push(row);
    }
}

/// The lines that a step traced: the newest that fit.
#[derive(Debug, Clone, Default)]
pub(super) struct TraceText {
    lines: VecDeque<String>,
    /// Bytes of the lines, and of what separates them.
    size: usize,
}

impl TraceText {
    pub(super) fn push(&mut self, line: &str) {
        let line = end_of(line).to_owned();
        self.size += line.len() + usize::from(!self.lines.is_empty());
        self.lines.push_back(line);
        while TEXT_LIMIT < self.size {
            self.size -= self.lines.pop_front().map_or(self.size, |it| it.len() + 1);
        }
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        if self.size != 0 || !self.lines.is_empty() {
            self.forget();
        }
    }

    #[cold]
    fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// As much of the end of a text as fits.
fn end_of(text: &str) -> &str {
    let start = text.ceil_char_boundary(text.len().saturating_sub(TEXT_LIMIT));
    text.get(start..).unwrap_or_default()
}
