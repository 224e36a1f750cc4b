//! What durability costs: messages on a SQLite file, beside the same rows written by hand.
//!
//! `cargo bench --package tests --bench durable` prints medians and their ratios; with names behind `--`, only
//! those of `create`, `pipeline` and `clients`. Both sides write into files of the same schema on the same disk, in
//! turns, so that only the ratios mean something.

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
use rulegate::{Catalog, Context, Engine, Message, OrganizationService, Stage, Step, Value};
use rulegate_sqlite::{Durability, Options, Sqlite};
use rusqlite::{Connection, params};
use support::{median, timed};
use uuid::Uuid;

/// How many messages a figure is the median of.
const MESSAGES: u64 = 400;
/// How many clients write at once.
const CLIENTS: usize = 16;
/// How long they do.
const WHILE: Duration = Duration::from_secs(3);

/// What a benchmark measures.
type Case = fn();

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let cases: [(&str, Case); 3] =
        [("create", creates), ("pipeline", pipelines), ("clients", many_clients)];
    for (name, case) in cases {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            case();
        }
    }
}

const DURABILITIES: [Durability; 2] = [Durability::Full, Durability::Normal];

fn creates() {
    for durability in DURABILITIES {
        for rules in [0, 3] {
            one_client(durability, rules);
        }
    }
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
    connect(path, durability)
}

fn connect(path: &Path, durability: Durability) -> Connection {
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
    let id = Uuid::from_u128(u128::from(version)); // In order of creation, as those of the engine.
    let version = i64::try_from(version).unwrap();
    connection.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
    let sql =
        "INSERT INTO account (accountid, \"row$version\", name, employees) VALUES (?, ?, ?, ?)";
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.execute(params![id.as_bytes(), version, "Acme", 12]).unwrap();
    connection.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
}

fn one_client(durability: Durability, rules: usize) {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder.path().join("engine.db"), durability, rules);
    let hand = by_hand(&folder.path().join("hand.db"), durability);
    let what = format!("{durability:?}, one client, {rules} rules");
    compare(&what, || create(&engine), |index| insert(&hand, index));
}

/// The medians of both sides, in turns.
fn compare(what: &str, mut ours: impl FnMut(), mut by_hand: impl FnMut(u64)) {
    let (mut us, mut them) = (Vec::new(), Vec::new());
    for index in 0..MESSAGES {
        us.push(timed(&mut ours));
        them.push(timed(|| by_hand(index)));
    }
    let (us, them) = (median(us), median(them));
    let ratio = us.as_secs_f64() / them.as_secs_f64();
    println!("{what}: {us:?} by hand {them:?} ratio {ratio:.2}");
}

/// A shipped account with a parent, three steps, one of which updates the parent, and a job.
fn pipelines() {
    for durability in DURABILITIES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.db");
        let engine = pipeline_engine(&path, durability);
        let account = |name: &str| engine.record("account").unwrap().with("name", name).unwrap();
        let parent = engine.create(account("Parent")).unwrap();
        let child = || {
            let child = account("Child").with("parentaccountid", &parent).unwrap();
            engine.create(child.with("telephone1", "+41 44 668 18 00").unwrap()).unwrap()
        };
        let first = child();

        let hand_path = folder.path().join("hand.db");
        drop(pipeline_engine(&hand_path, durability));
        let rows = Connection::open(&path).unwrap();
        let hand = connect(&hand_path, durability);
        let mut by_hand = PipelineByHand::of(&rows, hand, parent.id, first.id);
        drop(rows);
        let what = format!("{durability:?}, nested update and a job");
        compare(&what, || drop(child()), |index| by_hand.carry(index + 10));
    }
}

fn pipeline_engine(path: &Path, durability: Durability) -> Engine {
    let store = Sqlite::open_with(path, Options { durability, ..Options::default() }).unwrap();
    let on_create = || Step::on(Message::Create, "account");
    Engine::builder(support::shipped_catalog())
        .store(store)
        .step(on_create().at(Stage::PreOperation).run("fill", |ctx: &mut Context| {
            ctx.target_mut()?.set("description", "New")?;
            Ok(())
        }))
        .step(on_create().at(Stage::PostOperation).run("count", |ctx: &mut Context| {
            let parent =
                ctx.target().and_then(|it| it.get("parentaccountid")?.as_lookup().cloned());
            let Some(parent) = parent else { return Ok(()) };
            let stored = ctx.service().retrieve(&parent)?;
            let count = stored.get("numberofemployees").and_then(Value::as_whole_number);
            let change = ctx.service().record("account")?;
            let mut change = change.with("numberofemployees", count.unwrap_or(0) + 1)?;
            change.identify(parent.id);
            ctx.service().update(change)?;
            Ok(())
        }))
        .step(on_create().asynchronous().run("later", |_: &mut Context| Ok(())))
        .build()
        .unwrap()
}

/// The statements of such a message, without an engine around them.
struct PipelineByHand {
    connection: Connection,
    parent: Uuid,
    account: Row,
    job: Row,
}

/// A row that the engine wrote, to be written again under other identities.
struct Row {
    insert: String,
    values: Vec<rusqlite::types::Value>,
}

impl Row {
    /// The row of a table that a condition finds, all that is not null: its identity and its version first.
    fn read(connection: &Connection, table: &str, condition: &str, id: Uuid) -> Self {
        let sql = format!("SELECT * FROM {table} WHERE {condition}");
        let mut statement = connection.prepare(&sql).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([id.as_bytes()]).unwrap();
        let row = rows.next().unwrap().unwrap();
        let values = (0..names.len()).map(|it| row.get_unwrap::<_, rusqlite::types::Value>(it));
        let held = names.iter().zip(values);
        let held = held.filter(|(_, value)| *value != rusqlite::types::Value::Null);
        let (names, values): (Vec<String>, Vec<_>) =
            held.map(|(name, value)| (format!("\"{name}\""), value)).unzip();
        let places = vec!["?"; names.len()].join(", ");
        let insert = format!("INSERT INTO {table} ({}) VALUES ({places})", names.join(", "));
        Self { insert, values }
    }

    fn write(&mut self, connection: &Connection, id: Uuid, version: i64) {
        let [own_id, own_version, ..] = &mut *self.values else { unreachable!("a row has both") };
        *own_id = id.as_bytes().to_vec().into();
        *own_version = version.into();
        let mut statement = connection.prepare_cached(&self.insert).unwrap();
        statement.execute(rusqlite::params_from_iter(&self.values)).unwrap();
    }
}

impl PipelineByHand {
    /// Takes the rows over that the engine wrote for a parent, its first child, and the job of that.
    fn of(rows: &Connection, hand: Connection, parent: Uuid, child: Uuid) -> Self {
        let account = |id| Row::read(rows, "account", "accountid = ?", id);
        account(parent).write(&hand, parent, 1);
        let job = Row::read(rows, "asyncoperation", "regardingobjectid = ?", child);
        Self { connection: hand, parent, account: account(child), job }
    }

    fn carry(&mut self, index: u64) {
        let run = |sql: &str| self.connection.prepare_cached(sql).unwrap().execute([]).unwrap();
        let version = i64::try_from(index).unwrap() * 3;
        let parent = self.parent.as_bytes();
        run("BEGIN IMMEDIATE");
        let mut found =
            self.connection.prepare_cached("SELECT 1 FROM account WHERE accountid = ?").unwrap();
        assert!(found.exists([parent]).unwrap());
        let id = Uuid::from_u128(u128::from(index) << 64);
        self.account.write(&self.connection, id, version);
        let sql = "SELECT numberofemployees FROM account WHERE accountid = ?";
        let mut count = self.connection.prepare_cached(sql).unwrap();
        let count: Option<i64> = count.query_row([parent], |it| it.get(0)).unwrap();
        let sql = "UPDATE account SET \"row$version\" = ?, numberofemployees = ?, modifiedon = ?, \
                   modifiedby = ?, \"modifiedby$type\" = ? WHERE accountid = ?";
        let mut update = self.connection.prepare_cached(sql).unwrap();
        let (on, by) = ("2026-01-15T09:00:00.123456", [7_u8; 16]);
        let count = count.unwrap_or(0) + 1;
        update.execute(params![version + 1, count, on, by, "systemuser", parent]).unwrap();
        self.job.write(&self.connection, id, version + 2);
        run("COMMIT");
    }
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
            let next = move || write(count.fetch_add(1, Ordering::Relaxed));
            scope.spawn(move || until(began + WHILE, next));
        }
    });
    f64::from(u32::try_from(count.into_inner()).unwrap()) / began.elapsed().as_secs_f64()
}

fn until(end: Instant, mut work: impl FnMut()) {
    while Instant::now() < end {
        work();
    }
}
