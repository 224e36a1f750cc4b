//! Parties: who takes part in an activity, and as what.

use rulegate::metadata::{AttributeType, EntityDefinition};
use rulegate::record::Party;
use rulegate::{Engine, EntityReference, ErrorCode, OrganizationService, Value};
use uuid::Uuid;

use crate::engines::{change, create, record, stored};

/// An engine whose entity `meeting` has recipients, and others.
fn engine() -> Engine {
    let parties = || AttributeType::PartyList { targets: vec!["account".into(), "contact".into()] };
    let meeting =
        EntityDefinition::new("meeting").attribute("to", parties()).attribute("others", parties());
    Engine::builder(support::bare().entity(meeting).check().unwrap()).build().unwrap()
}

fn parties<const N: usize>(of: [(&EntityReference, i32); N]) -> Value {
    let party = |(party, participation): (&EntityReference, i32)| Party {
        party: party.clone(),
        participation,
    };
    Value::Parties(of.map(party).into())
}

fn refused(engine: &Engine, value: Value) -> (ErrorCode, u32) {
    let error = engine.create(record(engine, "meeting", [("others", value)])).unwrap_err();
    (error.code(), error.number())
}

#[test]
fn an_attribute_says_as_what_its_parties_take_part() {
    // C-98, C-99
    let engine = engine();
    let ada = create(&engine, "contact", []);

    let values = [("to", parties([(&ada, 0)])), ("others", parties([(&ada, 12)]))];
    let meeting = create(&engine, "meeting", values);

    assert_eq!(stored(&engine, &meeting, "to"), Some(parties([(&ada, 2)])));
    assert_eq!(stored(&engine, &meeting, "others"), Some(parties([(&ada, 12)])));
}

#[test]
fn parties_take_part_as_something_that_there_is() {
    // C-99, on both sides
    let engine = engine();
    let ada = create(&engine, "contact", []);

    for participation in [13, -1] {
        let outcome = refused(&engine, parties([(&ada, participation)]));
        assert_eq!(outcome, (ErrorCode::UnknownOption, 0x8004_431A));
    }
}

#[test]
fn parties_exist_and_are_of_an_entity_that_can_take_part() {
    // C-87, C-88, C-98
    let engine = engine();
    let task = create(&engine, "task", []);
    let nobody = EntityReference::new("contact", Uuid::from_u128(7));

    assert_eq!(refused(&engine, parties([(&nobody, 0)])), (ErrorCode::NotFound, 0x8004_0217));
    assert_eq!(refused(&engine, parties([(&task, 0)])).0, ErrorCode::WrongTarget);
    assert_eq!(refused(&engine, (&nobody).into()).0, ErrorCode::WrongType);
}

#[test]
fn a_list_of_parties_replaces_the_one_before() {
    // C-100
    let engine = engine();
    let [ada, bob] = ["a", "b"].map(|it| create(&engine, "contact", [("lastname", it.into())]));
    let meeting = create(&engine, "meeting", [("to", parties([(&ada, 2)]))]);

    engine.update(change(&engine, &meeting, [("to", parties([(&bob, 2)]))])).unwrap();
    assert_eq!(stored(&engine, &meeting, "to"), Some(parties([(&bob, 2)])));
    engine.update(change(&engine, &meeting, [("to", parties([]))])).unwrap();
    assert_eq!(stored(&engine, &meeting, "to"), None);
}
