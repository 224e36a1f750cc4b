//! What comes of a step: what it may not have done, and how its failure fails its message.

use super::context::{Context, none};
use super::plan::PlannedStep;
use super::recent::Ran;
use super::step::Stage;
use crate::error::{Error, Fault, StepError};

impl Context {
    /// A hook changes what its message carries: not which message it is, nor what kind of answer it has.
    pub(super) fn check_unturned(&self) -> Result<(), Fault> {
        let entity = self.request.primary_entity().unwrap_or(none());
        if self.request.message() != self.message || entity != self.entity() {
            let (message, entity) = (&self.message, self.entity());
            let reason = format!("the hook made another message of {message} of {entity}");
            return Err(Fault::failed(reason));
        }
        self.check_targets()?;
        if self.response.as_ref().is_some_and(|it| !self.request.is_answered_by(it)) {
            let reason = format!("the hook answered {} as another message", self.message);
            return Err(Fault::failed(reason));
        }
        Ok(())
    }

    /// A step that failed fails its message.
    #[cold]
    pub(super) fn fail(
        &mut self,
        (planned, stage): (&PlannedStep, Stage),
        fault: Fault,
        ran: &mut Ran,
    ) -> Result<(), Error> {
        let outcome = Err(fault);
        self.remember(ran);
        self.remember_end(&outcome);
        self.log(&planned.step, &outcome);
        outcome.map_err(|fault| self.failed((planned.step.name(), stage), fault))
    }

    pub(super) fn failed(&self, (step, stage): (&str, Stage), fault: Fault) -> Error {
        Error::Step(Box::new(StepError {
            step: step.to_owned(),
            message: self.message.to_string(),
            entity: self.entity().to_string(),
            stage: stage.number(),
            depth: self.call.depth,
            fault,
            trace: self.trace.lines(),
        }))
    }
}
