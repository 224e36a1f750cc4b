//! What can go wrong with the file: the fact, and what to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rulegate::LogicalName;
use rulegate::store::StoreError;
use rusqlite::ErrorCode;

/// What went wrong with the file. It comes as the source of a
/// [`StoreError::Backend`](rulegate::store::StoreError::Backend).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// It cannot be opened.
    #[error("`{}` cannot be opened: {reason}; see that its folder exists and can be written to", .path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// SQLite knows no VFS of the name that the options give.
    #[error("`{0}` is no VFS that SQLite knows: register it before the store is opened")]
    UnknownVfs(String),
    /// Another program holds it.
    #[error("`{}` is locked by another program: end what that writes, and try again", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written to.
    #[error("`{}` is read-only: give write permission to the file and its folder", .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// There is no more room.
    #[error(
        "`{}` cannot grow: make room on its disk, or raise the size limit; the write was undone",
        .path.display()
    )]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The disk, or the way to it, did not do as it was told.
    #[error(
        "`{}` cannot be read or written: {fact}; see that its disk is there and sound, and try again",
        .path.display()
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        fact: String,
    },
    /// It is damaged.
    #[error(
        "`{}` is damaged: {fact}; restore a copy, or save what `sqlite3 FILE .recover` can read",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        fact: String,
    },
    /// A later version of this program made it.
    #[error(
        "`{}` has format {found}, and this program knows those up to {known}: use a newer program",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest known format.
        known: u32,
    },
    /// It belongs to another program.
    #[error("`{}` is no store of records: name another file, and leave this one to its owner", .path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A copy would replace it.
    #[error("`{}` exists: name a file that is not there, or move this one away", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A copy was damaged when it was read again.
    #[error("the copy `{}` was damaged and taken away: {fact}; copy to another disk", .path.display())]
    BadCopy {
        /// The copy.
        path: PathBuf,
        /// What was found.
        fact: String,
    },
    /// Another message wrote for too long.
    #[error(
        "another message has been writing for {} s: see what holds its rules up, or be more patient",
        .0.as_secs_f32()
    )]
    Waited(Duration),
    /// The thread waits for itself.
    #[error(
        "this thread writes in a transaction and would wait for its own end: send the message through \
         the service of the hook"
    )]
    OwnTurn,
    /// The transaction cannot go on.
    #[error("the transaction failed before, and nothing of it is saved: begin it again")]
    Over,
    /// A table has no place for a value.
    #[error("`{entity}.{attribute}` cannot store the {value}")]
    Misfit {
        /// The entity.
        entity: LogicalName,
        /// The attribute.
        attribute: String,
        /// The value, in words.
        value: String,
    },
    /// The commit that this transaction shared with others failed.
    #[error(transparent)]
    Together(Arc<SqliteError>),
    /// Anything else that SQLite says.
    #[error("`{}`: {source}", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SqliteError {
    /// What an error of SQLite means for the file.
    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, fact: fact_of(&error) },
            Some(ErrorCode::NotADatabase) => Self::NotOurs { path },
            Some(ErrorCode::CannotOpen) => Self::CannotOpen { path, reason: error.to_string() },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, fact: error.to_string() },
            _ if is_misread(&error) => Self::Damaged { path, fact: error.to_string() },
            _ => Self::Other { path, source: Box::new(error) },
        }
    }
}

impl From<SqliteError> for StoreError {
    fn from(error: SqliteError) -> Self {
        Self::Backend(Box::new(error))
    }
}

/// What SQLite says, and the number by which it tells which call of the system failed.
fn fact_of(error: &rusqlite::Error) -> String {
    let number = error.sqlite_error().map_or(0, |it| it.extended_code);
    format!("{error} (SQLite's error {number})")
}

/// Whether a stored value is not in the form in which we store it.
fn is_misread(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..)
    )
}

/// Whether SQLite refused a write because its key or identity is taken.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|it| it.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE))
}
