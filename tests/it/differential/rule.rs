//! Random rules, as text: functions and a handler, mostly well typed.

use super::choices::Choices;
use super::kind::Kind;
use super::scene::Scene;
use super::simple::is_simple;

/// A rule that was made up.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) scene: Scene,
    pub(crate) text: String,
    /// The values that it mentions: records have them more often than chance would.
    pub(crate) mentioned: Vec<(Kind, String)>,
}

/// Writes a rule.
pub(crate) struct Writer<'a> {
    pub(super) choices: &'a mut Choices,
    pub(super) scene: Scene,
    /// What has a name here; the last of a name is meant.
    pub(super) locals: Vec<Local>,
    pub(super) functions: Vec<Function>,
    pub(super) mentioned: Vec<(Kind, String)>,
    /// How many mistakes are still to be made.
    pub(super) mistakes: usize,
    /// Whether it is as most rules are: short, without loops and functions.
    pub(super) is_simple: bool,
    /// Whether `ctx` is in reach.
    pub(super) has_ctx: bool,
    pub(super) in_loop: bool,
    pub(super) text: String,
    pub(super) indent: usize,
    /// How many statements may still be written.
    pub(super) fuel: usize,
}

/// Something that has a name.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
    /// Whether it can be assigned to.
    pub(crate) is_variable: bool,
}

/// A function of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(super) name: String,
    pub(super) takes_ctx: bool,
    pub(super) takes: Vec<Kind>,
    pub(super) answers: Kind,
    /// Whether the first argument says how deeply it calls itself.
    pub(super) is_recursive: bool,
}

/// The statements of a rule, at most.
const FUEL: usize = 24;

/// What a function answers, and a constant is.
const PLAIN: [Kind; 7] =
    [Kind::Whole, Kind::Text, Kind::Flag, Kind::Decimal, Kind::Date, Kind::Double, Kind::Moment];

impl Rule {
    pub(crate) fn random(choices: &mut Choices) -> Self {
        let scene = Scene::random(choices);
        let mistakes = if choices.chance(20) { 1 + choices.below(2) } else { 0 };
        let is_simple = !choices.chance(30);
        let mut writer = Writer {
            is_simple,
            choices,
            scene,
            locals: Vec::new(),
            functions: Vec::new(),
            mentioned: Vec::new(),
            mistakes,
            has_ctx: false,
            in_loop: false,
            text: String::new(),
            indent: 0,
            fuel: if is_simple { FUEL / 2 } else { FUEL },
        };
        writer.rule();
        let Writer { scene, text, mentioned, .. } = writer;
        Self { scene, text, mentioned }
    }
}

impl Writer<'_> {
    fn rule(&mut self) {
        self.text = self.scene.header();
        while self.choices.chance(12) {
            let kind = *self.choices.pick(&PLAIN[..4]);
            let value = self.literal(kind);
            if value.contains([' ', '`']) {
                continue; // No literal that Rhai lets functions see.
            }
            let value = value.trim_matches(['(', ')']);
            let name = format!("LIMIT{}", self.locals.len());
            self.line(&format!("const {name} = {value};"));
            self.locals.push(Local { name, kind, is_nullable: false, is_variable: false });
        }
        while self.functions.len() < 3 && self.choices.chance(if self.is_simple { 3 } else { 35 }) {
            self.function();
        }
        self.line("");
        self.line("fn run(ctx) {");
        self.has_ctx = true;
        self.indent = 1;
        self.guards();
        self.block(0);
        self.indent = 0;
        self.line("}");
    }

    /// A function with parameters of its own, which sees nothing else.
    fn function(&mut self) {
        let mark = self.choices.open();
        let outer = self.locals.clone();
        let name = format!("help{}", self.functions.len());
        let answers = *self.choices.pick(&PLAIN);
        let is_recursive = self.choices.chance(25);
        let takes_ctx = !is_recursive && self.choices.chance(35);
        let mut takes = if is_recursive { vec![Kind::Whole] } else { Vec::new() };
        while takes.len() < 3 && self.choices.chance(55) {
            takes.push(*self.choices.pick(&PLAIN));
        }
        let names = ["a", "b", "c"];
        let mut parameters: Vec<&str> = if takes_ctx { vec!["ctx"] } else { Vec::new() };
        for (name, kind) in names.into_iter().zip(&takes) {
            parameters.push(name);
            self.locals.push(Local {
                name: name.to_owned(),
                kind: *kind,
                is_nullable: false,
                is_variable: !is_recursive || name != "a",
            });
        }
        let parameters = parameters.join(", ");
        self.line("");
        self.line(&format!("fn {name}({parameters}) {{"));
        self.indent = 1;
        self.has_ctx = takes_ctx;
        if is_recursive {
            let end = self.expression(answers, 1);
            self.line(&format!("if a <= 0 {{ return {end}; }}"));
            let rest = parameters.replacen('a', "a - 1", 1);
            let again = format!("{name}({rest})");
            if let Kind::Whole | Kind::Text = answers {
                let more = self.operand(answers, 1);
                self.line(&format!("{again} + {more}"));
            } else {
                self.line(&again);
            }
        } else {
            self.block(2);
            let answer = self.expression(answers, 2);
            self.line(&answer);
        }
        self.indent = 0;
        self.has_ctx = false;
        self.line("}");
        self.locals = outer;
        self.functions.push(Function { name, takes_ctx, takes, answers, is_recursive });
        self.choices.close(mark);
    }

    pub(super) fn line(&mut self, line: &str) {
        for _ in 0..self.indent {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// What can be named here, the nearest of each name.
    pub(super) fn visible(&self, is_it: impl Fn(&Local) -> bool) -> Vec<Local> {
        let is_hidden =
            |index: usize, name: &str| self.locals.iter().skip(index + 1).any(|it| it.name == name);
        let all = self.locals.iter().enumerate();
        all.filter(|(index, it)| is_it(it) && !is_hidden(*index, &it.name))
            .map(|(_, it)| it.clone())
            .collect()
    }

    /// One of the templates; in a simple rule, hardly ever one that it would not have.
    pub(super) fn template(&mut self, from: &'static [&'static str]) -> &'static str {
        let simple: Vec<&str> = from.iter().copied().filter(|it| is_simple(it)).collect();
        let is_simple = self.is_simple && !simple.is_empty() && !self.choices.chance(3);
        let from = if is_simple { simple } else { from.to_vec() };
        let index = self.choices.below(from.len());
        from.get(index).copied().unwrap_or_default()
    }

    /// Any kind of value; in a simple rule, one that it would have.
    pub(super) fn any_kind(&mut self) -> Kind {
        let end = if self.is_simple { Kind::SIMPLE } else { Kind::ALL.len() };
        let index = self.choices.below(end);
        Kind::ALL.get(index).copied().unwrap_or(Kind::Whole)
    }

    /// Whether a name means something here.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.locals.iter().any(|it| it.name == name)
    }
}
