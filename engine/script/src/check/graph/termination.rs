//! Termination: whether everything that a rule set does comes to an end.

use std::fmt;

/// Whether every chain of messages that the rules of a set can cause ends before the depth limit.
///
/// The rules are taken by themselves: what hooks in Rust send is like what clients send, and what these do because of a
/// rule's message, or make of its target, is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Termination {
    /// Every chain ends.
    Terminates {
        /// The depth of the deepest message on which a rule runs; 0 where there are no rules.
        depth: u32,
    },
    /// Rules can wake each other until a step would run too deep: `a → b → a`, for each way that was found.
    CanLoop {
        /// The steps of each way.
        cycles: Vec<String>,
    },
    /// It is not known, for these reasons.
    Unknown {
        /// What cannot be known, each with its place.
        reasons: Vec<String>,
    },
}

impl Default for Termination {
    fn default() -> Self {
        Self::Unknown { reasons: vec!["the set was not checked".to_owned()] }
    }
}

impl fmt::Display for Termination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminates { depth: 0 } => f.write_str("ends: no rule runs"),
            Self::Terminates { depth: 1 } => f.write_str("ends: no rule wakes another"),
            Self::Terminates { depth } => {
                write!(f, "ends: no rule runs on a message deeper than {depth}")
            }
            Self::CanLoop { cycles } => write!(f, "can loop: {}", cycles.join("; ")),
            Self::Unknown { reasons } => write!(f, "not known: {}", reasons.join("; ")),
        }
    }
}
