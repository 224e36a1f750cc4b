//! What is found in a set refuses it, as far as its host wants that.

use insta::assert_snapshot;
use rulegate_script::{Check, Level, Levels, WatchOptions};

use super::{RULE, Scene, rule};

/// A rule that sets the marker to a text, which is no whole number.
fn ill_typed() -> String {
    rule(2).replace("= MARKER", "= \"two\"")
}

/// A rule whose `allow` is of no use: a warning.
fn odd() -> String {
    format!("// allow(dead-code): once there was some\n{}", rule(2))
}

#[test]
fn a_set_that_does_not_check_keeps_the_last_good_generation() {
    let scene = Scene::new();
    scene.write(RULE, &ill_typed());
    assert_snapshot!(scene.hears("wrong-type"), @r#"
    error[wrong-type]: `marker` is a whole-number and cannot hold a text
     --> rules/deal/mark.rhai:4:25
      |
    4 |     ctx.target.marker = "two";
      |                         ^^^^^
    "#);
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
    scene.write(RULE, &rule(3));
    scene.serves(3);
}

#[test]
fn a_host_may_want_no_more_than_rules_that_can_be_read() {
    let scene = Scene::with(|mut options| {
        options.load.check = Check::Syntax;
        options
    });
    scene.write(RULE, &ill_typed());
    scene.eventually("served", || scene.engine.generation() == 2);
}

#[test]
fn warnings_refuse_a_set_where_they_are_denied() {
    let scene = Scene::new();
    scene.write(RULE, &odd());
    scene.serves(2);

    let denied = |options: WatchOptions| {
        let levels = Levels::default().with("warnings", Level::Deny).unwrap();
        WatchOptions { load: rulegate_script::LoadOptions { levels, ..options.load }, ..options }
    };
    let scene = Scene::with(denied);
    scene.write(RULE, &odd());
    scene.hears("unused-allow");
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
}
