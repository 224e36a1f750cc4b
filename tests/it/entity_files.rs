//! Every mistake in an entity file, and what its author reads.

mod defaults; // What a file may leave out.
mod definitions; // What the catalog refuses.
mod relationships; // What the catalog refuses of relationships.
mod values; // Keys and values that are not what they should be.

use insta::assert_snapshot;
use rulegate_script::{Diagnostic, SourceFile, read_catalog};

/// All that an entity must say.
const SMALLEST: &str = "[entity]\nownership = \"none\"\n";

/// What the author of these files reads.
fn problems_of(files: &[SourceFile]) -> String {
    match read_catalog(files, None) {
        Ok(_) => "all is well".to_owned(),
        Err(all) => Diagnostic::render_all(&all, false),
    }
}

/// What the author of an entity `goal` reads.
fn problems(text: &str) -> String {
    problems_of(&[SourceFile::new("rules/goal/entity.toml", text)])
}

/// What the author reads of these attributes, and whatever follows them. They begin in line 4.
fn problems_in_attributes(text: &str) -> String {
    problems(&format!(
        r#"[entity]
ownership = "organization"
[attributes]
{text}
"#
    ))
}

/// What the author reads of these keys of the entity. They begin in line 2.
fn problems_in_head(text: &str) -> String {
    problems(&format!(
        r"[entity]
{text}
"
    ))
}

#[test]
fn the_smallest_entity_needs_only_its_ownership() {
    assert_eq!(problems_in_head(r#"ownership = "none""#), "all is well");
}

#[test]
fn an_empty_file_is_no_entity() {
    assert_snapshot!(problems(""), @r"
    error[missing-key]: an entity file must have `entity`
    --> rules/goal/entity.toml
    ");
}

#[test]
fn a_syntax_error_points_at_the_letter() {
    assert_snapshot!(problems("[entity]\nownership = user\n"), @r"
    error[syntax]: string values must be quoted, expected literal string
     --> rules/goal/entity.toml:2:13
      |
    2 | ownership = user
      |             ^^^^
    ");
}

#[test]
fn a_line_without_a_value_is_a_syntax_error() {
    assert_snapshot!(problems("[entity]\nownership\n"), @r"
    error[syntax]: key with no value, expected `=`
     --> rules/goal/entity.toml:2:10
      |
    2 | ownership
      |          ^
    ");
}

#[test]
fn every_syntax_error_is_shown_at_once() {
    assert_snapshot!(problems("[entity]\nownership = \nactivity = yes\n"), @r"
    error[syntax]: string values must be quoted, expected literal string
     --> rules/goal/entity.toml:2:13
      |
    2 | ownership = 
      |             ^

    error[syntax]: string values must be quoted, expected literal string
     --> rules/goal/entity.toml:3:12
      |
    3 | activity = yes
      |            ^^^
    ");
}

#[test]
fn an_attribute_that_stands_twice() {
    let text = r#"name = { type = "boolean" }
name = { type = "boolean" }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[defined-twice]: `name` is defined twice
     --> rules/goal/entity.toml:5:1
      |
    5 | name = { type = "boolean" }
      | ^^^^
    "#);
}

#[test]
fn an_option_name_that_stands_twice() {
    let text = r#"kind = { type = "choice" }
[options.kind]
A = { value = 1 }
A = { value = 2 }"#;
    assert_snapshot!(problems_in_attributes(text), @r"
    error[defined-twice]: `A` is defined twice
     --> rules/goal/entity.toml:7:1
      |
    7 | A = { value = 2 }
      | ^
    ");
}

#[test]
fn a_file_with_a_byte_order_mark_counts_its_columns_without_it() {
    assert_snapshot!(problems("\u{feff}entty = 1\r\n[entity]\r\nownership = \"user\"\r\n"), @r"
    error[unknown-key]: an entity file has no key `entty`
     --> rules/goal/entity.toml:1:1
      |
    1 | entty = 1
      | ^^^^^
      |
    help: did you mean `entity`?
      |
    1 | entity = 1
      |    +
    ");
    assert_eq!(problems("\u{feff}[entity]\r\nownership = \"none\"\r\n"), "all is well");
}

#[test]
fn a_file_that_is_no_text() {
    let bytes = b"[entity]\nownership = \"\xff\xfe\"\n";
    let diagnostic = SourceFile::from_bytes("rules/goal/entity.toml", bytes).unwrap_err();
    assert_snapshot!(diagnostic.render(false), @r#"
    error[not-utf-8]: the file is not UTF-8 text
     --> rules/goal/entity.toml:2:14
      |
    2 | ownership = "��"
      |              ^ these bytes are no characters
      |
      = help: save the file with the encoding UTF-8
    "#);
}

#[test]
fn a_folder_whose_name_cannot_be_an_entity() {
    let file = SourceFile::new("rules/Sales Goal/entity.toml", SMALLEST);
    assert_snapshot!(problems_of(&[file]), @r"
    error[ill-formed-name]: `Sales Goal` cannot name an entity
    --> rules/Sales Goal/entity.toml
     = help: rename the folder: a name takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
    ");
}

#[test]
fn an_entity_in_two_folders() {
    let text = SMALLEST;
    let files = ["rules/goal/entity.toml", "rules/more/goal/entity.toml"];
    let files = files.map(|path| SourceFile::new(path, text));
    assert_snapshot!(problems_of(&files), @r"
    error[defined-twice]: `goal` is defined twice
     --> rules/more/goal/entity.toml:1:1
      |
    1 | [entity]
      | ^^^^^^^^
    ");
}

#[test]
fn an_external_list_of_something_else() {
    let file = SourceFile::new(
        "rules/external.toml",
        r#"external = ["email", 4]
extern = []
"#,
    );
    assert_snapshot!(problems_of(&[file]), @r#"
    error[wrong-type]: each of `external` must be a text
     --> rules/external.toml:1:22
      |
    1 | external = ["email", 4]
      |                      ^ this is a whole number

    error[unknown-key]: the list of external entities has no key `extern`
     --> rules/external.toml:2:1
      |
    2 | extern = []
      | ^^^^^^
      |
    help: did you mean `external`?
      |
    2 | external = []
      |       ++
    "#);
}

#[test]
fn an_external_list_that_is_not_there() {
    assert_snapshot!(problems_of(&[SourceFile::new("rules/external.toml", "")]), @r"
    error[missing-key]: the list of external entities must have `external`
    --> rules/external.toml
    ");
}

#[test]
fn an_external_entity_with_an_ill_formed_name() {
    let file = SourceFile::new("rules/external.toml", r#"external = ["email", "Big Fax"]"#);
    assert_snapshot!(problems_of(&[file]), @r#"
    error[wrong-value]: each of `external` must be a logical name, such as `account`
     --> rules/external.toml:1:22
      |
    1 | external = ["email", "Big Fax"]
      |                      ^^^^^^^^^
    "#);
}

#[test]
fn a_broken_file_does_not_make_others_look_broken() {
    let lookup = r#"[entity]
ownership = "none"
[attributes]
accountid = { type = "lookup", targets = ["account"] }
[[relationship]]
schema_name = "goal_account"
attribute = "accountid"
referenced = "account"
"#;
    let files = [
        SourceFile::new("rules/account/entity.toml", "[entity]\nownership = \n"),
        SourceFile::new("rules/goal/entity.toml", lookup),
    ];
    assert_snapshot!(problems_of(&files), @r"
    error[syntax]: string values must be quoted, expected literal string
     --> rules/account/entity.toml:2:13
      |
    2 | ownership = 
      |             ^
    ");
}

#[test]
fn problems_of_all_files_come_at_once_from_top_to_bottom() {
    let text = r#"[entity]
ownership = "none"
primary_name = "nam"
[attributes]
name = { type = "string", max_length = 0 }
"#;
    let files = [
        SourceFile::new("rules/goal/entity.toml", text),
        SourceFile::new("rules/metric/entity.toml", "[entity]\nowner = 1\n"),
    ];
    assert_snapshot!(problems_of(&files), @r#"
    error[unknown-attribute]: there is no attribute `nam`
     --> rules/goal/entity.toml:3:16
      |
    3 | primary_name = "nam"
      |                ^^^^^
      |
    help: did you mean `name`?
      |
    3 | primary_name = "name"
      |                    +

    error[out-of-range]: max_length must be at least 1, and is 0
     --> rules/goal/entity.toml:5:40
      |
    5 | name = { type = "string", max_length = 0 }
      |                                        ^

    error[missing-key]: an entity must have `ownership`
     --> rules/metric/entity.toml:1:1
      |
    1 | [entity]
      | ^^^^^^^^
      |
      = help: it can be `user`, `organization`, `business`, `none`

    error[unknown-key]: an entity has no key `owner`
     --> rules/metric/entity.toml:2:1
      |
    2 | owner = 1
      | ^^^^^
      |
      = help: it can have `schema_name`, `display_name`, `display_collection_name`, `logical_collection_name`, `collection_schema_name`, `entity_set_name`, `object_type_code`, `primary_id`, `primary_name`, `primary_image`, `ownership`, `activity`, `intersect`, `deprecated`, `optimistic_concurrency`, `enforce_transitions`, `read_only_when_inactive`, `cdm`
    "#);
}
