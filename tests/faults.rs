//! Plays disks that fail, and disks whose power fails, and looks at what is left in a store: every message that was
//! acknowledged is there, whole, nothing that was not is there in part, and the job of every message ran once.
//!
//! - **Power**: [`support::load`] comes from several threads, with checkpoints between, while the disk notes what it
//!   is told. Then the files are made as they could be, had the power failed at each moment of that: with all
//!   that nobody waited for, with nothing of it, and with pieces.
//! - **Faults**: the load comes from one thread, over and over. Each time another call to the disk fails, or all
//!   from there on, until a run meets no fault any more: I/O errors at each call, and no room at each that
//!   needs some. A client sends a message again that failed; the error must say what to do. The files are looked
//!   at as they are, and as they could be, had the power failed afterwards.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes a test target of its own for production code"
)]

use std::fmt::{self, Display};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, thread};

use disk::{Disk, Fault, Log, Power};
use rulegate::pipeline::JobState;
use rulegate::settings::Jobs;
use rulegate::store::StoreError;
use rulegate::{Engine, OrganizationService, Query, Value};
use rulegate_sqlite::{Durability, Options, Sqlite};
use support::load::{self, Done, Found, Look, MESSAGES, Sender};

/// The names by which SQLite knows the disk that fails, and the one that is there to look at what it left.
const FAILS: &str = "fails";
const LOOKS: &str = "looks";
/// The threads of a load whose power fails, the groups of each, and the threads that run its jobs.
const THREADS: u32 = 3;
const GROUPS: u64 = 2;
const WORKERS: usize = 1;
/// How often the log is carried over meanwhile.
const CHECKPOINTS: u32 = 3;
/// A short run looks at one of so many moments, and at one of so many calls.
const MOMENTS_STEP: usize = 211;
const CALLS_STEP: usize = 131;
/// Of a disk that nobody waits for, one of so many moments is looked at, until one shows it.
const CARELESS_STEP: usize = 13;
/// Who sends where one thread does.
const FIRST: Sender = Sender { run: 0, thread: 0 };
/// How often a client sends a message that fails.
const TRIES: u32 = 3;
/// What errors of the store tell people to do.
const REMEDIES: [&str; 7] = [
    "see that its disk is there",
    "see that its folder exists",
    "make room on its disk",
    "end what that writes",
    "begin it again",
    "give write permission",
    "copy to another disk",
];

fn main() -> ExitCode {
    let rounds = env::var("RULEGATE_FAULTS").ok().and_then(|it| it.parse::<u64>().ok());
    let is_short = rounds.is_none();
    let disk = Disk::register(FAILS).unwrap();
    // It only spares the looks the waiting.
    Disk::register(LOOKS).unwrap();

    let mut seen = Seen::default();
    let step = if is_short { MOMENTS_STEP } else { 1 };
    for round in 0..rounds.unwrap_or(1) {
        lose_power(&record(&disk, Durability::Full), round, step, &mut seen);
    }
    let step = if is_short { CALLS_STEP } else { 1 };
    for fault in Fault::ALL {
        fail_at_each_call(&disk, fault, step, &mut seen);
    }
    // Who does not wait for the disk may lose what was acknowledged, and nothing in part: else these disks
    // would prove nothing.
    let mut careless = Seen { is_quiet: true, ..Seen::default() };
    let log = record(&disk, Durability::Normal);
    for moment in (0..log.moments()).step_by(CARELESS_STEP) {
        lose_power_at(&log, 0, moment, &mut careless);
        if 0 < careless.found.lost {
            break;
        }
    }
    assert!(0 < careless.found.lost && careless.found.torn == 0, "{careless}");

    println!("{seen}");
    if seen.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What came to light.
#[derive(Debug, Default)]
struct Seen {
    /// Moments at which the power failed, each in three ways, and runs in which a call failed.
    power_losses: u64,
    faults: u64,
    found: Found,
    /// Errors that do not say what to do.
    unclear: u64,
    /// Runs after which messages still failed although the disk did not.
    stuck: u64,
    panics: u64,
    /// Whether what is found is no news.
    is_quiet: bool,
}

impl Seen {
    const fn is_well(&self) -> bool {
        let is_clean = self.unclear + self.stuck + self.panics == 0;
        self.found.is_sound() && is_clean && 0 < self.found.acknowledged && 0 < self.faults
    }

    /// Notes what an error says.
    fn hear(&mut self, error: &dyn Display) {
        let text = error.to_string();
        if !REMEDIES.iter().any(|it| text.contains(it)) {
            println!("unclear: {text}");
            self.unclear += 1;
        }
    }

    /// Carries something out that must not panic, and says of which case it was if it finds anything.
    fn during(&mut self, case: &dyn Display, act: impl FnOnce(&mut Self)) {
        let before = self.broken();
        if panic::catch_unwind(AssertUnwindSafe(|| act(self))).is_err() {
            self.panics += 1;
        }
        if before != self.broken() && !self.is_quiet {
            println!("{case}: {:?} stuck {} panics {}", self.found, self.stuck, self.panics);
        }
    }

    const fn broken(&self) -> u64 {
        let Found { lost, torn, jobs_lost, jobs_doubled, .. } = self.found;
        lost + torn + jobs_lost + jobs_doubled + self.unclear + self.stuck + self.panics
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { power_losses, faults, found, unclear, stuck, panics, .. } = self;
        let Found { acknowledged, lost, torn, jobs_lost, jobs_doubled, .. } = found;
        write!(
            f,
            "power-losses {power_losses} faults {faults} acknowledged {acknowledged} lost {lost} torn {torn} \
             jobs-lost {jobs_lost} jobs-doubled {jobs_doubled} unclear {unclear} stuck {stuck} panics {panics}"
        )
    }
}

// ── Power ────────────────────────────────────────────────────────────────────────────────────────

/// Plays the load. Answers what the disk was told meanwhile: a note is the thread of an acknowledged message.
fn record(disk: &Disk, durability: Durability) -> Log {
    let folder = tempfile::tempdir().unwrap();
    disk.record();
    let store = open(folder.path(), (FAILS, durability)).unwrap();
    let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
    let engine = engine.settings(|it| it.jobs = Jobs::Workers(WORKERS)).build().unwrap();
    let senders = (0..THREADS).map(|thread| Sender { run: 0, thread });
    senders.clone().for_each(|it| load::prepare(&engine, it).unwrap());
    thread::scope(|scope| {
        for sender in senders {
            let (engine, disk) = (&engine, &disk);
            let send = move |message| {
                load::send(engine, sender, message).unwrap();
                disk.note(sender.thread.into());
            };
            scope.spawn(move || (0..GROUPS * MESSAGES).for_each(send));
        }
        let checkpoint = |_| {
            thread::sleep(Duration::from_millis(15));
            store.checkpoint().unwrap();
        };
        scope.spawn(move || (0..CHECKPOINTS).for_each(checkpoint));
    });
    engine.wait_for_jobs();
    drop((engine, store));
    disk.take_record()
}

/// Lets the power fail at one of so many moments, and looks at what is left.
fn lose_power(log: &Log, round: u64, step: usize, seen: &mut Seen) {
    for moment in (0..log.moments()).step_by(step) {
        lose_power_at(log, round, moment, seen);
    }
}

/// Lets the power fail at one moment, in three ways, and looks at what each leaves.
fn lose_power_at(log: &Log, round: u64, moment: usize, seen: &mut Seen) {
    let mut done = [0; THREADS as usize];
    for thread in log.notes_until(moment) {
        *done.get_mut(usize::try_from(thread).unwrap()).unwrap() += 1;
    }
    let dice = round << 32 | moment as u64;
    for power in [Power::LosesAll, Power::LosesNone, Power::Tears(dice)] {
        seen.power_losses += 1;
        let case = format!("round {round} moment {moment} {power:?}");
        seen.during(&case, |seen| look_after(log, (moment, power), &done, seen));
    }
}

/// Looks at what a disk could have whose power failed.
fn look_after(log: &Log, (moment, power): (usize, Power), done: &[u64], seen: &mut Seen) {
    let folder = tempfile::tempdir().unwrap();
    log.lose_power(moment, power, folder.path()).unwrap();
    look(folder.path(), done, seen);
}

// ── Faults ───────────────────────────────────────────────────────────────────────────────────────

/// Lets one of so many calls fail, until none is left that could.
fn fail_at_each_call(disk: &Disk, fault: Fault, step: usize, seen: &mut Seen) {
    for at in (0..).step_by(step) {
        let folder = tempfile::tempdir().unwrap();
        let mut failed = 0;
        seen.during(&format_args!("{fault:?} at call {at}"), |seen| {
            disk.record();
            disk.break_down(fault, at);
            let done = [play(disk, folder.path(), seen)];
            failed = disk.mend();
            let log = disk.take_record();
            look(folder.path(), &done, seen);
            // What a disk refused to make sure may be gone for good, although nobody is told again.
            look_after(&log, (log.moments(), Power::Tears(at)), &done, seen);
        });
        disk.mend();
        if failed == 0 {
            return;
        }
        seen.faults += 1;
    }
}

/// Plays the load from one thread, which tries again, and gives up where that does not help; the disk is mended
/// then. Answers how many messages were acknowledged.
fn play(disk: &Disk, folder: &Path, seen: &mut Seen) -> u64 {
    let opened = retry(seen, || {
        let store = open(folder, (FAILS, Durability::Full)).map_err(|it| it.to_string())?;
        let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
        Ok::<_, String>((engine.build().map_err(|it| it.to_string())?, store))
    });
    let Some((engine, store)) = opened else { return 0 };
    let mut done = 0;
    if retry(seen, || load::prepare(&engine, FIRST)).is_some() {
        let mut sent = |message| {
            retry(seen, || load::send(&engine, FIRST, message))?;
            if message % 3 == 2 {
                engine.run_jobs();
            }
            if message == MESSAGES {
                retry(seen, || store.checkpoint());
                retry(seen, || store.back_up_to(folder.join("copy.db")));
                retry(seen, || store.vacuum());
            }
            Some(())
        };
        done = (0..GROUPS * MESSAGES - 1).take_while(|it| sent(*it).is_some()).count() as u64;
        engine.run_jobs();
    }
    disk.mend();
    let next = load::prepare(&engine, FIRST).and_then(|()| load::send(&engine, FIRST, done));
    if let Err(error) = next {
        println!("stuck: {error}");
        seen.stuck += 1;
        return done;
    }
    done + 1
}

/// Tries until it goes well, as a client would.
fn retry<T, E: Display>(seen: &mut Seen, mut act: impl FnMut() -> Result<T, E>) -> Option<T> {
    for _ in 0..TRIES {
        match act() {
            Ok(it) => return Some(it),
            Err(error) => seen.hear(&error),
        }
    }
    None
}

// ── Both ─────────────────────────────────────────────────────────────────────────────────────────

fn open(folder: &Path, (vfs, durability): (&str, Durability)) -> Result<Sqlite, StoreError> {
    let options = Options { vfs: Some(vfs.to_owned()), durability, ..Options::default() };
    Sqlite::open_with(folder.join("records.db"), options)
}

/// Opens what is left, runs the jobs that are left, and looks at everything.
fn look(folder: &Path, done: &[u64], seen: &mut Seen) {
    let store = open(folder, (LOOKS, Durability::Full)).unwrap();
    let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
    let engine = engine.build().unwrap();
    engine.run_jobs();
    requeue_failed(&engine);
    engine.run_jobs();
    let catalog = load::catalog();
    let mut look = Look::at(&store, &catalog, Found::default());
    for (thread, done) in (0..).zip(done) {
        look.at_sender(Sender { run: 0, thread }, *done);
    }
    look.at_all();
    look.found.torn += store.check_integrity().unwrap().len() as u64;
    seen.found.add(&look.found);
}

/// Jobs that failed often enough while the disk did wait for somebody to queue them again.
fn requeue_failed(engine: &Engine) {
    let failed = Value::Choice(JobState::Failed as i32);
    let failed = Query::new("asyncoperation").equal("statuscode", failed);
    for job in engine.retrieve_multiple(failed).unwrap().records {
        engine.requeue_job(job.id().unwrap()).unwrap();
    }
}
