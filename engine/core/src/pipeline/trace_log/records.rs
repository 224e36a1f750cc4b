//! The trace log in the store: rows as records of `plugintracelog`, where the catalog has that entity.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{AGE_LIMIT, TraceRow};
use crate::clock::IdStream;
use crate::metadata::{Catalog, EntityMetadata};
use crate::pipeline::aside::{put, write};
use crate::pipeline::operation::Operation;
use crate::pipeline::step::Mode;
use crate::record::{EntityReference, Operator, Query, QueryPlan, Record, Value};
use crate::store::{StoreError, Transaction};

/// The entity, and the attribute by which its records grow old.
const ENTITY: &str = "plugintracelog";
const CREATED_ON: &str = "createdon";

/// Whether rows become records.
pub(super) fn is_kept(catalog: &Catalog) -> bool {
    catalog.has_entity(ENTITY)
}

impl Operation {
    /// Writes the rows of this operation as records: once its outermost message is over, committed or not,
    /// in a transaction of their own, and without raising an event (E-48).
    ///
    /// Nobody hears of it where the store refuses: the log of the engine has the rows all the same.
    pub(in crate::pipeline) fn keep_rows(&self) {
        let rows = self.take_rows();
        let Some(newest) = rows.last().map(|it| it.created_on) else { return };
        let Ok(entity) = self.generation().catalog.entity(ENTITY) else { return };
        let id = || self.environment().new_id(IdStream::Log, self.now);
        let organization = self.environment().settings.organization.id;
        let record = |row| {
            let mut record = record(entity, row, id());
            put(&mut record, "organizationid", Value::Id(organization));
            record
        };
        let records: Vec<Record> = rows.iter().map(record).collect();
        let insert =
            |tx: &mut dyn Transaction| records.iter().try_for_each(|it| tx.insert(it).map(|_| ()));
        let store = &*self.environment().store;
        let mut outcome = write(store, insert);
        if self.environment().trace_log.begins_day(newest) {
            outcome = outcome.and_then(|()| write(store, |tx| self.clean(entity, newest, tx)));
        }
        drop(outcome);
    }

    /// Removes what is older than a day (E-50).
    fn clean(
        &self,
        entity: &Arc<EntityMetadata>,
        now: DateTime<Utc>,
        tx: &mut dyn Transaction,
    ) -> Result<(), StoreError> {
        let old = Query::new(ENTITY).select([CREATED_ON]);
        let old = old.filter(CREATED_ON, Operator::LessThan, [Value::from(now - AGE_LIMIT)]);
        let Ok(plan) = QueryPlan::new(&old, &self.generation().catalog) else { return Ok(()) };
        let found = tx.query(&plan)?.records;
        found.iter().filter_map(Record::id).try_for_each(|it| tx.delete(entity, it))
    }
}

/// A row as a record: those columns of E-51 that the entity has, and that can be known here.
fn record(entity: &Arc<EntityMetadata>, row: &TraceRow, id: Uuid) -> Record {
    let user = |it: Uuid| Value::from(EntityReference::new("systemuser", it));
    let text = |it: &str| Value::from(it);
    let mut record = Record::of(entity, id);
    for (name, value) in [
        (&**entity.primary_id(), Value::Id(id)),
        ("typename", text(&row.step)),
        ("messagename", text(&row.message)),
        ("primaryentity", text(&row.entity)),
        ("depth", i64::from(row.depth).into()),
        ("mode", Value::Choice(i32::from(row.mode == Mode::Asynchronous))),
        ("operationtype", Value::Choice(TraceRow::OPERATION_TYPE)),
        ("messageblock", text(&row.text)),
        ("exceptiondetails", row.exception.as_deref().map_or(Value::Null, text)),
        ("configuration", text(&row.configuration)),
        ("correlationid", Value::Id(row.correlation_id)),
        ("requestid", Value::Id(row.request_id)),
        ("issystemcreated", false.into()),
        (CREATED_ON, row.created_on.into()),
        ("createdby", user(row.created_by)),
        ("createdonbehalfby", row.created_on_behalf_by.map_or(Value::Null, user)),
    ] {
        put(&mut record, name, value);
    }
    record
}
