//! An insert as a hand would write it, for one entity: what Create checks and stamps, and nothing of a pipeline.

use std::sync::Arc;

use rulegate::bootstrap::DEFAULT_USER;
use rulegate::clock::{Clock, CountingIds, IdSource, IdStream, ManualClock};
use rulegate::metadata::{EntityMetadata, Ordinal};
use rulegate::record::{MoneyPrecision, check_value};
use rulegate::store::{Memory, Store as _};
use rulegate::{Engine, EntityReference, LogicalName, OrganizationService, Record, Value};

/// What it knows of accounts before the first one.
pub(crate) struct ByHand {
    store: Memory,
    clock: ManualClock,
    ids: CountingIds,
    user: Arc<EntityMetadata>,
    user_name: LogicalName,
    unit: Ordinal,
    places: Places,
}

struct Places {
    id: Ordinal,
    created_on: Ordinal,
    created_by: Ordinal,
    modified_on: Ordinal,
    modified_by: Ordinal,
    owner: Ordinal,
    owner_type: Ordinal,
    owning_user: Ordinal,
    owning_unit: Ordinal,
    state: Ordinal,
    status: Ordinal,
    flag: Ordinal,
}

impl ByHand {
    pub(crate) fn new(engine: &Engine, store: Memory) -> Self {
        let catalog = engine.catalog();
        let account = catalog.entity("account").unwrap();
        let user = Arc::clone(catalog.entity("systemuser").unwrap());
        let at = |it: &str| account.find(it).unwrap();
        let places = Places {
            id: at("accountid"),
            created_on: at("createdon"),
            created_by: at("createdby"),
            modified_on: at("modifiedon"),
            modified_by: at("modifiedby"),
            owner: at("ownerid"),
            owner_type: at("owneridtype"),
            owning_user: at("owninguser"),
            owning_unit: at("owningbusinessunit"),
            state: at("statecode"),
            status: at("statuscode"),
            flag: at("donotemail"),
        };
        let ids = CountingIds::default();
        ids.next(IdStream::Record, chrono::DateTime::UNIX_EPOCH); // That of a record which is there.
        Self {
            store,
            clock: ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap()),
            ids,
            unit: user.find("businessunitid").unwrap(),
            user_name: user.logical_name().clone(),
            user,
            places,
        }
    }

    pub(crate) fn create(&self, mut target: Record) -> EntityReference {
        let entity = Arc::clone(target.metadata());
        let places = &self.places;
        let now = Value::Moment(self.clock.now());
        // What is sent fits its attribute, in the form in which it is stored.
        let money = MoneyPrecision { organization: 2, currency: 2 };
        let sent: Vec<(Ordinal, Value)> =
            target.iter().map(|(it, value)| (it, value.clone())).collect();
        for (ordinal, value) in sent {
            let attribute = entity.attribute_at(ordinal).unwrap();
            assert!(attribute.valid_for.create);
            match check_value(value, attribute, money).unwrap() {
                Value::Null => drop(target.take(ordinal)),
                checked => target.put(ordinal, checked),
            }
        }
        // Who, when, whose, and in which state.
        let id = self.ids.next(IdStream::Record, self.clock.now());
        let user = EntityReference::new(self.user_name.clone(), DEFAULT_USER);
        target.identify(id);
        for (place, value) in [
            (places.id, Value::Id(id)),
            (places.created_on, now.clone()),
            (places.modified_on, now),
            (places.created_by, Value::Lookup(user.clone())),
            (places.modified_by, Value::Lookup(user.clone())),
            (places.owner, Value::Lookup(user.clone())),
            (places.owner_type, Value::from("systemuser")),
            (places.state, Value::Choice(0)),
            (places.status, Value::Choice(1)),
            (places.flag, Value::Boolean(false)),
        ] {
            if target.at(place).is_none() {
                target.put(place, value);
            }
        }
        // The owner is there, and its business unit is the record's.
        let mut tx = self.store.begin().unwrap();
        let owner = tx.retrieve(&self.user, DEFAULT_USER).unwrap().unwrap();
        if let Some(unit) = owner.at(self.unit) {
            target.put(places.owning_unit, unit.clone());
        }
        target.put(places.owning_user, Value::Lookup(user));
        tx.insert(&target).unwrap();
        tx.commit().unwrap();
        target.reference().unwrap()
    }
}
