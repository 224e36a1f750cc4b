//! Random expressions of a kind.

use super::catalog::{ATTRIBUTES, CHILD};
use super::kind::Kind;
use super::literal;
use super::rule::{Function, Writer};
use super::sentences::MISTAKES;
use super::words::words;

/// How deeply words nest.
const DEPTH: usize = 3;

impl Writer<'_> {
    /// An expression that stands alone, or between commas.
    pub(super) fn expression(&mut self, kind: Kind, depth: usize) -> String {
        let mark = self.choices.open();
        let text = self.any_form(kind, depth);
        self.choices.close(mark);
        text
    }

    /// An expression within another one, in parentheses where it needs them.
    pub(super) fn operand(&mut self, kind: Kind, depth: usize) -> String {
        let text = self.expression(kind, depth);
        enclosed(text)
    }

    fn any_form(&mut self, kind: Kind, depth: usize) -> String {
        if 0 < self.mistakes && self.choices.chance(5) {
            self.mistakes -= 1;
            return self.mistake(depth);
        }
        let deeper = usize::from(depth < DEPTH);
        let wild = usize::from(!self.is_simple);
        let weights = [20, 30, 25, 3, 40 * deeper, (1 + 5 * wild) * deeper, 6 * deeper * wild];
        match self.choices.weighted(&weights) {
            1 => self.local(kind, false),
            2 => self.read_or_else(kind, depth),
            3 => self.read(kind),
            4 => {
                let template = self.template(words(kind));
                if !self.is_said_here(template) {
                    return self.local(kind, false);
                }
                self.fill(template, depth + 1)
            }
            5 => self.branches(kind, depth + 1),
            6 => self.call(kind, depth + 1),
            _ => self.literal(kind),
        }
    }

    /// Whether the context that a template names is in reach, and mostly whether its target has attributes.
    pub(super) fn is_said_here(&mut self, template: &str) -> bool {
        if !template.contains("ctx.") {
            return true;
        }
        let needs_target = ["ctx.target.", "ctx.changed", "ctx.after", "ctx.target, #"];
        let has_target =
            self.scene.has_target() || !needs_target.iter().any(|it| template.contains(it));
        self.has_ctx && (has_target || self.choices.chance(8))
    }

    /// Something that is wrong: another kind, or words that are none.
    fn mistake(&mut self, depth: usize) -> String {
        let kind = self.any_kind();
        if self.choices.chance(50) {
            let template = *self.choices.pick(MISTAKES);
            if !self.is_said_here(template) {
                return "()".to_owned();
            }
            return enclosed(self.fill(template, depth + 1));
        }
        self.expression(kind, depth)
    }

    /// What may be null.
    fn nullable(&mut self, kind: Kind) -> String {
        if self.choices.chance(15) {
            return "()".to_owned();
        }
        if self.choices.chance(30) {
            return self.local(kind, true);
        }
        self.read(kind)
    }

    /// A name of the kind, or else a literal.
    fn local(&mut self, kind: Kind, is_nullable: bool) -> String {
        let names = self.visible(|it| it.kind == kind && it.is_nullable == is_nullable);
        if names.is_empty() {
            return if is_nullable { self.read(kind) } else { self.literal(kind) };
        }
        self.choices.pick(&names).name.clone()
    }

    /// An attribute that may be null, and what stands for it then.
    fn read_or_else(&mut self, kind: Kind, depth: usize) -> String {
        let read = self.read(kind);
        let or = if depth < DEPTH { self.operand(kind, depth + 1) } else { self.literal(kind) };
        format!("{read} ?? {}", enclosed(or))
    }

    /// An attribute of the target, an image or a child.
    pub(super) fn read(&mut self, kind: Kind) -> String {
        let records = self.visible(|it| it.kind == Kind::Record && !it.is_nullable);
        if !records.is_empty() && self.choices.chance(25) {
            let record = self.choices.pick(&records).name.clone();
            let names: Vec<&str> =
                CHILD.iter().filter(|it| it.kind == kind).map(|it| it.name).collect();
            if !names.is_empty() {
                return format!("{record}.{}", self.choices.pick(&names));
            }
        }
        let mut places: Vec<String> = Vec::new();
        let is_strange = !self.is_simple || self.choices.chance(2);
        let names = || {
            let is_said =
                |name: &str| is_strange || !["statuscode", "statecode", "thingid"].contains(&name);
            ATTRIBUTES
                .iter()
                .filter(move |it| it.kind == kind && is_said(it.name))
                .map(|it| it.name)
        };
        let is_there = self.has_ctx && !self.scene.is_link();
        if is_there && self.scene.has_target() {
            for name in names() {
                places.extend([format!("ctx.target.{name}"), format!("ctx.target.{name}")]);
            }
            places.extend(names().map(|it| format!("ctx.after(\"{it}\")")));
            places.extend(names().filter(|_| is_strange).map(|it| format!("ctx.target[\"{it}\"]")));
        }
        for (image, shown) in [("pre", &self.scene.pre), ("post", &self.scene.post)] {
            let shown = || names().filter(|it| is_there && shown.contains(it));
            places.extend(shown().map(|it| format!("ctx.{image}.{it}")));
            let indexed = shown().filter(|_| is_strange);
            places.extend(indexed.map(|it| format!("ctx.{image}[\"{it}\"]")));
        }
        if places.is_empty() {
            return self.local(kind, false);
        }
        self.choices.pick(&places).clone()
    }

    /// The name of an attribute of the kind that can be set.
    pub(super) fn attribute_to_set(&mut self, kind: Kind) -> Option<&'static str> {
        let names: Vec<&str> =
            ATTRIBUTES.iter().filter(|it| it.is_set && it.kind == kind).map(|it| it.name).collect();
        if names.is_empty() { None } else { Some(*self.choices.pick(&names)) }
    }

    /// An expression that decides between others.
    fn branches(&mut self, kind: Kind, depth: usize) -> String {
        let forms = if self.is_simple { 3 } else { 6 + usize::from(kind != Kind::Flag) };
        let form = self.choices.below(forms);
        let first = self.expression(kind, depth);
        let second = self.expression(kind, depth);
        match form {
            0 | 1 => {
                let condition = self.expression(Kind::Flag, depth);
                format!("if {condition} {{ {first} }} else {{ {second} }}")
            }
            2 => {
                let (one, other) =
                    (self.expression(Kind::Flag, depth), self.expression(Kind::Flag, depth));
                let third = self.expression(kind, depth);
                format!("if {one} {{ {first} }} else if {other} {{ {second} }} else {{ {third} }}")
            }
            3 => {
                let (of, case) = (self.expression(Kind::Whole, depth), self.small());
                let end = case + 1 + self.small();
                format!(
                    "switch {of} {{ {case} => {first}, {case}..{end} => {second}, _ => {first} }}"
                )
            }
            4 => {
                let of = self.expression(Kind::Text, depth);
                let (one, other) = (self.literal_case(), self.literal_case());
                format!("switch {of} {{ {one} | {other} => {first}, _ => {second} }}")
            }
            5 => {
                let of = self.read(Kind::Option);
                format!("switch {of}?.name {{ \"Hot\" => {first}, _ => {second} }}")
            }
            _ => format!(
                "{{ let held = {first}; if held == {second} {{ {second} }} else {{ held }} }}"
            ),
        }
    }

    /// A call of a function that answers the kind.
    fn call(&mut self, kind: Kind, depth: usize) -> String {
        let fits = |it: &&Function| it.answers == kind && (self.has_ctx || !it.takes_ctx);
        let fitting: Vec<Function> = self.functions.iter().filter(fits).cloned().collect();
        if fitting.is_empty() {
            return self.local(kind, false);
        }
        let function = self.choices.pick(&fitting).clone();
        let mut arguments: Vec<String> = Vec::new();
        if function.takes_ctx {
            arguments.push("ctx".to_owned());
        }
        for (index, kind) in function.takes.iter().enumerate() {
            if function.is_recursive && index == 0 {
                arguments.push(self.small().to_string());
            } else {
                arguments.push(self.expression(*kind, depth));
            }
        }
        format!("{}({})", function.name, arguments.join(", "))
    }

    /// A small number: an index, a count, a power. Seldom not so small.
    pub(super) fn small(&mut self) -> i64 {
        const SMALL: [i64; 16] = [0, 1, 2, 3, 4, 1, 2, 3, 5, 6, 7, 10, 12, 28, 63, 64];
        *self.choices.pick(&SMALL)
    }

    pub(super) fn literal(&mut self, kind: Kind) -> String {
        let is_plain = self.is_simple && self.has_ctx && !self.choices.chance(4);
        let mut text = match kind {
            Kind::Date if is_plain => "ctx.today".to_owned(),
            Kind::Moment if is_plain => "ctx.now".to_owned(),
            Kind::Lookup if is_plain => "ctx.user".to_owned(),
            Kind::Double if is_plain && self.scene.has_target() => "ctx.target.score".to_owned(),
            _ => literal::random(self.choices, kind),
        };
        if text.contains("ctx.") && !self.has_ctx {
            text = match kind {
                Kind::Date => "date(\"2026-03-04\")",
                Kind::Moment => "datetime(\"2026-03-04T05:06:07Z\")",
                _ => "()",
            }
            .to_owned();
        }
        if self.mentioned.len() < 40 {
            self.mentioned.push((kind, text.clone()));
        }
        text
    }

    /// Fills the holes of a template.
    pub(super) fn fill(&mut self, template: &str, depth: usize) -> String {
        let mut text = String::new();
        let mut rest = template;
        let attribute = *self.choices.pick(&ATTRIBUTES.each_ref().map(|it| it.name));
        while let Some(at) = rest.find('{') {
            let (before, hole) = rest.split_at(at);
            text.push_str(before);
            let end = hole.find('}').unwrap_or(0);
            let inner = hole.get(1..end).unwrap_or("");
            let Some(filled) = self.filled(inner, attribute, depth) else {
                text.push('{');
                rest = hole.get(1..).unwrap_or("");
                continue;
            };
            text.push_str(&filled);
            rest = hole.get(end + 1..).unwrap_or("");
        }
        text.push_str(rest);
        text
    }

    /// What stands in a hole; `None` where it is none.
    fn filled(&mut self, hole: &str, attribute: &str, depth: usize) -> Option<String> {
        let is_alone = hole.ends_with(',');
        let hole = hole.trim_end_matches(',');
        let is_nullable = hole.ends_with('?');
        let hole = hole.trim_end_matches('?');
        let mut letters = hole.chars();
        let (letter, None) = (letters.next()?, letters.next()) else { return None };
        Some(match letter {
            '#' => (*self.choices.pick(&["==", "!=", "<", ">", "<=", ">="])).to_owned(),
            '@' => attribute.to_owned(),
            'k' => (*self.choices.pick(&[0, 0, 0, 1, 1, -1, 2, 7])).to_string(),
            'n' => self.small().to_string(),
            'x' | _ => {
                let kind = match Kind::of(letter) {
                    Some(kind) => kind,
                    None if letter == 'x' => self.any_kind(),
                    None => return None,
                };
                if is_nullable {
                    enclosed(self.nullable(kind))
                } else if is_alone {
                    self.expression(kind, depth)
                } else {
                    self.operand(kind, depth)
                }
            }
        })
    }
}

/// The text in parentheses, where an operator or a point behind it would take only a part of it.
fn enclosed(text: String) -> String {
    let is_number = text.starts_with(|it: char| it.is_ascii_digit() || it == '-' || it == '!');
    if is_number && !text.chars().all(|it| it.is_ascii_digit()) || has_gap(&text) {
        return format!("({text})");
    }
    text
}

/// Whether the text has a blank outside of brackets and quotes.
fn has_gap(text: &str) -> bool {
    let (mut depth, mut quote, mut is_escaped) = (0, None, false);
    for letter in text.chars() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if letter == '\\' => is_escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None => match letter {
                '"' | '`' | '\'' => quote = Some(letter),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                ' ' if depth == 0 => return true,
                _ => {}
            },
        }
    }
    false
}
