//! What the specification says of the shipped entities themselves (O-1 to O-63), against the catalog.

use rulegate::bootstrap::{DEFAULT_USER, SYSTEM_USER};
use rulegate::metadata::{
    AttributeType, Cascade, Cascades, OneToMany, Ownership, RelationshipMetadata, RequiredLevel,
};
use rulegate::{Catalog, EntityReference, LogicalName, Message, Value};

use super::*;

/// A one-to-many relationship of the catalog.
fn relationship(catalog: &Catalog, name: &str) -> OneToMany {
    match &**catalog.relationship(name).unwrap() {
        RelationshipMetadata::OneToMany(it) => it.clone(),
        RelationshipMetadata::ManyToMany(_) => panic!("{name}"),
    }
}

#[test]
fn opportunities_and_their_roles_are_what_they_are() {
    // O-1, O-3, O-5, O-62: owned by users, known by these names, and a role has no state
    let catalog = support::shipped_catalog();
    let [deal, role] =
        ["opportunity", "customeropportunityrole"].map(|it| catalog.entity(it).unwrap());

    for (entity, id, name, set) in [
        (deal, "opportunityid", "name", "opportunities"),
        (role, "customeropportunityroleid", "opportunityroleidname", "customeropportunityroles"),
    ] {
        assert_eq!(*entity.primary_id(), *id);
        assert_eq!(entity.primary_name().map(LogicalName::as_str), Some(name));
        assert_eq!(entity.definition().names.entity_set, set);
        assert_eq!(entity.definition().ownership, Ownership::User);
    }
    assert!(deal.attribute("statecode").is_some() && role.attribute("statecode").is_none());
}

#[test]
fn what_forms_require_of_an_opportunity_is_no_more_than_that() {
    // C-23, O-6, O-52: the levels, and who has which
    use RequiredLevel::{ApplicationRequired, None, Recommended, SystemRequired};
    let catalog = support::shipped_catalog();
    let level = |entity: &str, name: &str| {
        catalog.entity(entity).unwrap().attribute(name).unwrap().required
    };

    assert_eq!(RequiredLevel::ALL, [None, SystemRequired, ApplicationRequired, Recommended]);
    for name in ["name", "customerid", "transactioncurrencyid"] {
        assert_eq!(level("opportunity", name), ApplicationRequired, "{name}");
    }
    assert_eq!(level("opportunity", "ownerid"), SystemRequired);
    for name in ["customerid", "opportunityid", "ownerid"] {
        assert_eq!(level("customeropportunityrole", name), SystemRequired, "{name}");
    }
    assert_eq!(level("customeropportunityrole", "opportunityroleid"), None);
}

#[test]
fn the_attributes_of_an_opportunity_have_their_limits() {
    // O-6, O-7, O-8, O-26, O-49
    let catalog = support::shipped_catalog();
    for name in ["accountid", "contactid"] {
        let inner = catalog.entity("opportunity").unwrap().attribute(name).unwrap();
        assert!(!inner.valid_for.create && !inner.valid_for.update, "{name}");
    }
    let kind = |entity: &str, name: &str| {
        catalog.entity(entity).unwrap().attribute(name).unwrap().kind.clone()
    };

    for (entity, name, length) in [
        ("opportunity", "name", 300),
        ("opportunity", "stepname", 200),
        ("opportunity", "emailaddress", 100),
        ("opportunityclose", "subject", 200),
    ] {
        let AttributeType::Text { max_length, .. } = kind(entity, name) else { panic!("{name}") };
        assert_eq!(max_length, length, "{name}");
    }
    let AttributeType::WholeNumber { min, max, .. } = kind("opportunity", "closeprobability")
    else {
        panic!()
    };
    assert_eq!((min, max), (0, 100));
    let AttributeType::Decimal { precision, .. } = kind("opportunity", "exchangerate") else {
        panic!()
    };
    assert_eq!(precision, 12);
    let options = |entity: &str, name: &str| -> Vec<i32> {
        kind(entity, name).option_set().unwrap().options.iter().map(|it| it.value).collect()
    };
    assert_eq!(options("opportunity", "statuscode"), [1, 2, 3, 4, 5]);
    assert_eq!(options("opportunityclose", "statecode"), [0, 1, 2]);
    assert_eq!(options("opportunityclose", "statuscode"), [1, 2, 3]);
    assert_eq!(options("msdyn_bookingalert", "statuscode"), [1, 2, 3, 4], "O-49");
}

/// What a relationship is: its name, its parent, its child with the lookup, and what it does to children.
type Row<'a> = (&'a str, &'a str, [&'a str; 2], Cascades);

fn assert_relationships(rows: &[Row<'_>]) {
    let catalog = support::shipped_catalog();
    for (name, parent, [child, lookup], cascades) in rows {
        let it = relationship(&catalog, name);
        assert_eq!(it.schema_name, *name);
        assert_eq!((&*it.referenced_entity, &*it.referencing_entity), (*parent, *child), "{name}");
        assert_eq!(it.referencing_attribute, *lookup, "{name}");
        let wanted = Cascades { archive: it.cascades.archive, ..*cascades }; // Nobody says.
        assert_eq!(it.cascades, wanted, "{name}");
    }
}

const REMOVE: Cascades = Cascades { delete: Cascade::RemoveLink, ..Cascades::NONE };

#[test]
fn an_opportunity_does_to_its_children_what_the_references_say() {
    // O-45, O-58, O-59, R-1, R-2
    let quotes = Cascades { assign: Cascade::Cascade, delete: Cascade::Cascade, ..Cascades::NONE };
    assert_relationships(&[
        ("Opportunity_Tasks", "opportunity", ["task", "regardingobjectid"], Cascades::PARENTAL),
        ("Opportunity_Annotation", "opportunity", ["annotation", "objectid"], Cascades::PARENTAL),
        (
            "Opportunity_OpportunityClose",
            "opportunity",
            ["opportunityclose", "opportunityid"],
            Cascades::PARENTAL,
        ),
        (
            "opportunity_customer_opportunity_roles",
            "opportunity",
            ["customeropportunityrole", "opportunityid"],
            Cascades::PARENTAL,
        ),
        ("opportunity_quotes", "opportunity", ["quote", "opportunityid"], quotes),
    ]);
}

#[test]
fn the_parents_of_an_opportunity_do_to_it_what_the_references_say() {
    // O-48, O-58, O-59
    let restrict = Cascades { delete: Cascade::Restrict, ..Cascades::NONE };
    let merged = |it| Cascades { merge: Cascade::Cascade, ..it };
    let deleted = Cascades { delete: Cascade::Cascade, ..Cascades::NONE };
    assert_relationships(&[
        (
            "opportunity_customer_accounts",
            "account",
            ["opportunity", "customerid"],
            merged(Cascades::PARENTAL),
        ),
        (
            "opportunity_parent_account",
            "account",
            ["opportunity", "parentaccountid"],
            merged(REMOVE),
        ),
        (
            "opportunity_originating_lead",
            "lead",
            ["opportunity", "originatingleadid"],
            merged(REMOVE),
        ),
        (
            "transactioncurrency_opportunity",
            "transactioncurrency",
            ["opportunity", "transactioncurrencyid"],
            restrict,
        ),
        (
            "account_customer_opportunity_roles",
            "account",
            ["customeropportunityrole", "customerid"],
            merged(deleted),
        ),
        (
            "contact_customer_opportunity_roles",
            "contact",
            ["customeropportunityrole", "customerid"],
            merged(deleted),
        ),
        (
            "relationship_role_customer_opportunity_roles",
            "relationshiprole",
            ["customeropportunityrole", "opportunityroleid"],
            REMOVE,
        ),
    ]);
}

#[test]
fn a_relationship_that_reaches_into_its_children_is_parental() {
    // and each target of a lookup has a relationship of its own
    let catalog = support::shipped_catalog();
    let is_parental = |name: &str| relationship(&catalog, name).is_parental();

    assert!(is_parental("Opportunity_Tasks") && is_parental("opportunity_customer_accounts"));
    assert!(is_parental("opportunity_customer_contacts"));
    assert!(!is_parental("opportunity_parent_account"));
    assert!(!is_parental("transactioncurrency_opportunity"));
}

#[test]
fn competitors_and_opportunities_are_pairs() {
    // O-47, R-4
    let catalog = support::shipped_catalog();
    let found = catalog.relationship("opportunitycompetitors_association").unwrap();
    let RelationshipMetadata::ManyToMany(it) = &**found else { panic!() };

    assert_eq!(&*it.intersect_entity, "opportunitycompetitors");
    assert_eq!((&*it.first.attribute, &*it.second.attribute), ("opportunityid", "competitorid"));
}

#[test]
fn activities_of_an_opportunity_point_at_it_once_associated() {
    // O-50, I-61
    let engine = support::shipped();
    let deal = opportunity(&engine);

    for (relationship, entity) in [
        ("opportunity_msdyn_bookingalerts", "msdyn_bookingalert"),
        ("opportunity_msdyn_ocoutboundmessages", "msdyn_ocoutboundmessage"),
        ("opportunity_msdyn_ocvoicemails", "msdyn_ocvoicemail"),
    ] {
        let activity = create(&engine, entity, [("subject", "Hello".into())]);
        engine.associate(&deal, relationship, [activity.clone()]).unwrap();
        assert_eq!(value(&engine, &activity, "regardingobjectid"), (&deal).into(), "{entity}");
    }
}

#[test]
fn what_clients_keep_of_time_zones_is_kept_as_they_send_it() {
    // C-52, on both sides of the limit
    let engine = support::shipped();
    let values = |least: i64| {
        let names = ["timezoneruleversionnumber", "utcconversiontimezonecode"];
        names.map(|it| (it, Value::from(least)))
    };

    let deal = create(&engine, "opportunity", values(-1));
    assert_eq!(value(&engine, &deal, "timezoneruleversionnumber"), (-1).into());
    assert_eq!(update(&engine, &deal, values(-2)).unwrap_err().number(), 0x8004_432F);
}

#[test]
fn who_acts_for_another_leaves_both_names() {
    // C-45, C-46, I-35: and nobody's stands there after an update of one's own
    let task = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("task")?.with("subject", "Call")?)?;
        Ok(())
    };
    let step = Step::on(Message::Create, "account")
        .at(Stage::PostOperation)
        .run_as(SYSTEM_USER)
        .run("as system", task);
    let engine = shipped_with([step]);
    let user = |id| Value::from(EntityReference::new("systemuser", id));

    let account = account(&engine);
    let tasks = engine.retrieve_multiple(Query::new("task")).unwrap().records;
    let task = tasks[0].reference().unwrap();

    for (by, behalf) in [("createdby", "createdonbehalfby"), ("modifiedby", "modifiedonbehalfby")] {
        assert_eq!(value(&engine, &task, by), user(SYSTEM_USER));
        assert_eq!(value(&engine, &task, behalf), user(DEFAULT_USER));
        assert_eq!(value(&engine, &account, behalf), Value::Null);
    }
    update(&engine, &task, [("subject", "Call again".into())]).unwrap();
    assert_eq!(value(&engine, &task, "modifiedonbehalfby"), Value::Null);
    assert_eq!(value(&engine, &task, "createdonbehalfby"), user(DEFAULT_USER));
}

#[test]
fn a_new_child_copies_nothing_of_its_parent() {
    // mappings are for forms
    let engine = support::shipped();
    let values = [("name", Value::from("Acme")), ("telephone1", "555".into())];
    let acme = create(&engine, "account", values);

    let person = create(&engine, "contact", [("parentcustomerid", (&acme).into())]);

    assert_eq!(value(&engine, &person, "telephone1"), Value::Null);
}

#[test]
fn an_estimate_is_what_the_user_says_and_totals_are_nobodys() {
    // O-37, O-40
    let engine = support::shipped();
    let values = [
        ("isrevenuesystemcalculated", Value::from(false)),
        ("estimatedvalue", 100.into()),
        ("totalamount", 900.into()),
    ];

    let deal = create(&engine, "opportunity", values);

    assert_eq!(value(&engine, &deal, "estimatedvalue").as_decimal(), Some(100.into()));
    assert_eq!(value(&engine, &deal, "totalamount"), Value::Null);
}

#[test]
fn steps_on_roles_run_as_on_any_entity() {
    // O-4, O-60
    let log = Log::default();
    let steps = [Message::Create, Message::Update, Message::Delete].map(|message| {
        let log = log.clone();
        let step = Step::on(message.clone(), "customeropportunityrole").at(Stage::PostOperation);
        let is_create = message == Message::Create;
        let step = if is_create { step } else { step.pre_image(["description"]) };
        step.run(format!("see {message}"), move |ctx: &mut Context| {
            let before = ctx.pre_image().and_then(|it| it.get("description")).cloned();
            log.add(format!("{} {}", ctx.message(), before.unwrap_or(Value::Null)));
            Ok(())
        })
    });
    let engine = shipped_with(steps);
    let (acme, deal) = (account(&engine), opportunity(&engine));
    let values = [
        ("customerid", Value::from(&acme)),
        ("opportunityid", (&deal).into()),
        ("description", "a".into()),
    ];

    let row = create(&engine, "customeropportunityrole", values);
    update(&engine, &row, [("description", "b".into())]).unwrap();
    engine.delete(&row).unwrap();

    assert_eq!(log.lines(), ["Create –", "Update \"a\"", "Delete \"b\""]);
}

#[test]
fn a_hook_sees_moments_in_utc() {
    // C-124
    let log = Log::default();
    let see = {
        let log = log.clone();
        move |ctx: &mut Context| {
            let moment = ctx.target().and_then(|it| it.get("schedulefollowup_qualify")).cloned();
            log.add(moment.unwrap_or(Value::Null).to_string());
            Ok(())
        }
    };
    let engine = shipped_with([Step::on(Message::Create, "opportunity").run("see", see)]);
    let noon: chrono::DateTime<chrono::FixedOffset> = "2026-03-04T12:00:00+02:00".parse().unwrap();

    create(&engine, "opportunity", [("schedulefollowup_qualify", noon.to_utc().into())]);

    assert_eq!(log.lines(), ["2026-03-04T10:00:00Z"]);
}
