//! Skipped steps: those of a message's plan that do not run on it, and why.

use super::context::Context;
use super::plan::PlannedStep;
use crate::metadata::AttributeSet;
use crate::record::Record;

impl Context {
    /// Whether a step does not run on this message.
    pub(super) fn skips(&self, planned: &PlannedStep) -> bool {
        self.call.bypasses(&planned.step)
            || self.is_of_other_relationship(planned)
            || planned.filter.as_ref().is_some_and(|it| !self.sends_any_of(it))
    }

    /// The same in words.
    pub(super) fn why_skipped(&self, planned: &PlannedStep) -> String {
        if self.call.bypasses(&planned.step) {
            return "bypassed".to_owned();
        }
        match planned.step.relationship_filter() {
            Some(wanted) => format!("another relationship than {wanted}"),
            None => format!("{} not sent", planned.step.filtering_attributes().join(", ")),
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
