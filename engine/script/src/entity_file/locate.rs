//! Shows what the catalog refuses where it stands: the way back from a definition to its file.

use std::ops::Range;
use std::sync::Arc;

use rulegate::metadata::{DefinitionError, DefinitionProblem, Part, Place};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::unquoted;
use super::{ParsedFile, SourceFile};
use crate::Diagnostic;

/// The error with the line that it speaks of. None where no file says what is wrong: the catalog
/// made it of something else, which has the same problem.
pub(super) fn diagnostic(error: &DefinitionError, files: &[ParsedFile<'_>]) -> Option<Diagnostic> {
    let DefinitionError { place, problem } = error;
    let (file, span) = locate(place, named_in(problem), files)?;
    let found = Diagnostic::error(code(problem), message(error));
    let found = found.at(&*file.path, Arc::clone(&file.text), span.clone());
    let DefinitionProblem::Unknown { name, suggestion: Some(word), .. } = problem else {
        return Some(found);
    };
    let found = found.help(format!("did you mean `{word}`?"));
    let inner = unquoted(&file.text, &span);
    let is_the_name = file.text.get(inner.clone()) == Some(name);
    Some(if is_the_name { found.fix(inner, word) } else { found })
}

/// The error in words only.
pub(super) fn without_a_place(error: &DefinitionError) -> Diagnostic {
    Diagnostic::error(code(&error.problem), error.to_string())
}

/// The file and the bytes that a place means; in them, if it can be found, the name that is wrong.
fn locate<'t>(
    place: &Place,
    named: Option<&str>,
    files: &'t [ParsedFile<'t>],
) -> Option<(&'t SourceFile, Range<usize>)> {
    let can_be_anywhere = matches!(place.part, Part::ManyToMany(_));
    let (file, (head, part)) = files
        .iter()
        .rev() // Of two definitions of one name, the later one is too many.
        .filter(|it| can_be_anywhere || it.entity.as_ref() == Some(&place.entity))
        .find_map(|it| Some((it, part_of(place, &it.tree)?)))?;
    let value = place.property.and_then(|property| {
        // Of two bounds that do not fit, the file may give only one.
        part.get(property).or_else(|| part.get("max").filter(|_| property == "min"))
    });
    let span = value.map_or(head, |value| inside(value, named).unwrap_or(value).span());
    Some((file.file, span))
}

/// The part of a file that a place means: its head, and its table.
fn part_of<'t>(place: &Place, tree: &'t DeTable<'t>) -> Option<(Range<usize>, &'t DeTable<'t>)> {
    let entity = || {
        let head = tree.get("entity")?;
        Some((head.span(), head.get_ref().as_table()?))
    };
    match &place.part {
        Part::Entity => entity(),
        Part::Attribute(name) => {
            tree.get("attributes").and_then(|it| entry(it, name)).or_else(|| identity(tree, name))
        }
        Part::Key(name) => entry(tree.get("keys")?, name),
        Part::Option(attribute, name) => {
            entry(tree.get("options")?.get_ref().as_table()?.get(&**attribute)?, name)
        }
        Part::OneToMany(name) => relationship(tree.get("relationship")?, name),
        Part::ManyToMany(name) => relationship(tree.get("many_to_many")?, name),
    }
}

fn entry<'t>(
    table: &'t Spanned<DeValue<'t>>,
    name: &str,
) -> Option<(Range<usize>, &'t DeTable<'t>)> {
    let (key, value) = table.get_ref().as_table()?.get_key_value(name)?;
    Some((key.span(), value.get_ref().as_table()?))
}

/// An identity that the file names without saying more of it.
fn identity<'t>(tree: &'t DeTable<'t>, name: &str) -> Option<(Range<usize>, &'t DeTable<'t>)> {
    let entity = tree.get("entity")?.get_ref().as_table()?;
    let named = entity.get("primary_id").filter(|it| it.get_ref().as_str() == Some(name))?;
    Some((named.span(), entity))
}

fn relationship<'t>(
    tables: &'t Spanned<DeValue<'t>>,
    name: &str,
) -> Option<(Range<usize>, &'t DeTable<'t>)> {
    let mut tables =
        tables.get_ref().as_array()?.iter().rev().filter_map(|it| it.get_ref().as_table());
    tables.find_map(|table| {
        let found = table.get("schema_name")?;
        (found.get_ref().as_str() == Some(name)).then(|| (found.span(), table))
    })
}

/// The part of a list or table that holds the text, or the value of the key of that name.
fn inside<'t>(
    value: &'t Spanned<DeValue<'t>>,
    name: Option<&str>,
) -> Option<&'t Spanned<DeValue<'t>>> {
    let name = name?;
    let is_name = |it: &&Spanned<DeValue<'_>>| it.get_ref().as_str() == Some(name);
    match value.get_ref() {
        DeValue::Array(list) => list.iter().find(is_name),
        DeValue::Table(table) => table.get(name).or_else(|| table.values().find(is_name)),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

/// The name in the file that a problem is about.
fn named_in(problem: &DefinitionProblem) -> Option<&str> {
    if let DefinitionProblem::Unknown { name, .. }
    | DefinitionProblem::WrongType { name, .. }
    | DefinitionProblem::Twice(name) = problem
    {
        Some(name)
    } else if let DefinitionProblem::Cascade { action, .. } = problem {
        Some(action)
    } else {
        None
    }
}

fn code(problem: &DefinitionProblem) -> String {
    match problem {
        DefinitionProblem::IllFormedName(_) => "ill-formed-name".to_owned(),
        DefinitionProblem::Twice(_) => "defined-twice".to_owned(),
        DefinitionProblem::Unknown { what, .. } => format!("unknown-{}", what.replace(' ', "-")),
        DefinitionProblem::Missing(_) => "missing".to_owned(),
        DefinitionProblem::WrongType { .. } => "wrong-attribute-type".to_owned(),
        DefinitionProblem::EmptyRange { .. } => "empty-range".to_owned(),
        DefinitionProblem::OutOfRange { .. } => "out-of-range".to_owned(),
        DefinitionProblem::NoIdentifier(_) => "no-identifier".to_owned(),
        DefinitionProblem::StateModel(_) => "state-model".to_owned(),
        DefinitionProblem::Cascade { .. } => "cascade".to_owned(),
        DefinitionProblem::SecondParental => "second-parental".to_owned(),
        _ => "definition".to_owned(),
    }
}

/// The sentence, without the proposal that stands apart as help.
fn message(DefinitionError { place, problem }: &DefinitionError) -> String {
    match (problem, place.property) {
        (DefinitionProblem::Unknown { what, name, .. }, _) => {
            format!("there is no {what} `{name}`")
        }
        (DefinitionProblem::Twice(value), Some("value")) => {
            format!("another option has the value {value}")
        }
        (DefinitionProblem::Twice(_), Some("hierarchical")) => {
            "another relationship of this entity is hierarchical".to_owned()
        }
        _ => problem.to_string(),
    }
}
