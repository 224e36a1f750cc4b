//! Listings: which files of a rules folder belong to a set, found without reading one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::RuleFolder;
use super::places::{Identity, Places, changed, identity, is_ignored};
use crate::diagnostic::Diagnostic;

/// How many bytes a file may have. The largest entity of Dataverse is a tenth of this.
pub(super) const FILE_SIZE_LIMIT: u64 = 1024 * 1024;
/// How many bytes all files may have together: what a set takes in memory stays bounded.
const TOTAL_SIZE_LIMIT: u64 = 64 * 1024 * 1024;
/// How many files a set may have: ten times the largest that we measure.
const FILE_COUNT_LIMIT: usize = 10_000;
/// How many entries are looked at: whoever names `/` as the rules folder hears of it soon.
const ENTRY_LIMIT: usize = 100_000;
/// How many folders may stand in one another.
const DEPTH_LIMIT: usize = 16;
/// How long ago the last change of a file must be so that its stamp tells the next from it: the dates of the coarsest
/// file systems are two seconds apart.
const SETTLED: Duration = Duration::from_secs(3);

/// The files of a rules folder, and what hinders them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// By their paths as shown.
    pub(super) files: BTreeMap<String, ListedFile>,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) places: Places,
}

/// A file, not yet read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListedFile {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// What tells a file from what it was before, and from another that takes its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    identity: Identity,
    modified: Option<SystemTime>,
    changed: Option<SystemTime>,
}

/// A folder to look into.
#[derive(Debug)]
struct Folder {
    /// Its path without links, and those of the folders around it, the outermost first.
    path: PathBuf,
    around: Vec<PathBuf>,
    /// Its path as shown.
    shown: String,
}

/// A walk through a rules folder.
#[derive(Debug, Default)]
struct Walk {
    listing: Listing,
    ahead: Vec<Folder>,
    entry_count: usize,
    total_size: u64,
}

impl Listing {
    /// Lists the folder, as far as it can be.
    pub(super) fn of(folder: &RuleFolder) -> Self {
        let mut walk = Walk::default();
        let shown = folder.name();
        match walk.enter(&folder.path, &shown) {
            Ok(()) => walk.go(),
            Err(error) => {
                walk.listing.problems.push(no_folder(&folder.path, &error).in_file(shown));
            }
        }
        walk.listing
    }
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            identity: identity(metadata),
            modified: metadata.modified().ok(),
            changed: changed(metadata),
        }
    }

    /// Whether a file that has this stamp now has it for so long that another change would have given it another.
    ///
    /// Dates are only so fine, and those that programs can set say nothing.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let age = self.changed.and_then(|it| now.duration_since(it).ok());
        age.is_some_and(|it| SETTLED <= it)
    }
}

impl Walk {
    fn enter(&mut self, path: &Path, shown: &str) -> io::Result<()> {
        let absolute = std::path::absolute(path)?;
        let real = self.listing.places.follow(&absolute);
        fs::read_dir(path)?;
        let path = real.ok_or(io::ErrorKind::NotFound)?;
        self.ahead.push(Folder { path, around: Vec::new(), shown: shown.to_owned() });
        Ok(())
    }

    fn go(&mut self) {
        while let Some(folder) = self.ahead.pop() {
            self.listing.places.list(&folder.path);
            if let Err(error) = self.look_into(&folder) {
                self.problem(unreadable(&error).in_file(folder.shown));
            }
            if self.entry_count > ENTRY_LIMIT || self.listing.files.len() > FILE_COUNT_LIMIT {
                let text = format!(
                    "there are too many files here: a set may have {FILE_COUNT_LIMIT}, \
                     among {ENTRY_LIMIT} of other kinds"
                );
                self.listing.files.clear(); // Nobody needs to read them.
                return self.problem(Diagnostic::error("too-many-files", text));
            }
        }
        if self.total_size > TOTAL_SIZE_LIMIT {
            let text = format!("the files have {} bytes together", self.total_size);
            let help = format!("a set may have {TOTAL_SIZE_LIMIT}");
            self.listing.files.clear();
            self.problem(Diagnostic::error("folder-too-large", text).help(help));
        }
        self.listing.problems.sort_by(|a, b| a.file.cmp(&b.file));
    }

    fn look_into(&mut self, folder: &Folder) -> io::Result<()> {
        for entry in fs::read_dir(&folder.path)? {
            let entry = entry?;
            self.entry_count += 1;
            if self.entry_count > ENTRY_LIMIT {
                break;
            }
            if !is_ignored(&entry.file_name()) {
                self.look_at(&entry, folder);
            }
        }
        Ok(())
    }

    fn look_at(&mut self, entry: &DirEntry, folder: &Folder) {
        let name = entry.file_name();
        let shown = format!("{}/{}", folder.shown, name.to_string_lossy());
        let mut path = entry.path();
        if entry.file_type().is_ok_and(|it| it.is_symlink()) {
            path = self.listing.places.follow(&path).unwrap_or(path);
        }
        let wanted = wanted(&name, folder.around.is_empty());
        match (fs::metadata(&path), wanted) {
            (Ok(metadata), None) if metadata.is_dir() => self.descend(path, shown, folder),
            (_, None) => {}
            (Ok(_), Some(Err(problem))) => self.problem(problem.in_file(shown)),
            (Ok(metadata), Some(Ok(()))) => self.add(path, shown, &metadata),
            (Err(error), Some(_)) => self.problem(unreadable(&error).in_file(shown)),
        }
    }

    fn descend(&mut self, path: PathBuf, shown: String, folder: &Folder) {
        let mut around = folder.around.clone();
        around.push(folder.path.clone());
        if around.contains(&path) {
            let text = "this link leads back to a folder around it";
            self.problem(
                Diagnostic::error("link-loop", text).in_file(shown).help("remove the link"),
            );
        } else if DEPTH_LIMIT < around.len() {
            let text = "folders stand too deep in one another";
            let help = format!("use at most {DEPTH_LIMIT} levels");
            self.problem(Diagnostic::error("too-deep", text).in_file(shown).help(help));
        } else {
            self.ahead.push(Folder { path, around, shown });
        }
    }

    fn add(&mut self, path: PathBuf, shown: String, metadata: &Metadata) {
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "no file that can be read" };
            let text = format!("this is {what}, and its name is one of a file");
            let help = "rename it: a `.rhai` or `entity.toml` is a text file";
            return self.problem(Diagnostic::error("not-a-file", text).in_file(shown).help(help));
        }
        if FILE_SIZE_LIMIT < metadata.len() {
            let text = format!("the file has {} bytes", metadata.len());
            let help = format!("a file may have {FILE_SIZE_LIMIT}: split it");
            return self
                .problem(Diagnostic::error("file-too-large", text).in_file(shown).help(help));
        }
        self.total_size += metadata.len();
        let stamp = Stamp::of(metadata);
        self.listing.files.insert(shown, ListedFile { path, stamp });
    }

    fn problem(&mut self, problem: Diagnostic) {
        self.listing.problems.push(problem);
    }
}

/// Whether a file of this name belongs to a set; if it seems so and cannot be, why.
fn wanted(name: &OsStr, is_outermost: bool) -> Option<Result<(), Diagnostic>> {
    let misplaced = |text| Some(Err(Diagnostic::error("misplaced-file", text)));
    if name == "entity.toml" && is_outermost {
        return misplaced(
            "the folder of an `entity.toml` names its entity: give it one of its own",
        );
    }
    if name == "external.toml" && !is_outermost {
        return misplaced("`external.toml` speaks for all entities: put it beside their folders");
    }
    let is_rule = Path::new(name).extension().is_some_and(|it| it == "rhai");
    if is_rule && name.to_str().is_none() {
        let text = "the name of this file is not UTF-8, and a step is called after its file";
        return Some(Err(Diagnostic::error("ill-formed-name", text).help("rename the file")));
    }
    (is_rule || name == "entity.toml" || name == "external.toml").then_some(Ok(()))
}

fn no_folder(path: &Path, error: &io::Error) -> Diagnostic {
    let (kind, path) = (error.kind(), path.display());
    if kind == io::ErrorKind::NotFound {
        Diagnostic::error("no-folder", format!("there is no folder `{path}`"))
            .help("create it, or name another as the rules folder")
    } else if kind == io::ErrorKind::NotADirectory {
        Diagnostic::error("no-folder", format!("`{path}` is a file, and no folder"))
            .help("name the folder that holds the rules")
    } else {
        unreadable(error)
    }
}

/// What cannot be read, and why.
pub(super) fn unreadable(error: &io::Error) -> Diagnostic {
    let kind = error.kind();
    if kind == io::ErrorKind::PermissionDenied {
        Diagnostic::error("no-permission", "the permission to read this is missing")
            .help("let the user as whom the engine runs read it")
    } else if kind == io::ErrorKind::NotFound {
        Diagnostic::error("dangling", "this leads to no file")
            .help("remove the link, or bring back what it points at")
    } else {
        Diagnostic::error("unreadable", format!("this cannot be read: {error}"))
    }
}
