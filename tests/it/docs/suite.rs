//! The tests of the suite, and the ids that each cites: clauses (`P-12`) and cases (`T-001`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What the suite shows.
#[derive(Default)]
pub(super) struct Suite {
    /// The clauses that each test cites in the comments inside and directly above it. Tests of one name in
    /// two modules count as one.
    pub(super) cited: BTreeMap<String, BTreeSet<String>>,
    /// The first line of comment inside each test.
    pub(super) first_line: BTreeMap<String, String>,
}

impl Suite {
    pub(super) fn read() -> Self {
        let mut suite = Self::default();
        suite.read_folder(&support::root().join("tests/it"));
        suite
    }

    fn read_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.read_folder(&path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                self.read_file(&fs::read_to_string(&path).unwrap());
            }
        }
    }

    fn read_file(&mut self, text: &str) {
        let mut above: Vec<&str> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("//") {
                above.push(line);
            } else if line == "#[test]" {
                let body: Vec<&str> = lines.by_ref().take_while(|it| *it != "}").collect();
                self.add(&above, &body);
                above.clear();
            } else {
                above.clear();
            }
        }
    }

    fn add(&mut self, above: &[&str], body: &[&str]) {
        let named = body.iter().find_map(|it| it.strip_prefix("fn ")?.split_once('('));
        let Some((name, _)) = named else { return };
        let comments = body.iter().filter_map(|it| Some(it.split_once("// ")?.1));
        let first = comments.clone().next().unwrap_or_default();
        self.first_line.insert(name.to_owned(), first.to_owned());
        let above = above.iter().map(|it| it.trim_start_matches('/'));
        let cited = self.cited.entry(name.to_owned()).or_default();
        cited.extend(above.chain(comments).flat_map(ids).map(str::to_owned));
    }

    pub(super) fn cites(&self, test: &str, id: &str) -> bool {
        self.cited.get(test).is_some_and(|it| it.contains(id))
    }
}

/// The ids in a text: a capital, a dash, and a number.
pub(super) fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_ascii_alphanumeric() && it != '-').filter(|it| is_id(it))
}

fn is_id(word: &str) -> bool {
    let Some((letter, number)) = word.split_once('-') else { return false };
    letter.len() == 1
        && letter.bytes().all(|it| it.is_ascii_uppercase())
        && !number.is_empty()
        && number.bytes().all(|it| it.is_ascii_digit())
}
