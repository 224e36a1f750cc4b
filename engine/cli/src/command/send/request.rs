//! Requests from text: what a message takes, out of `entity:uuid` and `ATTR=VAL`.

use std::sync::Arc;

use rulegate::message::{
    Assign, Associate, Create, Custom, CustomMessage, Delete, Disassociate, Link, ParameterType,
    Retrieve, RetrieveMultiple, SetState, Update, Upsert,
};
use rulegate::metadata::{AttributeMetadata, AttributeType, EntityMetadata, suggestion};
use rulegate::record::ColumnSet;
use rulegate::{
    Catalog, Engine, EntityReference, Message, OrganizationService, Query, Record, Request,
};
use rulegate_script::{parameter_from_text, reference_from_text, value_from_text};

use crate::exit::Stop;

/// Names and values, as they were typed.
type Values<'a> = [(&'a str, &'a str)];

/// The request for a message to a target.
pub(super) fn build(
    (message, target): (&str, &str),
    values: &Values<'_>,
    engine: &Engine,
) -> Result<Request, Stop> {
    let catalog = engine.catalog();
    let parts = Parts { message, target, values, catalog: &catalog };
    let association = |parts: &Parts<'_>| parts.link();
    match Message::from(message) {
        Message::Create => parts.record(false).map(|target| Create::new(target).into()),
        Message::Update => parts.record(true).map(|target| Update::new(target).into()),
        Message::Upsert => {
            let has_id = reference_from_text(target).is_some();
            parts.record(has_id).map(|target| Upsert { target }.into())
        }
        Message::Delete => {
            parts.known(&[])?;
            parts.reference().map(|target| Delete::new(target).into())
        }
        Message::Retrieve => parts.retrieve(),
        Message::RetrieveMultiple => parts.query(),
        Message::Assign => parts.assign(),
        Message::SetState => parts.set_state(),
        Message::Associate => association(&parts).map(|link| Associate { link }.into()),
        Message::Disassociate => association(&parts).map(|link| Disassociate { link }.into()),
        Message::Custom(_) | _ => parts.custom(engine),
    }
}

/// What was typed, and the catalog that says what it means.
struct Parts<'a> {
    message: &'a str,
    target: &'a str,
    values: &'a Values<'a>,
    catalog: &'a Catalog,
}

impl Parts<'_> {
    /// A record with the values as its attributes; with the identity of the target where that is wanted.
    fn record(&self, has_id: bool) -> Result<Record, Stop> {
        let mut record = if has_id {
            let target = self.reference()?;
            Record::of(self.entity(&target.entity)?, target.id)
        } else {
            Record::new(self.entity(self.target)?)
        };
        for (name, text) in self.values {
            set(&mut record, name, text)?;
        }
        Ok(record)
    }

    fn retrieve(&self) -> Result<Request, Stop> {
        let target = self.reference()?;
        self.known(&["columns"])?;
        let columns = self.value("columns").map(|it| ColumnSet::only(it.split(',')));
        Ok(Retrieve { target, columns: columns.unwrap_or(ColumnSet::All) }.into())
    }

    /// A query for the records whose attributes are equal to the values.
    fn query(&self) -> Result<Request, Stop> {
        let entity = self.entity(self.target)?;
        let mut query = Query::new(entity.logical_name());
        for (name, text) in self.values {
            let attribute = attribute(entity, name)?;
            let value = value_from_text(text, attribute).map_err(usage)?;
            query = query.equal(*name, value);
        }
        Ok(RetrieveMultiple { query }.into())
    }

    fn assign(&self) -> Result<Request, Stop> {
        self.known(&["assignee"])?;
        let assignee = self.required("assignee", "systemuser:uuid")?;
        let assignee = self.one_reference("assignee", assignee)?;
        Ok(Assign { target: self.reference()?, assignee }.into())
    }

    fn set_state(&self) -> Result<Request, Stop> {
        self.known(&["state", "status"])?;
        let target = self.reference()?;
        let entity = self.entity(&target.entity)?;
        let option = |text: &str, is_it: fn(&AttributeType) -> bool| {
            let found = entity.attributes().find(|(_, it)| is_it(&it.kind));
            let Some((_, attribute)) = found else {
                return Err(Stop::usage(format!("`{}` has no states", target.entity)));
            };
            let value = value_from_text(text, attribute).map_err(usage)?;
            Ok(value.as_choice())
        };
        let is_state = |it: &AttributeType| matches!(it, AttributeType::State(_));
        let is_status = |it: &AttributeType| matches!(it, AttributeType::Status(_));
        let state = self.required("state", "1")?;
        let state = option(state, is_state)?;
        let state = state.ok_or_else(|| Stop::usage("`state` cannot be null"))?;
        let status = self.value("status").map(|it| option(it, is_status)).transpose()?.flatten();
        Ok(SetState { target, state, status }.into())
    }

    fn link(&self) -> Result<Link, Stop> {
        self.known(&["relationship", "related"])?;
        let relationship = self.required("relationship", "schema_name")?.to_owned();
        let related = self.required("related", "entity:uuid")?.split(',');
        let related = related.map(|it| self.one_reference("related", it));
        let related = related.collect::<Result<_, _>>()?;
        Ok(Link { target: self.reference()?, relationship, role: None, related })
    }

    /// A custom message: parameters by name, the rest as attributes of the record that it takes.
    fn custom(&self, engine: &Engine) -> Result<Request, Stop> {
        let Some(definition) = engine.custom_message(self.message) else {
            return Err(self.unknown_message(engine));
        };
        let mut record = self.record_of(&definition)?;
        let mut request = Custom::new(self.message);
        for (name, text) in self.values {
            let input = definition.inputs().find(|(it, ..)| it.eq_ignore_ascii_case(name));
            match (input, &mut record) {
                (Some((name, kind, _)), _) => {
                    let parameter = parameter_from_text(text, name, kind).map_err(usage)?;
                    request = request.with(name, parameter);
                }
                (None, Some((_, record))) => set(record, name, text)?,
                (None, None) => {
                    let known: Vec<&str> = definition.inputs().map(|(it, ..)| it).collect();
                    return Err(self.unknown_value(name, &known));
                }
            }
        }
        if let Some((parameter, record)) = record {
            request = request.with(&parameter, record);
        } else if definition.inputs().any(|(it, ..)| it == "Target") {
            request = request.with("Target", self.reference()?);
        }
        Ok(request.into())
    }

    /// The record parameter by which a message is aimed, which points at the target.
    fn record_of(&self, definition: &CustomMessage) -> Result<Option<(String, Record)>, Stop> {
        let is_record = |name: &str| {
            definition.inputs().any(|(it, kind, _)| it == name && kind == ParameterType::Entity)
        };
        let Some((parameter, attribute)) = definition.aim().filter(|it| is_record(it.0)) else {
            return Ok(None);
        };
        let mut record = Record::new(self.entity(&parameter.to_lowercase())?);
        record.set(attribute, self.reference()?).map_err(usage)?;
        Ok(Some((parameter.to_owned(), record)))
    }

    fn entity(&self, name: &str) -> Result<&Arc<EntityMetadata>, Stop> {
        self.catalog.entity(name).map_err(|error| {
            let is_reference = reference_from_text(self.target).is_some() && name == self.target;
            if is_reference {
                return Stop::usage(format!(
                    "{} takes an entity, and `{}` is a record",
                    self.message, self.target
                ));
            }
            usage(error)
        })
    }

    fn reference(&self) -> Result<EntityReference, Stop> {
        let reference = self.one_reference("TARGET", self.target)?;
        self.entity(&reference.entity)?;
        Ok(reference)
    }

    fn one_reference(&self, name: &str, text: &str) -> Result<EntityReference, Stop> {
        reference_from_text(text).ok_or_else(|| {
            Stop::usage(format!(
                "`{text}` is no record: {} takes `{name}` as `entity:uuid`, such as \
                 `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`",
                self.message
            ))
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(it, _)| *it == name).map(|it| it.1)
    }

    fn required(&self, name: &str, example: &str) -> Result<&str, Stop> {
        self.value(name).ok_or_else(|| {
            Stop::usage(format!("{} needs `{name}`, such as `{name}={example}`", self.message))
        })
    }

    /// Refuses values of which the message knows nothing.
    fn known(&self, names: &[&str]) -> Result<(), Stop> {
        let stranger = self.values.iter().find(|(it, _)| !names.contains(it));
        stranger.map_or(Ok(()), |(name, _)| Err(self.unknown_value(name, names)))
    }

    fn unknown_value(&self, name: &str, known: &[&str]) -> Stop {
        let (message, meant) = (self.message, meant(name, known));
        let takes = match known {
            [] => "nothing but its target".to_owned(),
            _ => known.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "),
        };
        Stop::usage(format!("{message} takes no `{name}`{meant}; it takes {takes}"))
    }

    fn unknown_message(&self, engine: &Engine) -> Stop {
        let messages = engine.messages();
        let known: Vec<&str> = messages.iter().map(String::as_str).collect();
        let meant = meant(self.message, &known);
        let known = known.join(", ");
        Stop::usage(format!("there is no message `{}`{meant}; there are {known}", self.message))
    }
}

fn set(record: &mut Record, name: &str, text: &str) -> Result<(), Stop> {
    let value = value_from_text(text, attribute(record.metadata(), name)?).map_err(usage)?;
    record.set(name, value).map_err(usage)
}

fn attribute<'e>(entity: &'e EntityMetadata, name: &str) -> Result<&'e AttributeMetadata, Stop> {
    let ordinal = entity.find(name).map_err(usage)?;
    entity.attribute_at(ordinal).ok_or_else(|| Stop::usage(format!("there is no `{name}`")))
}

fn meant(name: &str, known: &[&str]) -> String {
    let meant = suggestion(name, known.iter().copied());
    meant.map_or_else(String::new, |it| format!(", did you mean `{it}`?"))
}

fn usage(error: impl std::fmt::Display) -> Stop {
    Stop::usage(error.to_string())
}
