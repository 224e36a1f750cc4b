//! What is promised of transactions that meet.

use std::sync::atomic::{AtomicU32, Ordering};

use rulegate::record::Record;
use rulegate::store::{Store, StoreError};
use rulegate::{Query, Value};
use uuid::Uuid;

use super::{Promise, World};

/// The promises of this file.
pub(super) const ALL: &[Promise] = &[
    ("two updates of one record conflict", two_updates_of_one_record_conflict),
    ("an update of what was read conflicts", an_update_of_what_was_read_conflicts),
    ("what was found must still be so", what_was_found_must_still_be_so),
    ("transactions that do not meet both commit", those_that_do_not_meet_both_commit),
    ("threads lose no update", threads_lose_no_update),
    ("a key taken in between conflicts or is violated", a_key_taken_in_between),
];

fn text(value: &str) -> Value {
    value.into()
}

/// Whether a transaction could not be carried out because it met another. A store that lets writers take
/// turns may answer at the first write, or wait and see what is there.
fn is_conflict(outcome: &Result<u64, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Conflict))
}

/// Carries out a transaction again and again until it meets no other.
fn retry(work: impl Fn() -> Result<u64, StoreError>) -> u64 {
    loop {
        match work() {
            Ok(version) => return version,
            Err(StoreError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Begins a transaction that reads, lets another one write and commit in a thread of its own while it is
/// open (or after it, where writers take turns), and then writes.
fn meet(
    store: &dyn Store,
    read: impl Fn(&mut dyn rulegate::store::Transaction),
    (other, own): (impl Fn() -> Result<u64, StoreError> + Sync, &Record),
) -> (Result<u64, StoreError>, u64) {
    std::thread::scope(|scope| {
        let mut tx = store.begin().unwrap();
        read(&mut *tx);
        let met = scope.spawn(|| retry(&other));
        let patience = std::time::Duration::from_millis(50);
        std::thread::sleep(patience);
        let outcome = tx.update(own).and_then(|version| tx.commit().map(|()| version));
        (outcome, met.join().unwrap())
    })
}

fn two_updates_of_one_record_conflict(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("employees", 0.into())]);
    let own = world.record(1, &[("name", text("own"))]);
    let id = Uuid::from_u128(1);

    let (outcome, _) = meet(
        store,
        |tx| drop(tx.retrieve(&world.account, id).unwrap()),
        (|| world.update(store, 1, &[("telephone1", text("other"))]), &own),
    );

    let record = world.read(store, 1).unwrap();
    assert_eq!(record.get("telephone1"), Some(&text("other")), "the other update is lost");
    assert_eq!(record.has("name"), !is_conflict(&outcome));
}

fn an_update_of_what_was_read_conflicts(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("employees", 1.into())]);
    world.insert(store, 2, &[]);
    let seen = AtomicU32::new(0);
    let own = world.record(2, &[("employees", 1.into())]);

    let (outcome, _) = meet(
        store,
        |tx| {
            let one = tx.retrieve(&world.account, Uuid::from_u128(1)).unwrap().unwrap();
            let employees = one.get("employees").and_then(Value::as_whole_number).unwrap();
            seen.store(u32::try_from(employees).unwrap(), Ordering::SeqCst);
        },
        (|| world.update(store, 1, &[("employees", 2.into())]), &own),
    );

    // Either it met the other, or the other came after it: it cannot have read what is not so.
    let after = outcome.ok();
    let other = world.read(store, 1).unwrap().version();
    assert!(after.is_none() || after < other, "{after:?} {other:?}");
}

fn what_was_found_must_still_be_so(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[]);
    let own = world.record(1, &[("name", text("nobody else"))]);
    let insert = || {
        let mut tx = store.begin()?;
        let version = tx.insert(&world.record(2, &[]))?;
        tx.commit().map(|()| version)
    };

    let (outcome, other) =
        meet(store, |tx| assert_eq!(world.find(tx, &Query::new("account")), [1]), (insert, &own));

    assert!(outcome.as_ref().map_or(true, |version| *version < other), "{outcome:?} {other}");
}

fn those_that_do_not_meet_both_commit(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[]);
    world.insert(store, 2, &[]);
    let own = world.record(1, &[("name", text("own"))]);

    let (outcome, _) = meet(
        store,
        |tx| drop(tx.retrieve(&world.account, Uuid::from_u128(1)).unwrap()),
        (|| world.update(store, 2, &[("name", text("other"))]), &own),
    );

    assert!(outcome.is_ok(), "{outcome:?}");
    let names = [1, 2].map(|it| world.read(store, it).unwrap().get("name").cloned());
    assert_eq!(names, [Some(text("own")), Some(text("other"))]);
}

fn threads_lose_no_update(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[("employees", 0.into())]);
    let hire = || {
        let mut tx = store.begin()?;
        let account = tx.retrieve(&world.account, Uuid::from_u128(1))?.unwrap();
        let employees = account.get("employees").and_then(Value::as_whole_number).unwrap();
        let version = tx.update(&world.record(1, &[("employees", (employees + 1).into())]))?;
        tx.commit().map(|()| version)
    };

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).map(|_| retry(hire)).max());
        }
    });

    assert_eq!(world.read(store, 1).unwrap().get("employees"), Some(&100.into()));
}

fn a_key_taken_in_between(store: &dyn Store) {
    let world = World::new(store);
    world.insert(store, 1, &[]);
    world.insert(store, 2, &[]);
    let own = world.record(1, &[("accountnumber", text("7"))]);
    let other = || match world.update(store, 2, &[("accountnumber", text("7"))]) {
        Err(StoreError::KeyViolated { .. }) => Ok(0),
        outcome => outcome,
    };

    let (outcome, other) = meet(store, |_| (), (other, &own));

    assert_eq!(outcome.is_ok(), other == 0, "{outcome:?}: two records have one key");
}
