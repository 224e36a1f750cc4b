//! An update of a state and more is carried out in two parts.

use rulegate::message::{ConcurrencyBehavior, Update};
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Message, OrganizationService, Record, Step, Value,
};

use crate::engines::{Log, at, change, create, engine, refuse, set, stored, text};

/// The names of the attributes that the target carries, but for the stamps.
fn sent(ctx: &mut Context) -> String {
    let target = ctx.target().unwrap();
    let names = target.attributes().map(|(name, _)| name).filter(|it| !it.starts_with("modified"));
    format!("{} {}", ctx.stage().number(), names.collect::<Vec<_>>().join(","))
}

fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

/// A change of the name and of the state.
fn mixed(engine: &Engine, target: &EntityReference) -> Record {
    change(engine, target, [("name", "Zeta".into()), ("statecode", Value::Choice(1))])
}

#[test]
fn a_state_that_is_sent_with_more_changes_apart() {
    // M-19, M-21, M-22
    let log = Log::default();
    let engine = engine([
        on_update(10).run("10", log.hook(sent)),
        on_update(20).run("20", log.hook(sent)),
        on_update(40).run("40", log.hook(sent)),
    ]);
    let acme = create(&engine, "account", [("name", "Acme".into())]);

    engine.update(mixed(&engine, &acme)).unwrap();

    let parts =
        ["10 name,statecode", "20 name", "40 name", "20 statecode", "40 statecode,statuscode"];
    assert_eq!(log.take(), parts);
    assert_eq!(stored(&engine, &acme, "name"), text("Zeta"));
    assert_eq!(stored(&engine, &acme, "statuscode"), Some(Value::Choice(2)));
}

#[test]
fn a_filter_looks_at_each_part_by_itself() {
    // I-55, M-24
    let log = Log::default();
    let engine = engine([
        on_update(40).filtering(["name"]).run("name", log.word("name")),
        on_update(40).filtering(["statecode"]).run("state", log.word("state")),
    ]);
    let acme = create(&engine, "account", []);

    engine.update(mixed(&engine, &acme)).unwrap();

    assert_eq!(log.take(), ["name", "state"]);
}

#[test]
fn the_second_part_finds_what_the_first_has_written() {
    // I-17
    let log = Log::default();
    let name =
        |ctx: &mut Context| ctx.pre_image().and_then(|it| it.get("name")).unwrap().to_string();
    let engine = engine([on_update(20).pre_image(["name"]).run("look", log.hook(name))]);
    let acme = create(&engine, "account", [("name", "Acme".into())]);

    engine.update(mixed(&engine, &acme)).unwrap();

    assert_eq!(log.take(), ["\"Acme\"", "\"Zeta\""]);
}

#[test]
fn the_parts_know_the_whole_by_what_pre_validation_left() {
    // V-13, M-21
    let log = Log::default();
    let engine = engine([
        on_update(10).run("leave", |ctx: &mut Context| {
            let all: Vec<_> = ctx.target().into_iter().flat_map(Record::attributes).collect();
            let all = all.len().to_string();
            ctx.shared.insert("sent".into(), Value::from(all.as_str()).into());
            Ok(())
        }),
        on_update(20).run("own", |ctx: &mut Context| {
            ctx.shared.insert("own".into(), Value::from("mine").into());
            Ok(())
        }),
        on_update(20).rank(2).run(
            "find",
            log.hook(|ctx| {
                let left = ctx.parent().and_then(|it| it.shared().get("sent")).unwrap();
                format!("{left} {}", ctx.shared.len())
            }),
        ),
    ]);
    let acme = create(&engine, "account", []);

    engine.update(mixed(&engine, &acme)).unwrap();

    assert_eq!(log.take(), ["\"2\" 1", "\"2\" 1"]);
}

#[test]
fn what_a_step_adds_before_the_transaction_is_parted_too() {
    // M-19, M-21
    let log = Log::default();
    let engine = engine([
        on_update(10).run("add", set("name", "Zeta")),
        on_update(20).run("look", log.hook(sent)),
    ]);
    let acme = create(&engine, "account", []);

    let closing = change(&engine, &acme, [("statecode", Value::Choice(1))]);
    engine.update(closing).unwrap();

    assert_eq!(log.take(), ["20 name", "20 statecode"]);
}

#[test]
fn a_refusal_of_the_second_part_undoes_the_first() {
    // M-19, P-30
    let engine = engine([on_update(40).filtering(["statecode"]).run("no", refuse("no"))]);
    let acme = create(&engine, "account", [("name", "Acme".into())]);

    engine.update(mixed(&engine, &acme)).unwrap_err();

    assert_eq!(stored(&engine, &acme, "name"), text("Acme"));
}

#[test]
fn the_row_version_is_asked_for_once() {
    // C-116, M-19
    let engine = engine([]);
    let acme = create(&engine, "account", []);
    let version = engine.retrieve(&acme).unwrap().version().unwrap();
    let update = |version| {
        let mut target = mixed(&engine, &acme);
        target.set_version(version);
        engine.send(Update {
            concurrency: ConcurrencyBehavior::IfRowVersionMatches,
            ..Update::new(target)
        })
    };

    update(version).unwrap();

    assert_eq!(update(version).unwrap_err().code(), ErrorCode::VersionMismatch);
}

#[test]
fn the_place_of_a_user_changes_apart() {
    // M-20
    let engine = support::shipped();
    let root = EntityReference::new("businessunit", rulegate::bootstrap::ROOT_BUSINESS_UNIT);
    let north = engine.record("businessunit").unwrap().with("name", "North").unwrap();
    let north = engine.create(north.with("parentbusinessunitid", &root).unwrap()).unwrap();
    let ada = EntityReference::new("systemuser", rulegate::bootstrap::DEFAULT_USER);
    let change = engine.change(&ada).unwrap().with("lastname", "Eve").unwrap();

    let change = change.with("businessunitid", &north).unwrap();
    let (transcript, outcome) = engine.trace(Update::new(change));

    outcome.unwrap();
    let saved = transcript.to_string();
    let saved: Vec<&str> =
        saved.lines().filter_map(|it| it.split_once("saved ")).map(|it| it.1).collect();
    assert_eq!(saved, ["fullname, lastname", "businessunitid"]);
}
