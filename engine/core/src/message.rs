//! Messages: what a caller can ask for.
//!
//! One file a message. Each holds its input parameters, its output parameters and its main operation,
//! so that everything about *update* is in `update.rs`. What several of them do is beside them:
//! `stamps`, `ownership`, `state`, `values`, `keys` and `related`.
//!
//! A main operation knows no step. What it may use, the pipeline lends it as a `Platform`.

mod assign;
mod associate;
mod create;
mod custom;
mod delete;
mod keys;
mod multiple;
mod options;
mod ownership;
mod parameter;
mod platform;
mod related;
mod retrieve;
mod retrieve_multiple;
mod set_state;
mod stamps;
mod state;
mod typed;
mod update;
mod upsert;
mod values;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

pub use self::assign::Assign;
pub use self::associate::{Associate, Disassociate, Link, RelationshipRole};
pub use self::create::Create;
pub use self::custom::{Custom, CustomMessage};
pub use self::delete::Delete;
pub use self::multiple::{CreateMultiple, DeleteMultiple, UpdateMultiple, UpsertMultiple};
pub(crate) use self::multiple::{bulk_of, singles};
pub use self::options::{Bypass, Options};
pub use self::parameter::{Parameter, ParameterType, Parameters};
pub(crate) use self::platform::Platform;
pub use self::related::Related;
pub use self::retrieve::Retrieve;
pub use self::retrieve_multiple::RetrieveMultiple;
pub use self::set_state::SetState;
pub use self::typed::TypedRequest;
pub use self::update::{ConcurrencyBehavior, Update};
pub use self::upsert::{Upsert, Upserted};
use crate::error::Error;
use crate::metadata::LogicalName;
use crate::record::{EntityReference, Page, Record};

/// The name of a message: what a step is registered on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Message {
    /// A record comes into being.
    Create,
    /// A record is read.
    Retrieve,
    /// Records are searched.
    RetrieveMultiple,
    /// Some attributes of a record change.
    Update,
    /// A record goes.
    Delete,
    /// A record is updated, or created where there is none. No step runs on it: they run on what it becomes (M-30).
    Upsert,
    /// Records come into being together (M-40).
    CreateMultiple,
    /// Records change together (M-40).
    UpdateMultiple,
    /// Records are updated, or created where there are none. No step runs on it, as on Upsert.
    UpsertMultiple,
    /// Records would go together: no entity has it (M-50).
    DeleteMultiple,
    /// Records are linked.
    Associate,
    /// Links are taken away.
    Disassociate,
    /// A record gets another owner.
    Assign,
    /// A record gets another state.
    SetState,
    /// A message that an embedder registered.
    Custom(Arc<str>),
}

/// A message with its input parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// See [`Create`].
    Create(Create),
    /// See [`Retrieve`].
    Retrieve(Retrieve),
    /// See [`RetrieveMultiple`].
    RetrieveMultiple(RetrieveMultiple),
    /// See [`Update`].
    Update(Update),
    /// See [`Delete`].
    Delete(Delete),
    /// See [`Upsert`].
    Upsert(Upsert),
    /// See [`CreateMultiple`].
    CreateMultiple(CreateMultiple),
    /// See [`UpdateMultiple`].
    UpdateMultiple(UpdateMultiple),
    /// See [`UpsertMultiple`].
    UpsertMultiple(UpsertMultiple),
    /// See [`DeleteMultiple`].
    DeleteMultiple(DeleteMultiple),
    /// See [`Associate`].
    Associate(Associate),
    /// See [`Disassociate`].
    Disassociate(Disassociate),
    /// See [`Assign`].
    Assign(Assign),
    /// See [`SetState`].
    SetState(SetState),
    /// See [`Custom`].
    Custom(Custom),
}

/// The output parameters of a message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Response {
    /// The record that was created.
    Created(EntityReference),
    /// The record that was asked for.
    Retrieved(Record),
    /// The records that were found.
    Found(Page),
    /// The record that was created or updated.
    Upserted(Upserted),
    /// The records that were created, in the order of the targets (M-57).
    CreatedMultiple(Vec<EntityReference>),
    /// The records that were created or updated, in the order of the targets.
    UpsertedMultiple(Vec<Upserted>),
    /// What a custom message answers.
    Custom(Parameters),
    /// It was done, and there is nothing to say.
    Done,
}

impl Message {
    /// The messages of the engine's own.
    pub const STANDARD: [Self; 14] = [
        Self::Create,
        Self::Retrieve,
        Self::RetrieveMultiple,
        Self::Update,
        Self::Delete,
        Self::Upsert,
        Self::CreateMultiple,
        Self::UpdateMultiple,
        Self::UpsertMultiple,
        Self::DeleteMultiple,
        Self::Associate,
        Self::Disassociate,
        Self::Assign,
        Self::SetState,
    ];

    /// The message's name as the pipeline, rules and transcripts spell it.
    pub fn name(&self) -> &str {
        match self {
            Self::Create => "Create",
            Self::Retrieve => "Retrieve",
            Self::RetrieveMultiple => "RetrieveMultiple",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::Upsert => "Upsert",
            Self::CreateMultiple => "CreateMultiple",
            Self::UpdateMultiple => "UpdateMultiple",
            Self::UpsertMultiple => "UpsertMultiple",
            Self::DeleteMultiple => "DeleteMultiple",
            Self::Associate => "Associate",
            Self::Disassociate => "Disassociate",
            Self::Assign => "Assign",
            Self::SetState => "SetState",
            Self::Custom(name) => name,
        }
    }

    /// Its place in [`STANDARD`](Self::STANDARD); `None` for a custom message.
    pub(crate) fn standard_index(&self) -> Option<usize> {
        Some(match self {
            Self::Create => 0,
            Self::Retrieve => 1,
            Self::RetrieveMultiple => 2,
            Self::Update => 3,
            Self::Delete => 4,
            Self::Upsert => 5,
            Self::CreateMultiple => 6,
            Self::UpdateMultiple => 7,
            Self::UpsertMultiple => 8,
            Self::DeleteMultiple => 9,
            Self::Associate => 10,
            Self::Disassociate => 11,
            Self::Assign => 12,
            Self::SetState => 13,
            Self::Custom(_) => return None,
        })
    }

    /// Whether single messages stand within it.
    pub(crate) fn is_bulk(&self) -> bool {
        matches!(self, Self::CreateMultiple | Self::UpdateMultiple)
    }

    /// The bulk message that it raises, too (M-41).
    pub(crate) fn bulk(&self) -> Option<Self> {
        if *self == Self::Create {
            Some(Self::CreateMultiple)
        } else {
            (*self == Self::Update).then_some(Self::UpdateMultiple)
        }
    }

    /// Whether it only reads, so that its failure within a transaction undoes nothing (E-13).
    pub fn is_read(&self) -> bool {
        matches!(self, Self::Retrieve | Self::RetrieveMultiple)
    }

    /// Whether steps hear of links rather than of records: they name no primary entity (I-59, X-27).
    pub fn is_association(&self) -> bool {
        matches!(self, Self::Associate | Self::Disassociate)
    }

    /// Whether pre-validation leaves its shared variables to the parent context (V-4).
    pub(crate) fn is_wrapped(&self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

impl From<&str> for Message {
    /// The message of that name: one of the engine's own, else a custom one.
    fn from(name: &str) -> Self {
        let standard = Self::STANDARD.into_iter().find(|it| it.name() == name);
        standard.unwrap_or_else(|| Self::Custom(name.into()))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Request {
    /// The message that this is a request for.
    pub fn message(&self) -> Message {
        match self {
            Self::Create(_) => Message::Create,
            Self::Retrieve(_) => Message::Retrieve,
            Self::RetrieveMultiple(_) => Message::RetrieveMultiple,
            Self::Update(_) => Message::Update,
            Self::Delete(_) => Message::Delete,
            Self::Upsert(_) => Message::Upsert,
            Self::CreateMultiple(_) => Message::CreateMultiple,
            Self::UpdateMultiple(_) => Message::UpdateMultiple,
            Self::UpsertMultiple(_) => Message::UpsertMultiple,
            Self::DeleteMultiple(_) => Message::DeleteMultiple,
            Self::Associate(_) => Message::Associate,
            Self::Disassociate(_) => Message::Disassociate,
            Self::Assign(_) => Message::Assign,
            Self::SetState(_) => Message::SetState,
            Self::Custom(custom) => Message::Custom(Arc::clone(&custom.message)),
        }
    }

    /// The entity at which it is aimed, the *primary entity*; `none` for links and global messages.
    pub fn entity(&self) -> Cow<'_, str> {
        self.primary_entity().map_or("none".into(), |it| Cow::Borrowed(it.as_str()))
    }

    /// The same as a name; `None` for links and global messages.
    pub(crate) fn primary_entity(&self) -> Option<&LogicalName> {
        match self {
            Self::Create(Create { target, .. })
            | Self::Update(Update { target, .. })
            | Self::Upsert(Upsert { target }) => Some(target.entity()),
            Self::Retrieve(Retrieve { target, .. })
            | Self::Delete(Delete { target, .. })
            | Self::Assign(Assign { target, .. })
            | Self::SetState(SetState { target, .. }) => Some(&target.entity),
            Self::RetrieveMultiple(RetrieveMultiple { query }) => Some(&query.entity),
            Self::CreateMultiple(_) | Self::UpdateMultiple(_) | Self::UpsertMultiple(_) => {
                multiple::entity_of(self.targets())
            }
            Self::Custom(custom) => custom.primary.as_ref().map(|it| &it.entity),
            Self::DeleteMultiple(_) | Self::Associate(_) | Self::Disassociate(_) => None,
        }
    }

    /// The identity of the record at which it is aimed, once known.
    pub fn primary_id(&self) -> Option<Uuid> {
        match self {
            Self::Create(Create { target, .. })
            | Self::Update(Update { target, .. })
            | Self::Upsert(Upsert { target }) => target.id(),
            Self::Retrieve(Retrieve { target, .. })
            | Self::Delete(Delete { target, .. })
            | Self::Assign(Assign { target, .. })
            | Self::SetState(SetState { target, .. }) => Some(target.id),
            Self::Custom(custom) => custom.primary.as_ref().map(|it| it.id),
            Self::RetrieveMultiple(_)
            | Self::CreateMultiple(_)
            | Self::UpdateMultiple(_)
            | Self::UpsertMultiple(_)
            | Self::DeleteMultiple(_)
            | Self::Associate(_)
            | Self::Disassociate(_) => None,
        }
    }

    /// The record that the caller sent, for the messages that carry one.
    pub fn target(&self) -> Option<&Record> {
        if let Self::Create(Create { target, .. })
        | Self::Update(Update { target, .. })
        | Self::Upsert(Upsert { target }) = self
        {
            Some(target)
        } else {
            None
        }
    }

    /// The record that the caller sent, to be changed.
    pub(crate) fn target_mut(&mut self) -> Option<&mut Record> {
        if let Self::Create(Create { target, .. })
        | Self::Update(Update { target, .. })
        | Self::Upsert(Upsert { target }) = self
        {
            Some(target)
        } else {
            None
        }
    }

    /// The records that the caller sent, for the bulk messages.
    pub fn targets(&self) -> &[Record] {
        if let Self::CreateMultiple(CreateMultiple { targets })
        | Self::UpdateMultiple(UpdateMultiple { targets })
        | Self::UpsertMultiple(UpsertMultiple { targets }) = self
        {
            targets
        } else {
            &[]
        }
    }

    /// The records of a bulk message, to be changed.
    pub(crate) fn targets_mut(&mut self) -> Option<&mut Vec<Record>> {
        if let Self::CreateMultiple(CreateMultiple { targets })
        | Self::UpdateMultiple(UpdateMultiple { targets })
        | Self::UpsertMultiple(UpsertMultiple { targets }) = self
        {
            Some(targets)
        } else {
            None
        }
    }

    /// Whether this is the kind of answer that the message has.
    pub(crate) fn is_answered_by(&self, response: &Response) -> bool {
        match self {
            Self::Create(_) => matches!(response, Response::Created(_)),
            Self::Retrieve(_) => matches!(response, Response::Retrieved(_)),
            Self::RetrieveMultiple(_) => matches!(response, Response::Found(_)),
            Self::Upsert(_) => matches!(response, Response::Upserted(_)),
            Self::CreateMultiple(_) => matches!(response, Response::CreatedMultiple(_)),
            Self::UpsertMultiple(_) => matches!(response, Response::UpsertedMultiple(_)),
            Self::Custom(_) => matches!(response, Response::Custom(_)),
            Self::Update(_)
            | Self::Delete(_)
            | Self::UpdateMultiple(_)
            | Self::DeleteMultiple(_)
            | Self::Associate(_)
            | Self::Disassociate(_)
            | Self::Assign(_)
            | Self::SetState(_) => matches!(response, Response::Done),
        }
    }

    /// The records and the relationship of an association.
    pub fn link(&self) -> Option<&Link> {
        if let Self::Associate(Associate { link }) | Self::Disassociate(Disassociate { link }) =
            self
        {
            Some(link)
        } else {
            None
        }
    }

    /// Before any step: takes out what callers cannot send, and resolves alternate keys (I-38, I-41).
    pub(crate) fn accept(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        if let Some(target) = self.target_mut() {
            target.rebase(platform.catalog().own(target.metadata())?)?;
            if !target.lookups_by_key().is_empty() {
                keys::resolve_lookups(target, platform)?;
            }
        }
        match self {
            Self::Create(create) => create.accept(platform),
            Self::Update(update) => update.accept(platform),
            Self::CreateMultiple(it) => multiple::check(&it.targets, "CreateMultiple"),
            Self::UpdateMultiple(it) => multiple::check(&it.targets, "UpdateMultiple")
                .and_then(|()| multiple::check_identities(&it.targets)),
            Self::DeleteMultiple(_) => DeleteMultiple::accept(),
            Self::RetrieveMultiple(_)
            | Self::Upsert(_)
            | Self::UpsertMultiple(_)
            | Self::Custom(_) => Ok(()),
            Self::Retrieve(Retrieve { target, .. })
            | Self::Delete(Delete { target, .. })
            | Self::Assign(Assign { target, .. })
            | Self::SetState(SetState { target, .. }) => {
                platform.catalog().entity(&target.entity).map(drop).map_err(Into::into)
            }
            Self::Associate(Associate { link }) | Self::Disassociate(Disassociate { link }) => {
                link.accept(platform)
            }
        }
    }

    /// Between the stages 10 and 20, in the transaction: what the platform does before the steps there.
    pub(crate) fn prepare(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        if let Self::Create(create) = self {
            create.prepare(platform)
        } else if let Self::Delete(delete) = self {
            delete.prepare(platform)
        } else {
            Ok(())
        }
    }

    /// The main operation: the only code that writes.
    pub(crate) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        match self {
            Self::Create(create) => create.run(platform),
            Self::Retrieve(retrieve) => retrieve.run(platform),
            Self::RetrieveMultiple(retrieve_multiple) => retrieve_multiple.run(platform),
            Self::Update(update) => update.run(platform),
            Self::Delete(delete) => delete.run(platform),
            Self::Associate(associate) => associate.run(platform),
            Self::Disassociate(disassociate) => disassociate.run(platform),
            Self::Assign(assign) => assign.run(platform),
            Self::SetState(set_state) => set_state.run(platform),
            Self::Upsert(_)
            | Self::CreateMultiple(_)
            | Self::UpdateMultiple(_)
            | Self::UpsertMultiple(_)
            | Self::DeleteMultiple(_)
            | Self::Custom(_) => Err(Error::Bug("this message has no main operation here")),
        }
    }
}
