//! Types: what is known of a value before the rule runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rulegate::metadata::{
    AttributeMetadata, AttributeType, DateTimeBehavior, EntityMetadata, Ordinal,
};

use super::shape::Shape;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Type {
    /// What it is where it is not null; none where it never is.
    pub(super) base: Option<Base>,
    pub(super) is_nullable: bool,
}

/// What a value is that is not null.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Base {
    Boolean,
    WholeNumber,
    Double,
    Decimal,
    /// A whole number or a decimal.
    Number,
    Text,
    Letter,
    Date,
    Moment,
    Choice(Options),
    /// A lookup, and the entities of the records to which it can point; none where they are not known.
    Lookup(Option<BTreeSet<String>>),
    Record(Row),
    Array(Box<Type>),
    /// A map, and its entries; none where they are not known.
    Map(Option<BTreeMap<String, Type>>),
    Context,
    /// `ctx.parent`.
    Parent,
    /// `ctx.variables` and the like.
    Entries(Part),
    /// A function that can be called: its name, and what it captured.
    Function(String, Vec<Type>),
    Blob,
    /// What a `catch` caught.
    Error,
    /// Nothing is known.
    Any,
}

/// A part of the context that has entries by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Variables,
    Input,
    Output,
    Images,
    Others,
}

/// The attribute of whose options one is.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) entity: Arc<EntityMetadata>,
    pub(super) ordinal: Ordinal,
}

/// A record: of which entity, and what can be read of it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) entity: Arc<EntityMetadata>,
    pub(super) of: Origin,
}

/// Where a record comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Target,
    /// A pre-image, by its alias.
    Pre(String),
    Post(String),
    /// A record that was read, with these attributes, or all.
    Read(Option<BTreeSet<String>>),
    /// A record that the rule made.
    Made,
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entity, &other.entity) && self.ordinal == other.ordinal
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entity, &other.entity) && self.of == other.of
    }
}

impl From<Base> for Type {
    fn from(base: Base) -> Self {
        Self { base: Some(base), is_nullable: false }
    }
}

impl Type {
    /// No value at all: what an empty array holds.
    pub(super) const NEVER: Self = Self { base: None, is_nullable: false };
    /// Null.
    pub(super) const NULL: Self = Self { base: None, is_nullable: true };
    /// Nothing is known.
    pub(super) const ANY: Self = Self { base: Some(Base::Any), is_nullable: true };

    pub(super) fn nullable(self) -> Self {
        Self { is_nullable: true, ..self }
    }

    /// The same, where it is not null.
    pub(super) fn present(self) -> Self {
        Self { is_nullable: self.base == Some(Base::Any), ..self }
    }

    pub(super) fn is_any(&self) -> bool {
        self.base == Some(Base::Any)
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Self::NULL
    }

    /// Whether it can be null as far as is known, and is something that is known.
    pub(super) fn may_be_null(&self) -> bool {
        self.is_nullable && !self.is_any()
    }

    /// The values of an attribute.
    pub(super) fn of(entity: &Arc<EntityMetadata>, name: &str) -> Option<Self> {
        let ordinal = entity.ordinal(name)?;
        let attribute = entity.attribute_at(ordinal)?;
        Some(Self { base: Some(Base::of(entity, ordinal, attribute)), is_nullable: true })
    }

    /// What holds for both.
    pub(super) fn join(self, other: Self) -> Self {
        let is_nullable = self.is_nullable || other.is_nullable;
        let base = match (self.base, other.base) {
            (Some(a), Some(b)) => Some(a.join(b)),
            (a, b) => a.or(b),
        };
        if base == Some(Base::Any) { Self::ANY } else { Self { base, is_nullable } }
    }

    /// A map of which nothing is known.
    pub(super) fn map() -> Self {
        Base::Map(None).into()
    }

    pub(super) fn array(of: Self) -> Self {
        Base::Array(of.into()).into()
    }

    pub(super) fn lookup_of(entity: &str) -> Self {
        Base::Lookup(Some(BTreeSet::from([entity.to_owned()]))).into()
    }
}

impl Base {
    fn of(entity: &Arc<EntityMetadata>, ordinal: Ordinal, attribute: &AttributeMetadata) -> Self {
        match &attribute.kind {
            AttributeType::Boolean { .. } => Self::Boolean,
            AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } => {
                Self::WholeNumber
            }
            AttributeType::Double { .. } => Self::Double,
            AttributeType::Decimal { .. } | AttributeType::Money { .. } => Self::Decimal,
            AttributeType::Text { .. }
            | AttributeType::Memo { .. }
            | AttributeType::EntityName
            | AttributeType::UniqueIdentifier => Self::Text,
            AttributeType::DateTime { behavior: DateTimeBehavior::DateOnly, .. } => Self::Date,
            AttributeType::DateTime { .. } => Self::Moment,
            AttributeType::Choice(_) | AttributeType::State(_) | AttributeType::Status(_) => {
                Self::Choice(Options { entity: Arc::clone(entity), ordinal })
            }
            AttributeType::MultiChoice(_) => {
                let options = Options { entity: Arc::clone(entity), ordinal };
                Self::Array(Type::from(Self::Choice(options)).into())
            }
            AttributeType::Lookup { targets }
            | AttributeType::Customer { targets }
            | AttributeType::Owner { targets } => {
                Self::Lookup(Some(targets.iter().map(ToString::to_string).collect()))
            }
            AttributeType::PartyList { .. }
            | AttributeType::Image { .. }
            | AttributeType::File { .. }
            | AttributeType::Virtual
            | AttributeType::ManagedProperty => Self::Any,
        }
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (a, b) if a.is_exact() && b.is_exact() => Self::Number,
            (Self::Lookup(a), Self::Lookup(b)) => {
                Self::Lookup(a.zip(b).map(|(a, b)| a.union(&b).cloned().collect()))
            }
            (Self::Array(a), Self::Array(b)) => Self::Array(a.join(*b).into()),
            (Self::Map(_), Self::Map(_)) => Self::Map(None),
            (Self::Record(a), Self::Record(b)) if Arc::ptr_eq(&a.entity, &b.entity) => {
                match (a.of, b.of) {
                    (Origin::Read(Some(x)), Origin::Read(Some(y))) => Self::Record(Row {
                        of: Origin::Read(Some(x.intersection(&y).cloned().collect())),
                        ..a
                    }),
                    _ => Self::Any,
                }
            }
            _ => Self::Any,
        }
    }

    /// The entities of the records for which it stands, or all of an array do; none where it stands for no records,
    /// and none of them where they are not known.
    #[expect(clippy::option_option, reason = "no records, and records of which nothing is known")]
    pub(super) fn entities(&self) -> Option<Option<Vec<&str>>> {
        match self {
            Self::Lookup(targets) => {
                Some(targets.as_ref().map(|it| it.iter().map(String::as_str).collect()))
            }
            Self::Record(row) => Some(Some(vec![row.entity.logical_name().as_str()])),
            Self::Array(of) => of.base.as_ref()?.entities(),
            _ => None,
        }
    }

    pub(super) fn shape(&self) -> Option<Shape> {
        Some(match self {
            Self::Boolean => Shape::Boolean,
            Self::WholeNumber => Shape::WholeNumber,
            Self::Double => Shape::Double,
            Self::Decimal | Self::Number => Shape::Decimal,
            Self::Text => Shape::Text,
            Self::Letter => Shape::Letter,
            Self::Date => Shape::Date,
            Self::Moment => Shape::Moment,
            Self::Choice(_) => Shape::Choice,
            Self::Lookup(_) => Shape::Lookup,
            Self::Record(_) => Shape::Record,
            Self::Array(_) => Shape::Array,
            Self::Map(_) => Shape::Map,
            Self::Context => Shape::Context,
            Self::Parent | Self::Entries(_) => Shape::Other,
            Self::Function(..) => Shape::Function,
            Self::Blob => Shape::Blob,
            Self::Error | Self::Any => return None,
        })
    }

    /// Whether values of both can be calculated with each other.
    pub(super) fn is_number(&self) -> bool {
        *self == Self::Double || self.is_exact()
    }

    fn is_exact(&self) -> bool {
        matches!(self, Self::WholeNumber | Self::Decimal | Self::Number)
    }
}

/// In words: `text`, `whole number or null`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.base, self.is_nullable) {
            (None, true) => f.write_str("null"),
            (None, false) => f.write_str("nothing"),
            (Some(Base::Any), _) => f.write_str("any value"),
            (Some(base), false) => base.fmt(f),
            (Some(base), true) => write!(f, "{base} or null"),
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::WholeNumber => f.write_str("whole number"),
            Self::Double => f.write_str("double"),
            Self::Decimal => f.write_str("decimal"),
            Self::Number => f.write_str("whole number or decimal"),
            Self::Text => f.write_str("text"),
            Self::Letter => f.write_str("letter"),
            Self::Date => f.write_str("date"),
            Self::Moment => f.write_str("date-time"),
            Self::Choice(of) => write!(f, "option of `{}`", of.entity.name(of.ordinal)),
            Self::Lookup(Some(targets)) => {
                let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
                write!(f, "lookup of {}", targets.join(" or "))
            }
            Self::Lookup(None) => f.write_str("lookup"),
            Self::Record(row) => write!(f, "record of {}", row.entity.logical_name()),
            Self::Array(_) => f.write_str("array"),
            Self::Map(_) => f.write_str("map"),
            Self::Context => f.write_str("context"),
            Self::Parent => f.write_str("parent"),
            Self::Entries(_) => f.write_str("part of the context"),
            Self::Function(..) => f.write_str("function"),
            Self::Blob => f.write_str("blob"),
            Self::Error => f.write_str("error"),
            Self::Any => f.write_str("any value"),
        }
    }
}
