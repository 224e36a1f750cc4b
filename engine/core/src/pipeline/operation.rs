//! Operations: all that one outermost message causes, and the transaction they share.

mod held;

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::Guard;
use chrono::{DateTime, Utc};
use smallvec::SmallVec;
use uuid::Uuid;

pub(super) use self::held::Held;
use super::job::Job;
use super::origin::Origin;
use super::parent::ParentContext;
use super::trace_log::TraceRow;
use super::transcript::Recorder;
use super::{Environment, Generation, Serving};
use crate::clock::IdStream;
use crate::error::Error;
use crate::message::Options;
use crate::settings::{Caller, TraceLogSetting};
use crate::store::{Reader, StoreError, Transaction};

/// The longest time that a message can take: a longer limit is none, and would overflow the clock.
const TIME_LIMIT: Duration = Duration::from_hours(24 * 365);

/// One outermost message and everything nested in it.
pub(crate) struct Operation {
    /// What serves: taken without a count that other threads take, too.
    serving: Guard<Arc<Serving>>,
    /// The time at which it began: all stamps of one operation are the same, reruns included.
    pub(super) now: DateTime<Utc>,
    recorder: Option<Mutex<Recorder>>,
    /// Whether somebody hears of a step that did nothing: a transcript, or a row in the trace log.
    pub(super) is_heard: bool,
    /// What is known of its client.
    pub(super) origin: Option<Arc<Origin>>,
    correlation: OnceLock<Uuid>,
    deadline: Instant,
    sent: AtomicU32,
    /// How often it wrote, so that a failed read which wrote on its way is known.
    written: AtomicU32,
    is_over: AtomicBool,
    ids: Mutex<IdTape>,
    slot: Mutex<Slot>,
    /// Rows of the trace log that become records once it is over.
    rows: Mutex<Vec<TraceRow>>,
    /// How many transactions of its own it has committed.
    commits: AtomicU32,
    /// The transaction into which its messages commit, where they share one.
    held: Option<Arc<Held>>,
}

/// A place in an operation from which a message is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) operation: Arc<Operation>,
    pub(super) depth: u32,
    pub(super) caller: Caller,
    pub(super) parent: Option<Arc<ParentContext>>,
    /// What the caller said of the message beside its parameters.
    pub(super) options: Option<Arc<Options>>,
}

/// The transaction of an operation over its life.
enum Slot {
    Closed,
    Open(OpenTransaction),
    /// Nothing can be saved: a message failed, or met another and must be carried out again.
    Doomed {
        is_conflict: bool,
        /// What failed, in words.
        cause: Arc<str>,
    },
}

/// A transaction, and the jobs that exist only if it commits (P-41).
struct OpenTransaction {
    transaction: Box<dyn Transaction>,
    jobs: Vec<Job>,
    /// Whether it holds what messages before wrote, and has a mark behind that.
    is_marked: bool,
    /// How often the operation had written when it was opened.
    written: u32,
}

/// The identities that an operation drew: a rerun gets the same ones again.
#[derive(Default)]
struct IdTape {
    drawn: SmallVec<[Uuid; 2]>,
    next: usize,
}

/// A moment of an operation to which a rerun goes back.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    ids: usize,
    events: usize,
    sent: u32,
}

impl Operation {
    pub(crate) fn new(serving: Guard<Arc<Serving>>, origin: Option<Arc<Origin>>) -> Self {
        let environment = &*serving.environment;
        Self {
            now: environment.clock.now(),
            recorder: None,
            is_heard: environment.settings.trace_log == TraceLogSetting::All,
            origin,
            correlation: OnceLock::new(),
            deadline: Instant::now() + environment.settings.time_limit.min(TIME_LIMIT),
            sent: AtomicU32::new(0),
            written: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
            ids: Mutex::default(),
            slot: Mutex::new(Slot::Closed),
            rows: Mutex::default(),
            commits: AtomicU32::new(0),
            held: None,
            serving,
        }
    }

    /// What all messages share.
    pub(super) fn environment(&self) -> &Environment {
        &self.serving.environment
    }

    /// The catalog and the steps, the same ones for all its messages.
    pub(super) fn generation(&self) -> &Arc<Generation> {
        &self.serving.generation
    }

    /// The operation, keeping a transcript.
    pub(crate) fn recorded(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(Mutex::new(recorder));
        self.is_heard = true;
        self
    }

    /// The operation, as a part of another's chain (P-84).
    pub(super) fn correlated(self, correlation: Uuid) -> Self {
        Self { correlation: OnceLock::from(correlation), ..self }
    }

    /// The operation, with a transaction into which its messages commit.
    pub(super) fn holding(self, held: Option<Arc<Held>>) -> Self {
        Self { held, ..self }
    }

    /// Lets nobody send a message who still holds a service of it.
    pub(super) fn close(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Ends the operation: who still holds a service of it can send no more. Answers what was recorded.
    pub(crate) fn finish(&self) -> Recorder {
        self.close();
        self.keep_rows();
        self.recorder.as_ref().map(|it| mem::take(&mut *lock(it))).unwrap_or_default()
    }

    /// Keeps a row of the trace log until it is over.
    pub(super) fn log(&self, row: TraceRow) {
        lock(&self.rows).push(row);
    }

    pub(super) fn take_rows(&self) -> Vec<TraceRow> {
        mem::take(&mut *lock(&self.rows))
    }

    /// The identity of the chain (P-85).
    pub(super) fn correlation(&self) -> Uuid {
        *self.correlation.get_or_init(|| self.environment().new_id(IdStream::Request, self.now))
    }

    /// Writes into the transcript, where there is one.
    #[inline]
    pub(super) fn note(&self, write: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = &self.recorder {
            write_down(recorder, write);
        }
    }

    /// Whether somebody listens, so that it is worth to find out what changed.
    pub(super) fn is_recorded(&self) -> bool {
        self.recorder.is_some()
    }

    /// Whether anything was committed that a later failure does not undo (P-24).
    pub(super) fn has_committed(&self) -> bool {
        self.commits.load(Ordering::Relaxed) != 0
    }

    /// Counts a message, and refuses it where there are too many, or too late, or after the end.
    pub(super) fn admit(&self) -> Result<(), Error> {
        let settings = &self.environment().settings;
        if self.is_over.load(Ordering::Relaxed) {
            return Err(Error::Over);
        }
        if settings.message_limit <= self.sent.fetch_add(1, Ordering::Relaxed) {
            return Err(Error::TooManyMessages { limit: settings.message_limit });
        }
        self.check_time()
    }

    /// Refuses to go on after the deadline (E-37).
    pub(super) fn check_time(&self) -> Result<(), Error> {
        if self.deadline < Instant::now() {
            return Err(Error::Timeout { limit: self.environment().settings.time_limit });
        }
        Ok(())
    }

    /// When the operation must be over.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// An identity for a record: the same one in a rerun.
    pub(super) fn new_record_id(&self) -> Uuid {
        let mut tape = lock(&self.ids);
        let index = tape.next;
        tape.next += 1;
        if let Some(id) = tape.drawn.get(index) {
            return *id;
        }
        let id = self.environment().new_id(IdStream::Record, self.now);
        tape.drawn.push(id);
        id
    }

    /// Reads from the open transaction, or from what is committed where none is open.
    pub(super) fn read<T>(
        &self,
        ask: impl FnOnce(&mut dyn Reader) -> Result<T, StoreError>,
    ) -> Result<T, Error> {
        match &mut *lock(&self.slot) {
            Slot::Open(open) => Ok(ask(open.transaction.as_mut())?),
            Slot::Closed => match &self.held {
                Some(held) => Ok(held.read(&*self.environment().store, ask)?),
                None => Ok(ask(self.environment().store.snapshot()?.as_mut())?),
            },
            Slot::Doomed { is_conflict, cause } => Err(doomed(*is_conflict, cause)),
        }
    }

    /// Writes through the open transaction.
    pub(super) fn write<T>(
        &self,
        ask: impl FnOnce(&mut dyn Transaction) -> Result<T, StoreError>,
    ) -> Result<T, Error> {
        self.written.fetch_add(1, Ordering::Relaxed);
        match &mut *lock(&self.slot) {
            Slot::Open(open) => Ok(ask(open.transaction.as_mut())?),
            Slot::Closed => Err(Error::Bug("a write outside a transaction")),
            Slot::Doomed { is_conflict, cause } => Err(doomed(*is_conflict, cause)),
        }
    }

    /// How often it wrote so far.
    pub(super) fn written(&self) -> u32 {
        self.written.load(Ordering::Relaxed)
    }

    /// Keeps a job that runs if the transaction commits: in the store, too, where jobs have records.
    pub(super) fn queue(&self, mut job: Job) -> Result<(), Error> {
        if let Some(record) = self.environment().jobs.new_record(&mut job) {
            self.write(|it| it.insert(&record))?;
        }
        if let Slot::Open(open) = &mut *lock(&self.slot) {
            open.jobs.push(job);
        }
        Ok(())
    }

    /// Whether a transaction is open; an error where nothing can be saved any more.
    pub(super) fn is_in_transaction(&self) -> Result<bool, Error> {
        match &*lock(&self.slot) {
            Slot::Open(_) => Ok(true),
            Slot::Closed => Ok(false),
            Slot::Doomed { is_conflict, cause } => Err(doomed(*is_conflict, cause)),
        }
    }

    /// Opens the transaction, for the first time or once more.
    pub(super) fn begin(&self, attempt: u32) -> Result<Mark, Error> {
        let store = &self.environment().store;
        let held = self.held.as_ref().map_or(Ok(None), |it| it.take())?;
        let (is_marked, written, jobs) = (held.is_some(), self.written(), Vec::new());
        let transaction = match held {
            Some(held) => held,
            None if attempt == 0 => store.begin()?,
            None => store.begin_again()?,
        };
        *lock(&self.slot) = Slot::Open(OpenTransaction { transaction, jobs, is_marked, written });
        let events = self.recorder.as_ref().map_or(0, |it| lock(it).len());
        let sent = self.sent.load(Ordering::Relaxed);
        Ok(Mark { ids: lock(&self.ids).next, events, sent })
    }

    /// Commits, unless it is too late (E-37), and hands over the jobs.
    pub(super) fn commit(&self) -> Result<(), Error> {
        self.check_time()?;
        match mem::replace(&mut *lock(&self.slot), Slot::Closed) {
            Slot::Open(open) => {
                self.keep(open)?;
                self.commits.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Slot::Doomed { is_conflict, cause } => Err(doomed(is_conflict, &cause)),
            Slot::Closed => Err(Error::Bug("a commit outside a transaction")),
        }
    }

    /// Commits, or leaves it to the shared transaction, if there is one.
    fn keep(&self, open: OpenTransaction) -> Result<(), StoreError> {
        let OpenTransaction { transaction, jobs, is_marked, written } = open;
        if let Some(held) = self.held.as_ref().filter(|_| is_marked || written != self.written()) {
            return held.keep(transaction, is_marked, jobs);
        }
        transaction.commit()?;
        self.environment().jobs.push(jobs);
        Ok(())
    }

    /// Undoes everything since the begin.
    pub(super) fn roll_back(&self) {
        self.undo(mem::replace(&mut *lock(&self.slot), Slot::Closed));
    }

    fn undo(&self, slot: Slot) {
        if let (Slot::Open(open), Some(held)) = (slot, &self.held)
            && open.is_marked
        {
            held.undo(open.transaction);
        }
    }

    /// Goes back to a mark: the same work gets the same identities again, and counts once.
    pub(super) fn rewind(&self, mark: Mark) {
        lock(&self.ids).next = mark.ids;
        self.sent.store(mark.sent, Ordering::Relaxed);
        self.note(|it| it.truncate(mark.events));
    }

    /// From here on nothing can be saved, whoever catches the error (E-12).
    pub(super) fn doom(&self, error: &Error) {
        let mut slot = lock(&self.slot);
        if matches!(*slot, Slot::Open(_)) {
            let (is_conflict, cause) = (error.is_conflict(), error.to_string().into());
            self.undo(mem::replace(&mut *slot, Slot::Doomed { is_conflict, cause }));
        }
    }
}

impl Call {
    pub(crate) fn outermost(operation: Arc<Operation>, caller: Caller) -> Self {
        Self { operation, depth: 1, caller, parent: None, options: None }
    }

    /// The place from which a message within this one is sent. Options are not inherited (L-27).
    pub(super) fn nested(&self, caller: Caller, parent: Arc<ParentContext>) -> Self {
        let operation = Arc::clone(&self.operation);
        Self { operation, depth: self.depth + 1, caller, parent: Some(parent), options: None }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What is said of an operation that cannot save anything. One that met another begins again.
fn doomed(is_conflict: bool, cause: &Arc<str>) -> Error {
    if is_conflict {
        StoreError::Conflict.into()
    } else {
        Error::Doomed { cause: Arc::clone(cause) }
    }
}

#[cold]
fn write_down(recorder: &Mutex<Recorder>, write: impl FnOnce(&mut Recorder)) {
    write(&mut lock(recorder));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
