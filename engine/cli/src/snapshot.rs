//! Snapshots: the transcript beside its run, in insta's file format.
//!
//! Insta itself is no dependency: its macros print, panic and look for a Cargo workspace. The header is fixed
//! instead, as that of a test in `tests/it/runs.rs` that omits its expression, so that `cargo test` and
//! `rulegate test` write the same bytes, and each takes what the other wrote.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::Stop;
use crate::files;

/// What stands above every transcript.
const HEADER: &str = "---\nsource: tests/it/runs.rs\n---\n";
/// The line around a header.
const FENCE: &str = "---";

/// The snapshot of one run, and the one that waits to take its place.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// `name.snap`.
    path: PathBuf,
    /// `name.snap.new`.
    pending: PathBuf,
}

/// What to do with a transcript that differs: the words of `INSTA_UPDATE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Update {
    /// Write it aside, to be reviewed.
    Pending,
    /// Write it aside where there is a snapshot, and in place where there is none.
    Unseen,
    /// Write it in place.
    InPlace,
    /// The same, and anew what does not differ.
    Force,
    /// Write nothing.
    Nothing,
}

impl Update {
    /// What the environment says, as insta understands it: nothing is written on a server, unless said.
    pub(crate) fn from_environment<'a>(
        variable: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, Stop> {
        let is_server = match variable("CI") {
            Some("" | "0" | "false") => false,
            Some(_) => true,
            None => variable("TF_BUILD").is_some(),
        };
        match variable("INSTA_UPDATE").unwrap_or_default() {
            "" | "auto" if is_server => Ok(Self::Nothing),
            "" | "auto" | "new" => Ok(Self::Pending),
            "always" | "1" => Ok(Self::InPlace),
            "unseen" => Ok(Self::Unseen),
            "force" => Ok(Self::Force),
            "no" => Ok(Self::Nothing),
            other => Err(Stop::usage(format!(
                "INSTA_UPDATE cannot be `{other}`: it is `auto`, `always`, `new`, `unseen`, `force` or `no`"
            ))),
        }
    }

    /// Whether and where to write a transcript that differs, or is the first.
    fn place(self, is_new: bool) -> Option<Place> {
        match self {
            Self::Nothing => None,
            Self::Pending => Some(Place::Aside),
            Self::Unseen if !is_new => Some(Place::Aside),
            Self::Unseen | Self::InPlace | Self::Force => Some(Place::InPlace),
        }
    }
}

/// Where a transcript was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Beside the snapshot, to be reviewed.
    Aside,
    /// As the snapshot.
    InPlace,
}

/// How a transcript compares with its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// They are the same.
    Same,
    /// There is no snapshot.
    New,
    /// They differ; the snapshot.
    Changed(String),
}

impl Snapshot {
    /// The snapshot beside a run.
    pub(crate) fn beside(run: &Path) -> Self {
        Self { path: run.with_extension("snap"), pending: run.with_extension("snap.new") }
    }

    /// How a transcript compares with the snapshot.
    pub(crate) fn compare(&self, transcript: &str) -> Result<Comparison, Stop> {
        Ok(match self.accepted()? {
            None => Comparison::New,
            Some(accepted) if accepted == normal(transcript) => Comparison::Same,
            Some(accepted) => Comparison::Changed(accepted),
        })
    }

    /// Writes what the comparison asks for, and takes away what waits without need.
    pub(crate) fn record(
        &self,
        transcript: &str,
        comparison: &Comparison,
        update: Update,
    ) -> Result<Option<Place>, Stop> {
        let text = file_text(transcript);
        if *comparison == Comparison::Same {
            if update == Update::Force {
                files::write(&self.path, &text)?;
            }
            if update != Update::Nothing {
                files::remove(&self.pending)?;
            }
            return Ok(None);
        }
        let place = update.place(*comparison == Comparison::New);
        match place {
            None => {}
            Some(Place::Aside) => files::write(&self.pending, &text)?,
            Some(Place::InPlace) => {
                files::write(&self.path, &text)?;
                files::remove(&self.pending)?;
            }
        }
        Ok(place)
    }

    /// The transcript that was accepted, if there is one.
    pub(crate) fn accepted(&self) -> Result<Option<String>, Stop> {
        contents(&self.path)
    }

    /// The transcript that waits, if there is one.
    pub(crate) fn waiting(&self) -> Result<Option<String>, Stop> {
        contents(&self.pending)
    }

    /// Puts what waits into its place, with our own header.
    pub(crate) fn accept(&self) -> Result<(), Stop> {
        if let Some(transcript) = self.waiting()? {
            files::write(&self.path, &file_text(&transcript))?;
        }
        files::remove(&self.pending)
    }

    /// Throws away what waits.
    pub(crate) fn reject(&self) -> Result<(), Stop> {
        files::remove(&self.pending)
    }
}

/// The whole file for a transcript.
fn file_text(transcript: &str) -> String {
    format!("{HEADER}{}\n", normal(transcript))
}

/// A transcript as it is compared: no space at its end, and lines that end as ours.
fn normal(text: &str) -> String {
    text.trim_end().replace("\r\n", "\n")
}

fn contents(path: &Path) -> Result<Option<String>, Stop> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(normal(body(&text)))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Stop::io("read", path, &error)),
    }
}

/// What stands below the header; all of it where there is none.
fn body(text: &str) -> &str {
    let mut lines = text.split_inclusive('\n');
    if lines.next().map(str::trim_end) != Some(FENCE) {
        return text;
    }
    let is_inside = |it: &&str| it.trim_end() != FENCE;
    lines.by_ref().take_while(is_inside).for_each(drop);
    let below: usize = lines.map(str::len).sum();
    text.get(text.len() - below..).unwrap_or_default()
}
