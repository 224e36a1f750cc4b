//! Request options in the pipeline: who may pass steps by, which are passed by, and the tag.

use std::sync::Arc;

use super::Variables;
use super::context::Context;
use super::operation::Call;
use super::step::{Mode, Step};
use crate::error::{DataError, Error};
use crate::message::{Message, Options};

/// The shared variable that holds the tag of a request.
const TAG: &str = "tag";

impl Call {
    /// The same place, for messages with these options.
    #[must_use]
    pub(crate) fn with_options(self, options: Option<Arc<Options>>) -> Self {
        Self { options, ..self }
    }

    /// Refuses to pass steps by for who may not (L-25), and more names than are allowed (L-23).
    pub(super) fn check_options(&self, message: &Message) -> Result<(), Error> {
        let Some(options) = self.options.as_deref().filter(|it| it.bypasses()) else {
            return Ok(());
        };
        let settings = &self.operation.environment().settings;
        let user = self.caller.user;
        if !settings.bypass_users.contains(&user) {
            let privilege = "prvBypassCustomBusinessLogic";
            return Err(DataError::PrivilegeDenied { user, privilege }.into());
        }
        let (found, limit) = (options.bypass_steps.len(), settings.bypass_steps_limit);
        if limit < found {
            return Err(DataError::ParameterInvalid {
                message: message.to_string(),
                parameter: "BypassBusinessLogicExecutionStepIds".to_owned(),
                problem: format!("names {found} steps, and at most {limit} can be passed by"),
            }
            .into());
        }
        Ok(())
    }

    /// Whether a step is passed by (L-20 to L-22). One that is essential never is (L-21, L-30).
    pub(super) fn bypasses(&self, step: &Step) -> bool {
        let Some(options) = &self.options else { return false };
        let is_left_out = match step.mode {
            Mode::Synchronous => options.bypass.synchronous,
            Mode::Asynchronous => options.bypass.asynchronous,
        };
        !step.is_essential
            && (is_left_out || options.bypass_steps.iter().any(|it| **it == *step.name))
    }

    /// The shared variables with which a message begins: the tag, where its caller sent one.
    pub(super) fn variables(&self) -> Variables {
        let mut variables = Variables::new();
        self.put_tag(&mut variables);
        variables
    }

    fn put_tag(&self, variables: &mut Variables) {
        if let Some(tag) = self.options.as_ref().and_then(|it| it.tag.as_deref()) {
            variables.insert(TAG.to_owned(), tag.into());
        }
    }
}

impl Context {
    /// What the caller said of the message beside its parameters, if anything.
    pub fn options(&self) -> Option<&Options> {
        self.call.options.as_deref()
    }

    /// Puts the tag back as the caller sent it: no step can change it.
    pub(super) fn keep_tag(&mut self) {
        self.call.put_tag(&mut self.shared);
    }
}
