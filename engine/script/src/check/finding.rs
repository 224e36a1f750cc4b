//! Findings: everything that a check can find, by name, with a page about each.

use crate::diagnostic::{Diagnostic, Severity};

/// A kind of problem that a check can find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name: `possible-null`.
    pub name: &'static str,
    /// How bad it is, unless a project says otherwise.
    pub severity: Severity,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// What it is, why it is bad, and an example before and after, as Markdown.
    pub page: &'static str,
}

impl Finding {
    /// The finding of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FINDINGS.iter().copied().find(|it| it.name == name)
    }

    /// Something of this kind that was found.
    pub(crate) fn found(&self, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(self.name, message);
        Diagnostic { severity: self.severity, ..found }
    }
}

/// Declares the table: a constant for each finding, and all of them.
macro_rules! findings {
    ($($constant:ident $name:literal $severity:ident $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub(crate) const $constant: &Finding = &Finding {
                name: $name,
                severity: Severity::$severity,
                summary: $summary,
                page: include_str!(concat!("../../findings/", $name, ".md")),
            };
        )*
        /// Everything that a check can find.
        pub const FINDINGS: &[&Finding] = &[$($constant,)*];
    };
}

findings! {
    UNKNOWN_ATTRIBUTE "unknown-attribute" Error "an attribute that the entity does not have";
    UNKNOWN_PROPERTY "unknown-property" Error "a property that such a value does not have";
    UNKNOWN_FUNCTION "unknown-function" Error "a function that does not exist";
    WRONG_ARITY "wrong-arity" Error "a function called with too many or too few arguments";
    WRONG_TYPE "wrong-type" Error "a value of a type that cannot stand there";
    POSSIBLE_NULL "possible-null" Error "a value that may be null, used where null is an error";
    UNKNOWN_ENTITY "unknown-entity" Error "an entity that the catalog does not have";
    UNKNOWN_OPTION "unknown-option" Error "an option that the choice does not have";
    UNKNOWN_RELATIONSHIP "unknown-relationship" Error "a relationship that the catalog does not have";
    UNKNOWN_MESSAGE "unknown-message" Error "a message that nobody registered";
    NO_SUCH_IMAGE "no-such-image" Error "an image that the step does not ask for, or cannot have";
    NOT_IN_IMAGE "not-in-image" Error "an attribute that the image does not show";
    READ_ONLY_ATTRIBUTE "read-only-attribute" Warning "a write to an attribute that the message cannot set";
    NOT_SELECTED "not-selected" Warning "an attribute that was not read with its record";
    NULL_COMPARISON "null-comparison" Warning "an order asked of a value that may be null";
    NEVER_EQUAL "never-equal" Warning "a comparison of values that are never equal";
    OPTION_LABEL "option-label" Warning "an option compared with its label";
    CONSTANT_CONDITION "constant-condition" Warning "a condition that is always true, or never";
    DEAD_CODE "dead-code" Warning "code that never runs";
    UNUSED_RESULT "unused-result" Warning "a value that is computed and dropped";
    LOST_WRITE "lost-write" Warning "a change that nobody will see";
    LATE_WRITE "late-write" Error "a change of the target after it was saved";
    UPDATE_OWN_TARGET "update-own-target" Warning "an update of the own record before it is saved";
    NO_FILTERING "no-filtering" Warning "a step on every update";
    FILTER_NEVER_MATCHES "filter-never-matches" Warning "a filter that no message passes";
    UNUSED_IMAGE "unused-image" Warning "an image, or an attribute of one, that nobody reads";
    QUERY_IN_LOOP "query-in-loop" Warning "a search for each turn of a loop";
    ASYNC_SHARED_STATE "async-shared-state" Warning "a shared variable read or set by a job";
    TOP_LEVEL_CODE "top-level-code" Warning "code outside of functions, which never runs";
    TRIGGER_LOOP "trigger-loop" Warning "rules that wake each other without end";
    WRITE_CONFLICT "write-conflict" Warning "two rules of one rank that set the same attribute";
    AMBIGUOUS_RANK "ambiguous-rank" Warning "a rule that reads what another of the same rank sets";
    BAD_ALLOW "bad-allow" Error "an allow comment without a name or a reason";
    UNUSED_ALLOW "unused-allow" Warning "an allow comment where there is nothing to allow";
}
