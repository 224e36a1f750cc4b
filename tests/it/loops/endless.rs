//! Rule sets of the kinds that go on and on.

use super::cast::{ENTITIES, lookup};
use super::dice::Dice;
use super::rules::{Rule, ring, settings, update, update_over};

/// A kind of rule set.
pub(crate) type Kind = (&'static str, fn(&mut Dice) -> Vec<Rule>);

/// Every kind of rule set that can go on until it is too deep.
pub(crate) const ENDLESS: [Kind; 22] = [
    ("an update of itself", itself),
    ("an update of itself that its filter names", itself_filtered),
    ("two rules over lookups", two),
    ("three rules over lookups", three),
    ("a rule up a hierarchy", hierarchy),
    ("what is created is created again", create),
    ("two that create each other", create_each_other),
    ("a flag that goes on and off", toggle),
    ("a choice that goes round", round),
    ("a counter with a far end", far_counter),
    ("a counter from far below", deep_counter),
    ("what changes is changed again", changed),
    ("a state that is set and set back", states),
    ("a job of its own cause", job),
    ("a target that is written for the other", written),
    ("two that delete each other", delete),
    ("a depth that is too great", depth),
    ("a guard of another attribute", wrong_guard),
    ("a state and a flag that its guard misses", split),
    ("the stamp of the change", stamp),
    ("an assignment to nobody new, with more", assign),
    ("a child that tells its parent, which tells its children", family),
];

fn itself(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let (all, count) = (settings::<3>(dice), dice.between(1, 3));
    let rule = Rule::on_update(entity, update("ctx.target", all.get(..count).unwrap()));
    vec![if dice.flip() { rule.before() } else { rule }]
}

fn itself_filtered(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<3>(dice);
    let body = update("ctx.target", &all[1..]);
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&[all[0].name, all[1].name])]
}

fn two(dice: &mut Dice) -> Vec<Rule> {
    let entities = dice.some::<_, 2>(&ENTITIES);
    let (a, b) = (settings::<2>(dice), settings::<2>(dice));
    let (there, back) = (lookup(entities[0], entities[1]), lookup(entities[1], entities[0]));
    vec![
        Rule::on_update(entities[0], update_over(&there, &b))
            .seeing(&[&there])
            .filtered(&[a[0].name]),
        Rule::on_update(entities[1], update_over(&back, &a))
            .seeing(&[&back])
            .filtered(&[b[1].name]),
    ]
}

fn three(dice: &mut Dice) -> Vec<Rule> {
    ring(dice).into()
}

fn hierarchy(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<1>(dice);
    let body = update_over("parentid", &all);
    vec![Rule::on_update(dice.one(&ENTITIES), body).seeing(&["parentid"]).filtered(&[all[0].name])]
}

fn create(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let all = settings::<2>(dice);
    let guard = if dice.flip() {
        format!("    if ctx.target.{} != {} {{ return; }}\n", all[0].name, all[0].value)
    } else {
        String::new()
    };
    let values = format!("{}: {}, {}: {}", all[0].name, all[0].value, all[1].name, all[1].value);
    let body = format!("{guard}    create(\"{entity}\", #{{ name: \"next\", {values} }});");
    let rule = Rule::on("Create", entity, body);
    vec![if dice.flip() { rule.before() } else { rule }]
}

fn create_each_other(dice: &mut Dice) -> Vec<Rule> {
    let entities = dice.some::<_, 2>(&ENTITIES);
    let body = |of: &str| format!("    create(\"{of}\", #{{ name: \"next\" }});");
    vec![
        Rule::on("Create", entities[0], body(entities[1])),
        Rule::on("Create", entities[1], body(entities[0])),
    ]
}

fn toggle(dice: &mut Dice) -> Vec<Rule> {
    let flag = dice.one(&["isurgent", "isdone"]);
    let body = format!(
        "    if ctx.target.{flag} == true {{\n        update(ctx.target, #{{ {flag}: false }});\n    }} else {{\n        \
         update(ctx.target, #{{ {flag}: true }});\n    }}"
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&[flag])]
}

fn round(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let order = dice.some::<_, 3>(&[1, 2, 3, 4]);
    let [a, b, c] = order;
    [(a, b), (b, c), (c, a)]
        .into_iter()
        .map(|(from, to)| {
            let body = format!(
                "    if ctx.target.stage == {from} {{ update(ctx.target, #{{ stage: {to} }}); }}"
            );
            Rule::on_update(entity, body).filtered(&["stage"])
        })
        .collect()
}

fn far_counter(dice: &mut Dice) -> Vec<Rule> {
    let end = dice.between(9, 60);
    let body = format!(
        "    let count = ctx.target.visits ?? 0;\n    if count >= {end} {{ return; }}\n    \
         update(ctx.target, #{{ visits: count + 1 }});"
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&["visits"])]
}

fn deep_counter(dice: &mut Dice) -> Vec<Rule> {
    let end = dice.between(0, 3);
    let body = format!(
        "    let level = ctx.target.level;\n    if level == () || level > {end} {{ return; }}\n    \
         update(ctx.target, #{{ level: level + 1 }});"
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&["level"])]
}

fn changed(dice: &mut Dice) -> Vec<Rule> {
    let step = dice.between(1, 5);
    let body = format!(
        "    if !ctx.changed(\"total\") {{ return; }}\n    \
         update(ctx.target, #{{ total: (ctx.target.total ?? 0) + {step} }});"
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&["total"]).seeing(&["total"])]
}

fn states(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let set = |from: &str, to: &str| {
        let body = format!(
            "    if ctx.target.statecode == {entity}::statecode::{from} {{ \
             set_state(ctx.target, {entity}::statecode::{to}); }}"
        );
        Rule::on_update(entity, body).filtered(&["statecode"])
    };
    vec![set("Active", "Inactive"), set("Inactive", "Active")]
}

fn job(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let rule = Rule::on_update(dice.one(&ENTITIES), update("ctx.target", &all)).later();
    vec![if dice.flip() { rule.filtered(&[all[0].name]) } else { rule }]
}

fn written(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let all = settings::<2>(dice);
    let body = format!("    ctx.target.{} = {};", all[0].name, all[0].value);
    vec![
        Rule::on_update(entity, body).before(),
        Rule::on_update(entity, update("ctx.target", &all[1..])).filtered(&[all[0].name]),
    ]
}

fn delete(dice: &mut Dice) -> Vec<Rule> {
    let entities = dice.some::<_, 2>(&ENTITIES);
    let body = |from: &str, to: &str| {
        format!("    if ctx.pre.{0} != () {{ delete(ctx.pre.{0}); }}", lookup(from, to))
    };
    let rule = |from: &'static str, to: &'static str| {
        Rule::on("Delete", from, body(from, to)).before().seeing(&[&lookup(from, to)])
    };
    vec![rule(entities[0], entities[1]), rule(entities[1], entities[0])]
}

fn depth(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let end = dice.between(9, 30);
    let body = format!("    if ctx.depth > {end} {{ return; }}\n{}", update("ctx.target", &all));
    vec![Rule::on_update(dice.one(&ENTITIES), body)]
}

fn wrong_guard(dice: &mut Dice) -> Vec<Rule> {
    let body =
        "    if ctx.target.note != () { return; }\n    update(ctx.target, #{ code: \"A\" });";
    let guarded =
        "    if ctx.target.has(\"stage\") { return; }\n    update(ctx.target, #{ amount: 10 });";
    vec![Rule::on_update(dice.one(&ENTITIES), dice.one(&[body, guarded]))]
}

fn split(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let body = "    if ctx.target.isdone == true { return; }\n    \
        update(ctx.target, #{ statecode: 1, isdone: true });";
    vec![Rule::on_update(entity, body)]
}

fn stamp(dice: &mut Dice) -> Vec<Rule> {
    let body = update("ctx.target", &settings::<1>(dice));
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&["modifiedon"])]
}

fn assign(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let body = format!(
        "    assign(ctx.target, ctx.user);\n{}",
        update("ctx.target", &settings::<1>(dice))
    );
    vec![Rule::on_update(entity, body)]
}

fn family(dice: &mut Dice) -> Vec<Rule> {
    let (a, b) = (settings::<1>(dice), settings::<1>(dice));
    let down = format!(
        "    for task in query(\"task\", #{{ dealid: ctx.target }}, #{{ select: [\"name\"] }}) {{\n    {}\n    }}",
        update("task", &b)
    );
    vec![
        Rule::on_update("deal", down).filtered(&[a[0].name]),
        Rule::on_update("task", update_over("dealid", &a))
            .seeing(&["dealid"])
            .filtered(&[b[0].name]),
    ]
}
