//! Upkeep: room that is given back, and the log that is carried over. Both wait for their turn.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Error, ffi};

use crate::SqliteError;
use crate::shared::Shared;
use crate::turn::between_batches;

/// Makes the file as small as its records allow. See [`Sqlite::vacuum`](crate::Sqlite::vacuum).
pub(crate) fn vacuum(shared: &Arc<Shared>) -> Result<(), SqliteError> {
    let patience = shared.file.options.patience;
    between_batches(shared, |it| {
        let limit = pages(it, "PRAGMA max_page_count")?;
        // Laid out anew, a file that is full may need a page more than before.
        pages(it, "PRAGMA max_page_count = 4294967294")?;
        let vacuumed = it.execute_batch("VACUUM");
        pages(it, &format!("PRAGMA max_page_count = {limit}"))?;
        vacuumed?;
        // What it wrote stands in the log: the file shrinks as that is carried over.
        carry_over(it, patience).map(drop)
    })
}

fn pages(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.query_row(pragma, [], |row| row.get(0))
}

/// Carries the log over into the file. See [`Sqlite::checkpoint`](crate::Sqlite::checkpoint).
pub(crate) fn checkpoint(shared: &Arc<Shared>) -> Result<u64, SqliteError> {
    let patience = shared.file.options.patience;
    between_batches(shared, |it| carry_over(it, patience))
}

/// Answers how many pages are left. It does not wait for readers, since it has the turn and others wait for it.
fn carry_over(connection: &Connection, patience: Duration) -> rusqlite::Result<u64> {
    connection.busy_timeout(Duration::ZERO)?;
    let carried = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    connection.busy_timeout(patience)?;
    let (is_hindered, pages, carried) = carried?;
    if is_hindered && pages < 0 {
        // Another program carries over, and the pages were not counted.
        return Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None));
    }
    Ok(u64::try_from(pages - carried).unwrap_or(0))
}
