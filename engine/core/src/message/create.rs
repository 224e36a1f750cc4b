//! Create: a record comes into being.

use smallvec::SmallVec;

use super::platform::Platform;
use super::{Related, Response, keys, ownership, related, stamps, state, values};
use crate::error::Error;
use crate::metadata::{DefaultValue, Ordinal};
use crate::record::{Record, Value};

/// Input parameters of *create*.
#[derive(Debug, Clone, PartialEq)]
pub struct Create {
    /// The record to create. The engine gives it an identity if it has none (C-1).
    pub target: Record,
    /// The records that come into being with it: those it points at first, then it, then the others (I-83).
    pub related: Vec<Related>,
}

impl Create {
    /// A create of one record.
    pub fn new(target: Record) -> Self {
        Self { target, related: Vec::new() }
    }

    /// The create with more records, over the relationship of that schema name: children of the record,
    /// the one that its lookup points at, or those with which it makes pairs (I-82).
    #[must_use]
    pub fn with_related<R: Into<Self>>(
        mut self,
        relationship: impl Into<String>,
        records: impl IntoIterator<Item = R>,
    ) -> Self {
        self.related.push(Related::new(relationship, records));
        self
    }

    /// What callers cannot send is ignored (C-6); an identity among the attributes is the record's.
    pub(super) fn accept(&mut self, platform: &dyn Platform) -> Result<(), Error> {
        keys::adopt_identity(&mut self.target);
        self.target.forget_key();
        self.target.drop_those(|it| &it.not_for_create);
        self.accept_related(platform)
    }

    fn accept_related(&mut self, platform: &dyn Platform) -> Result<(), Error> {
        related::accept(&mut self.related, self.target.entity(), "Create", platform)
    }

    pub(super) fn prepare(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        if platform.settings().platform_attributes_at_pre_operation {
            self.fill(platform)?;
        }
        Ok(())
    }

    /// The main operation, in the order of C-21.
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        self.accept_related(platform)?; // Steps may have changed them.
        related::create_referenced(&self.related, &mut self.target, platform)?;
        self.target.drop_nulls(); // The same as not sent (C-13).
        values::check(&mut self.target, None, platform)?;
        self.target.drop_nulls(); // An empty text is null, too (C-14).
        values::check_references(&mut self.target, platform)?;
        self.fill(platform)?;
        self.default();
        state::check_new(&self.target)?;
        ownership::derive(&mut self.target, platform)?;
        values::check_required(&self.target)?;
        platform.insert(&self.target)?;
        let created = self.target.reference().ok_or(Error::Bug("created without identity"))?;
        related::create_children(&self.related, &created, platform)?;
        Ok(Response::Created(created))
    }

    /// Gives the record what the engine knows of it: identity, owner, state and stamps.
    fn fill(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        if self.target.id().is_none() {
            self.target.reserve(self.target.metadata().system().filled);
        }
        keys::identify(&mut self.target, platform);
        stamps::created(&mut self.target, platform)?;
        ownership::default_owner(&mut self.target, platform);
        state::start(&mut self.target)
    }

    /// Gives the attributes that nobody sent their defaults (C-37).
    fn default(&mut self) {
        let defaults = &self.target.metadata().system().defaults;
        let missing = defaults.iter().filter(|(it, _)| self.target.at(*it).is_none());
        let missing: SmallVec<[(Ordinal, DefaultValue); 16]> = missing.copied().collect();
        for (ordinal, default) in missing {
            let value = match default {
                DefaultValue::Boolean(value) => Value::Boolean(value),
                DefaultValue::Choice(value) => Value::Choice(value),
            };
            self.target.put(ordinal, value);
        }
    }
}

impl From<Record> for Create {
    fn from(target: Record) -> Self {
        Self::new(target)
    }
}
