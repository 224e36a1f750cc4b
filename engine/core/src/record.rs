//! Records: some attributes of one row, in hand, and the values they hold.
//!
//! A record is a row of slots: an attribute's [`Ordinal`] says where its
//! value is, one bit says whether it is there at all. Names are resolved once, where they enter.
//!
//! This layer knows no store: a record is a value, safe to clone, compare and print.
//!
//! Invariants:
//!
//! - *Absent* and *null* differ: an update leaves an absent attribute alone and clears a null one.
//! - A record read from a store holds no null: what is null there is absent here (I-15).
//! - Clones share their slots until one of them is written to.

mod aggregate;
mod aggregation;
mod bookmark;
mod link;
mod page;
mod query;
mod query_plan;
mod resolution;
mod slots;
mod validation;
mod value;

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

pub use self::aggregate::{Aggregate, AggregateError, AggregateFunction, DatePart, GroupBy};
pub use self::aggregation::{Aggregation, Totals};
pub use self::bookmark::Bookmark;
pub use self::link::{LinkEntity, LinkPlan};
pub use self::page::{Page, PageRequest};
pub use self::query::{ColumnSet, Condition, Filter, Operator, OrderBy, Query, QueryError};
pub use self::query_plan::{QueryPlan, Subject, Test};
pub(crate) use self::resolution::resolve_columns;
use self::slots::Slots;
pub use self::validation::{MoneyPrecision, ValueError, check_value};
pub use self::value::{EntityReference, Party, Value};
use crate::metadata::{
    AttributeSet, EntityMetadata, LogicalName, MetadataError, Ordinal, SystemAttributes,
};

/// Some attributes of one row, in hand. Cheap to clone.
#[derive(Clone, PartialEq)]
pub struct Record {
    entity: Arc<EntityMetadata>,
    id: Option<Uuid>,
    version: Option<u64>,
    slots: Arc<Slots>,
    /// The alternate key by which the caller names the record, where it does.
    key: Option<Arc<Slots>>,
    /// The lookups whose records the caller names by an alternate key.
    lookups: Option<Arc<Vec<(Ordinal, Self)>>>,
    /// What a query found beside its attributes: of other records, or computed.
    aliased: Option<Arc<Vec<(LogicalName, Value)>>>,
}

impl Record {
    /// A record without identity and attributes.
    pub fn new(entity: &Arc<EntityMetadata>) -> Self {
        Self {
            entity: Arc::clone(entity),
            id: None,
            version: None,
            slots: Arc::default(),
            key: None,
            lookups: None,
            aliased: None,
        }
    }

    /// A record of that identity, without attributes.
    pub fn of(entity: &Arc<EntityMetadata>, id: Uuid) -> Self {
        Self { id: Some(id), ..Self::new(entity) }
    }

    /// The definition of the record's entity.
    pub fn metadata(&self) -> &Arc<EntityMetadata> {
        &self.entity
    }

    /// The logical name of the record's entity.
    pub fn entity(&self) -> &LogicalName {
        self.entity.logical_name()
    }

    /// The identity, once the record has one.
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Gives the record its identity.
    pub fn identify(&mut self, id: Uuid) {
        self.id = Some(id);
    }

    pub(crate) fn forget_identity(&mut self) {
        self.id = None;
    }

    /// A reference to the record, once it has an identity.
    pub fn reference(&self) -> Option<EntityReference> {
        Some(EntityReference::new(self.entity().clone(), self.id?))
    }

    /// The row version: that of the store, or the one that the caller knows (C-116).
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// Says which row version the record has, or the caller knows.
    pub fn set_version(&mut self, version: u64) {
        self.version = Some(version);
    }

    /// The value of an attribute, or what a query found under an alias; `None` where it is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let own = self.entity.ordinal(name).and_then(|it| self.at(it));
        own.or_else(|| self.aliased(name))
    }

    /// What a query found beside the attributes: `alias.attribute` of a link, or an aggregate by its alias.
    pub fn aliased(&self, name: &str) -> Option<&Value> {
        self.aliases().find(|it| it.0 == name).map(|(_, value)| value)
    }

    /// All that a query found beside the attributes, by its aliases.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.aliased.iter().flat_map(|it| it.iter());
        all.map(|(name, value)| (name.as_str(), value))
    }

    pub(crate) fn put_aliased(&mut self, name: LogicalName, value: Value) {
        Arc::make_mut(self.aliased.get_or_insert_default()).push((name, value));
    }

    /// The value at a place; `None` where it is absent.
    pub fn at(&self, ordinal: Ordinal) -> Option<&Value> {
        self.slots.get(ordinal)
    }

    /// Whether the record carries the attribute, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The attributes that the record carries.
    pub fn present(&self) -> &AttributeSet {
        self.slots.present()
    }

    /// Sets an attribute. Whether the value fits is checked when the record is written.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), MetadataError> {
        let ordinal = self.entity.find(name)?;
        self.put(ordinal, value.into());
        Ok(())
    }

    /// The record with one more attribute.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Result<Self, MetadataError> {
        self.set(name, value)?;
        Ok(self)
    }

    /// Sets an attribute by its place.
    pub fn put(&mut self, ordinal: Ordinal, value: Value) {
        Arc::make_mut(&mut self.slots).put(ordinal, value);
    }

    /// Makes room for so many more attributes.
    pub fn reserve(&mut self, count: usize) {
        match Arc::get_mut(&mut self.slots) {
            Some(slots) => slots.reserve(count),
            None => self.slots = Arc::new(self.slots.with_room(count)),
        }
    }

    /// Puts what it is made into in the place of each value; takes out what is made nothing.
    pub(crate) fn revise<E>(
        &mut self,
        mut revise: impl FnMut(&EntityMetadata, Ordinal, Value) -> Result<Option<Value>, E>,
    ) -> Result<(), E> {
        let entity = &self.entity;
        Arc::make_mut(&mut self.slots).revise(|ordinal, value| revise(entity, ordinal, value))
    }

    /// Takes out all that its entity has in a set.
    pub(crate) fn drop_those(&mut self, of: fn(&SystemAttributes) -> &AttributeSet) {
        let unwanted = of(self.entity.system());
        if self.slots.present().intersects(unwanted) {
            Arc::make_mut(&mut self.slots).drop_all(unwanted);
        }
    }

    /// Takes out what is null.
    pub(crate) fn drop_nulls(&mut self) {
        let nulls = self.slots.nulls();
        if !nulls.is_empty() {
            Arc::make_mut(&mut self.slots).drop_all(&nulls);
        }
    }

    /// The record as a store keeps it: its values without nulls, and room for so many more.
    pub(crate) fn to_row(&self, room: usize) -> Self {
        let slots = Arc::new(self.slots.with_room(room));
        let mut row = Self { id: self.id, slots, ..Self::new(&self.entity) };
        row.drop_nulls();
        row
    }

    /// Sets several attributes by their places, until one of them fails. What has no place is passed over.
    pub fn put_each<E>(
        &mut self,
        values: impl IntoIterator<Item = Result<(Option<Ordinal>, Value), E>>,
    ) -> Result<(), E> {
        let slots = Arc::make_mut(&mut self.slots);
        for value in values {
            if let (Some(ordinal), value) = value? {
                slots.put(ordinal, value);
            }
        }
        Ok(())
    }

    /// Takes an attribute out, so that it is absent. Answers what it held.
    pub fn remove(&mut self, name: &str) -> Result<Option<Value>, MetadataError> {
        let ordinal = self.entity.find(name)?;
        Ok(self.take(ordinal))
    }

    /// Takes an attribute out by its place.
    pub fn take(&mut self, ordinal: Ordinal) -> Option<Value> {
        self.slots
            .present()
            .contains(ordinal)
            .then(|| Arc::make_mut(&mut self.slots).take(ordinal))?
    }

    /// Names the record by an alternate key: its attributes one by one (C-106).
    pub fn with_key(mut self, name: &str, value: impl Into<Value>) -> Result<Self, MetadataError> {
        let ordinal = self.entity.find(name)?;
        Arc::make_mut(self.key.get_or_insert_default()).put(ordinal, value.into());
        Ok(self)
    }

    /// The alternate key by which the caller names the record, by places.
    pub fn key(&self) -> impl Iterator<Item = (Ordinal, &Value)> {
        self.key.iter().flat_map(|it| it.iter())
    }

    /// Points a lookup at the record that has the alternate key of another, made by [`with_key`](Self::with_key).
    /// The engine finds it before any step sees the message (C-94).
    pub fn with_lookup_by_key(mut self, name: &str, other: Self) -> Result<Self, MetadataError> {
        let ordinal = self.entity.find(name)?;
        Arc::make_mut(self.lookups.get_or_insert_default()).push((ordinal, other));
        Ok(self)
    }

    /// The lookups whose records the caller names by an alternate key, by places.
    pub fn lookups_by_key(&self) -> &[(Ordinal, Self)] {
        self.lookups.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn forget_lookups(&mut self) {
        self.lookups = None;
    }

    pub(crate) fn forget_key(&mut self) {
        self.key = None;
    }

    /// The attributes with their names, in the order of the names.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entity
            .ordinals_by_name()
            .filter_map(|it| Some((self.entity.name(it), self.slots.get(it)?)))
    }

    /// The attributes with their places.
    pub fn iter(&self) -> impl Iterator<Item = (Ordinal, &Value)> {
        self.slots.iter()
    }

    /// The attributes in which this record and another one of its entity differ.
    pub(crate) fn differing(&self, other: &Self) -> AttributeSet {
        if Arc::ptr_eq(&self.slots, &other.slots) {
            return AttributeSet::default();
        }
        self.slots.differing(&other.slots)
    }

    /// Lays another record's attributes over this one's; a null takes the attribute out.
    pub fn merge(&mut self, change: &Self) {
        let slots = Arc::make_mut(&mut self.slots);
        for (ordinal, value) in change.slots.iter() {
            if value.is_null() {
                slots.take(ordinal);
            } else {
                slots.put(ordinal, value.clone());
            }
        }
    }

    /// The record with these attributes alone.
    #[must_use]
    pub fn only(&self, columns: &AttributeSet) -> Self {
        let mut slots = Slots::default();
        for (ordinal, value) in self.slots.iter().filter(|(it, _)| columns.contains(*it)) {
            slots.put(ordinal, value.clone());
        }
        Self { slots: Arc::new(slots), ..self.clone() }
    }

    /// The record as a later definition of its entity sees it: places never move.
    pub(crate) fn under(&self, entity: &Arc<EntityMetadata>) -> Self {
        Self { entity: Arc::clone(entity), ..self.clone() }
    }

    /// The record under a definition of its entity that is not the one it was made by: by names, which
    /// must still be there (C-8).
    pub(crate) fn rebase(&mut self, entity: &Arc<EntityMetadata>) -> Result<(), MetadataError> {
        if Arc::ptr_eq(&self.entity, entity) {
            return Ok(());
        }
        let rebase = |slots: &Slots| {
            let mut rebased = Slots::default();
            for (ordinal, value) in slots.iter() {
                rebased.put(entity.find(self.entity.name(ordinal))?, value.clone());
            }
            Ok(Arc::new(rebased))
        };
        self.slots = rebase(&self.slots)?;
        self.key = self.key.as_deref().map(rebase).transpose()?;
        if let Some(lookups) = &mut self.lookups {
            for (ordinal, _) in Arc::make_mut(lookups) {
                *ordinal = entity.find(self.entity.name(*ordinal))?;
            }
        }
        self.entity = Arc::clone(entity);
        Ok(())
    }

    /// What people call the record: the value of its primary name.
    pub fn primary_name(&self) -> Option<&str> {
        self.at(self.entity.system().primary_name?)?.as_text()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} ", self.entity(), self.id)?;
        f.debug_map().entries(self.attributes()).entries(self.aliases()).finish()
    }
}
