//! What an entity file may leave out, and what it means then.

use rulegate::metadata::{
    AttributeMetadata, AttributeType, Cascades, Catalog, DateTimeBehavior, EntityDefinition,
    OneToMany, Ownership, RelationshipMetadata, ValidFor,
};
use rulegate_script::{Diagnostic, SourceFile, read_catalog};

use super::SMALLEST;

/// The catalog of one entity `goal` with these attributes, and whatever follows them.
fn goal(text: &str) -> Catalog {
    let file = SourceFile::new("rules/goal/entity.toml", format!("{SMALLEST}[attributes]\n{text}"));
    read_catalog(&[file], None)
        .unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)))
}

fn attribute(text: &str) -> AttributeMetadata {
    goal(&format!("it = {text}")).entity("goal").unwrap().attribute("it").unwrap().clone()
}

#[test]
fn an_entity_without_details_is_what_the_builder_makes() {
    let expected = EntityDefinition::new("goal").owned_by(Ownership::None);
    let found = goal("goalid = { type = \"unique-identifier\" }");
    let expected = expected.attribute("goalid", AttributeType::UniqueIdentifier);
    assert_eq!(found.entity("goal").unwrap().definition(), &expected);
}

#[test]
fn an_attribute_without_details_is_what_the_builder_makes() {
    let (decimal, money) = (100_000_000_000_i64, 922_337_203_685_477_i64);
    for (text, kind) in [
        (r#"{ type = "string", max_length = 9 }"#, AttributeType::text(9)),
        (r#"{ type = "memo", max_length = 9 }"#, AttributeType::memo(9)),
        (
            r#"{ type = "whole-number" }"#,
            AttributeType::whole_number(i32::MIN.into(), i32::MAX.into()),
        ),
        (r#"{ type = "big-integer" }"#, AttributeType::BigInteger { min: i64::MIN, max: i64::MAX }),
        (r#"{ type = "decimal" }"#, AttributeType::decimal(-decimal, decimal, 2)),
        (r#"{ type = "double" }"#, AttributeType::Double { min: -1e11, max: 1e11, precision: 2 }),
        (r#"{ type = "money" }"#, AttributeType::money(-money, money)),
        (r#"{ type = "boolean" }"#, AttributeType::boolean()),
        (r#"{ type = "date-time" }"#, AttributeType::moment()),
        (r#"{ type = "lookup", targets = ["goal"] }"#, AttributeType::lookup(["goal"])),
        (r#"{ type = "file" }"#, AttributeType::File { max_size_kb: 32_768 }),
        (
            r#"{ type = "image" }"#,
            AttributeType::Image { max_height: 144, max_width: 144, is_primary: false },
        ),
    ] {
        assert_eq!(attribute(text), AttributeMetadata::new("it", kind), "{text}");
    }
}

#[test]
fn every_type_is_read_as_itself() {
    for name in [
        "string",
        "memo",
        "whole-number",
        "big-integer",
        "decimal",
        "double",
        "money",
        "boolean",
        "date-time",
        "choice",
        "multi-choice",
        "lookup",
        "customer",
        "owner",
        "party-list",
        "unique-identifier",
        "entity-name",
        "image",
        "file",
        "virtual",
        "managed-property",
    ] {
        let keys = match name {
            "string" | "memo" => ", max_length = 9",
            "lookup" | "customer" | "owner" | "party-list" => ", targets = [\"goal\"]",
            _ => "",
        };
        let options = "\n[options.it]\nA = { value = 1 }";
        let options = if name.ends_with("choice") { options } else { "" };
        assert_eq!(attribute(&format!("{{ type = \"{name}\"{keys} }}{options}")).kind.name(), name);
    }
    let states = goal(
        "s = { type = \"state\" }\nr = { type = \"status\" }\n[options.s]\nA = { value = 0, default_status = 1 }\n[options.r]\nB = { value = 1, state = 0 }",
    );
    let entity = states.entity("goal").unwrap();
    assert_eq!(entity.attribute("s").unwrap().kind.name(), "state");
    assert_eq!(entity.attribute("r").unwrap().kind.name(), "status");
}

#[test]
fn a_derived_attribute_is_for_reading_only() {
    assert_eq!(
        attribute(r#"{ type = "virtual", attribute_of = "goalid" }"#).valid_for,
        ValidFor::READING
    );
    let said = attribute(r#"{ type = "virtual", attribute_of = "goalid", form = true }"#);
    assert!(said.valid_for.form && said.is_read_only());
}

#[test]
fn options_stay_in_the_order_of_the_file_and_are_labelled_like_their_names() {
    let it = attribute(
        "{ type = \"choice\" }\n[options.it]\nB = { value = 1 }\nA = { value = 2, label = \"a\" }",
    );
    let options = &it.kind.option_set().unwrap().options;
    let shown: Vec<_> = options.iter().map(|it| (it.name.as_str(), it.label.as_str())).collect();
    assert_eq!(shown, [("B", "B"), ("A", "a")]);
}

#[test]
fn a_date_says_so_twice() {
    let date = attribute(r#"{ type = "date-time", behavior = "date-only", format = "date-only" }"#);
    assert_eq!(date.kind, AttributeType::date());
    let AttributeType::DateTime { behavior, .. } =
        attribute(r#"{ type = "date-time", format = "date-only" }"#).kind
    else {
        panic!("no date-time");
    };
    assert_eq!(behavior, DateTimeBehavior::UserLocal);
}

#[test]
fn a_relationship_without_details_is_what_the_builder_makes() {
    let catalog = goal(
        "parentid = { type = \"lookup\", targets = [\"goal\"] }\n[[relationship]]\nschema_name = \"goal_parent\"\nattribute = \"parentid\"\nreferenced = \"goal\"\n",
    );
    let mut expected =
        OneToMany::new("goal_parent", "goal", "goal", "parentid").cascades(Cascades::NONE);
    expected.referenced_attribute = "goalid".into();
    let found = catalog.relationship("goal_parent").unwrap();
    assert_eq!(**found, RelationshipMetadata::OneToMany(expected));
}
