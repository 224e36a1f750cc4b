//! Literals: the keys and values of a STEP in the syntax tree, each with its place.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rhai::{AST, Expr, Position, Stmt};
use rulegate::metadata::suggestion;

use super::KEYS;
use crate::diagnostic::{Diagnostic, span_of_word};
use crate::entity_file::SourceFile;

/// A text with its place.
pub(crate) type Entry = (String, Range<usize>);

/// A map literal.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    entries: Vec<(String, Position, Expr)>,
    position: Position,
}

/// The maps of `const STEP = #{…}` and `const STEPS = [#{…}, …]`.
pub(super) fn steps(file: &SourceFile, ast: &AST, problems: &mut Vec<Diagnostic>) -> Vec<Literal> {
    let mut found = Vec::new();
    for statement in ast.statements() {
        let Stmt::Var(definition, flags, position) = statement else { continue };
        let (name, value) = (definition.0.name.as_str(), &definition.1);
        if name != "STEP" && name != "STEPS" {
            continue;
        }
        if !flags.intersects(rhai::ASTFlags::CONSTANT) {
            let text = format!("`{name}` is read before the script runs: write `const {name}`");
            problems.push(problem(file, *position, "not-a-literal", &text));
        }
        for map in maps(name, value) {
            match map {
                Ok(literal) => found.push(literal),
                Err((position, text)) => {
                    problems.push(problem(file, position, "not-a-literal", text));
                }
            }
        }
    }
    found
}

/// The maps of one constant, and what stands where a map should.
fn maps(name: &str, value: &Expr) -> Vec<Result<Literal, (Position, &'static str)>> {
    let items = match (name, value) {
        ("STEP", Expr::Map(..)) => std::slice::from_ref(value),
        ("STEPS", Expr::Array(items, _)) => items.as_slice(),
        ("STEP", _) => {
            let text = "`STEP` is a map of literals: `#{ message: …, stage: … }`";
            return vec![Err((value.start_position(), text))];
        }
        (_, _) => {
            let text = "`STEPS` is an array of maps: `[#{ message: …, stage: … }]`";
            return vec![Err((value.start_position(), text))];
        }
    };
    let map = |item: &Expr| {
        let text = "each of `STEPS` is a map: `#{ message: …, stage: … }`";
        let Expr::Map(map, position) = item else { return Err((item.start_position(), text)) };
        Ok(literal(map, *position))
    };
    items.iter().map(map).collect()
}

fn literal<M>(map: &(rhai::StaticVec<(rhai::Ident, Expr)>, M), position: Position) -> Literal {
    let entries = map.0.iter().map(|(key, value)| (key.name.to_string(), key.pos, value.clone()));
    Literal { entries: entries.collect(), position }
}

/// A problem at a position of a file.
pub(crate) fn problem(file: &SourceFile, position: Position, code: &str, text: &str) -> Diagnostic {
    Diagnostic::error(code, text).at(&file.path, Arc::clone(&file.text), span(file, position))
}

fn span(file: &SourceFile, position: Position) -> Range<usize> {
    match position.line() {
        Some(line) => span_of_word(&file.text, line, position.position().unwrap_or(1)),
        None => 0..0,
    }
}

/// Takes the keys of a literal out one by one, and reports what is wrong with them.
pub(super) struct Reader<'a> {
    file: &'a SourceFile,
    literal: &'a Literal,
    problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &'a SourceFile,
        literal: &'a Literal,
        problems: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { file, literal, problems }
    }

    /// Where the map begins.
    pub(super) fn span(&self) -> Range<usize> {
        span(self.file, self.literal.position)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.literal.entries.iter().any(|it| it.0 == key)
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Entry> {
        let value = self.value(key)?;
        let entry = self.entry(&value);
        if entry.is_none() {
            self.wrong(&value, key, "a text");
        }
        entry
    }

    /// A text, or an array of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<Entry> {
        let Some(value) = self.value(key) else { return Vec::new() };
        self.list(&value, key)
    }

    /// One of these words.
    pub(super) fn word(
        &mut self,
        key: &'static str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let (text, span) = self.text(key)?;
        let found = words.iter().find(|it| **it == text).copied();
        if found.is_none() {
            let proposal = suggestion(&text, words.iter().copied());
            let list = words.join("`, `");
            let message = format!("`{key}` cannot be `{text}`: it is one of `{list}`");
            self.proposed((&message, "unknown-word", span), proposal);
        }
        found
    }

    /// A whole number.
    pub(super) fn whole(&mut self, key: &'static str) -> Option<i32> {
        let value = self.value(key)?;
        let number = if let Expr::FnCall(call, _) = &value
            && let ("-", [Expr::IntegerConstant(number, _)]) = (call.name.as_str(), &*call.args)
        {
            i32::try_from(-number).ok() // The parser keeps a minus sign as a call.
        } else if let Expr::IntegerConstant(number, _) = &value {
            i32::try_from(*number).ok()
        } else {
            None
        };
        if number.is_none() {
            self.wrong(&value, key, "a whole number of 32 bits");
        }
        number
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        if let Expr::BoolConstant(flag, _) = value {
            return Some(flag);
        }
        self.wrong(&value, key, "`true` or `false`");
        None
    }

    /// A list of attributes, or a map of aliases with a list each.
    pub(super) fn images(&mut self, key: &'static str) -> Vec<(String, Vec<Entry>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let Expr::Map(map, _) = &value {
            let entries = &map.0;
            return entries
                .iter()
                .map(|(alias, it)| (alias.name.to_string(), self.list(it, key)))
                .collect();
        }
        vec![(String::new(), self.list(&value, key))]
    }

    /// Reports something about a key; about the whole literal where the key is not there.
    pub(super) fn problem(&mut self, key: &str, code: &str, text: &str) {
        let entry = self.literal.entries.iter().find(|it| it.0 == key);
        let position = entry.map_or(self.literal.position, |it| it.1);
        self.problems.push(problem(self.file, position, code, text));
    }

    pub(super) fn missing(&mut self, key: &str, what: &str) {
        let text = format!("`{key}` is missing: {what}");
        self.problem("", "missing-key", &text);
    }

    pub(super) fn at(&mut self, span: Range<usize>, code: &str, text: &str) {
        let source = Arc::clone(&self.file.text);
        self.problems.push(Diagnostic::error(code, text).at(&self.file.path, source, span));
    }

    /// Reports a name that stands for nothing.
    pub(super) fn unknown(
        &mut self,
        (what, name, span): (&str, &str, Range<usize>),
        proposal: Option<&str>,
    ) {
        let code = format!("unknown-{what}");
        self.proposed((&format!("there is no {what} `{name}`"), &code, span), proposal);
    }

    fn proposed(&mut self, (text, code, span): (&str, &str, Range<usize>), proposal: Option<&str>) {
        let source = Arc::clone(&self.file.text);
        let mut found = Diagnostic::error(code, text).at(&self.file.path, source, span.clone());
        if let Some(proposal) = proposal {
            found = found.did_you_mean(span, &format!("\"{proposal}\""));
        }
        self.problems.push(found);
    }

    /// Reports the keys that nobody took.
    pub(super) fn finish(self) {
        let mut seen = BTreeSet::new();
        for (key, position, _) in &self.literal.entries {
            if !seen.insert(key) {
                self.problems.push(problem(
                    self.file,
                    *position,
                    "key-twice",
                    &format!("`{key}` stands twice"),
                ));
            }
            if KEYS.contains(&key.as_str()) {
                continue;
            }
            let mut found =
                problem(self.file, *position, "unknown-key", &format!("a step has no `{key}`"));
            if let Some(proposal) = suggestion(key, KEYS) {
                found = found.did_you_mean(span(self.file, *position), proposal);
            }
            self.problems.push(found);
        }
    }

    fn value(&mut self, key: &'static str) -> Option<Expr> {
        self.literal.entries.iter().find(|it| it.0 == key).map(|it| it.2.clone())
    }

    fn list(&mut self, value: &Expr, key: &'static str) -> Vec<Entry> {
        let items = if let Expr::Array(items, _) = value {
            items.as_slice()
        } else {
            std::slice::from_ref(value)
        };
        let mut entries = Vec::new();
        for item in items {
            match self.entry(item) {
                Some(entry) => entries.push(entry),
                None => self.wrong(item, key, "texts, such as `[\"name\", \"ownerid\"]`"),
            }
        }
        entries
    }

    fn entry(&self, value: &Expr) -> Option<Entry> {
        let Expr::StringConstant(text, position) = value else { return None };
        Some((text.to_string(), span(self.file, *position)))
    }

    fn wrong(&mut self, value: &Expr, key: &str, wanted: &str) {
        let text =
            format!("`{key}` takes {wanted}, written out: the script does not run to find it");
        self.problems.push(problem(self.file, value.start_position(), "not-a-literal", &text));
    }
}
