//! What the documents say is so: snippets run, tables match the code, paths lead somewhere.
//!
//! A comment above a snippet says what it is, such as `<!-- file: rules/task/due_date.rhai -->`; one without a
//! test fails. `RULEGATE_DOCS=update cargo test -p tests docs` writes what can be written by itself.

mod cases; // The conformance cases, and the test of each.
mod clauses; // The clauses of the specification, and what becomes of each.
mod names; // Keys, paths, links and tests that documents name.
mod page; // Documents, taken apart.
mod snippets; // Code in documents.
mod suite; // The tests, and what each cites.
mod tables; // What is made from the code.

use std::fs;

use self::page::Page;

/// The documents, by their paths.
const PAGES: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "engine/COMPATIBILITY.md",
    "engine/STYLE.md",
    "rules/README.md",
];

/// Those whose snippets are real. The house style shows what it means, and some of that is wrong on purpose.
const WITH_SNIPPETS: [&str; 4] =
    ["README.md", "ARCHITECTURE.md", "engine/COMPATIBILITY.md", "rules/README.md"];

#[test]
fn every_snippet_is_what_it_says() {
    let mut problems = Vec::new();
    for path in WITH_SNIPPETS {
        let page = Page::read(path);
        for snippet in page.snippets() {
            if let Err(problem) = snippets::check(&page, &snippet) {
                problems.push(format!("{path}:{}: {problem}", snippet.line));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn what_is_made_from_the_code_is_up_to_date() {
    let is_updating = std::env::var("RULEGATE_DOCS").is_ok_and(|it| it == "update");
    let mut stale = Vec::new();
    for path in WITH_SNIPPETS {
        let page = Page::read(path);
        let made = tables::fill(&page.text);
        if made == page.text {
            continue;
        }
        if is_updating {
            fs::write(support::root().join(path), made).unwrap();
        } else {
            stale.push(path);
        }
    }
    let hint = "run `RULEGATE_DOCS=update cargo test -p tests docs`, and read the difference";
    assert!(stale.is_empty(), "{stale:?} are not what the code says: {hint}");
}

#[test]
fn every_page_is_merged() {
    let marks = |page: &Page| -> Vec<String> {
        let lines = page.text.lines();
        lines.filter(|it| it.starts_with("<<<<<<<")).map(str::to_owned).collect()
    };
    assert_eq!(problems(PAGES, marks), Vec::<String>::new());
}

#[test]
fn every_link_leads_somewhere() {
    assert_eq!(problems(PAGES, names::broken_links), Vec::<String>::new());
}

#[test]
fn every_path_that_is_named_exists() {
    let pages = ["ARCHITECTURE.md", "CHANGELOG.md", "README.md", "rules/README.md"];
    assert_eq!(problems(pages, names::missing_paths), Vec::<String>::new());
}

#[test]
fn every_test_and_setting_that_is_named_exists() {
    let pages = ["engine/COMPATIBILITY.md"];
    assert_eq!(problems(pages, names::missing_tests_and_settings), Vec::<String>::new());
}

#[test]
fn every_difference_from_dataverse_is_told() {
    assert_eq!(problems(["engine/COMPATIBILITY.md"], names::untold), Vec::<String>::new());
}

#[test]
fn every_clause_of_the_specification_has_its_row() {
    assert_eq!(problems(["engine/COMPATIBILITY.md"], clauses::problems), Vec::<String>::new());
}

#[test]
fn every_case_of_the_specification_has_its_row() {
    assert_eq!(problems(["engine/COMPATIBILITY.md"], cases::problems), Vec::<String>::new());
}

#[test]
fn the_glossary_names_what_the_code_has() {
    assert_eq!(problems(["engine/STYLE.md"], names::unknown_in_glossary), Vec::<String>::new());
}

#[test]
fn every_key_of_steps_and_entity_files_is_explained() {
    assert_eq!(problems(["rules/README.md"], names::unexplained_keys), Vec::<String>::new());
}

#[test]
fn every_expression_of_the_context_is_one() {
    let page = Page::read("rules/README.md");
    snippets::check_context(&page.first_cells("ctx")).unwrap();
}

/// What is wrong on these pages, each with its path.
fn problems<const N: usize>(pages: [&str; N], find: impl Fn(&Page) -> Vec<String>) -> Vec<String> {
    let on = |path: &str| -> Vec<String> {
        find(&Page::read(path)).into_iter().map(|it| format!("{path}: {it}")).collect()
    };
    pages.into_iter().flat_map(on).collect()
}
