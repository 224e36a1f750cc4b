//! Copies: one moment of a store in a file of its own, made while messages go on.
//!
//! The copy grows under the name `TARGET.part`, and gets its own name when it is whole, checked and durable.

use std::ffi::OsString;
use std::fs::{self, File as Opened};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::SqliteError;
use crate::connection::File;
use crate::reader::integrity;

/// What SQLite would take for a part of the copy, and read into it when the copy is opened.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Copies the file. See [`Sqlite::back_up_to`](crate::Sqlite::back_up_to).
pub(crate) fn back_up(file: &File, target: &Path) -> Result<(), SqliteError> {
    let absolute = std::path::absolute(target).map_err(|it| refused(target, &it));
    let target = absolute?;
    refuse_taken(&target)?;
    let part = Part::new(file, target)?;
    part.fill(file)?;
    part.check(file)?;
    part.keep()
}

/// Refuses a name at which something lies.
fn refuse_taken(target: &Path) -> Result<(), SqliteError> {
    if target.is_dir() {
        let (path, reason) = (target.to_owned(), "it is a folder".to_owned());
        return Err(SqliteError::CannotOpen { path, reason });
    }
    // Not `exists`, to which a link that leads nowhere is nothing.
    let companions = COMPANIONS.map(|it| beside(target, it));
    let mut all = companions.into_iter().chain([target.to_owned()]);
    all.find(|it| it.symlink_metadata().is_ok())
        .map_or(Ok(()), |path| Err(SqliteError::Exists { path }))
}

/// A copy that is not whole yet. Dropping it takes it away.
struct Part {
    path: PathBuf,
    /// The name that the copy gets in the end.
    target: PathBuf,
}

impl Part {
    /// Makes the file, empty, for those alone who may read the store.
    fn new(file: &File, target: PathBuf) -> Result<Self, SqliteError> {
        let path = beside(&target, ".part");
        Opened::create_new(&path).map_err(|error| {
            let is_there = error.kind() == ErrorKind::AlreadyExists;
            refused(if is_there { &path } else { &target }, &error)
        })?;
        let part = Self { path, target };
        let permissions = fs::metadata(&file.path).map(|it| it.permissions());
        permissions
            .and_then(|it| fs::set_permissions(&part.path, it))
            .map_err(|it| refused(&part.target, &it))?;
        Ok(part)
    }

    fn fill(&self, file: &File) -> Result<(), SqliteError> {
        let Some(path) = self.path.to_str() else {
            let (path, reason) = (self.target.clone(), "its name is not Unicode".to_owned());
            return Err(SqliteError::CannotOpen { path, reason });
        };
        let copied = file.reader().and_then(|it| it.execute("VACUUM INTO ?1", [path]));
        copied.map(drop).map_err(|error| {
            // The store is only read: these tell of the copy.
            let is_ours = matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::CannotOpen
                        | ErrorCode::ReadOnly
                        | ErrorCode::PermissionDenied
                )
            );
            if error.to_string().contains("already exists") {
                // The part is ours and empty: SQLite says this also where it cannot see its size.
                return SqliteError::Disk { path: self.target.clone(), fact: error.to_string() };
            }
            SqliteError::of(if is_ours { &self.target } else { &file.path }, error)
        })
    }

    /// Reads the whole copy again.
    fn check(&self, file: &File) -> Result<(), SqliteError> {
        let found = file.reader_of(&self.path).and_then(|it| integrity(&it));
        let found = found.map_err(|it| SqliteError::of(&self.target, it))?;
        found
            .into_iter()
            .next()
            .map_or(Ok(()), |fact| Err(SqliteError::BadCopy { path: self.target.clone(), fact }))
    }

    /// Waits for the disk, and gives the copy its name.
    fn keep(&self) -> Result<(), SqliteError> {
        // Not every version of SQLite waits for the disk when it vacuums into a file.
        Opened::options()
            .write(true)
            .open(&self.path)
            .and_then(|it| it.sync_all())
            .map_err(|it| refused(&self.target, &it))?;
        // A rename replaces what it meets, so the name is taken first, by a file that is ours.
        Opened::create_new(&self.target).map_err(|it| refused(&self.target, &it))?;
        let named =
            fs::rename(&self.path, &self.target).and_then(|()| sync_folder_of(&self.target));
        named.map_err(|error| {
            let _ = fs::remove_file(&self.target); // The first error is what is told.
            refused(&self.target, &error)
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Nothing is there once the copy has its name.
        let _ = fs::remove_file(&self.path);
    }
}

/// A name is durable when its folder is. Only Unix lets a folder be waited for; elsewhere a rename is enough.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => Opened::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}

/// A name with an ending more.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// What an error of the system means for the copy.
fn refused(path: &Path, error: &io::Error) -> SqliteError {
    let path = path.to_owned();
    if error.kind() == ErrorKind::AlreadyExists {
        SqliteError::Exists { path }
    } else if error.kind() == ErrorKind::StorageFull {
        SqliteError::Full { path }
    } else {
        SqliteError::CannotOpen { path, reason: error.to_string() }
    }
}
