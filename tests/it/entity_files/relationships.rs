//! What the catalog refuses of relationships, shown where it stands.

use insta::assert_snapshot;
use rulegate_script::SourceFile;

use super::{SMALLEST, problems, problems_in_attributes, problems_of};

/// What the author of an entity with a lookup `parentid` reads of this relationship. It begins in line 5.
fn problems_in_relationship(text: &str) -> String {
    let parent = r#"parentid = { type = "lookup", targets = ["goal"] }"#;
    problems_in_attributes(&format!("{parent}\n{text}"))
}

#[test]
fn a_relationship_of_an_unknown_entity_over_an_unknown_attribute() {
    let text = r#"[[relationship]]
schema_name = "goal_metric"
attribute = "parntid"
referenced = "gaol""#;
    assert_snapshot!(problems_in_relationship(text), @r#"
    error[unknown-attribute]: there is no attribute `parntid`
     --> rules/goal/entity.toml:7:13
      |
    7 | attribute = "parntid"
      |             ^^^^^^^^^
      |
    help: did you mean `parentid`?
      |
    7 | attribute = "parentid"
      |                 +

    error[unknown-entity]: there is no entity `gaol`
     --> rules/goal/entity.toml:8:14
      |
    8 | referenced = "gaol"
      |              ^^^^^^
      |
    help: did you mean `goal`?
      |
    8 - referenced = "gaol"
    8 + referenced = "goal"
      |
    "#);
}

#[test]
fn a_relationship_that_its_lookup_does_not_have() {
    let text = r#"[[relationship]]
schema_name = "goal_metric"
attribute = "parentid"
referenced = "metric"
referenced_attribute = "code""#;
    let goal = format!(
        r#"[entity]
ownership = "none"
[attributes]
parentid = {{ type = "lookup", targets = ["goal"] }}
{text}
"#
    );
    let files = [
        SourceFile::new("rules/goal/entity.toml", goal),
        SourceFile::new("rules/metric/entity.toml", SMALLEST),
    ];
    assert_snapshot!(problems_of(&files), @r#"
    error[unknown-target]: there is no target `metric`
     --> rules/goal/entity.toml:8:14
      |
    8 | referenced = "metric"
      |              ^^^^^^^^

    error[unknown-attribute]: there is no attribute `code`
     --> rules/goal/entity.toml:9:24
      |
    9 | referenced_attribute = "code"
      |                        ^^^^^^
    "#);
}

#[test]
fn a_cascade_that_is_not_allowed_there() {
    // R-12
    let text = r#"[[relationship]]
schema_name = "goal_parent"
attribute = "parentid"
referenced = "goal"
cascade = { assign = "restrict", delete = "user-owned", merge = "active", archive = "restrict" }"#;
    assert_snapshot!(problems_in_relationship(text), @r#"
    error[cascade]: on assign a relationship can do none, cascade, active or user-owned to the children, not `restrict`
     --> rules/goal/entity.toml:9:22
      |
    9 | cascade = { assign = "restrict", delete = "user-owned", merge = "active", archive = "restrict" }
      |                      ^^^^^^^^^^

    error[cascade]: on delete a relationship can do none, cascade, remove-link or restrict to the children, not `user-owned`
     --> rules/goal/entity.toml:9:43
      |
    9 | cascade = { assign = "restrict", delete = "user-owned", merge = "active", archive = "restrict" }
      |                                           ^^^^^^^^^^^^

    error[cascade]: on merge a relationship can do none or cascade to the children, not `active`
     --> rules/goal/entity.toml:9:65
      |
    9 | cascade = { assign = "restrict", delete = "user-owned", merge = "active", archive = "restrict" }
      |                                                                 ^^^^^^^^
    "#);
}

#[test]
fn two_hierarchies_and_two_relationships_of_one_name() {
    let one = r#"[[relationship]]
schema_name = "goal_parent"
attribute = "parentid"
referenced = "goal"
hierarchical = true
"#;
    let other = one.replace("goal_parent", "Goal_Parent");
    assert_snapshot!(problems_in_relationship(&format!("{one}{other}")), @r#"
    error[defined-twice]: `Goal_Parent` is defined twice
      --> rules/goal/entity.toml:11:15
       |
    11 | schema_name = "Goal_Parent"
       |               ^^^^^^^^^^^^^

    error[defined-twice]: another relationship of this entity is hierarchical
      --> rules/goal/entity.toml:14:16
       |
    14 | hierarchical = true
       |                ^^^^
    "#);
}

#[test]
fn a_many_to_many_relationship_with_wrong_ends() {
    let pairs = r#"[[many_to_many]]
schema_name = "goal_goals"
intersect = "goalgoals"
first = { entity = "goal", attribute = "goalid" }
second = { entity = "metric", attribute = "goalid" }
"#;
    assert_snapshot!(problems(&format!("{SMALLEST}{pairs}")), @r#"
    error[unknown-entity]: there is no entity `metric`
     --> rules/goal/entity.toml:7:21
      |
    7 | second = { entity = "metric", attribute = "goalid" }
      |                     ^^^^^^^^

    error[defined-twice]: `goalid` is defined twice
     --> rules/goal/entity.toml:7:43
      |
    7 | second = { entity = "metric", attribute = "goalid" }
      |                                           ^^^^^^^^
    "#);
}

#[test]
fn an_intersect_entity_whose_attribute_is_no_identity() {
    let pairs = r#"[[many_to_many]]
schema_name = "goal_goals"
intersect = "goalgoals"
first = { entity = "goal", attribute = "goalid" }
second = { entity = "goal", attribute = "otherid" }
"#;
    let files = [
        SourceFile::new("rules/goal/entity.toml", format!("{SMALLEST}{pairs}")),
        SourceFile::new(
            "rules/goalgoals/entity.toml",
            r#"[entity]
ownership = "none"
intersect = true
[attributes]
otherid = { type = "boolean" }
"#,
        ),
    ];
    assert_snapshot!(problems_of(&files), @r#"
    error[wrong-attribute-type]: `otherid` is of type boolean, and must be unique-identifier
     --> rules/goal/entity.toml:7:41
      |
    7 | second = { entity = "goal", attribute = "otherid" }
      |                                         ^^^^^^^^^
    "#);
}

#[test]
fn an_ill_formed_intersect_entity() {
    let pairs = r#"[[many_to_many]]
schema_name = "goal_goals"
intersect = "GoalGoals"
first = { entity = "goal", attribute = "goalid" }
second = { entity = "goal", attribute = "otherid" }
"#;
    assert_snapshot!(problems(&format!("{SMALLEST}{pairs}")), @r#"
    error[ill-formed-name]: `GoalGoals` is no logical name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter
     --> rules/goal/entity.toml:4:15
      |
    4 | schema_name = "goal_goals"
      |               ^^^^^^^^^^^^
    "#);
}

#[test]
fn a_second_parental_relationship_of_two_entities() {
    // R-14, R-21
    let text = r#"parentid = { type = "lookup", targets = ["goal"] }
otherid = { type = "lookup", targets = ["goal"] }
[[relationship]]
schema_name = "goal_parent"
attribute = "parentid"
referenced = "goal"
cascade = { delete = "cascade" }
[[relationship]]
schema_name = "goal_other"
attribute = "otherid"
referenced = "goal"
cascade = { assign = "cascade", delete = "remove-link" }"#;
    assert_snapshot!(problems_in_attributes(text), @r#"
    error[second-parental]: these two entities have a parental relationship already: on delete it can do remove-link or restrict, and nothing else
      --> rules/goal/entity.toml:15:11
       |
    15 | cascade = { assign = "cascade", delete = "remove-link" }
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    let loose = text.replace(r#"assign = "cascade", "#, "");
    assert_eq!(problems_in_attributes(&loose), "all is well");
}
