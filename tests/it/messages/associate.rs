//! Associate and Disassociate: records are linked, and links are taken away.

use rulegate::message::{Associate, Disassociate, Link, RelationshipRole};
use rulegate::{
    Context, Engine, EntityReference, Error, ErrorCode, Message, OrganizationService, Query,
    Request, Stage, Step, Value,
};
use uuid::Uuid;

use crate::engines::{Log, builder, count, create, engine, refuse, stored, text, update};

const PAIRS: &str = "opportunitycompetitors_association_pairs";
const COMPETITORS: &str = "opportunitycompetitors_association";

fn on(message: Message) -> Step {
    Step::on_any(message).at(Stage::PostOperation)
}

fn new(engine: &Engine, entity: &str) -> EntityReference {
    create(engine, entity, [])
}

/// Associates, with the target at this end.
fn link(
    engine: &Engine,
    relationship: &str,
    (target, role): (&EntityReference, RelationshipRole),
    related: &EntityReference,
) -> Result<(), Error> {
    let link = Link::new(target.clone(), relationship, [related.clone()]).with_role(role);
    engine.send(Associate { link })
}

#[test]
fn associating_children_sets_their_lookup() {
    // I-56, I-61, I-63, R-42
    let engine = engine([]);
    let account = new(&engine, "account");
    let tasks = [new(&engine, "task"), new(&engine, "task")];

    engine.associate(&account, "Account_Tasks", tasks.clone()).unwrap();

    for task in &tasks {
        assert_eq!(stored(&engine, task, "regardingobjectid"), Some((&account).into()));
        assert_eq!(stored(&engine, task, "regardingobjecttypecode"), text("account"));
    }
}

#[test]
fn disassociating_children_clears_their_lookup() {
    // I-62
    let engine = engine([]);
    let account = new(&engine, "account");
    let contact = create(&engine, "contact", [("parentcustomerid", (&account).into())]);

    let relationship = "contact_customer_accounts";
    engine.disassociate(&account, relationship, [contact.clone()]).unwrap();

    assert_eq!(stored(&engine, &contact, "parentcustomerid"), None);
    assert_eq!(stored(&engine, &contact, "parentcustomeridtype"), None);
}

#[test]
fn disassociating_somebody_elses_child_changes_nothing() {
    // I-71, R-43
    let engine = engine([]);
    let (account, other) = (new(&engine, "account"), new(&engine, "account"));
    let task = create(&engine, "task", [("regardingobjectid", (&other).into())]);
    let free = new(&engine, "task");

    engine.disassociate(&account, "Account_Tasks", [task.clone(), free]).unwrap();

    assert_eq!(stored(&engine, &task, "regardingobjectid"), Some(other.into()));
}

#[test]
fn a_child_that_must_have_a_parent_keeps_it() {
    // O-61
    let engine = engine([]);
    let opportunity = new(&engine, "opportunity");
    let role = create(&engine, "role", [("opportunityid", (&opportunity).into())]);

    let error = engine.disassociate(&opportunity, "opportunity_roles", [role.clone()]).unwrap_err();

    assert_eq!(error.code(), ErrorCode::RequiredNull);
    assert_eq!(stored(&engine, &role, "opportunityid"), Some(opportunity.into()));
}

#[test]
fn associating_a_child_is_an_update_of_its_own() {
    // I-64, I-77, spec 9.7 question 1
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let depth = ctx.depth();
        format!("{} at {depth}: {}", ctx.message(), ctx.target().unwrap().has("modifiedon"))
    };
    let engine = engine([
        on(Message::Associate).run("associate", log.word("associate")),
        Step::on(Message::Update, "task").at(Stage::PostOperation).run("update", log.hook(see)),
    ]);
    let account = new(&engine, "account");
    let tasks = [new(&engine, "task"), new(&engine, "task")];

    engine.associate(&account, "Account_Tasks", tasks).unwrap();

    assert_eq!(log.take(), ["Update at 2: true", "Update at 2: true", "associate"]);
}

#[test]
fn associating_a_child_is_no_update_where_the_settings_say_so() {
    // I-64, I-77
    let log = Log::default();
    let engine = builder()
        .settings(|it| it.associate_raises_update = false)
        .step(on(Message::Associate).run("associate", log.word("associate")))
        .step(Step::on(Message::Update, "task").run("update", log.word("update")))
        .build()
        .unwrap();
    let account = new(&engine, "account");
    let task = new(&engine, "task");
    let system = engine.as_user(rulegate::bootstrap::SYSTEM_USER);

    system.associate(&account, "Account_Tasks", [task.clone()]).unwrap();
    assert_eq!(log.take(), ["associate"]);
    assert_eq!(stored(&engine, &task, "regardingobjectid"), Some((&account).into()));
    assert_eq!(stored(&engine, &task, "regardingobjecttypecode"), text("account"));
    let by = stored(&engine, &task, "modifiedby").and_then(|it| it.as_identity());
    assert_eq!(by, Some(rulegate::bootstrap::SYSTEM_USER));

    system.disassociate(&account, "Account_Tasks", [task.clone()]).unwrap();
    assert_eq!(stored(&engine, &task, "regardingobjectid"), None);
    assert!(log.take().is_empty());
}

#[test]
fn a_child_as_target_takes_one_parent() {
    // I-72
    let engine = engine([]);
    let (one, two) = (new(&engine, "account"), new(&engine, "account"));
    let task = new(&engine, "task");

    engine.associate(&task, "Account_Tasks", [one.clone()]).unwrap();
    let error = engine.associate(&task, "Account_Tasks", [one.clone(), two]).unwrap_err();

    assert_eq!(error.code(), ErrorCode::TooManyRelated);
    let platform = "Only one related entity is supported for Many to One relationship association.";
    assert_eq!(error.to_string(), platform);
    assert_eq!(stored(&engine, &task, "regardingobjectid"), Some(one.into()));
}

#[test]
fn a_child_as_target_is_taken_from_its_parent() {
    // I-62, I-75
    let engine = engine([]);
    let account = new(&engine, "account");
    let task = create(&engine, "task", [("regardingobjectid", (&account).into())]);

    engine.disassociate(&task, "Account_Tasks", [account]).unwrap();

    assert_eq!(stored(&engine, &task, "regardingobjectid"), None);
}

#[test]
fn a_self_referencing_relationship_needs_the_role_of_the_target() {
    // I-57, R-46
    let engine = engine([]);
    let (a, b) = (new(&engine, "account"), new(&engine, "account"));
    let relationship = "account_parent_account";

    let error = engine.associate(&a, relationship, [b.clone()]).unwrap_err();
    assert_eq!((error.code(), error.number()), (ErrorCode::ParameterMissing, 0x8004_0200));

    link(&engine, relationship, (&a, RelationshipRole::Referenced), &b).unwrap();
    assert_eq!(stored(&engine, &b, "parentaccountid"), Some((&a).into()));

    update(&engine, &b, [("parentaccountid", Value::Null)]);
    link(&engine, relationship, (&a, RelationshipRole::Referencing), &b).unwrap();
    assert_eq!(stored(&engine, &a, "parentaccountid"), Some((&b).into()));
    assert_eq!(stored(&engine, &b, "parentaccountid"), None);
}

#[test]
fn a_pair_is_a_record_of_the_intersect_entity() {
    // I-68, R-4, R-42
    let engine = engine([]);
    let opportunity = new(&engine, "opportunity");
    let competitors = [new(&engine, "competitor"), new(&engine, "competitor")];

    engine.associate(&opportunity, COMPETITORS, competitors.clone()).unwrap();

    let pairs = engine.retrieve_multiple(Query::new(PAIRS)).unwrap().records;
    assert_eq!(pairs.len(), 2);
    for competitor in &competitors {
        let is = |name: &str, id: Uuid| {
            pairs.iter().filter(|it| it.get(name) == Some(&Value::Id(id))).count()
        };
        assert_eq!(
            (is("opportunityid", opportunity.id), is("competitorid", competitor.id)),
            (2, 1)
        );
    }
}

#[test]
fn either_end_of_a_pair_may_be_the_target() {
    // I-75
    let engine = engine([]);
    let opportunity = new(&engine, "opportunity");
    let competitor = new(&engine, "competitor");

    engine.associate(&competitor, COMPETITORS, [opportunity.clone()]).unwrap();
    let error = engine.associate(&opportunity, COMPETITORS, [competitor.clone()]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Duplicate, "it is the same pair");

    engine.disassociate(&opportunity, COMPETITORS, [competitor]).unwrap();
    assert_eq!(count(&engine, PAIRS), 0);
}

#[test]
fn a_pair_that_is_linked_already_is_refused() {
    // I-70
    let engine = engine([]);
    let opportunity = new(&engine, "opportunity");
    let (one, two) = (new(&engine, "competitor"), new(&engine, "competitor"));
    engine.associate(&opportunity, COMPETITORS, [one.clone()]).unwrap();

    let error = engine.associate(&opportunity, COMPETITORS, [two.clone(), one]).unwrap_err();
    assert_eq!((error.code(), error.number()), (ErrorCode::Duplicate, 0x8004_0237));
    assert_eq!(error.to_string(), "Cannot insert duplicate key.");
    assert_eq!(count(&engine, PAIRS), 1, "I-58: all links of one call, or none");

    let error = engine.associate(&opportunity, COMPETITORS, [two.clone(), two]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Duplicate, "twice in one call");
}

#[test]
fn a_pair_that_is_not_linked_cannot_be_taken_apart() {
    // I-71
    let engine = engine([]);
    let opportunity = new(&engine, "opportunity");
    let competitor = new(&engine, "competitor");

    let error = engine.disassociate(&opportunity, COMPETITORS, [competitor]).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::NotLinked, 0x8004_0217));
}

#[test]
fn pairs_raise_no_event_of_their_own() {
    // I-69
    let log = Log::default();
    let engine = engine([
        Step::on(Message::Create, PAIRS).run("create", log.word("create")),
        Step::on(Message::Delete, PAIRS).run("delete", log.word("delete")),
        on(Message::Associate).run("associate", log.word("associate")),
        on(Message::Disassociate).run("disassociate", log.word("disassociate")),
    ]);
    let opportunity = new(&engine, "opportunity");
    let competitor = new(&engine, "competitor");

    engine.associate(&opportunity, COMPETITORS, [competitor.clone()]).unwrap();
    engine.disassociate(&opportunity, COMPETITORS, [competitor]).unwrap();

    assert_eq!(log.take(), ["associate", "disassociate"]);
}

#[test]
fn pairs_of_one_entity_know_their_ends_by_the_role() {
    // R-5, I-57
    let engine = engine([]);
    let (a, b) = (new(&engine, "account"), new(&engine, "account"));
    let (first, second) = (RelationshipRole::Referencing, RelationshipRole::Referenced);
    let error = engine.associate(&a, "account_partners", [b.clone()]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ParameterMissing);

    link(&engine, "account_partners", (&a, first), &b).unwrap();
    let twin = link(&engine, "account_partners", (&b, second), &a).unwrap_err();
    assert_eq!(twin.code(), ErrorCode::Duplicate, "the same pair from the other end");
    link(&engine, "account_partners", (&b, first), &a).unwrap();
    link(&engine, "account_partners", (&a, first), &a).unwrap();
    assert_eq!(count(&engine, "account_partners_pairs"), 3);

    let apart = Link::new(a, "account_partners", [b]).with_role(first);
    engine.send(Disassociate { link: apart }).unwrap();
    assert_eq!(count(&engine, "account_partners_pairs"), 2);
}

#[test]
fn no_related_records_is_an_event_and_nothing_more() {
    // I-78
    let log = Log::default();
    let engine = engine([on(Message::Associate).run("associate", log.word("associate"))]);
    let account = new(&engine, "account");

    engine.associate(&account, "Account_Tasks", []).unwrap();

    assert_eq!(log.take(), ["associate"]);
}

#[test]
fn an_unknown_relationship_is_refused_with_the_nearest_name() {
    // I-79
    let engine = engine([]);
    let account = new(&engine, "account");

    let error = engine.associate(&account, "Acount_Tasks", []).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::UnknownRelationship, 0x8004_0236));
    assert!(error.to_string().contains("did you mean `Account_Tasks`?"), "{error}");
}

#[test]
fn records_stand_at_the_ends_of_their_relationship() {
    // I-79
    let engine = engine([]);
    let (account, contact) = (new(&engine, "account"), new(&engine, "contact"));

    for (target, related) in [(&contact, &account), (&account, &contact)] {
        let error = engine.associate(target, "Account_Tasks", [related.clone()]).unwrap_err();
        assert_eq!((error.code(), error.number()), (ErrorCode::WrongEnd, 0x8004_0236));
    }
}

#[test]
fn a_hook_cannot_put_a_record_where_it_does_not_belong() {
    // I-79, X-3: what hooks left of the link is looked at again.
    let turn = |ctx: &mut Context| {
        let service = ctx.service();
        let stranger = service.create(service.record("contact")?)?;
        if let Request::Associate(it) = ctx.request_mut()? {
            it.link.related = vec![stranger];
        }
        Ok(())
    };
    let step = Step::on_any(Message::Associate).relationship(COMPETITORS);
    let engine = engine([step.run("turn", turn)]);
    let opportunity = new(&engine, "opportunity");
    let competitor = new(&engine, "competitor");

    let error = engine.associate(&opportunity, COMPETITORS, [competitor]).unwrap_err();

    assert_eq!(error.code(), ErrorCode::WrongEnd);
    assert_eq!(count(&engine, PAIRS), 0);
}

#[test]
fn both_ends_must_exist() {
    // C-88
    let engine = engine([]);
    let account = new(&engine, "account");
    let task = new(&engine, "task");
    let nobody = |entity| EntityReference::new(entity, Uuid::from_u128(7));

    for (target, related) in [(account, nobody("task")), (nobody("account"), task)] {
        let error = engine.associate(&target, "Account_Tasks", [related]).unwrap_err();
        assert_eq!((error.code(), error.number()), (ErrorCode::NotFound, 0x8004_0217));
    }
}

#[test]
fn all_links_of_one_call_are_made_or_none() {
    // I-58
    let engine = engine([on(Message::Associate).run("refuse", refuse("no"))]);
    let account = new(&engine, "account");
    let task = new(&engine, "task");

    engine.associate(&account, "Account_Tasks", [task.clone()]).unwrap_err();

    assert_eq!(stored(&engine, &task, "regardingobjectid"), None);
}

#[test]
fn a_step_sees_target_relationship_and_related_records() {
    // I-56, I-57, I-74, M-5
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let link = ctx.request().link().unwrap();
        format!("{} {} {}", link.target, link.relationship, link.related.len())
    };
    let engine = engine([Step::on_any(Message::Associate).run("see", log.hook(see))]);
    let account = new(&engine, "account");
    let tasks = [new(&engine, "task"), new(&engine, "task")];

    engine.associate(&account, "ACCOUNT_tasks", tasks).unwrap();

    assert_eq!(log.take(), [format!("{account} Account_Tasks 2")]);
}
