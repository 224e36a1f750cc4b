//! The checks of alternate keys (C-103, C-104).

use std::collections::BTreeSet;

use super::super::{
    AttributeType, DefinitionProblem, EntityDefinition, KeyMetadata, LogicalName, Part,
};
use super::{Checker, Spot, twice, wrong_type};

impl Checker<'_> {
    pub(super) fn keys(&mut self, entity: &EntityDefinition) {
        let mut seen = BTreeSet::new();
        if KeyMetadata::LIMIT < entity.keys.len() {
            let at = Spot { entity: &entity.logical_name, part: Part::Entity };
            let allowed = format!("at most {}", KeyMetadata::LIMIT);
            let found = entity.keys.len().to_string();
            let what = DefinitionProblem::OutOfRange { what: "the number of keys", allowed, found };
            self.report(&at, None, what);
        }
        for key in &entity.keys {
            let at = Spot { entity: &entity.logical_name, part: Part::Key(key.name.clone()) };
            self.name(&at, &key.name);
            if !seen.insert(&key.name) {
                self.report(&at, None, twice(&key.name));
            }
            if key.attributes.is_empty() {
                self.report(&at, Some("attributes"), DefinitionProblem::Missing("an attribute"));
            }
            if KeyMetadata::ATTRIBUTE_LIMIT < key.attributes.len() {
                let found = u32::try_from(key.attributes.len()).unwrap_or(u32::MAX);
                self.out_of_range(&at, "attributes", ("at most 16", found));
            }
            for name in &key.attributes {
                self.key_attribute(&at, (entity, name));
            }
            let of_key =
                entity.attributes.iter().filter(|it| key.attributes.contains(&it.logical_name));
            let bytes: u32 = of_key.map(|it| key_bytes(&it.kind)).sum();
            if KeyMetadata::BYTE_LIMIT < bytes {
                let allowed = format!("at most {}", KeyMetadata::BYTE_LIMIT);
                let (what, found) = ("the number of bytes", bytes.to_string());
                let what = DefinitionProblem::OutOfRange { what, allowed, found };
                self.report(&at, Some("attributes"), what);
            }
        }
    }

    fn key_attribute(&mut self, at: &Spot<'_>, attribute: (&EntityDefinition, &LogicalName)) {
        let found = self.attribute_named(at, "attributes", attribute);
        if let Some(found) = found.filter(|it| !can_be_key(&it.kind)) {
            let wanted =
                "string, whole-number, decimal, date-time, choice, lookup or unique-identifier";
            self.report(at, Some("attributes"), wrong_type(&found, wanted));
        }
    }
}

/// The types whose values can name a record (C-103), and identities for intersect entities.
fn can_be_key(kind: &AttributeType) -> bool {
    matches!(
        kind,
        AttributeType::Text { .. }
            | AttributeType::WholeNumber { .. }
            | AttributeType::BigInteger { .. }
            | AttributeType::Decimal { .. }
            | AttributeType::DateTime { .. }
            | AttributeType::Choice(_)
            | AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::UniqueIdentifier
    )
}

/// How many bytes a value takes in an index, at most: two a character, as Dataverse counts.
fn key_bytes(kind: &AttributeType) -> u32 {
    if let AttributeType::Text { max_length, .. } = kind {
        return max_length.saturating_mul(2);
    }
    16
}
