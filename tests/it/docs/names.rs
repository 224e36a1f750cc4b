//! Keys, paths, links and tests that documents name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rulegate::settings::Settings;

use super::page::{Page, quoted};

/// The folders and files at the root: what begins so is a path.
const ROOTS: [&str; 12] = [
    ".ci",
    "engine",
    "examples",
    "hooks",
    "rules",
    "tests",
    "Cargo.toml",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "rulegate.toml",
];

/// Links to files that are not there, and to headings that the page lacks.
pub(super) fn broken_links(page: &Page) -> Vec<String> {
    let prose = page.prose();
    let targets = prose.split("](").skip(1).filter_map(|it| Some(it.split_once(')')?.0));
    let headings: BTreeSet<String> = page.text.lines().filter_map(slug).collect();
    let folder = Path::new(&page.path).parent().unwrap();
    let leads = |target: &&str| {
        if let Some(heading) = target.strip_prefix('#') {
            return headings.contains(heading);
        }
        target.starts_with("https://") || support::root().join(folder).join(target).exists()
    };
    targets.filter(|it| !leads(it)).map(str::to_owned).collect()
}

/// What a heading is called in links.
fn slug(line: &str) -> Option<String> {
    let heading =
        line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))?;
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    Some(kept.map(|it| if it == ' ' { '-' } else { it }).collect())
}

/// Paths in backticks and in commands that lead nowhere. A word in capitals stands for any name.
pub(super) fn missing_paths(page: &Page) -> Vec<String> {
    let prose = page.prose();
    let commands: String =
        page.snippets().into_iter().filter(|it| it.language == "sh").map(|it| it.text).collect();
    let named = quoted(&prose).chain(commands.split_whitespace());
    let made: BTreeSet<String> = page.snippets().into_iter().map(|it| it.claim.1).collect();
    named
        .filter(|it| is_path(it) && !made.contains(*it))
        .filter(|it| !support::root().join(it).exists())
        .map(str::to_owned)
        .collect()
}

fn is_path(word: &str) -> bool {
    let root = word.split('/').next().unwrap_or_default();
    let is_capital = |it: &str| {
        let stem = it.split('.').next().unwrap_or_default();
        3 < stem.len() && stem.bytes().all(|it| it.is_ascii_uppercase())
    };
    ROOTS.contains(&root)
        && !word.contains([' ', '…', '*'])
        && word.contains(['/', '.'])
        && !word.split('/').skip(1).any(is_capital)
        && !word.ends_with("close_date_near.rhai") // What the reader is about to write.
}

/// Names with underscores that are neither a test nor a setting.
pub(super) fn missing_tests_and_settings(page: &Page) -> Vec<String> {
    let mut code = switches();
    read_all(&support::root().join("tests/it"), &mut code);
    let prose = page.prose();
    let names = quoted(&prose).filter(|it| {
        it.contains('_') && it.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
    });
    let is_there =
        |it: &&str| code.contains(&format!("fn {it}()")) || code.contains(&format!(" {it}: "));
    names.filter(|it| !is_there(it)).map(str::to_owned).collect()
}

/// Where the fields of settings stand: of the engine, of an entity, and of the hooks.
pub(super) fn switches() -> String {
    let read = |it: &str| fs::read_to_string(support::root().join(it)).unwrap();
    let fields = ["engine/core/src/metadata/entity.rs", "hooks/src/lib.rs"].map(read).concat();
    format!("{:?} {fields}", Settings::default())
}

/// Tests of differences from Dataverse that the page does not name.
pub(super) fn untold(page: &Page) -> Vec<String> {
    let mut code = String::new();
    read_all(&support::root().join("tests/it"), &mut code);
    let found = code.split("fn differs_from").skip(1).filter_map(|it| it.split_once("() {"));
    let names = found.map(|it| format!("differs_from{}", it.0));
    names.filter(|it| !it.contains(['"', ' ']) && !page.text.contains(it.as_str())).collect()
}

/// Rust names in the second column of the glossary that the core does not have.
pub(super) fn unknown_in_glossary(page: &Page) -> Vec<String> {
    let glossary = page.text.split_once("\n## Glossary").unwrap().1;
    let rust: String = glossary.lines().filter_map(|it| it.split('|').nth(2)).collect();
    let mut code = String::new();
    read_all(&support::root().join("engine/core/src"), &mut code);
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let known: BTreeSet<&str> = code.split(|it| !is_word(it)).collect();
    let named = quoted(&rust).flat_map(|it| it.split(|it| !is_word(it)));
    named.filter(|it| !it.is_empty() && !known.contains(it)).map(str::to_owned).collect()
}

/// Keys that the readers of STEP and of entity files know, and the page does not.
pub(super) fn unexplained_keys(page: &Page) -> Vec<String> {
    let prose = page.prose();
    let explained: BTreeSet<&str> = quoted(&prose).collect();
    let source = support::root().join("engine/script/src");
    let registration = fs::read_to_string(source.join("registration.rs")).unwrap();
    let keys = registration.split_once("const KEYS").unwrap().1;
    let mut known: BTreeSet<String> =
        keys.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    let read = |it| fs::read_to_string(source.join("entity_file").join(it)).unwrap();
    let files: String =
        ["entity.rs", "attribute.rs", "option_set.rs", "relationship.rs"].map(read).concat();
    for asks in ["or(\"", "optional(\"", "required(\"", "table(\"", "name(keys, \"", "on(\""] {
        let found = files.split(asks).skip(1).filter_map(|it| Some(it.split_once('"')?.0));
        known.extend(found.filter(|it| !it.contains([' ', '-'])).map(str::to_owned));
    }
    known.extend(
        files.split("Kind { name: \"").skip(1).map(|it| it.split_once('"').unwrap().0.to_owned()),
    );
    known.into_iter().filter(|it| !explained.contains(&**it)).collect()
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
