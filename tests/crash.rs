//! Kills a program that writes, again and again, and looks at what it left: every message that was
//! acknowledged is there, whole, and nothing that was not is there in part.
//!
//! The program kills itself, so to say: it starts its own binary as a child, which writes from several
//! threads and says so for each message, and ends the child with SIGKILL at some moment.

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
use std::{env, fmt, io, thread};

use rulegate::record::Record;
use rulegate::store::{Reader, Store};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Error, Fault, Message, OrganizationService, Query,
    Stage, Step, Value,
};
use rulegate_sqlite::Sqlite;
use uuid::Uuid;

/// How often a test run kills.
const KILLS: u32 = 5;
/// How many threads write.
const THREADS: u128 = 4;
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
    let mut found = Found { kills, ..Found::default() };
    for run in 0..kills {
        let acknowledged = kill(&file, run);
        look(&file, run, &acknowledged, &mut found);
    }
    look_at_all(&file, &mut found);
    println!("{found}");
    if found.lost + found.torn == 0 && found.acknowledged != 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What came to light.
#[derive(Debug, Default)]
struct Found {
    kills: u32,
    /// Messages that were acknowledged.
    acknowledged: u64,
    /// Acknowledged messages of which nothing is there.
    lost: u64,
    /// Messages of which a part is there, and damage to the file.
    torn: u64,
    /// Accounts that must be there in the end.
    accounts: u64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, acknowledged, lost, torn, .. } = self;
        write!(f, "kills {kills} acknowledged {acknowledged} lost {lost} torn {torn}")
    }
}

// ── The child ────────────────────────────────────────────────────────────────────────────────────

/// A group is an account with two tasks, which four messages create, change and delete. Messages of a thread
/// count from 0, so message `n` is about group `n / 4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    run: u32,
    thread: u128,
    number: u64,
}

impl Group {
    /// The account is part 0; parts 1 and 2 are its tasks.
    fn id(self, part: u128) -> Uuid {
        let Self { run, thread, number } = self;
        Uuid::from_u128(
            part << 120 | u128::from(run) << 80 | thread << 64 | (u128::from(number) + 1),
        )
    }

    fn account(self) -> EntityReference {
        EntityReference::new("account", self.id(0))
    }

    /// Whether its last message deletes it.
    fn goes(self) -> bool {
        self.number % 2 == 1
    }
}

fn catalog() -> Catalog {
    support::bare().check().unwrap()
}

fn write_until_killed(file: &Path, run: u32) -> ! {
    let engine = Engine::builder(catalog()).store(Sqlite::open(file).unwrap());
    let on = |message| Step::on(message, "account").at(Stage::PostOperation);
    let engine = engine
        .step(on(Message::Create).run("create-tasks", |ctx: &mut Context| with_tasks(ctx, true)))
        .step(on(Message::Update).run("mark-tasks", |ctx: &mut Context| with_tasks(ctx, false)))
        .build()
        .unwrap();
    say("go");
    for thread in 0..THREADS {
        let engine = engine.clone();
        thread::spawn(move || {
            for message in 0.. {
                let group = Group { run, thread, number: message / 4 };
                send(&engine, group, message).unwrap();
                say(&format!("{thread} {message}"));
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

fn send(engine: &Engine, group: Group, message: u64) -> Result<(), Error> {
    let mark = i64::try_from(message).unwrap();
    match message % 4 {
        0 => {
            let mut account = engine.record("account")?.with("employees", mark)?;
            account.identify(group.id(0));
            engine.create(account).map(drop)
        }
        3 if group.goes() => engine.delete(&group.account()),
        _ => {
            let change = engine.change(&group.account())?.with("employees", mark)?;
            engine.update(change).map(drop)
        }
    }
}

/// Gives the tasks of an account its mark, in its transaction.
fn with_tasks(ctx: &mut Context, is_new: bool) -> Result<(), Fault> {
    let target = ctx.target().ok_or_else(|| Fault::failed("no target"))?.clone();
    let account = target.reference().ok_or_else(|| Fault::failed("no identity"))?;
    let mark = target.get("employees").and_then(Value::as_whole_number).unwrap_or_default();
    let service = ctx.service();
    for part in [1, 2] {
        let id = Uuid::from_u128(account.id.as_u128() | part << 120);
        let mut task = service.record("task")?.with("subject", mark.to_string())?;
        task.identify(id);
        if is_new {
            service.create(task.with("regardingobjectid", &account)?)?;
        } else {
            service.update(task)?;
        }
    }
    Ok(())
}

// ── The parent ───────────────────────────────────────────────────────────────────────────────────

/// Starts the child and kills it. Answers the last acknowledged message of each thread.
fn kill(file: &Path, run: u32) -> Vec<Option<u64>> {
    let mut child = Command::new(env::current_exe().unwrap())
        .env(FILE, file)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "go");
    let reader = thread::spawn(move || {
        let mut last = vec![None; usize::try_from(THREADS).unwrap()];
        for line in lines.map_while(Result::ok) {
            let (thread, message) = line.split_once(' ').unwrap();
            *last.get_mut(thread.parse::<usize>().unwrap()).unwrap() = message.parse::<u64>().ok();
        }
        last
    });
    // Any moment will do: what protects hash maps from chosen keys is a die at hand.
    let die = RandomState::new().build_hasher().finish();
    thread::sleep(Duration::from_millis(die % 250));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// What is there of a group: its mark, if it is there at all, or an error where only a part is.
type State = Result<Option<u64>, ()>;

fn look(file: &Path, run: u32, acknowledged: &[Option<u64>], found: &mut Found) {
    let store = Sqlite::open(file).unwrap();
    let catalog = catalog();
    store.adopt(&catalog).unwrap();
    let mut reader = store.snapshot().unwrap();
    for (thread, last) in (0..THREADS).zip(acknowledged) {
        // How many messages of the thread came to an end, and whether one more may have.
        let done = last.map_or(0, |it| it + 1);
        found.acknowledged += done;
        let groups: Vec<Group> =
            (0..=done / 4).map(|number| Group { run, thread, number }).collect();
        let states: Vec<State> =
            groups.iter().map(|it| state(&mut *reader, &catalog, *it)).collect();
        let after = |done: u64| groups.iter().map(|it| Ok(expected(*it, done))).collect::<Vec<_>>();
        if states != after(done) && states != after(done + 1) {
            let torn = states.iter().filter(|it| it.is_err()).count() as u64;
            found.torn += torn;
            found.lost += u64::from(torn == 0);
        }
        found.accounts += states.iter().filter(|it| matches!(it, Ok(Some(_)))).count() as u64;
    }
}

/// The mark that a group has after so many messages of its thread; `None` where it is not there.
fn expected(group: Group, done: u64) -> Option<u64> {
    let last = done.checked_sub(1)?.min(group.number * 4 + 3);
    if last < group.number * 4 || (group.goes() && last % 4 == 3) { None } else { Some(last) }
}

fn state(reader: &mut dyn Reader, catalog: &Catalog, group: Group) -> State {
    let mut read = |entity: &str, part| {
        reader.retrieve(catalog.entity(entity).unwrap(), group.id(part)).unwrap()
    };
    let parts = [read("account", 0), read("task", 1), read("task", 2)];
    let mark = |it: &Record| match it.get("employees").or(it.get("subject")) {
        Some(Value::Text(text)) => text.parse().ok(),
        value => value.and_then(Value::as_whole_number).and_then(|it| u64::try_from(it).ok()),
    };
    let marks = parts.each_ref().map(|it| it.as_ref().and_then(mark));
    match marks {
        [account, one, two] if account == one && one == two => Ok(account),
        _ => Err(()),
    }
}

/// Whether nothing is there that should not be, and the file is sound.
fn look_at_all(file: &Path, found: &mut Found) {
    let store = Sqlite::open(file).unwrap();
    let catalog = catalog();
    store.adopt(&catalog).unwrap();
    found.torn += store.check_integrity().unwrap().len() as u64;
    let mut reader = store.snapshot().unwrap();
    let mut count = |entity| {
        let query = Query::new(entity).top(0).with_total();
        let plan = rulegate::record::QueryPlan::new(&query, &catalog).unwrap();
        reader.query(&plan).unwrap().total.unwrap()
    };
    found.torn += count("account").abs_diff(found.accounts);
    found.torn += count("task").abs_diff(found.accounts * 2);
}
