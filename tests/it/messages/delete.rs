//! Delete: a record goes, and its relationships say what becomes of those that refer to it.

use rulegate::{
    Context, EntityReference, ErrorCode, Message, OrganizationService, Query, Record, Step, Value,
};
use uuid::Uuid;

use crate::engines::{Log, at, count, create, engine, refuse, stored, update};

fn on_delete(entity: &str, stage: u16) -> Step {
    Step::on(Message::Delete, entity).at(at(stage))
}

#[test]
fn a_deleted_record_is_gone() {
    // C-132
    let engine = engine([]);
    let account = create(&engine, "account", []);

    engine.delete(&account).unwrap();

    assert_eq!(engine.retrieve(&account).unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn a_record_that_is_not_there_cannot_be_deleted() {
    // C-11
    let engine = engine([]);
    let nobody = EntityReference::new("account", Uuid::from_u128(7));

    let error = engine.delete(&nobody).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::NotFound, 0x8004_0217));
}

#[test]
fn in_post_operation_the_record_is_gone() {
    // C-137
    let log = Log::default();
    let look = |ctx: &mut Context| count(&ctx.service(), "account");
    let engine =
        engine([20, 40].map(|it| on_delete("account", it).run(it.to_string(), log.hook(look))));
    let account = create(&engine, "account", []);

    engine.delete(&account).unwrap();

    assert_eq!(log.take(), ["1", "0"]);
}

#[test]
fn children_go_with_their_parent_over_a_parental_relationship() {
    // C-138
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let contact = create(&engine, "contact", [("parentcustomerid", account.clone().into())]);
    create(&engine, "task", [("regardingobjectid", account.clone().into())]);
    create(&engine, "task", [("regardingobjectid", contact.into())]);
    create(&engine, "task", []);

    engine.delete(&account).unwrap();

    assert_eq!((count(&engine, "contact"), count(&engine, "task")), (0, 1));
}

#[test]
fn a_child_that_goes_runs_its_own_steps_in_the_same_transaction() {
    // C-136
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let parent = ctx.parent().unwrap();
        let (stage, depth) = (ctx.stage().number(), ctx.depth());
        format!("{stage} at {depth}, {} {}", ctx.is_in_transaction(), parent.message())
    };
    let engine =
        engine([10, 40].map(|it| on_delete("task", it).run(it.to_string(), log.hook(see))));
    let account = create(&engine, "account", []);
    for _ in 0..2 {
        create(&engine, "task", [("regardingobjectid", account.clone().into())]);
    }

    engine.delete(&account).unwrap();

    let one = ["10 at 2, true Delete", "40 at 2, true Delete"];
    assert_eq!(log.take(), [one, one].concat());
}

#[test]
fn children_go_before_their_parent() {
    // R-33, O-63
    let log = Log::default();
    let look = |ctx: &mut Context| count(&ctx.service(), "account");
    let engine = engine([on_delete("task", 40).run("look", log.hook(look))]);
    let account = create(&engine, "account", []);
    create(&engine, "task", [("regardingobjectid", account.clone().into())]);

    engine.delete(&account).unwrap();

    assert_eq!(log.take(), ["1"]);
}

#[test]
fn a_child_that_cannot_go_keeps_everybody() {
    //
    let engine = engine([on_delete("task", 40).run("refuse", refuse("no"))]);
    let account = create(&engine, "account", []);
    create(&engine, "contact", [("parentcustomerid", account.clone().into())]);
    create(&engine, "task", [("regardingobjectid", account.clone().into())]);

    let error = engine.delete(&account).unwrap_err();

    assert_eq!(error.to_string(), "no");
    let counts = ["account", "contact", "task"].map(|it| count(&engine, it));
    assert_eq!(counts, [1, 1, 1]);
}

#[test]
fn a_restricting_child_keeps_its_parent() {
    // R-38, C-132, C-133, O-51
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let opportunity = create(&engine, "opportunity", [("customerid", account.clone().into())]);

    let error = engine.delete(&account).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::Restricted, 0x8004_0227));
    assert!(error.to_string().contains("opportunity_customer_accounts"), "{error}");
    engine.delete(&opportunity).unwrap();
    engine.delete(&account).unwrap();
}

#[test]
fn restrict_is_asked_between_pre_validation_and_pre_operation() {
    //
    let log = Log::default();
    let steps = [10, 20].map(|it| {
        on_delete("account", it).run(it.to_string(), log.hook(|ctx| ctx.stage().number()))
    });
    let engine = engine(steps);
    let account = create(&engine, "account", []);
    create(&engine, "opportunity", [("customerid", account.clone().into())]);

    engine.delete(&account).unwrap_err();

    assert_eq!(log.take(), ["10"]);
}

#[test]
fn a_restriction_below_a_child_keeps_the_whole_tree() {
    //
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let contact = create(&engine, "contact", [("parentcustomerid", account.clone().into())]);
    let other = create(&engine, "account", [("primarycontactid", contact.into())]);
    update(&engine, &account, [("parentaccountid", other.clone().into())]);
    create(&engine, "opportunity", [("customerid", account.clone().into())]);

    engine.delete(&account).unwrap_err();

    assert_eq!((count(&engine, "account"), count(&engine, "contact")), (2, 1));
    assert!(stored(&engine, &other, "primarycontactid").is_some());
}

#[test]
fn a_removed_link_is_no_event_and_no_change_of_the_stamps() {
    //
    let log = Log::default();
    let engine =
        engine([Step::on(Message::Update, "account").at(at(40)).run("see", log.word("ran"))]);
    let other = engine.as_user(rulegate::bootstrap::SYSTEM_USER);
    let contact = create(&engine, "contact", []);
    let account = create(&engine, "account", [("primarycontactid", contact.clone().into())]);
    let before = stored(&engine, &account, "modifiedby");

    other.delete(&contact).unwrap();

    assert!(log.take().is_empty());
    assert_eq!(stored(&engine, &account, "modifiedby"), before);
}

#[test]
fn the_type_beside_a_removed_link_goes_with_it() {
    // C-91, R-36
    let engine = engine([]);
    let parent = create(&engine, "contact", []);
    let child = create(&engine, "contact", [("parentcustomerid", parent.clone().into())]);

    engine.delete(&parent).unwrap();

    let read = engine.retrieve(&child).unwrap();
    assert!(!read.has("parentcustomerid") && !read.has("parentcustomeridtype"), "{read:?}");
}

#[test]
fn a_delete_that_fails_leaves_the_links() {
    // R-36, P-30
    let engine = engine([on_delete("contact", 20).run("refuse", refuse("no"))]);
    let contact = create(&engine, "contact", []);
    let account = create(&engine, "account", [("primarycontactid", contact.clone().into())]);

    engine.delete(&contact).unwrap_err();

    assert_eq!(stored(&engine, &account, "primarycontactid"), Some(contact.into()));
}

#[test]
fn a_link_that_a_child_must_have_is_not_removed() {
    //
    let engine = engine([]);
    let account = create(&engine, "account", []);
    create(&engine, "ticket", [("accountid", account.clone().into())]);

    let error = engine.delete(&account).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::LinkRequired, 0x8004_8104));
    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn each_target_of_a_lookup_has_its_own_rule() {
    // C-92, R-40: contacts go with an account, and are let go by a contact.
    let engine = engine([]);
    let contact = create(&engine, "contact", []);
    let child = create(&engine, "contact", [("parentcustomerid", contact.clone().into())]);

    engine.delete(&contact).unwrap();

    assert_eq!(count(&engine, "contact"), 1);
    assert_eq!(stored(&engine, &child, "parentcustomerid"), None);
}

#[test]
fn a_child_that_is_reached_twice_goes_once() {
    // both contacts are the account's, and one is also the other's.
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let manager = create(&engine, "contact", [("parentcustomerid", account.clone().into())]);
    create(
        &engine,
        "contact",
        [("parentcustomerid", account.clone().into()), ("managerid", manager.into())],
    );

    engine.delete(&account).unwrap();

    assert_eq!(count(&engine, "contact"), 0);
}

#[test]
fn a_hook_may_delete_a_child_that_is_about_to_go() {
    //
    let engine = engine([on_delete("task", 40).run("delete the others", |ctx: &mut Context| {
        let service = ctx.service();
        match service.retrieve_multiple(Query::new("task"))?.records.first() {
            Some(other) => Ok(service.delete(&other.reference().unwrap())?),
            None => Ok(()),
        }
    })]);
    let account = create(&engine, "account", []);
    for _ in 0..3 {
        create(&engine, "task", [("regardingobjectid", account.clone().into())]);
    }

    engine.delete(&account).unwrap();

    assert_eq!(count(&engine, "task"), 0);
}

#[test]
fn pairs_of_a_deleted_record_go_and_the_other_end_stays() {
    // C-135, R-44
    let engine = engine([]);
    let (a, b) = (create(&engine, "account", []), create(&engine, "account", []));
    let role = rulegate::message::RelationshipRole::Referencing;
    for (from, to) in [(&a, &b), (&b, &a), (&a, &a)] {
        let link = rulegate::message::Link::new(from.clone(), "account_partners", [to.clone()]);
        engine.send(rulegate::message::Associate { link: link.with_role(role) }).unwrap();
    }
    assert_eq!(count(&engine, "account_partners_pairs"), 3);

    engine.delete(&a).unwrap();

    assert_eq!(count(&engine, "account_partners_pairs"), 0);
    assert!(engine.retrieve(&b).is_ok());
}

#[test]
fn a_hierarchy_lets_its_children_go() {
    //
    let engine = engine([]);
    let parent = create(&engine, "account", []);
    let child = create(&engine, "account", [("parentaccountid", Value::from(&parent))]);

    engine.delete(&parent).unwrap();

    let read: Record = engine.retrieve(&child).unwrap();
    assert!(!read.has("parentaccountid"));
}
