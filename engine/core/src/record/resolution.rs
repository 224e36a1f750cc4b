//! Resolution: the names of a query by their places, and its values in the types of their attributes.

use super::query::{ColumnSet, Condition, Filter, Operator, OrderBy, Query, QueryError};
use super::query_plan::{Subject, Test};
use super::{LinkPlan, Value};
use crate::metadata::{
    AttributeMetadata, AttributeSet, AttributeType, Catalog, DateTimeBehavior, EntityMetadata,
    Ordinal,
};

/// The links of a query. Each has an alias of its own.
pub(super) fn resolve_links(
    query: &Query,
    entity: &EntityMetadata,
    catalog: &Catalog,
) -> Result<Vec<LinkPlan>, QueryError> {
    let mut links: Vec<LinkPlan> = Vec::new();
    for link in &query.links {
        if links.iter().any(|it| *it.alias() == link.alias) {
            return Err(QueryError::Alias { alias: link.alias.clone() });
        }
        links.push(LinkPlan::new(link, entity, catalog)?);
    }
    Ok(links)
}

pub(super) fn resolve_order(
    order: &OrderBy,
    entity: &EntityMetadata,
) -> Result<(Ordinal, bool), QueryError> {
    let ordinal = entity.find(&order.attribute)?;
    let kind = entity.attribute_at(ordinal).map(|it| &it.kind);
    if let Some(kind) = kind.filter(|it| has_no_order(it)) {
        let (attribute, kind) = (order.attribute.clone(), kind.name());
        return Err(QueryError::NoOrder { attribute, kind });
    }
    Ok((ordinal, order.is_descending))
}

/// Whether no value of such an attribute comes before another.
pub(super) fn has_no_order(kind: &AttributeType) -> bool {
    matches!(
        kind,
        AttributeType::PartyList { .. }
            | AttributeType::Image { .. }
            | AttributeType::File { .. }
            | AttributeType::Virtual
    )
}

/// The places of a column set; `None` for all.
pub(crate) fn resolve_columns(
    columns: &ColumnSet,
    entity: &EntityMetadata,
) -> Result<Option<AttributeSet>, QueryError> {
    match columns {
        ColumnSet::All => Ok(None),
        ColumnSet::Only(names) => Ok(Some(entity.set_of(names.iter().map(|it| &**it))?)),
    }
}

pub(super) fn resolve(filter: &Filter, entity: &EntityMetadata) -> Result<Test, QueryError> {
    let each = |filters: &[Filter]| -> Result<Vec<Test>, QueryError> {
        filters.iter().map(|it| resolve(it, entity)).collect()
    };
    Ok(match filter {
        Filter::All(filters) => Test::All(each(filters)?),
        Filter::Any(filters) => Test::Any(each(filters)?),
        Filter::Is(condition) => resolve_condition(condition, entity)?,
    })
}

fn resolve_condition(condition: &Condition, entity: &EntityMetadata) -> Result<Test, QueryError> {
    let ordinal = entity.find(&condition.attribute)?;
    let operator = condition.operator;
    let (expected, is_right) = match operator {
        Operator::Null | Operator::NotNull => ("none", condition.values.is_empty()),
        Operator::Between => ("two", condition.values.len() == 2),
        Operator::In | Operator::NotIn => ("any number", true),
        Operator::Equal
        | Operator::NotEqual
        | Operator::LessThan
        | Operator::LessEqual
        | Operator::GreaterThan
        | Operator::GreaterEqual
        | Operator::Like
        | Operator::NotLike
        | Operator::BeginsWith
        | Operator::EndsWith
        | Operator::Contains => ("one", condition.values.len() == 1),
    };
    if !is_right {
        let (attribute, found) = (condition.attribute.clone(), condition.values.len());
        return Err(QueryError::Values { attribute, operator, expected, found });
    }
    let is_identity = condition.attribute == *entity.primary_id();
    let subject = if is_identity { Subject::Identity } else { Subject::Attribute(ordinal) };
    let values = match entity.attribute_at(ordinal) {
        Some(attribute) => {
            condition.values.iter().map(|it| comparable(it, attribute)).collect::<Result<_, _>>()?
        }
        None => condition.values.clone(),
    };
    Ok(Test::Is { attribute: subject, operator, values })
}

/// The value in the type in which the attribute holds it.
fn comparable(value: &Value, attribute: &AttributeMetadata) -> Result<Value, QueryError> {
    let converted = match (&attribute.kind, value) {
        (
            AttributeType::Text { .. } | AttributeType::Memo { .. } | AttributeType::EntityName,
            Value::Text(_),
        )
        | (
            AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. },
            Value::WholeNumber(_),
        )
        | (AttributeType::Boolean { .. } | AttributeType::ManagedProperty, Value::Boolean(_))
        | (AttributeType::UniqueIdentifier, Value::Id(_))
        | (AttributeType::Double { .. }, Value::Double(_))
        | (AttributeType::PartyList { .. }, Value::Lookup(_)) => Some(value.clone()),
        (AttributeType::UniqueIdentifier, Value::Lookup(reference)) => {
            Some(Value::Id(reference.id))
        }
        (
            AttributeType::Lookup { .. }
            | AttributeType::Customer { .. }
            | AttributeType::Owner { .. },
            _,
        ) => value.as_identity().map(|_| value.clone()),
        (AttributeType::Decimal { .. } | AttributeType::Money { .. }, _) => {
            value.as_decimal().map(Value::Decimal)
        }
        (AttributeType::Double { .. }, _) => {
            value.as_decimal().and_then(|it| f64::try_from(it).ok()).map(Value::Double)
        }
        (
            AttributeType::Choice(_)
            | AttributeType::State(_)
            | AttributeType::Status(_)
            | AttributeType::MultiChoice(_),
            _,
        ) => value.as_choice().map(Value::Choice),
        (AttributeType::DateTime { behavior, .. }, Value::Date(date)) => Some(match behavior {
            DateTimeBehavior::DateOnly => value.clone(),
            DateTimeBehavior::UserLocal | DateTimeBehavior::TimeZoneIndependent => {
                Value::Moment(date.and_time(chrono::NaiveTime::MIN).and_utc())
            }
        }),
        (AttributeType::DateTime { behavior, .. }, Value::Moment(moment)) => Some(match behavior {
            DateTimeBehavior::DateOnly => Value::Date(moment.date_naive()),
            DateTimeBehavior::UserLocal | DateTimeBehavior::TimeZoneIndependent => value.clone(),
        }),
        _ => None,
    };
    converted.ok_or_else(|| QueryError::WrongType {
        attribute: attribute.logical_name.clone(),
        expected: attribute.kind.name(),
        found: value.kind(),
        value: value.to_string(),
    })
}
