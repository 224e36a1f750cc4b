//! Cascades of ownership: what an owner's change does to the children.

use rulegate::bootstrap::DEFAULT_USER;
use rulegate::{Context, Engine, EntityReference, Message, OrganizationService, Step, Value};

use crate::engines::{Log, at, create, engine, refuse, stored, update};

fn owner(engine: &Engine, target: &EntityReference) -> uuid::Uuid {
    stored(engine, target, "ownerid").and_then(|it| it.as_identity()).unwrap()
}

fn team(engine: &Engine) -> EntityReference {
    create(engine, "team", [])
}

#[test]
fn all_children_follow_over_a_cascading_relationship() {
    // C-63
    let engine = engine([]);
    let (team, other) = (team(&engine), team(&engine));
    let account = create(&engine, "account", []);
    let regarding = ("regardingobjectid", Value::from(&account));
    let mine = create(&engine, "task", [regarding.clone()]);
    let others = create(&engine, "task", [regarding, ("ownerid", other.into())]);
    let strange = create(&engine, "task", []);

    engine.assign(&account, &team).unwrap();

    assert_eq!((owner(&engine, &mine), owner(&engine, &others)), (team.id, team.id));
    assert_eq!(owner(&engine, &strange), DEFAULT_USER);
}

#[test]
fn the_active_children_follow_where_the_relationship_says_active() {
    //
    let engine = engine([]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let of = ("parentcustomerid", Value::from(&account));
    let active = create(&engine, "contact", [of.clone()]);
    let inactive = create(&engine, "contact", [of]);
    engine.set_state(&inactive, 1, None).unwrap();

    engine.assign(&account, &team).unwrap();

    assert_eq!(owner(&engine, &active), team.id);
    assert_eq!(owner(&engine, &inactive), DEFAULT_USER);
}

#[test]
fn the_children_of_the_same_owner_follow_where_the_relationship_says_user_owned() {
    //
    let engine = engine([]);
    let (team, other) = (team(&engine), team(&engine));
    let account = create(&engine, "account", []);
    let of = ("customerid", Value::from(&account));
    let mine = create(&engine, "opportunity", [of.clone()]);
    let others = create(&engine, "opportunity", [of, ("ownerid", (&other).into())]);

    engine.assign(&account, &team).unwrap();

    assert_eq!(owner(&engine, &mine), team.id);
    assert_eq!(owner(&engine, &others), other.id);
}

#[test]
fn children_stay_where_the_relationship_says_none() {
    //
    let engine = engine([]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let child = create(&engine, "account", [("parentaccountid", (&account).into())]);

    engine.assign(&account, &team).unwrap();

    assert_eq!(owner(&engine, &child), DEFAULT_USER);
}

#[test]
fn the_cascade_goes_on_below_the_children() {
    //
    let engine = engine([]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let contact = create(&engine, "contact", [("parentcustomerid", (&account).into())]);
    let report = create(&engine, "contact", [("managerid", (&contact).into())]);
    let task = create(&engine, "task", [("regardingobjectid", (&report).into())]);

    engine.assign(&account, &team).unwrap();

    assert_eq!(owner(&engine, &task), team.id);
}

#[test]
fn each_child_runs_its_own_update() {
    //
    let log = Log::default();
    let see = |ctx: &mut Context| format!("{} at {}", ctx.entity(), ctx.depth());
    let engine = engine([Step::on(Message::Update, "task").at(at(40)).run("see", log.hook(see))]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    for _ in 0..2 {
        create(&engine, "task", [("regardingobjectid", (&account).into())]);
    }

    update(&engine, &account, [("ownerid", team.into())]);

    assert_eq!(log.take(), ["task at 2", "task at 2"]);
}

#[test]
fn a_child_that_refuses_keeps_everybodys_owner() {
    // R-24, P-30
    let engine = engine([Step::on(Message::Update, "task").run("refuse", refuse("no"))]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let task = create(&engine, "task", [("regardingobjectid", (&account).into())]);

    engine.assign(&account, &team).unwrap_err();

    assert_eq!((owner(&engine, &account), owner(&engine, &task)), (DEFAULT_USER, DEFAULT_USER));
}

#[test]
fn nothing_cascades_where_the_owner_stays() {
    // R-16, C-64
    let engine = engine([]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let regarding = ("regardingobjectid", Value::from(&account));
    let task = create(&engine, "task", [regarding, ("ownerid", (&team).into())]);
    let me = EntityReference::new("systemuser", DEFAULT_USER);

    engine.assign(&account, &me).unwrap();
    update(&engine, &account, [("ownerid", me.into())]);

    assert_eq!(owner(&engine, &task), team.id);
}

#[test]
fn a_child_that_a_step_deletes_meanwhile_does_not_break_the_cascade() {
    //
    let engine = engine([Step::on(Message::Update, "task").at(at(40)).run(
        "delete the others",
        |ctx: &mut Context| {
            let service = ctx.service();
            let own = ctx.primary_id();
            let all = service.retrieve_multiple(rulegate::Query::new("task"))?.records;
            match all.iter().find(|it| it.id() != own) {
                Some(other) => Ok(service.delete(&other.reference().unwrap())?),
                None => Ok(()),
            }
        },
    )]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    for _ in 0..2 {
        create(&engine, "task", [("regardingobjectid", (&account).into())]);
    }

    engine.assign(&account, &team).unwrap();

    assert_eq!(crate::engines::count(&engine, "task"), 1);
}

#[test]
fn a_child_to_which_a_step_gave_the_owner_meanwhile_is_left_alone() {
    //
    let log = Log::default();
    let looks = log.hook(|ctx| format!("{} {:?}", ctx.depth(), ctx.primary_id()));
    let engine = engine([
        Step::on(Message::Update, "task").at(at(40)).rank(1).run("look", looks),
        Step::on(Message::Update, "task").at(at(40)).rank(2).run("hand-on", hand_on),
    ]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let regarding = ("regardingobjectid", Value::from(&account));
    let first = create(&engine, "task", [regarding.clone()]);
    let second = create(&engine, "task", [regarding]);
    log.take();

    engine.assign(&account, &team).unwrap();

    let seen = log.take();
    assert_eq!(seen, [format!("3 {:?}", Some(first.id)), format!("5 {:?}", Some(second.id))]);
    assert_eq!(owner(&engine, &second), team.id);
}

#[test]
fn a_child_from_which_a_step_took_the_owner_meanwhile_gets_it_again() {
    //
    let engine = engine([Step::on(Message::Update, "task").at(at(40)).run("take", take_back)]);
    let team = team(&engine);
    let account = create(&engine, "account", []);
    let regarding = ("regardingobjectid", Value::from(&account));
    create(&engine, "task", [regarding.clone()]);
    let had_it = ("ownerid", Value::from(&team));
    let second = create(&engine, "task", [regarding, had_it]);

    engine.assign(&account, &team).unwrap();

    assert_eq!(owner(&engine, &second), team.id);
}

/// When a task went to a team, gives every other task to the user.
fn take_back(ctx: &mut Context) -> Result<(), rulegate::Fault> {
    let owner = ctx.target().and_then(|it| it.get("ownerid")?.as_lookup().cloned());
    if owner.is_none_or(|it| it.entity != "team") {
        return Ok(());
    }
    let (service, user) = (ctx.service(), EntityReference::new("systemuser", ctx.user()));
    let all = service.retrieve_multiple(rulegate::Query::new("task"))?.records;
    let first = all.first().and_then(rulegate::record::Record::id);
    if first != ctx.primary_id() {
        return Ok(()); // Only of the first, or this would go on for ever.
    }
    for task in all.iter().skip(1).filter_map(rulegate::record::Record::reference) {
        service.assign(&task, &user)?;
    }
    Ok(())
}

/// Gives every other task the owner that this one got.
fn hand_on(ctx: &mut Context) -> Result<(), rulegate::Fault> {
    let service = ctx.service();
    let Some(owner) = ctx.target().and_then(|it| it.get("ownerid")?.as_lookup().cloned()) else {
        return Ok(());
    };
    for task in service.retrieve_multiple(rulegate::Query::new("task"))?.records {
        let Some(task) = task.reference().filter(|it| Some(it.id) != ctx.primary_id()) else {
            continue;
        };
        service.assign(&task, &owner)?;
    }
    Ok(())
}
