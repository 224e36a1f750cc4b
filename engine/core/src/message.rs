//! Messages: what a caller can ask for.
//!
//! One file a message. Each holds its input parameters, its output parameters and its main operation,
//! so that everything about *update* is in `update.rs`. What several of them do is beside them:
//! `stamps`, `ownership`, `state`, `values` and `keys`.
//!
//! A main operation knows no step. What it may use, the pipeline lends it as a `Platform`.

mod assign;
mod associate;
mod create;
mod custom;
mod delete;
mod keys;
mod options;
mod ownership;
mod parameter;
mod platform;
mod retrieve;
mod retrieve_multiple;
mod set_state;
mod stamps;
mod state;
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
pub use self::options::{Bypass, Options};
pub use self::parameter::{Parameter, ParameterType, Parameters};
pub(crate) use self::platform::Platform;
pub use self::retrieve::Retrieve;
pub use self::retrieve_multiple::RetrieveMultiple;
pub use self::set_state::SetState;
pub use self::update::{ConcurrencyBehavior, Update};
pub use self::upsert::{Upsert, Upserted};
use crate::error::Error;
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
    /// What a custom message answers.
    Custom(Parameters),
    /// It was done, and there is nothing to say.
    Done,
}

/// A request that knows the type of its output parameters.
pub trait TypedRequest: Into<Request> {
    /// What comes back where the message is carried out.
    type Output: TryFrom<Response>;
}

impl Message {
    /// The messages of the engine's own.
    pub const STANDARD: [Self; 10] = [
        Self::Create,
        Self::Retrieve,
        Self::RetrieveMultiple,
        Self::Update,
        Self::Delete,
        Self::Upsert,
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
            Self::Associate => "Associate",
            Self::Disassociate => "Disassociate",
            Self::Assign => "Assign",
            Self::SetState => "SetState",
            Self::Custom(name) => name,
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
            Self::Associate(_) => Message::Associate,
            Self::Disassociate(_) => Message::Disassociate,
            Self::Assign(_) => Message::Assign,
            Self::SetState(_) => Message::SetState,
            Self::Custom(custom) => Message::Custom(Arc::clone(&custom.message)),
        }
    }

    /// The entity at which it is aimed, the *primary entity*; `none` for links and global messages.
    pub fn entity(&self) -> Cow<'_, str> {
        match self {
            Self::Create(Create { target })
            | Self::Update(Update { target, .. })
            | Self::Upsert(Upsert { target }) => Cow::Borrowed(target.entity()),
            Self::Retrieve(Retrieve { target, .. })
            | Self::Delete(Delete { target, .. })
            | Self::Assign(Assign { target, .. })
            | Self::SetState(SetState { target, .. }) => Cow::Borrowed(&target.entity),
            Self::RetrieveMultiple(RetrieveMultiple { query }) => Cow::Borrowed(&query.entity),
            Self::Custom(custom) => {
                custom.primary.as_ref().map_or("none".into(), |it| it.entity.to_string().into())
            }
            Self::Associate(_) | Self::Disassociate(_) => "none".into(),
        }
    }

    /// The identity of the record at which it is aimed, once known.
    pub fn primary_id(&self) -> Option<Uuid> {
        match self {
            Self::Create(Create { target })
            | Self::Update(Update { target, .. })
            | Self::Upsert(Upsert { target }) => target.id(),
            Self::Retrieve(Retrieve { target, .. })
            | Self::Delete(Delete { target, .. })
            | Self::Assign(Assign { target, .. })
            | Self::SetState(SetState { target, .. }) => Some(target.id),
            Self::Custom(custom) => custom.primary.as_ref().map(|it| it.id),
            Self::RetrieveMultiple(_) | Self::Associate(_) | Self::Disassociate(_) => None,
        }
    }

    /// The record that the caller sent, for the messages that carry one.
    pub fn target(&self) -> Option<&Record> {
        if let Self::Create(Create { target })
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
        if let Self::Create(Create { target })
        | Self::Update(Update { target, .. })
        | Self::Upsert(Upsert { target }) = self
        {
            Some(target)
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
            Self::Custom(_) => matches!(response, Response::Custom(_)),
            Self::Update(_)
            | Self::Delete(_)
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
            target.rebase(platform.catalog().entity(target.entity())?)?;
        }
        match self {
            Self::Create(create) => {
                create.accept();
                Ok(())
            }
            Self::Update(update) => update.accept(platform),
            Self::RetrieveMultiple(_) | Self::Upsert(_) | Self::Custom(_) => Ok(()),
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
            Self::Upsert(_) | Self::Custom(_) => {
                Err(Error::Bug("this message has no main operation here"))
            }
        }
    }
}

/// Declares how a message's parameters become a request, and what its answer is.
macro_rules! typed {
    ($($Message:ident => $Output:ty,)*) => {
        $(
            impl From<$Message> for Request {
                fn from(request: $Message) -> Self {
                    Self::$Message(request)
                }
            }

            impl TypedRequest for $Message {
                type Output = $Output;
            }
        )*
    };
}

typed! {
    Create => EntityReference,
    Retrieve => Record,
    RetrieveMultiple => Page,
    Update => (),
    Delete => (),
    Upsert => Upserted,
    Associate => (),
    Disassociate => (),
    Assign => (),
    SetState => (),
    Custom => Parameters,
}

/// Declares how an answer is taken out of a response.
macro_rules! answers {
    ($($Output:ty => $pattern:pat => $value:expr,)*) => {
        $(impl TryFrom<Response> for $Output {
            type Error = Response;

            fn try_from(response: Response) -> Result<Self, Response> {
                if let $pattern = response { Ok($value) } else { Err(response) }
            }
        })*
    };
}

answers! {
    EntityReference => Response::Created(created) => created,
    Record => Response::Retrieved(record) => record,
    Page => Response::Found(page) => page,
    Upserted => Response::Upserted(upserted) => upserted,
    Parameters => Response::Custom(output) => output,
    () => Response::Done => (),
}
