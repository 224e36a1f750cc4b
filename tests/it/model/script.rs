//! What a random step does: a tiny language, and its meaning in terms of what a step can do.
//!
//! The engine's hooks and the model's steps are both a [`Host`], so that they cannot mean different things
//! by the same line.

use std::collections::BTreeMap;

use rulegate::{EntityReference, Value, bootstrap};

use super::catalog;

/// The attributes of a record, in the order of their names.
pub(crate) type Row = BTreeMap<String, Value>;

/// A step: when it runs, and what it does.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) message: &'static str,
    pub(crate) entity: Option<&'static str>,
    pub(crate) stage: u16,
    pub(crate) is_async: bool,
    pub(crate) rank: i32,
    pub(crate) filtering: Vec<&'static str>,
    pub(crate) relationship: Option<&'static str>,
    pub(crate) pre: Vec<Picture>,
    pub(crate) post: Vec<Picture>,
    /// Whether it runs in the name of SYSTEM, or of the default user.
    pub(crate) run_as: Option<User>,
    pub(crate) is_enabled: bool,
    /// Whether the engine plays it as a rule in Rhai.
    pub(crate) is_rule: bool,
    pub(crate) lines: Vec<Line>,
}

/// An image that a step asks for; no attributes mean all of them.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) alias: &'static str,
    pub(crate) attributes: Vec<&'static str>,
}

/// The two users that every engine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    System,
    Default,
}

/// One line of a step's script.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The deepest depth at which it is done; `None` for any.
    pub(crate) down_to: Option<u32>,
    pub(crate) act: Act,
}

/// What a line does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Set(&'static str, Source),
    Remove(&'static str),
    Share(&'static str, Source),
    Send {
        ask: Ask,
        swallows: bool,
    },
    Reject,
    /// Refuses, and asks to be run again if it is a job.
    Retry,
    Fail,
    Panic,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Null,
    Number(i64),
    Text(&'static str),
    /// A moment long ago.
    Moment,
    Record(Who),
    User,
    Initiating,
    /// A user by name, as callers know them.
    Owner(User),
    Depth,
    Shared(&'static str),
    /// The nearest enclosing message that has the variable.
    Parent(&'static str),
    Target(&'static str),
    /// The index of the step's image, and an attribute.
    Pre(usize, &'static str),
    Post(usize, &'static str),
    /// What the service reads of the step's own record.
    Stored(&'static str),
}

/// A record: the one at which the message is aimed, or one that everybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Own,
    Record(usize),
}

/// A message, before its values are known.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// A record of that entity: one of those that everybody knows, or a new one.
    Create(&'static str, Option<usize>, Vec<(&'static str, Source)>),
    Update(Who, Vec<(&'static str, Source)>),
    /// The same, of one of the records that everybody knows, or of none at all.
    Upsert(&'static str, Option<usize>, Vec<(&'static str, Source)>),
    /// Several creates, or updates of records that everybody knows, in one message.
    Bulk(bool, &'static str, Vec<Single>),
    Delete(Who),
    Retrieve(Who),
    /// Reads an attribute that there is not.
    Misread(Who),
    Assign(Who, Source),
    SetState(Who, i32),
    Link(Tie, Who, Vec<Who>),
}

/// One record of a bulk message: which, and its values.
pub(crate) type Single = (Option<usize>, Vec<(&'static str, Source)>);

/// A way to link, or to unlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) is_taken_away: bool,
    pub(crate) relationship: &'static str,
}

/// A message, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    Create(Target),
    Update(Target),
    Upsert(Target),
    /// Whether they are created, and the records.
    Bulk(bool, Vec<Target>),
    Delete(EntityReference),
    Retrieve(EntityReference),
    /// The same, of an attribute that there is not.
    Misread(EntityReference),
    /// A query for one record.
    Find(EntityReference),
    Assign(EntityReference, EntityReference),
    SetState(EntityReference, i32),
    Link(Tie, EntityReference, Vec<EntityReference>),
}

/// A record in hand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) entity: String,
    pub(crate) id: Option<uuid::Uuid>,
    pub(crate) values: Row,
}

/// How a line ends a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Reject,
    Retry,
    Fail,
    Panic,
}

/// What a step can do with its message.
pub(crate) trait Host {
    type Fault;

    /// Writes down all that it sees.
    fn see(&mut self);
    fn trace(&mut self, line: String);
    fn depth(&self) -> u32;
    fn user(&self, is_initiating: bool) -> EntityReference;
    /// The record at which the message is aimed.
    fn own(&self) -> Option<EntityReference>;
    fn set(&mut self, attribute: &str, value: Value) -> Result<(), Self::Fault>;
    fn remove(&mut self, attribute: &str) -> Result<(), Self::Fault>;
    fn share(&mut self, key: &str, value: Value);
    fn shared(&self, key: &str) -> Option<Value>;
    fn parent_shared(&self, key: &str) -> Option<Value>;
    fn target(&self, attribute: &str) -> Option<Value>;
    fn image(&self, is_pre: bool, alias: &str, attribute: &str) -> Option<Value>;
    /// Sends a message; answers the record that it read, or found.
    fn send(&mut self, request: Request) -> Result<Option<Row>, Self::Fault>;
    fn code_of(fault: &Self::Fault) -> String;
    fn end(&self, end: End) -> Self::Fault;
}

/// Plays the lines of a step.
pub(crate) fn play<H: Host>(host: &mut H, plan: &Plan) -> Result<(), H::Fault> {
    host.see();
    for line in &plan.lines {
        if line.down_to.is_none_or(|it| host.depth() <= it) {
            Player { host, plan }.act(&line.act)?;
        }
    }
    Ok(())
}

struct Player<'a, H> {
    host: &'a mut H,
    plan: &'a Plan,
}

impl<H: Host> Player<'_, H> {
    fn act(&mut self, act: &Act) -> Result<(), H::Fault> {
        match act {
            Act::Set(attribute, source) => {
                let value = self.value(source)?;
                self.host.set(attribute, value)
            }
            Act::Remove(attribute) => self.host.remove(attribute),
            Act::Share(key, source) => {
                let value = self.value(source)?;
                self.host.share(key, value);
                Ok(())
            }
            Act::Send { ask, swallows } => {
                let request = ask.request(self)?;
                match self.host.send(request) {
                    Err(fault) if *swallows => {
                        self.host.trace(format!("caught {}", H::code_of(&fault)));
                        Ok(())
                    }
                    sent => sent.map(drop),
                }
            }
            Act::Reject => Err(self.host.end(End::Reject)),
            Act::Retry => Err(self.host.end(End::Retry)),
            Act::Fail => Err(self.host.end(End::Fail)),
            Act::Panic => Err(self.host.end(End::Panic)),
        }
    }
}

impl<H: Host> Resolve for Player<'_, H> {
    type Fault = H::Fault;

    fn value(&mut self, source: &Source) -> Result<Value, H::Fault> {
        let image = |it: &Self, is_pre: bool, index: usize, attribute: &&str| {
            let pictures = if is_pre { &it.plan.pre } else { &it.plan.post };
            let picture = pictures.get(index).filter(|it| it.shows(attribute))?;
            it.host.image(is_pre, picture.alias, attribute)
        };
        let found = match source {
            Source::Null => None,
            Source::Number(number) => Some((*number).into()),
            Source::Text(text) => Some((*text).into()),
            Source::Moment => Some(catalog::long_ago()),
            Source::Record(who) => Some(Value::Lookup(self.find(*who)?)),
            Source::User => Some(Value::Lookup(self.host.user(false))),
            Source::Initiating => Some(Value::Lookup(self.host.user(true))),
            Source::Owner(user) => Some(user.value()),
            Source::Depth => Some(i64::from(self.host.depth()).into()),
            Source::Shared(key) => self.host.shared(key),
            Source::Parent(key) => self.host.parent_shared(key),
            Source::Target(attribute) => self.host.target(attribute),
            Source::Pre(index, attribute) => image(self, true, *index, attribute),
            Source::Post(index, attribute) => image(self, false, *index, attribute),
            Source::Stored(attribute) => {
                let own = self.find(Who::Own)?;
                let row = self.host.send(Request::Retrieve(own))?;
                row.and_then(|it| it.get(*attribute).cloned())
            }
        };
        Ok(found.unwrap_or(Value::Null))
    }

    /// The record itself. As a rule has no other way to name one, it is searched for: by a message.
    fn find(&mut self, who: Who) -> Result<EntityReference, H::Fault> {
        match who {
            Who::Own => self.host.own().ok_or_else(|| self.host.end(End::Fail)),
            Who::Record(index) => {
                let record = catalog::record(index);
                let found = self.host.send(Request::Find(record.clone()))?;
                found.map(|_| record).ok_or_else(|| self.host.end(End::Fail))
            }
        }
    }

    fn fail(&self) -> H::Fault {
        self.host.end(End::Fail)
    }
}

/// Whoever knows which records and values are meant.
trait Resolve {
    type Fault;

    fn value(&mut self, source: &Source) -> Result<Value, Self::Fault>;
    fn find(&mut self, who: Who) -> Result<EntityReference, Self::Fault>;
    fn fail(&self) -> Self::Fault;
}

/// A caller outside of all messages: its records need not be searched for.
struct Client;

impl Resolve for Client {
    type Fault = &'static str;

    fn value(&mut self, source: &Source) -> Result<Value, &'static str> {
        match source {
            Source::Null => Ok(Value::Null),
            Source::Number(number) => Ok((*number).into()),
            Source::Text(text) => Ok((*text).into()),
            Source::Moment => Ok(catalog::long_ago()),
            Source::Record(who) => Ok(Value::Lookup(self.find(*who)?)),
            Source::Owner(user) => Ok(user.value()),
            Source::User
            | Source::Initiating
            | Source::Depth
            | Source::Shared(_)
            | Source::Parent(_)
            | Source::Target(_)
            | Source::Pre(..)
            | Source::Post(..)
            | Source::Stored(_) => Err("only a step has such a value"),
        }
    }

    fn find(&mut self, who: Who) -> Result<EntityReference, &'static str> {
        match who {
            Who::Own => Err("only a step has a record of its own"),
            Who::Record(index) => Ok(catalog::record(index)),
        }
    }

    fn fail(&self) -> &'static str {
        "an owner is a user"
    }
}

impl Ask {
    /// The message of a caller outside of all messages.
    pub(crate) fn outside(&self) -> Request {
        self.request(&mut Client).unwrap()
    }

    fn request<R: Resolve>(&self, of: &mut R) -> Result<Request, R::Fault> {
        Ok(match self {
            Self::Create(entity, index, sources) => {
                Request::Create(Target::new(entity, *index, row(of, sources)?))
            }
            Self::Upsert(entity, index, sources) => {
                Request::Upsert(Target::new(entity, *index, row(of, sources)?))
            }
            Self::Update(who, sources) => {
                let EntityReference { entity, id } = of.find(*who)?;
                let values = row(of, sources)?;
                Request::Update(Target { entity: entity.to_string(), id: Some(id), values })
            }
            Self::Bulk(is_new, entity, singles) => {
                let targets = singles
                    .iter()
                    .map(|(index, sources)| Ok(Target::new(entity, *index, row(of, sources)?)));
                Request::Bulk(*is_new, targets.collect::<Result<_, R::Fault>>()?)
            }
            Self::Delete(who) => Request::Delete(of.find(*who)?),
            Self::Retrieve(who) => Request::Retrieve(of.find(*who)?),
            Self::Misread(who) => Request::Misread(of.find(*who)?),
            Self::Assign(who, owner) => {
                let record = of.find(*who)?;
                let owner = of.value(owner)?;
                let owner = owner.as_lookup().ok_or_else(|| of.fail())?;
                Request::Assign(record, owner.clone())
            }
            Self::SetState(who, state) => Request::SetState(of.find(*who)?, *state),
            Self::Link(tie, who, others) => {
                let record = of.find(*who)?;
                let others = others.iter().map(|it| of.find(*it)).collect::<Result<_, _>>()?;
                Request::Link(*tie, record, others)
            }
        })
    }
}

fn row<R: Resolve>(of: &mut R, sources: &[(&'static str, Source)]) -> Result<Row, R::Fault> {
    sources.iter().map(|(name, it)| Ok(((*name).to_owned(), of.value(it)?))).collect()
}

impl User {
    pub(crate) fn id(self) -> uuid::Uuid {
        match self {
            Self::System => bootstrap::SYSTEM_USER,
            Self::Default => bootstrap::DEFAULT_USER,
        }
    }

    fn value(self) -> Value {
        Value::Lookup(EntityReference::new("systemuser", self.id()))
    }
}

impl Picture {
    pub(crate) fn shows(&self, attribute: &str) -> bool {
        self.attributes.is_empty() || self.attributes.contains(&attribute)
    }
}

impl Target {
    pub(crate) fn new(entity: &str, index: Option<usize>, values: Row) -> Self {
        let id = index.map(|it| catalog::record(it).id);
        Self { entity: entity.to_owned(), id, values }
    }
}

impl Request {
    pub(crate) fn message(&self) -> &'static str {
        match self {
            Self::Create(_) => "Create",
            Self::Update(_) => "Update",
            Self::Upsert(_) => "Upsert",
            Self::Bulk(true, _) => "CreateMultiple",
            Self::Bulk(false, _) => "UpdateMultiple",
            Self::Delete(_) => "Delete",
            Self::Retrieve(_) | Self::Misread(_) => "Retrieve",
            Self::Find(_) => "RetrieveMultiple",
            Self::Assign(..) => "Assign",
            Self::SetState(..) => "SetState",
            Self::Link(tie, ..) if tie.is_taken_away => "Disassociate",
            Self::Link(..) => "Associate",
        }
    }

    pub(crate) fn entity(&self) -> &str {
        match self {
            Self::Create(it) | Self::Update(it) | Self::Upsert(it) => &it.entity,
            Self::Bulk(_, targets) => targets.first().map_or("none", |it| &it.entity),
            Self::Delete(it)
            | Self::Retrieve(it)
            | Self::Misread(it)
            | Self::Find(it)
            | Self::Assign(it, _)
            | Self::SetState(it, _) => &it.entity,
            Self::Link(..) => "none",
        }
    }

    pub(crate) fn id(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Create(it) | Self::Update(it) | Self::Upsert(it) => it.id,
            Self::Delete(it)
            | Self::Retrieve(it)
            | Self::Misread(it)
            | Self::Assign(it, _)
            | Self::SetState(it, _) => Some(it.id),
            Self::Bulk(..) | Self::Find(_) | Self::Link(..) => None,
        }
    }

    /// What an update sends, one of many records too.
    pub(crate) fn updates(&self) -> &[Target] {
        if let Self::Bulk(false, targets) = self {
            return targets;
        }
        if let Self::Update(target) = self { std::slice::from_ref(target) } else { &[] }
    }

    pub(crate) fn target(&self) -> Option<&Target> {
        if let Self::Create(it) | Self::Update(it) = self { Some(it) } else { None }
    }

    pub(crate) fn target_mut(&mut self) -> Option<&mut Target> {
        if let Self::Create(it) | Self::Update(it) = self { Some(it) } else { None }
    }
}
