//! How a verb ends: its exit code, and why it could not go on.

use std::io;

use rulegate_script::Diagnostic;

/// How a verb ended. The numbers are the exit codes, the same for all verbs; 130 is the signal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All is well.
    Fine = 0,
    /// Something failed that should not.
    Unexpected = 1,
    /// What was asked for makes no sense.
    Usage = 2,
    /// Rules, entities or runs do not check.
    Unchecked = 3,
    /// Tests failed, or snapshots wait for a decision.
    Failed = 4,
    /// A rule rejected the message.
    Rejected = 5,
}

/// Why a verb could not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody reads what it says.
    ClosedPipe,
    /// What was asked for makes no sense, and what to do.
    Usage(String),
    /// Something failed that should not.
    Unexpected(String),
    /// Files are wrong.
    Problems(Exit, Vec<Diagnostic>),
}

/// What a verb comes to.
pub(crate) type Outcome = Result<Exit, Stop>;

impl Exit {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The graver of two, where a verb did several things: files that do not check tell least.
    pub(crate) fn worst(self, other: Self) -> Self {
        let gravity = |it: Self| match it {
            Self::Fine => 0,
            Self::Rejected => 1,
            Self::Failed => 2,
            Self::Unchecked => 3,
            Self::Usage => 4,
            Self::Unexpected => 5,
        };
        if gravity(self) < gravity(other) { other } else { self }
    }
}

impl Stop {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::ClosedPipe => Exit::Fine,
            Self::Usage(_) => Exit::Usage,
            Self::Unexpected(_) => Exit::Unexpected,
            Self::Problems(exit, _) => *exit,
        }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// Rules, entities or runs that do not check.
    pub(crate) fn unchecked(problems: Vec<Diagnostic>) -> Self {
        Self::Problems(Exit::Unchecked, problems)
    }

    /// A file or folder that does not let us do something.
    pub(crate) fn io(what: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::Unexpected(format!("cannot {what} `{}`: {error}", path.display()))
    }
}

/// Writing to our own streams failed. Files are told apart by [`Stop::io`].
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::ClosedPipe
        } else {
            Self::Unexpected(format!("cannot write the answer: {error}"))
        }
    }
}
