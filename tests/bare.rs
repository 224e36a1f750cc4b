//! A small catalog for tests: one entity for each thing that a message can meet.
//!
//! ```text
//! businessunit ◀── systemuser, team            who owns what is owned
//! account ◀─ account      parentaccountid      a hierarchy; the link is removed with the parent
//! account ◀─ contact      parentcustomerid     parental: children go, and the active ones follow the owner
//! account ◀─ task         regardingobjectid    parental: children go, and follow the owner
//! account ◀─ opportunity  customerid           restricts; those of the same owner follow the owner
//! contact ◀─ account      primarycontactid     the link is removed with the contact
//! contact ◀─ contact      managerid            parental: a hierarchy whose children go
//! contact ◀─ task         regardingobjectid    parental
//! opportunity ◀─ role     opportunityid        parental, and the lookup must have a value
//! account ◀─ ticket       accountid            the link is to be removed, and must not be null
//! opportunity ◀▶ competitor, account ◀▶ account  pairs
//! ```

use rulegate::metadata::{
    AttributeMetadata, AttributeType, Cascade, Cascades, CatalogDraft, EntityDefinition,
    ManyToMany, OneToMany, OptionMetadata, OptionSet, Ownership, PrecisionSource, RelationshipEnd,
    RequiredLevel, ValidFor,
};

/// What can be sent with Create, and never again.
const CREATE_ONLY: ValidFor = ValidFor { create: true, update: false, read: true, form: false };
/// What can be sent with Update alone.
const UPDATE_ONLY: ValidFor = ValidFor { create: false, update: true, read: true, form: true };

/// The draft of the catalog, so that a test can add to it.
pub fn bare() -> CatalogDraft {
    let draft = CatalogDraft::default()
        .entity(account())
        .entity(contact())
        .entity(task())
        .entity(opportunity())
        .entity(role())
        .entity(ticket())
        .entity(EntityDefinition::new("competitor").attribute("name", AttributeType::text(100)))
        .entity(
            EntityDefinition::new("systemuser")
                .attribute("fullname", AttributeType::text(200))
                .attribute("businessunitid", AttributeType::lookup(["businessunit"]))
                .named_by("fullname"),
        )
        .entity(
            EntityDefinition::new("team")
                .attribute("name", AttributeType::text(160))
                .attribute("businessunitid", AttributeType::lookup(["businessunit"])),
        )
        .entity(EntityDefinition::new("businessunit").attribute("name", AttributeType::text(160)))
        .entity(
            EntityDefinition::new("transactioncurrency")
                .attribute("currencyname", AttributeType::text(100))
                .attribute("currencyprecision", AttributeType::whole_number(0, 10))
                .attribute("exchangerate", AttributeType::decimal(0, 1_000_000, 10)),
        );
    relationships(draft)
}

fn account() -> EntityDefinition {
    owned("account", &[(0, "Active", &[(1, "Active")]), (1, "Inactive", &[(2, "Inactive")])])
        .attribute("name", AttributeType::text(160))
        .attribute("accountnumber", AttributeType::text(20))
        .attribute("description", AttributeType::memo(2_000))
        .attribute("telephone1", AttributeType::text(50))
        .attribute("employees", AttributeType::whole_number(0, 1_000_000))
        .attribute("rating", AttributeType::choice([(1, "Hot"), (2, "Warm"), (3, "Cold")]))
        .attribute("donotemail", AttributeType::boolean())
        .attribute("parentaccountid", AttributeType::lookup(["account"]))
        .attribute("primarycontactid", AttributeType::lookup(["contact"]))
        .named_by("name")
        .key("accountnumber", ["accountnumber"])
}

fn contact() -> EntityDefinition {
    owned("contact", &[(0, "Active", &[(1, "Active")]), (1, "Inactive", &[(2, "Inactive")])])
        .attribute("lastname", AttributeType::text(50))
        .with(AttributeMetadata::new(
            "parentcustomerid",
            AttributeType::Customer { targets: vec!["account".into(), "contact".into()] },
        ))
        .attribute("parentcustomeridtype", AttributeType::EntityName)
        .attribute("managerid", AttributeType::lookup(["contact"]))
        .named_by("lastname")
}

fn task() -> EntityDefinition {
    owned("task", &[(0, "Open", &[(2, "NotStarted")]), (1, "Completed", &[(5, "Completed")])])
        .attribute("subject", AttributeType::text(200))
        .attribute("regardingobjectid", AttributeType::lookup(["account", "contact"]))
        .attribute("regardingobjecttypecode", AttributeType::EntityName)
        .named_by("subject")
}

fn opportunity() -> EntityDefinition {
    let mut rating = OptionSet::of([(1, "Hot"), (2, "Warm"), (3, "Cold")]);
    rating.default = Some(2);
    let states: &[State<'_>] = &[
        (0, "Open", &[(1, "InProgress"), (2, "OnHold")]),
        (1, "Won", &[(3, "Won")]),
        (2, "Lost", &[(4, "Canceled"), (5, "OutSold")]),
    ];
    owned("opportunity", states)
        .with(application_required("name", AttributeType::text(300)))
        .with(application_required(
            "customerid",
            AttributeType::Customer { targets: vec!["account".into(), "contact".into()] },
        ))
        .attribute("customeridtype", AttributeType::EntityName)
        .attribute("closeprobability", AttributeType::whole_number(0, 100))
        .attribute("opportunityratingcode", AttributeType::Choice(rating))
        .attribute("needs", AttributeType::MultiChoice(OptionSet::of([(1, "A"), (2, "B")])))
        .attribute("discountpercentage", AttributeType::decimal(0, 100, 2))
        .attribute("score", AttributeType::Double { min: 0.0, max: 10.0, precision: 1 })
        .attribute("budgetamount", AttributeType::money(0, 1_000_000))
        .attribute("estimatedvalue", money(PrecisionSource::Currency))
        .attribute("actualvalue", money(PrecisionSource::Organization))
        .attribute("transactioncurrencyid", AttributeType::lookup(["transactioncurrency"]))
        .attribute("estimatedclosedate", AttributeType::date())
        .attribute("contactedon", AttributeType::moment())
        .with(valid_for(
            AttributeMetadata::new("importsequencenumber", AttributeType::whole_number(0, 1_000)),
            CREATE_ONLY,
        ))
        .with(read_only("totalamount", AttributeType::money(0, 1_000_000)))
        .with(valid_for(
            AttributeMetadata::new("secret", AttributeType::text(10)),
            ValidFor { read: false, ..ValidFor::EVERYTHING },
        ))
        .with(name_of("customeridname", "customerid"))
        .with(name_of("opportunityratingcodename", "opportunityratingcode"))
        .named_by("name")
}

fn role() -> EntityDefinition {
    owned("role", &[(0, "Active", &[(1, "Active")])])
        .attribute("description", AttributeType::text(500))
        .with(required("opportunityid", AttributeType::lookup(["opportunity"])))
}

/// An entity that enforces its transitions: Proposed, then Active, then Resolved, and back to Active only.
fn ticket() -> EntityDefinition {
    let mut entity = owned(
        "ticket",
        &[(0, "Open", &[(1, "Proposed"), (2, "Active")]), (1, "Closed", &[(3, "Resolved")])],
    )
    .attribute("title", AttributeType::text(100))
    .with(required("accountid", AttributeType::lookup(["account"])));
    entity.enforces_state_transitions = true;
    entity.is_optimistic_concurrency_enabled = false;
    for attribute in &mut entity.attributes {
        if let AttributeType::Status(set) = &mut attribute.kind {
            set.options.iter_mut().for_each(|it| it.next = vec![if it.value == 2 { 3 } else { 2 }]);
        }
    }
    entity
}

/// A state with its status reasons, the default one first.
type State<'a> = (i32, &'a str, &'a [(i32, &'a str)]);

/// An entity whose records have owners, states and stamps.
fn owned(name: &str, states: &[State<'_>]) -> EntityDefinition {
    let user = || AttributeType::lookup(["systemuser"]);
    let owner = AttributeType::Owner { targets: vec!["systemuser".into(), "team".into()] };
    EntityDefinition::new(name)
        .owned_by(Ownership::User)
        .with(required("ownerid", owner))
        .attribute("owneridtype", AttributeType::EntityName)
        .with(read_only("owninguser", user()))
        .with(read_only("owningteam", AttributeType::lookup(["team"])))
        .with(read_only("owningbusinessunit", AttributeType::lookup(["businessunit"])))
        .with(read_only("createdon", AttributeType::moment()))
        .with(read_only("createdby", user()))
        .with(read_only("modifiedon", AttributeType::moment()))
        .with(read_only("modifiedby", user()))
        .with(valid_for(
            AttributeMetadata::new("overriddencreatedon", AttributeType::moment()),
            CREATE_ONLY,
        ))
        .with(read_only("versionnumber", AttributeType::BigInteger { min: 0, max: i64::MAX }))
        .with(valid_for(AttributeMetadata::new("statecode", state_set(states)), UPDATE_ONLY))
        .attribute("statuscode", status_set(states))
}

fn state_set(states: &[State<'_>]) -> AttributeType {
    let option = |(value, name, reasons): &State<'_>| OptionMetadata {
        default_status: reasons.first().map(|(it, _)| *it),
        ..OptionMetadata::new(*value, name)
    };
    let options = states.iter().map(option).collect();
    AttributeType::State(OptionSet { options, ..OptionSet::default() })
}

fn status_set(states: &[State<'_>]) -> AttributeType {
    let options = states.iter().flat_map(|(state, _, reasons)| {
        reasons.iter().map(|(value, name)| OptionMetadata {
            state: Some(*state),
            ..OptionMetadata::new(*value, name)
        })
    });
    AttributeType::Status(OptionSet { options: options.collect(), ..OptionSet::default() })
}

fn money(precision_source: PrecisionSource) -> AttributeType {
    let (min, max) = ((-1_000_000_000_i64).into(), 1_000_000_000_i64.into());
    AttributeType::Money { min, max, precision: 2, precision_source, base_of: None }
}

fn required(name: &str, kind: AttributeType) -> AttributeMetadata {
    let required = RequiredLevel::SystemRequired;
    AttributeMetadata { required, ..AttributeMetadata::new(name, kind) }
}

fn application_required(name: &str, kind: AttributeType) -> AttributeMetadata {
    let required = RequiredLevel::ApplicationRequired;
    AttributeMetadata { required, ..AttributeMetadata::new(name, kind) }
}

fn read_only(name: &str, kind: AttributeType) -> AttributeMetadata {
    valid_for(AttributeMetadata::new(name, kind), ValidFor::READING)
}

fn valid_for(attribute: AttributeMetadata, valid_for: ValidFor) -> AttributeMetadata {
    AttributeMetadata { valid_for, ..attribute }
}

/// The name that is derived from a lookup or an option.
fn name_of(name: &str, of: &str) -> AttributeMetadata {
    let derived = AttributeMetadata::new(name, AttributeType::text(100));
    AttributeMetadata { attribute_of: Some(of.into()), ..derived }
}

fn relationships(draft: CatalogDraft) -> CatalogDraft {
    let remove_link = Cascades { delete: Cascade::RemoveLink, ..Cascades::NONE };
    let restrict = Cascades { delete: Cascade::Restrict, ..Cascades::NONE };
    let of_same_owner = Cascades { assign: Cascade::UserOwned, ..restrict };
    let active = Cascades { assign: Cascade::Active, ..Cascades::PARENTAL };
    let hierarchy = |schema_name, entity, attribute, cascades| OneToMany {
        is_hierarchical: true,
        ..OneToMany::new(schema_name, entity, entity, attribute).cascades(cascades)
    };
    let one_to_many = |schema_name, parent, child, attribute, cascades| {
        OneToMany::new(schema_name, parent, child, attribute).cascades(cascades)
    };
    [
        hierarchy("account_parent_account", "account", "parentaccountid", remove_link),
        hierarchy("contact_manager", "contact", "managerid", Cascades::PARENTAL),
        one_to_many(
            "account_primary_contact",
            "contact",
            "account",
            "primarycontactid",
            remove_link,
        ),
        one_to_many("contact_customer_accounts", "account", "contact", "parentcustomerid", active),
        one_to_many(
            "contact_customer_contacts",
            "contact",
            "contact",
            "parentcustomerid",
            remove_link,
        ),
        one_to_many("Account_Tasks", "account", "task", "regardingobjectid", Cascades::PARENTAL),
        one_to_many("Contact_Tasks", "contact", "task", "regardingobjectid", Cascades::PARENTAL),
        one_to_many(
            "opportunity_customer_accounts",
            "account",
            "opportunity",
            "customerid",
            of_same_owner,
        ),
        one_to_many(
            "opportunity_roles",
            "opportunity",
            "role",
            "opportunityid",
            Cascades::PARENTAL,
        ),
        one_to_many("account_tickets", "account", "ticket", "accountid", remove_link),
    ]
    .into_iter()
    .fold(draft, CatalogDraft::one_to_many)
    .many_to_many(pairs("opportunitycompetitors_association", ["opportunity", "competitor"]))
    .many_to_many(pairs("account_partners", ["account", "account"]))
}

/// A many-to-many relationship whose ends are told apart by their attributes.
pub(crate) fn pairs(schema_name: &str, [first, second]: [&str; 2]) -> ManyToMany {
    let end = |entity: &str, attribute: String| RelationshipEnd {
        entity: entity.into(),
        attribute: attribute.into(),
        navigation: schema_name.to_owned(),
        menu: rulegate::metadata::AssociatedMenu::default(),
    };
    let second_attribute =
        if first == second { format!("{second}idtwo") } else { format!("{second}id") };
    ManyToMany {
        schema_name: schema_name.to_owned(),
        intersect_entity: format!("{schema_name}_pairs").into(),
        first: end(first, format!("{first}id")),
        second: end(second, second_attribute),
        is_customizable: true,
    }
}
