//! Create: a record comes into being.

use rulegate::bootstrap::DEFAULT_USER;
use rulegate::{Context, EntityReference, ErrorCode, Message, OrganizationService, Step, Value};
use uuid::Uuid;

use crate::engines::{count, create, engine, now, record, stored, text};

fn reference(entity: &str, id: Uuid) -> Option<Value> {
    Some(EntityReference::new(entity, id).into())
}

#[test]
fn a_new_record_gets_an_identity() {
    // C-1
    let engine = engine([]);

    let (a, b) = (create(&engine, "account", []), create(&engine, "account", []));

    assert_ne!(a.id, b.id);
    assert_eq!(stored(&engine, &a, "accountid"), Some(a.id.into()));
}

#[test]
fn an_identity_that_was_sent_is_kept() {
    // C-1, X-24
    let engine = engine([]);
    let id = Uuid::from_u128(7);
    let mut by_id = record(&engine, "account", []);
    by_id.identify(id);
    let by_attribute = record(&engine, "contact", [("contactid", id.into())]);

    assert_eq!(engine.create(by_id).unwrap().id, id);
    assert_eq!(engine.create(by_attribute).unwrap().id, id);
}

#[test]
fn the_empty_identity_counts_as_none() {
    // C-4
    let engine = engine([]);
    let mut account = record(&engine, "account", [("name", "A".into())]);
    account.identify(Uuid::nil());

    let account = engine.create(account).unwrap();

    assert_ne!(account.id, Uuid::nil());
    assert_eq!(stored(&engine, &account, "name"), text("A"));
}

#[test]
fn null_is_the_same_as_not_sent() {
    // C-13
    let engine = engine([]);

    let account = create(
        &engine,
        "account",
        [("name", Value::Null), ("donotemail", Value::Null), ("ownerid", Value::Null)],
    );

    let read = engine.retrieve(&account).unwrap();
    assert!(!read.has("name"));
    assert_eq!(read.get("donotemail"), Some(&false.into()));
    assert_eq!(read.get("ownerid").cloned(), reference("systemuser", DEFAULT_USER));
}

#[test]
fn what_cannot_be_sent_with_create_is_ignored() {
    // C-6, C-42
    let engine = engine([]);
    let stranger = EntityReference::new("systemuser", Uuid::from_u128(7));

    let opportunity = create(
        &engine,
        "opportunity",
        [
            ("totalamount", 5.into()),
            ("createdby", stranger.into()),
            ("statecode", Value::Choice(2)),
        ],
    );

    let read = engine.retrieve(&opportunity).unwrap();
    assert!(!read.has("totalamount"));
    assert_eq!(read.get("createdby").cloned(), reference("systemuser", DEFAULT_USER));
    assert_eq!(read.get("statecode"), Some(&Value::Choice(0)));
}

#[test]
fn derived_names_cannot_be_written() {
    // C-20, C-91
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "Acme".into())]);

    let opportunity = create(
        &engine,
        "opportunity",
        [("customerid", account.into()), ("customeridname", "wrong".into())],
    );

    let read = engine.retrieve_columns(&opportunity, ["customeridname"]).unwrap();
    assert_eq!(read.get("customeridname"), Some(&"Acme".into()));
}

#[test]
fn a_hook_may_set_what_a_caller_cannot() {
    // C-54, I-41
    let set = |ctx: &mut Context| Ok(ctx.target_mut()?.set("totalamount", 5)?);
    let engine = engine([Step::on(Message::Create, "opportunity").run("set", set)]);

    let opportunity = create(&engine, "opportunity", []);

    assert_eq!(stored(&engine, &opportunity, "totalamount").unwrap().as_decimal(), Some(5.into()));
}

#[test]
fn a_new_record_is_stamped() {
    // C-43, C-53
    let engine = engine([]);

    let account = create(&engine, "account", []);

    let read = engine.retrieve(&account).unwrap();
    for name in ["createdon", "modifiedon"] {
        assert_eq!(read.get(name), Some(&now().into()), "{name}");
    }
    for name in ["createdby", "modifiedby"] {
        assert_eq!(read.get(name).cloned(), reference("systemuser", DEFAULT_USER), "{name}");
    }
}

#[test]
fn a_hook_may_write_the_stamps() {
    // C-54, spec 9.7 question 11
    for stage in [10, 20] {
        let long_ago = now() - chrono::TimeDelta::days(1_000);
        let set = move |ctx: &mut Context| {
            let target = ctx.target_mut()?;
            target.set("createdon", long_ago)?;
            Ok(target.set("modifiedon", long_ago)?)
        };
        let on = Step::on(Message::Create, "account").at(crate::engines::at(stage));
        let engine = engine([on.run("set", set)]);

        let account = create(&engine, "account", []);

        assert_eq!(stored(&engine, &account, "createdon"), Some(long_ago.into()));
        assert_eq!(stored(&engine, &account, "modifiedon"), Some(long_ago.into()));
    }
}

#[test]
fn a_migrated_record_was_created_when_it_says() {
    // C-47, C-48
    let engine = engine([]);
    let long_ago = now() - chrono::TimeDelta::days(1_000);

    let account = create(&engine, "account", [("overriddencreatedon", long_ago.into())]);

    assert_eq!(stored(&engine, &account, "createdon"), Some(long_ago.into()));
    assert_eq!(stored(&engine, &account, "overriddencreatedon"), Some(now().into()));
    assert_eq!(stored(&engine, &account, "modifiedon"), Some(now().into()));
}

#[test]
fn a_record_is_not_created_in_the_future() {
    // C-48
    let engine = engine([]);
    let at = |seconds| {
        let moment = now() + chrono::TimeDelta::seconds(seconds);
        engine.create(record(&engine, "account", [("overriddencreatedon", moment.into())]))
    };

    assert!(at(0).is_ok());
    assert_eq!(at(1).unwrap_err().code(), ErrorCode::InvalidDate);
}

#[test]
fn defaults_fill_what_nobody_sent() {
    // C-36, C-37
    let engine = engine([]);

    let account = create(&engine, "account", []);
    let opportunity = create(&engine, "opportunity", []);
    let hot = create(&engine, "opportunity", [("opportunityratingcode", Value::Choice(1))]);

    assert_eq!(stored(&engine, &account, "donotemail"), Some(false.into()));
    assert_eq!(stored(&engine, &account, "rating"), None);
    assert_eq!(stored(&engine, &opportunity, "opportunityratingcode"), Some(Value::Choice(2)));
    assert_eq!(stored(&engine, &hot, "opportunityratingcode"), Some(Value::Choice(1)));
}

#[test]
fn what_the_system_requires_must_be_sent() {
    // C-24, C-27, O-53
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let error = |values| engine.create(record(&engine, "ticket", values)).unwrap_err();

    for values in [("title", Value::from("T")), ("accountid", Value::Null)].map(|it| [it]) {
        let error = error(values);
        assert_eq!((error.code(), error.number()), (ErrorCode::RequiredMissing, 0x8004_0200));
    }
    create(&engine, "ticket", [("accountid", account.into())]);
}

#[test]
fn an_empty_text_is_no_value_for_what_is_required() {
    // C-14, C-27
    use rulegate::metadata::{AttributeMetadata, AttributeType, EntityDefinition, RequiredLevel};
    let name = AttributeMetadata {
        required: RequiredLevel::SystemRequired,
        ..AttributeMetadata::new("name", AttributeType::text(10))
    };
    let goals = support::bare().entity(EntityDefinition::new("goal").with(name)).check().unwrap();
    let engine = rulegate::Engine::builder(goals).build().unwrap();

    let error = engine.create(record(&engine, "goal", [("name", "".into())])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::RequiredMissing);
}

#[test]
fn a_hook_may_bring_what_is_required() {
    // C-21: what a record needs is checked in the main operation.
    let engine = engine([Step::on(Message::Create, "ticket").run("set", |ctx: &mut Context| {
        let service = ctx.service();
        let account = service.create(service.record("account")?)?;
        Ok(ctx.target_mut()?.set("accountid", account)?)
    })]);

    create(&engine, "ticket", []);

    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn an_unknown_attribute_or_entity_is_refused_with_the_nearest_name() {
    // C-8, C-9
    let engine = engine([]);

    let attribute = engine.record("account").unwrap().with("nme", "A").unwrap_err();
    let entity = engine.record("acount").unwrap_err();

    assert_eq!(attribute.to_string(), "`account` has no attribute `nme`, did you mean `name`?");
    assert_eq!(attribute.code().number(), 0x8004_1103);
    assert_eq!(entity.to_string(), "unknown entity `acount`, did you mean `account`?");
    assert_eq!(entity.number(), 0x8004_1102);
}

#[test]
fn a_lookup_points_at_a_record_that_exists() {
    // C-87, C-88, E-62
    let engine = engine([]);
    let nobody = EntityReference::new("account", Uuid::from_u128(7));

    let error = engine
        .create(record(&engine, "account", [("parentaccountid", nobody.clone().into())]))
        .unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::NotFound, 0x8004_0217));
    assert_eq!(error.to_string(), format!("account With Ids = {} Do Not Exist", nobody.id));
}

#[test]
fn a_lookup_points_at_its_targets_alone() {
    // C-89, C-90, C-92
    let engine = engine([]);
    let task = create(&engine, "task", []);
    let of = |entity, attribute| {
        let record = record(&engine, entity, [(attribute, (&task).into())]);
        let error = engine.create(record).unwrap_err();
        (error.code(), error.number())
    };

    assert_eq!(of("account", "parentaccountid"), (ErrorCode::WrongTarget, 0x8004_0203));
    assert_eq!(of("opportunity", "customerid"), (ErrorCode::InvalidCustomer, 0x8004_022D));
    assert_eq!(of("account", "ownerid"), (ErrorCode::InvalidOwner, 0x8004_0229));
}

#[test]
fn the_entity_of_a_lookup_stands_beside_it() {
    // C-91
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let contact = create(&engine, "contact", [("parentcustomerid", account.clone().into())]);
    let task = create(&engine, "task", [("regardingobjectid", contact.clone().into())]);

    assert_eq!(stored(&engine, &contact, "parentcustomeridtype"), text("account"));
    assert_eq!(stored(&engine, &task, "regardingobjecttypecode"), text("contact"));
    assert_eq!(stored(&engine, &task, "owneridtype"), text("systemuser"));
}

#[test]
fn a_record_that_is_refused_is_not_stored() {
    // C-21
    let engine = engine([]);

    engine.create(record(&engine, "account", [("employees", (-1).into())])).unwrap_err();

    assert_eq!(count(&engine, "account"), 0);
}
