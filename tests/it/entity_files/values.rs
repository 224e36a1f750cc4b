//! Keys and values that are not what they should be.

use insta::assert_snapshot;

use super::{problems, problems_in_attributes, problems_in_head};

#[test]
fn a_misspelt_key_is_mended() {
    assert_snapshot!(problems_in_head(r#"ownership = "none"
display_nam = "Goal""#), @r#"
    error[unknown-key]: an entity has no key `display_nam`
     --> rules/goal/entity.toml:3:1
      |
    3 | display_nam = "Goal"
      | ^^^^^^^^^^^
      |
    help: did you mean `display_name`?
      |
    3 | display_name = "Goal"
      |            +
    "#);
}

#[test]
fn an_unknown_key_is_answered_with_the_known_ones() {
    let text =
        r#"done = { type = "boolean", cdm = { name = "done", type = "boolean", colour = 1 } }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[unknown-key]: `cdm` of an attribute has no key `colour`
     --> rules/goal/entity.toml:4:69
      |
    4 | done = { type = "boolean", cdm = { name = "done", type = "boolean", colour = 1 } }
      |                                                                     ^^^^^^
      |
      = help: it can have `name`, `type`, `format`, `nullable`, `read_only`, `key`, `first_included_in`, `min`, `max`, `max_length`
    "#);
}

#[test]
fn an_unknown_table() {
    let text = r#"[entity]
ownership = "none"
[[relationships]]
schema_name = "goal_account"
"#;
    assert_snapshot!(problems(text), @r"
    error[unknown-key]: an entity file has no key `relationships`
     --> rules/goal/entity.toml:3:3
      |
    3 | [[relationships]]
      |   ^^^^^^^^^^^^^
      |
    help: did you mean `relationship`?
      |
    3 - [[relationships]]
    3 + [[relationship]]
      |
    ");
}

#[test]
fn a_key_of_another_type_of_attribute() {
    let text = r#"accountid = { type = "lookup", targets = ["goal"], max_length = 100 }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[unknown-key]: an attribute of type lookup has no key `max_length`
     --> rules/goal/entity.toml:4:52
      |
    4 | accountid = { type = "lookup", targets = ["goal"], max_length = 100 }
      |                                                    ^^^^^^^^^^
      |
      = help: it can have `type`, `targets`, `attribute_of`, `schema_name`, `display_name`, `required`, `create`, `update`, `read`, `form`, `source`, `localizable`, `cdm`
    "#);
}

#[test]
fn a_missing_key_is_missed_at_its_table() {
    assert_snapshot!(problems_in_head(r#"display_name = "Goal""#), @r"
    error[missing-key]: an entity must have `ownership`
     --> rules/goal/entity.toml:1:1
      |
    1 | [entity]
      | ^^^^^^^^
      |
      = help: it can be `user`, `organization`, `business`, `none`
    ");
    assert_snapshot!(problems_in_attributes(r#"name = { type = "string" }"#), @r#"
    error[missing-key]: an attribute of type string must have `max_length`
     --> rules/goal/entity.toml:4:1
      |
    4 | name = { type = "string" }
      | ^^^^
    "#);
    assert_snapshot!(problems_in_attributes("name = { max_length = 4 }"), @r"
    error[missing-key]: an attribute must have `type`
     --> rules/goal/entity.toml:4:1
      |
    4 | name = { max_length = 4 }
      | ^^^^
      |
      = help: it can be `string`, `memo`, `whole-number`, `big-integer`, `decimal`, `double`, `money`, `boolean`, `date-time`, `choice`, `multi-choice`, `state`, `status`, `lookup`, `customer`, `owner`, `party-list`, `unique-identifier`, `entity-name`, `image`, `file`, `virtual`, `managed-property`
    ");
}

#[test]
fn a_relationship_without_its_keys() {
    let text = r#"[entity]
ownership = "none"
[[relationship]]
schema_name = "goal_account"
"#;
    assert_snapshot!(problems(text), @r"
    error[missing-key]: a relationship must have `referenced`
     --> rules/goal/entity.toml:3:1
      |
    3 | [[relationship]]
      | ^^^^^^^^^^^^^^^^

    error[missing-key]: a relationship must have `attribute`
     --> rules/goal/entity.toml:3:1
      |
    3 | [[relationship]]
      | ^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn a_many_to_many_relationship_without_its_keys() {
    let text = r#"[entity]
ownership = "none"
[[many_to_many]]
first = { entity = "goal" }
"#;
    assert_snapshot!(problems(text), @r#"
    error[missing-key]: a many-to-many relationship must have `schema_name`
     --> rules/goal/entity.toml:3:1
      |
    3 | [[many_to_many]]
      | ^^^^^^^^^^^^^^^^

    error[missing-key]: a many-to-many relationship must have `second`
     --> rules/goal/entity.toml:3:1
      |
    3 | [[many_to_many]]
      | ^^^^^^^^^^^^^^^^

    error[missing-key]: a many-to-many relationship must have `intersect`
     --> rules/goal/entity.toml:3:1
      |
    3 | [[many_to_many]]
      | ^^^^^^^^^^^^^^^^

    error[missing-key]: an end of a many-to-many relationship must have `attribute`
     --> rules/goal/entity.toml:4:9
      |
    4 | first = { entity = "goal" }
      |         ^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn an_unknown_type_is_the_only_problem_of_its_attribute() {
    let text = r#"name = { type = "text", max_length = 4 }
note = { type = "mem", size = 4 }
[options.note]
A = {}"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[unknown-word]: `type` cannot be `text`
     --> rules/goal/entity.toml:4:17
      |
    4 | name = { type = "text", max_length = 4 }
      |                 ^^^^^^
      |
      = help: it can be `string`, `memo`, `whole-number`, `big-integer`, `decimal`, `double`, `money`, `boolean`, `date-time`, `choice`, `multi-choice`, `state`, `status`, `lookup`, `customer`, `owner`, `party-list`, `unique-identifier`, `entity-name`, `image`, `file`, `virtual`, `managed-property`

    error[unknown-word]: `type` cannot be `mem`
     --> rules/goal/entity.toml:5:17
      |
    5 | note = { type = "mem", size = 4 }
      |                 ^^^^^
      |
    help: did you mean `memo`?
      |
    5 | note = { type = "memo", size = 4 }
      |                     +
    "#);
}

#[test]
fn a_word_that_is_none() {
    assert_snapshot!(problems_in_head(r#"ownership = "usr""#), @r#"
    error[unknown-word]: `ownership` cannot be `usr`
     --> rules/goal/entity.toml:2:13
      |
    2 | ownership = "usr"
      |             ^^^^^
      |
    help: did you mean `user`?
      |
    2 | ownership = "user"
      |                +
    "#);
    assert_snapshot!(problems_in_head(r#"ownership = "everybody""#), @r#"
    error[unknown-word]: `ownership` cannot be `everybody`
     --> rules/goal/entity.toml:2:13
      |
    2 | ownership = "everybody"
      |             ^^^^^^^^^^^
      |
      = help: it can be `user`, `organization`, `business`, `none`
    "#);
}

#[test]
fn a_text_where_a_number_should_be() {
    assert_snapshot!(problems_in_attributes(r#"name = { type = "string", max_length = "100" }"#), @r#"
    error[wrong-type]: `max_length` must be a whole number
     --> rules/goal/entity.toml:4:40
      |
    4 | name = { type = "string", max_length = "100" }
      |                                        ^^^^^ this is a text
    "#);
}

#[test]
fn a_number_where_a_flag_should_be() {
    assert_snapshot!(problems_in_attributes(r#"done = { type = "boolean", form = 0 }"#), @r#"
    error[wrong-type]: `form` must be true or false
     --> rules/goal/entity.toml:4:35
      |
    4 | done = { type = "boolean", form = 0 }
      |                                   ^ this is a whole number
    "#);
}

#[test]
fn a_text_where_a_table_should_be() {
    assert_snapshot!(problems_in_attributes(r#"name = "string""#), @r#"
    error[wrong-type]: `name` must be a table
     --> rules/goal/entity.toml:4:8
      |
    4 | name = "string"
      |        ^^^^^^^^ this is a text
      |
      = help: write `name = { … }`
    "#);
}

#[test]
fn a_table_where_tables_should_be() {
    let text = r#"[entity]
ownership = "none"
[relationship]
schema_name = "goal_account"
"#;
    assert_snapshot!(problems(text), @r"
    error[wrong-type]: `relationship` must be tables
     --> rules/goal/entity.toml:3:1
      |
    3 | [relationship]
      | ^^^^^^^^^^^^^^ this is a table
      |
      = help: write `[[relationship]]`
    ");
}

#[test]
fn a_text_where_a_list_should_be() {
    assert_snapshot!(problems_in_attributes(r#"goalid2 = { type = "lookup", targets = "goal" }"#), @r#"
    error[wrong-type]: `targets` must be a list
     --> rules/goal/entity.toml:4:40
      |
    4 | goalid2 = { type = "lookup", targets = "goal" }
      |                                        ^^^^^^ this is a text
    "#);
}

#[test]
fn a_number_in_a_list_of_texts() {
    assert_snapshot!(problems_in_attributes(r#"next = { type = "lookup", targets = ["goal", 3] }"#), @r#"
    error[wrong-type]: each of `targets` must be a text
     --> rules/goal/entity.toml:4:46
      |
    4 | next = { type = "lookup", targets = ["goal", 3] }
      |                                              ^ this is a whole number
    "#);
}

#[test]
fn a_huge_number() {
    assert_snapshot!(problems_in_head(r#"ownership = "none"
object_type_code = 99999999999999999999"#), @r"
    error[wrong-value]: `object_type_code` must be from -2147483648 to 2147483647
     --> rules/goal/entity.toml:3:20
      |
    3 | object_type_code = 99999999999999999999
      |                    ^^^^^^^^^^^^^^^^^^^^
    ");
    assert_snapshot!(problems_in_attributes(r#"level = { type = "whole-number", max = 2147483648 }"#), @r#"
    error[wrong-value]: `max` must be from -2147483648 to 2147483647
     --> rules/goal/entity.toml:4:40
      |
    4 | level = { type = "whole-number", max = 2147483648 }
      |                                        ^^^^^^^^^^
    "#);
}

#[test]
fn a_decimal_of_too_many_digits() {
    let text = r#"rate = { type = "decimal", min = "0.00000000000000000000000000000000001" }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[wrong-value]: `min` must be a decimal number of at most 28 digits
     --> rules/goal/entity.toml:4:34
      |
    4 | rate = { type = "decimal", min = "0.00000000000000000000000000000000001" }
      |                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_bound_that_is_no_number() {
    let text = r#"rate = { type = "decimal", min = true }
angle = { type = "double", max = inf }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[wrong-type]: `min` must be a number, or a text such as `"0.01"`
     --> rules/goal/entity.toml:4:34
      |
    4 | rate = { type = "decimal", min = true }
      |                                  ^^^^ this is a boolean

    error[wrong-value]: `max` must be a finite number
     --> rules/goal/entity.toml:5:34
      |
    5 | angle = { type = "double", max = inf }
      |                                  ^^^
    "#);
}

#[test]
fn bounds_may_be_whole_numbers_decimals_and_texts() {
    let text = r#"a = { type = "decimal", min = -1, max = 0.5 }
b = { type = "money", min = "0.01", max = 1e3 }"#;
    assert_eq!(problems_in_attributes(text), "all is well");
}

#[test]
fn labels_for_one_side_only() {
    assert_snapshot!(problems_in_attributes(r#"done = { type = "boolean", labels = ["Yes"] }"#), @r#"
    error[wrong-value]: `labels` must be a list of two texts, for false and for true
     --> rules/goal/entity.toml:4:37
      |
    4 | done = { type = "boolean", labels = ["Yes"] }
      |                                     ^^^^^^^
    "#);
}

#[test]
fn a_view_that_is_no_uuid() {
    let text = r#"[entity]
ownership = "none"
[attributes]
parentid = { type = "lookup", targets = ["goal"] }
[[relationship]]
schema_name = "goal_parent"
attribute = "parentid"
referenced = "goal"
menu = { view_id = "0000-1903" }
"#;
    assert_snapshot!(problems(text), @r#"
    error[wrong-value]: `view_id` must be a UUID, such as `00000000-0000-0000-00aa-000010001903`
     --> rules/goal/entity.toml:9:20
      |
    9 | menu = { view_id = "0000-1903" }
      |                    ^^^^^^^^^^^
    "#);
}

#[test]
fn a_cascade_word_that_is_none() {
    let text = r#"[entity]
ownership = "none"
[attributes]
parentid = { type = "lookup", targets = ["goal"] }
[[relationship]]
schema_name = "goal_parent"
attribute = "parentid"
referenced = "goal"
cascade = { delete = "restrct", delet = "none" }
"#;
    assert_snapshot!(problems(text), @r#"
    error[unknown-word]: `delete` cannot be `restrct`
     --> rules/goal/entity.toml:9:22
      |
    9 | cascade = { delete = "restrct", delet = "none" }
      |                      ^^^^^^^^^
      |
    help: did you mean `restrict`?
      |
    9 | cascade = { delete = "restrict", delet = "none" }
      |                            +

    error[unknown-key]: `cascade` of a relationship has no key `delet`
     --> rules/goal/entity.toml:9:33
      |
    9 | cascade = { delete = "restrct", delet = "none" }
      |                                 ^^^^^
      |
    help: did you mean `delete`?
      |
    9 | cascade = { delete = "restrct", delete = "none" }
      |                                      +
    "#);
}

#[test]
fn an_option_without_a_value_and_with_a_key_of_a_status() {
    let text = r#"kind = { type = "choice" }
[options.kind]
Big = { state = 1 }"#;
    assert_snapshot!(problems_in_attributes(text), @r"
    error[missing-key]: an option must have `value`
     --> rules/goal/entity.toml:6:1
      |
    6 | Big = { state = 1 }
      | ^^^

    error[unknown-key]: an option has no key `state`
     --> rules/goal/entity.toml:6:9
      |
    6 | Big = { state = 1 }
      |         ^^^^^
      |
      = help: it can have `value`, `label`
    ");
}

#[test]
fn options_of_something_that_is_no_choice() {
    let text = r#"done = { type = "boolean" }
kind = { type = "choice" }
[options.done]
Yes = { value = 1 }
[options.kin]
Big = { value = 1 }"#;
    assert_snapshot!(problems_in_attributes(text), @r"
    error[unexpected-options]: `done` is of type boolean, and takes no options
     --> rules/goal/entity.toml:6:10
      |
    6 | [options.done]
      |          ^^^^

    error[unknown-attribute]: there is no attribute `kin` that could have these options
     --> rules/goal/entity.toml:8:10
      |
    8 | [options.kin]
      |          ^^^
      |
    help: did you mean `kind`?
      |
    8 | [options.kind]
      |             +
    ");
}

#[test]
fn what_is_far_right_in_a_long_line_is_still_shown() {
    let text = r#"name = { type = "string", schema_name = "NameOfTheGoal", display_name = "What people call the goal that they want to reach", max_length = 100, requred = "system" }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[unknown-key]: an attribute of type string has no key `requred`
     --> rules/goal/entity.toml:4:144
      |
    4 | ...le call the goal that they want to reach", max_length = 100, requred = "system" }
      |                                                                 ^^^^^^^
      |
      = help: did you mean `required`?
    "#);
}
