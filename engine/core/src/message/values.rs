//! What Create and Update do with the values that they got: drop, check, and see whom they name.

use smallvec::SmallVec;

use super::platform::Platform;
use crate::error::Error;
use crate::metadata::{AttributeMetadata, AttributeType, Ordinal, PrecisionSource};
use crate::record::{EntityReference, MoneyPrecision, Record, Value, ValueError, check_value};
use crate::store::StoreError;

/// Digits after the point of amounts in a currency that does not say.
const DEFAULT_CURRENCY_PRECISION: u32 = 2;

/// Checks every value against its attribute, and keeps the form in which it is stored (C-19 to C-35).
/// What is stored already says in which currency the amounts are, where the target does not.
pub(super) fn check(
    target: &mut Record,
    current: Option<&Record>,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    target.drop_those(|it| &it.not_stored);
    let money = money_precision(target, current, platform)?;
    target.revise(|entity, ordinal, value| {
        // None where a reload removed it while the message was on its way.
        let Some(attribute) = entity.attribute_at(ordinal) else { return Ok(None) };
        Ok(Some(check_value(value, attribute, money)?))
    })
}

/// Every record to which the target refers must exist (C-88), and its entity stands beside the lookup (C-91).
pub(super) fn check_references(
    target: &mut Record,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let entity = target.metadata();
    let (owner, is_sent) = (entity.system().owner, |it: &Ordinal| !entity.is_stamp(*it));
    let references: SmallVec<[(Ordinal, EntityReference); 4]> = target
        .iter()
        .filter(|(ordinal, _)| is_sent(ordinal))
        .filter_map(|(ordinal, value)| Some((ordinal, value.as_lookup()?.clone())))
        .collect();
    for (ordinal, reference) in references {
        if owner != Some(ordinal) {
            check_exists(&reference, platform)?; // The owner is a matter of `ownership`.
        }
        if let Some(companion) = companion(target, ordinal) {
            target.put(companion, Value::Text(reference.entity.shared()));
        }
    }
    for party in parties(target) {
        check_exists(&party, platform)?; // C-98
    }
    let cleared: Vec<Ordinal> =
        target.iter().filter(|(_, it)| it.is_null()).map(|(it, _)| it).collect();
    for ordinal in cleared {
        clear_reference(target, ordinal);
    }
    Ok(())
}

/// Everybody who takes part in an activity.
fn parties(target: &Record) -> Vec<EntityReference> {
    let mut all = Vec::new();
    for (_, value) in target.iter() {
        if let Value::Parties(parties) = value {
            all.extend(parties.iter().map(|it| it.party.clone()));
        }
    }
    all
}

/// The record must exist. One of an entity that nobody defines here does not (C-88).
pub(super) fn check_exists(
    reference: &EntityReference,
    platform: &mut dyn Platform,
) -> Result<(), Error> {
    let entity = platform.catalog().entity(&reference.entity).cloned();
    let exists = match entity {
        Ok(entity) => platform.exists(&entity, reference.id)?,
        Err(_) => false,
    };
    if exists { Ok(()) } else { Err(StoreError::NotFound { target: reference.clone() }.into()) }
}

/// A new record has what it must have (C-27).
pub(super) fn check_required(target: &Record) -> Result<(), Error> {
    let entity = target.metadata();
    let missing = entity.system().required.iter().find(|it| target.at(*it).is_none());
    missing.map_or(Ok(()), |ordinal| {
        let (entity, attribute) = (target.entity().clone(), entity.name(ordinal).into());
        Err(ValueError::RequiredMissing { entity, attribute }.into())
    })
}

/// What a record must have is not taken away (C-26).
pub(super) fn check_not_cleared(target: &Record) -> Result<(), Error> {
    let entity = target.metadata();
    let cleared = target.iter().find(|(ordinal, value)| {
        value.is_null() && entity.attribute_at(*ordinal).is_some_and(must_have_value)
    });
    cleared.map_or(Ok(()), |(ordinal, _)| {
        let (entity, attribute) = (target.entity().clone(), entity.name(ordinal).into());
        Err(ValueError::RequiredNull { entity, attribute }.into())
    })
}

/// Whether every record has a value there: the author says so, or the engine could not do without.
pub(super) fn must_have_value(attribute: &AttributeMetadata) -> bool {
    let is_vital = matches!(
        attribute.kind,
        AttributeType::Owner { .. } | AttributeType::State(_) | AttributeType::Status(_)
    );
    is_vital || attribute.is_required_by_engine()
}

/// Clears a lookup, and the attribute beside it that names its entity.
pub(super) fn clear_reference(change: &mut Record, lookup: Ordinal) {
    change.put(lookup, Value::Null);
    if let Some(companion) = companion(change, lookup) {
        change.put(companion, Value::Null);
    }
}

/// The attribute that names the entity of a lookup.
fn companion(target: &Record, lookup: Ordinal) -> Option<Ordinal> {
    let all = &target.metadata().system().companions;
    all.iter().find(|(it, _)| *it == lookup).map(|(_, companion)| *companion)
}

/// The digits of amounts that leave them to the currency. The currency is read only where one does.
fn money_precision(
    target: &Record,
    current: Option<&Record>,
    platform: &mut dyn Platform,
) -> Result<MoneyPrecision, Error> {
    let entity = target.metadata();
    let leaves_it_to_currency = |(ordinal, _): (Ordinal, &Value)| {
        let kind = entity.attribute_at(ordinal).map(|it| &it.kind);
        matches!(
            kind,
            Some(AttributeType::Money { precision_source: PrecisionSource::Currency, .. })
        )
    };
    let organization = platform.settings().pricing_decimal_precision;
    let mut currency = DEFAULT_CURRENCY_PRECISION;
    if target.iter().any(leaves_it_to_currency)
        && let Some(reference) = currency_of(target, current)
        && let Ok(entity) = platform.catalog().entity(&reference.entity).cloned()
        && let Some(record) = platform.retrieve(&entity, reference.id)?
        && let Some(digits) = record.get("currencyprecision").and_then(Value::as_whole_number)
    {
        currency = u32::try_from(digits).unwrap_or(currency);
    }
    Ok(MoneyPrecision { organization, currency })
}

/// The currency that the record has once the target is written over it (C-77).
fn currency_of<'a>(target: &'a Record, current: Option<&'a Record>) -> Option<&'a EntityReference> {
    let of = |it: &'a Record| it.get("transactioncurrencyid");
    of(target).or_else(|| of(current?))?.as_lookup()
}
