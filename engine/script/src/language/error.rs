//! Errors on their way through Rhai: a fault that a host function raised arrives whole at the end of the rule.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, EvalAltResult, Map, Position};
use rulegate::{Error, Fault};

use crate::limits::Exceeded;

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
        Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(Exceeded(what)), Position::NONE))
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
    error.clear_position();
    Fault::failed(plain_words(&error.to_string()))
}

/// What the script had too much of, if that is what stopped it.
fn exceeded(error: &EvalAltResult) -> Option<String> {
    if let EvalAltResult::ErrorTerminated(value, _) = error {
        let exceeded = value.read_lock::<Exceeded>();
        return Some(exceeded.map_or_else(|| "it may use".to_owned(), |it| it.0.clone()));
    }
    if let EvalAltResult::ErrorDataTooLarge(what, _) = error {
        return Some(format!("memory: {what}"));
    }
    let is_deep = matches!(error, EvalAltResult::ErrorStackOverflow(_));
    let is_wide = matches!(error, EvalAltResult::ErrorTooManyVariables(_));
    match (is_deep, is_wide) {
        (true, _) => Some("nested calls".to_owned()),
        (_, true) => Some("variables".to_owned()),
        (false, false) => None,
    }
}

/// Rhai's words for the commonest mistake of all, in ours: an attribute of nothing.
fn plain_words(text: &str) -> String {
    let unknown = text.strip_prefix("Unknown property '");
    match unknown.and_then(|it| it.split_once("' - a getter is not registered for type '()'")) {
        Some((name, _)) => {
            format!(
                "`{name}` was asked of null `()`: look whether it is `()` first, or write `?.{name}`"
            )
        }
        None => text.to_owned(),
    }
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
    Fault::reject(if value.is_unit() { String::new() } else { value.to_string() })
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
