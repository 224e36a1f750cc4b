//! Values as people type them, for every type of attribute.

use insta::assert_snapshot;
use rulegate::EntityReference;
use rulegate::message::ParameterType;
use rulegate::metadata::{AttributeMetadata, AttributeType};
use rulegate_script::{parameter_from_text, reference_from_text, value_from_text};

const ID: &str = "018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77";

fn read(text: &str, kind: AttributeType) -> String {
    match value_from_text(text, &AttributeMetadata::new("it", kind)) {
        Ok(value) => format!("{} {value}", value.kind()),
        Err(error) => error.to_string(),
    }
}

fn account() -> AttributeType {
    AttributeType::lookup(["account"])
}

fn customer() -> AttributeType {
    AttributeType::Customer { targets: vec!["account".into(), "contact".into()] }
}

fn color() -> AttributeType {
    let mut kind = AttributeType::choice([(1, "Red"), (2, "DarkBlue")]);
    if let AttributeType::Choice(set) = &mut kind {
        let blue = set.options.iter_mut().find(|it| it.value == 2).unwrap();
        "Dark blue".clone_into(&mut blue.label);
    }
    kind
}

#[test]
fn nothing_and_null_are_null_whatever_the_type() {
    for kind in [AttributeType::text(9), AttributeType::boolean(), account(), color()] {
        assert_eq!(read("", kind.clone()), "null –");
        assert_eq!(read("null", kind), "null –");
    }
}

#[test]
fn a_text_stays_as_it_is() {
    assert_eq!(read(" a=b, \"c\" ", AttributeType::text(9)), r#"text " a=b, \"c\" ""#);
    assert_eq!(read("42", AttributeType::memo(9)), r#"text "42""#);
    assert_eq!(read("account", AttributeType::EntityName), r#"text "account""#);
}

#[test]
fn numbers_are_exact() {
    let whole = || AttributeType::whole_number(0, 9);
    assert_eq!(read("-42", whole()), "whole number -42");
    assert_eq!(read("9223372036854775807", whole()), "whole number 9223372036854775807");
    assert_snapshot!(read("9223372036854775808", whole()), @"`it` takes a whole number, such as `42`; `9223372036854775808` is none");
    assert_snapshot!(read("4.5", whole()), @"`it` takes a whole number, such as `42`; `4.5` is none");

    let money = || AttributeType::money(0, 9);
    assert_eq!(read("0.10", money()), "decimal 0.10");
    assert_eq!(read("1e3", money()), "decimal 1000");
    assert_snapshot!(read("1,5", money()), @"`it` takes a decimal number, such as `12.50`; `1,5` is none");

    let double = || AttributeType::Double { min: 0.0, max: 1.0, precision: 2 };
    assert_eq!(read("0.25", double()), "double 0.25");
    for text in ["NaN", "inf", "x"] {
        assert!(read(text, double()).contains("takes a number"), "{text}");
    }
}

#[test]
fn a_boolean_has_words_and_labels() {
    for text in ["true", "TRUE", "1", "yes"] {
        assert_eq!(read(text, AttributeType::boolean()), "boolean true");
    }
    for text in ["false", "0", "No"] {
        assert_eq!(read(text, AttributeType::boolean()), "boolean false");
    }
    assert_snapshot!(read("ja", AttributeType::boolean()), @"`it` takes `true` or `false`; `ja` is none");
}

#[test]
fn dates_are_iso_and_in_utc_where_nothing_else_is_said() {
    let read = |text| read(text, AttributeType::moment());
    assert_eq!(read("2026-01-31"), "date 2026-01-31");
    assert_eq!(read("2026-01-31T09:30:00Z"), "date and time 2026-01-31T09:30:00Z");
    assert_eq!(read("2026-01-31T09:30:00+02:00"), "date and time 2026-01-31T07:30:00Z");
    assert_eq!(read("2026-01-31T09:30:00"), "date and time 2026-01-31T09:30:00Z");
    assert_eq!(read("2026-01-31 09:30"), "date and time 2026-01-31T09:30:00Z");
    assert_snapshot!(read("31.01.2026"), @"`it` takes a date, such as `2026-01-31` or `2026-01-31T09:00:00Z`; `31.01.2026` is none");
    assert_snapshot!(read("2026-02-30"), @"`it` takes a date, such as `2026-01-31` or `2026-01-31T09:00:00Z`; `2026-02-30` is none");
}

#[test]
fn an_option_goes_by_number_name_and_label() {
    for text in ["2", "DarkBlue", "Dark blue"] {
        assert_eq!(read(text, color()), "option 2");
    }
    assert_eq!(read("7", color()), "option 7", "the write refuses it");
    assert_snapshot!(read("Darkblue", color()), @"`it` has no option `Darkblue`, did you mean `DarkBlue`?; it has Red(1), DarkBlue(2)");
    assert_snapshot!(read("?", color()), @"`it` has no option `?`; it has Red(1), DarkBlue(2)");

    let AttributeType::Choice(set) = color() else { unreachable!() };
    let several = || AttributeType::MultiChoice(set.clone());
    assert_eq!(read("Red, 2", several()), "options [1, 2]");
    assert!(read("Red, DarkBlu", several()).contains("did you mean `DarkBlue`?"));
}

#[test]
fn a_reference_names_entity_and_identity() {
    for text in [format!("contact:{ID}"), format!("contact({ID})")] {
        assert_eq!(read(&text, customer()), format!("lookup contact({ID})"));
    }
    assert_eq!(read(ID, account()), format!("lookup account({ID})"), "there is no other entity");
    assert_snapshot!(read(ID, customer()), @"`it` takes a record, such as `account:018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77`; `018f3a5c-9d2e-7c41-8f00-6b1f0a2d4e77` is none");
    assert!(read("account:7", account()).contains("takes a record"));

    assert_eq!(reference_from_text(&format!("Account:{ID}")), None);
    assert_eq!(reference_from_text(&format!("account({ID}")), None);
    assert_eq!(reference_from_text(ID), None);
    let contact = EntityReference::new("contact", ID.parse().unwrap());
    assert_eq!(reference_from_text(&format!(" contact:{ID} ")), Some(contact));

    let parties = AttributeType::PartyList { targets: vec!["contact".into()] };
    let text = format!("contact:{ID},contact({ID})");
    assert_eq!(read(&text, parties.clone()), format!("parties [contact({ID}), contact({ID})]"));
    assert!(read("contact", parties).contains("takes records"));
}

#[test]
fn an_identity_is_a_uuid_and_a_picture_is_no_text() {
    assert_eq!(read(ID, AttributeType::UniqueIdentifier), format!("unique identifier {ID}"));
    assert!(read("7", AttributeType::UniqueIdentifier).contains("takes an identity"));
    assert_snapshot!(read("cat.png", AttributeType::File { max_size_kb: 1 }), @"`it` takes a picture or a file, which cannot be given as text");
}

#[test]
fn a_parameter_is_read_by_its_type() {
    let read = |text: &str, kind| match parameter_from_text(text, "It", kind) {
        Ok(parameter) => format!("{} {parameter}", parameter.kind()),
        Err(error) => error.to_string(),
    };
    let record = format!("account:{ID}");
    for (text, kind, expected) in [
        ("", ParameterType::Integer, "null –".to_owned()),
        ("7", ParameterType::Integer, "whole number 7".to_owned()),
        ("7", ParameterType::Picklist, "option 7".to_owned()),
        ("7", ParameterType::Money, "decimal 7".to_owned()),
        ("7", ParameterType::Float, "double 7".to_owned()),
        ("7", ParameterType::String, "text \"7\"".to_owned()),
        ("true", ParameterType::Boolean, "boolean true".to_owned()),
        ("2026-01-31", ParameterType::DateTime, "date 2026-01-31".to_owned()),
        (ID, ParameterType::Guid, format!("unique identifier {ID}")),
        (&record, ParameterType::EntityReference, format!("lookup account({ID})")),
        (&record, ParameterType::EntityCollection, format!("list of lookups [account({ID})]")),
        ("a, b", ParameterType::StringArray, "list of texts [\"a\", \"b\"]".to_owned()),
    ] {
        assert_eq!(read(text, kind), expected, "{kind} {text}");
    }
    assert_snapshot!(read("x", ParameterType::Entity), @"`It` takes a record, which cannot be given as text");
    assert_snapshot!(read("x", ParameterType::Integer), @"`It` takes a whole number, such as `42`; `x` is none");
}
