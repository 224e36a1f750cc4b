//! `rulegate.toml`: what a project says of itself, read with the place of everything that is wrong.

use std::sync::Arc;
use std::time::Duration;

use rulegate::metadata::suggestion;
use rulegate::settings::{Settings, TraceLogSetting};
use rulegate_script::{Check, Diagnostic, Level, Limits, SourceFile, UnknownFinding};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use crate::place::{PLACES, Place};

/// A key of a table, and what becomes of its value.
struct Key<T> {
    name: &'static str,
    set: Set<T>,
}

/// What a key takes, and where that goes.
enum Set<T> {
    /// A whole number of at least so much, that fits into 32 bits.
    Number(u32, fn(&mut T, u32)),
    /// `true` or `false`.
    Flag(fn(&mut T, bool)),
    /// One of these words, by its place in the list.
    Word(&'static [&'static str], fn(&mut T, usize)),
    /// The path of a folder.
    Folder(fn(&mut T, String)),
    /// Where records are.
    Place(fn(&mut T, Place)),
    /// Names of findings, each of which becomes something.
    Findings(fn(&mut T, &str) -> Result<(), UnknownFinding>),
    /// A table of further keys.
    Table(fn(&mut Reader<'_>, &DeTable<'_>, &mut T)),
}

const ROOT: &[Key<Config>] = &[
    Key { name: "rules", set: Set::Folder(|it, path| it.rules = path) },
    Key { name: "runs", set: Set::Folder(|it, path| it.runs = path) },
    Key { name: "store", set: Set::Place(|it, place| it.store = place) },
    Key {
        name: "limits",
        set: Set::Table(|reader, table, it| reader.read(table, LIMITS, &mut it.limits)),
    },
    Key {
        name: "settings",
        set: Set::Table(|reader, table, it| reader.read(table, SETTINGS, &mut it.settings)),
    },
    Key { name: "check", set: Set::Table(|reader, table, it| reader.read(table, CHECK, it)) },
];

const CHECK: &[Key<Config>] = &[
    Key {
        name: "level",
        set: Set::Word(&["whole", "syntax"], |it, place| {
            it.check = if place == 0 { Check::Whole } else { Check::Syntax };
        }),
    },
    Key { name: "allow", set: Set::Findings(|it, name| it.take(name, Level::Allow)) },
    Key { name: "warn", set: Set::Findings(|it, name| it.take(name, Level::Warn)) },
    Key { name: "deny", set: Set::Findings(|it, name| it.take(name, Level::Deny)) },
];

const LIMITS: &[Key<Limits>] = &[
    Key { name: "operations", set: Set::Number(1, |it, to| it.operations = to.into()) },
    Key {
        name: "time_ms",
        set: Set::Number(1, |it, to| it.time = Duration::from_millis(to.into())),
    },
    Key { name: "call_depth", set: Set::Number(1, |it, to| it.call_depth = to as usize) },
    Key { name: "text_size", set: Set::Number(1, |it, to| it.text_size = to as usize) },
    Key { name: "array_size", set: Set::Number(1, |it, to| it.array_size = to as usize) },
    Key { name: "map_size", set: Set::Number(1, |it, to| it.map_size = to as usize) },
    Key { name: "variables", set: Set::Number(1, |it, to| it.variables = to as usize) },
    Key {
        name: "expression_depth",
        set: Set::Number(1, |it, to| it.expression_depth.0 = to as usize),
    },
    Key {
        name: "function_expression_depth",
        set: Set::Number(1, |it, to| it.expression_depth.1 = to as usize),
    },
    Key { name: "functions", set: Set::Number(1, |it, to| it.functions = to as usize) },
    Key { name: "query_size", set: Set::Number(1, |it, to| it.query_size = to) },
    Key { name: "records", set: Set::Number(1, |it, to| it.records = to as usize) },
    Key {
        name: "shared_variables",
        set: Set::Number(1, |it, to| it.shared_variables = to as usize),
    },
];

const SETTINGS: &[Key<Settings>] = &[
    Key { name: "depth_limit", set: Set::Number(1, |it, to| it.depth_limit = to) },
    Key {
        name: "time_limit_ms",
        set: Set::Number(1, |it, to| it.time_limit = Duration::from_millis(to.into())),
    },
    Key { name: "message_limit", set: Set::Number(1, |it, to| it.message_limit = to) },
    Key {
        name: "associate_raises_update",
        set: Set::Flag(|it, to| it.associate_raises_update = to),
    },
    Key {
        name: "platform_attributes_at_pre_operation",
        set: Set::Flag(|it, to| it.platform_attributes_at_pre_operation = to),
    },
    Key { name: "read_failure_dooms", set: Set::Flag(|it, to| it.read_failure_dooms = to) },
    Key { name: "associate_takes_entity", set: Set::Flag(|it, to| it.associate_takes_entity = to) },
    Key {
        name: "pricing_decimal_precision",
        set: Set::Number(0, |it, to| it.pricing_decimal_precision = to),
    },
    Key {
        name: "trace_log",
        set: Set::Word(&["off", "exceptions", "all"], |it, place| {
            it.trace_log = match place {
                0 => TraceLogSetting::Off,
                1 => TraceLogSetting::Exceptions,
                _ => TraceLogSetting::All,
            };
        }),
    },
];

/// Reads a `rulegate.toml`. Everything that is wrong is answered at once.
pub(super) fn read(file: &SourceFile) -> Result<Config, Vec<Diagnostic>> {
    let (tree, errors) = DeTable::parse_recoverable(&file.text);
    let mut reader = Reader { file, problems: Vec::new() };
    for error in &errors {
        let span = error.span().unwrap_or_default();
        let problem = Diagnostic::error("syntax", error.message().trim());
        reader.problems.push(problem.at(&file.path, Arc::clone(&file.text), span));
    }
    let mut config = Config::default();
    if errors.is_empty() {
        reader.read(tree.get_ref(), ROOT, &mut config);
    }
    reader.problems.sort_by_key(|it| it.span.as_ref().map(|it| it.start));
    if reader.problems.is_empty() { Ok(config) } else { Err(reader.problems) }
}

struct Reader<'a> {
    file: &'a SourceFile,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read<T>(&mut self, table: &DeTable<'_>, keys: &[Key<T>], into: &mut T) {
        for (name, value) in table {
            match keys.iter().find(|it| it.name == &**name.get_ref()) {
                Some(key) => self.set(key, value, into),
                None => self.unknown(name, &keys.iter().map(|it| it.name).collect::<Vec<_>>()),
            }
        }
    }

    fn set<T>(&mut self, key: &Key<T>, value: &Spanned<DeValue<'_>>, into: &mut T) {
        match (&key.set, value.get_ref()) {
            (Set::Number(least, set), DeValue::Integer(number)) => {
                let parsed = u32::from_str_radix(number.as_str(), number.radix()).ok();
                if let Some(number) = parsed.filter(|it| least <= it) {
                    set(into, number);
                } else {
                    let range = format!("a whole number from {least} to {}", u32::MAX);
                    self.wrong(key, value, &range);
                }
            }
            (Set::Number(..), _) => self.wrong(key, value, "a whole number"),
            (Set::Flag(set), DeValue::Boolean(flag)) => set(into, *flag),
            (Set::Flag(_), _) => self.wrong(key, value, "`true` or `false`"),
            (Set::Word(words, set), DeValue::String(word)) => {
                match words.iter().position(|it| it == word) {
                    Some(place) => set(into, place),
                    None => self.wrong(key, value, &format!("one of {}", quoted(words))),
                }
            }
            (Set::Word(words, _), _) => {
                self.wrong(key, value, &format!("one of {}", quoted(words)));
            }
            (Set::Folder(set), DeValue::String(path)) if !path.trim().is_empty() => {
                set(into, path.trim_end_matches('/').to_owned());
            }
            (Set::Folder(_), _) => self.wrong(key, value, "the path of a folder"),
            (Set::Place(set), DeValue::String(name)) => match Place::of(name) {
                Some(place) => set(into, place),
                None => self.wrong(key, value, PLACES),
            },
            (Set::Place(_), _) => self.wrong(key, value, PLACES),
            (Set::Findings(take), DeValue::Array(names)) => {
                for name in names {
                    self.finding(key, name, |name| take(into, name));
                }
            }
            (Set::Findings(_), _) => {
                self.wrong(key, value, "names of findings, such as `[\"no-filtering\"]`");
            }
            (Set::Table(read), DeValue::Table(table)) => read(self, table, into),
            (Set::Table(_), _) => self.wrong(key, value, "a table"),
        }
    }

    /// Takes the name of a finding, and says where it is none.
    fn finding<T>(
        &mut self,
        key: &Key<T>,
        value: &Spanned<DeValue<'_>>,
        take: impl FnOnce(&str) -> Result<(), UnknownFinding>,
    ) {
        let DeValue::String(name) = value.get_ref() else {
            return self.wrong(key, value, "names of findings, each in quotes");
        };
        let Err(unknown) = take(name) else { return };
        let text = format!("there is no finding `{name}`");
        let problem = Diagnostic::error("wrong-value", text);
        let problem = problem.at(&self.file.path, Arc::clone(&self.file.text), value.span());
        self.problems.push(match unknown.meant {
            Some(meant) => problem.did_you_mean(value.span(), &format!("\"{meant}\"")),
            None => problem.help("`rulegate explain` lists the names"),
        });
    }

    fn wrong<T>(&mut self, key: &Key<T>, value: &Spanned<DeValue<'_>>, expected: &str) {
        let text = format!("`{}` takes {expected}", key.name);
        let problem = Diagnostic::error("wrong-value", text);
        self.problems.push(problem.at(&self.file.path, Arc::clone(&self.file.text), value.span()));
    }

    fn unknown(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) {
        let text = format!("there is no key `{}` here", name.get_ref());
        let problem = Diagnostic::error("unknown-key", text);
        let problem = problem.at(&self.file.path, Arc::clone(&self.file.text), name.span());
        self.problems.push(match suggestion(name.get_ref(), known.iter().copied()) {
            Some(word) => problem.did_you_mean(name.span(), word),
            None => problem.help(format!("there are {}", quoted(known))),
        });
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}
