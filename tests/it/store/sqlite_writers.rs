//! Those who write at the same time: in turns, and in batches that share a commit.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rulegate::record::Record;
use rulegate::store::Store;
use rulegate::{
    Context, Engine, EntityReference, Fault, Message, OrganizationService, Stage, Step, Value,
};
use rulegate_sqlite::{Options, Sqlite};
use uuid::Uuid;

use super::{BriefSqlite, World};
use crate::engines::{change, create, record, stored};

/// How many commits stand in the log of a file that has not been carried over yet.
fn commits(store: &BriefSqlite) -> usize {
    let log = fs::read(log_of(&store.path())).unwrap();
    let (head, frames) = log.split_at(32);
    let page = u32::from_be_bytes(head.get(8..12).unwrap().try_into().unwrap());
    // The head of a frame tells the size of the file after it, if it ends a commit.
    let is_commit = |frame: &&[u8]| frame.get(4..8) != Some(&[0; 4]);
    frames.chunks_exact(24 + usize::try_from(page).unwrap()).filter(is_commit).count()
}

fn log_of(path: &Path) -> std::path::PathBuf {
    path.with_extension("db-wal")
}

#[test]
fn a_lone_client_has_a_commit_for_each_message() {
    let store = BriefSqlite::with(Options::default());
    let world = World::new(&store);
    let before = commits(&store);

    for id in 1..=20 {
        world.insert(&store, id, &[]);
    }

    assert_eq!(commits(&store) - before, 20);
}

#[test]
fn clients_that_wait_for_each_other_share_commits() {
    let store = BriefSqlite::with(Options::default());
    let world = World::new(&store);
    let before = commits(&store);

    std::thread::scope(|scope| {
        for thread in 0..8_u128 {
            let (store, world) = (&store, &world);
            scope.spawn(move || {
                (1..=25).for_each(|it| world.insert(store, thread * 100 + it, &[]));
            });
        }
    });

    let commits = commits(&store) - before;
    assert!(commits < 200, "{commits} commits for 200 messages");
    let ids = (0..8_u128).flat_map(|thread| (1..=25).map(move |it| thread * 100 + it));
    assert!(ids.into_iter().all(|it| world.read(&store, it).is_some()));
}

#[test]
fn what_is_behind_a_mark_is_undone_alone() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    world.insert(&store, 1, &[("name", "one".into())]);
    let named = |id, name: &str| world.record(id, &[("name", name.into())]);
    let mut tx = store.begin().unwrap();
    tx.insert(&named(2, "two")).unwrap();

    tx.mark().unwrap();
    tx.update(&named(1, "other")).unwrap();
    tx.update(&named(2, "other")).unwrap();
    tx.insert(&named(3, "three")).unwrap();
    tx.back_to_mark().unwrap();

    let mut name = |id: u128| {
        let found = tx.retrieve(&world.account, Uuid::from_u128(id)).unwrap()?;
        found.get("name").map(ToString::to_string)
    };
    let within = [name(1), name(2), name(3)];
    assert_eq!(within, [Some("\"one\"".to_owned()), Some("\"two\"".to_owned()), None]);
    tx.commit().unwrap();
    let there = [1, 2, 3].map(|it| world.read(&store, it).is_some());
    assert_eq!(there, [true, true, false]);
}

#[test]
fn what_is_read_only_needs_no_turn() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    world.insert(&store, 1, &[]);
    let mut writer = store.begin().unwrap();
    writer.update(&world.record(1, &[("name", "A".into())])).unwrap();

    let mut reader = store.begin().unwrap();
    let read = reader.retrieve(&world.account, Uuid::from_u128(1)).unwrap().unwrap();
    reader.commit().unwrap();

    assert!(!read.has("name"), "nobody sees what is not committed");
    writer.commit().unwrap();
}

#[test]
fn who_met_another_has_the_turn_the_next_time() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    world.insert(&store, 1, &[]);
    let mut tx = store.begin_again().unwrap();
    tx.retrieve(&world.account, Uuid::from_u128(1)).unwrap();

    std::thread::scope(|scope| {
        let other = scope.spawn(|| world.update(&store, 1, &[("telephone1", "1".into())]));
        std::thread::sleep(std::time::Duration::from_millis(30));
        tx.update(&world.record(1, &[("name", "A".into())])).unwrap();
        tx.commit().unwrap();
        other.join().unwrap().unwrap();
    });

    let record = world.read(&store, 1).unwrap();
    assert!(record.has("name") && record.has("telephone1"));
}

/// An engine on a store, with a step that adds one to the employees of an account at each update.
fn counting(store: Sqlite) -> Engine {
    let hire = |ctx: &mut Context| -> Result<(), Fault> {
        let account = ctx.target().and_then(Record::reference).unwrap();
        let stored = ctx.service().retrieve(&account)?;
        let employees = stored.get("employees").and_then(Value::as_whole_number).unwrap_or(0);
        ctx.target_mut()?.set("employees", employees + 1)?;
        Ok(())
    };
    let step = Step::on(Message::Update, "account").at(Stage::PreOperation).run("hire", hire);
    Engine::builder(support::bare().check().unwrap()).store(store).step(step).build().unwrap()
}

#[test]
fn messages_on_one_record_lose_no_update_however_many_come() {
    let store = BriefSqlite::new();
    let engine = counting(store.inner.clone());
    let account = create(&engine, "account", []);

    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let rename = |it: &str| change(&engine, &account, [("name", it.into())]);
                ["A", "B", "C", "D", "E"].map(|it| engine.update(rename(it)).unwrap())
            });
        }
    });

    assert_eq!(stored(&engine, &account, "employees"), Some(40.into()));
}

#[test]
fn a_hook_that_writes_past_its_transaction_is_told_instead_of_waiting_for_itself() {
    let store = BriefSqlite::new();
    let engine = counting(store.inner.clone());
    let answered = std::sync::Arc::new(AtomicU32::new(0));
    let (outside, count) = (engine.clone(), answered.clone());
    let hook = move |_: &mut Context| -> Result<(), Fault> {
        // Not through the service of the context: an outermost message in the middle of another.
        let error = outside.create(record(&outside, "contact", [])).unwrap_err().to_string();
        assert!(error.contains("send the message through the service of the hook"), "{error}");
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    let step = Step::on(Message::Create, "account").at(Stage::PostOperation).run("outside", hook);
    let catalog = support::bare().check().unwrap();
    let engine = Engine::builder(catalog).store(store.inner.clone()).step(step).build().unwrap();

    let account: EntityReference = create(&engine, "account", []);

    assert_eq!(answered.load(Ordering::SeqCst), 1);
    assert!(engine.retrieve(&account).is_ok());
}
