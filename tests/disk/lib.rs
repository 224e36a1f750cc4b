//! A disk for tests: it stands between SQLite and the files, fails when told, and can lose its power.
//!
//! [`Disk::register`] gives SQLite a VFS of a name, over the one that the system has. From then on whoever opens a
//! file through it asks the disk before each call:
//!
//! - [`Disk::break_down`] lets a call fail: the k-th of those that a [`Fault`] can hit, or all from there on.
//! - [`Disk::record`] notes what is written, and what is waited for. [`Log::lose_power`] then makes the files as a
//!   disk could have them, had its power failed at any moment of the record.
//!
//! The disk waits for nothing itself: what a real one does when it is asked to, `Log` knows better.

mod log;
mod shim;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use self::log::Op;
pub use self::log::{Log, Power};

/// A disk that fails and loses power when told. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    fault: Option<(Fault, u64)>,
    /// How many calls the fault could have hit, and how many it did.
    asked: u64,
    failed: u64,
    log: Option<Log>,
}

/// How a disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One call fails; what it wrote is written in part.
    Once,
    /// One call and all that follow fail.
    Always,
    /// There is no room for one more piece, and then there is.
    FullOnce,
    /// There is no more room.
    Full,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Once, Self::Always, Self::FullOnce, Self::Full];

    const fn can_hit(self, call: Call) -> bool {
        match self {
            Self::Once | Self::Always => true,
            Self::FullOnce | Self::Full => {
                matches!(call, Call::Write | Call::Map | Call::Open { creates: true })
            }
        }
    }

    const fn lasts(self) -> bool {
        matches!(self, Self::Always | Self::Full)
    }

    /// What SQLite's own VFS answers in this case.
    const fn code(self, call: Call) -> i32 {
        match (call, self) {
            (Call::Write, Self::FullOnce | Self::Full) => ffi::SQLITE_FULL,
            (Call::Map, Self::FullOnce | Self::Full) => ffi::SQLITE_IOERR_SHMSIZE,
            (Call::Open { .. }, _) => ffi::SQLITE_CANTOPEN,
            (Call::Delete, _) => ffi::SQLITE_IOERR_DELETE,
            (Call::Access, _) => ffi::SQLITE_IOERR_ACCESS,
            (Call::Size, _) => ffi::SQLITE_IOERR_FSTAT,
            (Call::Read, _) => ffi::SQLITE_IOERR_READ,
            (Call::Write, _) => ffi::SQLITE_IOERR_WRITE,
            (Call::Truncate, _) => ffi::SQLITE_IOERR_TRUNCATE,
            (Call::Sync, _) => ffi::SQLITE_IOERR_FSYNC,
            (Call::Lock, _) => ffi::SQLITE_IOERR_LOCK,
            (Call::Map, _) => ffi::SQLITE_IOERR_SHMMAP,
            (Call::LogLock, _) => ffi::SQLITE_IOERR_SHMLOCK,
        }
    }
}

/// What SQLite asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Open { creates: bool },
    Delete,
    Access,
    Size,
    Read,
    Write,
    Truncate,
    Sync,
    Lock,
    Map,
    LogLock,
}

impl Disk {
    /// A disk to which SQLite comes by this name, for as long as the process lives.
    ///
    /// # Errors
    ///
    /// What SQLite says: the name has a zero byte, or there is no memory.
    pub fn register(name: &str) -> Result<Self, i32> {
        let disk = Self::default();
        shim::register(name, &disk)?;
        Ok(disk)
    }

    /// Fails at the call of this number, counted from 0 among those that the fault can hit.
    pub fn break_down(&self, fault: Fault, at: u64) {
        let mut state = self.lock();
        (state.fault, state.asked, state.failed) = (Some((fault, at)), 0, 0);
    }

    /// Fails no more. Answers how many calls failed.
    pub fn mend(&self) -> u64 {
        let mut state = self.lock();
        state.fault = None;
        state.failed
    }

    /// Notes from here on what is written.
    pub fn record(&self) {
        self.lock().log = Some(Log::default());
    }

    /// Notes that the program knows something by now: all that was noted before is before this.
    pub fn note(&self, what: u64) {
        self.did(|| Op::Note(what));
    }

    /// What was noted. Nothing more is.
    pub fn take_record(&self) -> Log {
        self.lock().log.take().unwrap_or_default()
    }

    /// Whether a call fails, and what it answers then.
    pub(crate) fn refusal(&self, call: Call) -> Option<i32> {
        let mut state = self.lock();
        let (fault, at) = state.fault.filter(|(it, _)| it.can_hit(call))?;
        let asked = state.asked;
        state.asked += 1;
        let is_hit = if fault.lasts() { at <= asked } else { at == asked };
        state.failed += u64::from(is_hit);
        is_hit.then(|| fault.code(call))
    }

    /// Notes what was done.
    pub(crate) fn did(&self, op: impl FnOnce() -> Op) {
        if let Some(log) = &mut self.lock().log {
            log.push(op());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
