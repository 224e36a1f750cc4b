//! Rules as text, with what of them differs.

use rulegate_script::SourceFile;

use super::cast::{ATTRIBUTES, ENTITIES, lookup};
use super::dice::Dice;

/// A rule to be written.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) entity: &'static str,
    pub(crate) message: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) filtering: Vec<&'static str>,
    pub(crate) more: String,
    pub(crate) body: String,
}

/// An attribute that a rule sets, and the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: &'static str,
}

impl Rule {
    /// A rule on Update, after the write.
    pub(crate) fn on_update(entity: &'static str, body: impl Into<String>) -> Self {
        Self {
            entity,
            message: "Update",
            stage: "post-operation",
            filtering: Vec::new(),
            more: String::new(),
            body: body.into(),
        }
    }

    pub(crate) fn on(message: &'static str, entity: &'static str, body: impl Into<String>) -> Self {
        Self { message, ..Self::on_update(entity, body) }
    }

    pub(crate) fn before(self) -> Self {
        Self { stage: "pre-operation", ..self }
    }

    pub(crate) fn later(self) -> Self {
        let more = format!("{} mode: \"async\",", self.more);
        Self { more, ..self }
    }

    pub(crate) fn filtered(self, names: &[&'static str]) -> Self {
        Self { filtering: names.to_vec(), ..self }
    }

    pub(crate) fn seeing(self, names: &[&str]) -> Self {
        let more = format!("{} pre_image: {names:?},", self.more);
        Self { more, ..self }
    }

    pub(crate) fn file(&self, number: usize) -> SourceFile {
        let Self { entity, message, stage, filtering, more, body } = self;
        let filtering =
            if filtering.is_empty() { String::new() } else { format!("filtering: {filtering:?},") };
        let text = format!(
            "const STEP = #{{ message: \"{message}\", stage: \"{stage}\", rank: {}, {filtering} {more} }};\n\
             fn run(ctx) {{\n{body}\n}}\n",
            number + 1
        );
        SourceFile::new(format!("rules/{entity}/rule{number}.rhai"), text)
    }
}

/// What sets these attributes of a record.
pub(crate) fn update(of: &str, settings: &[Setting]) -> String {
    let all: Vec<String> = settings.iter().map(|it| format!("{}: {}", it.name, it.value)).collect();
    format!("    update({of}, #{{ {} }});", all.join(", "))
}

/// What updates the record at which a lookup of the own record points.
pub(crate) fn update_over(lookup: &str, settings: &[Setting]) -> String {
    format!(
        "    let other = ctx.pre.{lookup};\n    if other != () {{\n    {}\n    }}",
        update("other", settings)
    )
}

/// Different attributes, each with a value.
pub(crate) fn settings<const N: usize>(dice: &mut Dice) -> [Setting; N] {
    let all: [(&str, &[&str]); N] = dice.some(&ATTRIBUTES);
    all.map(|(name, values)| Setting { name, value: dice.one(values) })
}

/// Three rules in a ring: each updates a record of the next one's entity with what that waits for.
pub(crate) fn ring(dice: &mut Dice) -> [Rule; 3] {
    let entities = dice.some::<_, 3>(&ENTITIES);
    let all = [settings::<2>(dice), settings::<2>(dice), settings::<2>(dice)];
    let rule = |from: (&'static str, &[Setting; 2]), to: (&'static str, &[Setting; 2])| {
        let there = lookup(from.0, to.0);
        let body = update_over(&there, to.1);
        Rule::on_update(from.0, body).seeing(&[&there]).filtered(&[from.1[0].name])
    };
    let [a, b, c] = [(entities[0], &all[0]), (entities[1], &all[1]), (entities[2], &all[2])];
    [rule(a, b), rule(b, c), rule(c, a)]
}
