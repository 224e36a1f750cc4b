//! Associate and Disassociate: records are linked, and links are taken away.

use super::*;

const COMPETITORS: &str = "opportunitycompetitors_association";
/// The entity whose records are the pairs.
const PAIRS: &str = "opportunitycompetitors_association_pairs";

/// A step that hears of every association there is.
fn on(message: Message) -> Step {
    Step::on_any(message).at(Stage::PostOperation)
}

/// Given a step on Associate, when an opportunity is linked with two competitors, there are two pairs, and
/// the step heard of one message.
#[test]
fn t_137_a_pair_is_a_record_of_the_intersect_entity() {
    // I-67
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([on(Message::Associate).run("see", log.word("associate"))]);
        let opportunity = create(&engine, "opportunity", []);
        let two = [create(&engine, "competitor", []), create(&engine, "competitor", [])];

        engine.associate(&opportunity, COMPETITORS, two).unwrap();

        assert_eq!(count(&engine, PAIRS), 2);
        assert_eq!(log.take(), ["associate"]);
    });
}

/// Given a pair that is linked, when it is linked again, that is refused, and there is no second pair.
#[test]
fn t_138_a_pair_that_is_linked_already_is_refused() {
    // I-70
    on_every_store(|given| {
        let engine = given.engine([]);
        let opportunity = create(&engine, "opportunity", []);
        let competitor = create(&engine, "competitor", []);
        engine.associate(&opportunity, COMPETITORS, [competitor.clone()]).unwrap();

        let error = engine.associate(&opportunity, COMPETITORS, [competitor]).unwrap_err();

        assert_eq!((error.code(), error.number()), (ErrorCode::Duplicate, 0x8004_0237));
        assert_eq!(error.to_string(), "Cannot insert duplicate key.");
        assert_eq!(count(&engine, PAIRS), 1);
    });
}

/// Given a pair, when it is taken apart, the pair goes, and its ends are what they were.
#[test]
fn t_139_a_pair_that_is_taken_apart_leaves_its_ends() {
    // I-68
    on_every_store(|given| {
        let engine = given.engine([]);
        let ends = [create(&engine, "opportunity", []), create(&engine, "competitor", [])];
        let [opportunity, competitor] = &ends;
        engine.associate(opportunity, COMPETITORS, [competitor.clone()]).unwrap();
        let before = ends.each_ref().map(|it| engine.retrieve(it).unwrap());

        engine.disassociate(opportunity, COMPETITORS, [competitor.clone()]).unwrap();

        assert_eq!(count(&engine, PAIRS), 0);
        assert_eq!(ends.each_ref().map(|it| engine.retrieve(it).unwrap()), before);
    });
}

/// Given a step on the Update of tasks, when a task is linked with an account over its lookup, the step runs
/// once, unless the settings say that this is no Update.
#[test]
fn t_141_associating_a_child_is_an_update_of_its_own() {
    // I-64
    on_every_store(|given| {
        for (raises, expected) in [(true, vec!["update"]), (false, vec![])] {
            let log = Log::default();
            let step = Step::on(Message::Update, "task").at(Stage::PostOperation);
            let engine = given
                .builder()
                .settings(|it| it.associate_raises_update = raises)
                .step(step.run("see", log.word("update")))
                .build()
                .unwrap();
            let (account, task) = (create(&engine, "account", []), create(&engine, "task", []));

            engine.associate(&account, "Account_Tasks", [task.clone()]).unwrap();

            assert_eq!(log.take(), expected);
            assert_eq!(points_at(&engine, &task, "regardingobjectid"), Some(account.id));
        }
    });
}

/// Given steps on Associate and on Update, when the lookup of a task is updated, those on Update run alone.
#[test]
fn t_142_setting_a_lookup_is_no_associate() {
    // I-65
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on(Message::Associate).run("associate", log.word("associate")),
            Step::on(Message::Update, "task").run("update", log.word("update")),
        ]);
        let (account, task) = (create(&engine, "account", []), create(&engine, "task", []));

        update(&engine, &task, [("regardingobjectid", account.into())]);

        assert_eq!(log.take(), ["update"]);
    });
}

/// When a contact is taken from its account, its lookup is empty.
#[test]
fn t_201_disassociating_a_child_clears_its_lookup() {
    // I-62
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", []);
        let contact = create(&engine, "contact", [("parentcustomerid", (&account).into())]);

        engine.disassociate(&account, "contact_customer_accounts", [contact.clone()]).unwrap();

        assert_eq!(stored(&engine, &contact, "parentcustomerid"), None);
    });
}

/// When a part in an opportunity is taken from it, that is refused: it must have one.
#[test]
fn t_202_a_child_that_must_have_a_parent_keeps_it() {
    // O-61
    on_every_store(|given| {
        let engine = given.sales([]);
        let customer = create(&engine, "account", [("name", "Acme".into())]);
        let deal = create(&engine, "opportunity", []);
        let values = [("customerid", customer.into()), ("opportunityid", (&deal).into())];
        let role = create(&engine, "customeropportunityrole", values);
        let before = engine.retrieve(&role).unwrap();

        let relationship = "opportunity_customer_opportunity_roles";
        let outcome = engine.disassociate(&deal, relationship, [role.clone()]);

        assert_eq!(code(outcome), (ErrorCode::RequiredNull, 0x8004_0203));
        assert_eq!(engine.retrieve(&role).unwrap(), before);
    });
}
