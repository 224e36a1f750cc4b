//! Skipped steps: those of a message's plan that do not run on it, and why.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::context::{Context, Running};
use super::plan::PlannedStep;
use super::step::Stage;
use super::transcript::Recorder;
use crate::metadata::AttributeSet;
use crate::record::Record;

impl Context {
    /// Passes by the steps from that place on that do not run, and where nobody listens those that would do
    /// nothing. Answers the place of the next one that runs; that behind the last where none does.
    pub(super) fn pass_by(
        &mut self,
        steps: &[PlannedStep],
        (stage, first): (Stage, usize),
    ) -> usize {
        let is_heard = self.call.operation.is_heard || self.is_too_deep();
        let has_options = self.call.options.is_some();
        let mut index = first;
        let mut runs = |planned: &PlannedStep, index| {
            if (has_options || planned.unmet.is_some()) && self.skips(planned) {
                let why = |it: &mut Recorder| it.skipped(stage, planned, self.why_skipped(planned));
                self.call.operation.note(why);
                return false;
            }
            self.enter(planned, (stage, Running::Planned(stage, index)));
            is_heard || !planned.hook.is_idle(self)
        };
        // A guard that panics lets its step run, which says so again.
        drop(catch_unwind(AssertUnwindSafe(|| {
            while steps.get(index).is_some_and(|it| !runs(it, index)) {
                index += 1;
            }
        })));
        index
    }

    /// Whether no step runs so deep (P-75).
    pub(super) fn is_too_deep(&self) -> bool {
        self.settings().depth_limit < self.call.depth
    }

    /// Whether a step does not run on this message.
    pub(super) fn skips(&self, planned: &PlannedStep) -> bool {
        self.call.bypasses(&planned.step)
            || self.is_of_other_relationship(planned)
            || planned.filter.as_ref().is_some_and(|it| !self.sends_any_of(it))
    }

    /// The same in words.
    pub(super) fn why_skipped(&self, planned: &PlannedStep) -> Arc<str> {
        match &planned.unmet {
            Some(unmet) if !self.call.bypasses(&planned.step) => Arc::clone(unmet),
            Some(_) | None => "bypassed".into(),
        }
    }

    fn is_of_other_relationship(&self, planned: &PlannedStep) -> bool {
        let Some(wanted) = planned.step.relationship_filter() else { return false };
        self.request.link().is_some_and(|it| !it.relationship.eq_ignore_ascii_case(wanted))
    }

    /// P-100: the filter looks at the target as it is at this moment.
    fn sends_any_of(&self, filter: &AttributeSet) -> bool {
        let is_sent = |it: &Record| it.present().intersects(filter);
        match self.target() {
            Some(target) => is_sent(target),
            None => self.request.targets().iter().any(is_sent), // M-60
        }
    }
}
