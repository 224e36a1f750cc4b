//! Problems and values as JSON.

use rulegate::{EntityReference, Record, Value};
use rulegate_script::Diagnostic;
use serde_json::{Value as Json, json};

use crate::exit::Stop;

/// Why a verb could not go on.
pub(crate) fn stop(stop: &Stop) -> Json {
    let (message, problems): (&str, &[Diagnostic]) = match stop {
        Stop::ClosedPipe => ("nobody reads", &[]),
        Stop::Usage(text) | Stop::Unexpected(text) => (text, &[]),
        Stop::Problems(_, problems) => ("files are wrong", problems),
    };
    json!({ "error": { "exit": stop.exit().code(), "message": message }, "problems": all(problems) })
}

/// Problems of files.
pub(crate) fn all(problems: &[Diagnostic]) -> Vec<Json> {
    problems.iter().map(diagnostic).collect()
}

/// A problem of a file. Lines and columns count from 1, bytes of spans from 0.
pub(crate) fn diagnostic(problem: &Diagnostic) -> Json {
    let place = problem.line_and_column();
    let span = problem.span.as_ref().map(|it| [it.start, it.end]);
    let fix = problem.fix.as_ref();
    json!({
        "severity": problem.severity.to_string(),
        "code": problem.code,
        "message": problem.message,
        "file": Some(&problem.file).filter(|it| !it.is_empty()),
        "line": place.map(|it| it.0),
        "column": place.map(|it| it.1),
        "span": span,
        "label": Some(&problem.label).filter(|it| !it.is_empty()),
        "help": problem.help,
        "fix": fix.map(|it| json!({
            "span": [it.span.start, it.span.end],
            "replacement": it.replacement,
        })),
    })
}

/// A value. What JSON cannot hold exactly is text.
pub(crate) fn value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(it) => json!(**it),
        Value::WholeNumber(it) => json!(it),
        Value::Double(it) => json!(it),
        Value::Boolean(it) => json!(it),
        Value::Choice(it) => json!(it),
        Value::Choices(it) => json!(it.iter().collect::<Vec<_>>()),
        Value::Lookup(it) => reference(it),
        Value::Parties(it) => {
            let party = |it: &rulegate::record::Party| json!({ "party": reference(&it.party), "participation": it.participation });
            it.iter().map(party).collect()
        }
        Value::Decimal(_) | Value::Moment(_) | Value::Date(_) | Value::Id(_) | Value::Bytes(_) => {
            json!(value.to_string())
        }
    }
}

/// A reference, as arguments spell it.
pub(crate) fn reference(reference: &EntityReference) -> Json {
    json!(format!("{}:{}", reference.entity, reference.id))
}

/// The attributes that a record carries.
pub(crate) fn record(record: &Record) -> Json {
    let attributes = record.attributes().map(|(name, it)| (name.to_owned(), value(it)));
    json!({
        "record": record.reference().as_ref().map(reference),
        "attributes": attributes.collect::<serde_json::Map<_, _>>(),
    })
}
