//! Rule sets of the kinds that people write and that end.

use super::cast::{ENTITIES, lookup};
use super::dice::Dice;
use super::endless::Kind;
use super::rules::{Rule, Setting, ring, settings, update, update_over};

/// Every kind of rule set that ends, as long as nobody else adds to it.
pub(crate) const ENDING: [Kind; 26] = [
    ("an update that its filter does not name", filtered),
    ("a guard of the value", by_value),
    ("a guard of null", by_null),
    ("a guard of presence", by_presence),
    ("a guard of change", by_change),
    ("a guard of depth", by_depth),
    ("a guard of the value that was", by_image),
    ("a guard of the value as it will be", by_after),
    ("a counter with a near end", counter),
    ("a counter that was", counter_before),
    ("two rules over lookups that do not meet", two),
    ("two rules over lookups, one of them guarded", two_guarded),
    ("three rules over lookups in a row", row),
    ("what is created ends", create),
    ("a row of what is created", create_row),
    ("a state that is set once", state),
    ("a state that is set to what it is", same_state),
    ("a job that its filter does not wake", job),
    ("a target that is written for nobody", written),
    ("a parent that takes its children along", children),
    ("a child that counts itself", count),
    ("a flag that goes on", flag),
    ("a choice that goes to its end", stages),
    ("a log", log),
    ("what is refused", refused),
    ("a sum that is right already", sum),
];

fn filtered(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<4>(dice);
    let rule = Rule::on_update(dice.one(&ENTITIES), update("ctx.target", &all[2..]));
    vec![rule.filtered(&[all[0].name, all[1].name])]
}

fn by_value(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let Setting { name, value } = all[0];
    let body = if dice.flip() {
        format!("    if ctx.target.{name} == {value} {{ return; }}\n{}", update("ctx.target", &all))
    } else {
        format!(
            "    if ctx.target.{name} != {value} {{\n    {}\n    }}",
            update("ctx.target", &all)
        )
    };
    vec![Rule::on_update(dice.one(&ENTITIES), body)]
}

fn by_null(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let name = all[0].name;
    let body =
        format!("    if ctx.target.{name} != () {{ return; }}\n{}", update("ctx.target", &all));
    vec![Rule::on_update(dice.one(&ENTITIES), body)]
}

fn by_presence(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let name = all[1].name;
    let body = format!(
        "    if !ctx.target.has(\"{name}\") {{\n    {}\n    }}",
        update("ctx.target", &all)
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body)]
}

fn by_change(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let name = all[0].name;
    let body =
        format!("    if !ctx.changed(\"{name}\") {{ return; }}\n{}", update("ctx.target", &all));
    vec![Rule::on_update(dice.one(&ENTITIES), body).seeing(&[name]).filtered(&[name])]
}

fn by_depth(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<2>(dice);
    let depth = dice.between(1, 6);
    let body = format!("    if ctx.depth > {depth} {{ return; }}\n{}", update("ctx.target", &all));
    vec![Rule::on_update(dice.one(&ENTITIES), body)]
}

fn by_image(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<1>(dice);
    let Setting { name, value } = all[0];
    let body =
        format!("    if ctx.pre.{name} == {value} {{ return; }}\n{}", update("ctx.target", &all));
    vec![Rule::on_update(dice.one(&ENTITIES), body).seeing(&[name])]
}

fn by_after(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<1>(dice);
    let Setting { name, value } = all[0];
    let body = format!(
        "    if ctx.after(\"{name}\") != {value} {{\n    {}\n    }}",
        update("ctx.target", &all)
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body).seeing(&[name])]
}

fn counter(dice: &mut Dice) -> Vec<Rule> {
    let end = dice.between(1, 6);
    let body = format!(
        "    let count = ctx.target.visits ?? 0;\n    if count >= {end} {{ return; }}\n    \
         update(ctx.target, #{{ visits: count + 1 }});"
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&["visits"])]
}

fn counter_before(dice: &mut Dice) -> Vec<Rule> {
    let end = dice.between(1, 4);
    let body = format!(
        "    let count = ctx.pre.visits ?? 0;\n    if count < {end} {{\n        \
         update(ctx.target, #{{ visits: count + 1 }});\n    }}"
    );
    vec![
        Rule::on_update(dice.one(&ENTITIES), body)
            .filtered(&["visits", "note"])
            .seeing(&["visits"]),
    ]
}

fn two(dice: &mut Dice) -> Vec<Rule> {
    let entities = dice.some::<_, 2>(&ENTITIES);
    let (a, b) = (settings::<2>(dice), settings::<2>(dice));
    let (there, back) = (lookup(entities[0], entities[1]), lookup(entities[1], entities[0]));
    vec![
        Rule::on_update(entities[0], update_over(&there, &b))
            .seeing(&[&there])
            .filtered(&[a[1].name]),
        Rule::on_update(entities[1], update_over(&back, &a[..1]))
            .seeing(&[&back])
            .filtered(&[b[1].name]),
    ]
}

fn two_guarded(dice: &mut Dice) -> Vec<Rule> {
    let entities = dice.some::<_, 2>(&ENTITIES);
    let (a, b) = (settings::<1>(dice), settings::<1>(dice));
    let (there, back) = (lookup(entities[0], entities[1]), lookup(entities[1], entities[0]));
    let Setting { name, value } = a[0];
    let guarded =
        format!("    if ctx.target.{name} == {value} {{ return; }}\n{}", update_over(&there, &b));
    vec![
        Rule::on_update(entities[0], guarded).seeing(&[&there]).filtered(&[name]),
        Rule::on_update(entities[1], update_over(&back, &a))
            .seeing(&[&back])
            .filtered(&[b[0].name]),
    ]
}

fn row(dice: &mut Dice) -> Vec<Rule> {
    let [first, second, _] = ring(dice);
    vec![first, second]
}

fn create(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let Setting { name, value } = settings::<1>(dice)[0];
    let body = format!(
        "    if ctx.target.{name} == {value} {{ return; }}\n    \
         create(\"{entity}\", #{{ name: \"next\", {name}: {value} }});"
    );
    vec![Rule::on("Create", entity, body)]
}

fn create_row(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let end = dice.between(1, 6);
    let body = format!(
        "    let number = ctx.target.visits ?? 0;\n    if number >= {end} {{ return; }}\n    \
         create(\"{entity}\", #{{ name: \"next\", visits: number + 1, parentid: ctx.target }});"
    );
    vec![Rule::on("Create", entity, body)]
}

fn state(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let body = format!(
        "    if ctx.target.isdone == true {{ set_state(ctx.target, {entity}::statecode::Inactive); }}"
    );
    vec![Rule::on_update(entity, body).filtered(&["isdone"])]
}

fn same_state(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let body = format!("    set_state(ctx.target, {entity}::statecode::Inactive);");
    vec![Rule::on_update(entity, body).filtered(&["statecode"])]
}

fn job(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<3>(dice);
    let rule = Rule::on_update(dice.one(&ENTITIES), update("ctx.target", &all[1..])).later();
    vec![rule.filtered(&[all[0].name])]
}

fn written(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let all = settings::<3>(dice);
    let body = format!("    ctx.target.{} = {};", all[0].name, all[0].value);
    vec![
        Rule::on_update(entity, body).before(),
        Rule::on_update(entity, update("ctx.target", &all[1..2])).filtered(&[all[2].name]),
    ]
}

fn children(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<1>(dice);
    let Setting { name, value } = all[0];
    let delete = "    for task in query(\"task\", #{ accountid: ctx.target }, #{ select: [\"name\"] }) {\n        \
        delete(task);\n    }";
    let tell = format!(
        "    if ctx.pre.dealid != () {{ update(ctx.pre.dealid, #{{ {name}: {value} }}); }}"
    );
    vec![
        Rule::on("Delete", "account", delete).before(),
        Rule::on("Delete", "task", tell).seeing(&["dealid"]),
    ]
}

fn count(_: &mut Dice) -> Vec<Rule> {
    let body = "    let deal = ctx.target.dealid;\n    if deal == () { return; }\n    \
        update(deal, #{ visits: count(\"task\", #{ dealid: deal }) });";
    vec![
        Rule::on("Create", "task", body),
        Rule::on_update("deal", "    update(ctx.target, #{ isurgent: ctx.target.visits > 3 });")
            .filtered(&["visits"]),
    ]
}

fn flag(dice: &mut Dice) -> Vec<Rule> {
    let flag = dice.one(&["isurgent", "isdone"]);
    let body =
        format!("    if ctx.pre.{flag} != true {{ update(ctx.target, #{{ {flag}: true }}); }}");
    vec![Rule::on_update(dice.one(&ENTITIES), body).filtered(&[flag]).seeing(&[flag])]
}

fn stages(dice: &mut Dice) -> Vec<Rule> {
    let entity = dice.one(&ENTITIES);
    let order = dice.some::<_, 4>(&[1, 2, 3, 4]);
    let [a, b, c, d] = order;
    [(a, b), (b, c), (c, d)]
        .into_iter()
        .map(|(from, to)| {
            let body = format!(
                "    if ctx.target.stage == {from} {{ update(ctx.target, #{{ stage: {to} }}); }}"
            );
            Rule::on_update(entity, body).filtered(&["stage"])
        })
        .collect()
}

fn log(dice: &mut Dice) -> Vec<Rule> {
    let body = "    create(\"log\", #{ text: `${ctx.message} of ${ctx.entity}` });";
    let entity = dice.one(&ENTITIES);
    vec![
        Rule::on_update(entity, body),
        Rule::on("Create", entity, body),
        Rule::on("Delete", entity, body),
    ]
}

fn refused(dice: &mut Dice) -> Vec<Rule> {
    let all = settings::<1>(dice);
    let Setting { name, value } = all[0];
    let body = format!(
        "    if ctx.target.{name} == {value} {{ reject(\"no\"); }}\n{}",
        update("ctx.target", &all)
    );
    vec![Rule::on_update(dice.one(&ENTITIES), body)]
}

fn sum(dice: &mut Dice) -> Vec<Rule> {
    let body = "    let total = (ctx.after(\"visits\") ?? 0) * (ctx.after(\"level\") ?? 0);\n    \
        if ctx.after(\"total\") == total { return; }\n    update(ctx.target, #{ total: total });";
    vec![Rule::on_update(dice.one(&ENTITIES), body).seeing(&["visits", "level", "total"])]
}
