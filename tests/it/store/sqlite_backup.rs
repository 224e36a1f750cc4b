//! Copies of a SQLite store, made while messages go on, and its upkeep.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use insta::assert_snapshot;
use rulegate::Query;
use rulegate::record::Record;
use rulegate::store::{Store, StoreError};
use rulegate_sqlite::{Options, Sqlite};
use uuid::Uuid;

use super::{BriefSqlite, World};

const THREADS: u128 = 4;

fn beside(store: &BriefSqlite, name: &str) -> PathBuf {
    store.path().with_file_name(name)
}

/// The error, without the name of the folder.
fn said(store: &BriefSqlite, error: &StoreError) -> String {
    error.to_string().replace(&*store.path().parent().unwrap().to_string_lossy(), "DIR")
}

/// The names in the folder of a store.
fn names(store: &BriefSqlite) -> Vec<String> {
    let all = fs::read_dir(store.path().parent().unwrap()).unwrap();
    let mut names: Vec<String> =
        all.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// The accounts of a store, and their versions.
fn accounts(world: &World, store: &dyn Store) -> Vec<(u128, u64)> {
    let query = Query::new("account");
    let page = store.snapshot().unwrap().query(&world.plan(&query)).unwrap();
    assert!(!page.has_more, "more than a page");
    let pair = |it: &Record| (it.id().unwrap().as_u128(), it.version().unwrap());
    let mut all: Vec<_> = page.records.iter().map(pair).collect();
    all.sort_unstable_by_key(|it| it.1);
    all
}

/// Commits two accounts together, and counts them.
fn insert_pair(world: &World, store: &dyn Store, id: u128, acknowledged: &AtomicU64) {
    let mut tx = store.begin().unwrap();
    let text = [("description", "x".repeat(1_000).into())];
    tx.insert(&world.record(id, &text)).unwrap();
    tx.insert(&world.record(id + 1, &text)).unwrap();
    tx.commit().unwrap();
    acknowledged.fetch_add(2, Ordering::SeqCst);
}

/// A store with many accounts in it.
fn filled() -> (BriefSqlite, World) {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    let mut tx = store.begin().unwrap();
    for id in 1..=600 {
        tx.insert(&world.record(id, &[("description", "x".repeat(1_500).into())])).unwrap();
    }
    tx.commit().unwrap();
    (store, world)
}

#[test]
fn a_backup_under_load_holds_the_first_commits_and_each_of_them_whole() {
    let store = BriefSqlite::with(Options::default());
    let world = World::new(&store);
    let copies = ["1.db", "2.db", "3.db"].map(|it| beside(&store, it));
    let acknowledged = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);

    let before = std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, world, acknowledged, is_over) = (&store, &world, &acknowledged, &is_over);
            scope.spawn(move || {
                let go_on = |_: &u128| !is_over.load(Ordering::SeqCst);
                let ids = (0..200).map(|it| thread * 10_000 + it * 2 + 1);
                ids.take_while(go_on).for_each(|it| insert_pair(world, store, it, acknowledged));
            });
        }
        let before = copies.each_ref().map(|copy| {
            while acknowledged.load(Ordering::SeqCst) < 40 {
                std::thread::yield_now();
            }
            let before = acknowledged.load(Ordering::SeqCst);
            store.inner.back_up_to(copy).map(|()| before)
        });
        is_over.store(true, Ordering::SeqCst); // Before anything can fail: the others wait for it.
        before
    });

    let all = accounts(&world, &store);
    for (copy, before) in copies.iter().zip(before) {
        let copy = Sqlite::open(copy).unwrap();
        copy.adopt(&world.catalog).unwrap();
        let found = accounts(&world, &copy);
        // Versions are given out in the order of commits: a part of them from the first on leaves none out.
        assert_eq!(found, all[..found.len()]);
        assert!(
            before.unwrap() <= u64::try_from(found.len()).unwrap(),
            "an acknowledged one is missing"
        );
        assert_eq!(found.len() % 2, 0, "half of a commit");
        assert_eq!(copy.check_integrity().unwrap(), [""; 0]);
    }
}

#[test]
fn a_backup_waits_for_no_writer_and_has_nothing_of_what_is_not_committed() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    world.insert(&store, 1, &[]);
    let mut tx = store.begin().unwrap();
    tx.insert(&world.record(2, &[])).unwrap();

    let copy = beside(&store, "copy.db");
    store.inner.back_up_to(&copy).unwrap();
    tx.commit().unwrap();

    let copy = Sqlite::open(copy).unwrap();
    assert!(world.read(&copy, 1).is_some() && world.read(&copy, 2).is_none());
}

#[test]
fn a_copy_is_a_store_of_its_own_where_versions_go_on() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    world.insert(&store, 1, &[("name", "A".into())]);
    let version = world.update(&store, 1, &[("name", "B".into())]).unwrap();
    let path = beside(&store, "copy.db");
    store.inner.back_up_to(&path).unwrap();
    assert_eq!(names(&store), ["copy.db", "records.db", "records.db-shm", "records.db-wal"]);

    let copy = Sqlite::open(&path).unwrap();
    let world = World::new(&copy);
    assert_eq!(world.read(&copy, 1).unwrap().version(), Some(version));
    assert!(version < world.update(&copy, 1, &[("name", "C".into())]).unwrap());

    assert_eq!(world.read(&store, 1).unwrap().get("name"), Some(&"B".into()));
}

#[test]
fn a_backup_replaces_nothing() {
    let store = BriefSqlite::new();
    let _world = World::new(&store);
    let back_up = |name| said(&store, &store.inner.back_up_to(beside(&store, name)).unwrap_err());
    fs::write(beside(&store, "letter.txt"), "Dear Sir or Madam").unwrap();
    fs::write(beside(&store, "gone.db-wal"), "of a file that is gone").unwrap();
    fs::write(beside(&store, "crashed.db.part"), "half").unwrap();
    fs::create_dir(beside(&store, "folder")).unwrap();
    let before = names(&store);

    assert_snapshot!(back_up("letter.txt"), @"the database failed: `DIR/letter.txt` exists: name a file that is not there, or move this one away");
    assert_snapshot!(back_up("gone.db"), @"the database failed: `DIR/gone.db-wal` exists: name a file that is not there, or move this one away");
    assert_snapshot!(back_up("crashed.db"), @"the database failed: `DIR/crashed.db.part` exists: name a file that is not there, or move this one away");
    assert_snapshot!(back_up("folder"), @"the database failed: `DIR/folder` cannot be opened: it is a folder; see that its folder exists and can be written to");
    let missing = back_up("missing/copy.db");
    assert!(missing.contains("`DIR/missing/copy.db` cannot be opened"), "{missing}");
    assert!(back_up("records.db").contains("exists"), "the store itself");

    assert_eq!(names(&store), before);
    assert_eq!(fs::read(beside(&store, "letter.txt")).unwrap(), b"Dear Sir or Madam");
    assert_eq!(fs::read(beside(&store, "crashed.db.part")).unwrap(), b"half");
}

#[test]
fn a_backup_that_fails_in_the_middle_leaves_nothing_behind() {
    let (mut store, _world) = filled();
    store.inner.checkpoint().unwrap();
    let path = store.path();
    store.inner = Sqlite::open(beside(&store, "other.db")).unwrap(); // Closes the file.
    let mut bytes = fs::read(&path).unwrap();
    let three_quarters = bytes.len() / 4 * 3;
    bytes[three_quarters..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    store.inner = Sqlite::open(&path).unwrap();

    let error = store.inner.back_up_to(beside(&store, "copy.db")).unwrap_err();

    let error = said(&store, &error);
    assert!(error.contains("`DIR/records.db` is damaged"), "{error}");
    let left = names(&store).into_iter().filter(|it| it.starts_with("copy"));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_copy_can_be_read_by_those_alone_who_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let store = BriefSqlite::new();
    fs::set_permissions(store.path(), fs::Permissions::from_mode(0o600)).unwrap();
    let copy = beside(&store, "copy.db");

    store.inner.back_up_to(&copy).unwrap();

    assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn vacuum_gives_back_the_room_of_deleted_records_and_keeps_the_rest() {
    let (store, world) = filled();
    let mut tx = store.begin().unwrap();
    (2..=600).for_each(|id| tx.delete(&world.account, Uuid::from_u128(id)).unwrap());
    tx.commit().unwrap();
    store.inner.checkpoint().unwrap();
    let before = size(&store.path());

    store.inner.vacuum().unwrap();

    let after = size(&store.path());
    assert!(after * 4 < before, "{before} bytes, then {after}");
    assert_eq!(accounts(&world, &store).len(), 1);
    world.update(&store, 1, &[("name", "A".into())]).unwrap();
    assert_eq!(store.inner.check_integrity().unwrap(), [""; 0]);
}

#[test]
fn upkeep_waits_for_its_turn_and_loses_nothing() {
    let store = BriefSqlite::new();
    let world = World::new(&store);

    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, world) = (&store, &world);
            scope.spawn(move || {
                (1..=50).for_each(|it| world.insert(store, thread * 100 + it, &[]));
            });
        }
        for _ in 0..5 {
            store.inner.vacuum().unwrap();
            store.inner.checkpoint().unwrap();
        }
    });

    assert_eq!(accounts(&world, &store).len(), 200);
    assert_eq!(store.inner.check_integrity().unwrap(), [""; 0]);
}

#[test]
fn upkeep_in_the_middle_of_ones_own_transaction_is_refused() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    let mut tx = store.begin().unwrap();
    tx.insert(&world.record(1, &[])).unwrap();

    for refused in [store.inner.vacuum(), store.inner.checkpoint().map(drop)] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("would wait for its own end"), "{error}");
    }

    tx.commit().unwrap();
    assert!(world.read(&store, 1).is_some());
}

#[test]
fn checkpoint_empties_the_log_into_the_file() {
    let (store, world) = filled();
    let log = beside(&store, "records.db-wal");
    assert!(0 < size(&log));

    assert_eq!(store.inner.checkpoint().unwrap(), 0);

    assert_eq!(size(&log), 0);
    assert!(600 * 1_500 < size(&store.path()));
    assert_eq!(accounts(&world, &store).len(), 600);
}

#[test]
fn checkpoint_leaves_what_a_reader_keeps_and_does_not_wait_for_them() {
    let store = BriefSqlite::with(Options::default());
    let world = World::new(&store);
    let mut reader = store.snapshot().unwrap();
    world.insert(&store, 1, &[]);
    let started = std::time::Instant::now();

    assert!(0 < store.inner.checkpoint().unwrap());

    // The patience of this store is 30 s.
    assert!(started.elapsed().as_secs() < 15);
    assert!(!reader.exists(&world.account, Uuid::from_u128(1)).unwrap(), "it sees its moment");
    drop(reader);
    assert_eq!(store.inner.checkpoint().unwrap(), 0);
}

#[test]
fn a_log_that_grew_is_cut_when_it_begins_again() {
    let limit = 64 * 1024 * 1024;
    let store = BriefSqlite::new();
    let world = World::new(&store);
    let log = beside(&store, "records.db-wal");
    let mut tx = store.begin().unwrap();
    for id in 1..=70 {
        tx.insert(&world.record(id, &[("description", "x".repeat(1024 * 1024).into())])).unwrap();
    }
    tx.commit().unwrap();
    assert!(limit < size(&log));

    world.update(&store, 1, &[("name", "A".into())]).unwrap();

    assert!(size(&log) <= limit, "{}", size(&log));
}

#[test]
fn a_store_at_its_size_limit_can_be_copied_and_vacuumed() {
    let store = BriefSqlite::with(Options { size_limit: Some(512 * 1024), ..Options::default() });
    let world = World::new(&store);
    let text = [("description", "x".repeat(8_000).into())];
    let insert = |id| {
        let mut tx = store.begin()?;
        tx.insert(&world.record(id, &text)).and_then(|_| tx.commit())
    };
    let full = (1..1_000).find(|id| insert(*id).is_err()).unwrap();

    store.inner.back_up_to(beside(&store, "copy.db")).unwrap();
    store.inner.vacuum().unwrap();

    let copy = Sqlite::open(beside(&store, "copy.db")).unwrap();
    for store in [&store.inner, &copy] {
        assert!(world.read(store, full - 1).is_some() && world.read(store, full).is_none());
    }
}
