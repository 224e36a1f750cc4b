//! Levels: how bad a project takes each finding.

use std::collections::BTreeMap;
use std::fmt;

use rulegate::metadata::suggestion;

use super::finding::{FINDINGS, Finding};
use crate::diagnostic::{Diagnostic, Severity};

/// The name of all findings that are warnings, unless something else is said of one by its own name.
const WARNINGS: &str = "warnings";

/// How bad a project takes a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It is not told.
    Allow,
    /// It is told.
    Warn,
    /// It refuses the set.
    Deny,
}

/// How bad a project takes findings, where it differs from what is usual.
///
/// ```
/// use rulegate_script::{Level, Levels};
///
/// let levels = Levels::default().with("warnings", Level::Deny)?.with("no-filtering", Level::Warn)?;
/// let misspelt = levels.with("unused-imge", Level::Allow).unwrap_err();
/// assert_eq!(misspelt.to_string(), "there is no finding `unused-imge`, did you mean `unused-image`?");
/// # Ok::<(), rulegate_script::UnknownFinding>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Levels {
    warnings: Option<Level>,
    named: BTreeMap<&'static str, Level>,
}

/// A name that no finding has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFinding {
    /// The name that was given.
    pub name: String,
    /// The one that was probably meant.
    pub meant: Option<&'static str>,
}

impl Levels {
    /// The same, with this level for the finding of that name, or for all `warnings`. A finding's own name counts
    /// more than that, and a later level of one name more than an earlier one.
    pub fn with(mut self, name: &str, level: Level) -> Result<Self, UnknownFinding> {
        if name == WARNINGS {
            self.warnings = Some(level);
            return Ok(self);
        }
        let Some(finding) = Finding::named(name) else {
            let known = FINDINGS.iter().map(|it| it.name).chain([WARNINGS]);
            return Err(UnknownFinding { name: name.to_owned(), meant: suggestion(name, known) });
        };
        self.named.insert(finding.name, level);
        Ok(self)
    }

    /// These levels, and where they say nothing, the others.
    #[must_use]
    pub fn over(mut self, others: &Self) -> Self {
        self.warnings = self.warnings.or(others.warnings);
        for (name, level) in &others.named {
            self.named.entry(name).or_insert(*level);
        }
        self
    }

    /// The finding as bad as it is taken; none where it is not told.
    pub(super) fn settle(&self, found: Diagnostic) -> Option<Diagnostic> {
        let usual = match found.severity {
            Severity::Error => Level::Deny,
            Severity::Warning => self.warnings.unwrap_or(Level::Warn),
        };
        let severity = match self.named.get(&*found.code).copied().unwrap_or(usual) {
            Level::Allow => return None,
            Level::Warn => Severity::Warning,
            Level::Deny => Severity::Error,
        };
        Some(Diagnostic { severity, ..found })
    }
}

impl fmt::Display for UnknownFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no finding `{}`", self.name)?;
        match self.meant {
            Some(meant) => write!(f, ", did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownFinding {}
