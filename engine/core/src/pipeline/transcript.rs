//! The transcript: what happened, event by event, and the same as text for snapshots.

mod aliases;
mod note;
mod recorder;
mod text;
mod words;

use std::fmt;
use std::sync::Arc;

pub use self::aliases::Aliases;
pub(super) use self::note::Before;
pub(crate) use self::recorder::Recorder;
pub(super) use self::words::verdict;

use self::note::Note;

/// What one outermost message did, event by event, in the order in which it happened.
///
/// Its text holds no time, no duration, no generation and no random identity: the same run gives the same
/// words. They are made when somebody asks for them.
#[derive(Clone, Default)]
pub struct Transcript {
    notes: Vec<Note>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message began.
    Opened {
        /// How many messages stand around it.
        level: usize,
        /// The message.
        message: String,
        /// Its record and parameters, in words.
        parameters: String,
        /// The user, where it is not the engine's default one.
        user: Option<String>,
        /// How deeply it is nested, by the count that the depth limit uses.
        depth: u32,
        /// Whether it only reads.
        is_read: bool,
    },
    /// A stage began in which steps were considered.
    Stage {
        /// How many messages stand around it.
        level: usize,
        /// 10, 20, 30 or 40.
        number: u16,
        /// Its name.
        name: String,
    },
    /// From here on the steps of the stage look at one record of a bulk message.
    Target {
        /// How many messages stand around it.
        level: usize,
        /// The place of the record among the targets.
        index: usize,
        /// The record, once it is known, else its entity.
        name: String,
    },
    /// A step was considered.
    Step {
        /// How many messages stand around it.
        level: usize,
        /// Its name.
        name: String,
        /// What came of it.
        outcome: StepOutcome,
        /// The attributes of the target that it changed: name, value before, value after.
        changes: Vec<(String, String, String)>,
    },
    /// A step left a line.
    Trace {
        /// How many messages stand around it.
        level: usize,
        /// The line.
        line: String,
    },
    /// The main operation was done.
    Main {
        /// How many messages stand around it.
        level: usize,
        /// What it did, in words.
        result: String,
    },
    /// A message ended.
    Closed {
        /// How many messages stand around it.
        level: usize,
        /// Why it failed, if it did.
        failure: Option<String>,
    },
    /// A job ran.
    Job {
        /// The step.
        name: String,
        /// What came of it; pending while it runs.
        outcome: StepOutcome,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepOutcome {
    /// It did not end.
    Pending,
    /// It ran.
    Ran,
    /// It did not run, and why.
    Skipped(Arc<str>),
    /// It said no, and why.
    Rejected(String),
    /// It broke, and how.
    Failed(String),
    /// It waits for the commit.
    Queued,
}

impl StepOutcome {
    /// Why it said no or broke, if it did.
    pub fn failure(&self) -> Option<&str> {
        if let Self::Rejected(why) | Self::Failed(why) = self { Some(why) } else { None }
    }
}

impl Transcript {
    /// The events. Identities stand in them as they are: `account(0198…)`.
    pub fn events(&self) -> Vec<Event> {
        self.notes.iter().map(Note::to_event).collect()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// The names of the steps that ran, each as often as it did.
    pub fn steps_that_ran(&self) -> impl Iterator<Item = &str> {
        let is_run =
            |it: &StepOutcome| !matches!(it, StepOutcome::Skipped(_) | StepOutcome::Queued);
        self.notes.iter().filter_map(move |note| match note {
            Note::Step { name, outcome, .. } => is_run(outcome).then_some(&**name),
            Note::Job { name, .. } => Some(&**name),
            Note::Opened(_)
            | Note::Stage { .. }
            | Note::Target { .. }
            | Note::Trace { .. }
            | Note::Main { .. }
            | Note::Closed { .. } => None,
        })
    }

    /// The transcript as text, with records numbered by the aliases, which go on from text to text.
    pub fn render(&self, aliases: &mut Aliases) -> String {
        aliases.apply(&text::render(&self.events()))
    }
}

impl PartialEq for Transcript {
    fn eq(&self, other: &Self) -> bool {
        self.events() == other.events()
    }
}

impl Eq for Transcript {}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("events", &self.events()).finish()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&mut Aliases::default()))
    }
}
