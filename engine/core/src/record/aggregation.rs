//! Aggregations: aggregates whose names are resolved, and how they grow record by record.
//!
//! Every store hands its records over here, in the order of their identities. So the sums of all stores are the
//! same to the last digit, and so is the value that stands for a group.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::aggregate::{Aggregate, AggregateError, AggregateFunction, DatePart, GroupBy};
use super::link::LinkPlan;
use super::query::{OrderBy, Query, QueryError};
use super::query_plan::{compare, compare_nullable};
use super::resolution::has_no_order;
use super::{Page, QueryPlan, Record, Value};
use crate::metadata::{AttributeSet, AttributeType, EntityMetadata, LogicalName, Ordinal};

/// Digits behind the point that the average of exact numbers has at most: those of a Dataverse decimal.
const AVERAGE_DIGITS: u32 = 10;
/// The most records that an aggregate may be computed of, unless a setting says otherwise.
const RECORD_LIMIT: u32 = 50_000;

/// What a query computes of the records that match, by places.
#[derive(Debug, Clone)]
pub struct Aggregation {
    /// The most records that may match.
    pub record_limit: u32,
    groups: Vec<(Source, Option<DatePart>)>,
    values: Vec<(Source, Kind)>,
    /// The names of the groups, and behind them those of the values.
    names: Vec<LogicalName>,
    /// By which of those the answer is ordered, and whether the greatest come first.
    order: Vec<(usize, bool)>,
}

/// Where a value is.
#[derive(Debug, Clone)]
enum Source {
    Nowhere,
    Own(Ordinal),
    Linked(LogicalName),
}

/// How a value is computed.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Count,
    CountColumn,
    Sum,
    Average,
    Best(Ordering),
}

/// The groups of the records so far.
#[derive(Debug)]
pub struct Totals<'a> {
    plan: &'a QueryPlan,
    aggregation: &'a Aggregation,
    groups: BTreeMap<GroupKey, Vec<Total>>,
    records: u32,
}

/// What the records of a group have in common, compared as a query compares.
#[derive(Debug)]
struct GroupKey(Vec<Option<Value>>);

/// A value under construction.
#[derive(Debug, Default)]
struct Total {
    count: i64,
    value: Option<Value>,
    /// The sum of whole numbers, which may pass their bounds on the way.
    whole: i128,
}

/// A sum that its type cannot hold.
struct TooLarge;

impl Aggregation {
    /// Resolves what a query computes; `None` where it wants the records.
    pub(super) fn new(
        query: &Query,
        entity: &EntityMetadata,
        links: &mut [LinkPlan],
    ) -> Result<Option<Self>, QueryError> {
        if query.aggregates.is_empty() && query.groups.is_empty() {
            return Ok(None);
        }
        if query.page.as_ref().is_some_and(|it| it.cookie.is_some()) {
            return Err(QueryError::Page("pages of an aggregate have no cookie: ask by number"));
        }
        let mut resolver = Resolver { entity, links };
        let groups = query.groups.iter().map(|it| resolver.group(it));
        let groups: Vec<_> = groups.collect::<Result<_, QueryError>>()?;
        let values = query.aggregates.iter().map(|it| resolver.value(it));
        let values: Vec<_> = values.collect::<Result<_, QueryError>>()?;
        let groups_named = query.groups.iter().map(|it| &it.alias);
        let names = groups_named.chain(query.aggregates.iter().map(|it| &it.alias)).cloned();
        let names: Vec<LogicalName> = names.collect();
        for (index, alias) in names.iter().enumerate() {
            if !alias.is_well_formed() || names.iter().skip(index + 1).any(|it| it == alias) {
                return Err(QueryError::Alias { alias: alias.clone() });
            }
        }
        let by = |it: &OrderBy| {
            let index = names.iter().position(|name| *name == it.attribute);
            let unknown = || QueryError::Alias { alias: it.attribute.clone() };
            Ok((index.ok_or_else(unknown)?, it.is_descending))
        };
        let order = query.order.iter().map(by).collect::<Result<_, QueryError>>()?;
        Ok(Some(Self { record_limit: RECORD_LIMIT, groups, values, names, order }))
    }

    /// Which of two results comes first.
    fn compare(&self, a: &[Option<Value>], b: &[Option<Value>]) -> Ordering {
        let by = self.order.iter().map(|(index, is_descending)| {
            let [a, b] = [a, b].map(|it| it.get(*index).and_then(Option::as_ref));
            let order = compare_nullable(a, b);
            if *is_descending { order.reverse() } else { order }
        });
        by.fold(Ordering::Equal, Ordering::then)
    }

    /// The attributes of the entity itself that it looks at.
    pub(super) fn columns(&self) -> AttributeSet {
        let sources = self.groups.iter().map(|it| &it.0).chain(self.values.iter().map(|it| &it.0));
        let own = |it: &Source| if let Source::Own(place) = it { Some(*place) } else { None };
        sources.filter_map(own).collect()
    }
}

/// Finds what aggregates look at.
struct Resolver<'a> {
    entity: &'a EntityMetadata,
    links: &'a mut [LinkPlan],
}

impl Resolver<'_> {
    fn group(&mut self, group: &GroupBy) -> Result<(Source, Option<DatePart>), QueryError> {
        let (source, kind) = self.source(&group.attribute)?;
        let is_date = matches!(kind, AttributeType::DateTime { .. });
        if has_no_order(&kind) || (group.part.is_some() && !is_date) {
            let (attribute, kind) = (group.attribute.clone(), kind.name());
            return Err(QueryError::NoAggregate { attribute, kind });
        }
        Ok((source, group.part))
    }

    fn value(&mut self, aggregate: &Aggregate) -> Result<(Source, Kind), QueryError> {
        let kind = match aggregate.function {
            AggregateFunction::Count => return Ok((Source::Nowhere, Kind::Count)),
            AggregateFunction::CountColumn => Kind::CountColumn,
            AggregateFunction::Sum => Kind::Sum,
            AggregateFunction::Average => Kind::Average,
            AggregateFunction::Minimum => Kind::Best(Ordering::Less),
            AggregateFunction::Maximum => Kind::Best(Ordering::Greater),
        };
        let (source, of) = self.source(&aggregate.attribute)?;
        let is_number = matches!(
            of,
            AttributeType::WholeNumber { .. }
                | AttributeType::BigInteger { .. }
                | AttributeType::Decimal { .. }
                | AttributeType::Money { .. }
                | AttributeType::Double { .. }
        );
        let is_date = matches!(of, AttributeType::DateTime { .. });
        let fits = match kind {
            Kind::Count | Kind::CountColumn => true,
            Kind::Sum | Kind::Average => is_number,
            Kind::Best(_) => is_number || is_date,
        };
        if !fits {
            let (attribute, kind) = (aggregate.attribute.clone(), of.name());
            return Err(QueryError::NoAggregate { attribute, kind });
        }
        Ok((source, kind))
    }

    fn source(&mut self, name: &LogicalName) -> Result<(Source, AttributeType), QueryError> {
        let Some((alias, attribute)) = name.split_once('.') else {
            let place = self.entity.find(name)?;
            let attribute = self.entity.attribute_at(place);
            let kind = attribute.map_or(AttributeType::Virtual, |it| it.kind.clone());
            // What cannot be read is null here too (C-7).
            let is_shown = attribute.is_some_and(|it| it.valid_for.read);
            return Ok((if is_shown { Source::Own(place) } else { Source::Nowhere }, kind));
        };
        let link = self.links.iter_mut().find(|it| **it.alias() == *alias);
        let link = link.ok_or_else(|| QueryError::Alias { alias: alias.into() })?;
        let entity = Arc::clone(&link.entity);
        let place = entity.find(attribute)?;
        let Some(attribute) = entity.attribute_at(place) else {
            return Ok((Source::Nowhere, AttributeType::Virtual));
        };
        Ok((Source::Linked(link.want(place, attribute)), attribute.kind.clone()))
    }
}

impl Source {
    fn of<'a>(&self, record: &'a Record) -> Option<&'a Value> {
        match self {
            Self::Nowhere => None,
            Self::Own(place) => record.at(*place),
            Self::Linked(name) => record.aliased(name),
        }
    }
}

impl<'a> Totals<'a> {
    /// No record as yet; `None` where the plan wants the records.
    pub fn new(plan: &'a QueryPlan) -> Option<Self> {
        let aggregation = plan.aggregation.as_ref()?;
        Some(Self { plan, aggregation, groups: BTreeMap::new(), records: 0 })
    }

    /// Counts a record that matches in. They come in the order of their identities.
    pub fn add(&mut self, record: &Record) -> Result<(), AggregateError> {
        let limit = self.aggregation.record_limit;
        if limit <= self.records {
            return Err(AggregateError::TooManyRecords { limit });
        }
        self.records += 1;
        let parts = self.aggregation.groups.iter();
        let key = parts.map(|(source, part)| common(source.of(record)?, *part)).collect();
        let values = &self.aggregation.values;
        let totals = self.groups.entry(GroupKey(key)).or_default();
        totals.resize_with(values.len(), Total::default);
        let names = self.aggregation.names.iter().skip(self.aggregation.groups.len());
        for ((total, (source, kind)), alias) in totals.iter_mut().zip(values).zip(names) {
            let overflow = |_| AggregateError::Overflow { alias: alias.clone() };
            total.add(source.of(record), *kind).map_err(overflow)?;
        }
        Ok(())
    }

    /// The answer: a record without identity for each group, whose values go by their aliases.
    pub fn finish(mut self) -> Result<Page, AggregateError> {
        let Aggregation { groups, values, names, .. } = self.aggregation;
        if groups.is_empty() && self.groups.is_empty() {
            let nothing = values.iter().map(|_| Total::default()).collect();
            self.groups.insert(GroupKey(Vec::new()), nothing); // Of no records there are none.
        }
        let mut rows: Vec<Vec<Option<Value>>> = Vec::new();
        for (GroupKey(mut row), totals) in mem::take(&mut self.groups) {
            for ((total, (_, kind)), alias) in
                totals.into_iter().zip(values).zip(names.iter().skip(groups.len()))
            {
                let overflow = |_| AggregateError::Overflow { alias: alias.clone() };
                row.push(total.value(*kind).map_err(overflow)?);
            }
            rows.push(row);
        }
        // Stable: where the order leaves it open, the groups decide.
        rows.sort_by(|a, b| self.aggregation.compare(a, b));
        let total = self.plan.returns_total.then_some(rows.len() as u64);
        let skipped = usize::try_from(self.plan.skipped()).unwrap_or(usize::MAX);
        let records = rows.into_iter().skip(skipped).map(|row| {
            let mut record = Record::new(&self.plan.entity);
            let named = names.iter().zip(row);
            for (name, value) in named.filter_map(|(name, it)| Some((name, it?))) {
                record.put_aliased(name.clone(), value);
            }
            record
        });
        Ok(self.plan.page_of(records.collect(), total))
    }
}

/// What a record has in common with others of its group.
fn common(value: &Value, part: Option<DatePart>) -> Option<Value> {
    let Some(part) = part else { return Some(value.clone()) };
    let date = match value {
        Value::Moment(it) => it.date_naive(),
        Value::Date(it) => *it,
        Value::Null
        | Value::Text(_)
        | Value::WholeNumber(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::Boolean(_)
        | Value::Choice(_)
        | Value::Choices(_)
        | Value::Lookup(_)
        | Value::Parties(_)
        | Value::Id(_)
        | Value::Bytes(_) => return None,
    };
    Some(Value::WholeNumber(match part {
        DatePart::Day => date.day().into(),
        DatePart::Week => week(date).into(),
        DatePart::Month => date.month().into(),
        DatePart::Quarter => (date.month0() / 3 + 1).into(),
        DatePart::Year => date.year().into(),
    }))
}

/// The week of the year: each begins on a Sunday, and the first on January 1.
fn week(date: NaiveDate) -> u32 {
    let first = NaiveDate::from_ymd_opt(date.year(), 1, 1);
    let before = first.map_or(0, |it| it.weekday().num_days_from_sunday());
    (date.ordinal0() + before) / 7 + 1
}

impl Total {
    fn add(&mut self, value: Option<&Value>, kind: Kind) -> Result<(), TooLarge> {
        let Some(value) = value else {
            self.count += i64::from(matches!(kind, Kind::Count));
            return Ok(());
        };
        self.count += 1;
        match kind {
            Kind::Count | Kind::CountColumn => {}
            Kind::Sum | Kind::Average => self.sum(value)?,
            Kind::Best(wanted) => {
                let is_better = |it: &Value| compare(value, it) == Some(wanted);
                if self.value.as_ref().is_none_or(is_better) {
                    self.value = Some(value.clone());
                }
            }
        }
        Ok(())
    }

    fn sum(&mut self, value: &Value) -> Result<(), TooLarge> {
        if let Value::WholeNumber(it) = value {
            self.whole += i128::from(*it); // INVARIANT: 2^32 of them at most.
            self.value = Some(Value::WholeNumber(0));
        } else if let Value::Double(it) = value {
            let sum = if let Some(Value::Double(sum)) = &self.value { *sum } else { 0.0 };
            self.value = Some(Value::Double(sum + it));
        } else if let Value::Decimal(it) = value {
            let sum = self.value.as_ref().and_then(Value::as_decimal).unwrap_or_default();
            self.value = Some(Value::Decimal(sum.checked_add(*it).ok_or(TooLarge)?));
        }
        Ok(())
    }

    /// What it came to, or null.
    fn value(self, kind: Kind) -> Result<Option<Value>, TooLarge> {
        let by = match kind {
            Kind::Count | Kind::CountColumn => return Ok(Some(Value::WholeNumber(self.count))),
            Kind::Best(_) => return Ok(self.value),
            Kind::Sum => 1,
            Kind::Average => self.count,
        };
        Ok(match self.value {
            Some(Value::WholeNumber(_)) => {
                let whole = i64::try_from(self.whole / i128::from(by)).map_err(|_| TooLarge)?;
                Some(Value::WholeNumber(whole))
            }
            #[expect(clippy::cast_precision_loss, reason = "a count is far below 2^52")]
            Some(Value::Double(it)) => Some(Value::Double(it / by as f64)),
            Some(Value::Decimal(it)) if by != 1 => {
                let average = it.checked_div(Decimal::from(by)).ok_or(TooLarge)?;
                Some(Value::Decimal(average.round_dp(AVERAGE_DIGITS)))
            }
            other => other,
        })
    }
}

impl Ord for GroupKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let each = self.0.iter().zip(&other.0);
        each.map(|(a, b)| compare_nullable(a.as_ref(), b.as_ref()))
            .fold(Ordering::Equal, Ordering::then)
    }
}

impl PartialOrd for GroupKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for GroupKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for GroupKey {}
