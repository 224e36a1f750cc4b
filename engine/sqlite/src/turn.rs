//! Turns: who writes next, and how those who wait share a commit.
//!
//! Each transaction is a savepoint in the open batch. Who ends a turn while another waits for the next one
//! leaves the batch to that one, and waits for its outcome without holding anybody up; who ends a turn while
//! nobody waits commits the batch. So a lone client commits at once, and many share each wait for the disk.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread, ThreadId};
use std::time::{Duration, Instant};

use rulegate::LogicalName;
use rusqlite::Connection;

use crate::SqliteError;
use crate::shared::{Shared, lock};
use crate::writer::Writer;

/// The most transactions that share a commit: more make each wait longer than they save.
const BATCH_LIMIT: u32 = 128;

/// The queue of those who want to write.
#[derive(Debug)]
pub(crate) struct Turns {
    queue: Mutex<Queue>,
    patience: Duration,
}

#[derive(Debug)]
struct Queue {
    /// The writer, while nobody has the turn.
    writer: Option<Box<Writer>>,
    /// The thread that has the turn.
    holder: Option<ThreadId>,
    /// Those who wait, in order of arrival. Only the first is woken when the writer is free: each wake-up of
    /// a thread that finds nothing to do costs more than a small message.
    waiting: VecDeque<Waiting>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    thread: Thread,
}

/// The right to write. Dropping it undoes what was written in it.
#[derive(Debug)]
pub(crate) struct Turn {
    shared: Arc<Shared>,
    /// INVARIANT: `None` only while it ends.
    writer: Option<Box<Writer>>,
}

impl Turns {
    pub(crate) fn new(writer: Writer, patience: Duration) -> Self {
        let (writer, waiting) = (Some(Box::new(writer)), VecDeque::new());
        let queue = Mutex::new(Queue { writer, holder: None, waiting, next_ticket: 0 });
        Self { queue, patience }
    }

    /// Waits for the writer.
    fn take(&self) -> Result<Box<Writer>, SqliteError> {
        let deadline = Instant::now() + self.patience;
        let own = thread::current().id();
        let mut queue = lock(&self.queue);
        if queue.holder == Some(own) {
            return Err(SqliteError::OwnTurn);
        }
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push_back(Waiting { ticket, thread: thread::current() });
        loop {
            if queue.waiting.front().is_some_and(|it| it.ticket == ticket)
                && let Some(writer) = queue.writer.take()
            {
                queue.waiting.pop_front();
                queue.holder = Some(own);
                return Ok(writer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                queue.waiting.retain(|it| it.ticket != ticket);
                queue.wake_first(); // It may be another now, and the writer free.
                return Err(SqliteError::Waited(self.patience));
            }
            drop(queue);
            thread::park_timeout(left);
            queue = lock(&self.queue);
        }
    }

    /// Passes the writer on, with its open batch where somebody waits who can take it over.
    fn give_back(&self, mut writer: Box<Writer>, shared: &Shared) {
        let mut queue = lock(&self.queue);
        if queue.waiting.is_empty() || BATCH_LIMIT <= writer.joined {
            drop(queue); // Others may queue up meanwhile, and will make the next batch.
            writer.commit_batch(shared);
            queue = lock(&self.queue);
        }
        queue.writer = Some(writer);
        queue.holder = None;
        queue.wake_first();
    }
}

impl Queue {
    /// Lets the first who waits look again.
    fn wake_first(&self) {
        if let Some(first) = self.waiting.front() {
            first.thread.unpark();
        }
    }
}

impl Turn {
    /// Waits for the turn, and takes it.
    pub(crate) fn take(shared: &Arc<Shared>) -> Result<Self, SqliteError> {
        let writer = shared.turns.take()?;
        let mut turn = Self { shared: Arc::clone(shared), writer: Some(writer) };
        let writer = turn.writer_mut()?;
        let opened = writer.open_batch().and_then(|()| run(&writer.connection, "SAVEPOINT turn"));
        opened.map_err(|it| turn.error(it))?;
        Ok(turn)
    }

    /// The connection that writes.
    pub(crate) fn connection(&self) -> Result<&Connection, SqliteError> {
        Ok(&self.writer()?.connection)
    }

    pub(crate) fn writer(&self) -> Result<&Writer, SqliteError> {
        self.writer.as_deref().ok_or(SqliteError::Over)
    }

    pub(crate) fn writer_mut(&mut self) -> Result<&mut Writer, SqliteError> {
        self.writer.as_deref_mut().ok_or(SqliteError::Over)
    }

    /// What an error of SQLite means for the file.
    pub(crate) fn error(&self, error: rusqlite::Error) -> SqliteError {
        self.shared.file.error(error)
    }

    /// Whether SQLite gave up what was written in it.
    pub(crate) fn is_lost(&self) -> bool {
        self.writer.as_ref().is_none_or(|it| it.has_lost_batch())
    }

    /// Ends the turn, keeps what was written in it, and returns when that is durable.
    pub(crate) fn keep(
        mut self,
        written: impl IntoIterator<Item = LogicalName>,
    ) -> Result<(), SqliteError> {
        let Some(mut writer) = self.writer.take() else { return Err(SqliteError::Over) };
        let batch = writer.batch().map(Arc::clone);
        match run(&writer.connection, "RELEASE turn") {
            Ok(()) => writer.join(written),
            Err(error) => writer.lose_batch(Arc::new(self.error(error))),
        }
        self.shared.turns.give_back(writer, &self.shared);
        batch.map_or(Err(SqliteError::Over), |it| it.wait())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        if writer.batch().is_some() {
            let undone = run(&writer.connection, "ROLLBACK TO turn")
                .and_then(|()| run(&writer.connection, "RELEASE turn"));
            if let Err(error) = undone {
                writer.lose_batch(Arc::new(self.error(error)));
            }
        }
        self.shared.turns.give_back(writer, &self.shared);
    }
}

/// Waits for the turn, and does what cannot be done while a transaction is open: the batch is committed first.
pub(crate) fn between_batches<T>(
    shared: &Arc<Shared>,
    act: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, SqliteError> {
    let mut writer = shared.turns.take()?;
    writer.commit_batch(shared);
    let outcome = act(&writer.connection);
    shared.turns.give_back(writer, shared);
    outcome.map_err(|it| shared.file.error(it))
}

/// Carries a statement out that answers nothing.
pub(crate) fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
