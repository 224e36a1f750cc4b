//! Rules that Rhai runs: what is kept from one run to the next is nothing that a rule could see.

use rulegate::{Engine, OrganizationService};
use rulegate_script::Execution;
use support::{small_engine, small_set_as};

use super::{create, rule, shown};

const STEP: &str = r#"message: "Create", stage: "pre-operation""#;

fn engine(body: &str) -> Engine {
    let set = small_set_as(&[rule("rule", STEP, body)], Execution::Interpreted).unwrap();
    small_engine(&set, |it| it).unwrap()
}

/// What the rule throws on one message after another.
fn said(body: &str) -> [String; 3] {
    let engine = engine(body);
    [(); 3].map(|()| create(&engine).map_or_else(|error| shown(&error), |_| "ends well".into()))
}

/// What the account is called once the rule is through.
fn name(body: &str) -> String {
    let engine = engine(body);
    let created = create(&engine).unwrap_or_else(|error| panic!("{}", shown(&error)));
    let account = engine.retrieve(&created).unwrap();
    account.primary_name().unwrap_or_default().to_owned()
}

#[test]
fn what_a_rule_makes_of_its_context_is_gone_with_the_run() {
    let body = "if type_of(ctx) != \"context\" { throw \"another\"; } ctx = #{}; let left = 1; throw \"first\";";
    assert_eq!(said(body), ["= first", "= first", "= first"]);
    let body = "let seen = 0; seen += [1].map(|it| it + ctx.depth)[0]; throw `${seen}`;";
    assert_eq!(said(body), ["= 2", "= 2", "= 2"]);
}

#[test]
fn a_limit_that_stopped_one_run_does_not_stop_the_next() {
    let [first, second, third] = said("let n = 0; loop { n += 1; }");
    assert!(first.contains("operations"), "{first}");
    assert_eq!((&first, &second), (&second, &third));
}

#[test]
fn a_rule_that_causes_itself_runs_within_itself() {
    let body = r#"if ctx.depth < 4 { create("account", #{ name: `${ctx.target.name}!` }); } else { throw ctx.target.name; }"#;
    let said = said(body);
    assert!(said[0].contains("Acme!!!"), "{said:?}");
    assert_eq!(said[0], said[1]);
}

#[test]
fn a_method_that_changes_an_attribute_still_changes_it() {
    assert_eq!(name("ctx.target.name.make_upper();"), "ACME");
    assert_eq!(name("let target = ctx.target; target.name.make_upper();"), "ACME");
    assert_eq!(name("ctx.target.name += \" Ltd\";"), "Acme Ltd");
    assert_eq!(name("let it = ctx.target; it.name += it.name.len();"), "Acme4");
}

#[test]
fn what_was_read_from_an_attribute_can_be_changed_like_any_value() {
    assert_eq!(
        name("let it = [ctx.target.name]; it[0] += \"!\"; ctx.target.name = it[0];"),
        "Acme!"
    );
    assert_eq!(
        name("let it = #{ a: ctx.target.name }; it.a += \"!\"; ctx.target.name = it.a;"),
        "Acme!"
    );
    assert_eq!(
        name("let it = \"\"; it = ctx.target.name; it += \"!\"; ctx.target.name = it;"),
        "Acme!"
    );
    assert_eq!(
        name("ctx.target.name = [ctx.target.name].map(|it| { it += \"!\"; it })[0];"),
        "Acme!"
    );
}

#[test]
fn a_name_that_is_another_thing_elsewhere_is_no_name_of_the_target() {
    let another = "let it = ctx.target; it = #{ name: \"another\" }; ctx.target.name = it.name;";
    assert_eq!(name(another), "another");
    let shadowed = "let it = ctx.target; if true { let it = #{ name: \"inner\" }; ctx.target.name = it.name; }";
    assert_eq!(name(shadowed), "inner");
    let turned =
        "let it = ctx.target; for it in [#{ name: \"turn\" }] { ctx.target.name = it.name; }";
    assert_eq!(name(turned), "turn");
    let replaced = "let own = ctx.target; let ctx = #{ target: #{ name: \"own\" } }; own.name = ctx.target.name;";
    assert_eq!(name(replaced), "own");
}

#[test]
fn what_goes_wrong_with_an_attribute_says_where() {
    for (body, words) in [
        ("if ctx.target.nmae == 1 { }", "nmae"),
        ("let it = ctx.target; if it.nmae == 1 { }", "nmae"),
        ("ctx.target.nmae = 1;", "nmae"),
    ] {
        let engine = engine(body);
        let error = create(&engine).unwrap_err().to_string();
        let column = body.rfind(words).unwrap() + 1;
        assert!(
            error.contains(words) && error.contains(&format!("rule.rhai:3:{column}")),
            "{error}"
        );
    }
}

#[test]
fn every_generation_runs_its_own_rules() {
    let sets = ["one", "two"].map(|it| {
        let body = format!("ctx.target.name = \"{it}\";");
        small_set_as(&[rule("rule", STEP, &body)], Execution::Interpreted).unwrap()
    });
    let engine = small_engine(&sets[0], |it| it).unwrap();
    for turn in 0..4 {
        let set = &sets[turn % 2];
        engine.reload(set.catalog.clone(), set.steps.clone()).unwrap();
        let account = engine.retrieve(&create(&engine).unwrap()).unwrap();
        assert_eq!(account.primary_name(), Some(["one", "two"][turn % 2]));
    }
}
