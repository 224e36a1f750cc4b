//! Logical names, and which one a misspelt name may have meant.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The lower-case name by which code refers to an entity or an attribute. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogicalName(Arc<str>);

impl LogicalName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a text that is shared with it.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// Whether the name is one that Dataverse accepts: `[a-z][a-z0-9_]*`.
    pub fn is_well_formed(&self) -> bool {
        let mut letters = self.0.chars();
        letters.next().is_some_and(|it| it.is_ascii_lowercase())
            && letters.all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_')
    }
}

impl From<&str> for LogicalName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for LogicalName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<&LogicalName> for LogicalName {
    fn from(name: &LogicalName) -> Self {
        name.clone()
    }
}

impl Deref for LogicalName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for LogicalName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for LogicalName {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for LogicalName {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for LogicalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for LogicalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The known name that a misspelt one most likely meant, if any is close enough.
pub fn suggestion<'a>(misspelt: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this likeness a proposal confuses more than it helps (1 is the same word).
    const CLOSE_ENOUGH: f64 = 0.7;
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(misspelt, name), name))
        .min()
        .map(|(_, name)| name)
        .filter(|name| CLOSE_ENOUGH <= strsim::normalized_damerau_levenshtein(misspelt, name))
}
