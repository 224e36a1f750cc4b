//! The trace log: a row for every run of a step, kept or dropped by policy (E-45 to E-53).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
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

/// One run of a step.
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
    /// The chain to which it belongs.
    pub correlation_id: Uuid,
    /// The generation on which it ran.
    pub generation: u64,
    /// When the message began.
    pub created_on: DateTime<Utc>,
}

/// The rows, newest last. They are no part of any transaction (E-48).
#[derive(Debug, Default)]
pub(crate) struct TraceLog(Mutex<VecDeque<TraceRow>>);

impl TraceLog {
    pub(crate) fn rows(&self) -> Vec<TraceRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, row: TraceRow) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = row.created_on - AGE_LIMIT;
        while rows.len() == ROW_LIMIT || rows.front().is_some_and(|it| it.created_on < oldest) {
            rows.pop_front();
        }
        rows.push_back(row);
    }
}

impl Context {
    /// Leaves a row in the trace log, as the setting says.
    pub(super) fn log(&self, step: &Step, outcome: &Result<(), Fault>) {
        let environment = &self.call.operation.environment;
        let wanted = match outcome {
            Ok(()) => TraceLogSetting::All,
            Err(_) => TraceLogSetting::Exceptions,
        };
        if environment.settings.trace_log < wanted {
            return;
        }
        environment.trace_log.push(TraceRow {
            step: step.name().to_owned(),
            message: self.message.to_string(),
            entity: self.entity.to_string(),
            depth: self.call.depth,
            mode: self.mode,
            text: newest(&self.trace),
            exception: outcome.as_ref().err().map(ToString::to_string),
            correlation_id: self.correlation_id(),
            generation: self.generation(),
            created_on: self.now(),
        });
    }
}

/// The newest lines that fit; of a last line that is too long by itself, its end.
fn newest(lines: &[String]) -> String {
    let mut size = 0;
    let fitting = lines.iter().rev().take_while(|line| {
        size += line.len() + usize::from(size != 0);
        size <= TEXT_LIMIT
    });
    let mut kept: Vec<&str> = fitting.map(String::as_str).collect();
    kept.reverse();
    match (kept.is_empty(), lines.last()) {
        (true, Some(line)) => end_of(line).to_owned(),
        (_, _) => kept.join("\n"),
    }
}

/// As much of the end of a text as fits.
fn end_of(text: &str) -> &str {
    let start = text.len().saturating_sub(TEXT_LIMIT);
    let fits = |at: &usize| start <= *at;
    let start = text.char_indices().map(|(at, _)| at).find(fits).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}
