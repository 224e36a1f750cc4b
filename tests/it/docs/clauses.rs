//! Every clause of the specification, and what becomes of it: the tables of `engine/COMPATIBILITY.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::page::{Page, quoted};
use super::suite::Suite;

/// The sections of the specification: the letter of their clauses, what they are about, and how many.
const SECTIONS: [(char, &str, u32); 11] = [
    ('P', "the pipeline", 106),
    ('X', "the context", 32),
    ('M', "messages", 85),
    ('I', "images, targets, filters and associations", 87),
    ('V', "shared variables", 14),
    ('E', "errors and traces", 63),
    ('C', "create, update and delete", 138),
    ('R', "relationships", 46),
    ('B', "business rules", 39),
    ('O', "opportunities", 63),
    ('L', "jobs, batches, limits and endpoints", 69),
];

/// What can become of a clause.
const FATES: [&str; 5] = ["kept", "differs", "switch", "planned", "out of scope"];

/// A row: the clause, what becomes of it, and why or where.
pub(super) struct Row {
    pub(super) id: String,
    fate: String,
    evidence: String,
}

/// The rows that begin with an id of such a letter.
pub(super) fn rows(text: &str, letters: &str) -> Vec<Row> {
    let rows = text.lines().filter_map(|it| it.strip_prefix("| ")?.strip_suffix('|'));
    let row = |line: &str| {
        let mut cells = line.splitn(3, " | ").map(str::trim);
        let (id, fate) = (cells.next()?.to_owned(), cells.next()?.to_owned());
        let evidence = cells.next().unwrap_or_default().to_owned();
        let (letter, number) = id.split_once('-')?;
        let is_row = letters.contains(letter) && number.parse::<u32>().is_ok();
        is_row.then_some(Row { id, fate, evidence })
    };
    rows.filter_map(row).collect()
}

/// What is wrong with the tables.
pub(super) fn problems(page: &Page) -> Vec<String> {
    let rows = rows(&page.text, "PXMIVECRBOL");
    let (suite, settings) = (Suite::read(), names::switches());
    let listed = rows.iter().map(|it| it.id.clone()).collect();
    let mut problems = differences(&all(), &listed);
    let wrong = rows.iter().flat_map(|row| row.problems(&suite, &settings).into_iter());
    problems.extend(wrong);
    problems
}

/// The clauses of all sections, in order.
fn all() -> Vec<String> {
    let of =
        |(letter, _, count): (char, &str, u32)| (1..=count).map(move |it| format!("{letter}-{it}"));
    SECTIONS.into_iter().flat_map(of).collect()
}

/// What is missing, what is too much, and what stands in another order.
pub(super) fn differences(expected: &[String], listed: &Vec<String>) -> Vec<String> {
    if listed == expected {
        return Vec::new();
    }
    let (want, have): (BTreeSet<_>, BTreeSet<_>) =
        (expected.iter().collect(), listed.iter().collect());
    let missing = want.difference(&have).map(|it| format!("{it} has no row"));
    let unknown = have.difference(&want).map(|it| format!("{it} is none"));
    let mut problems: Vec<String> = missing.chain(unknown).collect();
    if problems.is_empty() {
        problems.push("the rows are not in order, or one stands twice".to_owned());
    }
    problems
}

impl Row {
    /// What stands in its second cell.
    pub(super) fn what(&self) -> &str {
        &self.fate
    }

    fn problems(&self, suite: &Suite, settings: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let mut say = |it: String| problems.push(format!("{}: {it}", self.id));
        let is_setting = |it: &str| settings.contains(&format!(" {it}: "));
        let tests: Vec<&str> =
            quoted(&self.evidence).filter(|it| is_name(it) && !is_setting(it)).collect();
        for test in &tests {
            if !suite.cites(test, &self.id) {
                say(format!("no test `{test}` cites it"));
            }
        }
        let reason: String = self.evidence.split('`').step_by(2).collect();
        let has_reason = reason.contains(char::is_alphabetic);
        match self.fate.as_str() {
            "kept" if tests.is_empty() => say("which test shows it?".to_owned()),
            "differs" if !has_reason => say("why does it differ?".to_owned()),
            "differs" if tests.is_empty() && !reason.contains("no test") => {
                say("which test shows the difference?".to_owned());
            }
            "switch" if tests.is_empty() => say("which test turns the switch?".to_owned()),
            "switch" if !quoted(&self.evidence).next().is_some_and(is_setting) => {
                say("which setting is it?".to_owned());
            }
            "out of scope" if !has_reason => say("why is it out of scope?".to_owned()),
            fate if !FATES.contains(&fate) => say(format!("`{fate}` is no fate")),
            _ => {}
        }
        problems
    }
}

/// Whether a word in backticks is the name of a test or of a setting.
fn is_name(word: &str) -> bool {
    let is_part = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    word.contains('_') && word.bytes().all(is_part)
}

/// How many clauses of each section are kept, differ and so on.
pub(super) fn summary(text: &str) -> String {
    let rows = rows(text, "PXMIVECRBOL");
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &rows {
        let section = row.id.split('-').next().unwrap_or_default();
        *counts.entry((section, &row.fate)).or_default() += 1;
        *counts.entry(("", &row.fate)).or_default() += 1;
    }
    let line = |name: String, section: &str| {
        let counted = FATES.map(|it| counts.get(&(section, it)).copied().unwrap_or_default());
        let cells = counted.map(|it| it.to_string()).join(" | ");
        format!("| {name} | {cells} |\n")
    };
    let mut made = format!("| | {} |\n|---|---|---|---|---|---|\n", FATES.join(" | "));
    for (letter, about, _) in SECTIONS {
        made.push_str(&line(format!("{letter}: {about}"), &letter.to_string()));
    }
    made.push_str(&line("**all**".to_owned(), ""));
    made
}
