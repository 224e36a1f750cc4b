//! Snapshots: the files of a rules folder as they were at one moment.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::thread;
use std::time::{Duration, SystemTime};

use super::RuleFolder;
use super::listing::{FILE_SIZE_LIMIT, ListedFile, Listing, Stamp, unreadable};
use super::places::Places;
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;

/// How often a folder that changes meanwhile is read, and how long is waited in between: longer
/// than the steps of an editor's save are apart.
const ATTEMPTS: (u32, Duration) = (8, Duration::from_millis(5));

/// The files of a rules folder as they were at one moment, or why they cannot be read.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) files: Result<Vec<SourceFile>, Vec<Diagnostic>>,
    /// Where a change of it shows.
    pub(super) places: Places,
    /// Whether the folder held still while it was read.
    pub(super) is_steady: bool,
}

/// Files that were read before, by their paths as shown: those that changed long before, so that their stamps would
/// be others if they had changed again.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<String, (Stamp, SourceFile)>);

impl Memory {
    /// Lets all be read again.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    fn file(&self, shown: &str, listed: &ListedFile) -> Option<SourceFile> {
        let (stamp, file) = self.0.get(shown)?;
        (*stamp == listed.stamp).then(|| file.clone())
    }

    /// Keeps what was read at that time.
    fn keep(&mut self, listing: &Listing, files: &[SourceFile], now: SystemTime) {
        let settled = |file: &SourceFile| {
            let stamp = listing.files.get(&file.path)?.stamp;
            stamp.is_settled(now).then(|| (file.path.clone(), (stamp, file.clone())))
        };
        self.0 = files.iter().filter_map(settled).collect();
    }
}

/// The files of a folder as they were read, not yet known to have been there together.
#[derive(Debug)]
pub(super) struct Draft {
    listing: Listing,
    /// None where one of them was no longer what was listed.
    pub(super) files: Option<Files>,
    /// When they were listed.
    at: SystemTime,
}

impl Draft {
    pub(super) fn read(folder: &RuleFolder, memory: &Memory) -> Self {
        let listing = Listing::of(folder);
        #[expect(clippy::disallowed_methods, reason = "dates of files are told from it alone")]
        let at = SystemTime::now();
        Self { files: read_all(&listing, memory), listing, at }
    }

    /// The snapshot, if the folder is as it was when it was read.
    pub(super) fn confirm(self, folder: &RuleFolder, memory: &mut Memory) -> Option<Snapshot> {
        let Self { listing, files, at } = self;
        let files = files.filter(|_| listing == Listing::of(folder))?;
        memory.keep(&listing, files.as_deref().unwrap_or_default(), at);
        Some(Snapshot { files, places: listing.places, is_steady: true })
    }
}

impl Snapshot {
    /// Reads the folder between two listings that say the same.
    pub(super) fn take(folder: &RuleFolder, memory: &mut Memory) -> Self {
        for _ in 0..ATTEMPTS.0 {
            if let Some(snapshot) = Draft::read(folder, memory).confirm(folder, memory) {
                return snapshot;
            }
            thread::sleep(ATTEMPTS.1);
        }
        let problem =
            Diagnostic::error("unsteady", "the folder changes faster than it can be read")
                .in_file(folder.name())
                .help("find out which program writes there again and again");
        let places = Listing::of(folder).places;
        Self { files: Err(vec![problem]), places, is_steady: false }
    }
}

type Files = Result<Vec<SourceFile>, Vec<Diagnostic>>;

/// The files of the listing; none where one of them is no longer what was listed.
fn read_all(listing: &Listing, memory: &Memory) -> Option<Files> {
    let mut problems = listing.problems.clone();
    let mut files = Vec::new();
    for (shown, listed) in &listing.files {
        if let Some(file) = memory.file(shown, listed) {
            files.push(file);
            continue;
        }
        match read(listed) {
            Ok(Some(bytes)) => match SourceFile::from_bytes(shown.as_str(), &bytes) {
                Ok(file) => files.push(file),
                Err(problem) => problems.push(*problem),
            },
            Ok(None) => return None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => problems.push(unreadable(&error).in_file(shown)),
        }
    }
    Some(if problems.is_empty() { Ok(files) } else { Err(problems) })
}

/// The bytes of a file; none where it is no longer what was listed.
fn read(listed: &ListedFile) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(&listed.path)?;
    let is_same = Stamp::of(&file.metadata()?) == listed.stamp;
    let mut bytes = Vec::new();
    file.take(FILE_SIZE_LIMIT + 1).read_to_end(&mut bytes)?;
    Ok((is_same && bytes.len() as u64 == listed.stamp.size).then_some(bytes))
}
