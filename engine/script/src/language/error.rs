//! Errors on their way through Rhai: a fault that a host function raised arrives whole at the end of the rule.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, EvalAltResult, Map, Position};
use rulegate::{Error, Fault};

use super::words::WORDS;
use crate::limits::{self, Exceeded, Size};

/// What a host function answers.
pub(crate) type Raised<T> = Result<T, Box<EvalAltResult>>;

/// Makes the errors that host functions raise.
pub(crate) struct Raise;

/// A fault within Rhai. A script that catches it sees `.code` and `.message`.
#[derive(Debug, Clone)]
pub(crate) struct Thrown {
    pub(crate) code: String,
    pub(crate) message: String,
    fault: Arc<Mutex<Option<Fault>>>,
}

#[expect(clippy::unnecessary_box_returns, reason = "Rhai's errors are boxed everywhere")]
impl Raise {
    /// The script did something wrong.
    pub(crate) fn text(message: impl Into<String>) -> Box<EvalAltResult> {
        let message: String = message.into();
        Box::new(EvalAltResult::ErrorRuntime(message.into_broken(), Position::NONE))
    }

    /// A message that the script sent failed.
    pub(crate) fn error(error: impl Into<Error>) -> Box<EvalAltResult> {
        Self::fault(Fault::from(error.into()))
    }

    /// A fault of any kind.
    pub(crate) fn fault(fault: Fault) -> Box<EvalAltResult> {
        let code = match &fault {
            Fault::Rejected(rejection) => rejection.code.clone(),
            Fault::Failed(_) | Fault::Limit(_) | Fault::Nested(_) => None,
        };
        let thrown = Thrown {
            code: code.unwrap_or_else(|| fault.code().to_string()),
            message: fault.to_string(),
            fault: Arc::new(Mutex::new(Some(fault))),
        };
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(thrown), Position::NONE))
    }

    /// The script used more than it may. No script can catch this.
    pub(crate) fn limit(what: String) -> Box<EvalAltResult> {
        Self::exceeded(limits::exceed(what))
    }

    /// Ends the script where something was exceeded.
    pub(crate) fn within(exceeded: Option<Exceeded>) -> Raised<()> {
        exceeded.map_or(Ok(()), |it| Err(Self::exceeded(it)))
    }

    fn exceeded(exceeded: Exceeded) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(exceeded), Position::NONE))
    }
}

/// A message of the host about a mistake in the script: no refusal, whatever the script throws.
#[derive(Debug, Clone)]
pub(crate) struct Broken(pub(crate) String);

trait IntoBroken {
    fn into_broken(self) -> Dynamic;
}

impl IntoBroken for String {
    fn into_broken(self) -> Dynamic {
        Dynamic::from(Broken(self))
    }
}

/// What ended a script: the fault, and where it happened.
pub(crate) struct Ended {
    pub(crate) fault: Fault,
    pub(crate) position: Position,
    pub(crate) source: Option<String>,
}

/// What an error of Rhai's means.
pub(crate) fn ended(error: Box<EvalAltResult>) -> Ended {
    let (source, position) = place(&error);
    let fault = fault(innermost(*error));
    Ended { fault, position, source }
}

fn fault(mut error: EvalAltResult) -> Fault {
    if let EvalAltResult::ErrorRuntime(value, _) = &error {
        return thrown(value);
    }
    if let Some(what) = exceeded(&error) {
        return Fault::limit(what, "");
    }
    if let Some(what) = missing(&error) {
        return Fault::failed(what);
    }
    error.clear_position();
    Fault::failed(lower(&error.to_string()))
}

/// What the script named and is not there, if that is what stopped it.
fn missing(error: &EvalAltResult) -> Option<String> {
    if let EvalAltResult::ErrorFunctionNotFound(signature, _) = error {
        return Some(unknown(signature));
    }
    if let EvalAltResult::ErrorVariableNotFound(name, _) = error {
        return Some(format!("there is no `{name}`"));
    }
    let EvalAltResult::ErrorDotExpr(message, _) = error else { return None };
    Some(unknown_property(message))
}

/// What the script had too much of, if that is what stopped it.
fn exceeded(error: &EvalAltResult) -> Option<String> {
    if let EvalAltResult::ErrorTerminated(value, _) = error {
        let exceeded = value.read_lock::<Exceeded>();
        return Some(exceeded.map_or_else(|| "it may use".to_owned(), |it| it.0.clone()));
    }
    if let EvalAltResult::ErrorDataTooLarge(what, _) = error {
        return Some(too_large(what));
    }
    let limits = limits::current();
    if matches!(error, EvalAltResult::ErrorStackOverflow(_)) {
        return Some(format!("{} nested calls", limits.call_depth));
    }
    if matches!(error, EvalAltResult::ErrorTooManyVariables(_)) {
        return Some(format!("{} variables of one function", limits.variables));
    }
    matches!(error, EvalAltResult::ErrorTooManyModules(_)).then(|| "0 modules".to_owned())
}

/// Our messages begin in lower case.
pub(crate) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_lowercase().chain(letters).collect())
}

/// What nobody understands: a function that is not there, or not for these arguments.
fn unknown(signature: &str) -> String {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let arguments = arguments.split(", ").filter(|it| !it.is_empty());
    let kinds: Vec<&str> = arguments.map(kind).collect();
    if let Some(property) = name.strip_prefix("get$") {
        return format!("{} has no property `{property}`", the(kinds.first().unwrap_or(&"")));
    }
    if let Some(property) = name.strip_prefix("set$") {
        let of = the(kinds.first().unwrap_or(&""));
        return format!("the property `{property}` of {of} cannot be set so");
    }
    let called = format!("`{name}({})`", kinds.join(", "));
    match WORDS.iter().find(|it| it.name == name) {
        Some(word) => format!("there is no {called}: write it as {}", word.shape),
        None if name.chars().any(char::is_alphanumeric) => format!("there is no function {called}"),
        None => {
            let kinds: Vec<String> = kinds.iter().map(|it| the(it)).collect();
            format!("`{name}` does not go with {}", kinds.join(" and "))
        }
    }
}

/// A kind with its article.
fn the(kind: &str) -> String {
    if kind == "null" { kind.to_owned() } else { format!("the {kind}") }
}

/// Rhai's words for a property that is not there: its name and the type stand in quotes.
fn unknown_property(message: &str) -> String {
    let mut words = message.split('\'');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(_), Some(property), Some(_), Some(of)) => {
            if kind(of) == "null" && !message.contains("setter") {
                return format!(
                    "`{property}` was asked of null `()`: look whether it is `()` first, or write `?.{property}`"
                );
            }
            let of = the(kind(of));
            if message.contains("setter") {
                format!("`{property}` of {of} cannot be set")
            } else {
                format!("{of} has no property `{property}`")
            }
        }
        _ => lower(message),
    }
}

/// A type of Rhai's as we call it.
fn kind(type_name: &str) -> &str {
    match type_name {
        "i64" => "whole number",
        "f64" => "double",
        "bool" => "boolean",
        "char" => "character",
        "Fn" => "function",
        "()" => "null",
        text if text.contains("String") || text == "string" => "text",
        other => other,
    }
}

/// What one value may hold, where Rhai says which kind of size is too large.
fn too_large(what: &str) -> String {
    limits::current().too_much(if what.contains("tring") {
        Size::Text
    } else if what.contains("map") {
        Size::Map
    } else {
        Size::Array
    })
}

/// What a script threw: a fault of the host's, or a refusal in its own words.
fn thrown(value: &Dynamic) -> Fault {
    if let Some(thrown) = value.clone().try_cast::<Thrown>() {
        let taken = thrown.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        return taken.unwrap_or_else(|| Fault::reject_with(thrown.code, thrown.message));
    }
    if let Some(Broken(message)) = value.clone().try_cast::<Broken>() {
        return Fault::failed(message);
    }
    if let Some(map) = value.clone().try_cast::<Map>() {
        let text = |key: &str| map.get(key).map(ToString::to_string);
        let message = text("message").unwrap_or_default();
        return match text("code") {
            Some(code) => Fault::reject_with(code, message),
            None => Fault::reject(message),
        };
    }
    Fault::reject(if value.is_unit() { String::new() } else { super::to_text(value) })
}

/// The error within the errors: Rhai wraps one around another for each call.
fn innermost(error: EvalAltResult) -> EvalAltResult {
    if let EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
    | EvalAltResult::ErrorInModule(_, inner, _) = error
    {
        innermost(*inner)
    } else {
        error
    }
}

/// The file and position at which the innermost error happened.
fn place(error: &EvalAltResult) -> (Option<String>, Position) {
    let (own_source, inner, position) =
        if let EvalAltResult::ErrorInFunctionCall(_, source, inner, position) = error {
            (Some(source.clone()).filter(|it| !it.is_empty()), inner, *position)
        } else if let EvalAltResult::ErrorInModule(_, inner, position) = error {
            (None, inner, *position)
        } else {
            return (None, error.position());
        };
    let (source, inner_position) = place(inner);
    (source.or(own_source), if inner_position.is_none() { position } else { inner_position })
}
