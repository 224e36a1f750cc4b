//! Files of the SQLite store: what is refused, what it says then, and what a file keeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use insta::assert_snapshot;
use rulegate::Value;
use rulegate::store::{Store, StoreError};
use rulegate_sqlite::{Options, Sqlite};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{BriefSqlite, World};

/// What is said of a file, whose folder has another name each time.
fn refusal(path: &Path) -> String {
    let error = Sqlite::open(path).unwrap_err().to_string();
    error.replace(&*path.parent().unwrap().to_string_lossy(), "DIR")
}

/// A folder, and a file in it.
fn file(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// A store that waits for nobody for long.
fn impatient() -> BriefSqlite {
    BriefSqlite::with(Options { patience: Duration::from_millis(50), ..Options::default() })
}

/// The error, without the name of the folder.
fn said(store: &BriefSqlite, error: &StoreError) -> String {
    error.to_string().replace(&*store.path().parent().unwrap().to_string_lossy(), "DIR")
}

#[test]
fn a_file_of_another_program_is_refused_and_stays_as_it_is() {
    let (_folder, text) = file("letter.txt");
    fs::write(&text, "Dear Sir or Madam,\n".repeat(500)).unwrap();
    let (_other_folder, database) = file("their.db");
    let theirs = Connection::open(&database).unwrap();
    theirs.execute_batch("CREATE TABLE account (name TEXT)").unwrap();
    drop(theirs);

    for path in [text, database] {
        let before = fs::read(&path).unwrap();
        let refused = refusal(&path);
        assert!(refused.contains("no store of records: name another file"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), before);
        let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing is left beside it");
    }
}

#[test]
fn a_file_of_a_newer_program_is_refused_and_stays_as_it_is() {
    let store = BriefSqlite::new();
    let path = store.path();
    let keep = store.folder;
    drop(store.inner);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();

    assert_snapshot!(refusal(&path), @"the database failed: `DIR/records.db` has format 7, and this program knows those up to 1: use a newer program");
    assert_eq!(fs::read(&path).unwrap(), before);
    drop(keep);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let (folder, path) = file("missing/records.db");
    assert_snapshot!(Sqlite::open(&path).unwrap_err().to_string().replace(&*folder.path().to_string_lossy(), "DIR"), @"the database failed: `DIR/missing/records.db` cannot be opened: unable to open database file: DIR/missing/records.db; see that its folder exists and can be written to");

    let (_folder, path) = file("records.db");
    fs::create_dir(&path).unwrap();
    assert_snapshot!(refusal(&path), @"the database failed: `DIR/records.db` cannot be opened: it is a folder; see that its folder exists and can be written to");

    let store = BriefSqlite::new();
    let path = store.path();
    drop(store.inner);
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_snapshot!(refusal(&path), @"the database failed: `DIR/records.db` is read-only: give write permission to the file and its folder");
}

#[test]
fn an_empty_file_becomes_a_store() {
    let (_folder, path) = file("records.db");
    fs::write(&path, "").unwrap();
    let store = Sqlite::open(&path).unwrap();
    let world = World::new(&store);

    world.insert(&store, 1, &[]);

    assert!(world.read(&store, 1).is_some());
}

#[test]
fn a_locked_file_says_so_and_serves_readers() {
    let store = impatient();
    let world = World::new(&store);
    world.insert(&store, 1, &[]);
    let other = Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let error = world.update(&store, 1, &[("name", "A".into())]).unwrap_err();

    assert_snapshot!(said(&store, &error), @"the database failed: `DIR/records.db` is locked by another program: end what that writes, and try again");
    assert!(world.read(&store, 1).is_some(), "readers do not wait");
    other.execute_batch("ROLLBACK").unwrap();
    world.update(&store, 1, &[("name", "A".into())]).unwrap();
}

#[test]
fn who_waits_too_long_for_others_is_told() {
    let store = impatient();
    let world = World::new(&store);
    let mut tx = store.begin().unwrap();
    tx.insert(&world.record(1, &[])).unwrap();

    let waited = std::thread::scope(|scope| {
        scope.spawn(|| world.update(&store, 1, &[])).join().unwrap().unwrap_err()
    });
    let own = world.update(&store, 1, &[]).unwrap_err();

    assert_snapshot!(waited, @"the database failed: another message has been writing for 0.05 s: see what holds its rules up, or be more patient");
    assert_snapshot!(own, @"the database failed: this thread writes in a transaction and would wait for its own end: send the message through the service of the hook");
    tx.commit().unwrap();
    world.update(&store, 1, &[]).unwrap();
}

#[test]
fn a_full_file_undoes_the_write_and_keeps_the_rest() {
    let store = BriefSqlite::with(Options { size_limit: Some(512 * 1024), ..Options::default() });
    let world = World::new(&store);
    let long = Value::from("x".repeat(1_900));
    let mut kept = 0;
    let error = loop {
        let mut tx = store.begin().unwrap();
        let values = [("description", long.clone())];
        let written = tx.insert(&world.record(kept + 1, &values));
        match written.and_then(|_| tx.commit()) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 10_000, "the limit has no effect");
    };

    assert_snapshot!(said(&store, &error), @"the database failed: `DIR/records.db` cannot grow: make room on its disk, or raise the size limit; the write was undone");
    assert!(10 < kept, "{kept}");
    assert!(world.read(&store, kept).is_some() && world.read(&store, kept + 1).is_none());
    assert_eq!(store.inner.check_integrity().unwrap(), [""; 0]);
    world.update(&store, 1, &[("description", Value::Null)]).unwrap();
}

#[test]
fn a_disk_that_fails_says_so_and_then_serves_again() {
    let disk = disk::Disk::register("a disk that fails").unwrap();
    let vfs = Some("a disk that fails".to_owned());
    let store = BriefSqlite::with(Options { vfs, ..Options::default() });
    let world = World::new(&store);
    world.insert(&store, 1, &[("name", "A".into())]);

    disk.break_down(disk::Fault::Always, 0);
    let broken = world.update(&store, 1, &[("name", "B".into())]).unwrap_err();
    disk.break_down(disk::Fault::Full, 0);
    let full = world.update(&store, 1, &[("name", "B".into())]).unwrap_err();
    disk.mend();

    assert_snapshot!(said(&store, &broken), @"the database failed: `DIR/records.db` cannot be read or written: disk I/O error (SQLite's error 5130); see that its disk is there and sound, and try again");
    assert_snapshot!(said(&store, &full), @"the database failed: `DIR/records.db` cannot grow: make room on its disk, or raise the size limit; the write was undone");
    assert_eq!(world.read(&store, 1).unwrap().get("name"), Some(&"A".into()));
    world.update(&store, 1, &[("name", "B".into())]).unwrap();
    assert_eq!(world.read(&store, 1).unwrap().get("name"), Some(&"B".into()));
}

#[test]
fn a_store_that_opens_writes_into_a_log_whatever_failed_before() {
    let disk = disk::Disk::register("fails while it opens").unwrap();
    for call in 0.. {
        let (_folder, path) = file("records.db");
        let vfs = Some("fails while it opens".to_owned());
        let options = Options { vfs, ..Options::default() };
        disk.break_down(disk::Fault::Once, call);
        let opened = (0..3).find_map(|_| Sqlite::open_with(&path, options.clone()).ok());
        let failed = disk.mend();

        let _store = opened.unwrap();
        let other = Connection::open(&path).unwrap();
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mode = other.pragma_query_value(None, "journal_mode", read).unwrap();
        assert_eq!(mode, "wal", "call {call}");
        if failed == 0 {
            assert!(20 < call, "the disk was hardly asked");
            return;
        }
    }
}

#[test]
fn a_vfs_that_nobody_registered_is_refused() {
    let (folder, path) = file("records.db");
    let options = Options { vfs: Some("nobody's".to_owned()), ..Options::default() };

    let refused = Sqlite::open_with(&path, options).unwrap_err();

    assert_snapshot!(refused, @"the database failed: `nobody's` is no VFS that SQLite knows: register it before the store is opened");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
}

#[test]
fn a_damaged_file_says_so() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    for id in 1..=300 {
        world.insert(&store, id, &[("description", "x".repeat(500).into())]);
    }
    let (path, _folder) = (store.path(), store.folder);
    drop(store.inner);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xA5);
    fs::write(&path, bytes).unwrap();

    let opened = Sqlite::open(&path).and_then(|store| {
        store.adopt(&world.catalog)?;
        let mut reader = store.snapshot()?;
        (1..=300)
            .try_for_each(|id| reader.retrieve(&world.account, uuid::Uuid::from_u128(id)).map(drop))
    });

    let error = opened.unwrap_err().to_string();
    assert!(error.contains("is damaged") && error.contains("restore a copy"), "{error}");
}

#[test]
fn a_file_keeps_its_records_and_versions_go_on() {
    let mut store = BriefSqlite::new();
    let world = World::new(&store);
    world.insert(&store, 1, &[("name", "A".into())]);
    let before = world.update(&store, 1, &[("employees", 7.into())]).unwrap();

    store.inner = Sqlite::open(store.path()).unwrap();
    let world = World::new(&store);

    let record = world.read(&store, 1).unwrap();
    assert_eq!((record.get("name"), record.version()), (Some(&"A".into()), Some(before)));
    assert!(before < world.update(&store, 1, &[]).unwrap());
}

#[test]
fn two_stores_on_one_file_lose_no_update() {
    let one = BriefSqlite::new();
    let two = Sqlite::open(one.path()).unwrap();
    let world = World::new(&one);
    world.insert(&one, 1, &[("employees", 1.into())]);

    let mut tx = one.begin().unwrap();
    tx.retrieve(&world.account, uuid::Uuid::from_u128(1)).unwrap();
    world.update(&two, 1, &[("employees", 2.into())]).unwrap();
    let met = tx.update(&world.record(1, &[("employees", 3.into())])).unwrap_err();

    assert!(matches!(met, StoreError::Conflict), "{met}");
    assert_eq!(world.read(&one, 1).unwrap().get("employees"), Some(&2.into()));
}

#[test]
fn other_tools_can_read_the_tables() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    let money: rust_decimal::Decimal = "12.50".parse().unwrap();
    let id = uuid::Uuid::from_u128(1);
    let thing = rulegate::Record::of(&world.thing, id);
    let thing = thing.with("text", "A").unwrap().with("money", money).unwrap();
    let moment: chrono::DateTime<chrono::Utc> = "2026-01-31T09:00:00Z".parse().unwrap();
    let lookup = rulegate::EntityReference::new("account", id);
    let thing = thing.with("moment", moment).unwrap().with("lookup", lookup).unwrap();
    let mut tx = store.begin().unwrap();
    tx.insert(&thing).unwrap();
    tx.commit().unwrap();

    let other = Connection::open(store.path()).unwrap();
    let sql = "SELECT hex(thingid), text, money, moment, hex(lookup), lookup$type FROM thing";
    let read = |index| other.query_row(sql, [], |row| row.get::<_, String>(index)).unwrap();

    let expected = [
        "00000000000000000000000000000001",
        "A",
        "12.50",
        "2026-01-31T09:00:00",
        "00000000000000000000000000000001",
        "account",
    ];
    assert_eq!([0, 1, 2, 3, 4, 5].map(read), expected);
}
