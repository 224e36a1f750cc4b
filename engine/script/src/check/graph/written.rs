//! What the rules of a set can write into records, all of them together.

use std::collections::BTreeMap;

use rulegate::metadata::{AttributeType, EntityMetadata};

use super::row::{Row, is_state};
use super::value::Known;

/// What rules can write, by entity and attribute.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    by_entity: BTreeMap<&'a str, BTreeMap<&'a str, Known>>,
    /// Whether a rule writes what is not known, where it is not known.
    pub(super) is_anything: bool,
    /// The entities of which a rule writes attributes that are not known.
    pub(super) wholly: Vec<&'a str>,
}

impl<'a> Written<'a> {
    pub(super) fn note(&mut self, entity: &'a str, (name, known): (&'a str, Known)) {
        let known = Known { is_absent: false, ..known };
        let attributes = self.by_entity.entry(entity).or_default();
        let joined = attributes.get(name).map(|it| it.or(&known));
        attributes.insert(name, joined.unwrap_or(known));
    }

    /// A record as it may be once rules had their turn at it.
    pub(super) fn stir(&self, row: Row<'a>, entity: &'a EntityMetadata) -> Row<'a> {
        let mut stirred = row;
        let is_unknown = self.is_anything || self.wholly.contains(&entity.logical_name().as_str());
        let written = self.by_entity.get(entity.logical_name().as_str());
        for (ordinal, attribute) in entity.attributes() {
            let name = attribute.logical_name.as_str();
            let is_engines = attribute.kind.is_reference()
                || attribute.kind == AttributeType::EntityName
                || is_state(&attribute.kind)
                || entity.is_stamp(ordinal);
            let known = written.and_then(|it| it.get(name));
            let known = match known {
                _ if is_unknown || is_engines => Some(Known::stored(attribute)),
                it => it.map(|it| it.written(attribute)),
            };
            if let Some(known) = known {
                stirred.set(name, stirred.get(name, Some(entity)).or(&known));
            }
        }
        stirred
    }
}
