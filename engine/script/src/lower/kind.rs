//! Kinds: what is known of a value before the rule runs.

use std::sync::Arc;

use rulegate::metadata::{
    AttributeMetadata, AttributeType, DateTimeBehavior, EntityMetadata, Ordinal,
};

/// What is known of a variable or an attribute. What turns out to be otherwise is left to Rhai.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Boolean,
    WholeNumber,
    Double,
    Decimal,
    Text,
    Date,
    Moment,
    Choice(Options),
    Lookup,
    /// A record of that entity, which the rule read or made; or null.
    Record(Arc<EntityMetadata>),
    /// An array of such records.
    Records(Arc<EntityMetadata>),
    /// Nothing.
    Unknown,
}

/// The attribute of whose options one is.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) entity: Arc<EntityMetadata>,
    pub(super) ordinal: Ordinal,
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entity, &other.entity) && self.ordinal == other.ordinal
    }
}

impl Options {
    /// What an option is called; its number where it is none of the set's.
    pub(super) fn name(&self, value: i32) -> String {
        self.option(value).map_or_else(|| value.to_string(), |it| it.name.clone())
    }

    /// What people read.
    pub(super) fn label(&self, value: i32) -> String {
        self.option(value).map_or_else(String::new, |it| it.label.clone())
    }

    fn option(&self, value: i32) -> Option<&rulegate::metadata::OptionMetadata> {
        self.entity.attribute_at(self.ordinal)?.kind.option_set()?.by_value(value)
    }
}

impl Kind {
    /// The kind of an attribute's values, as scripts read them.
    pub(super) fn of(
        entity: &Arc<EntityMetadata>,
        ordinal: Ordinal,
        attribute: &AttributeMetadata,
    ) -> Self {
        match &attribute.kind {
            AttributeType::Text { .. } | AttributeType::Memo { .. } | AttributeType::EntityName => {
                Self::Text
            }
            AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } => {
                Self::WholeNumber
            }
            AttributeType::Decimal { .. } | AttributeType::Money { .. } => Self::Decimal,
            AttributeType::Double { .. } => Self::Double,
            AttributeType::Boolean { .. } => Self::Boolean,
            AttributeType::DateTime { behavior: DateTimeBehavior::DateOnly, .. } => Self::Date,
            AttributeType::DateTime { .. } => Self::Moment,
            AttributeType::Choice(_) | AttributeType::State(_) | AttributeType::Status(_) => {
                Self::Choice(Options { entity: Arc::clone(entity), ordinal })
            }
            AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::Owner { .. } => Self::Lookup,
            AttributeType::MultiChoice(_)
            | AttributeType::PartyList { .. }
            | AttributeType::UniqueIdentifier
            | AttributeType::Image { .. }
            | AttributeType::File { .. }
            | AttributeType::Virtual
            | AttributeType::ManagedProperty => Self::Unknown,
        }
    }
}
