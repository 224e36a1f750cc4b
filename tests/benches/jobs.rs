//! What jobs cost: how many a second workers carry out on a SQLite file, beside the same rows written by hand.
//!
//! `cargo bench --package tests --bench jobs` prints rates and their ratios. Both sides write into copies of one
//! file on the same disk, one after the other, so that only the ratios mean something.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run has nothing to say, and says the rest on the terminal"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use rulegate::message::CreateMultiple;
use rulegate::settings::Jobs;
use rulegate::{Context, Engine, Message, OrganizationService, Step};
use rulegate_sqlite::{Durability, Options, Sqlite};
use rusqlite::{Connection, params};
use uuid::Uuid;

/// How many jobs a figure is the mean of.
const JOBS: usize = 10_000;
/// How many records a message creates, each of which queues a job.
const TOGETHER: usize = 1_000;
/// How many workers carry them out.
const WORKERS: usize = 2;
/// How many jobs share a commit by hand.
const BY_HAND: usize = 256;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Nothing,
    OneRecord,
}

fn main() {
    for durability in [Durability::Full, Durability::Normal] {
        for work in [Work::Nothing, Work::OneRecord] {
            measure(durability, work);
        }
    }
}

fn measure(durability: Durability, work: Work) {
    let folder = tempfile::tempdir().unwrap();
    let (ours, hand) = (folder.path().join("engine.db"), folder.path().join("hand.db"));
    let queueing = queue(&engine(&ours, durability, work, Jobs::Manual));
    Sqlite::open(&ours).unwrap().back_up_to(&hand).unwrap();

    let engine = engine(&ours, durability, work, Jobs::Workers(WORKERS));
    let began = Instant::now();
    engine.wait_for_jobs();
    let carried = began.elapsed();
    drop(engine);
    assert_eq!(done(&ours), i64::try_from(JOBS).unwrap());
    let by_hand = carry_by_hand(&hand, durability, work);
    assert_eq!(done(&hand), i64::try_from(JOBS).unwrap());

    let (rate, floor) = (rate(carried), rate(by_hand));
    let (ratio, queueing) = (floor / rate, self::rate(queueing));
    println!(
        "{durability:?}, {work:?}: {rate:.0} jobs/s by hand {floor:.0}/s ratio {ratio:.2}, \
         queued at {queueing:.0}/s"
    );
}

fn engine(path: &Path, durability: Durability, work: Work, jobs: Jobs) -> Engine {
    let store = Sqlite::open_with(path, Options { durability, ..Options::default() }).unwrap();
    let hook = move |ctx: &mut Context| {
        if work == Work::OneRecord {
            let service = ctx.service();
            service.create(service.record("task")?.with("subject", "call")?)?;
        }
        Ok(())
    };
    Engine::builder(support::shipped_catalog())
        .store(store)
        .settings(|it| it.jobs = jobs)
        .step(Step::on(Message::Create, "account").asynchronous().run("job", hook))
        .build()
        .unwrap()
}

fn queue(engine: &Engine) -> Duration {
    let began = Instant::now();
    for _ in 0..JOBS / TOGETHER {
        let account = || engine.record("account").unwrap().with("name", "Acme").unwrap();
        let targets = (0..TOGETHER).map(|_| account()).collect();
        engine.send(CreateMultiple { targets }).unwrap();
    }
    began.elapsed()
}

/// Leases as many jobs as share a commit, then does what they do and says that they are done.
fn carry_by_hand(path: &Path, durability: Durability, work: Work) -> Duration {
    let connection = Connection::open(path).unwrap();
    let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", 8_192).unwrap();
    let sql = "SELECT asyncoperationid FROM asyncoperation WHERE statuscode = 0 ORDER BY sequence";
    let mut due = connection.prepare(sql).unwrap();
    let due: Vec<Vec<u8>> =
        due.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();

    let began = Instant::now();
    for (batch, jobs) in due.chunks(BY_HAND).enumerate() {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for job in jobs {
            lease(&connection, job);
        }
        connection.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
        for (index, job) in jobs.iter().enumerate() {
            if work == Work::OneRecord {
                insert(&connection, u128::try_from(batch * BY_HAND + index).unwrap());
            }
            complete(&connection, job);
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    began.elapsed()
}

fn lease(connection: &Connection, job: &[u8]) {
    let sql = "UPDATE asyncoperation SET statecode = 2, statuscode = 20, retrycount = 0, \
               startedon = ?2, modifiedon = ?2, \"row$version\" = \"row$version\" + 1 \
               WHERE asyncoperationid = ?1";
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.execute(params![job, NOW]).unwrap();
}

fn complete(connection: &Connection, job: &[u8]) {
    let sql = "UPDATE asyncoperation SET statecode = 3, statuscode = 30, executiontimespan = 0.0, \
               completedon = ?2, modifiedon = ?2, \"row$version\" = \"row$version\" + 1 \
               WHERE asyncoperationid = ?1";
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.execute(params![job, NOW]).unwrap();
}

/// A moment, as the store writes it.
const NOW: &str = "2026-01-15T09:00:00.123456789";

fn insert(connection: &Connection, number: u128) {
    let id = Uuid::from_u128(number);
    let sql = "INSERT INTO task (activityid, \"row$version\", subject, createdon, modifiedon, statecode, \
               statuscode) VALUES (?1, 1, ?2, ?3, ?3, 0, 2)";
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.execute(params![id.as_bytes(), "call", NOW]).unwrap();
}

fn done(path: &Path) -> i64 {
    let sql = "SELECT count(*) FROM asyncoperation WHERE statuscode = 30";
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn rate(span: Duration) -> f64 {
    f64::from(u32::try_from(JOBS).unwrap()) / span.as_secs_f64()
}
