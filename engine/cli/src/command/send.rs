//! `rulegate send`: sends one message, and prints its transcript.

mod request;

use clap::Args;
use rulegate::error::StepError;
use rulegate::message::Parameter;
use rulegate::pipeline::Aliases;
use rulegate::{Error, Record, Response, Transcript};
use serde_json::{Value as Json, json};

use crate::console::Console;
use crate::exit::{Exit, Outcome, Stop};
use crate::json;
use crate::place::{PLACES, Place};
use crate::project::{Project, unbuilt};

/// What to send.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The message: `Create`, `Update`, `Delete`, `Retrieve`, `RetrieveMultiple`, `Upsert`, `Assign`,
    /// `SetState`, `Associate`, `Disassociate`, or a custom one
    message: String,
    /// An entity for `Create` and `RetrieveMultiple`, else `entity:uuid`; `none` for a message without one
    target: String,
    /// Attributes or parameters: `name=Acme`, `statecode=Won`, `primarycontactid=contact:uuid`; an empty
    /// value is null
    #[arg(value_name = "ATTR=VAL")]
    values: Vec<String>,
    /// Where the records are: `memory`, which is empty at first, or `sqlite:FILE`, which keeps them
    /// [default: `store` of rulegate.toml, else memory]
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
}

/// Sends a message, and shows what it caused.
pub(crate) fn send(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let project = Project::find(&console.folder())?;
    let store = match &arguments.store {
        Some(name) => named(name)?.open(&console.folder())?,
        None => project.config.store.open(&project.root)?,
    };
    let values = arguments.values.iter().map(|it| assignment(it));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let set = project.load()?;
    let engine = project.engine(&set, store).map_err(|it| unbuilt(&it))?;
    let request = request::build((&arguments.message, &arguments.target), &values, &engine)?;

    let (transcript, outcome) = engine.trace(request);
    let jobs = engine.trace_jobs();
    let mut aliases = Aliases::default();
    let mut text = transcript.render(&mut aliases);
    text.extend(jobs.iter().map(|(it, _): &(Transcript, _)| it.render(&mut aliases)));

    console.text(&text)?;
    match &outcome {
        Ok(response) => console.text(&answer(response))?,
        Err(error) => {
            if let Some(StepError { step, fault, .. }) = error.step() {
                console.detail(format!("{step}: {fault}"))?;
            }
        }
    }
    console.answer(document(arguments, &text, &outcome))?;
    Ok(match outcome {
        Ok(_) => Exit::Fine,
        Err(error) if error.rejection().is_some() => Exit::Rejected,
        Err(_) => Exit::Unexpected,
    })
}

fn named(name: &str) -> Result<Place, Stop> {
    let place = Place::of(name);
    place.ok_or_else(|| Stop::usage(format!("there is no store `{name}`; there is {PLACES}")))
}

fn assignment(text: &str) -> Result<(&str, &str), Stop> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.ok_or_else(|| Stop::usage(format!("`{text}` is no `ATTR=VAL`, such as `name=Acme`")))
}

/// What a message answered, for people.
fn answer(response: &Response) -> String {
    match response {
        Response::Created(created) => format!("created {}:{}\n", created.entity, created.id),
        Response::Upserted(it) => {
            let what = if it.is_created { "created" } else { "updated" };
            format!("{what} {}:{}\n", it.target.entity, it.target.id)
        }
        Response::Retrieved(record) => attributes(record),
        Response::Found(page) => page.records.iter().map(attributes).collect::<Vec<_>>().join("\n"),
        Response::Custom(output) => {
            let lines = output.iter().map(|(name, it)| format!("{name} = {it}\n"));
            lines.collect::<Vec<_>>().concat()
        }
        Response::Done | _ => String::new(),
    }
}

fn attributes(record: &Record) -> String {
    let lines = record.attributes().map(|(name, value)| format!("{name} = {value}\n"));
    lines.collect::<Vec<_>>().concat()
}

fn document(arguments: &Arguments, text: &str, outcome: &Result<Response, Error>) -> Json {
    let error = outcome.as_ref().err().map(|error| {
        let rejection = error.rejection();
        json!({
            "code": rejection.and_then(|it| it.code.clone()).unwrap_or(error.code().to_string()),
            "number": format!("0x{:08X}", error.number()),
            "message": error.to_string(),
            "rejected": rejection.is_some(),
            "step": error.step().map(|it| it.step.clone()),
        })
    });
    json!({
        "message": arguments.message,
        "transcript": text,
        "response": outcome.as_ref().ok().map(response),
        "error": error,
    })
}

fn response(response: &Response) -> Json {
    match response {
        Response::Created(created) => json!({ "created": json::reference(created) }),
        Response::Upserted(it) => {
            json!({ "upserted": json::reference(&it.target), "created": it.is_created })
        }
        Response::Retrieved(record) => json::record(record),
        Response::Found(page) => {
            json!({ "records": page.records.iter().map(json::record).collect::<Vec<_>>() })
        }
        Response::Custom(output) => {
            let output = output.iter().map(|(name, it)| (name.clone(), parameter(it)));
            Json::Object(output.collect())
        }
        Response::Done | _ => json!({}),
    }
}

fn parameter(parameter: &Parameter) -> Json {
    match parameter {
        Parameter::Value(value) => json::value(value),
        Parameter::Record(record) => json::record(record),
        Parameter::Records(records) => records.iter().map(json::record).collect(),
        Parameter::References(references) => references.iter().map(json::reference).collect(),
        Parameter::Texts(texts) => json!(texts),
    }
}
