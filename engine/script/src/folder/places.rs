//! Places: the directories at which a change of a rules folder shows.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How many links are followed on the way to one file: as many as Linux follows.
const LINK_LIMIT: u32 = 40;

/// Directories, by their paths without links, and what matters in each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places(pub(super) BTreeMap<PathBuf, Interest>);

/// What matters in a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Interest {
    /// Tells the directory from another that takes its path.
    pub(super) identity: Identity,
    /// Whether all entries matter but those that [`is_ignored`].
    pub(super) is_listed: bool,
    /// Entries that matter in any case: links that were followed, and what may appear.
    pub(super) names: BTreeSet<OsString>,
}

/// Device and inode; nothing where there are none.
pub(super) type Identity = (u64, u64);

/// Tells a file or directory from another that takes its path.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Tells nothing: what takes a path shows by its size and date alone.
#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> Identity {
    Identity::default()
}

/// When the file changed last, as the system alone says it: not its date, which programs set.
#[cfg(unix)]
pub(super) fn changed(metadata: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let seconds = Duration::from_secs(metadata.ctime().try_into().ok()?);
    let rest = Duration::from_nanos(metadata.ctime_nsec().try_into().ok()?);
    SystemTime::UNIX_EPOCH.checked_add(seconds + rest)
}

/// Nothing says it.
#[cfg(not(unix))]
pub(super) fn changed(_: &Metadata) -> Option<SystemTime> {
    None
}

/// Whether the name is one that editors leave beside their files, or hidden.
pub(super) fn is_ignored(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") || name.ends_with(b"~") || name.starts_with(b"#") && name.ends_with(b"#")
}

impl Places {
    /// Whether a change of this path can be a change of the rules folder.
    pub(super) fn matter(&self, path: &Path) -> bool {
        if self.0.contains_key(path) {
            return true;
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return true };
        let Some(interest) = self.0.get(parent) else { return true };
        interest.names.contains(name) || interest.is_listed && !is_ignored(name)
    }

    /// All entries of the directory matter.
    pub(super) fn list(&mut self, directory: &Path) {
        self.at(directory).is_listed = true;
    }

    /// Follows an absolute path to its end, and notes where a change would lead it elsewhere. Answers
    /// the path without links; where it leads nowhere, what is missing is noted.
    pub(super) fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut real = PathBuf::new();
        let mut rest = backwards(path);
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                real.pop();
                continue;
            }
            let next = real.join(&part);
            let metadata = fs::symlink_metadata(&next);
            let is_link = metadata.as_ref().is_ok_and(Metadata::is_symlink);
            if is_link || metadata.is_err() {
                self.at(&real).names.insert(part);
            } else {
                real = next;
                continue;
            }
            links += 1;
            let target = fs::read_link(&next).ok().filter(|_| links <= LINK_LIMIT)?;
            rest.extend(backwards(&target));
        }
        if let (Some(parent), Some(name)) = (real.parent(), real.file_name()) {
            self.at(parent).names.insert(name.to_owned());
        }
        Some(real)
    }

    fn at(&mut self, directory: &Path) -> &mut Interest {
        self.0.entry(directory.to_owned()).or_insert_with(|| Interest {
            identity: fs::metadata(directory).map(|it| identity(&it)).unwrap_or_default(),
            ..Interest::default()
        })
    }
}

/// The parts of a path, the last one first.
fn backwards(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|it| it.as_os_str().to_owned()).filter(|it| it != ".").collect()
}
