//! Connections: how the file is opened, and what is refused before anything in it is touched.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::dialect::teach;
use crate::{Durability, Options, SqliteError};

/// How our files are told from others: `Rgat`, in the header of the file.
const APPLICATION: u32 = 0x5267_6174;
/// The format of files that this version makes, and the newest that it knows.
const FORMAT: u32 = 1;
/// Statements that a connection keeps ready.
const STATEMENTS: usize = 128;
/// The pages of the log at which a commit carries it over into the file: 32 MiB.
const CHECKPOINT_PAGES: u32 = 8_000;
/// The bytes to which a log shrinks that has grown beyond, behind a reader who stayed long: 64 MiB.
const LOG_LIMIT: u32 = 64 * 1024 * 1024;
/// The size of a page that SQLite gives to a new file.
const PAGE_SIZE: u64 = 4_096;

/// The tables of our own: the last row version that is reserved, and the columns that each entity has.
const OWN_TABLES: &str = r#"
CREATE TABLE "rulegate$state" (version INTEGER NOT NULL) STRICT;
INSERT INTO "rulegate$state" VALUES (0);
CREATE TABLE "rulegate$entity" (name TEXT PRIMARY KEY NOT NULL, columns TEXT NOT NULL) STRICT;
"#;

/// The file of a store.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
}

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Ours,
}

impl File {
    /// Looks at the file, makes it where there is none, and opens the connection that writes.
    pub(crate) fn open(path: &Path, options: Options) -> Result<(Self, Connection), SqliteError> {
        // An absolute path is never one of those that SQLite understands otherwise, such as `:memory:`.
        let absolute = std::path::absolute(path);
        let path = absolute.map_err(|error| SqliteError::CannotOpen {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let file = Self { path, options };
        let found = file.inspect()?;
        let writer = file.writer(&found).map_err(|it| file.error(it))?;
        Ok((file, writer))
    }

    /// What an error of SQLite means for this file.
    pub(crate) fn error(&self, error: rusqlite::Error) -> SqliteError {
        match &self.options.vfs {
            Some(vfs) if error.to_string().starts_with("no such vfs") => {
                SqliteError::UnknownVfs(vfs.clone())
            }
            Some(_) | None => SqliteError::of(&self.path, error),
        }
    }

    /// Reads what the file says of itself, and changes nothing.
    fn inspect(&self) -> Result<Found, SqliteError> {
        let path = self.path.clone();
        let Ok(metadata) = fs::metadata(&path) else { return Ok(Found::Nothing) };
        if metadata.is_dir() {
            return Err(SqliteError::CannotOpen { path, reason: "it is a folder".to_owned() });
        }
        if metadata.permissions().readonly() {
            return Err(SqliteError::ReadOnly { path });
        }
        let looked = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|it| look(&it));
        let looked = match looked {
            // What a crash left half done is undone by who can write, which a look alone cannot.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|it| look(&it))
            }
            looked => looked,
        };
        let (application, format, is_empty) = looked.map_err(|it| self.error(it))?;
        match (application, format) {
            (0, 0) if is_empty => Ok(Found::Nothing),
            (APPLICATION, found) if FORMAT < found => {
                Err(SqliteError::Newer { path, found, known: FORMAT })
            }
            (APPLICATION, _) => Ok(Found::Ours),
            _ => Err(SqliteError::NotOurs { path }),
        }
    }

    fn writer(&self, found: &Found) -> rusqlite::Result<Connection> {
        let connection =
            self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let synchronous = match self.options.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "cache_size", -65_536)?; // KiB
        if *found == Found::Nothing {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            // Unless another process was quicker.
            if look(&connection)?.2 {
                connection.execute_batch(OWN_TABLES)?;
                connection.pragma_update(None, "application_id", APPLICATION)?;
                connection.pragma_update(None, "user_version", FORMAT)?;
            }
            connection.execute_batch("COMMIT")?;
        }
        // It answers before it commits: who does not read on never hears that the commit failed.
        let mode = connection.prepare("PRAGMA journal_mode = WAL").and_then(|mut it| {
            it.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        })?;
        if mode != ["wal"] {
            // Some network disks: readers there would see half of a commit, or wait for its end.
            return Err(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_CANTOPEN),
                None,
            ));
        }
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let limit = format!("PRAGMA journal_size_limit = {LOG_LIMIT}");
        connection.query_row(&limit, [], |_| Ok(()))?;
        if let Some(limit) = self.options.size_limit {
            let pages = i64::try_from(limit / PAGE_SIZE).unwrap_or(i64::MAX);
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        }
        Ok(connection)
    }

    /// Opens a connection that reads.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Opens a connection that reads another file, with the words that ours have.
    pub(crate) fn reader_of(&self, path: &Path) -> rusqlite::Result<Connection> {
        self.connect_to(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        self.connect_to(&self.path, flags)
    }

    fn connect_to(&self, path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match self.options.vfs.as_deref() {
            Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
            None => Connection::open_with_flags(path, flags),
        }?;
        connection.busy_timeout(self.options.patience)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Else SQLite plans a search anew each time, for every value that it is asked for: our indexes of lookups are
        // partial, and it wants to know whether the value is null.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        teach(&connection)?;
        Ok(connection)
    }
}

/// Whose file it is, its format, and whether nothing is in it.
fn look(connection: &Connection) -> rusqlite::Result<(u32, u32, bool)> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: u32 = connection.query_row(count, [], |row| row.get(0))?;
    Ok((number("application_id")?, number("user_version")?, tables == 0))
}
