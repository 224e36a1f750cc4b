//! Aliases: `account#1` for an identity that differs from run to run.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::bootstrap;

/// Numbers records per entity, in the order in which texts name them first.
///
/// What the engine itself made at its start bears no number: `systemuser`.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    names: BTreeMap<Uuid, String>,
    counts: BTreeMap<String, u32>,
}

/// Characters of an identity in a text.
const LENGTH: usize = 36;

impl Aliases {
    /// The text with every `entity(identity)` as `entity#1`, and every identity that was named so before.
    pub fn apply(&mut self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, id, after)) = next_id(rest) {
            result.push_str(before);
            rest = after;
            let entity = entity_before(before).filter(|_| after.starts_with(')'));
            match entity {
                Some(entity) => {
                    let alias = self.name(id, entity);
                    result.truncate(result.len() - entity.len() - 1);
                    result.push_str(&alias);
                    rest = after.strip_prefix(')').unwrap_or(after);
                }
                None => match self.names.get(&id) {
                    Some(alias) => result.push_str(alias),
                    None => result.push_str(&id.to_string()),
                },
            }
        }
        result.push_str(rest);
        result
    }

    /// The alias of a record; a new number where it has none.
    pub fn name(&mut self, id: Uuid, entity: &str) -> String {
        if bootstrap::is_bootstrapped(id) {
            return entity.to_owned();
        }
        let Self { names, counts } = self;
        let alias = names.entry(id).or_insert_with(|| {
            let count = counts.entry(entity.to_owned()).or_default();
            *count += 1;
            format!("{entity}#{count}")
        });
        alias.clone()
    }
}

/// The text before the first identity, the identity, and the text behind it.
fn next_id(text: &str) -> Option<(&str, Uuid, &str)> {
    let dashes = text.match_indices('-').map(|(at, _)| at);
    dashes.filter_map(|at| at.checked_sub(8)).find_map(|start| {
        let id = text.get(start..start + LENGTH)?.parse().ok()?;
        Some((text.get(..start)?, id, text.get(start + LENGTH..)?))
    })
}

/// The logical name that stands before an opening parenthesis at the end of the text.
fn entity_before(text: &str) -> Option<&str> {
    let text = text.strip_suffix('(')?;
    let is_letter = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let start = text.rfind(|it| !is_letter(it)).map_or(0, |at| at + 1);
    let start = text.char_indices().map(|(at, _)| at).find(|at| start <= *at)?;
    text.get(start..).filter(|it| !it.is_empty())
}
