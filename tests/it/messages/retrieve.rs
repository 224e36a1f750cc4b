//! Retrieve: a record is read.

use rulegate::{Context, EntityReference, ErrorCode, Message, OrganizationService, Step, Value};
use uuid::Uuid;

use crate::engines::{Log, create, engine};

#[test]
fn all_attributes_come_and_null_is_absent() {
    // I-15
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "A".into())]);

    let read = engine.retrieve(&account).unwrap();

    assert_eq!(read.reference(), Some(account));
    assert_eq!(read.get("name"), Some(&"A".into()));
    assert!(!read.has("description"));
}

#[test]
fn the_columns_asked_for_come_and_the_identity() {
    // I-16
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "A".into()), ("telephone1", "1".into())]);

    let read = engine.retrieve_columns(&account, ["name"]).unwrap();

    assert_eq!(read.id(), Some(account.id));
    assert_eq!(read.get("name"), Some(&"A".into()));
    assert!(!read.has("telephone1"));
}

#[test]
fn an_unknown_column_is_refused_with_the_nearest_name() {
    // C-8
    let engine = engine([]);
    let account = create(&engine, "account", []);

    let error = engine.retrieve_columns(&account, ["nme"]).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::UnknownAttribute, 0x8004_1103));
    assert!(error.to_string().contains("did you mean `name`?"), "{error}");
}

#[test]
fn a_record_that_is_not_there_is_an_error() {
    // E-62
    let engine = engine([]);
    let nobody = EntityReference::new("account", Uuid::from_u128(7));

    let error = engine.retrieve(&nobody).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::NotFound, 0x8004_0217));
}

#[test]
fn an_unknown_entity_is_refused_with_the_nearest_name() {
    // C-9
    let engine = engine([]);
    let error = engine.retrieve(&EntityReference::new("acount", Uuid::nil())).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::UnknownEntity, 0x8004_1102));
}

#[test]
fn derived_names_come_where_they_are_asked_for() {
    // C-91, I-27, E-29
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "Acme".into())]);
    let opportunity = create(&engine, "opportunity", [("customerid", account.into())]);

    let names = ["customeridname", "opportunityratingcodename"];
    let read = engine.retrieve_columns(&opportunity, names).unwrap();
    let all = engine.retrieve(&opportunity).unwrap();

    assert_eq!(read.get("customeridname"), Some(&"Acme".into()));
    assert_eq!(read.get("opportunityratingcodename"), Some(&"Warm".into()));
    assert!(!all.has("customeridname"));
}

#[test]
fn the_engine_reads_for_itself_without_an_event() {
    // M-16, I-25
    let log = Log::default();
    let engine = engine([
        Step::on_any(Message::Retrieve).run("retrieve", log.word("ran")),
        Step::on_any(Message::RetrieveMultiple).run("multiple", log.word("ran")),
        Step::on(Message::Update, "account").pre_image(["name"]).run("image", log.word("image")),
    ]);
    let contact = create(&engine, "contact", []);
    let account = create(&engine, "account", [("primarycontactid", (&contact).into())]);

    crate::engines::update(&engine, &account, [("primarycontactid", contact.clone().into())]);
    engine.delete(&contact).unwrap();

    assert_eq!(log.take(), ["image"]);
}

#[test]
fn reading_one_and_reading_many_are_two_events() {
    // M-15
    let log = Log::default();
    let name = |ctx: &mut Context| ctx.message().to_string();
    let engine = engine([
        Step::on(Message::Retrieve, "account").run("one", log.hook(name)),
        Step::on(Message::RetrieveMultiple, "account").run("many", log.hook(name)),
    ]);
    let account = create(&engine, "account", []);

    engine.retrieve(&account).unwrap();
    engine.retrieve_multiple(rulegate::Query::new("account")).unwrap();

    assert_eq!(log.take(), ["Retrieve", "RetrieveMultiple"]);
}

#[test]
fn what_was_read_can_be_changed_and_sent_back() {
    // C-16
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "A".into())]);

    let mut read = engine.retrieve(&account).unwrap();
    read.set("name", "B").unwrap();
    engine.update(read).unwrap();

    let again = engine.retrieve(&account).unwrap();
    assert_eq!(again.get("name"), Some(&Value::from("B")));
}
