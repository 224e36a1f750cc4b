//! Requests and responses in the data of a job.

use serde_json::Value as Json;

use super::Unreadable;
use super::json::{Fields, Stored, field, object, variants};
use crate::message::{
    Assign, Associate, Bypass, ConcurrencyBehavior, Create, CreateMultiple, Custom, Delete,
    DeleteMultiple, Disassociate, Link, Options, Parameters, Related, RelationshipRole, Request,
    Response, Retrieve, RetrieveMultiple, SetState, Update, UpdateMultiple, Upsert, UpsertMultiple,
    Upserted,
};
use crate::metadata::Catalog;
use crate::pipeline::Stage;
use crate::record::{EntityReference, Page, Record};

object! {
    Options { tag, bypass, bypass_steps }
    Bypass { synchronous, asynchronous }
    Create { target, related }
    Related { relationship, role, records }
    Retrieve { target, columns }
    RetrieveMultiple { query }
    Update { target, concurrency, related }
    Delete { target, concurrency, version }
    Upsert { target }
    CreateMultiple { targets }
    UpdateMultiple { targets }
    UpsertMultiple { targets }
    DeleteMultiple { targets }
    Associate { link }
    Disassociate { link }
    Link { target, relationship, role, related }
    Assign { target, assignee }
    SetState { target, state, status }
    Upserted { target, is_created }
}

variants! {
    ConcurrencyBehavior { ; Default, IfRowVersionMatches, AlwaysOverwrite }
    RelationshipRole { ; Referencing, Referenced }
    Stage { ; PreValidation, PreOperation, MainOperation, PostOperation }
    Request {
        Create(Create), Retrieve(Retrieve), RetrieveMultiple(RetrieveMultiple), Update(Update),
        Delete(Delete), Upsert(Upsert), CreateMultiple(CreateMultiple),
        UpdateMultiple(UpdateMultiple), UpsertMultiple(UpsertMultiple),
        DeleteMultiple(DeleteMultiple), Associate(Associate), Disassociate(Disassociate),
        Assign(Assign), SetState(SetState), Custom(Custom);
    }
    Response {
        Created(EntityReference), Retrieved(Record), Found(Page), Upserted(Upserted),
        CreatedMultiple(Vec<EntityReference>), UpsertedMultiple(Vec<Upserted>), Custom(Parameters);
        Done
    }
}

impl Stored for Custom {
    fn write(&self, json: &mut String) {
        let fields = Fields::begin(json).field("message", &self.message.to_string());
        fields.field("parameters", &self.parameters).field("primary", &self.primary).end();
    }

    fn read(json: &Json, catalog: &Catalog) -> Result<Self, Unreadable> {
        let message: String = field(json, "message", catalog)?;
        let parameters = field(json, "parameters", catalog)?;
        let primary = field(json, "primary", catalog)?;
        Ok(Self { message: message.into(), parameters, primary })
    }
}
