//! Ownership: whose a record is, and in which business unit that puts it.

use rulegate::bootstrap::{DEFAULT_USER, ROOT_BUSINESS_UNIT};
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Message, OrganizationService, Request, Step, Value,
};
use uuid::Uuid;

use crate::engines::{Log, at, change, create, engine, record, stored, text, update};

fn reference(entity: &str, id: Uuid) -> EntityReference {
    EntityReference::new(entity, id)
}

/// Owner, owning user, owning team and owning business unit.
fn owners(engine: &Engine, target: &EntityReference) -> [Option<Uuid>; 4] {
    ["ownerid", "owninguser", "owningteam", "owningbusinessunit"]
        .map(|it| stored(engine, target, it).and_then(|it| it.as_identity()))
}

fn unit(engine: &Engine) -> EntityReference {
    create(engine, "businessunit", [])
}

fn user(engine: &Engine, unit: &EntityReference) -> EntityReference {
    create(engine, "systemuser", [("businessunitid", unit.into())])
}

fn team(engine: &Engine, unit: &EntityReference) -> EntityReference {
    create(engine, "team", [("businessunitid", unit.into())])
}

#[test]
fn a_new_record_belongs_to_who_creates_it() {
    // C-56, C-57
    let engine = engine([]);
    let account = create(&engine, "account", []);

    let expected = [Some(DEFAULT_USER), Some(DEFAULT_USER), None, Some(ROOT_BUSINESS_UNIT)];
    assert_eq!(owners(&engine, &account), expected);
    assert_eq!(stored(&engine, &account, "owneridtype"), text("systemuser"));
}

#[test]
fn a_record_can_belong_to_another_user() {
    // C-57
    let engine = engine([]);
    let unit = unit(&engine);
    let user = user(&engine, &unit);

    let account = create(&engine, "account", [("ownerid", user.clone().into())]);

    assert_eq!(owners(&engine, &account), [Some(user.id), Some(user.id), None, Some(unit.id)]);
}

#[test]
fn a_record_can_belong_to_a_team() {
    // C-57, C-55
    let engine = engine([]);
    let unit = unit(&engine);
    let team = team(&engine, &unit);

    let account = create(&engine, "account", [("ownerid", team.clone().into())]);

    assert_eq!(owners(&engine, &account), [Some(team.id), None, Some(team.id), Some(unit.id)]);
    assert_eq!(stored(&engine, &account, "owneridtype"), text("team"));
}

#[test]
fn an_owner_who_does_not_exist_is_refused() {
    // C-59
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let nobody = reference("systemuser", Uuid::from_u128(7));
    let invalid = (ErrorCode::InvalidOwner, 0x8004_0229);

    let new = record(&engine, "account", [("ownerid", nobody.clone().into())]);
    let error = engine.create(new).unwrap_err();
    assert_eq!((error.code(), error.number()), invalid);

    let change = change(&engine, &account, [("ownerid", nobody.clone().into())]);
    let error = engine.update(change).unwrap_err();
    assert_eq!((error.code(), error.number()), invalid);

    let error = engine.assign(&account, &nobody).unwrap_err();
    assert_eq!((error.code(), error.number()), invalid);
}

#[test]
fn anyone_may_own_where_the_catalog_has_no_users() {
    // LAYOUT: a catalog may leave users to somebody else.
    use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition, Ownership};
    let owner = AttributeType::Owner { targets: vec!["systemuser".into()] };
    let goal = EntityDefinition::new("goal").owned_by(Ownership::User).attribute("ownerid", owner);
    let mut draft = CatalogDraft::default().entity(goal);
    draft.external.insert("systemuser".into());
    let engine = Engine::builder(draft.check().unwrap()).build().unwrap();

    let goal = create(&engine, "goal", []);

    let user = reference("systemuser", DEFAULT_USER);
    assert_eq!(stored(&engine, &goal, "ownerid"), Some(user.into()));
}

#[test]
fn assign_gives_a_record_another_owner_by_an_update_of_its_own() {
    // M-26, C-60, R-24
    let log = Log::default();
    let see = |ctx: &mut Context| format!("{} at {}", ctx.message(), ctx.depth());
    let engine = engine([
        Step::on(Message::Assign, "account").run("assign", log.hook(see)),
        Step::on(Message::Update, "account").run("update", log.hook(see)),
    ]);
    let unit = unit(&engine);
    let user = user(&engine, &unit);
    let account = create(&engine, "account", []);

    engine.assign(&account, &user).unwrap();

    assert_eq!(owners(&engine, &account), [Some(user.id), Some(user.id), None, Some(unit.id)]);
    assert_eq!(log.take(), ["Assign at 1", "Update at 2"]);
}

#[test]
fn a_step_can_assign_to_somebody_else() {
    //
    let engine = engine([Step::on(Message::Assign, "account").run("turn", |ctx: &mut Context| {
        if let Request::Assign(it) = ctx.request_mut()? {
            it.assignee = EntityReference::new("systemuser", rulegate::bootstrap::SYSTEM_USER);
        }
        Ok(())
    })]);
    let team = create(&engine, "team", []);
    let account = create(&engine, "account", []);

    engine.assign(&account, &team).unwrap();

    let [owner, ..] = owners(&engine, &account);
    assert_eq!(owner, Some(rulegate::bootstrap::SYSTEM_USER));
}

#[test]
fn assigning_to_the_owner_is_no_update() {
    // M-29
    let log = Log::default();
    let on = Step::on(Message::Update, "account").at(at(40));
    let engine = engine([on.run("update", log.word("ran"))]);
    let account = create(&engine, "account", []);

    engine.assign(&account, &reference("systemuser", DEFAULT_USER)).unwrap();

    assert!(log.take().is_empty());
}

#[test]
fn an_update_of_the_owner_is_an_assign_without_its_event() {
    // C-60, M-25, M-18, spec 9.7 question 10
    let log = Log::default();
    let engine = engine([Step::on(Message::Assign, "account").run("see", log.word("ran"))]);
    let team = create(&engine, "team", []);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("ownerid", team.clone().into())]);

    assert!(log.take().is_empty());
    assert_eq!(owners(&engine, &account), [Some(team.id), None, Some(team.id), None]);
}

#[test]
fn what_belongs_to_nobody_cannot_be_assigned() {
    // C-62, M-75, M-77, M-76
    let engine = engine([]);
    let competitor = create(&engine, "competitor", []);

    let error = engine.assign(&competitor, &reference("systemuser", DEFAULT_USER)).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::UnsupportedMessage, 0x8004_0800));
}

#[test]
fn a_record_that_is_not_there_cannot_be_assigned() {
    // C-10
    let engine = engine([]);
    let nobody = reference("account", Uuid::from_u128(7));

    let error = engine.assign(&nobody, &reference("systemuser", DEFAULT_USER)).unwrap_err();

    assert_eq!(error.code(), ErrorCode::NotFound);
}

#[test]
fn who_acts_owns_what_they_create() {
    // C-46, C-56
    let engine = engine([]);
    let unit = unit(&engine);
    let user = user(&engine, &unit);
    let client = engine.as_user(user.id);

    let account = client.create(client.record("account").unwrap()).unwrap();

    let [owner, _, _, owning_unit] = owners(&engine, &account);
    assert_eq!((owner, owning_unit), (Some(user.id), Some(unit.id)));
    let by = stored(&engine, &account, "createdby").as_ref().and_then(Value::as_identity);
    assert_eq!(by, Some(user.id));
}
