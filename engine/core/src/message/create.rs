//! Create: a record comes into being.

use super::platform::Platform;
use super::{Response, keys, ownership, stamps, state, values};
use crate::error::Error;
use crate::metadata::DefaultValue;
use crate::record::{Record, Value};

/// Input parameters of *create*.
#[derive(Debug, Clone, PartialEq)]
pub struct Create {
    /// The record to create. The engine gives it an identity if it has none (C-1).
    pub target: Record,
}

impl Create {
    /// What callers cannot send is ignored (C-6); an identity among the attributes is the record's.
    pub(super) fn accept(&mut self) {
        keys::adopt_identity(&mut self.target);
        self.target.forget_key();
        let entity = self.target.metadata().clone();
        values::drop_all(&mut self.target, &entity.system().not_for_create);
    }

    pub(super) fn prepare(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        if platform.settings().platform_attributes_at_pre_operation {
            self.fill(platform)?;
        }
        Ok(())
    }

    /// The main operation, in the order of C-21.
    pub(super) fn run(&mut self, platform: &mut dyn Platform) -> Result<Response, Error> {
        values::drop_nulls(&mut self.target); // C-13
        values::check(&mut self.target, None, platform)?;
        values::drop_nulls(&mut self.target); // An empty text is null, too (C-14).
        values::check_references(&mut self.target, platform)?;
        self.fill(platform)?;
        self.default();
        state::check_new(&self.target)?;
        ownership::derive(&mut self.target, platform)?;
        values::check_required(&self.target)?;
        platform.insert(&self.target)?;
        self.target.reference().map(Response::Created).ok_or(Error::Bug("created without identity"))
    }

    /// Gives the record what the engine knows of it: identity, owner, state and stamps.
    fn fill(&mut self, platform: &mut dyn Platform) -> Result<(), Error> {
        keys::identify(&mut self.target, platform);
        stamps::created(&mut self.target, platform)?;
        ownership::default_owner(&mut self.target, platform);
        state::start(&mut self.target)
    }

    /// Gives the attributes that nobody sent their defaults (C-37).
    fn default(&mut self) {
        let entity = self.target.metadata().clone();
        for (ordinal, default) in &entity.system().defaults {
            if self.target.at(*ordinal).is_none() {
                self.target.put(
                    *ordinal,
                    match default {
                        DefaultValue::Boolean(value) => Value::Boolean(*value),
                        DefaultValue::Choice(value) => Value::Choice(*value),
                    },
                );
            }
        }
    }
}
