//! Alternate keys, Upsert, and row versions: how a caller says which record it means.

use rulegate::message::{ConcurrencyBehavior, Update};
use uuid::Uuid;

use super::*;

/// Updates a record if its version is the one that the change names.
fn update_if(engine: &Engine, target: Record) -> Result<(), rulegate::Error> {
    let concurrency = ConcurrencyBehavior::IfRowVersionMatches;
    engine.send(Update { concurrency, ..Update::new(target) })
}

/// When an update demands the version that it read and the record changed since, it is refused.
#[test]
fn t_118_an_update_may_demand_the_version_that_it_knows() {
    // C-117
    // Also C-116.
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", [("name", "A".into())]);
        let mut stale = change(&engine, &account, [("name", "C".into())]);
        stale.set_version(engine.retrieve(&account).unwrap().version().unwrap());
        update(&engine, &account, [("name", "B".into())]);

        let outcome = update_if(&engine, stale);

        assert_eq!(code(outcome), (ErrorCode::VersionMismatch, 0x8006_0882));
        assert_eq!(stored(&engine, &account, "name"), text("B"));
    });
}

/// When an update demands a version and names none, it is refused.
#[test]
fn t_119_who_demands_a_version_must_say_which() {
    // C-117
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", []);

        let outcome = update_if(&engine, change(&engine, &account, []));

        assert_eq!(code(outcome), (ErrorCode::VersionMissing, 0x8006_0883));
    });
}

/// When a record is named by attributes that are no key, it is refused.
#[test]
fn t_121_attributes_that_are_no_key_name_nobody() {
    // C-106
    on_every_store(|given| {
        let engine = given.engine([]);
        create(&engine, "account", [("name", "A".into())]);
        let by_name = engine.record("account").unwrap().with_key("name", "A").unwrap();

        let outcome = engine.update(by_name);

        assert_eq!(code(outcome), (ErrorCode::KeyNotDefined, 0x8006_0890));
    });
}

/// Given a record with a key, when another one is created with the same key, it is refused.
#[test]
fn t_122_a_key_belongs_to_one_record() {
    // C-108
    on_every_store(|given| {
        let engine = given.engine([]);
        create(&engine, "account", [("accountnumber", "X".into())]);

        let outcome = engine.create(record(&engine, "account", [("accountnumber", "X".into())]));

        assert_eq!(code(outcome), (ErrorCode::KeyViolated, 0x8006_0892));
        assert_eq!(count(&engine, "account"), 1);
    });
}

/// When a record that is not there is upserted, the steps of Create run, and the answer says so.
#[test]
fn t_127_upsert_creates_what_is_not_there() {
    // M-30, M-33
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(20).run("create", log.word("create")),
            on_update(20).run("update", log.word("update")),
        ]);
        let mut account = record(&engine, "account", [("name", "A".into())]);
        account.identify(Uuid::from_u128(7));

        let upserted = engine.upsert(account).unwrap();

        assert!(upserted.is_created);
        assert_eq!(upserted.target.id, Uuid::from_u128(7));
        assert_eq!(log.take(), ["create"]);
    });
}

/// When a record is upserted by its key and the key is among the attributes too, the Update lacks the key.
#[test]
fn t_129_upsert_by_a_key_does_not_send_the_key_again() {
    // M-32
    on_every_store(|given| {
        let log = Log::default();
        let names = |ctx: &mut Context| {
            let names: Vec<&str> = ctx.target().unwrap().attributes().map(|it| it.0).collect();
            names.join(" ")
        };
        let engine = given.engine([on_update(10).run("see", log.hook(names))]);
        let account = create(&engine, "account", [("accountnumber", "7".into())]);
        let values = [("accountnumber", "7".into()), ("name", "B".into())];

        let by_key = record(&engine, "account", values).with_key("accountnumber", "7").unwrap();
        let upserted = engine.upsert(by_key).unwrap();

        assert_eq!((upserted.target, upserted.is_created), (account, false));
        assert_eq!(log.take(), ["name"]);
    });
}
