//! The console: what a verb hears, says and finds around it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use rulegate_script::Diagnostic;
use serde_json::{Value as Json, json};

use crate::arguments::{Color, Format, Options};
use crate::exit::{Exit, Outcome, Stop};
use crate::json;

/// The version of what `--format json` writes. A reader that knows another should not go on.
const SCHEMA: u32 = 1;

/// Where a verb hears and speaks.
pub struct Streams<'a> {
    /// What people answer.
    pub input: &'a mut dyn BufRead,
    /// Results.
    pub out: &'a mut dyn Write,
    /// Talk.
    pub err: &'a mut dyn Write,
}

/// What a verb finds around it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The working folder.
    pub folder: PathBuf,
    /// The variables of the environment: `CI`, `INSTA_UPDATE`, `NO_COLOR`, `TERM`, `TF_BUILD`.
    pub variables: BTreeMap<String, String>,
    /// Whether a person reads results, and can answer.
    pub is_interactive: bool,
    /// Whether results go to a terminal.
    pub is_terminal: bool,
}

/// What a verb hears, says and finds around it, as the global options have it.
pub(crate) struct Console<'a> {
    streams: Streams<'a>,
    around: Surroundings,
    options: Options,
    /// The verb that runs, for JSON.
    verb: &'static str,
    /// Whether a document was written.
    is_answered: bool,
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Faint,
    Strong,
}

impl Surroundings {
    /// Whether colors are welcome where nobody said so.
    pub(crate) fn is_colored(&self) -> bool {
        let is_set = |name: &str| self.variables.get(name).is_some_and(|it| !it.is_empty());
        let is_dumb = self.variables.get("TERM").is_some_and(|it| it == "dumb");
        self.is_terminal && !is_set("NO_COLOR") && !is_dumb
    }
}

impl<'a> Console<'a> {
    pub(crate) fn new(options: Options, around: &Surroundings, streams: Streams<'a>) -> Self {
        let around = around.clone();
        Self { streams, around, options, verb: "", is_answered: false }
    }

    /// Says which verb speaks from here on.
    pub(crate) fn begin(&mut self, verb: &'static str) {
        self.verb = verb;
    }

    /// Tells why the verb could not go on, where it could not.
    pub(crate) fn close(&mut self, outcome: Outcome) -> Exit {
        let exit = match outcome {
            Ok(exit) => exit,
            Err(stop) => match self.tell(&stop) {
                Err(Stop::ClosedPipe) | Ok(()) => stop.exit(),
                Err(other) => other.exit(),
            },
        };
        match self.streams.out.flush() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Unexpected,
            _ => exit,
        }
    }

    fn tell(&mut self, stop: &Stop) -> Result<(), Stop> {
        if matches!(stop, Stop::ClosedPipe) {
            return Ok(());
        }
        if self.is_json() && !self.is_answered {
            return self.answer(json::stop(stop));
        }
        match stop {
            Stop::ClosedPipe => Ok(()),
            Stop::Usage(text) | Stop::Unexpected(text) => {
                let label = self.paint(Tone::Bad, "error");
                Ok(writeln!(self.streams.err, "{label}: {text}")?)
            }
            Stop::Problems(_, problems) => self.show(problems),
        }
    }

    /// The folder to which paths are relative.
    pub(crate) fn folder(&self) -> PathBuf {
        match &self.options.directory {
            Some(directory) => self.around.folder.join(directory),
            None => self.around.folder.clone(),
        }
    }

    /// A variable of the environment, where it is set.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.around.variables.get(name).map(String::as_str)
    }

    /// Whether a person reads and can answer.
    pub(crate) fn is_interactive(&self) -> bool {
        self.around.is_interactive && !self.is_json()
    }

    pub(crate) fn format(&self) -> Format {
        self.options.format
    }

    pub(crate) fn is_json(&self) -> bool {
        self.options.format == Format::Json
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.options.verbose
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.options.quiet
    }

    pub(crate) fn is_colored(&self) -> bool {
        match self.options.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => self.around.is_colored(),
        }
    }

    /// A result, for people.
    pub(crate) fn result(&mut self, line: impl fmt::Display) -> Result<(), Stop> {
        if self.is_json() { Ok(()) } else { Ok(writeln!(self.streams.out, "{line}")?) }
    }

    /// Text of several lines that are whole already.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Stop> {
        if self.is_json() { Ok(()) } else { Ok(self.streams.out.write_all(text.as_bytes())?) }
    }

    /// What helps a person and is no result.
    pub(crate) fn note(&mut self, line: impl fmt::Display) -> Result<(), Stop> {
        if self.is_json() || self.is_quiet() {
            Ok(())
        } else {
            Ok(writeln!(self.streams.err, "{line}")?)
        }
    }

    /// What only those want to know who asked for more.
    pub(crate) fn detail(&mut self, line: impl fmt::Display) -> Result<(), Stop> {
        if self.is_verbose() { self.note(line) } else { Ok(()) }
    }

    /// Problems of files, on the side.
    pub(crate) fn show(&mut self, problems: &[Diagnostic]) -> Result<(), Stop> {
        if self.is_json() {
            return Ok(());
        }
        let text = Diagnostic::render_all(problems, self.is_colored());
        Ok(self.streams.err.write_all(text.as_bytes())?)
    }

    /// The result as JSON, where that is wanted. The document says its schema and its verb.
    pub(crate) fn answer(&mut self, mut document: Json) -> Result<(), Stop> {
        if !self.is_json() {
            return Ok(());
        }
        if let Some(keys) = document.as_object_mut() {
            keys.insert("schema".to_owned(), json!(SCHEMA));
            keys.insert("verb".to_owned(), json!(self.verb));
        }
        self.is_answered = true;
        Ok(writeln!(self.streams.out, "{document}")?)
    }

    /// Asks a person, and answers the first letter of what was typed; none at the end of the input.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Option<char>, Stop> {
        write!(self.streams.out, "{question} ")?;
        self.streams.out.flush()?;
        let mut line = String::new();
        let read = self.streams.input.read_line(&mut line);
        let length =
            read.map_err(|it| Stop::Unexpected(format!("cannot read the answer: {it}")))?;
        Ok(if length == 0 { None } else { Some(line.trim().chars().next().unwrap_or('?')) })
    }

    /// All of what stands on the input.
    pub(crate) fn read_input(&mut self) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let read = self.streams.input.read_to_end(&mut bytes);
        read.map_err(|it| Stop::Unexpected(format!("cannot read the input: {it}")))?;
        Ok(bytes)
    }

    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        Ok(self.streams.out.flush()?)
    }

    /// The text in the color of its meaning, where colors are welcome.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.is_colored() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Faint => "2",
            Tone::Strong => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A path as people read it: relative to a folder, where it lies below.
pub(crate) fn shown(path: &Path, folder: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

impl fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}
