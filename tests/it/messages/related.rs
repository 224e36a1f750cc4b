//! Create and Update with related records: several rows in one message.

use rulegate::message::{Create, Related, RelationshipRole, Update};
use rulegate::{
    Context, Engine, EntityReference, Error, ErrorCode, Message, OrganizationService, Query,
    Record, Stage, Step, Value,
};
use uuid::Uuid;

use crate::engines::{Log, change, count, create, engine, record, refuse, stored, text, update};

const COMPETITORS: &str = "opportunitycompetitors_association";
const PAIRS: &str = "opportunitycompetitors_association_pairs";

fn named(engine: &Engine, name: &str) -> Record {
    record(engine, "account", [("name", name.into())])
}

fn contact(engine: &Engine, name: &str) -> Record {
    record(engine, "contact", [("lastname", name.into())])
}

fn task(engine: &Engine, subject: &str) -> Record {
    record(engine, "task", [("subject", subject.into())])
}

fn only(engine: &Engine, entity: &str) -> EntityReference {
    let found = engine.retrieve_multiple(Query::new(entity)).unwrap().records;
    assert_eq!(found.len(), 1, "{found:?}");
    found.first().unwrap().reference().unwrap()
}

fn tasks_of(engine: &Engine, parent: &EntityReference) -> Vec<String> {
    let query = Query::new("task").equal("regardingobjectid", parent);
    let found = engine.retrieve_multiple(query).unwrap().records;
    found.iter().map(|it| it.get("subject").unwrap().as_text().unwrap().to_owned()).collect()
}

fn refused(engine: &Engine, create: Create) -> (ErrorCode, u32) {
    let error: Error = engine.send(create).unwrap_err();
    (error.code(), error.number())
}

#[test]
fn related_records_bring_their_own_along() {
    // I-82: account, its contact, and the tasks of the contact
    let engine = engine([]);
    let ada = Create::new(contact(&engine, "Lovelace"))
        .with_related("Contact_Tasks", [task(&engine, "call")]);

    let account = Create::new(named(&engine, "Acme"));
    engine.send(account.with_related("account_primary_contact", [ada])).unwrap();

    assert_eq!(tasks_of(&engine, &only(&engine, "contact")), ["call"]);
}

#[test]
fn rows_come_in_the_order_in_which_they_need_each_other() {
    // I-83, I-84: referenced rows, then the row, then its children; each through a pipeline of its own
    let log = Log::default();
    let see = |message: Message, entity: &str| {
        let hook = log.hook(|ctx: &mut Context| {
            let state = (ctx.is_in_transaction(), ctx.depth());
            format!("{} {} {state:?}", ctx.message(), ctx.entity())
        });
        Step::on(message, entity).at(Stage::PostOperation).run("see", hook)
    };
    let links = log.hook(|ctx: &mut Context| format!("{}", ctx.message()));
    let engine = engine([
        see(Message::Create, "opportunity"),
        see(Message::Create, "competitor"),
        see(Message::Create, "account"),
        see(Message::Create, "role"),
        Step::on_any(Message::Associate).at(Stage::PostOperation).run("link", links),
    ]);

    engine
        .send(
            Create::new(record(&engine, "opportunity", []))
                .with_related("opportunity_roles", [record(&engine, "role", [])])
                .with_related(COMPETITORS, [record(&engine, "competitor", [])])
                .with_related("opportunity_customer_accounts", [named(&engine, "Acme")]),
        )
        .unwrap();

    let (inner, outer) = ("(true, 2)", "(true, 1)");
    let wanted = [
        format!("Create account {inner}"),
        format!("Create role {inner}"),
        format!("Create competitor {inner}"),
        "Associate".to_owned(),
        format!("Create opportunity {outer}"),
    ];
    assert_eq!(log.take(), wanted);
    assert_eq!(count(&engine, PAIRS), 1);
}

#[test]
fn a_transcript_shows_how_many_come_along_and_each_within() {
    // I-84
    let engine = engine([]);

    let account = Create::new(named(&engine, "Acme"))
        .with_related("Account_Tasks", ["a", "b"].map(|it| task(&engine, it)));
    let (transcript, _) = engine.trace(account);

    insta::assert_snapshot!(transcript.to_string(), @r#"
    ▶ Create account name="Acme" Account_Tasks=[2]
      30 main                               account#1
      ▶ Create task regardingobjectid=account#1 subject="a"  depth 2
        30 main                               task#1
      ✔
      ▶ Create task regardingobjectid=account#1 subject="b"  depth 2
        30 main                               task#2
      ✔
    ✔
    "#);
}

#[test]
fn one_related_record_that_fails_undoes_them_all() {
    // I-83, P-30
    let engine = engine([Step::on(Message::Create, "task")
        .at(Stage::PostOperation)
        .run("no", refuse("no tasks"))]);

    let account = Create::new(named(&engine, "Acme"))
        .with_related("account_primary_contact", [contact(&engine, "Lovelace")])
        .with_related("Account_Tasks", [task(&engine, "a")]);
    let error = engine.send(account).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepRejected);
    assert_eq!(["account", "contact", "task"].map(|it| count(&engine, it)), [0, 0, 0]);
}

#[test]
fn a_pair_can_be_made_with_a_record_that_is_there() {
    // I-84
    let engine = engine([]);
    let rival = create(&engine, "competitor", [("name", "Rival".into())]);

    let opportunity = Create::new(record(&engine, "opportunity", []));
    let there = change(&engine, &rival, []);
    engine
        .send(opportunity.with_related(COMPETITORS, [there, record(&engine, "competitor", [])]))
        .unwrap();

    assert_eq!([count(&engine, "competitor"), count(&engine, PAIRS)], [2, 2]);
    assert_eq!(stored(&engine, &rival, "name"), text("Rival"));
}

#[test]
fn a_hook_can_change_what_comes_along() {
    // I-82, X-3
    let more = |ctx: &mut Context| {
        let task = ctx.service().record("task")?.with("subject", "welcome")?;
        if let rulegate::Request::Create(create) = ctx.request_mut()? {
            create.related.push(Related::new("account_tasks", [task]));
        }
        Ok(())
    };
    let engine =
        engine([Step::on(Message::Create, "account").at(Stage::PreOperation).run("more", more)]);

    let account = create(&engine, "account", []);

    assert_eq!(tasks_of(&engine, &account), ["welcome"]);
}

#[test]
fn where_both_ends_are_one_entity_the_caller_says_which_is_meant() {
    // I-57, R-46
    let engine = engine([]);
    let related =
        |role| Related::new("account_parent_account", [named(&engine, "other")]).with_role(role);
    let with = |name: &str, related| Create {
        related: vec![related],
        ..Create::new(named(&engine, name))
    };

    let parent = engine.send(with("parent", related(RelationshipRole::Referenced))).unwrap();
    let child = engine.send(with("child", related(RelationshipRole::Referencing))).unwrap();
    let unsaid = Related::new("account_parent_account", [named(&engine, "other")]);

    let below = Query::new("account").equal("parentaccountid", &parent);
    assert_eq!(engine.retrieve_multiple(below).unwrap().records.len(), 1);
    assert!(stored(&engine, &child, "parentaccountid").is_some());
    assert_eq!(refused(&engine, with("x", unsaid)), (ErrorCode::ParameterMissing, 0x8004_0200));
}

#[test]
fn relationships_that_do_not_fit_are_refused_before_any_step() {
    // I-72, I-79
    let log = Log::default();
    let engine = engine([Step::on(Message::Create, "account").run("see", log.word("ran"))]);
    let account = || Create::new(named(&engine, "Acme"));

    let cases = [
        (
            account().with_related("Account_Taks", [task(&engine, "a")]),
            ErrorCode::UnknownRelationship,
        ),
        (account().with_related("Contact_Tasks", [task(&engine, "a")]), ErrorCode::WrongEnd),
        (account().with_related("Account_Tasks", [contact(&engine, "a")]), ErrorCode::WrongEnd),
        (
            account().with_related(
                "account_primary_contact",
                [contact(&engine, "a"), contact(&engine, "b")],
            ),
            ErrorCode::TooManyRelated,
        ),
    ];

    for (create, code) in cases {
        assert_eq!(refused(&engine, create).0, code);
    }
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn an_update_updates_the_related_records_after_its_own() {
    // I-85
    let log = Log::default();
    let see = |entity: &str| {
        let hook = log.hook(|ctx: &mut Context| format!("{} {}", ctx.entity(), ctx.depth()));
        Step::on(Message::Update, entity).at(Stage::PreOperation).run("see", hook)
    };
    let engine = engine([see("account"), see("task"), see("contact")]);
    let [account, task, ada] = ["account", "task", "contact"].map(|it| create(&engine, it, []));

    engine
        .send(
            Update::new(change(&engine, &account, [("name", "Acme".into())]))
                .with_related("Account_Tasks", [change(&engine, &task, [("subject", "a".into())])])
                .with_related(
                    "account_primary_contact",
                    [change(&engine, &ada, [("lastname", "Lovelace".into())])],
                ),
        )
        .unwrap();

    assert_eq!(log.take(), ["account 1", "task 2", "contact 2"]);
    assert_eq!(stored(&engine, &task, "subject"), text("a"));
    assert_eq!(stored(&engine, &task, "regardingobjectid"), Some((&account).into()));
    assert_eq!(stored(&engine, &ada, "lastname"), text("Lovelace"));
    assert_eq!(stored(&engine, &account, "primarycontactid"), Some(ada.into()));
}

#[test]
fn the_related_record_wins_where_both_set_the_lookup() {
    // I-86
    let engine = engine([]);
    let [account, other] = ["a", "b"].map(|it| create(&engine, "account", [("name", it.into())]));
    let [ada, bob] = ["a", "b"].map(|it| create(&engine, "contact", [("lastname", it.into())]));
    let task = create(&engine, "task", []);

    let own = change(&engine, &account, [("primarycontactid", (&ada).into())]);
    let elsewhere = change(&engine, &task, [("regardingobjectid", (&other).into())]);
    engine
        .send(
            Update::new(own)
                .with_related("account_primary_contact", [change(&engine, &bob, [])])
                .with_related("Account_Tasks", [elsewhere]),
        )
        .unwrap();

    assert_eq!(stored(&engine, &account, "primarycontactid"), Some(bob.into()));
    assert_eq!(stored(&engine, &task, "regardingobjectid"), Some(other.into()));
}

#[test]
fn an_update_links_pairs_that_are_not_linked_yet() {
    // I-85, I-70
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", []);
    let [old, new] = ["old", "new"].map(|it| create(&engine, "competitor", [("name", it.into())]));
    engine.associate(&opportunity, COMPETITORS, [old.clone()]).unwrap();

    let changes = [&old, &new].map(|it| change(&engine, it, [("name", "Rival".into())]));
    let update = Update::new(change(&engine, &opportunity, []));
    engine.send(update.with_related(COMPETITORS, changes)).unwrap();

    assert_eq!(count(&engine, PAIRS), 2);
    assert_eq!(stored(&engine, &old, "name"), text("Rival"));
}

#[test]
fn related_records_of_an_update_have_identities() {
    // I-87
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "A".into())]);

    let update = Update::new(change(&engine, &account, [("name", "B".into())]))
        .with_related("Account_Tasks", [task(&engine, "a")]);
    let error = engine.send(update).unwrap_err();

    assert_eq!(error.to_string(), "Entity Id must be specified for Operation");
    assert_eq!((error.code(), error.number()), (ErrorCode::OperationIdMissing, 0x8004_0217));
    assert_eq!(stored(&engine, &account, "name"), text("A"));
}

#[test]
fn a_related_record_that_is_not_there_undoes_the_update() {
    // I-85, C-10
    let engine = engine([]);
    let account = create(&engine, "account", [("name", "A".into())]);
    let nobody = EntityReference::new("task", Uuid::from_u128(7));

    let with = Update::new(change(&engine, &account, [("name", "B".into())]));
    let missing = change(&engine, &nobody, [("subject", Value::from("a"))]);
    let error = engine.send(with.with_related("Account_Tasks", [missing])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::NotFound);
    assert_eq!(stored(&engine, &account, "name"), text("A"));
    update(&engine, &account, []);
}
