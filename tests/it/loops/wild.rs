//! Rules drawn at random: whatever guard, whatever they do. Nobody would write them, and all the more may go wrong.

use std::fmt::Write;

use super::cast::{ATTRIBUTES, ENTITIES, lookup};
use super::dice::Dice;
use super::rules::Rule;

/// A rule set of one to five rules.
pub(crate) fn wild(dice: &mut Dice) -> Vec<Rule> {
    let count = dice.between(1, 5);
    // Few attributes, so that rules meet.
    let kept = dice.between(2, 4);
    let names = dice.few(&ATTRIBUTES, kept);
    let entities = {
        let count = dice.between(1, 2);
        dice.few(&ENTITIES, count)
    };
    (0..count)
        .map(|_| Drawing { dice, names: &names, entities: &entities, images: Vec::new() }.rule())
        .collect()
}

/// A rule as it is drawn.
struct Drawing<'a> {
    dice: &'a mut Dice,
    names: &'a [(&'static str, &'static [&'static str])],
    entities: &'a [&'static str],
    /// What the pre-image shows.
    images: Vec<String>,
}

impl Drawing<'_> {
    fn rule(mut self) -> Rule {
        let entity = self.dice.one(self.entities);
        let message = self.dice.one(&[
            "Update", "Update", "Update", "Update", "Update", "Create", "Create", "Delete",
            "SetState", "Assign",
        ]);
        let stage = self.dice.one(&[
            "post-operation",
            "post-operation",
            "post-operation",
            "pre-operation",
            "pre-validation",
        ]);
        let is_record = matches!(message, "Update" | "Create");
        let writes = stage != "post-operation" && is_record && self.dice.flip();
        let mut body = String::new();
        if self.dice.below(5) != 0 {
            let guard = self.guard(message);
            writeln!(body, "    if {guard} {{ return; }}").unwrap();
        }
        let actions = if self.dice.below(4) == 0 { 2 } else { 1 };
        for _ in 0..actions {
            let action = self.deed(entity, (message, writes));
            let action = match self.dice.below(4) {
                0 => format!("if {} {{ {action} }}", self.guard(message)),
                1 => {
                    let other = self.deed(entity, (message, writes));
                    format!("if {} {{ {action} }} else {{ {other} }}", self.guard(message))
                }
                _ => action,
            };
            writeln!(body, "    {action}").unwrap();
        }
        let mut rule = Rule { stage, ..Rule::on(message, entity, body) };
        if message == "Update" && self.dice.below(3) != 0 {
            let count = self.dice.between(1, 2);
            let names: Vec<&str> = self.names.iter().map(|it| it.0).collect();
            let filter = self.dice.few(&names, count);
            rule = rule.filtered(&filter);
        }
        if stage == "post-operation" && self.dice.below(6) == 0 {
            rule = rule.later();
        }
        if !self.images.is_empty() {
            self.images.sort();
            self.images.dedup();
            let images: Vec<&str> = self.images.iter().map(String::as_str).collect();
            rule = rule.seeing(&images);
        }
        rule
    }

    /// What it does: it writes the target, or sends a message.
    fn deed(&mut self, entity: &'static str, (message, writes): (&str, bool)) -> String {
        if writes { self.write(message) } else { self.action(entity, message) }
    }

    fn name(&mut self) -> (&'static str, &'static [&'static str]) {
        self.dice.one(self.names)
    }

    /// An attribute as the rule sees it.
    fn seen(&mut self, name: &str, message: &str) -> String {
        let way = match message {
            "Create" => 0,
            "Update" => self.dice.below(3),
            _ => 1,
        };
        if way != 0 {
            self.images.push(name.to_owned());
        }
        match way {
            0 => format!("ctx.target.{name}"),
            1 => format!("ctx.pre.{name}"),
            _ => format!("ctx.after(\"{name}\")"),
        }
    }

    fn guard(&mut self, message: &str) -> String {
        match self.dice.below(8) {
            0 => format!("({} && {})", self.condition(message), self.condition(message)),
            1 => format!("({} || {})", self.condition(message), self.condition(message)),
            2 => format!("!({})", self.condition(message)),
            _ => self.condition(message),
        }
    }

    fn condition(&mut self, message: &str) -> String {
        let (name, values) = self.name();
        let value = self.dice.one(values);
        let is_number = value.parse::<i64>().is_ok() && name != "stage";
        match self.dice.below(9) {
            0 => format!(
                "ctx.depth {} {}",
                self.dice.one(&[">", ">=", "<", "=="]),
                self.dice.between(1, 9)
            ),
            1 if message == "Update" => {
                self.images.push(name.to_owned());
                format!("ctx.changed(\"{name}\")")
            }
            2 if matches!(message, "Update" | "Create") => format!("ctx.target.has(\"{name}\")"),
            3 => format!("{} {} ()", self.seen(name, message), self.dice.one(&["==", "!="])),
            4 | 5 if is_number => {
                let sign = self.dice.one(&["<", "<=", ">", ">="]);
                format!("({} ?? 0) {sign} {value}", self.seen(name, message))
            }
            6 if is_number => {
                let sign = self.dice.one(&["<", ">", "=="]);
                format!("({} ?? 1) + 1 {sign} {value}", self.seen(name, message))
            }
            7 => {
                let other = self.seen(name, message);
                format!("{} {} {other}", self.seen(name, message), self.dice.one(&["==", "!="]))
            }
            _ => format!("{} {} {value}", self.seen(name, message), self.dice.one(&["==", "!="])),
        }
    }

    /// A value for an attribute.
    fn value(&mut self, name: &str, values: &[&'static str], message: &str) -> String {
        let value = self.dice.one(values);
        let is_number = value.parse::<i64>().is_ok() && name != "stage";
        match self.dice.below(6) {
            0 if is_number => {
                let sign = self.dice.one(&["+", "-", "*"]);
                let by = self.dice.between(0, 2);
                format!("({} ?? 0) {sign} {by}", self.seen(name, message))
            }
            1 => self.seen(name, message),
            2 if name.starts_with("is") => format!("{} != true", self.seen(name, message)),
            3 => "()".to_owned(),
            _ => value.to_owned(),
        }
    }

    fn values(&mut self, message: &str) -> String {
        let count = self.dice.between(1, 2);
        let chosen = self.dice.few(self.names, count);
        let all: Vec<String> = chosen
            .into_iter()
            .map(|(name, values)| format!("{name}: {}", self.value(name, values, message)))
            .collect();
        all.join(", ")
    }

    fn write(&mut self, message: &str) -> String {
        let (name, values) = self.name();
        if self.dice.below(8) == 0 {
            return format!("ctx.target.remove(\"{name}\");");
        }
        format!("ctx.target.{name} = {};", self.value(name, values, message))
    }

    fn action(&mut self, entity: &'static str, message: &str) -> String {
        let other = self.dice.one(self.entities);
        let there = lookup(entity, other);
        let values = self.values(message);
        match self.dice.below(15) {
            12 if entity == "task" && message != "Create" => {
                self.images.push("dealid".to_owned());
                "if ctx.pre.dealid != () { associate(ctx.pre.dealid, \"deal_tasks\", ctx.target); }"
                    .to_owned()
            }
            13 => format!("upsert(\"{other}\", #{{ number: \"K\" }}, #{{ {values} }});"),
            14 if message != "Create" => "assign(ctx.target, ctx.user);".to_owned(),
            0 | 1 if message != "Create" => {
                self.images.push(there.clone());
                format!("if ctx.pre.{there} != () {{ update(ctx.pre.{there}, #{{ {values} }}); }}")
            }
            2 | 3 => format!("create(\"{other}\", #{{ name: \"new\", {values} }});"),
            4 => {
                let state = self.dice.one(&["Active", "Inactive"]);
                format!("set_state(ctx.target, {entity}::statecode::{state});")
            }
            5 if message != "Create" && self.dice.flip() => {
                self.images.push(there.clone());
                format!("if ctx.pre.{there} != () {{ delete(ctx.pre.{there}); }}")
            }
            6 => {
                let state = self.dice.below(2);
                format!("update(ctx.target, #{{ statecode: {state}, {values} }});")
            }
            7 => format!(
                "for it in query(\"{other}\", #{{ name: \"young\" }}, #{{ select: [\"name\"], top: 2 }}) {{ \
                 update(it, #{{ {values} }}); }}"
            ),
            _ => format!("update(ctx.target, #{{ {values} }});"),
        }
    }
}
