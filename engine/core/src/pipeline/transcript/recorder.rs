//! The recorder: how the pipeline tells a transcript what happens.

use super::words::{changes, heading, result, verdict};
use super::{Event, StepOutcome, Transcript};
use crate::bootstrap;
use crate::error::{Error, Fault};
use crate::message::{Request, Response};
use crate::pipeline::context::Context;
use crate::pipeline::plan::PlannedStep;
use crate::pipeline::step::Stage;
use crate::record::{EntityReference, Record};

/// How many bytes of traced lines a transcript holds: it is read by people.
const TRACE_LIMIT: usize = 256 * 1024;

/// Takes down what happens, while it happens.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    events: Vec<Event>,
    /// How many messages are open.
    level: usize,
    /// The stage of each open message in which a step was seen last.
    stages: Vec<Option<Stage>>,
    /// Where the steps that run now stand among the events.
    running: Vec<usize>,
    /// How many bytes of traced lines there are.
    traced: usize,
}

impl Recorder {
    pub(crate) fn into_transcript(self) -> Transcript {
        Transcript { events: self.events }
    }

    pub(in crate::pipeline) fn len(&self) -> usize {
        self.events.len()
    }

    /// Forgets what came after: a message is carried out again from there.
    pub(in crate::pipeline) fn truncate(&mut self, len: usize) {
        self.events.truncate(len);
        self.running.retain(|it| *it < len);
        if let Some(stage) = self.stages.last_mut() {
            *stage = None;
        }
    }

    pub(in crate::pipeline) fn opened(&mut self, ctx: &Context) {
        let user = ctx.call.caller.user;
        let user = (!bootstrap::is_bootstrapped(user))
            .then(|| EntityReference::new("systemuser", user).to_string());
        // A single message that is carried as a bulk message stands here as it was sent.
        let (message, parameters) = heading(ctx.items.first().unwrap_or(ctx));
        self.events.push(Event::Opened {
            level: self.level,
            message,
            parameters,
            user,
            depth: ctx.call.depth,
            is_read: ctx.message.is_read(),
        });
        self.level += 1;
        self.stages.push(None);
    }

    pub(in crate::pipeline) fn closed(&mut self, ctx: &Context, outcome: &Result<Response, Error>) {
        self.level = self.level.saturating_sub(1);
        self.stages.pop();
        let failure = outcome.as_ref().err().map(|error| self.failure(ctx, error));
        self.events.push(Event::Closed { level: self.level, failure });
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

    pub(in crate::pipeline) fn skipped(&mut self, stage: Stage, planned: &PlannedStep, why: &str) {
        self.step(stage, planned, StepOutcome::Skipped(why.to_owned()));
    }

    pub(in crate::pipeline) fn queued(&mut self, planned: &PlannedStep) {
        self.step(Stage::PostOperation, planned, StepOutcome::Queued);
    }

    pub(in crate::pipeline) fn entered(&mut self, stage: Stage, planned: &PlannedStep) {
        self.step(stage, planned, StepOutcome::Pending);
        self.running.push(self.events.len() - 1);
    }

    pub(in crate::pipeline) fn left(
        &mut self,
        ctx: &Context,
        before: Option<&Request>,
        outcome: &Result<(), Fault>,
    ) {
        let mut found = changes(before.and_then(Request::target), ctx.target());
        let targets = before.map_or(&[][..], Request::targets).iter().zip(ctx.targets());
        for (index, (before, after)) in targets.enumerate() {
            let own = changes(Some(before), Some(after)).into_iter();
            found.extend(own.map(|(name, old, new)| (format!("[{index}] {name}"), old, new)));
        }
        let Some(running) = self.running.pop() else { return };
        if let Some(Event::Step { outcome: now, changes, .. }) = self.events.get_mut(running) {
            *now = verdict(outcome);
            *changes = found;
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
        self.events.push(Event::Trace { level, line: line.to_owned() });
    }

    /// A main operation can send messages of its own: its line stands before them.
    pub(in crate::pipeline) fn main_began(&mut self) {
        let level = self.level.saturating_sub(1);
        self.running.push(self.events.len());
        self.events.push(Event::Main { level, result: String::new() });
    }

    /// What came of a custom main operation: like a step, it can say no.
    pub(in crate::pipeline) fn main_ended(&mut self, ctx: &Context, outcome: &Result<(), Fault>) {
        self.main(match verdict(outcome).failure() {
            Some(why) => format!("✘ {why}"),
            None => ctx.response().map(|it| result(ctx, it)).unwrap_or_default(),
        });
    }

    /// What any other main operation did. Why it failed is said at the end of the message.
    pub(in crate::pipeline) fn wrote(&mut self, ctx: &Context, response: Option<&Response>) {
        self.main(response.map(|it| result(ctx, it)).unwrap_or_default());
    }

    fn main(&mut self, words: String) {
        let Some(running) = self.running.pop() else { return };
        if let Some(Event::Main { result, .. }) = self.events.get_mut(running) {
            *result = words;
        }
    }

    pub(in crate::pipeline) fn job_began(&mut self, planned: &PlannedStep) {
        let (name, outcome) = (planned.step.name().to_owned(), StepOutcome::Pending);
        self.events.push(Event::Job { name, outcome });
        self.level = 1;
        self.stages.push(None);
    }

    pub(in crate::pipeline) fn job_ended(&mut self, result: &Result<(), Fault>) {
        if let Some(Event::Job { outcome, .. }) = self.events.first_mut() {
            *outcome = verdict(result);
        }
        self.events.push(Event::Closed {
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
        self.events.push(Event::Target { level, index, name });
    }

    fn step(&mut self, stage: Stage, planned: &PlannedStep, outcome: StepOutcome) {
        let level = self.level.saturating_sub(1);
        self.reach(stage);
        let name = planned.step.name().to_owned();
        self.events.push(Event::Step { level, name, outcome, changes: Vec::new() });
    }
    /// Says at which stage the message is, where that is new.
    fn reach(&mut self, stage: Stage) {
        let level = self.level.saturating_sub(1);
        if let Some(last) = self.stages.last_mut()
            && *last != Some(stage)
        {
            *last = Some(stage);
            let (number, name) = (stage.number(), stage.name().to_owned());
            self.events.push(Event::Stage { level, number, name });
        }
    }
}
