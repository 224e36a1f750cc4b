//! Takes the keys of a table one by one, and knows in the end which ones nobody asked for.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use rulegate::metadata::suggestion;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::SourceFile;
use super::value::{Fault, FromValue, Mismatch, kind_of, unquoted};
use crate::Diagnostic;

/// What is wrong in one file.
pub(super) struct Problems<'t> {
    file: &'t SourceFile,
    found: RefCell<Vec<Diagnostic>>,
}

/// A table of a file.
pub(super) struct Reader<'t> {
    /// What it describes, with its article: `an option`.
    what: String,
    table: &'t DeTable<'t>,
    /// Where it begins: there its missing keys are missed.
    place: Range<usize>,
    /// The keys that somebody asked for.
    known: Vec<&'t str>,
    problems: &'t Problems<'t>,
}

/// A key and its value.
pub(super) struct Entry<'t> {
    pub(super) name: &'t str,
    pub(super) place: Range<usize>,
    pub(super) value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(
        what: impl Into<String>,
        table: &'t DeTable<'t>,
        place: Range<usize>,
        problems: &'t Problems<'t>,
    ) -> Self {
        Self { what: what.into(), table, place, known: Vec::new(), problems }
    }

    /// Says more exactly what the table describes, once that is known.
    pub(super) fn describes(&mut self, what: String) {
        self.what = what;
    }

    /// The value of the key, if it is there and as it should be.
    pub(super) fn optional<T: FromValue>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        T::from_value(value).map_err(|it| self.problems.mismatch(key, it)).ok()
    }

    /// The value of the key, or what it is where nobody says.
    pub(super) fn or<T: FromValue>(&mut self, key: &'static str, default: T) -> T {
        self.optional(key).unwrap_or(default)
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: FromValue>(&mut self, key: &'static str) -> Option<T> {
        let found = self.optional(key);
        if !self.table.contains_key(key) {
            self.missing(key, &T::words());
        }
        found
    }

    /// What stands in the table of that key.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&mut Reader<'t>) -> T,
    ) -> Option<T> {
        let value = self.take(key)?;
        self.nested(what, &Entry { name: key, place: value.span(), value }, read)
    }

    /// What stands in the table of a key that must be there.
    pub(super) fn required_table<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&mut Reader<'t>) -> T,
    ) -> Option<T> {
        let found = self.table(key, what, read);
        if !self.table.contains_key(key) {
            self.missing(key, &[]);
        }
        found
    }

    /// What stands in each of the tables headed by `[[key]]`.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        what: &str,
        mut read: impl FnMut(&mut Reader<'t>) -> T,
    ) -> Vec<T> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(tables) = value.get_ref() else {
            self.no_table("tables", (key, value), &format!("write `[[{key}]]`"));
            return Vec::new();
        };
        let entries = tables.iter().map(|value| Entry { name: key, place: value.span(), value });
        entries.filter_map(|it| self.nested(what, &it, &mut read)).collect()
    }

    /// The keys and values of the table of that key, whose keys are names that authors choose.
    pub(super) fn entries(&mut self, key: &'static str) -> Vec<Entry<'t>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        self.entries_of(key, value)
    }

    /// The keys and values of a table whose keys are names, in the order of the file.
    pub(super) fn entries_of(&self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Vec<Entry<'t>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.no_table("a table", (key, value), &format!("write `[{key}]`"));
            return Vec::new();
        };
        let entry = |(name, value): (&'t Spanned<_>, _)| {
            let name: &'t Spanned<std::borrow::Cow<'t, str>> = name;
            Entry { name: name.get_ref(), place: name.span(), value }
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|it| it.place.start);
        entries
    }

    /// What stands in the table of an entry.
    pub(super) fn nested<T>(
        &self,
        what: &str,
        entry: &Entry<'t>,
        read: impl FnOnce(&mut Reader<'t>) -> T,
    ) -> Option<T> {
        let DeValue::Table(table) = entry.value.get_ref() else {
            let help = format!("write `{} = {{ … }}`", entry.name);
            self.no_table("a table", (entry.name, entry.value), &help);
            return None;
        };
        let mut reader = Reader::new(what, table, entry.place.clone(), self.problems);
        let read = read(&mut reader);
        reader.finish();
        Some(read)
    }

    /// Reports something that is wrong with a value.
    pub(super) fn report(&self, span: Range<usize>, diagnostic: Diagnostic) {
        self.problems.report(span, diagnostic);
    }

    /// Reports something that is wrong with the file, and with no part of its text.
    pub(super) fn report_file(&self, diagnostic: Diagnostic) {
        self.problems.found.borrow_mut().push(diagnostic.in_file(&*self.problems.file.path));
    }

    /// Takes every key for known, because what is wrong already leaves unknown what they should be.
    pub(super) fn excuse_the_rest(&mut self) {
        self.known.extend(self.table.keys().map(|it| &**it.get_ref()));
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys().filter(|it| !self.known.contains(&&**it.get_ref())) {
            let (name, span) = (key.get_ref(), key.span());
            let message = format!("{} has no key `{name}`", self.what);
            let found = Diagnostic::error("unknown-key", message);
            let found = match suggestion(name, self.known.iter().copied()) {
                Some(word) => found.did_you_mean(span.clone(), word),
                None => found.help(format!("it can have {}", list(&self.known))),
            };
            self.problems.report(span, found);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.table.get(key)
    }

    fn missing(&self, key: &str, words: &[&str]) {
        let message = format!("{} must have `{key}`", self.what);
        let mut found = Diagnostic::error("missing-key", message);
        if !words.is_empty() {
            found = found.help(format!("it can be {}", list(words)));
        }
        self.report(self.place.clone(), found);
    }

    fn no_table(&self, expected: &str, (key, value): (&str, &Spanned<DeValue<'_>>), help: &str) {
        let found = Diagnostic::error("wrong-type", format!("`{key}` must be {expected}"));
        let found = found.label(format!("this is {}", kind_of(value.get_ref())));
        self.report(value.span(), found.help(help));
    }
}

impl<'t> Problems<'t> {
    pub(super) fn of(file: &'t SourceFile) -> Self {
        Self { file, found: RefCell::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    pub(super) fn into_inner(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }

    pub(super) fn report(&self, span: Range<usize>, diagnostic: Diagnostic) {
        let diagnostic = diagnostic.at(&*self.file.path, Arc::clone(&self.file.text), span);
        self.found.borrow_mut().push(diagnostic);
    }

    pub(super) fn syntax(&self, error: &Error) {
        let span = error.span().unwrap_or_default();
        let found = match (error.message(), self.file.text.get(span.clone())) {
            ("duplicate key", Some(name)) => {
                Diagnostic::error("defined-twice", format!("`{name}` is defined twice"))
            }
            (message, _) => Diagnostic::error("syntax", message),
        };
        self.report(span, found);
    }

    fn mismatch(&self, key: &str, Mismatch { span, is_in_list, fault }: Mismatch) {
        let subject = if is_in_list { format!("each of `{key}`") } else { format!("`{key}`") };
        let found = match fault {
            Fault::Type { expected, found } => {
                Diagnostic::error("wrong-type", format!("{subject} must be {expected}"))
                    .label(format!("this is {found}"))
            }
            Fault::Value { expected } => {
                Diagnostic::error("wrong-value", format!("{subject} must be {expected}"))
            }
            Fault::Word { found: word, allowed } => {
                let found =
                    Diagnostic::error("unknown-word", format!("{subject} cannot be `{word}`"));
                match suggestion(&word, allowed.iter().copied()) {
                    Some(word) => found.did_you_mean(unquoted(&self.file.text, &span), word),
                    None => found.help(format!("it can be {}", list(&allowed))),
                }
            }
        };
        self.report(span, found);
    }
}

/// Words in backticks, with commas between them.
fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
    words.join(", ")
}
