//! Values: what fits an attribute, on both sides of every limit.

use std::collections::BTreeSet;

use rulegate::record::Value;
use rulegate::{Engine, Error, ErrorCode, OrganizationService};
use rust_decimal::Decimal;

use crate::engines::{create, engine, record, stored};

/// What is stored where this is sent, or the error.
fn store(
    engine: &Engine,
    (entity, attribute): (&str, &str),
    value: impl Into<Value>,
) -> Result<Option<Value>, Error> {
    let target = engine.create(record(engine, entity, [(attribute, value.into())]))?;
    Ok(stored(engine, &target, attribute))
}

fn refused(at: (&str, &str), value: impl Into<Value>) -> (ErrorCode, u32) {
    let error = store(&engine([]), at, value).unwrap_err();
    (error.code(), error.number())
}

fn kept(at: (&str, &str), value: impl Into<Value>) -> bool {
    let value = value.into();
    store(&engine([]), at, value.clone()).unwrap() == Some(value)
}

fn letters(count: usize) -> String {
    "x".repeat(count)
}

#[test]
fn a_text_has_at_most_its_length() {
    // C-28
    let name = ("opportunity", "name");

    assert!(kept(name, letters(300)));
    assert_eq!(refused(name, letters(301)), (ErrorCode::TooLong, 0x8004_4331));
}

#[test]
fn a_memo_has_at_most_its_length() {
    // C-39
    let description = ("account", "description");

    assert!(kept(description, letters(2_000)));
    assert_eq!(refused(description, letters(2_001)).0, ErrorCode::TooLong);
}

#[test]
fn length_counts_characters_and_not_bytes() {
    // C-28
    let telephone = ("account", "telephone1");

    assert!(kept(telephone, "ß".repeat(50)));
    assert_eq!(refused(telephone, "ß".repeat(51)).0, ErrorCode::TooLong);
}

#[test]
fn a_whole_number_lies_in_its_range() {
    // C-29
    let probability = ("opportunity", "closeprobability");

    assert!(kept(probability, 0) && kept(probability, 100));
    for outside in [-1, 101] {
        assert_eq!(refused(probability, outside), (ErrorCode::NumberOutOfRange, 0x8004_432F));
    }
}

#[test]
fn a_double_lies_in_its_range_and_is_rounded() {
    // C-29, C-34
    let score = ("opportunity", "score");

    assert!(kept(score, 0.0) && kept(score, 10.0));
    for outside in [-0.1, 10.1, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(score, outside), (ErrorCode::DecimalOutOfRange, 0x8004_4330));
    }
    assert_eq!(store(&engine([]), score, 1.26).unwrap(), Some(1.3.into()));
    assert_eq!(store(&engine([]), score, 7).unwrap(), Some(7.0.into()));
}

#[test]
fn a_choice_has_one_of_its_options() {
    // C-30
    let rating = ("opportunity", "opportunityratingcode");

    assert!(kept(rating, Value::Choice(3)));
    assert_eq!(refused(rating, Value::Choice(9)), (ErrorCode::UnknownOption, 0x8004_431A));
    assert_eq!(store(&engine([]), rating, 1).unwrap(), Some(Value::Choice(1)), "by number");
}

#[test]
fn an_unknown_option_is_answered_with_those_there_are() {
    // STYLE §6
    let engine = engine([]);

    let rating = Value::Choice(9);
    let error = engine.create(record(&engine, "account", [("rating", rating)])).unwrap_err();

    let text = "`rating` has no option 9; it has 1 (Hot), 2 (Warm), 3 (Cold)";
    assert_eq!(error.to_string(), text);
}

#[test]
fn several_options_are_a_set() {
    // C-31
    let needs = ("opportunity", "needs");
    let set = |numbers: &[i32]| Value::from(numbers.iter().copied().collect::<BTreeSet<_>>());

    assert_eq!(store(&engine([]), needs, set(&[2, 1, 2])).unwrap(), Some(set(&[1, 2])));
    assert_eq!(store(&engine([]), needs, set(&[])).unwrap(), None);
    assert_eq!(refused(needs, set(&[1, 9])).0, ErrorCode::UnknownOption);
}

#[test]
fn a_value_of_another_type_is_refused() {
    // C-19
    let wrong = (ErrorCode::WrongType, 0x8004_4354);

    assert_eq!(refused(("opportunity", "estimatedvalue"), "5"), wrong);
    assert_eq!(refused(("account", "name"), 5), wrong);
    assert_eq!(refused(("account", "employees"), Decimal::ONE), wrong);
    assert_eq!(refused(("account", "donotemail"), 1), wrong);
    assert_eq!(refused(("account", "rating"), "Hot"), wrong);
    assert_eq!(refused(("account", "parentaccountid"), uuid::Uuid::nil()), wrong);
    assert_eq!(refused(("opportunity", "estimatedclosedate"), "2026-01-01"), wrong);
    assert_eq!(refused(("opportunity", "needs"), Value::Choice(1)), wrong);
    assert_eq!(refused(("opportunity", "score"), f64::to_string(&1.0)), wrong);
}

#[test]
fn a_wrong_type_is_answered_with_what_was_expected_and_found() {
    // C-19
    let engine = engine([]);

    let error = engine.create(record(&engine, "account", [("name", 5.into())])).unwrap_err();

    assert_eq!(error.to_string(), "`name` takes a text, and got the whole number 5");
}

#[test]
fn formats_are_for_people() {
    // C-38
    assert!(kept(("account", "telephone1"), "no number at all"));
}

#[test]
fn yes_and_no_are_kept() {
    // C-36
    assert!(kept(("account", "donotemail"), true));
    assert!(kept(("account", "donotemail"), false));
}

#[test]
fn what_cannot_be_read_is_stored_and_not_shown() {
    // C-7
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", [("secret", "s".into())]);

    assert_eq!(stored(&engine, &opportunity, "secret"), None);
    let asked = engine.retrieve_columns(&opportunity, ["secret"]).unwrap();
    assert!(!asked.has("secret"));
    let found = engine.retrieve_multiple(rulegate::Query::new("opportunity")).unwrap();
    assert!(!found.records.first().unwrap().has("secret"));
}

#[test]
fn differs_from_dataverse_pictures_and_files_are_bytes_of_their_record() {
    // C-41: there, they are stored apart, and files do not travel with their record.
    use rulegate::metadata::{AttributeType, EntityDefinition};
    let goal = EntityDefinition::new("goal")
        .attribute(
            "picture",
            AttributeType::Image { max_height: 1, max_width: 1, is_primary: true },
        )
        .attribute("contract", AttributeType::File { max_size_kb: 1 });
    let draft = support::bare().entity(goal);
    let engine = rulegate::Engine::builder(draft.check().unwrap()).build().unwrap();
    let bytes = || Value::Bytes([1, 2, 3].into());

    let goal = create(&engine, "goal", [("picture", bytes()), ("contract", bytes())]);

    assert_eq!(stored(&engine, &goal, "picture"), Some(bytes()));
    assert_eq!(stored(&engine, &goal, "contract"), Some(bytes()));
}

#[test]
fn a_negative_zero_is_zero() {
    let zero = store(&engine([]), ("opportunity", "score"), -0.0).unwrap();

    assert_eq!(zero.map(|it| it.to_string()), Some("0".to_owned()));
}
