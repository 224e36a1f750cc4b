//! What a check finds, and what it is silent about: the corpus in `tests/lints`, and the pages of findings.
//!
//! A folder of the corpus is called after its finding. Each `finds*.rhai` gives it, with exactly the words in the
//! snapshot beside; each `is_silent*.rhai` gives nothing at all. A file of it is one rule, or several, each below a
//! line that says its path.

mod allowing; // What comments and levels do to findings.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use insta::{Settings, assert_snapshot};
use rulegate_script::{
    Diagnostic, FINDINGS, Finding, Limits, LoadOptions, RuleSet, Severity, SourceFile, mend,
};

use crate::runs::sources;

/// How often a file is mended until nothing is left to mend.
const ROUNDS: usize = 5;

/// The shipped entities and libraries, with which every example stands.
struct Ground {
    files: Vec<SourceFile>,
    set: RuleSet,
    options: LoadOptions,
}

static GROUND: LazyLock<Ground> = LazyLock::new(|| {
    let mut files = support::entity_files().unwrap();
    let shipped = support::shipped_rule_files().unwrap();
    files.extend(shipped.into_iter().filter(|it| it.path.starts_with("rules/lib/")));
    let options = LoadOptions { messages: support::shipped().messages(), ..LoadOptions::default() };
    let set = RuleSet::load(&files, None, &options).unwrap();
    Ground { files, set, options }
});

/// What is found in rules, with the shipped entities.
pub(crate) fn found_with(rules: &[SourceFile], options: &LoadOptions) -> Vec<Diagnostic> {
    let Ground { files, set, .. } = &*GROUND;
    let files: Vec<SourceFile> = files.iter().chain(rules).cloned().collect();
    set.succeed(&files, &set.catalog, options).map_or_else(|it| it, |it| it.findings)
}

/// The same, as findings are taken where nobody says anything.
pub(crate) fn found(rules: &[SourceFile]) -> Vec<Diagnostic> {
    found_with(rules, &GROUND.options)
}

/// The options with which [`found`] looks.
pub(crate) fn options() -> LoadOptions {
    GROUND.options.clone()
}

/// The rules of an example: a line `// rules/…` says where the next one lies, and is a part of it.
fn rules(text: &str, path: &str) -> Vec<SourceFile> {
    let mut rules: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("// ").filter(|it| it.starts_with("rules/")) {
            Some(path) => rules.push((path.to_owned(), String::new())),
            None if rules.is_empty() => rules.push((path.to_owned(), String::new())),
            None => {}
        }
        let rule = &mut rules.last_mut().unwrap().1;
        rule.push_str(line);
        rule.push('\n');
    }
    // What stands above the first of several says what they are about.
    let is_heading = 1 < rules.len() && rules.first().is_some_and(|it| it.0 == path);
    rules.drain(..usize::from(is_heading));
    rules.into_iter().map(|(path, text)| SourceFile::new(path, text)).collect()
}

/// A file of the corpus: the finding of its folder, and its rules.
fn corpus(begins: &str) -> Vec<(&'static Finding, SourceFile, Vec<SourceFile>)> {
    let mut corpus = Vec::new();
    for file in sources(&support::root(), "tests/lints", &["rhai"]) {
        let mut parts = file.path.rsplit('/');
        let (name, folder) = (parts.next().unwrap(), parts.next().unwrap());
        let finding = Finding::named(folder).unwrap_or_else(|| panic!("no finding is `{folder}`"));
        if name.starts_with(begins) {
            let stem = name.strip_suffix(".rhai").unwrap();
            let rules = rules(&file.text, &format!("rules/opportunity/{stem}.rhai"));
            corpus.push((finding, file, rules));
        }
    }
    corpus
}

/// The two examples of a page.
fn examples(finding: &Finding) -> [Vec<SourceFile>; 2] {
    let blocks: Vec<&str> = finding.page.split("```rhai\n").skip(1).collect();
    let Ok(blocks) = <[&str; 2]>::try_from(blocks) else {
        panic!("the page of {} has one example before and one after", finding.name)
    };
    blocks.map(|it| rules(it.split("```").next().unwrap(), ""))
}

fn has(problems: &[Diagnostic], finding: &Finding) -> bool {
    problems.iter().any(|it| it.code == finding.name && it.severity == finding.severity)
}

fn shown(path: &str, problems: &[Diagnostic]) -> String {
    format!("{path}:\n{}", Diagnostic::render_all(problems, false))
}

#[test]
fn every_finding_has_examples_of_both_kinds() {
    let of = |begins| corpus(begins).iter().map(|it| it.0.name).collect::<BTreeSet<_>>();
    let (finds, is_silent) = (of("finds"), of("is_silent"));
    let names = FINDINGS.iter().map(|it| it.name);
    let lacking: Vec<_> =
        names.filter(|it| !finds.contains(it) || !is_silent.contains(it)).collect();
    assert_eq!(lacking, Vec::<&str>::new());
}

#[test]
fn what_should_be_found_is_found_in_these_words() {
    let mut different = Vec::new();
    for (finding, file, rules) in corpus("finds") {
        let problems = found(&rules);
        let compare = || {
            assert!(has(&problems, finding), "{}", shown(&file.path, &problems));
            let path = support::root().join(&file.path);
            let mut settings = Settings::clone_current();
            settings.set_snapshot_path(path.parent().unwrap());
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let name = path.file_stem().unwrap().to_str().unwrap();
            settings.bind(|| assert_snapshot!(name, Diagnostic::render_all(&problems, false)));
        };
        if catch_unwind(AssertUnwindSafe(compare)).is_err() {
            different.push(file.path.clone());
        }
    }
    assert_eq!(different, Vec::<String>::new());
}

#[test]
fn what_is_right_is_not_found() {
    let mut alarms = String::new();
    for (_, file, rules) in corpus("is_silent") {
        let problems = found(&rules);
        if !problems.is_empty() {
            let _ = writeln!(alarms, "{}", shown(&file.path, &problems));
        }
    }
    assert!(alarms.is_empty(), "{alarms}");
}

#[test]
fn every_page_shows_what_gives_its_finding_and_what_to_write_instead() {
    let mut wrong = String::new();
    for finding in FINDINGS {
        let [before, after] = examples(finding);
        let problems = found(&before);
        if !has(&problems, finding) {
            let _ = writeln!(wrong, "{}", shown(&format!("{}, before", finding.name), &problems));
        }
        let problems = found(&after);
        if !problems.is_empty() {
            let _ = writeln!(wrong, "{}", shown(&format!("{}, after", finding.name), &problems));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_page_is_short_and_begins_with_its_name() {
    for finding in FINDINGS {
        let lines: Vec<&str> = finding.page.lines().collect();
        assert_eq!(lines[0], format!("# {}", finding.name));
        let summary = lines[2].trim_end_matches('.').to_lowercase();
        assert_eq!(summary, finding.summary.to_lowercase());
        assert!(lines.len() < 60, "{}", finding.name);
        let is_long = |it: &&&str| 130 < it.chars().count();
        assert_eq!(lines.iter().find(is_long), None, "{}", finding.name);
    }
}

#[test]
fn what_can_be_mended_is_clean_when_it_is_mended() {
    let of_pages = FINDINGS.iter().map(|it| examples(it)[0].clone());
    let of_corpus = corpus("finds").into_iter().map(|it| it.2);
    for mut rules in of_pages.chain(of_corpus) {
        let mut before = found(&rules);
        for _ in 0..ROUNDS {
            let mended = mend(&rules, &before, &Limits::default());
            if mended.is_empty() {
                break;
            }
            for it in mended {
                let rule = rules.iter_mut().find(|rule| rule.path == it.file.path);
                *rule.unwrap() = it.file;
            }
            let after = found(&rules);
            // A fix mends something, or makes an error a warning.
            let left = |all: &[Diagnostic]| {
                (all.iter().filter(|it| it.severity == Severity::Error).count(), all.len())
            };
            assert!(left(&after) < left(&before), "{}", shown("mended", &after));
            before = after;
        }
        let left: Vec<_> = before.into_iter().filter(|it| it.fix.is_some()).collect();
        assert!(left.is_empty(), "{}", shown("left", &left));
    }
}

#[test]
fn the_shipped_rules_are_clean() {
    let set = support::shipped_rules();
    assert!(set.findings.is_empty(), "{}", shown("rules", &set.findings));
}
