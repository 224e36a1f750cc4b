//! What the catalog refuses of entities, attributes, options and keys, shown where it stands.

use std::fmt::Write as _;

use insta::assert_snapshot;
use rulegate_script::SourceFile;

use super::{problems_in_attributes, problems_in_head, problems_of};

const STATES: &str = r#"statecode = { type = "state" }
statuscode = { type = "status" }
[options.statecode]
"#;

#[test]
fn an_unknown_primary_name() {
    let text = r#"ownership = "none"
primary_name = "nme"
[attributes]
name = { type = "boolean" }"#;
    assert_snapshot!(problems_in_head(text), @r#"
    error[unknown-attribute]: there is no attribute `nme`
     --> rules/goal/entity.toml:3:16
      |
    3 | primary_name = "nme"
      |                ^^^^^
      |
    help: did you mean `name`?
      |
    3 | primary_name = "name"
      |                  +
    "#);
}

#[test]
fn a_primary_id_of_another_type() {
    let text = r#"ownership = "none"
primary_id = "name"
[attributes]
name = { type = "boolean" }"#;
    assert_snapshot!(problems_in_head(text), @r#"
    error[wrong-attribute-type]: `name` is of type boolean, and must be unique-identifier
     --> rules/goal/entity.toml:3:14
      |
    3 | primary_id = "name"
      |              ^^^^^^
    "#);
    assert_snapshot!(problems_in_attributes(r#"goalid = { type = "boolean" }"#), @r"
    error[wrong-attribute-type]: `goalid` is of type boolean, and must be unique-identifier
     --> rules/goal/entity.toml:1:1
      |
    1 | [entity]
      | ^^^^^^^^
    ");
}

#[test]
fn a_primary_id_that_cannot_be_a_name() {
    assert_snapshot!(problems_in_head(r#"ownership = "none"
primary_id = "Goal Id""#), @r#"
    error[ill-formed-name]: `Goal Id` is no logical name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
     --> rules/goal/entity.toml:3:14
      |
    3 | primary_id = "Goal Id"
      |              ^^^^^^^^^
    "#);
}

#[test]
fn an_owned_entity_without_an_owner() {
    assert_snapshot!(problems_in_head(r#"ownership = "user""#), @r#"
    error[missing]: an attribute of type owner is missing
     --> rules/goal/entity.toml:2:13
      |
    2 | ownership = "user"
      |             ^^^^^^
    "#);
}

#[test]
fn an_ill_formed_attribute_name() {
    assert_snapshot!(problems_in_attributes(r#"Name = { type = "boolean" }"#), @r#"
    error[ill-formed-name]: `Name` is no logical name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
     --> rules/goal/entity.toml:4:1
      |
    4 | Name = { type = "boolean" }
      | ^^^^
    "#);
}

#[test]
fn a_derived_attribute_of_nothing() {
    let text = r#"ownerid = { type = "owner", targets = ["goal"] }
ownername = { type = "virtual", attribute_of = "ownrid" }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[unknown-attribute]: there is no attribute `ownrid`
     --> rules/goal/entity.toml:5:48
      |
    5 | ownername = { type = "virtual", attribute_of = "ownrid" }
      |                                                ^^^^^^^^
      |
    help: did you mean `ownerid`?
      |
    5 | ownername = { type = "virtual", attribute_of = "ownerid" }
      |                                                    +
    "#);
}

#[test]
fn a_text_of_no_length() {
    assert_snapshot!(problems_in_attributes(r#"name = { type = "string", max_length = 0 }"#), @r#"
    error[out-of-range]: max_length must be at least 1, and is 0
     --> rules/goal/entity.toml:4:40
      |
    4 | name = { type = "string", max_length = 0 }
      |                                        ^
    "#);
}

#[test]
fn bounds_the_wrong_way_round() {
    assert_snapshot!(problems_in_attributes(r#"level = { type = "whole-number", min = 5, max = 4 }"#), @r#"
    error[empty-range]: min 5 is greater than max 4
     --> rules/goal/entity.toml:4:40
      |
    4 | level = { type = "whole-number", min = 5, max = 4 }
      |                                        ^
    "#);
    assert_eq!(
        problems_in_attributes(r#"level = { type = "decimal", max = -1e11 }"#),
        "all is well"
    );
    assert_snapshot!(problems_in_attributes(r#"level = { type = "decimal", max = "-100000000000.5" }"#), @r#"
    error[empty-range]: min -100000000000 is greater than max -100000000000.5
     --> rules/goal/entity.toml:4:35
      |
    4 | level = { type = "decimal", max = "-100000000000.5" }
      |                                   ^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn too_much_precision() {
    assert_snapshot!(problems_in_attributes(r#"rate = { type = "decimal", precision = 21 }"#), @r#"
    error[out-of-range]: precision must be at most 20, and is 21
     --> rules/goal/entity.toml:4:40
      |
    4 | rate = { type = "decimal", precision = 21 }
      |                                        ^^
    "#);
    assert_eq!(
        problems_in_attributes(r#"rate = { type = "decimal", precision = 20 }"#),
        "all is well"
    );
}

#[test]
fn an_amount_in_base_currency_of_something_else() {
    let text = r#"done = { type = "boolean" }
a = { type = "money", base_of = "done" }
b = { type = "money", base_of = "aa" }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[wrong-attribute-type]: `done` is of type boolean, and must be money
     --> rules/goal/entity.toml:5:33
      |
    5 | a = { type = "money", base_of = "done" }
      |                                 ^^^^^^

    error[unknown-attribute]: there is no attribute `aa`
     --> rules/goal/entity.toml:6:33
      |
    6 | b = { type = "money", base_of = "aa" }
      |                                 ^^^^
    "#);
}

#[test]
fn a_choice_without_options() {
    assert_snapshot!(problems_in_attributes(r#"kind = { type = "choice" }"#), @r#"
    error[missing]: a table of options is missing
     --> rules/goal/entity.toml:4:1
      |
    4 | kind = { type = "choice" }
      | ^^^^
    "#);
}

#[test]
fn a_default_that_is_no_option() {
    let text = r#"kind = { type = "choice", default = 3 }
[options.kind]
Big = { value = 1 }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[unknown-option]: there is no option `3`
     --> rules/goal/entity.toml:4:37
      |
    4 | kind = { type = "choice", default = 3 }
      |                                     ^
    "#);
}

#[test]
fn an_option_name_that_is_no_identifier() {
    let text = r#"kind = { type = "choice" }
[options.kind]
2nd = { value = 2 }
"Très grand" = { value = 3 }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[no-identifier]: `2nd` cannot name an option: it takes letters, digits and `_`, and begins with a letter
     --> rules/goal/entity.toml:6:1
      |
    6 | 2nd = { value = 2 }
      | ^^^

    error[no-identifier]: `Très grand` cannot name an option: it takes letters, digits and `_`, and begins with a letter
     --> rules/goal/entity.toml:7:1
      |
    7 | "Très grand" = { value = 3 }
      | ^^^^^^^^^^^^
    "#);
}

#[test]
fn two_options_of_one_value() {
    let text = r#"kind = { type = "choice" }
[options.kind]
Big = { value = 1 }
Small = { value = 1 }"#;
    assert_snapshot!(problems_in_attributes(text), @r"
    error[defined-twice]: another option has the value 1
     --> rules/goal/entity.toml:7:19
      |
    7 | Small = { value = 1 }
      |                   ^
    ");
}

#[test]
fn an_unknown_target() {
    let external = SourceFile::new("rules/external.toml", r#"external = ["contact"]"#);
    let text = r#"[entity]
ownership = "none"
[attributes]
whoid = { type = "lookup", targets = ["contact", "contct", "lead"] }
none = { type = "lookup", targets = [] }
"#;
    let files = [external, SourceFile::new("rules/goal/entity.toml", text)];
    assert_snapshot!(problems_of(&files), @r#"
    error[unknown-entity]: there is no entity `contct`
     --> rules/goal/entity.toml:4:50
      |
    4 | whoid = { type = "lookup", targets = ["contact", "contct", "lead"] }
      |                                                  ^^^^^^^^
      |
    help: did you mean `contact`?
      |
    4 | whoid = { type = "lookup", targets = ["contact", "contact", "lead"] }
      |                                                       +

    error[unknown-entity]: there is no entity `lead`
     --> rules/goal/entity.toml:4:60
      |
    4 | whoid = { type = "lookup", targets = ["contact", "contct", "lead"] }
      |                                                            ^^^^^^

    error[missing]: a target entity is missing
     --> rules/goal/entity.toml:5:37
      |
    5 | none = { type = "lookup", targets = [] }
      |                                     ^^
    "#);
}

#[test]
fn a_state_without_a_status() {
    let text = r#"statecode = { type = "state" }
[options.statecode]
Open = { value = 0 }"#;
    assert_snapshot!(problems_in_attributes(text), @r"
    error[missing]: an attribute of type status is missing
     --> rules/goal/entity.toml:1:1
      |
    1 | [entity]
      | ^^^^^^^^
    ");
}

#[test]
fn states_and_status_reasons_that_do_not_fit() {
    let states = r"Open = { value = 0, default_status = 2 }
Won = { value = 1, default_status = 9 }
Lost = { value = 2 }";
    let statuses = r"New = { value = 1, state = 0, next = [2, 7] }
Done = { value = 2, state = 1 }
Gone = { value = 3, state = 2 }
Odd = { value = 4, state = 5 }
Even = { value = 5 }";
    assert_snapshot!(problems_in_attributes(&format!("{STATES}{states}\n[options.statuscode]\n{statuses}")), @r"
    error[state-model]: the default status is none of the status reasons of this state
     --> rules/goal/entity.toml:7:38
      |
    7 | Open = { value = 0, default_status = 2 }
      |                                      ^

    error[state-model]: the default status is none of the status reasons of this state
     --> rules/goal/entity.toml:8:37
      |
    8 | Won = { value = 1, default_status = 9 }
      |                                     ^

    error[missing]: default_status is missing
     --> rules/goal/entity.toml:9:1
      |
    9 | Lost = { value = 2 }
      | ^^^^

    error[unknown-option]: there is no option `7`
      --> rules/goal/entity.toml:11:38
       |
    11 | New = { value = 1, state = 0, next = [2, 7] }
       |                                      ^^^^^^

    error[unknown-option]: there is no option `5`
      --> rules/goal/entity.toml:14:28
       |
    14 | Odd = { value = 4, state = 5 }
       |                            ^

    error[missing]: state is missing
      --> rules/goal/entity.toml:15:1
       |
    15 | Even = { value = 5 }
       | ^^^^
    ");
}

#[test]
fn a_key_over_a_memo() {
    // C-103
    let text = r#"note = { type = "memo", max_length = 9 }
[keys]
by_note = { attributes = ["goalid", "note", "nte"] }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[wrong-attribute-type]: `note` is of type memo, and must be string, whole-number, decimal, date-time, choice, lookup or unique-identifier
     --> rules/goal/entity.toml:6:37
      |
    6 | by_note = { attributes = ["goalid", "note", "nte"] }
      |                                     ^^^^^^

    error[unknown-attribute]: there is no attribute `nte`
     --> rules/goal/entity.toml:6:45
      |
    6 | by_note = { attributes = ["goalid", "note", "nte"] }
      |                                             ^^^^^
      |
    help: did you mean `note`?
      |
    6 | by_note = { attributes = ["goalid", "note", "note"] }
      |                                               +
    "#);
}

#[test]
fn keys_without_attributes_and_with_ill_formed_names() {
    assert_snapshot!(problems_in_attributes("[keys]\nByNothing = { attributes = [] }"), @r"
    error[ill-formed-name]: `ByNothing` is no logical name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
     --> rules/goal/entity.toml:5:1
      |
    5 | ByNothing = { attributes = [] }
      | ^^^^^^^^^

    error[missing]: an attribute is missing
     --> rules/goal/entity.toml:5:28
      |
    5 | ByNothing = { attributes = [] }
      |                            ^^
    ");
}

#[test]
fn too_many_keys_and_too_many_attributes_in_one() {
    // C-104
    let mut text = String::new();
    (0..17).for_each(|it| writeln!(text, r#"a{it} = {{ type = "big-integer" }}"#).unwrap());
    text.push_str("[keys]\n");
    (0..11).for_each(|it| writeln!(text, r#"k{it} = {{ attributes = ["goalid"] }}"#).unwrap());
    assert_snapshot!(problems_in_attributes(&text), @r"
    error[out-of-range]: the number of keys must be at most 10, and is 11
     --> rules/goal/entity.toml:1:1
      |
    1 | [entity]
      | ^^^^^^^^
    ");
    let names: Vec<_> = (0..17).map(|it| format!(r#""a{it}""#)).collect();
    let key = format!("all = {{ attributes = [{}] }}", names.join(", "));
    let first_key = r#"k0 = { attributes = ["goalid"] }"#;
    let (attributes, _) = text.split_once(first_key).unwrap();
    assert_snapshot!(problems_in_attributes(&format!("{attributes}{key}")), @r#"
    error[out-of-range]: attributes must be at most 16, and is 17
      --> rules/goal/entity.toml:22:22
       |
    22 | all = { attributes = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "a16"] }
       |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}
