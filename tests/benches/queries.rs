//! What reading and writing in bulk costs: messages on a SQLite file, beside the same statements written by hand.
//!
//! `cargo bench --package tests --bench queries -- 100000` prints medians and their ratios, with so many records
//! in the file; a word behind it (`get`, `children`, `batch`) has that figure alone. Both sides work on files of
//! the same schema and the same records, in turns, so that only the ratios mean something. By hand, amounts and
//! moments stay the texts that they are in the file.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run has nothing to say, and says the rest on the terminal"
)]

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use rulegate::message::{CreateMultiple, RetrieveMultiple};
use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
use rulegate::{
    Catalog, Engine, EntityReference, OrganizationService, Query, Record, Response, Value,
};
use rulegate_sqlite::{Durability, Options, Sqlite};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row, params};
use rust_decimal::Decimal;
use support::{median, timed};
use uuid::Uuid;

/// How many records the file has, unless an argument says otherwise.
const RECORDS: u64 = 100_000;
/// How many records point at the same one.
const CHILDREN: u64 = 10;
/// How often the sides take turns, and how much each does in its turn: so little that most turns are not cut in two by
/// others who want the processor.
const ROUNDS: usize = 1_000;
const READS: u64 = 10;
const BATCHES: usize = 21;
/// How many records a batch creates.
const BATCH: u64 = 1_000;

const INSERT: &str = "INSERT INTO item (itemid, \"row$version\", parentid, \"parentid$type\", name, \
    memo, pieces, weight, price, rate, soldon, isopen, kind) \
    VALUES (?, ?, ?, 'parent', ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const COLUMNS: &str = "itemid, \"row$version\", parentid, \"parentid$type\", name, memo, pieces, \
    weight, price, rate, soldon, isopen, kind";

fn main() {
    let records = env::args().skip(1).find_map(|it| it.parse().ok()).unwrap_or(RECORDS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.db");
    fill(&path, records);
    let wanted = |it: &str| {
        let words: Vec<String> = env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
        words.get(1).is_none_or(|word| word == it)
    };
    if wanted("get") {
        gets(&path, records);
    }
    if wanted("children") {
        all_children(&path, records);
    }
    for durability in [Durability::Full, Durability::Normal] {
        if wanted("batch") {
            batches(&path, records, durability);
        }
    }
}

fn catalog() -> Catalog {
    let parent = EntityDefinition::new("parent").attribute("name", AttributeType::text(160));
    let item = EntityDefinition::new("item")
        .attribute("parentid", AttributeType::lookup(["parent"]))
        .attribute("name", AttributeType::text(160))
        .attribute("memo", AttributeType::text(2_000))
        .attribute("pieces", AttributeType::whole_number(0, 1_000_000))
        .attribute("weight", AttributeType::whole_number(0, 1_000_000))
        .attribute("price", AttributeType::money(0, 1_000_000))
        .attribute("rate", AttributeType::Double { min: 0.0, max: 1e6, precision: 5 })
        .attribute("soldon", AttributeType::moment())
        .attribute("isopen", AttributeType::boolean())
        .attribute("kind", AttributeType::choice([(1, "one"), (2, "two"), (3, "three")]));
    CatalogDraft::default().entity(parent).entity(item).check().unwrap()
}

fn engine(path: &Path, durability: Durability) -> Engine {
    let store = Sqlite::open_with(path, Options { durability, ..Options::default() }).unwrap();
    Engine::builder(catalog()).store(store).build().unwrap()
}

/// A file that the store has made, with records that are written by hand, since that is quick.
fn fill(path: &Path, records: u64) {
    drop(engine(path, Durability::Normal));
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN").unwrap();
    let sql = "INSERT INTO parent (parentid, \"row$version\", name) VALUES (?, 1, 'Acme')";
    let mut parent = connection.prepare(sql).unwrap();
    for number in 0..=(records + BATCH * BATCHES as u64) / CHILDREN {
        parent.execute(params![parent_id(number).as_bytes()]).unwrap();
    }
    (0..records).for_each(|it| insert(&connection, it));
    connection.execute("UPDATE \"rulegate$state\" SET version = 1000000000", []).unwrap();
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn parent_id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number) << 64)
}

fn item_id(number: u64) -> Uuid {
    Uuid::from_u128((u128::from(number) << 64) + 1)
}

fn name(number: u64) -> String {
    format!("Item number {number:08}")
}

fn memo(number: u64) -> String {
    format!("{number:0100}")
}

/// Writes a record by hand.
fn insert(connection: &Connection, number: u64) {
    let mut statement = connection.prepare_cached(INSERT).unwrap();
    let whole = i64::try_from(number).unwrap();
    statement
        .execute(params![
            item_id(number).as_bytes(),
            whole + 1,
            parent_id(number / CHILDREN).as_bytes(),
            name(number),
            memo(number),
            whole % 1_000,
            whole % 777,
            format!("{}.50", whole % 10_000),
            1.5,
            "2026-01-31T09:00:00",
            true,
            whole % 3 + 1,
        ])
        .unwrap();
}

/// The same record for the engine.
fn record(engine: &Engine, number: u64) -> Record {
    let whole = i64::try_from(number).unwrap();
    let mut record = engine.record("item").unwrap();
    record.identify(item_id(number));
    let parent = EntityReference::new("parent", parent_id(number / CHILDREN));
    let values: [(&str, Value); 10] = [
        ("parentid", parent.into()),
        ("name", name(number).into()),
        ("memo", memo(number).into()),
        ("pieces", (whole % 1_000).into()),
        ("weight", (whole % 777).into()),
        ("price", Value::Decimal(Decimal::new(whole % 10_000 * 100 + 50, 2))),
        ("rate", 1.5.into()),
        ("soldon", Value::Moment("2026-01-31T09:00:00Z".parse().unwrap())),
        ("isopen", true.into()),
        ("kind", Value::Choice(i32::try_from(whole % 3 + 1).unwrap())),
    ];
    for (name, value) in values {
        record.set(name, value).unwrap();
    }
    record
}

/// What one who writes by hand makes of a row.
#[expect(dead_code, reason = "it is made, as a program would that needs it")]
struct Item {
    id: Uuid,
    version: i64,
    parent: Uuid,
    parent_type: String,
    name: String,
    memo: String,
    pieces: i64,
    weight: i64,
    price: String,
    rate: f64,
    soldon: String,
    isopen: bool,
    kind: i64,
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: Uuid::from_bytes(row.get(0)?),
        version: row.get(1)?,
        parent: Uuid::from_bytes(row.get(2)?),
        parent_type: row.get(3)?,
        name: row.get(4)?,
        memo: row.get(5)?,
        pieces: row.get(6)?,
        weight: row.get(7)?,
        price: row.get(8)?,
        rate: row.get(9)?,
        soldon: row.get(10)?,
        isopen: row.get(11)?,
        kind: row.get(12)?,
    })
}

#[inline(never)]
fn get(engine: &Engine, number: u64) {
    let target = EntityReference::new("item", item_id(number));
    black_box(engine.retrieve(&target).unwrap());
}

#[inline(never)]
fn get_by_hand(connection: &Connection, number: u64) {
    let sql = format!("SELECT {COLUMNS} FROM item WHERE itemid = ?");
    let mut statement = connection.prepare_cached(&sql).unwrap();
    black_box(statement.query_row([item_id(number).as_bytes()], item).unwrap());
}

#[inline(never)]
fn children(engine: &Engine, number: u64) {
    let parent = EntityReference::new("parent", parent_id(number / CHILDREN));
    let query = Query::new("item").equal("parentid", parent);
    let found = engine.execute(RetrieveMultiple { query }.into()).unwrap();
    let Response::Found(page) = black_box(found) else { return };
    assert_eq!(page.records.len() as u64, CHILDREN);
}

#[inline(never)]
fn children_by_hand(connection: &Connection, number: u64) {
    let sql = format!("SELECT {COLUMNS} FROM item WHERE parentid = ? ORDER BY itemid");
    let mut statement = connection.prepare_cached(&sql).unwrap();
    let parent = parent_id(number / CHILDREN);
    let found = statement.query_map([parent.as_bytes()], item).unwrap();
    let found: Vec<Item> = found.collect::<rusqlite::Result<_>>().unwrap();
    assert_eq!(black_box(found).len() as u64, CHILDREN);
}

fn gets(path: &Path, records: u64) {
    let (engine, hand) = both(path);
    compare(&format!("get, {records} records"), ROUNDS, |round| {
        (
            each(round, records, |it| get(&engine, it)),
            each(round, records, |it| get_by_hand(&hand, it)),
        )
    });
}

fn all_children(path: &Path, records: u64) {
    let (engine, hand) = both(path);
    compare(&format!("children of a lookup, {records} records"), ROUNDS, |round| {
        (
            each(round, records, |it| children(&engine, it)),
            each(round, records, |it| children_by_hand(&hand, it)),
        )
    });
}

fn both(path: &Path) -> (Engine, Connection) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let engine = engine(path, Durability::Full);
    let hand = Connection::open_with_flags(path, flags).unwrap();
    // As the store does. Without it, a search over the index of a lookup costs by hand twice as much.
    hand.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    (engine, hand)
}

/// How long one of the reads of a round takes.
fn each(round: usize, records: u64, read: impl Fn(u64)) -> Duration {
    let numbers = (0..READS).map(|it| scattered(it + READS * round as u64, records));
    timed(|| numbers.for_each(read)) / u32::try_from(READS).unwrap()
}

/// Batches in one transaction each, on a copy of the file for each side.
fn batches(path: &Path, records: u64, durability: Durability) {
    let folder = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["engine.db", "hand.db"].map(|it| folder.path().join(it));
    for copy in [&ours, &theirs] {
        fs::copy(path, copy).unwrap();
    }
    let engine = engine(&ours, durability);
    let hand = Connection::open(&theirs).unwrap();
    let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
    let mode = "PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536; \
                PRAGMA wal_autocheckpoint = 8000; PRAGMA synchronous = ";
    hand.execute_batch(&format!("{mode}{synchronous}")).unwrap();
    compare(
        &format!("{BATCH} creates in a transaction, {durability:?}, {records} records"),
        BATCHES,
        |round| {
            let first = records + BATCH * round as u64;
            let numbers = first..first + BATCH;
            let targets = numbers.clone().map(|it| record(&engine, it)).collect();
            let request = CreateMultiple { targets };
            let ours = timed(|| drop(black_box(engine.execute(request.into()).unwrap())));
            (ours, timed(|| batch_by_hand(&hand, numbers)))
        },
    );
}

fn batch_by_hand(connection: &Connection, numbers: std::ops::Range<u64>) {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    numbers.for_each(|it| insert(connection, it));
    connection.execute_batch("COMMIT").unwrap();
}

/// A number below `records`, another for each index.
fn scattered(index: u64, records: u64) -> u64 {
    index.wrapping_mul(6_364_136_223_846_793_005) % records
}

fn compare(what: &str, rounds: usize, mut round: impl FnMut(usize) -> (Duration, Duration)) {
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..rounds).map(&mut round).unzip();
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("{what}: {ours:.1?} by hand {theirs:.1?} ratio {ratio:.2}");
}
