//! The recorder: how the pipeline tells a transcript what happens.

use std::fmt::Write;

use super::{Event, StepOutcome, Transcript};
use crate::bootstrap;
use crate::error::{Error, Fault};
use crate::message::{Message, Parameter, Request, Response};
use crate::metadata::{AttributeType, EntityMetadata, Ordinal};
use crate::pipeline::context::Context;
use crate::pipeline::generation::PlannedStep;
use crate::pipeline::step::Stage;
use crate::record::{ColumnSet, EntityReference, Record, Value};

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
        if let Some(stage) = self.stages.last_mut() {
            *stage = None;
        }
    }

    pub(in crate::pipeline) fn opened(&mut self, ctx: &Context) {
        let user = ctx.call.caller.user;
        let user = (!bootstrap::is_bootstrapped(user))
            .then(|| EntityReference::new("systemuser", user).to_string());
        self.events.push(Event::Opened {
            level: self.level,
            message: ctx.message.to_string(),
            parameters: parameters(&ctx.request),
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
        let saved = if self.level == 0 { format!(", nothing saved{kept}") } else { String::new() };
        if error.rejection().is_some() {
            return format!("rejected{saved}");
        }
        if matches!(error, Error::Step(_)) {
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
        let found = changes(before.and_then(Request::target), ctx.target());
        let Some(running) = self.running.pop() else { return };
        if let Some(Event::Step { outcome: now, changes, .. }) = self.events.get_mut(running) {
            *now = verdict(outcome);
            *changes = found;
        }
    }

    pub(in crate::pipeline) fn traced(&mut self, line: &str) {
        let level = self.level.saturating_sub(1);
        self.events.push(Event::Trace { level, line: line.to_owned() });
    }

    /// A custom main operation sends messages of its own: its stage stands before them.
    pub(in crate::pipeline) fn main_began(&mut self) {
        let level = self.level.saturating_sub(1);
        let (number, name) =
            (Stage::MainOperation.number(), Stage::MainOperation.name().to_owned());
        self.events.push(Event::Stage { level, number, name });
    }

    pub(in crate::pipeline) fn wrote(&mut self, ctx: &Context, response: &Response) {
        if matches!(response, Response::Custom(output) if output.is_empty()) {
            return;
        }
        let level = self.level.saturating_sub(1);
        let result = result(ctx, response);
        self.events.push(Event::Main { level, result });
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

    fn step(&mut self, stage: Stage, planned: &PlannedStep, outcome: StepOutcome) {
        let level = self.level.saturating_sub(1);
        if let Some(last) = self.stages.last_mut()
            && *last != Some(stage)
        {
            *last = Some(stage);
            let (number, name) = (stage.number(), stage.name().to_owned());
            self.events.push(Event::Stage { level, number, name });
        }
        let name = planned.step.name().to_owned();
        self.events.push(Event::Step { level, name, outcome, changes: Vec::new() });
    }
}

fn verdict(outcome: &Result<(), Fault>) -> StepOutcome {
    match outcome {
        Ok(()) => StepOutcome::Ran,
        Err(Fault::Rejected(rejection)) => {
            let number = rejection.number.unwrap_or(crate::code::ErrorCode::StepRejected.number());
            let number = format!("0x{number:08X}");
            let code = rejection.code.as_deref().unwrap_or(&number);
            StepOutcome::Rejected(format!("{}  [{code}]", rejection.reason))
        }
        Err(Fault::Nested(error)) => {
            StepOutcome::Failed(format!("a message it sent failed  [{}]", error.code()))
        }
        Err(fault @ (Fault::Failed(_) | Fault::Limit(_))) => {
            StepOutcome::Failed(format!("{fault}  [{}]", fault.code()))
        }
    }
}

/// The attributes in which two states of a target differ.
fn changes(before: Option<&Record>, after: Option<&Record>) -> Vec<(String, String, String)> {
    let (Some(before), Some(after)) = (before, after) else { return Vec::new() };
    let entity = after.metadata();
    let differs = |it: &Ordinal| before.at(*it) != after.at(*it);
    let word = |record: &Record, ordinal| match record.at(ordinal) {
        Some(value) => describe(entity, ordinal, value),
        None => "–".to_owned(),
    };
    entity
        .ordinals_by_name()
        .filter(differs)
        .map(|it| (entity.name(it).to_owned(), word(before, it), word(after, it)))
        .collect()
}

/// A record's attributes, as `name=value` in the order of the names.
fn attributes(record: &Record) -> String {
    let mut text = String::new();
    let entity = record.metadata();
    for ordinal in entity.ordinals_by_name() {
        if let Some(value) = record.at(ordinal) {
            let _ = write!(text, " {}={}", entity.name(ordinal), describe(entity, ordinal, value));
        }
    }
    text
}

/// A value as people read it: an option by its name.
fn describe(entity: &EntityMetadata, ordinal: Ordinal, value: &Value) -> String {
    let kind = entity.attribute_at(ordinal).map(|it| &it.kind);
    let option = kind.and_then(AttributeType::option_set).zip(value.as_choice());
    match option.and_then(|(set, value)| set.by_value(value)) {
        Some(option) => format!("{}({})", option.name, option.value),
        None => value.to_string(),
    }
}

fn parameters(request: &Request) -> String {
    match request {
        Request::Create(it) => format!("{}{}", it.target.entity(), attributes(&it.target)),
        Request::Update(it) => format!("{}{}", named(&it.target), attributes(&it.target)),
        Request::Upsert(it) => format!("{}{}", named(&it.target), attributes(&it.target)),
        Request::Retrieve(it) => format!("{}{}", it.target, columns(&it.columns)),
        Request::RetrieveMultiple(it) => {
            format!("{}{}", it.query.entity, columns(&it.query.columns))
        }
        Request::Delete(it) => it.target.to_string(),
        Request::Assign(it) => format!("{} to {}", it.target, it.assignee),
        Request::SetState(it) => {
            let status = it.status.map(|it| format!(" status={it}")).unwrap_or_default();
            format!("{} state={}{status}", it.target, it.state)
        }
        Request::Associate(_) | Request::Disassociate(_) => {
            request.link().map_or_else(String::new, |it| {
                let related: Vec<String> = it.related.iter().map(ToString::to_string).collect();
                format!("{} {} {}", it.target, it.relationship, related.join(", "))
            })
        }
        Request::Custom(custom) => {
            let parameters =
                custom.parameters.iter().map(|(name, it)| format!("{name}={}", parameter(it)));
            parameters.collect::<Vec<_>>().join(" ")
        }
    }
}

fn parameter(parameter: &Parameter) -> String {
    let Some(record) = parameter.as_record() else { return parameter.to_string() };
    format!("{{{}{}}}", named(record), attributes(record))
}

/// The record, by its identity, by its alternate key, or by its entity alone.
fn named(record: &Record) -> String {
    let key: Vec<String> = record
        .key()
        .map(|(ordinal, value)| format!("{}={value}", record.metadata().name(ordinal)))
        .collect();
    match record.reference() {
        Some(reference) => reference.to_string(),
        None if key.is_empty() => record.entity().to_string(),
        None => format!("{}[{}]", record.entity(), key.join(", ")),
    }
}

fn columns(columns: &ColumnSet) -> String {
    match columns {
        ColumnSet::All => String::new(),
        ColumnSet::Only(names) => format!(" [{}]", names.join(", ")),
    }
}

/// What the main operation did, in words.
fn result(ctx: &Context, response: &Response) -> String {
    match response {
        Response::Created(created) => created.to_string(),
        Response::Retrieved(_) => "read".to_owned(),
        Response::Found(page) => format!("{} found", page.records.len()),
        Response::Upserted(upserted) => upserted.target.to_string(),
        Response::Custom(output) => {
            let output = output.iter().map(|(name, it)| format!("{name}={it}"));
            output.collect::<Vec<_>>().join(" ")
        }
        Response::Done => match &ctx.message {
            Message::Update => saved(ctx),
            Message::Delete => "deleted".to_owned(),
            Message::Associate => "linked".to_owned(),
            Message::Disassociate => "unlinked".to_owned(),
            Message::Create
            | Message::Retrieve
            | Message::RetrieveMultiple
            | Message::Upsert
            | Message::Assign
            | Message::SetState
            | Message::Custom(_) => "done".to_owned(),
        },
    }
}

/// The attributes that an update saved, but for the stamps.
fn saved(ctx: &Context) -> String {
    let Some(target) = ctx.target() else { return String::new() };
    let entity = target.metadata();
    let names: Vec<&str> = entity
        .ordinals_by_name()
        .filter(|it| target.present().contains(*it) && !entity.is_stamp(*it))
        .map(|it| entity.name(it))
        .collect();
    if names.is_empty() {
        "saved nothing but the stamps".to_owned()
    } else {
        format!("saved {}", names.join(", "))
    }
}
