//! Alternate keys and Upsert.

use rulegate::metadata::{AttributeType, EntityDefinition};
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Message, OrganizationService, Record, Step, Value,
};
use uuid::Uuid;

use crate::engines::{Log, at, change, count, create, engine, record, set, stored, text, update};

/// An engine whose entity `goal` is known by its name and year together.
fn engine_with_goals(steps: impl IntoIterator<Item = Step>) -> Engine {
    let goal = EntityDefinition::new("goal")
        .attribute("name", AttributeType::text(20))
        .attribute("year", AttributeType::whole_number(0, 9_999))
        .attribute("share", AttributeType::decimal(0, 100, 2))
        .key("nameandyear", ["name", "year"])
        .key("share", ["share"]);
    let builder = Engine::builder(support::bare().entity(goal).check().unwrap());
    steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step).build().unwrap()
}

fn by_key<const N: usize>(engine: &Engine, entity: &str, key: [(&str, Value); N]) -> Record {
    let record = engine.record(entity).unwrap();
    key.into_iter().fold(record, |it, (name, value)| it.with_key(name, value).unwrap())
}

#[test]
fn an_update_may_name_its_record_by_a_key() {
    // C-103, C-106, I-38, C-105
    let engine = engine([]);
    let account = create(&engine, "account", [("accountnumber", "7".into())]);

    let by_key = by_key(&engine, "account", [("accountnumber", "7".into())]);
    engine.update(by_key.with("name", "B").unwrap()).unwrap();

    assert_eq!(stored(&engine, &account, "name"), text("B"));
}

#[test]
fn a_key_of_several_attributes_needs_all_of_them() {
    // C-106
    let engine = engine_with_goals([]);
    let goal = create(&engine, "goal", [("name", "A".into()), ("year", 2026.into())]);
    create(&engine, "goal", [("name", "A".into()), ("year", 2027.into())]);

    let whole = by_key(&engine, "goal", [("year", 2026.into()), ("name", "A".into())]);
    let half = by_key(&engine, "goal", [("name", "A".into())]);
    engine.update(whole.with("share", 5).unwrap()).unwrap();
    let error = engine.update(half).unwrap_err();

    assert!(stored(&engine, &goal, "share").is_some());
    assert_eq!((error.code(), error.number()), (ErrorCode::KeyNotDefined, 0x8006_0890));
}

#[test]
fn a_key_that_nobody_has_finds_nobody() {
    // C-107
    let engine = engine([]);

    let nobody = by_key(&engine, "account", [("accountnumber", "7".into())]);
    let error = engine.update(nobody).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::KeyNotFound, 0x8006_0891));
    assert!(error.to_string().contains("accountnumber=\"7\""), "{error}");
}

#[test]
fn the_identity_goes_before_the_key() {
    // C-109
    let engine = engine([]);
    let one = create(&engine, "account", [("accountnumber", "1".into())]);
    create(&engine, "account", [("accountnumber", "2".into())]);

    let both = change(&engine, &one, [("name", "B".into())]).with_key("accountnumber", "2");
    engine.update(both.unwrap()).unwrap();

    assert_eq!(stored(&engine, &one, "name"), text("B"));
}

#[test]
fn a_key_belongs_to_one_record() {
    // C-108
    let engine = engine([]);
    let one = create(&engine, "account", [("accountnumber", "1".into())]);
    let two = create(&engine, "account", [("accountnumber", "2".into())]);

    let twin = record(&engine, "account", [("accountnumber", "1".into())]);
    let error = engine.create(twin).unwrap_err();
    assert_eq!((error.code(), error.number()), (ErrorCode::KeyViolated, 0x8006_0892));
    assert!(error.to_string().starts_with("Entity Key accountnumber violated."), "{error}");

    let change = change(&engine, &two, [("accountnumber", "1".into())]);
    assert_eq!(engine.update(change).unwrap_err().code(), ErrorCode::KeyViolated);
    update(&engine, &one, [("accountnumber", "1".into())]);
    assert_eq!(count(&engine, "account"), 2);
}

#[test]
fn a_key_is_free_again_once_its_record_gives_it_up() {
    // C-108
    let engine = engine([]);
    let one = create(&engine, "account", [("accountnumber", "1".into())]);
    update(&engine, &one, [("accountnumber", Value::Null)]);
    let two = create(&engine, "account", [("accountnumber", "1".into())]);
    engine.delete(&two).unwrap();

    create(&engine, "account", [("accountnumber", "1".into())]);
}

#[test]
fn null_is_no_key() {
    // C-110
    let engine = engine_with_goals([]);

    for _ in 0..2 {
        create(&engine, "goal", [("name", "A".into())]);
        create(&engine, "account", []);
    }

    assert_eq!((count(&engine, "goal"), count(&engine, "account")), (2, 2));
}

#[test]
fn keys_compare_as_queries_do() {
    // C-108: text without regard to case, decimals by value
    let engine = engine_with_goals([]);
    create(&engine, "goal", [("name", "Süd".into()), ("year", 1.into())]);
    create(&engine, "goal", [("share", rust_decimal::Decimal::new(150, 2).into())]);
    let same = [
        record(&engine, "goal", [("name", "SÜD".into()), ("year", 1.into())]),
        record(&engine, "goal", [("share", rust_decimal::Decimal::new(15, 1).into())]),
    ];

    for twin in same {
        assert_eq!(engine.create(twin).unwrap_err().code(), ErrorCode::KeyViolated);
    }
    let found = by_key(&engine, "goal", [("name", "süd".into()), ("year", 1.into())]);
    engine.update(found).unwrap();
}

#[test]
fn values_of_two_attributes_do_not_run_into_each_other() {
    // C-108
    use rulegate::metadata::CatalogDraft;
    let pair = EntityDefinition::new("pair")
        .attribute("a", AttributeType::text(20))
        .attribute("b", AttributeType::text(20))
        .key("both", ["a", "b"]);
    let engine = Engine::builder(CatalogDraft::default().entity(pair).check().unwrap());
    let engine = engine.build().unwrap();

    for (a, b) in [("x", "yz"), ("xy", "z"), ("x\u{1f}y", "z"), ("x", "y\u{1f}z")] {
        create(&engine, "pair", [("a", a.into()), ("b", b.into())]);
    }

    assert_eq!(count(&engine, "pair"), 4);
}

#[test]
fn a_hook_may_change_a_key_before_it_is_checked() {
    // C-112
    let engine =
        engine([Step::on(Message::Create, "account").run("number", set("accountnumber", "free"))]);

    let account = create(&engine, "account", [("accountnumber", "1".into())]);

    assert_eq!(stored(&engine, &account, "accountnumber"), text("free"));
    let again = record(&engine, "account", []);
    assert_eq!(engine.create(again).unwrap_err().code(), ErrorCode::KeyViolated);
}

#[test]
fn upsert_creates_what_is_not_there() {
    // M-30, M-33, M-35, M-39
    let log = Log::default();
    let engine = engine([
        Step::on(Message::Create, "account").run("create", log.word("create")),
        Step::on(Message::Update, "account").run("update", log.word("update")),
    ]);
    let mut account = record(&engine, "account", [("name", "A".into())]);
    account.identify(Uuid::from_u128(7));

    let upserted = engine.upsert(account).unwrap();

    assert!(upserted.is_created);
    assert_eq!(upserted.target, EntityReference::new("account", Uuid::from_u128(7)));
    assert_eq!(log.take(), ["create"]);
    assert_eq!(stored(&engine, &upserted.target, "name"), text("A"));
}

#[test]
fn upsert_updates_what_is_there() {
    // M-30, M-31, M-32, M-35
    let log = Log::default();
    let engine = engine([
        Step::on(Message::Create, "account").run("create", log.word("create")),
        Step::on(Message::Update, "account").run("update", log.word("update")),
    ]);
    let account = create(&engine, "account", [("name", "A".into())]);

    let upserted = engine.upsert(change(&engine, &account, [("name", "B".into())])).unwrap();

    assert_eq!((upserted.target, upserted.is_created), (account.clone(), false));
    assert_eq!(log.take(), ["create", "update"]);
    assert_eq!(stored(&engine, &account, "name"), text("B"));
}

#[test]
fn upsert_by_a_key_that_nobody_has_creates_a_record_that_has_it() {
    // M-33
    let engine = engine([]);

    let target = by_key(&engine, "account", [("accountnumber", "7".into())]);
    let upserted = engine.upsert(target).unwrap();

    assert!(upserted.is_created);
    assert_eq!(stored(&engine, &upserted.target, "accountnumber"), text("7"));
}

#[test]
fn what_stands_among_the_attributes_goes_before_the_key() {
    // M-34
    let engine = engine([]);

    let target = by_key(&engine, "account", [("accountnumber", "7".into())]);
    let upserted = engine.upsert(target.with("accountnumber", "8").unwrap()).unwrap();

    assert_eq!(stored(&engine, &upserted.target, "accountnumber"), text("8"));
}

#[test]
fn upsert_needs_to_know_the_record() {
    // M-31
    let engine = engine([]);

    let error = engine.upsert(record(&engine, "account", [])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::IdMissing);
    assert_eq!(error.to_string(), "Entity Id must be specified for Upsert");
}

#[test]
fn the_empty_identity_does_not_hide_the_key() {
    // C-4, M-31
    let engine = engine([]);
    let account = create(&engine, "account", [("accountnumber", "7".into())]);

    let mut target = by_key(&engine, "account", [("accountnumber", "7".into())]);
    target.identify(Uuid::nil());

    assert_eq!(engine.upsert(target).unwrap().target, account);
}

#[test]
fn a_step_can_upsert() {
    // M-30, P-62
    let engine = engine([Step::on(Message::Create, "contact").at(at(40)).run(
        "upsert",
        |ctx: &mut Context| {
            let service = ctx.service();
            let target = service.record("account")?.with_key("accountnumber", "7")?;
            service.upsert(target.with("name", "A")?)?;
            Ok(())
        },
    )]);

    create(&engine, "contact", []);
    create(&engine, "contact", []);

    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn the_values_of_a_key_take_nine_hundred_bytes_at_most() {
    // C-104, on both sides: two bytes a character
    let with = |characters| {
        let goal = EntityDefinition::new("goal")
            .attribute("name", AttributeType::text(characters))
            .key("name", ["name"]);
        let draft = support::bare().entity(goal);
        draft.check().map_err(|it| it.to_string())
    };

    assert!(with(450).is_ok());
    assert_eq!(
        with(451).unwrap_err(),
        "key `goal.name`: the number of bytes must be at most 900, and is 902"
    );
}

#[test]
fn a_lookup_may_name_its_record_by_a_key() {
    // C-94, C-106, C-107: on Create and on Update, before any step
    let log = Log::default();
    let see = log.hook(|ctx: &mut Context| {
        ctx.target().and_then(|it| it.get("parentaccountid")).is_some().to_string()
    });
    let engine = engine([Step::on(Message::Create, "account").at(at(10)).run("see", see)]);
    let [acme, other] =
        ["A-1", "A-2"].map(|it| create(&engine, "account", [("accountnumber", it.into())]));
    let key = |number: &str| by_key(&engine, "account", [("accountnumber", number.into())]);
    log.take();

    let child = record(&engine, "account", []).with_lookup_by_key("parentaccountid", key("A-1"));
    let child = engine.create(child.unwrap()).unwrap();
    assert_eq!(stored(&engine, &child, "parentaccountid"), Some(acme.into()));
    assert_eq!(log.take(), ["true"]);

    let moved = |other| {
        let change = change(&engine, &child, []).with_lookup_by_key("parentaccountid", other);
        engine.update(change.unwrap()).map_err(|it| it.code())
    };
    moved(key("A-2")).unwrap();
    assert_eq!(stored(&engine, &child, "parentaccountid"), Some(other.into()));
    assert_eq!(moved(key("A-3")), Err(ErrorCode::KeyNotFound));
    let no_key = by_key(&engine, "account", [("name", "x".into())]);
    assert_eq!(moved(no_key), Err(ErrorCode::KeyNotDefined));
}

#[test]
fn a_transcript_shows_the_key_of_a_lookup() {
    // C-94
    let engine = engine([]);
    let key = by_key(&engine, "account", [("accountnumber", "A-1".into())]);
    let child = record(&engine, "account", []).with_lookup_by_key("parentaccountid", key).unwrap();

    let (transcript, _) = engine.trace(rulegate::message::Create::new(child));

    let heading = transcript.to_string().lines().next().unwrap().to_owned();
    assert_eq!(heading, "▶ Create account parentaccountid=account[accountnumber=\"A-1\"]");
}
