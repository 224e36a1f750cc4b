//! Sends messages to a store for a time, and looks whether the program grows: a load that deletes as much as it
//! creates must leave the memory flat, and the log within its bound.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes a test target of its own for production code"
)]

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rulegate::settings::Jobs;
use rulegate::{Engine, OrganizationService, Query, Record};
use rulegate_sqlite::Sqlite;
use support::load::{self, Done, Group, MESSAGES, Sender};

/// How long a test run goes on.
const SHORT: Duration = Duration::from_secs(4);
/// How many threads write, how many look, and how many run jobs.
const WRITERS: u32 = 4;
const READERS: u32 = 2;
const WORKERS: usize = 2;
/// How many samples a run takes.
const SAMPLES: u32 = 120;
/// How many groups of a thread live at a time.
const GROUPS: u64 = 64;
/// How much the memory may rise over the second half of the time, by the line that fits its samples best. Short
/// runs end while caches fill, and may rise by more.
const TOLERANCE_MIB: f64 = 4.0;
const SHORT_TOLERANCE_MIB: f64 = 32.0;
/// The size to which a log is cut that grew beyond it, as the head of the store's crate says.
const LOG_LIMIT_MIB: f64 = 64.0;

fn main() -> ExitCode {
    let minutes = env::var("RULEGATE_SOAK").ok().and_then(|it| it.parse::<u64>().ok());
    let time = minutes.map_or(SHORT, |it| Duration::from_secs(it * 60));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.db");
    let (sent, samples) = soak(&file, time);

    let (first, last) = (samples.first().unwrap(), samples.last().unwrap());
    let second_half: Vec<f64> =
        samples.iter().skip(samples.len() / 2).map(|it| it.resident).collect();
    let rise = slope(&second_half) * f64::from(u32::try_from(second_half.len()).unwrap());
    let log = samples.iter().map(|it| it.log).fold(0.0, f64::max);
    println!(
        "soak minutes {} messages {sent} resident-mib first {:.1} last {:.1} rise {rise:.1} wal-mib most {log:.1}",
        minutes.unwrap_or(0),
        first.resident,
        last.resident,
    );
    let tolerance = if minutes.is_some() { TOLERANCE_MIB } else { SHORT_TOLERANCE_MIB };
    let is_measured = 0.0 < first.resident;
    if !is_measured {
        println!("this system does not say how much memory a process has");
    }
    if is_measured && rise <= tolerance && log <= LOG_LIMIT_MIB && sent != 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What a moment looks like, in MiB.
#[derive(Debug, Clone, Copy)]
struct Sample {
    resident: f64,
    log: f64,
}

/// Sends messages for a time. Answers how many, and how it looked meanwhile.
fn soak(file: &Path, time: Duration) -> (u64, Vec<Sample>) {
    let engine = load::builder(load::catalog(), Sqlite::open(file).unwrap(), Done::Goes);
    let engine = engine.settings(|it| it.jobs = Jobs::Workers(WORKERS)).build().unwrap();
    let (sent, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut samples = Vec::new();
    thread::scope(|scope| {
        for thread in 0..WRITERS {
            scope.spawn({
                let (engine, sent, is_over) = (&engine, &sent, &is_over);
                move || write(engine, thread, (sent, is_over))
            });
        }
        for _ in 0..READERS {
            scope.spawn(|| read(&engine, (&sent, &is_over)));
        }
        let began = Instant::now();
        for number in 1..=SAMPLES {
            let next = time * number / SAMPLES;
            thread::sleep(next.saturating_sub(began.elapsed()));
            samples.push(sample(file));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    engine.wait_for_jobs();
    (sent.into_inner(), samples)
}

/// Creates, changes, associates and deletes, and takes away what is old.
fn write(engine: &Engine, thread: u32, (sent, is_over): (&AtomicU64, &AtomicBool)) {
    let sender = Sender { run: 0, thread };
    load::prepare(engine, sender).unwrap();
    for message in 0.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        load::send(engine, sender, message).unwrap();
        sent.fetch_add(1, Ordering::Relaxed);
        let group = Group::of(sender, message);
        if message % MESSAGES == 0 && GROUPS <= group.number {
            let old = Group { number: group.number - GROUPS, ..group };
            sent.fetch_add(load::clear(engine, old).unwrap(), Ordering::Relaxed);
        }
    }
}

/// Asks for a page, for a count, and for what one record has.
fn read(engine: &Engine, (sent, is_over): (&AtomicU64, &AtomicBool)) {
    while !is_over.load(Ordering::Relaxed) {
        let newest = Query::new("account").order_by_descending("createdon").top(20);
        let newest = engine.retrieve_multiple(newest).unwrap().records;
        engine.retrieve_multiple(Query::new("task").top(0).with_total()).unwrap();
        if let Some(account) = newest.first().and_then(Record::reference) {
            let tasks = Query::new("task").equal("regardingobjectid", account);
            engine.retrieve_multiple(tasks).unwrap();
        }
        sent.fetch_add(3, Ordering::Relaxed);
        // Others want a processor, too: this is no measure of speed.
        thread::sleep(Duration::from_millis(1));
    }
}

fn sample(file: &Path) -> Sample {
    let log = fs::metadata(file.with_extension("db-wal")).map_or(0, |it| it.len());
    Sample { resident: resident_kib() / 1024.0, log: mib(log) }
}

/// What the system counts as the memory of this process. Where it does not say so in a file, nothing is found.
fn resident_kib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
}

fn mib(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

/// How much the line that fits the values best rises from one to the next.
fn slope(values: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(values.len()).unwrap());
    let places = || (0..).map(f64::from);
    let mean = values.iter().sum::<f64>() / count;
    let middle = (count - 1.0) / 2.0;
    let rise: f64 = places().zip(values).map(|(at, value)| (at - middle) * (value - mean)).sum();
    let run: f64 = places().zip(values).map(|(at, _)| (at - middle).powi(2)).sum();
    rise / run
}
