//! Queries: which records of an entity are wanted, and in which order.

use super::{Aggregate, GroupBy, LinkEntity, PageRequest, Value};
use crate::code::ErrorCode;
use crate::metadata::{LogicalName, MetadataError};

/// Which records of an entity are wanted, and which of their attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The entity.
    pub entity: LogicalName,
    /// The attributes wanted.
    pub columns: ColumnSet,
    /// The condition that records must meet.
    pub filter: Filter,
    /// The order; by identity where it leaves two records equal.
    pub order: Vec<OrderBy>,
    /// The most records wanted. Excludes paging.
    pub top: Option<u32>,
    /// The part of the answer that is wanted.
    pub page: Option<PageRequest>,
    /// Whether to count all records that match.
    pub returns_total: bool,
    /// The records at which lookups point, of which more is wanted.
    pub links: Vec<LinkEntity>,
    /// What is computed of the records that match, instead of the records. The order then goes by aliases.
    pub aggregates: Vec<Aggregate>,
    /// What the records of one result have in common.
    pub groups: Vec<GroupBy>,
}

/// Which attributes to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ColumnSet {
    /// All of them.
    #[default]
    All,
    /// These, and the identity.
    Only(Vec<LogicalName>),
}

/// A condition that records must meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one of these; all records where there is none.
    All(Vec<Filter>),
    /// At least one of these.
    Any(Vec<Filter>),
    /// This condition on one attribute.
    Is(Condition),
}

/// A condition on one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The attribute.
    pub attribute: LogicalName,
    /// How it is compared.
    pub operator: Operator,
    /// With what: none for `null`, two for `between`, any number for `in`, else one.
    pub values: Vec<Value>,
}

crate::metadata::named! {
    /// How an attribute is compared. Texts are compared without regard to case, as Dataverse does.
    pub enum Operator {
        /// The same.
        Equal = "eq",
        /// Another, or null.
        NotEqual = "ne",
        /// Less.
        LessThan = "lt",
        /// Less, or the same.
        LessEqual = "le",
        /// Greater.
        GreaterThan = "gt",
        /// Greater, or the same.
        GreaterEqual = "ge",
        /// Like a pattern in which `%` stands for any text and `_` for any character.
        Like = "like",
        /// Unlike the pattern, or null.
        NotLike = "not-like",
        /// One of these.
        In = "in",
        /// None of these, or null.
        NotIn = "not-in",
        /// Null.
        Null = "null",
        /// Not null.
        NotNull = "not-null",
        /// From the first value to the second, both included.
        Between = "between",
        /// A text that begins so.
        BeginsWith = "begins-with",
        /// A text that ends so.
        EndsWith = "ends-with",
        /// A text, or a list of options, that contains it.
        Contains = "contains",
    }
}

/// An attribute by which records are put in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The attribute.
    pub attribute: LogicalName,
    /// Whether the greatest come first. Null is less than anything.
    pub is_descending: bool,
}

/// A query that asks for something impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// It names something unknown.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// An operator has too few or too many values.
    #[error("`{attribute}`: the operator `{operator}` takes {expected}, and got {found} values")]
    Values {
        /// The attribute.
        attribute: LogicalName,
        /// The operator.
        operator: Operator,
        /// What it takes.
        expected: &'static str,
        /// What it got.
        found: usize,
    },
    /// A value is of another type than the attribute.
    #[error("`{attribute}` holds a {expected} and cannot be compared with the {found} {value}")]
    WrongType {
        /// The attribute.
        attribute: LogicalName,
        /// What it holds.
        expected: &'static str,
        /// What it is compared with.
        found: &'static str,
        /// The value.
        value: String,
    },
    /// Records cannot be put in order by such an attribute.
    #[error("`{attribute}` is of type {kind}, which has no order")]
    NoOrder {
        /// The attribute.
        attribute: LogicalName,
        /// Its type.
        kind: &'static str,
    },
    /// Nothing of that kind can be computed of an attribute, nor a group made of it.
    #[error("`{attribute}` is of type {kind}, of which no such aggregate or group can be made")]
    NoAggregate {
        /// The attribute.
        attribute: LogicalName,
        /// Its type.
        kind: &'static str,
    },
    /// A link goes over no lookup to that entity.
    #[error("`{attribute}` is no lookup that points at records of `{entity}`")]
    NoLink {
        /// The attribute.
        attribute: LogicalName,
        /// The entity.
        entity: LogicalName,
    },
    /// An alias is none, is there twice, or names nothing.
    #[error("`{alias}` is no alias of this query: each is a logical name, and stands once")]
    Alias {
        /// The alias.
        alias: LogicalName,
    },
    /// Its page is impossible.
    #[error("{0}")]
    Page(&'static str),
}

impl Query {
    /// All records of an entity, with all their attributes.
    pub fn new(entity: impl Into<LogicalName>) -> Self {
        Self {
            entity: entity.into(),
            columns: ColumnSet::All,
            filter: Filter::All(Vec::new()),
            order: Vec::new(),
            top: None,
            page: None,
            returns_total: false,
            links: Vec::new(),
            aggregates: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Wants these attributes alone.
    #[must_use]
    pub fn select<N: Into<LogicalName>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.columns = ColumnSet::only(names);
        self
    }

    /// Wants records that meet one more condition.
    #[must_use]
    pub fn filter(
        mut self,
        attribute: impl Into<LogicalName>,
        operator: Operator,
        values: impl IntoIterator<Item = Value>,
    ) -> Self {
        let values = values.into_iter().collect();
        let condition = Condition { attribute: attribute.into(), operator, values };
        self.filter = self.filter.and(condition);
        self
    }

    /// Wants records whose attribute is this value, or null.
    #[must_use]
    pub fn equal(self, attribute: impl Into<LogicalName>, value: impl Into<Value>) -> Self {
        let value = value.into();
        if value.is_null() {
            self.filter(attribute, Operator::Null, [])
        } else {
            self.filter(attribute, Operator::Equal, [value])
        }
    }

    /// Wants the records in ascending order of an attribute.
    #[must_use]
    pub fn order_by(mut self, attribute: impl Into<LogicalName>) -> Self {
        self.order.push(OrderBy { attribute: attribute.into(), is_descending: false });
        self
    }

    /// Wants the records in descending order of an attribute.
    #[must_use]
    pub fn order_by_descending(mut self, attribute: impl Into<LogicalName>) -> Self {
        self.order.push(OrderBy { attribute: attribute.into(), is_descending: true });
        self
    }

    /// Wants at most so many records.
    #[must_use]
    pub fn top(mut self, count: u32) -> Self {
        self.top = Some(count);
        self
    }

    /// Wants one page.
    #[must_use]
    pub fn page(mut self, page: PageRequest) -> Self {
        self.page = Some(page);
        self
    }

    /// Wants to know how many records match in all.
    #[must_use]
    pub fn with_total(mut self) -> Self {
        self.returns_total = true;
        self
    }

    /// Wants something of the records at which a lookup points, too.
    #[must_use]
    pub fn link(mut self, link: LinkEntity) -> Self {
        self.links.push(link);
        self
    }

    /// Wants something computed of the records that match.
    #[must_use]
    pub fn aggregate(mut self, aggregate: Aggregate) -> Self {
        self.aggregates.push(aggregate);
        self
    }

    /// Wants it for each group of them.
    #[must_use]
    pub fn group_by(mut self, group: GroupBy) -> Self {
        self.groups.push(group);
        self
    }
}

impl Filter {
    /// This filter, and one more condition.
    pub(super) fn and(self, condition: Condition) -> Self {
        let condition = Self::Is(condition);
        match self {
            Self::All(mut all) => {
                all.push(condition);
                Self::All(all)
            }
            other @ (Self::Any(_) | Self::Is(_)) => Self::All(vec![other, condition]),
        }
    }
}

impl ColumnSet {
    /// These attributes, and the identity.
    pub fn only<N: Into<LogicalName>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }
}

impl QueryError {
    /// The stable code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Metadata(error) => error.code(),
            Self::Values { .. }
            | Self::WrongType { .. }
            | Self::NoOrder { .. }
            | Self::NoAggregate { .. }
            | Self::NoLink { .. }
            | Self::Alias { .. }
            | Self::Page(_) => ErrorCode::InvalidQuery,
        }
    }
}
