//! The words of a transcript: requests, values and verdicts as people read them.

use std::fmt::Write;
use std::sync::Arc;

use super::StepOutcome;
use super::note::{Done, Sent};
use crate::code::ErrorCode;
use crate::error::{Fault, Rejection};
use crate::message::{Custom, Message, Parameter, Related, Request, Response};
use crate::metadata::{AttributeSet, AttributeType, EntityMetadata, Ordinal};
use crate::pipeline::context::Context;
use crate::record::{ColumnSet, Condition, Filter, Operator, Query, Record, Value};

/// The message, and what it was sent with: its record first.
pub(super) fn heading(ctx: &Context) -> (Message, Sent) {
    if let Request::Custom(custom) = &*ctx.request {
        let (name, words) = custom_heading(ctx, custom);
        return (Message::Custom(name), Sent::Words(words));
    }
    (ctx.message.clone(), parameters(ctx))
}

/// A custom message under its own name, however its caller called it.
fn custom_heading(ctx: &Context, custom: &Custom) -> (Arc<str>, String) {
    let registered = ctx.call.operation.generation().messages.get(&custom.message);
    let name = registered.map_or(&*custom.message, |it| it.definition.name());
    let primary = registered.and_then(|it| it.definition.primary_of(custom));
    let entity = primary.as_ref().and_then(|it| ctx.catalog().entity(&it.entity).ok());
    let mut words: Vec<String> = primary.iter().map(ToString::to_string).collect();
    for (name, it) in &custom.parameters {
        let option = entity.zip(it.as_value()).and_then(|(entity, it)| option(entity, name, it));
        words.push(format!("{name}={}", option.unwrap_or_else(|| parameter(it))));
    }
    (name.into(), words.join(" "))
}

/// What a parameter called `State` or `Status` means to an entity.
fn option(entity: &EntityMetadata, parameter: &str, value: &Value) -> Option<String> {
    let wanted: fn(&AttributeType) -> bool = match parameter {
        "State" => |it| matches!(it, AttributeType::State(_)),
        "Status" => |it| matches!(it, AttributeType::Status(_)),
        _ => return None,
    };
    let (ordinal, _) = entity.attributes().find(|(_, it)| wanted(&it.kind))?;
    Some(describe(entity, ordinal, value))
}

fn parameters(ctx: &Context) -> Sent {
    let request = &*ctx.request;
    Sent::Words(match request {
        Request::Create(it) => return Sent::Record(it.target.clone(), related(&it.related)),
        Request::Update(it) => return Sent::Record(it.target.clone(), related(&it.related)),
        Request::Upsert(it) => return Sent::Record(it.target.clone(), String::new()),
        Request::Retrieve(it) => format!("{}{}", it.target, columns(&it.columns)),
        Request::RetrieveMultiple(it) => {
            let (entity, columns) = (&it.query.entity, columns(&it.query.columns));
            let metadata = ctx.catalog().entity(entity).ok();
            let filter = conditions(&it.query.filter, metadata.map(AsRef::as_ref));
            let filter = filter.map(|it| format!(" where {it}")).unwrap_or_default();
            format!("{entity}{columns}{}{filter}", beside(&it.query))
        }
        Request::Delete(it) => it.target.to_string(),
        Request::Assign(it) => format!("{} to {}", it.target, it.assignee),
        Request::SetState(it) => {
            let entity = ctx.catalog().entity(&it.target.entity).ok();
            let word = |name, value| {
                let option = entity.and_then(|entity| option(entity, name, &Value::Choice(value)));
                format!(" {name}={}", option.unwrap_or_else(|| value.to_string()))
            };
            let status = it.status.map(|it| word("Status", it)).unwrap_or_default();
            format!("{}{}{status}", it.target, word("State", it.state))
        }
        Request::CreateMultiple(_) | Request::UpdateMultiple(_) | Request::UpsertMultiple(_) => {
            let each = |it: &Record| format!(" {{{}{}}}", named(it), attributes(it));
            let targets: String = request.targets().iter().map(each).collect();
            format!("{}{targets}", request.entity())
        }
        Request::DeleteMultiple(it) => {
            let targets: Vec<String> = it.targets.iter().map(ToString::to_string).collect();
            targets.join(", ")
        }
        Request::Associate(_) | Request::Disassociate(_) => {
            request.link().map_or_else(String::new, |it| {
                let related: Vec<String> = it.related.iter().map(ToString::to_string).collect();
                format!("{} {} {}", it.target, it.relationship, related.join(", "))
            })
        }
        Request::Custom(custom) => custom_heading(ctx, custom).1,
    })
}

/// A record that is sent: one that comes into being has no name yet.
pub(super) fn sent(message: &Message, target: &Record) -> String {
    let name =
        if *message == Message::Create { target.entity().to_string() } else { named(target) };
    name + &attributes(target)
}

/// What a query wants beside attributes of its records: those at which lookups point, and what is computed.
fn beside(query: &Query) -> String {
    let mut text = String::new();
    for link in &query.links {
        let _ = write!(text, " with {} as {}", link.entity, link.alias);
    }
    let aggregates = query.aggregates.iter().map(|it| it.alias.as_str()).collect::<Vec<_>>();
    let groups = query.groups.iter().map(|it| it.alias.as_str()).collect::<Vec<_>>();
    for (word, names) in [("computing", aggregates), ("by", groups)] {
        if !names.is_empty() {
            let _ = write!(text, " {word} {}", names.join(", "));
        }
    }
    text
}

/// How many records come along, over which relationships: each has a message of its own.
fn related(related: &[Related]) -> String {
    let mut text = String::new();
    for it in related {
        let _ = write!(text, " {}=[{}]", it.relationship, it.records.len());
    }
    text
}

fn parameter(parameter: &Parameter) -> String {
    if let Parameter::Record(record) = parameter {
        return format!("{{{}{}}}", named(record), attributes(record));
    }
    parameter.to_string()
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

/// A filter in words; `None` where it lets everything through.
fn conditions(filter: &Filter, entity: Option<&EntityMetadata>) -> Option<String> {
    let all = |filters: &[Filter], word: &str| {
        let parts: Vec<String> = filters.iter().filter_map(|it| conditions(it, entity)).collect();
        (!parts.is_empty()).then(|| parts.join(word))
    };
    match filter {
        Filter::All(filters) => all(filters, " and "),
        Filter::Any(filters) => all(filters, " or ").map(|it| format!("({it})")),
        Filter::Is(condition) => Some(comparison(condition, entity)),
    }
}

fn comparison(condition: &Condition, entity: Option<&EntityMetadata>) -> String {
    let Condition { attribute, operator, values } = condition;
    let place = entity.and_then(|it| Some((it, it.ordinal(attribute)?)));
    let word = |it: &Value| match place {
        Some((entity, place)) => describe(entity, place, it),
        None => it.to_string(),
    };
    let values: Vec<String> = values.iter().map(word).collect();
    if *operator == Operator::Equal {
        return format!("{attribute}={}", values.join(", "));
    }
    format!("{attribute} {operator} {}", values.join(", ")).trim_end().to_owned()
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
    for (ordinal, keyed) in record.lookups_by_key() {
        let _ = write!(text, " {}={}", entity.name(*ordinal), named(keyed));
    }
    text
}

/// A value as people read it: an option by its name.
pub(super) fn describe(entity: &EntityMetadata, ordinal: Ordinal, value: &Value) -> String {
    let kind = entity.attribute_at(ordinal).map(|it| &it.kind);
    let option = kind.and_then(AttributeType::option_set).zip(value.as_choice());
    match option.and_then(|(set, value)| set.by_value(value)) {
        Some(option) => format!("{}({})", option.name, option.value),
        None => value.to_string(),
    }
}

/// What the main operation did.
pub(super) fn result(ctx: &Context, response: &Response) -> Done {
    Done::Words(match response {
        Response::Created(created) => return Done::Created(created.clone()),
        Response::Retrieved(_) => "read".into(),
        Response::Found(page) => match page.total {
            Some(total) => format!("{total} in all").into(),
            None => format!("{} found", page.records.len()).into(),
        },
        Response::Upserted(upserted) => upserted.target.to_string().into(),
        Response::CreatedMultiple(created) => format!("{} created", created.len()).into(),
        Response::UpsertedMultiple(upserted) => format!("{} upserted", upserted.len()).into(),
        Response::Custom(output) => {
            let output = output.iter().map(|(name, it)| format!("{name}={it}"));
            output.collect::<Vec<_>>().join(" ").into()
        }
        Response::Done => match &ctx.message {
            Message::Update => {
                let saved = |it: &Record| Done::Saved(it.metadata().clone(), it.present().clone());
                return ctx.target().map_or(Done::Nothing, saved);
            }
            Message::Delete => "deleted".into(),
            Message::Associate => "linked".into(),
            Message::Disassociate => "unlinked".into(),
            Message::Assign => "assigned".into(),
            Message::SetState => "state set".into(),
            Message::Create
            | Message::Retrieve
            | Message::RetrieveMultiple
            | Message::Upsert
            | Message::CreateMultiple
            | Message::UpdateMultiple
            | Message::UpsertMultiple
            | Message::DeleteMultiple
            | Message::Custom(_) => "done".into(),
        },
    })
}

/// The attributes that an update saved, but for the stamps.
pub(super) fn saved(entity: &EntityMetadata, attributes: &AttributeSet) -> String {
    let names: Vec<&str> = entity
        .ordinals_by_name()
        .filter(|it| attributes.contains(*it) && !entity.is_stamp(*it))
        .map(|it| entity.name(it))
        .collect();
    if names.is_empty() {
        "saved nothing but the stamps".to_owned()
    } else {
        format!("saved {}", names.join(", "))
    }
}

pub(in crate::pipeline) fn verdict(outcome: &Result<(), Fault>) -> StepOutcome {
    match outcome {
        Ok(()) => StepOutcome::Ran,
        Err(Fault::Rejected(rejection)) => {
            StepOutcome::Rejected(format!("{}  [{}]", rejection.reason, code(rejection)))
        }
        Err(Fault::Nested(error)) => {
            let code = error.rejection().map_or_else(|| error.code().to_string(), code);
            StepOutcome::Failed(format!("a message it sent failed  [{code}]"))
        }
        // Without the place: a comment added to a rule must not break a snapshot.
        Err(fault @ Fault::Failed(failure)) => {
            StepOutcome::Failed(format!("{}  [{}]", failure.error, fault.code()))
        }
        Err(fault @ Fault::Limit(limit)) => {
            StepOutcome::Failed(format!("stopped: more than {}  [{}]", limit.what, fault.code()))
        }
    }
}

/// The code by which a rule said no, or the number where it gave none.
fn code(rejection: &Rejection) -> String {
    let number = rejection.number.unwrap_or(ErrorCode::StepRejected.number());
    rejection.code.clone().unwrap_or_else(|| format!("0x{number:08X}"))
}
