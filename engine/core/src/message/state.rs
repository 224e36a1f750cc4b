//! States and status reasons: how the two follow each other (C-65 to C-73).

use crate::error::{DataError, Error};
use crate::metadata::{EntityMetadata, OptionMetadata, OptionSet, Ordinal};
use crate::record::{Record, Value};

/// The state and status attributes of an entity, with their options.
struct StateModel<'a> {
    entity: &'a EntityMetadata,
    state: (Ordinal, &'a OptionSet),
    status: (Ordinal, &'a OptionSet),
}

/// A new record starts in the first state, with the default status of its state (C-66).
pub(super) fn start(target: &mut Record) -> Result<(), Error> {
    let Some(model) = StateModel::of(target.metadata()) else { return Ok(()) };
    let initial = || model.state.1.initial();
    let state = choice(target, model.state.0).or_else(initial);
    let Some(state) = state else { return Ok(()) };
    let status = match choice(target, model.status.0) {
        Some(_) => None,
        None => Some(model.default_status(state)),
    };
    let places = (model.state.0, model.status.0);
    target.put(places.0, Value::Choice(state));
    if let Some(status) = status {
        target.put(places.1, Value::Choice(status?));
    }
    Ok(())
}

/// The status of a new record belongs to its state (C-67).
pub(super) fn check_new(target: &Record) -> Result<(), Error> {
    let entity = target.metadata();
    let Some(model) = StateModel::of(entity) else { return Ok(()) };
    match (choice(target, model.state.0), choice(target, model.status.0)) {
        (Some(state), Some(status)) => model.check_pair(state, status),
        _ => Ok(()),
    }
}

/// Completes a change of state: a state brings its default status, a status its state (C-69, C-70).
pub(super) fn follow(change: &mut Record, current: &Record) -> Result<(), Error> {
    let Some(model) = StateModel::of(change.metadata()) else { return Ok(()) };
    let (state, status) = (choice(change, model.state.0), choice(change, model.status.0));
    let (state, status) = match (state, status) {
        (None, None) => return Ok(()),
        (Some(state), None) => (state, model.default_status(state)?),
        (None, Some(status)) => (model.state_of(status)?, status),
        (Some(state), Some(status)) => (state, status),
    };
    model.check_pair(state, status)?;
    model.check_transition(choice(current, model.status.0), status)?;
    let places = (model.state.0, model.status.0);
    change.put(places.0, Value::Choice(state));
    change.put(places.1, Value::Choice(status));
    Ok(())
}

impl<'a> StateModel<'a> {
    fn of(entity: &'a EntityMetadata) -> Option<Self> {
        let set = |place: Ordinal| Some((place, entity.attribute_at(place)?.kind.option_set()?));
        let system = entity.system();
        Some(Self { entity, state: set(system.state?)?, status: set(system.status?)? })
    }

    fn default_status(&self, state: i32) -> Result<i32, Error> {
        let option = self.state.1.by_value(state).and_then(|it| it.default_status);
        option.ok_or_else(|| {
            let entity = self.entity.logical_name().clone();
            DataError::InvalidState { entity, state }.into()
        })
    }

    fn state_of(&self, status: i32) -> Result<i32, Error> {
        let state = self.status.1.by_value(status).and_then(|it| it.state);
        state.ok_or_else(|| self.mismatch(-1, status))
    }

    fn check_pair(&self, state: i32, status: i32) -> Result<(), Error> {
        let belongs = |it: &OptionMetadata| it.state == Some(state);
        if self.status.1.by_value(status).is_some_and(belongs) {
            Ok(())
        } else {
            Err(self.mismatch(state, status))
        }
    }

    fn check_transition(&self, from: Option<i32>, to: i32) -> Result<(), Error> {
        let Some(from) = from.filter(|it| *it != to) else { return Ok(()) };
        let is_listed = || self.status.1.by_value(from).is_some_and(|it| it.next.contains(&to));
        if !self.entity.definition().enforces_state_transitions || is_listed() {
            return Ok(());
        }
        let entity = self.entity.logical_name().clone();
        Err(DataError::TransitionNotAllowed { entity, from, to }.into())
    }

    fn mismatch(&self, state: i32, status: i32) -> Error {
        let entity = self.entity.logical_name().clone();
        DataError::StatusMismatch { entity, state, status }.into()
    }
}

fn choice(record: &Record, place: Ordinal) -> Option<i32> {
    record.at(place)?.as_choice()
}
