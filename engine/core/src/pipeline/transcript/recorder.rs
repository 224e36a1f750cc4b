//! The recorder: how the pipeline tells a transcript what happens.

use std::sync::Arc;

use super::note::{Before, Done, Note, Opened};
use super::words::{heading, result, verdict};
use super::{StepOutcome, Transcript};
use crate::bootstrap;
use crate::error::{Error, Fault};
use crate::message::Response;
use crate::pipeline::context::Context;
use crate::pipeline::plan::PlannedStep;
use crate::pipeline::step::Stage;
use crate::record::Record;

/// How many bytes of traced lines a transcript holds: it is read by people.
const TRACE_LIMIT: usize = 256 * 1024;

/// For how many notes there is room from the first on: those of a message with some steps.
const ROOM: usize = 16;

/// Takes down what happens, while it happens.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    notes: Vec<Note>,
    /// How many messages are open.
    level: usize,
    /// The stage of each open message in which a step was seen last.
    stages: Vec<Option<Stage>>,
    /// Where the steps that run now stand among the notes.
    running: Vec<usize>,
    /// How many bytes of traced lines there are.
    traced: usize,
}

impl Recorder {
    pub(crate) fn into_transcript(self) -> Transcript {
        Transcript { notes: self.notes }
    }

    pub(in crate::pipeline) fn len(&self) -> usize {
        self.notes.len()
    }

    /// Forgets what came after: a message is carried out again from there.
    pub(in crate::pipeline) fn truncate(&mut self, len: usize) {
        self.notes.truncate(len);
        self.running.retain(|it| *it < len);
        if let Some(stage) = self.stages.last_mut() {
            *stage = None;
        }
    }

    pub(in crate::pipeline) fn opened(&mut self, ctx: &Context) {
        let user = ctx.call.caller.user;
        // A single message that is carried as a bulk message stands here as it was sent.
        let (message, sent) = heading(ctx.items.first().unwrap_or(ctx));
        if self.notes.is_empty() {
            self.notes.reserve(ROOM);
        }
        self.notes.push(Note::Opened(Box::new(Opened {
            level: self.level,
            message,
            sent,
            user: (!bootstrap::is_bootstrapped(user)).then_some(user),
            depth: ctx.call.depth,
            is_read: ctx.message.is_read(),
        })));
        self.level += 1;
        self.stages.push(None);
    }

    pub(in crate::pipeline) fn closed(&mut self, ctx: &Context, outcome: &Result<Response, Error>) {
        self.level = self.level.saturating_sub(1);
        self.stages.pop();
        let failure = outcome.as_ref().err().map(|error| self.failure(ctx, error));
        self.notes.push(Note::Closed { level: self.level, failure });
    }

    /// What is said of a failed message: its own step has said why already, if one did.
    fn failure(&self, ctx: &Context, error: &Error) -> String {
        let kept = if ctx.call.operation.has_committed() {
            "; what pre-validation sent before stays saved"
        } else {
            ""
        };
        let undoes = self.level == 0 && !ctx.message.is_read();
        let saved = if undoes { format!(", nothing saved{kept}") } else { String::new() };
        if error.rejection().is_some() {
            return format!("rejected{saved}");
        }
        if let Error::Step(_) = error {
            return format!("failed{saved}");
        }
        format!("failed{saved}: {error}  [{}]", error.code())
    }

    pub(in crate::pipeline) fn skipped(
        &mut self,
        stage: Stage,
        planned: &PlannedStep,
        why: Arc<str>,
    ) {
        self.step(stage, planned, StepOutcome::Skipped(why));
    }

    pub(in crate::pipeline) fn queued(&mut self, planned: &PlannedStep) {
        self.step(Stage::PostOperation, planned, StepOutcome::Queued);
    }

    pub(in crate::pipeline) fn entered(&mut self, stage: Stage, planned: &PlannedStep) {
        self.step(stage, planned, StepOutcome::Pending);
        self.running.push(self.notes.len() - 1);
    }

    pub(in crate::pipeline) fn left(
        &mut self,
        ctx: &Context,
        before: Option<&Before>,
        outcome: &Result<(), Fault>,
    ) {
        let Some(running) = self.running.pop() else { return };
        if let Some(Note::Step { outcome: now, changes, .. }) = self.notes.get_mut(running) {
            *now = verdict(outcome);
            *changes = before.map_or_else(Vec::new, |it| it.changes(&ctx.request));
        }
    }

    pub(in crate::pipeline) fn traced(&mut self, line: &str) {
        let level = self.level.saturating_sub(1);
        let was_full = TRACE_LIMIT < self.traced;
        self.traced = self.traced.saturating_add(line.len() + 1);
        let line = match (was_full, TRACE_LIMIT < self.traced) {
            (true, _) => return,
            (false, true) => "… what is traced from here on has no place in the transcript",
            (false, false) => line,
        };
        self.notes.push(Note::Trace { level, line: line.to_owned() });
    }

    /// A main operation can send messages of its own: its line stands before them.
    pub(in crate::pipeline) fn main_began(&mut self) {
        let level = self.level.saturating_sub(1);
        self.running.push(self.notes.len());
        self.notes.push(Note::Main { level, result: Done::Nothing });
    }

    /// What came of a custom main operation: like a step, it can say no.
    pub(in crate::pipeline) fn main_ended(&mut self, ctx: &Context, outcome: &Result<(), Fault>) {
        self.main(match verdict(outcome).failure() {
            Some(why) => Done::Words(format!("✘ {why}").into()),
            None => ctx.response().map_or(Done::Nothing, |it| result(ctx, it)),
        });
    }

    /// What any other main operation did. Why it failed is said at the end of the message.
    pub(in crate::pipeline) fn wrote(&mut self, ctx: &Context, response: Option<&Response>) {
        self.main(response.map_or(Done::Nothing, |it| result(ctx, it)));
    }

    fn main(&mut self, done: Done) {
        let Some(running) = self.running.pop() else { return };
        if let Some(Note::Main { result, .. }) = self.notes.get_mut(running) {
            *result = done;
        }
    }

    pub(in crate::pipeline) fn job_began(&mut self, planned: &PlannedStep) {
        let (name, outcome) = (planned.step.shared_name(), StepOutcome::Pending);
        self.notes.push(Note::Job { name, outcome });
        self.level = 1;
        self.stages.push(None);
    }

    pub(in crate::pipeline) fn job_ended(&mut self, result: &Result<(), Fault>) {
        if let Some(Note::Job { outcome, .. }) = self.notes.first_mut() {
            *outcome = verdict(result);
        }
        self.notes.push(Note::Closed {
            level: 0,
            failure: result.as_ref().err().map(|_| "failed".to_owned()),
        });
    }

    /// The steps from here on look at one record of a bulk message.
    pub(in crate::pipeline) fn turned_to(&mut self, stage: Stage, index: usize, ctx: &Context) {
        let level = self.level.saturating_sub(1);
        self.reach(stage);
        let name = ctx.target().and_then(Record::reference);
        let name = name.map_or_else(|| ctx.entity().to_string(), |it| it.to_string());
        self.notes.push(Note::Target { level, index, name });
    }

    fn step(&mut self, stage: Stage, planned: &PlannedStep, outcome: StepOutcome) {
        let level = self.level.saturating_sub(1);
        self.reach(stage);
        let name = planned.step.shared_name();
        self.notes.push(Note::Step { level, name, outcome, changes: Vec::new() });
    }
    /// Says at which stage the message is, where that is new.
    fn reach(&mut self, stage: Stage) {
        let level = self.level.saturating_sub(1);
        if let Some(last) = self.stages.last_mut()
            && *last != Some(stage)
        {
            *last = Some(stage);
            self.notes.push(Note::Stage { level, stage });
        }
    }
}
