//! What is wrong with a definition, and what is wrong with a name in a request.

use std::fmt;

use super::LogicalName;
use crate::code::{ErrorCode, platform};

/// A name that the catalog does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// There is no such entity.
    #[error("unknown entity `{entity}`{}", DidYouMean(.suggestion))]
    UnknownEntity {
        /// The name that was given.
        entity: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// The entity has no such attribute.
    #[error("`{entity}` has no attribute `{attribute}`{}", DidYouMean(.suggestion))]
    UnknownAttribute {
        /// The entity.
        entity: LogicalName,
        /// The name that was given.
        attribute: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// There is no such relationship.
    #[error("unknown relationship `{relationship}`{}", DidYouMean(.suggestion))]
    UnknownRelationship {
        /// The name that was given.
        relationship: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
}

/// Why a draft is not a catalog: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct DefinitionError {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub problem: DefinitionProblem,
}

/// All that is wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct InvalidCatalog(pub Vec<DefinitionError>);

/// A place in a definition, by which whoever read it from a file finds the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The entity whose definition it is: the referencing or first one for a relationship.
    pub entity: LogicalName,
    /// The part of it.
    pub part: Part,
    /// The property, as files spell it, where one property is at fault.
    pub property: Option<&'static str>,
}

/// A part of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The entity itself.
    Entity,
    /// An attribute.
    Attribute(LogicalName),
    /// An option of an attribute.
    Option(LogicalName, String),
    /// An alternate key.
    Key(LogicalName),
    /// A one-to-many relationship, by schema name.
    OneToMany(String),
    /// A many-to-many relationship, by schema name.
    ManyToMany(String),
}

/// What is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionProblem {
    /// A logical name has letters that it cannot have.
    #[error(
        "`{0}` is no logical name: it takes `a` to `z`, `0` to `9` and `_`, and begins with a letter"
    )]
    IllFormedName(String),
    /// A name stands twice.
    #[error("`{0}` is defined twice")]
    Twice(String),
    /// A name stands for nothing.
    #[error("there is no {what} `{name}`{}", DidYouMean(.suggestion))]
    Unknown {
        /// The kind of thing.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// Something that must be there is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An attribute has another type than its use asks for.
    #[error("`{name}` is of type {found}, and must be {wanted}")]
    WrongType {
        /// The attribute.
        name: String,
        /// The type that it has.
        found: &'static str,
        /// The types that it may have.
        wanted: &'static str,
    },
    /// The least value is greater than the greatest.
    #[error("min {min} is greater than max {max}")]
    EmptyRange {
        /// The least value.
        min: String,
        /// The greatest value.
        max: String,
    },
    /// A number of digits, characters or parts is outside what is possible.
    #[error("{what} must be {allowed}, and is {found}")]
    OutOfRange {
        /// What was counted.
        what: &'static str,
        /// What is possible.
        allowed: String,
        /// What was given.
        found: String,
    },
    /// The name of an option is no identifier, so that rules could not name it.
    #[error(
        "`{0}` cannot name an option: it takes letters, digits and `_`, and begins with a letter"
    )]
    NoIdentifier(String),
    /// A state or status reason does not fit its counterpart.
    #[error("{0}")]
    StateModel(String),
    /// A relationship cannot do this to the children.
    #[error("on {action} a relationship can do {allowed} to the children, not `{found}`")]
    Cascade {
        /// The message on the parent.
        action: &'static str,
        /// What can be done.
        allowed: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// Its two entities have a parental relationship already.
    #[error(
        "these two entities have a parental relationship already: on delete it can do remove-link or \
         restrict, and nothing else"
    )]
    SecondParental,
}

impl DefinitionProblem {
    /// The number by which Dataverse knows this refusal.
    pub const fn number(&self) -> u32 {
        match self {
            Self::Cascade { .. } => platform::CASCADE_INVALID_LINK_TYPE,
            Self::SecondParental => platform::EXISTING_PARENTAL_RELATIONSHIP,
            Self::IllFormedName(_)
            | Self::Twice(_)
            | Self::Unknown { .. }
            | Self::Missing(_)
            | Self::WrongType { .. }
            | Self::EmptyRange { .. }
            | Self::OutOfRange { .. }
            | Self::NoIdentifier(_)
            | Self::StateModel(_) => platform::INVALID_ARGUMENT,
        }
    }
}

impl MetadataError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownEntity { .. } => ErrorCode::UnknownEntity,
            Self::UnknownAttribute { .. } => ErrorCode::UnknownAttribute,
            Self::UnknownRelationship { .. } => ErrorCode::UnknownRelationship,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::Entity => write!(f, "entity `{}`", self.entity),
            Part::Attribute(name) => write!(f, "attribute `{}.{name}`", self.entity),
            Part::Option(name, option) => write!(f, "option `{}.{name}.{option}`", self.entity),
            Part::Key(name) => write!(f, "key `{}.{name}`", self.entity),
            Part::OneToMany(name) | Part::ManyToMany(name) => write!(f, "relationship `{name}`"),
        }
    }
}

/// `, did you mean …?` where there is something to propose.
pub(crate) struct DidYouMean<'a>(pub(crate) &'a Option<String>);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, ", did you mean `{name}`?"))
    }
}
