//! Request options: what a caller says of a message beside its parameters.

use std::str::FromStr;

use crate::error::DataError;

/// What a caller says of a message beside its parameters, as optional parameters do in Dataverse (X-13, L-29).
///
/// They belong to the messages that are sent with them and to what these cascade to (L-28), and not to
/// what hooks send on the way (L-27).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// A word for the steps of the message: they read it as the shared variable `tag`, and cannot change
    /// it.
    pub tag: Option<String>,
    /// Whose steps are left out, all of them (L-19).
    pub bypass: Bypass,
    /// The names of steps that are left out (L-22). Those that would not run anyway do not matter.
    pub bypass_steps: Vec<String>,
}

/// Which steps a message passes by: those that are not [essential](crate::pipeline::Step::essential).
///
/// Who asks for it needs the privilege: [`Settings::bypass_users`](crate::settings::Settings) (L-25).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bypass {
    /// `CustomSync`: those that run within the message (L-20).
    pub synchronous: bool,
    /// `CustomAsync`: those that run after it, as jobs (L-20).
    pub asynchronous: bool,
}

impl Options {
    /// No options: to be furnished.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a word along.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Leaves steps out, as `BypassBusinessLogicExecution` does.
    #[must_use]
    pub fn bypass(mut self, bypass: Bypass) -> Self {
        self.bypass = bypass;
        self
    }

    /// Leaves the synchronous steps out, as the older `BypassCustomPluginExecution` does (L-24).
    #[must_use]
    pub fn bypass_custom_plugin_execution(self) -> Self {
        self.bypass(Bypass::SYNCHRONOUS)
    }

    /// Leaves the steps of these names out, as `BypassBusinessLogicExecutionStepIds` does.
    #[must_use]
    pub fn bypass_steps<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.bypass_steps = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether they leave any step out, for which one needs a privilege.
    pub fn bypasses(&self) -> bool {
        self.bypass != Bypass::default() || !self.bypass_steps.is_empty()
    }
}

impl Bypass {
    /// Those that run within the message.
    pub const SYNCHRONOUS: Self = Self { synchronous: true, asynchronous: false };
    /// Those that run after it.
    pub const ASYNCHRONOUS: Self = Self { synchronous: false, asynchronous: true };
    /// Both.
    pub const ALL: Self = Self { synchronous: true, asynchronous: true };
}

/// Reads the value of `BypassBusinessLogicExecution`: `CustomSync`, `CustomAsync`, or both with a comma (L-19).
impl FromStr for Bypass {
    type Err = DataError;

    fn from_str(value: &str) -> Result<Self, DataError> {
        let mut bypass = Self::default();
        for word in value.split(',') {
            match word.trim() {
                "CustomSync" => bypass.synchronous = true,
                "CustomAsync" => bypass.asynchronous = true,
                other => {
                    return Err(DataError::ParameterInvalid {
                        message: "the request".to_owned(),
                        parameter: "BypassBusinessLogicExecution".to_owned(),
                        problem: format!(
                            "cannot be `{other}`: it is `CustomSync`, `CustomAsync` or both, with a comma"
                        ),
                    });
                }
            }
        }
        Ok(bypass)
    }
}
