//! Every error code, in one snapshot: none vanishes, none is reused.

mod provoked; // Each code, raised through the front door.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use rulegate::error::platform::{self, PlatformCode, RaisedBy};
use rulegate::metadata::DefinitionProblem;
use rulegate::{ErrorCode, Message};

/// The line of Dataverse's table that has a number.
fn in_table(number: u32) -> Option<&'static PlatformCode> {
    platform::ALL.iter().find(|it| it.number == number)
}

fn dataverse_name(number: u32) -> &'static str {
    in_table(number).map_or("?", |it| it.name)
}

/// The numbers that somebody raises here.
fn raised_by(who: RaisedBy) -> BTreeSet<u32> {
    platform::ALL.iter().filter(|it| it.raised_by == who).map(|it| it.number).collect()
}

#[test]
fn the_table_is_in_order_and_says_when() {
    // E-59
    assert!(platform::ALL.is_sorted_by(|a, b| a.number < b.number));
    let silent: Vec<_> = platform::ALL.iter().filter(|it| it.when.is_empty()).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn every_number_of_dataverses_table() {
    // E-42, E-59: its names and values, and who raises each here
    let line = |it: &PlatformCode| {
        let signed = it.number.cast_signed();
        let who = format!("{:?}", it.raised_by).to_lowercase();
        format!("0x{:08X} {signed} {who:<12} {}", it.number, it.name)
    };

    let all: Vec<String> = platform::ALL.iter().map(line).collect();
    assert_snapshot!(all.join("\n"));
}

#[test]
fn every_code_has_a_number_of_the_table_and_every_number_a_code() {
    // E-59
    let raised: BTreeSet<u32> = ErrorCode::ALL.iter().map(|it| it.number()).collect();

    assert_eq!(raised, raised_by(RaisedBy::Engine));
}

#[test]
fn hooks_and_engine_take_their_numbers_from_the_table() {
    // E-59: a literal would not be in it
    let root = support::root();
    let mut literals = Vec::new();
    for folder in ["engine/core/src", "engine/script/src", "engine/cli/src", "hooks/src"] {
        for file in crate::tidy::files(&root.join(folder), "rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            if !file.ends_with("code/platform.rs") && text.contains("0x80") {
                literals.push(file);
            }
        }
    }
    assert_eq!(literals, Vec::<std::path::PathBuf>::new());
}

#[test]
fn the_hooks_raise_what_the_table_says_and_nothing_else() {
    // E-59
    let root = support::root();
    let table = std::fs::read_to_string(root.join("engine/core/src/code/platform.rs")).unwrap();
    let of_hooks: BTreeSet<&str> = table
        .lines()
        .filter(|it| it.contains("\" Hooks \""))
        .filter_map(|it| it.trim().split(' ').next())
        .collect();
    let mut used = BTreeSet::new();
    for file in crate::tidy::files(&root.join("hooks/src"), "rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_name = |it: char| it.is_ascii_uppercase() || it == '_';
        for part in text.split("platform::").skip(1) {
            used.insert(part.split(|it: char| !is_name(it)).next().unwrap().to_owned());
        }
    }
    used.retain(|it| !it.is_empty() && it != "INVALID_ARGUMENT"); // The engine's, too.

    assert_eq!(used.iter().map(String::as_str).collect::<BTreeSet<_>>(), of_hooks);
    assert_eq!(of_hooks.len(), raised_by(RaisedBy::Hooks).len());
}

#[test]
fn definitions_are_refused_with_numbers_of_the_table() {
    //
    let numbers = [
        DefinitionProblem::SecondParental,
        DefinitionProblem::Cascade { action: "delete", allowed: "none", found: "active" },
    ];
    let numbers: BTreeSet<u32> = numbers.iter().map(DefinitionProblem::number).collect();

    assert_eq!(numbers, raised_by(RaisedBy::Catalog));
    assert!(in_table(DefinitionProblem::Missing("a name").number()).is_some());
}

#[test]
fn steps_are_refused_with_numbers_of_the_table() {
    // I-5 to I-8, P-2, P-14, P-54
    use rulegate::pipeline::StepProblem;
    let none = StepProblem::NoImages(Message::Retrieve);
    let image = StepProblem::ImageType { message: Message::Create, image: "pre-image" };
    let (message, property) = (Message::Update, "id".to_owned());
    let property = StepProblem::ImageProperty { message, property, expected: "Target" };
    let problems = [
        none,
        image,
        StepProblem::PostImageBeforeWrite,
        StepProblem::MainStage,
        StepProblem::NoEvent(Message::Upsert),
        property,
        StepProblem::SecureNotOnServer,
    ];
    let numbers: BTreeSet<u32> = problems.iter().map(StepProblem::number).collect();

    assert_eq!(numbers, raised_by(RaisedBy::Registration));
    assert!(in_table(StepProblem::Twice.number()).is_some());
}

#[test]
fn no_two_codes_have_one_name() {
    let names: BTreeSet<&str> = ErrorCode::ALL.iter().map(|it| it.name()).collect();

    assert_eq!(names.len(), ErrorCode::ALL.len());
}

#[test]
fn names_are_a_layer_and_words_with_dashes() {
    // STYLE §6
    let is_word = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_lowercase());
    let is_well_formed = |name: &str| {
        name.split_once('.')
            .is_some_and(|(layer, rest)| is_word(layer) && rest.split('-').all(is_word))
    };

    let odd: Vec<_> = ErrorCode::ALL.iter().filter(|it| !is_well_formed(it.name())).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn a_code_reads_as_its_name() {
    assert_eq!(ErrorCode::NotFound.to_string(), "store.not-found");
}
