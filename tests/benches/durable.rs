//! What durability costs: messages on a SQLite file, beside the same rows written by hand.
//!
//! `cargo bench --package tests --bench durable` prints medians and their ratios. Both sides write into files of
//! the same schema on the same disk, in turns, so that only the ratios mean something.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run has nothing to say, and says the rest on the terminal"
)]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
use rulegate::{Catalog, Context, Engine, Message, OrganizationService, Stage, Step};
use rulegate_sqlite::{Durability, Options, Sqlite};
use rusqlite::{Connection, params};
use uuid::Uuid;

/// How many messages a figure is the median of.
const MESSAGES: usize = 400;
/// How many clients write at once.
const CLIENTS: usize = 16;
/// How long they do.
const WHILE: Duration = Duration::from_secs(3);

fn main() {
    for durability in [Durability::Full, Durability::Normal] {
        for rules in [0, 3] {
            one_client(durability, rules);
        }
    }
    many_clients();
}

fn catalog() -> Catalog {
    let account = EntityDefinition::new("account")
        .attribute("name", AttributeType::text(160))
        .attribute("employees", AttributeType::whole_number(0, 1_000_000));
    CatalogDraft::default().entity(account).check().unwrap()
}

fn engine(path: &Path, durability: Durability, rules: usize) -> Engine {
    let store = Sqlite::open_with(path, Options { durability, ..Options::default() }).unwrap();
    let step = |index: usize| {
        Step::on(Message::Create, "account").at(Stage::PreOperation).run(
            format!("rule-{index}"),
            |ctx: &mut Context| {
                if ctx.target().is_some_and(|it| it.has("name")) {
                    ctx.target_mut()?.set("employees", 12)?;
                }
                Ok(())
            },
        )
    };
    let builder = Engine::builder(catalog()).store(store);
    (0..rules).fold(builder, |it, index| it.step(step(index))).build().unwrap()
}

/// A connection on a file of the same schema, which the store has made.
fn by_hand(path: &Path, durability: Durability) -> Connection {
    drop(engine(path, durability, 0));
    let connection = Connection::open(path).unwrap();
    let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    connection
}

fn create(engine: &Engine) {
    let record = engine.record("account").unwrap().with("name", "Acme").unwrap();
    engine.create(record.with("employees", 12).unwrap()).unwrap();
}

fn insert(connection: &Connection, version: u64) {
    let version = i64::try_from(version).unwrap();
    connection.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
    let sql =
        "INSERT INTO account (accountid, \"row$version\", name, employees) VALUES (?, ?, ?, ?)";
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.execute(params![Uuid::now_v7().as_bytes(), version, "Acme", 12]).unwrap();
    connection.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
}

fn one_client(durability: Durability, rules: usize) {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder.path().join("engine.db"), durability, rules);
    let hand = by_hand(&folder.path().join("hand.db"), durability);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for index in 0..MESSAGES {
        ours.push(timed(|| create(&engine)));
        theirs.push(timed(|| insert(&hand, u64::try_from(index).unwrap())));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "{durability:?}, one client, {rules} rules: {ours:?} by hand {theirs:?} ratio {ratio:.2}"
    );
}

/// Many clients of one engine, and as many threads with a connection each.
fn many_clients() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder.path().join("engine.db"), Durability::Full, 0);
    let path = folder.path().join("hand.db");
    drop(by_hand(&path, Durability::Full));
    let ours = throughput(|| {
        let engine = engine.clone();
        move |_| create(&engine)
    });
    let theirs = throughput(|| {
        let connection = by_hand(&path, Durability::Full);
        move |version| insert(&connection, version)
    });
    let ratio = ours / theirs;
    println!("Full, {CLIENTS} clients: {ours:.0}/s by hand {theirs:.0}/s ratio {ratio:.2}");
}

/// How many messages a second all clients send together.
fn throughput<W: FnMut(u64) + Send>(mut client: impl FnMut() -> W) -> f64 {
    let count = AtomicU64::new(0);
    let clients: Vec<W> = (0..CLIENTS).map(|_| client()).collect();
    let began = Instant::now();
    thread::scope(|scope| {
        for mut write in clients {
            let count = &count;
            scope.spawn(move || {
                while began.elapsed() < WHILE {
                    write(count.fetch_add(1, Ordering::Relaxed));
                }
            });
        }
    });
    f64::from(u32::try_from(count.into_inner()).unwrap()) / began.elapsed().as_secs_f64()
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
