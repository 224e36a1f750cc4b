//! What stands on the wire: values as JSON by the type of their attribute, and errors as Dataverse has them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use rulegate::metadata::{AttributeType, MetadataError};
use rulegate::{EntityReference, Error, ErrorCode, Record, Value};
use rust_decimal::Decimal;
use serde_json::{Value as Any, json};

/// A request that came to nothing.
pub(super) struct Refused {
    status: StatusCode,
    code: u32,
    message: String,
}

/// The number of a request that nobody understands (`InvalidArgument`).
const INVALID_ARGUMENT: u32 = 0x8004_0203;

impl Refused {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: INVALID_ARGUMENT, message: message.into() }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { status: status(error.code()), code: error.number(), message: error.to_string() }
    }
}

impl From<MetadataError> for Refused {
    fn from(error: MetadataError) -> Self {
        Error::from(error).into()
    }
}

/// The status by which clients of Dataverse's Web API know an error (E-60). A rule's no is 400.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::NotFound | ErrorCode::KeyNotFound | ErrorCode::UnknownEntity => {
            StatusCode::NOT_FOUND
        }
        ErrorCode::UnsupportedMessage | ErrorCode::Restricted => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Duplicate | ErrorCode::KeyViolated | ErrorCode::VersionMismatch => {
            StatusCode::PRECONDITION_FAILED
        }
        ErrorCode::Conflict | ErrorCode::Backend | ErrorCode::Closed => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::Bug | ErrorCode::StepFailed => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The body of an error (E-61).
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let code = format!("0x{:08X}", self.code);
        let body = json!({ "error": { "code": code, "message": self.message } });
        (self.status, Json(body)).into_response()
    }
}

/// The record with the attributes of an object.
pub(super) fn from_json(mut record: Record, body: &Any) -> Result<Record, Refused> {
    let body = body.as_object().ok_or_else(|| Refused::bad("the body is an object"))?;
    for (name, json) in body {
        let kind = record.metadata().find(name).ok();
        let kind = kind.and_then(|it| Some(&record.metadata().attribute_at(it)?.kind));
        let value = value(json, kind.unwrap_or(&AttributeType::Virtual));
        let value = value.ok_or_else(|| Refused::bad(format!("`{name}` cannot be {json}")))?;
        record.set(name, value)?;
    }
    Ok(record)
}

fn value(json: &Any, kind: &AttributeType) -> Option<Value> {
    let exact = matches!(kind, AttributeType::Money { .. } | AttributeType::Decimal { .. });
    Some(match (json, kind) {
        (Any::Null, _) => Value::Null,
        (Any::Bool(it), _) => (*it).into(),
        (Any::Number(it), _) if exact => it.to_string().parse::<Decimal>().ok()?.into(),
        (Any::Number(it), AttributeType::Double { .. }) => it.as_f64()?.into(),
        (Any::Number(it), _) => it.as_i64()?.into(),
        (Any::String(it), AttributeType::DateTime { .. }) => moment(it)?,
        (Any::String(it), AttributeType::UniqueIdentifier) => Value::Id(it.parse().ok()?),
        (Any::String(it), _) => it.as_str().into(),
        (Any::Object(_), _) => reference(json)?.into(),
        (Any::Array(_), _) => return None, // This host has no party lists.
    })
}

fn moment(text: &str) -> Option<Value> {
    let date = text.parse::<NaiveDate>().map(Value::from);
    date.or_else(|_| text.parse::<DateTime<Utc>>().map(Value::from)).ok()
}

/// `{ "entity": "account", "id": "…" }`
pub(super) fn reference(json: &Any) -> Option<EntityReference> {
    let text = |name| json.get(name).and_then(Any::as_str);
    Some(EntityReference::new(text("entity")?, text("id")?.parse().ok()?))
}

pub(super) fn to_json(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Text(it) => json!(**it),
        Value::WholeNumber(it) => json!(it),
        Value::Decimal(it) => json!(it.to_string()), // A double would not be exact.
        Value::Double(it) => json!(it),
        Value::Boolean(it) => json!(it),
        Value::Moment(it) => json!(it.to_rfc3339()),
        Value::Date(it) => json!(it.to_string()),
        Value::Choice(it) => json!(it),
        Value::Choices(it) => it.iter().copied().collect(),
        Value::Lookup(it) => json!({ "entity": it.entity.as_str(), "id": it.id.to_string() }),
        Value::Parties(it) => it.iter().map(|it| to_json(&it.party.clone().into())).collect(),
        Value::Id(it) => json!(it.to_string()),
        Value::Bytes(it) => json!(format!("{} bytes", it.len())),
    }
}
