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
use std::{env, thread};

use disk::{Disk, Fault, Log, Power};
use rulegate::pipeline::JobState;
use rulegate::settings::Jobs;
use rulegate::store::StoreError;
use rulegate::{Catalog, Engine, OrganizationService, Query, Value};
use rulegate_sqlite::{Durability, Options, Sqlite};
use support::load::{self, Done, Found, Look, MESSAGES};

/// The names by which SQLite knows the disk that fails, and the one that is there to look at what it left.
const FAILS: &str = "fails";
const LOOKS: &str = "looks";
/// The threads of a load whose power fails, the groups of each, and the threads that run its jobs.
const THREADS: u32 = 3;
const GROUPS: u64 = 2;
const WORKERS: usize = 1;
/// A short run looks at one of so many moments, and at one of so many calls.
const MOMENTS_STEP: usize = 211;
const CALLS_STEP: u64 = 131;
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
    let disks = Disks {
        fails: Disk::register(FAILS).unwrap(),
        catalog: load::catalog(),
        _looks: Disk::register(LOOKS).unwrap(),
    };
    let mut seen = Seen::default();
    for round in 0..rounds.unwrap_or(1) {
        disks.lose_power(Durability::Full, round, rounds.map_or(MOMENTS_STEP, |_| 1), &mut seen);
    }
    for fault in Fault::ALL {
        disks.fail_at_each_call(fault, rounds.map_or(CALLS_STEP, |_| 1), &mut seen);
    }
    // Who does not wait for the disk may lose what was acknowledged, and nothing in part: else these disks
    // would prove nothing.
    let mut normal = Seen { is_quiet: true, ..Seen::default() };
    disks.lose_power(Durability::Normal, 0, MOMENTS_STEP, &mut normal);
    assert!(0 < normal.found.lost && normal.found.torn == 0, "{normal}");
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

/// The disks, and the catalog of what lies on them.
struct Disks {
    fails: Disk,
    catalog: Catalog,
    /// It only spares the looks the waiting.
    _looks: Disk,
}

impl Disks {
    // ── Power ────────────────────────────────────────────────────────────────────────────────────

    fn lose_power(&self, durability: Durability, round: u64, step: usize, seen: &mut Seen) {
        let log = self.record(durability);
        for moment in (0..log.moments()).step_by(step) {
            let mut done = [0; THREADS as usize];
            for note in log.notes_until(moment) {
                *done.get_mut(usize::try_from(note % u64::from(THREADS)).unwrap()).unwrap() += 1;
            }
            let seed = round << 32 | moment as u64;
            for power in [Power::LosesAll, Power::LosesNone, Power::Tears(seed)] {
                let folder = tempfile::tempdir().unwrap();
                log.lose_power(moment, power, folder.path()).unwrap();
                seen.power_losses += 1;
                let case = format!("{durability:?} round {round} moment {moment} {power:?}");
                seen.during(&case, |seen| {
                    self.look(&folder.path().join("records.db"), &done, seen);
                });
            }
        }
    }

    /// Plays the load. Answers what the disk was told meanwhile: a note is the thread of an acknowledged message.
    fn record(&self, durability: Durability) -> Log {
        let folder = tempfile::tempdir().unwrap();
        self.fails.record();
        let store = self.open(folder.path(), (FAILS, durability)).unwrap();
        let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
        let engine = engine.settings(|it| it.jobs = Jobs::Workers(WORKERS)).build().unwrap();
        (0..THREADS).for_each(|it| load::prepare(&engine, 0, it).unwrap());
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (engine, disk) = (&engine, &self.fails);
                scope.spawn(move || {
                    for message in 0..GROUPS * MESSAGES {
                        load::send(engine, 0, thread, message).unwrap();
                        disk.note(thread.into());
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..3 {
                    thread::sleep(std::time::Duration::from_millis(15));
                    store.checkpoint().unwrap();
                }
            });
        });
        engine.wait_for_jobs();
        drop((engine, store));
        self.fails.take_record()
    }

    // ── Faults ───────────────────────────────────────────────────────────────────────────────────

    fn fail_at_each_call(&self, fault: Fault, step: u64, seen: &mut Seen) {
        for at in (0..).step_by(usize::try_from(step).unwrap()) {
            let [folder, after] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            let mut failed = 0;
            seen.during(&format_args!("{fault:?} at call {at}"), |seen| {
                self.fails.record();
                self.fails.break_down(fault, at);
                let done = self.play(folder.path(), seen);
                failed = self.fails.mend();
                let log = self.fails.take_record();
                self.look(&folder.path().join("records.db"), &[done], seen);
                // What a disk refused to make sure may be gone for good, although nobody is told again.
                log.lose_power(log.moments(), Power::Tears(at), after.path()).unwrap();
                self.look(&after.path().join("records.db"), &[done], seen);
            });
            if failed == 0 {
                self.fails.mend();
                return;
            }
            seen.faults += 1;
        }
    }

    /// Plays the load from one thread, which tries again, and gives up where that does not help; the disk is
    /// mended then. Answers how many messages were acknowledged.
    fn play(&self, folder: &Path, seen: &mut Seen) -> u64 {
        let Some((engine, store)) = retry(seen, || self.engine(folder)) else { return 0 };
        let mut done = 0;
        if retry(seen, || load::prepare(&engine, 0, 0)).is_some() {
            for message in 0..GROUPS * MESSAGES - 1 {
                if retry(seen, || load::send(&engine, 0, 0, message)).is_none() {
                    break;
                }
                done += 1;
                if message % 3 == 2 {
                    engine.run_jobs();
                }
                if message == MESSAGES {
                    retry(seen, || store.checkpoint());
                    retry(seen, || store.back_up_to(folder.join("copy.db")));
                    retry(seen, || store.vacuum());
                }
            }
            engine.run_jobs();
        }
        self.fails.mend();
        let next = load::prepare(&engine, 0, 0).and_then(|()| load::send(&engine, 0, 0, done));
        match next {
            Ok(()) => done += 1,
            Err(error) => {
                println!("stuck: {error}");
                seen.stuck += 1;
            }
        }
        done
    }

    fn engine(&self, folder: &Path) -> Result<(Engine, Sqlite), String> {
        let store = self.open(folder, (FAILS, Durability::Full)).map_err(|it| it.to_string())?;
        let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
        Ok((engine.build().map_err(|it| it.to_string())?, store))
    }

    // ── Both ─────────────────────────────────────────────────────────────────────────────────────

    fn open(&self, folder: &Path, how: (&str, Durability)) -> Result<Sqlite, StoreError> {
        let (vfs, durability) = (Some(how.0.to_owned()), how.1);
        let options = Options { vfs, durability, ..Options::default() };
        Sqlite::open_with(folder.join("records.db"), options)
    }

    /// Opens what is left, runs the jobs that are left, and looks at everything.
    fn look(&self, file: &Path, done: &[u64], seen: &mut Seen) {
        let store = self.open(file.parent().unwrap(), (LOOKS, Durability::Full)).unwrap();
        let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
        let engine = engine.build().unwrap();
        engine.run_jobs();
        requeue_failed(&engine);
        engine.run_jobs();
        let mut found = Found::default();
        let mut look = Look::at(&store, &self.catalog);
        for (thread, done) in (0..).zip(done) {
            look.at_thread(0, thread, *done, &mut found);
        }
        look.at_all(&mut found);
        found.torn += store.check_integrity().unwrap().len() as u64;
        seen.found.add(&found);
    }
}

/// Jobs that failed often enough while the disk did wait for somebody to queue them again.
fn requeue_failed(engine: &Engine) {
    let failed = Value::Choice(JobState::Failed as i32);
    let failed = Query::new("asyncoperation").equal("statuscode", failed);
    for job in engine.retrieve_multiple(failed).unwrap().records {
        engine.requeue_job(job.id().unwrap()).unwrap();
    }
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
