//! Data: what Create and Update do with records.

use chrono::{DateTime, NaiveDate, Utc};
use rulegate::bootstrap::ROOT_BUSINESS_UNIT;
use rulegate::message::Create;
use uuid::Uuid;

use super::*;

/// When the name alone is sent, the description stays.
#[test]
fn t_090_what_is_not_sent_stays() {
    // C-5
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", [("description", "d".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(stored(&engine, &account, "description"), text("d"));
    });
}

/// When null is sent, the attribute is cleared.
#[test]
fn t_091_null_clears() {
    // C-12
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", [("description", "d".into())]);

        update(&engine, &account, [("description", Value::Null)]);

        assert_eq!(stored(&engine, &account, "description"), None);
    });
}

/// When an account is created with an empty name, it has none.
#[test]
fn t_093_an_empty_text_is_stored_as_null() {
    // C-14
    on_every_store(|given| {
        let engine = given.engine([]);

        let account = create(&engine, "account", [("name", "".into())]);

        assert_eq!(stored(&engine, &account, "name"), None);
    });
}

/// When an attribute is sent with Update that is for Create alone, it is ignored without an error.
#[test]
fn t_094_what_cannot_be_sent_with_update_is_ignored() {
    // C-6
    on_every_store(|given| {
        let engine = given.engine([]);
        let opportunity = create(&engine, "opportunity", [("importsequencenumber", 5.into())]);

        update(&engine, &opportunity, [("importsequencenumber", 6.into())]);

        assert_eq!(stored(&engine, &opportunity, "importsequencenumber"), Some(5.into()));
    });
}

/// When an opportunity is created without the name that forms require, it is created.
#[test]
fn t_095_what_forms_require_the_engine_does_not() {
    // C-24, C-25
    on_every_store(|given| {
        let engine = given.engine([]);

        create(&engine, "opportunity", []);

        assert_eq!(count(&engine, "opportunity"), 1);
    });
}

/// When an attribute that the system requires is cleared, the update is refused.
#[test]
fn t_097_what_the_system_requires_cannot_be_cleared() {
    // C-26
    on_every_store(|given| {
        let engine = given.sales([]);
        let customer = create(&engine, "account", [("name", "Acme".into())]);
        let deal = create(&engine, "opportunity", []);
        let values = [("customerid", (&customer).into()), ("opportunityid", deal.into())];
        let role = create(&engine, "customeropportunityrole", values);

        let error = engine.update(change(&engine, &role, [("customerid", Value::Null)]));

        let error = error.unwrap_err();
        assert_eq!((error.code(), error.number()), (ErrorCode::RequiredNull, 0x8004_0203));
        assert!(error.to_string().to_lowercase().contains("cannot be set to null"), "{error}");
        assert_eq!(stored(&engine, &role, "customerid"), Some(customer.into()));
    });
}

/// When a record that is not there is updated, the error names it.
#[test]
fn t_103_a_record_that_is_not_there_cannot_be_updated() {
    // C-10, E-62
    on_every_store(|given| {
        let engine = given.engine([]);
        let nobody = EntityReference::new("account", Uuid::from_u128(7));

        let error = engine.update(change(&engine, &nobody, [])).unwrap_err();

        assert_eq!((error.code(), error.number()), (ErrorCode::NotFound, 0x8004_0217));
        assert_eq!(error.to_string(), format!("account With Ids = {} Do Not Exist", nobody.id));
    });
}

/// When a record is created with an identity that is taken, it is refused.
#[test]
fn t_105_an_identity_that_is_taken_is_refused() {
    // C-3
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", [("name", "A".into())]);
        let mut twin = record(&engine, "account", [("name", "B".into())]);
        twin.identify(account.id);

        let error = engine.create(twin).unwrap_err();

        assert_eq!((error.code(), error.number()), (ErrorCode::Duplicate, 0x8004_0237));
        assert_eq!(error.to_string(), "Cannot insert duplicate key.");
        assert_eq!(stored(&engine, &account, "name"), text("A"));
    });
}

/// When the customer of an opportunity is a user, it is refused: a customer is an account or a contact.
#[test]
fn t_106_a_customer_is_an_account_or_a_contact() {
    // C-89
    on_every_store(|given| {
        let engine = given.engine([]);
        let user = EntityReference::new("systemuser", rulegate::bootstrap::DEFAULT_USER);

        let outcome = engine.create(record(&engine, "opportunity", [("customerid", user.into())]));

        assert_eq!(code(outcome), (ErrorCode::InvalidCustomer, 0x8004_022D));
    });
}

/// When a lookup points at no record, it is refused.
#[test]
fn t_107_a_lookup_points_at_a_record_that_exists() {
    // C-88
    on_every_store(|given| {
        let engine = given.engine([]);
        let nobody = EntityReference::new("account", Uuid::from_u128(7));

        let outcome =
            engine.create(record(&engine, "account", [("parentaccountid", nobody.into())]));

        assert_eq!(code(outcome), (ErrorCode::NotFound, 0x8004_0217));
    });
}

/// When a record is created for a team, its owner is the team, and no user.
#[test]
fn t_109_a_record_can_belong_to_a_team() {
    // C-57
    on_every_store(|given| {
        let engine = given.engine([]);
        let unit = EntityReference::new("businessunit", ROOT_BUSINESS_UNIT);
        let team = create(&engine, "team", [("businessunitid", unit.into())]);

        let account = create(&engine, "account", [("ownerid", (&team).into())]);

        assert_eq!(points_at(&engine, &account, "owningteam"), Some(team.id));
        assert_eq!(points_at(&engine, &account, "owninguser"), None);
        let of = points_at(&engine, &account, "owningbusinessunit");
        assert_eq!(of, Some(ROOT_BUSINESS_UNIT));
    });
}

/// When a moment is written to an attribute that holds a day, the day is stored.
#[test]
fn t_125_a_date_has_no_time() {
    // C-122
    // Also C-126: the day is what the attribute holds, not how it is shown.
    on_every_store(|given| {
        let engine = given.engine([]);
        let moment: DateTime<Utc> = "2024-05-01T15:00:00Z".parse().unwrap();

        let opportunity = create(&engine, "opportunity", [("estimatedclosedate", moment.into())]);

        let day: NaiveDate = "2024-05-01".parse().unwrap();
        assert_eq!(stored(&engine, &opportunity, "estimatedclosedate"), Some(day.into()));
    });
}

/// When an account is created with its primary contact and three tasks, five records are there, and their
/// lookups point both ways.
#[test]
fn t_194_an_account_comes_with_its_contact_and_its_tasks() {
    // I-82
    on_every_store(|given| {
        let engine = given.engine([]);
        let contact = record(&engine, "contact", [("lastname", "Ada".into())]);
        let tasks = ["a", "b", "c"].map(|it| record(&engine, "task", [("subject", it.into())]));

        let create = Create::new(record(&engine, "account", [("name", "Acme".into())]))
            .with_related("account_primary_contact", [contact])
            .with_related("Account_Tasks", tasks);
        let account = engine.send(create).unwrap();

        assert_eq!(["account", "contact", "task"].map(|it| count(&engine, it)), [1, 1, 3]);
        let contact = engine.retrieve_multiple(Query::new("contact")).unwrap().records.remove(0);
        assert_eq!(points_at(&engine, &account, "primarycontactid"), contact.id());
        let of = Query::new("task").equal("regardingobjectid", &account);
        assert_eq!(engine.retrieve_multiple(of).unwrap().records.len(), 3);
    });
}
