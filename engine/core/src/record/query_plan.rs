//! Query plans: a query whose names are resolved, and what it says of one record.

use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::query::{Operator, Query, QueryError};
use super::resolution::{resolve, resolve_columns, resolve_links, resolve_order};
use super::{AggregateError, Aggregation, Bookmark, LinkPlan, Page, PageRequest};
use super::{Record, Totals, Value};
use crate::metadata::{AttributeSet, Catalog, EntityMetadata, LogicalName, Ordinal};

/// A query whose names are resolved and whose values have the types of their attributes.
#[derive(Debug, Clone)]
pub struct QueryPlan {
    /// The entity.
    pub entity: Arc<EntityMetadata>,
    /// The attributes wanted; `None` for all.
    pub columns: Option<AttributeSet>,
    /// The most records wanted.
    pub top: Option<u32>,
    /// The part of the answer that is wanted.
    pub page: Option<PageRequest>,
    /// Where the page before ended, as its cookie says.
    pub after: Option<Bookmark>,
    /// Whether to count all records that match.
    pub returns_total: bool,
    /// The condition that records must meet.
    pub filter: Test,
    /// The attributes by which records are put in order, and whether the greatest come first. Null is less
    /// than anything, and the identity decides where they leave two records equal.
    pub order: Vec<(Ordinal, bool)>,
    /// The records at which lookups point, of which more is wanted.
    pub links: Vec<LinkPlan>,
    /// What is computed of the records that match, where the query does not want the records.
    pub aggregation: Option<Aggregation>,
}

/// A filter by places.
#[derive(Debug, Clone)]
pub enum Test {
    /// Every one of these; all records where there is none.
    All(Vec<Test>),
    /// At least one of these.
    Any(Vec<Test>),
    /// A condition on one attribute.
    Is {
        /// What it looks at.
        attribute: Subject,
        /// How that is compared.
        operator: Operator,
        /// With what: as many values as the operator takes, in the type in which the attribute holds them.
        values: Vec<Value>,
    },
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The identity of the record.
    Identity,
    /// The attribute at that place.
    Attribute(Ordinal),
}

impl QueryPlan {
    /// Resolves a query against a catalog.
    pub fn new(query: &Query, catalog: &Catalog) -> Result<Self, QueryError> {
        let entity = Arc::clone(catalog.entity(&query.entity)?);
        if query.top.is_some() && query.page.is_some() {
            return Err(QueryError::Page("a query takes either `top` or a page"));
        }
        if let Some(page) = &query.page
            && (page.number == 0 || page.size == 0 || PageRequest::SIZE_LIMIT < page.size)
        {
            return Err(QueryError::Page("pages count from 1 and hold 1 to 5000 records"));
        }
        let mut columns = resolve_columns(&query.columns, &entity)?;
        let filter = resolve(&query.filter, &entity)?;
        let mut links = resolve_links(query, &entity, catalog)?;
        let aggregation = Aggregation::new(query, &entity, &mut links)?;
        let mut order = Vec::new();
        if let Some(aggregation) = &aggregation {
            columns = Some(aggregation.columns()); // It has an order of its own.
        } else {
            let places = query.order.iter().map(|it| resolve_order(it, &entity));
            order = places.collect::<Result<Vec<_>, QueryError>>()?;
        }
        let (top, page) = (query.top, query.page.clone());
        let after = bookmark(page.as_ref(), order.len())?;
        let returns_total = query.returns_total;
        Ok(Self {
            entity,
            columns,
            top,
            page,
            after,
            returns_total,
            filter,
            order,
            links,
            aggregation,
        })
    }

    /// The entities at whose records it looks.
    pub fn entities(&self) -> impl Iterator<Item = &LogicalName> {
        let links = self.links.iter().map(|it| it.entity.logical_name());
        [self.entity.logical_name()].into_iter().chain(links)
    }

    /// Whether the record meets the filter.
    pub fn matches(&self, record: &Record) -> bool {
        self.filter.matches(record)
    }

    /// Which of two records comes first.
    pub fn compare(&self, a: &Record, b: &Record) -> Ordering {
        let by_attributes = self.order.iter().map(|(ordinal, is_descending)| {
            let order = compare_nullable(a.at(*ordinal), b.at(*ordinal));
            if *is_descending { order.reverse() } else { order }
        });
        by_attributes.fold(Ordering::Equal, Ordering::then).then_with(|| a.id().cmp(&b.id()))
    }

    /// Whether the record comes behind a bookmark.
    pub fn is_behind(&self, record: &Record, bookmark: &Bookmark) -> bool {
        let by_attributes =
            self.order.iter().zip(&bookmark.values).map(|((ordinal, is_descending), value)| {
                let order = compare_nullable(record.at(*ordinal), value.as_ref());
                if *is_descending { order.reverse() } else { order }
            });
        by_attributes
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| record.id().cmp(&Some(bookmark.id)))
            .is_gt()
    }

    /// What to send for the page behind this record.
    pub fn cookie(&self, last: &Record) -> Option<String> {
        let values = self.order.iter().map(|(ordinal, _)| last.at(*ordinal).cloned()).collect();
        Some(Bookmark { values, id: last.id()? }.to_cookie())
    }

    /// Attributes that must equal these values, whatever else the filter says: what an index can use.
    pub fn equalities(&self) -> impl Iterator<Item = (Ordinal, &Value)> {
        let all = if let Test::All(all) = &self.filter { all.as_slice() } else { &[] };
        all.iter().filter_map(|it| match it {
            Test::Is { attribute: Subject::Attribute(it), operator: Operator::Equal, values } => {
                Some((*it, values.first()?))
            }
            Test::Is { .. } | Test::All(_) | Test::Any(_) => None,
        })
    }

    /// What the query answers, out of all records of its entity. `find` finds the records at the other ends of
    /// its links.
    pub fn answer(
        &self,
        records: impl IntoIterator<Item = Record>,
        mut find: impl FnMut(&Arc<EntityMetadata>, Uuid) -> Option<Record>,
    ) -> Result<Page, AggregateError> {
        let matching = records.into_iter().filter(|it| self.matches(it));
        let joined = matching.filter_map(|it| {
            self.links.iter().try_fold(it, |it, link| link.join(it, |id| find(&link.entity, id)))
        });
        let mut found: Vec<Record> = joined.collect();
        found.sort_by(|a, b| self.compare(a, b));
        if let Some(mut totals) = Totals::new(self) {
            found.iter().try_for_each(|it| totals.add(it))?;
            return totals.finish();
        }
        let total = self.returns_total.then_some(found.len() as u64);
        let start = match &self.after {
            Some(it) => found.partition_point(|record| !self.is_behind(record, it)),
            None => usize::try_from(self.skipped()).unwrap_or(usize::MAX).min(found.len()),
        };
        Ok(self.page_of(found.split_off(start), total))
    }

    /// How many records come before the page, where no cookie says where it begins.
    pub fn skipped(&self) -> u64 {
        let page = self.page.as_ref();
        page.map_or(0, |it| u64::from(it.number.saturating_sub(1)) * u64::from(it.size))
    }

    /// The page that begins with the first of these records. Those behind its end say only that there are more.
    pub fn page_of(&self, mut records: Vec<Record>, total: Option<u64>) -> Page {
        let size = self.page.as_ref().map(|it| it.size).or(self.top).map(|it| it as usize);
        let has_more = self.page.is_some() && size.is_some_and(|it| it < records.len());
        records.truncate(size.unwrap_or(usize::MAX));
        let last = records.last().filter(|_| self.page.is_some());
        let cookie = last.and_then(|it| self.cookie(it));
        let records = records.into_iter().map(|it| self.project(it)).collect();
        Page { records, has_more, cookie, total }
    }

    /// The record with the attributes wanted, as far as the entity can be read (C-7).
    pub fn project(&self, record: Record) -> Record {
        match &self.columns {
            Some(columns) => record.only(columns),
            None => record,
        }
    }
}

/// Where the page before ended: what its cookie says, which must be one of this query.
fn bookmark(page: Option<&PageRequest>, values: usize) -> Result<Option<Bookmark>, QueryError> {
    let Some(cookie) = page.and_then(|it| it.cookie.as_deref()) else { return Ok(None) };
    let bookmark = Bookmark::from_cookie(cookie).filter(|it| it.values.len() == values);
    let wrong = "the cookie is none that this query gave";
    bookmark.map(Some).ok_or(QueryError::Page(wrong))
}

impl Test {
    /// Whether a record meets it.
    pub(super) fn matches(&self, record: &Record) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|it| it.matches(record)),
            Self::Any(tests) => tests.iter().any(|it| it.matches(record)),
            Self::Is { attribute: Subject::Identity, operator, values } => {
                let id = record.id().map(Value::Id);
                meets(id.as_ref(), *operator, values)
            }
            Self::Is { attribute: Subject::Attribute(ordinal), operator, values } => {
                meets(record.at(*ordinal), *operator, values)
            }
        }
    }
}

/// Whether a stored value meets a condition. What is null meets `null` and the negations alone.
fn meets(stored: Option<&Value>, operator: Operator, values: &[Value]) -> bool {
    let first = values.first();
    let is = |wanted: fn(Ordering) -> bool| {
        stored.zip(first).is_some_and(|(a, b)| compare(a, b).is_some_and(wanted))
    };
    let text = || {
        let pair = stored.and_then(Value::as_text).zip(first.and_then(Value::as_text));
        pair.is_some_and(|(a, b)| operator.finds(a, b))
    };
    let is_one_of =
        || stored.is_some_and(|a| values.iter().any(|b| compare(a, b) == Some(Ordering::Equal)));
    match operator {
        Operator::Equal => is(Ordering::is_eq),
        Operator::NotEqual => !is(Ordering::is_eq),
        Operator::LessThan => is(Ordering::is_lt),
        Operator::LessEqual => is(Ordering::is_le),
        Operator::GreaterThan => is(Ordering::is_gt),
        Operator::GreaterEqual => is(Ordering::is_ge),
        Operator::Like | Operator::BeginsWith | Operator::EndsWith => text(),
        Operator::NotLike => !text(),
        Operator::In => is_one_of(),
        Operator::NotIn => !is_one_of(),
        Operator::Null => stored.is_none(),
        Operator::NotNull => stored.is_some(),
        Operator::Between => {
            let is = |a, b, wanted: fn(Ordering) -> bool| compare(a, b).is_some_and(wanted);
            matches!((stored, values), (Some(a), [low, high])
                if is(a, low, Ordering::is_ge) && is(a, high, Ordering::is_le))
        }
        Operator::Contains => match (stored, first) {
            (Some(Value::Choices(options)), Some(Value::Choice(option))) => {
                options.contains(option)
            }
            (Some(Value::Parties(parties)), Some(Value::Lookup(who))) => {
                parties.iter().any(|it| it.party == *who)
            }
            _ => text(),
        },
    }
}

impl Operator {
    /// Whether a text operator finds what it looks for in a text, without regard to case: a pattern
    /// (`like`, and `not-like` denies it), a beginning, an end, or any part. Other operators find nothing.
    pub fn finds(self, text: &str, wanted: &str) -> bool {
        let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
        match self {
            Self::Like | Self::NotLike => is_like(&text, &wanted),
            Self::BeginsWith => text.starts_with(&wanted),
            Self::EndsWith => text.ends_with(&wanted),
            Self::Contains => text.contains(&wanted),
            Self::Equal
            | Self::NotEqual
            | Self::LessThan
            | Self::LessEqual
            | Self::GreaterThan
            | Self::GreaterEqual
            | Self::In
            | Self::NotIn
            | Self::Null
            | Self::NotNull
            | Self::Between => false,
        }
    }
}

pub(super) fn compare_nullable(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare(a, b).unwrap_or(Ordering::Equal),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Compares two values of one attribute; `None` where they have no order.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        (Value::WholeNumber(a), Value::WholeNumber(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(Decimal::cmp(a, b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::Moment(a), Value::Moment(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Choice(a), Value::Choice(b)) => Some(a.cmp(b)),
        (Value::Choices(a), Value::Choices(b)) => Some(a.cmp(b)),
        (Value::Choices(a), Value::Choice(b)) if a.contains(b) => Some(Ordering::Equal),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Lookup(a), Value::Lookup(b)) => {
            Some(a.id.cmp(&b.id).then_with(|| a.entity.cmp(&b.entity)))
        }
        _ => Some(a.as_identity()?.cmp(&b.as_identity()?)),
    }
}

/// Whether a text is like a pattern: `%` stands for any text, `_` for any character.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut t, mut p) = (0, 0);
    let mut retry = None; // Where the last `%` stands, and what it has swallowed so far.
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(it) if *it == '_' || Some(it) == text.get(t) => {
                t += 1;
                p += 1;
            }
            _ => {
                let Some((percent, swallowed)) = retry else { return false };
                retry = Some((percent, swallowed + 1));
                (p, t) = (percent + 1, swallowed + 1);
            }
        }
    }
    pattern.iter().skip(p).all(|it| *it == '%')
}
