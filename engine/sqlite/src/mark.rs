//! Marks: a savepoint within a turn, behind which a message of several can be undone alone.

use crate::SqliteError;
use crate::turn::Turn;

pub(crate) fn set(turn: &Turn) -> Result<(), SqliteError> {
    run(turn, "SAVEPOINT part")
}

pub(crate) fn take_away(turn: &Turn) -> Result<(), SqliteError> {
    run(turn, "RELEASE part")
}

pub(crate) fn go_back(turn: &Turn) -> Result<(), SqliteError> {
    run(turn, "ROLLBACK TO part")?;
    run(turn, "RELEASE part")
}

fn run(turn: &Turn, sql: &str) -> Result<(), SqliteError> {
    let prepared = turn.connection()?.prepare_cached(sql);
    let done = prepared.and_then(|mut it| it.execute([]));
    done.map(drop).map_err(|it| turn.error(it))
}
