//! Marks: a savepoint within a turn, behind which a message of several can be undone alone.

use crate::SqliteError;
use crate::turn::{self, Turn};

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
    turn::run(turn.connection()?, sql).map_err(|it| turn.error(it))
}
