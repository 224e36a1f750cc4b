//! The only sources of time and of identity. Both are given to the engine, so that runs can replay.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// The only source of time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;
}

/// The only source of identity.
pub trait IdSource: Send + Sync + fmt::Debug {
    /// A new identity. Identities of one stream do not repeat.
    fn next(&self, stream: IdStream, now: DateTime<Utc>) -> Uuid;
}

/// What an identity is for. Separate streams, so that a new step shifts no other number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdStream {
    /// Records.
    Record,
    /// Requests and correlations.
    Request,
    /// Jobs.
    Job,
    /// Rows of the trace log.
    Log,
}

/// The time of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A time that stands still until somebody moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

/// Random identities in the order of time: UUID version 7.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

/// Identities that count from one: the same run gives the same ones.
#[derive(Debug, Default)]
pub struct CountingIds([AtomicU64; 4]);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others ask")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

impl ManualClock {
    /// A clock that stands at this time, to the second.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(now.timestamp()))
    }

    /// Moves the clock.
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap_or_default()
    }
}

impl IdSource for RandomIds {
    fn next(&self, _: IdStream, now: DateTime<Utc>) -> Uuid {
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
    }
}

impl IdSource for CountingIds {
    fn next(&self, stream: IdStream, _: DateTime<Utc>) -> Uuid {
        let [records, requests, jobs, rows] = &self.0;
        let (counter, tag) = match stream {
            IdStream::Record => (records, 0xA),
            IdStream::Request => (requests, 0xB),
            IdStream::Job => (jobs, 0xC),
            IdStream::Log => (rows, 0xD),
        };
        let count = counter.fetch_add(1, Ordering::SeqCst) + 1;
        Uuid::from_u128((tag << 124) | u128::from(count))
    }
}
