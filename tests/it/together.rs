//! What rules do to each other: loops with their cycle, and conflicts with a record that shows them.

use rulegate::message::{Create, Update};
use rulegate::{OrganizationService, Record, Value};
use rulegate_script::{Diagnostic, Limits, LoadOptions, RuleSet, SourceFile, Termination};
use support::small_engine;

const ENTITIES: [(&str, &str); 2] = [
    (
        "rules/deal/entity.toml",
        r#"
[entity]
ownership = "organization"
primary_name = "name"
[attributes]
dealid = { type = "unique-identifier", required = "system" }
name = { type = "string", max_length = 100 }
amount = { type = "decimal" }
discount = { type = "decimal", min = 0, max = 100 }
grade = { type = "string", max_length = 10 }
note = { type = "string", max_length = 100 }
visits = { type = "whole-number", min = 0, max = 9 }
accountid = { type = "lookup", targets = ["account"] }
"#,
    ),
    (
        "rules/account/entity.toml",
        r#"
[entity]
ownership = "organization"
primary_name = "name"
[attributes]
accountid = { type = "unique-identifier", required = "system" }
name = { type = "string", max_length = 100 }
score = { type = "whole-number" }
dealid = { type = "lookup", targets = ["deal"] }
"#,
    ),
];

/// A rule of the deal, or of the account.
fn rule(path: &str, step: &str, body: &str) -> SourceFile {
    let text = format!("const STEP = #{{ {step} }};\nfn run(ctx) {{\n{body}\n}}\n");
    SourceFile::new(format!("rules/{path}.rhai"), text)
}

fn set(rules: &[SourceFile]) -> RuleSet {
    let mut files: Vec<SourceFile> =
        ENTITIES.map(|(path, text)| SourceFile::new(path, text)).into();
    files.extend(rules.iter().cloned());
    let options = LoadOptions {
        limits: Limits::default(),
        messages: vec!["Win".into()],
        ..LoadOptions::default()
    };
    RuleSet::load(&files, None, &options)
        .unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)))
}

/// What was found of that name.
fn found<'a>(set: &'a RuleSet, code: &str) -> Vec<&'a str> {
    let all = set.findings.iter().filter(|it| it.code == code);
    all.map(|it| it.message.as_str()).collect()
}

#[test]
fn a_loop_is_shown_at_the_first_message_with_the_whole_way() {
    let set = set(&[
        rule(
            "deal/tell",
            r#"message: "Update", stage: "post-operation", filtering: ["amount"], pre_image: ["accountid"]"#,
            "    if ctx.pre.accountid != () {\n        update(ctx.pre.accountid, #{ score: 1 });\n    }",
        ),
        rule(
            "account/tell",
            r#"message: "Update", stage: "post-operation", filtering: ["score"], pre_image: ["dealid"]"#,
            "    if ctx.pre.dealid != () {\n        update(ctx.pre.dealid, #{ amount: 2 });\n    }",
        ),
    ]);

    let loops: Vec<&Diagnostic> =
        set.findings.iter().filter(|it| it.code == "trigger-loop").collect();
    let [only] = loops[..] else { panic!("{loops:?}") };

    assert_eq!(
        only.to_string(),
        "rules/account/tell.rhai:4:9: warning: rules can wake each other without end: account/tell → deal/tell → account/tell"
    );
    assert_eq!(only.label, "Update of deal with amount");
    let help = only.help.as_deref().unwrap();
    assert!(help.starts_with("`deal/tell` sends Update of account with score"), "{help}");
    assert_eq!(set.termination.to_string(), "can loop: account/tell → deal/tell → account/tell");
}

#[test]
fn what_ends_is_proved_to_end_and_how_deep_it_goes() {
    let counts = |end: u32| {
        let body = format!(
            "    let visits = ctx.target.visits ?? 0;\n    if visits >= {end} {{ return; }}\n    \
             update(ctx.target, #{{ visits: visits + 1 }});"
        );
        let step = r#"message: "Update", stage: "post-operation", filtering: ["visits"]"#;
        set(&[rule("deal/count", step, &body)]).termination
    };

    assert_eq!(set(&[]).termination, Termination::Terminates { depth: 0 });
    // From 0, the least that an attribute can be: 0, 1, 2 and 3 are sent.
    assert_eq!(counts(3), Termination::Terminates { depth: 4 });
    assert_eq!(counts(7), Termination::Terminates { depth: 8 }); // P-75
    assert!(matches!(counts(8), Termination::CanLoop { .. }));
}

#[test]
fn a_chain_that_is_too_deep_is_no_circle_and_is_shown_all_the_same() {
    // T-066: a step runs at depth 8, and not at 9.
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let chain = |length: u32| {
        let rules: Vec<SourceFile> = (1..=length)
            .zip(names)
            .map(|(number, name)| {
                let step = r#"message: "Create", stage: "post-operation""#;
                let body = format!(
                    "    if ctx.target.visits == {number} {{\n        create(\"deal\", #{{ visits: {} }});\n    }}",
                    number + 1
                );
                rule(&format!("deal/{name}"), step, &body)
            })
            .collect();
        set(&rules)
    };

    assert_eq!(chain(7).termination, Termination::Terminates { depth: 8 });
    let long = chain(8);
    assert_eq!(
        found(&long, "trigger-loop"),
        [
            "rules can wake each other deeper than 8 messages: deal/a → deal/b → deal/c → deal/d → deal/e → deal/f → deal/g → deal/h → deal/a"
        ]
    );
}

#[test]
fn what_the_engine_sends_for_a_client_is_deeper_than_what_the_client_sends() {
    // I-64: a link is an Update of the child, one deeper, and so the guard does not stop it.
    let step = r#"message: "Update", stage: "post-operation""#;
    let body = "    if ctx.depth < 2 { return; }\n    update(ctx.target, #{ note: \"x\" });";
    let of_links = r#"[[relationship]]
schema_name = "account_deals"
attribute = "accountid"
referenced = "account"
"#;
    let [(deal, text), account] = ENTITIES;
    let mut files = vec![SourceFile::new(deal, format!("{text}{of_links}"))];
    files.push(SourceFile::new(account.0, account.1));

    let without = set(&[rule("deal/deep", step, body)]);
    files.push(rule("deal/deep", step, body));
    let with = RuleSet::load(&files, None, &LoadOptions::default()).unwrap();

    assert_eq!(without.termination, Termination::Terminates { depth: 1 });
    assert!(matches!(with.termination, Termination::CanLoop { .. }));
}

#[test]
fn what_is_created_as_null_is_not_sent() {
    // C-13: after the write the target carries no null.
    let step = r#"message: "Create", stage: "post-operation""#;
    let body =
        "    if ctx.target.has(\"amount\") { return; }\n    create(\"deal\", #{ amount: () });";

    let set = set(&[rule("deal/again", step, body)]);

    assert_eq!(set.termination.to_string(), "can loop: deal/again → deal/again");
}

#[test]
fn what_cannot_be_known_is_called_unknown() {
    let step = r#"message: "Update", stage: "post-operation", filtering: ["amount"]"#;
    let win = set(&[rule("deal/win", step, "    send(\"Win\", #{});")]);
    assert_eq!(
        win.termination.to_string(),
        "not known: `deal/win` sends Win, whose handler may send anything"
    );
    let any = set(&[rule(
        "deal/any",
        step,
        "    let other = ctx.variables[\"other\"];\n    update(other, #{ amount: 1 });",
    )]);
    assert_eq!(
        any.termination.to_string(),
        "not known: rules/deal/any.rhai:4: Update of a record whose entity is not known"
    );
    assert_eq!(found(&any, "trigger-loop"), [""; 0]);
}

#[test]
fn two_rules_of_one_rank_that_set_an_attribute_are_shown_with_a_record() {
    let step = r#"message: "Create", stage: "pre-operation""#;
    let set = set(&[
        rule(
            "deal/big",
            step,
            "    if (ctx.target.amount ?? 0) > 100 { ctx.target.grade = \"A\"; }",
        ),
        rule(
            "deal/cheap",
            step,
            "    if (ctx.target.discount ?? 0) > 10 { ctx.target.grade = \"C\"; }",
        ),
    ]);

    let [message] = found(&set, "write-conflict")[..] else { panic!("{:?}", set.findings) };

    assert_eq!(
        message,
        "`deal/big` and `deal/cheap` have rank 1, and both set `grade`: on Create of #{ amount: 101, discount: 11 } \
         `deal/big` first gives `grade` = \"C\", `deal/cheap` first gives \"A\""
    );
    // The record, played as it is.
    let engine = small_engine(&set, |it| it).unwrap();
    let record: Record = engine.record("deal").unwrap();
    let record = record.with("amount", 101).unwrap().with("discount", 11).unwrap();
    let created = engine.send(Create::new(record)).unwrap();
    assert_eq!(engine.retrieve(&created).unwrap().get("grade"), Some(&Value::from("C")));
}

#[test]
fn rules_that_exclude_each_other_or_agree_are_no_conflict() {
    let step = r#"message: "Create", stage: "pre-operation""#;
    let both = |a: &str, b: &str| {
        let set = set(&[rule("deal/a", step, a), rule("deal/b", step, b)]);
        found(&set, "write-conflict").len() + found(&set, "ambiguous-rank").len()
    };

    let big = "    if (ctx.target.amount ?? 0) > 100 { ctx.target.grade = \"A\"; }";
    assert_eq!(
        both(big, "    if (ctx.target.amount ?? 0) <= 100 { ctx.target.grade = \"B\"; }"),
        0
    );
    assert_eq!(
        both(big, "    if (ctx.target.discount ?? 0) > 10 { ctx.target.grade = \"A\"; }"),
        0
    );
    assert_eq!(both(big, "    ctx.target.note = \"x\";"), 0);
    assert_eq!(both(big, "    ctx.target.grade = \"B\";"), 1);
}

#[test]
fn another_rank_or_another_stage_is_an_order() {
    let a = |more: &str| {
        let step = format!("message: \"Create\", stage: \"pre-operation\"{more}");
        rule("deal/a", &step, "    ctx.target.grade = \"A\";")
    };
    let b = rule(
        "deal/b",
        r#"message: "Create", stage: "pre-operation""#,
        "    ctx.target.grade = \"B\";",
    );

    assert_eq!(found(&set(&[a(""), b.clone()]), "write-conflict").len(), 1);
    assert_eq!(found(&set(&[a(", rank: 2"), b]), "write-conflict").len(), 0);
}

#[test]
fn a_rule_that_reads_what_another_of_its_rank_sets_is_shown_with_a_record() {
    let step = r#"message: "Update", stage: "pre-operation", filtering: ["amount"], pre_image: ["discount"]"#;
    let set = set(&[
        rule(
            "deal/limit",
            step,
            "    if (ctx.after(\"discount\") ?? 0) > 30 { reject(\"deal.limit\", \"too much\"); }",
        ),
        rule("deal/raise", step, "    ctx.target.discount = 40;"),
    ]);

    assert_eq!(
        found(&set, "ambiguous-rank"),
        [
            "`deal/limit` reads `discount`, which `deal/raise` of the same rank 1 sets: on Update of #{} with \
          #{ amount: 40 } `deal/limit` first saves it, `deal/raise` first refuses it: too much"
        ]
    );
    // The record, played as it is: by their names, the limit is first.
    let engine = small_engine(&set, |it| it).unwrap();
    let created = engine.send(Create::new(engine.record("deal").unwrap())).unwrap();
    let change = engine.change(&created).unwrap().with("amount", 40).unwrap();
    engine.send(Update::new(change)).unwrap();
}

#[test]
fn a_rule_that_reads_what_another_sets_and_does_not_care_is_not_blamed() {
    let step = r#"message: "Create", stage: "pre-operation""#;
    let set = set(&[
        rule("deal/grade", step, "    ctx.target.grade = \"A\";"),
        rule("deal/look", step, "    trace(`graded ${ctx.target.grade}`);"),
    ]);

    assert_eq!(found(&set, "ambiguous-rank"), [""; 0]);
}

#[test]
fn updates_of_the_own_record_after_the_write_meet_as_well() {
    let step = r#"message: "Create", stage: "post-operation""#;
    let set = set(&[
        rule("deal/a", step, "    update(ctx.target, #{ note: \"a\" });"),
        rule("deal/b", step, "    update(ctx.target, #{ note: \"b\" });"),
    ]);

    assert_eq!(
        found(&set, "write-conflict"),
        [
            "`deal/a` and `deal/b` have rank 1, and both set `note`: on Create of #{} `deal/a` first gives `note` = \"b\", \
          `deal/b` first gives \"a\""
        ]
    );
}
