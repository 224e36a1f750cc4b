//! Kills a program that writes, again and again, and looks at what it left: every message that was
//! acknowledged is there, whole, nothing that was not is there in part, and the job of every message ran once.
//!
//! The program kills itself, so to say: it starts its own binary as a child, which sends [`support::load`] from
//! several threads and says so for each message, and ends the child with SIGKILL at some moment. Every other
//! time, the jobs that it left are run before the next child starts; else that one finds them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes a test target of its own for production code"
)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use std::{env, io, thread};

use rulegate::settings::Jobs;
use rulegate_sqlite::Sqlite;
use support::load::{self, Done, Found, Look, Sender};

/// How often a test run kills.
const KILLS: u32 = 5;
/// How many threads write, and how many run jobs.
const THREADS: u32 = 4;
const WORKERS: usize = 2;
/// The child gets its file and the number of its run by these.
const FILE: &str = "RULEGATE_CRASH_FILE";
const RUN: &str = "RULEGATE_CRASH_RUN";

fn main() -> ExitCode {
    if let (Ok(file), Ok(run)) = (env::var(FILE), env::var(RUN)) {
        write_until_killed(Path::new(&file), run.parse().unwrap());
    }
    let kills = env::var("RULEGATE_CRASH").ok().and_then(|it| it.parse().ok()).unwrap_or(KILLS);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.db");
    let mut found = Found::default();
    let mut unseen = Vec::new();
    for run in 0..kills {
        unseen.push((run, kill(&file, run)));
        found.torn += Sqlite::open(&file).unwrap().check_integrity().unwrap().len() as u64;
        if run % 2 == 1 || run + 1 == kills {
            found = look(&file, &mut unseen, found);
        }
    }
    let store = Sqlite::open(&file).unwrap();
    let catalog = load::catalog();
    let mut last = Look::at(&store, &catalog, found);
    last.at_all();
    let Found { acknowledged, lost, torn, jobs_lost, jobs_doubled, .. } = last.found;
    println!(
        "kills {kills} acknowledged {acknowledged} lost {lost} torn {torn} jobs-lost {jobs_lost} \
         jobs-doubled {jobs_doubled}"
    );
    if last.found.is_sound() && acknowledged != 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

// ── The child ────────────────────────────────────────────────────────────────────────────────────

fn write_until_killed(file: &Path, run: u32) -> ! {
    let engine = load::builder(load::catalog(), Sqlite::open(file).unwrap(), Done::StaysInPart);
    let engine = engine.settings(|it| it.jobs = Jobs::Workers(WORKERS)).build().unwrap();
    let senders = (0..THREADS).map(|thread| Sender { run, thread });
    senders.clone().for_each(|it| load::prepare(&engine, it).unwrap());
    say("go");
    for sender in senders {
        let engine = engine.clone();
        thread::spawn(move || {
            for message in 0.. {
                load::send(&engine, sender, message).unwrap();
                say(&format!("{} {message}", sender.thread));
            }
        });
    }
    loop {
        thread::park();
    }
}

/// Tells the parent, at once.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

// ── The parent ───────────────────────────────────────────────────────────────────────────────────

/// Starts the child and kills it. Answers how many messages of each thread were acknowledged.
fn kill(file: &Path, run: u32) -> Vec<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .env(FILE, file)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "go");
    let reader = thread::spawn(move || {
        let mut done = vec![0; THREADS as usize];
        for line in lines.map_while(Result::ok) {
            let (thread, message) = line.split_once(' ').unwrap();
            let message: u64 = message.parse().unwrap();
            *done.get_mut(thread.parse::<usize>().unwrap()).unwrap() = message + 1;
        }
        done
    });
    // Any moment will do: what protects hash maps from chosen keys is a die at hand.
    let die = RandomState::new().build_hasher().finish();
    thread::sleep(Duration::from_millis(die % 250));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Runs the jobs that are left, and looks at what all runs since the last look have left.
fn look(file: &Path, unseen: &mut Vec<(u32, Vec<u64>)>, found: Found) -> Found {
    let (catalog, store) = (load::catalog(), Sqlite::open(file).unwrap());
    let engine = load::builder(load::catalog(), store.clone(), Done::StaysInPart);
    engine.build().unwrap().run_jobs();
    let mut look = Look::at(&store, &catalog, found);
    for (run, done) in unseen.drain(..) {
        for (thread, done) in (0..).zip(done) {
            look.at_sender(Sender { run, thread }, done);
        }
    }
    look.found
}
