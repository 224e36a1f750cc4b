//! Arrivals: messages that can be sent, with what is known of them.

use rulegate::Message;
use rulegate::metadata::EntityMetadata;

use super::row::{Rest, Row};
use super::value::Known;
use super::view::{View, has_target};
use crate::check::Sent;

/// A message that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Arrival<'a> {
    pub(super) message: Message,
    pub(super) entity: Option<&'a EntityMetadata>,
    pub(super) depth: u32,
    /// What it carries: the target, or parameters.
    pub(super) target: Row<'a>,
    /// The record at which it is aimed, as it is stored.
    pub(super) before: Row<'a>,
    /// Whether it is aimed at the record at which the message was aimed that caused it, as that left it.
    pub(super) is_same_record: bool,
    /// Whether that record is deleted already, so that the message fails at its main operation.
    pub(super) is_gone: bool,
    /// The relationship of an association, and those over which records come along.
    pub(super) relationships: Vec<&'a str>,
    /// Whether it rests on something that is not known: whether it is ever sent, nobody can say.
    pub(super) is_guess: bool,
    pub(super) cause: Cause,
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A client.
    Client,
    /// The main operation of the message at that place.
    Engine(usize),
    /// A step on the message at that place, by the place of what it sends.
    Step { arrival: usize, listener: usize, sent: usize },
}

/// What became of a message.
#[derive(Debug, Default)]
pub(super) struct Outcome<'a> {
    pub(super) sent: Vec<Arrival<'a>>,
    /// The attributes of the target that steps can set.
    pub(super) written: Vec<(&'a str, Known)>,
    /// The first step that it wakes.
    pub(super) woken: Option<usize>,
}

/// The message with what it carries. An upsert is a create or an update.
pub(super) fn filled<'a>(
    draft: Arrival<'a>,
    sent: &'a Sent,
    view: &View<'_, 'a>,
) -> Vec<Arrival<'a>> {
    if sent.message == Message::Upsert {
        let as_message = |message| Arrival { message, ..draft.clone() };
        return [Message::Create, Message::Update]
            .into_iter()
            .flat_map(|it| filled_as(as_message(it), sent, view))
            .collect();
    }
    filled_as(draft, sent, view)
}

fn filled_as<'a>(mut draft: Arrival<'a>, sent: &'a Sent, view: &View<'_, 'a>) -> Vec<Arrival<'a>> {
    if draft.message == Message::Create {
        draft.before = Row::of(Rest::Null);
    }
    let Some(values) = &sent.values else {
        draft.target = Row::of(Rest::Sent);
        if draft.is_same_record {
            draft.before = Row::of(Rest::Unknown);
        }
        return vec![draft];
    };
    for (name, term) in values {
        let Some(attribute) = draft.entity.and_then(|it| it.attribute(name)) else {
            draft.relationships.push(name);
            continue;
        };
        let valid_for = attribute.valid_for;
        let is_kept =
            if draft.message == Message::Create { valid_for.create } else { valid_for.update };
        if is_kept || !has_target(&draft.message) {
            let mut known = view.value(term).given(attribute);
            known.is_absent |= sent.message == Message::Upsert;
            draft.target.set(name, known);
        }
    }
    if !draft.is_same_record {
        draft.target.forget_origins();
    }
    vec![draft]
}
