//! Origins: where a value comes from, by which it is known to be the same as another of which nothing else is known.

use std::rc::Rc;

use super::value::Constant;

/// The most parts that an origin has: one that goes on growing tells nothing.
const PARTS: usize = 64;

/// Where a value comes from. Equal origins of one chain of messages to one record are equal values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    of: Rc<Of>,
    parts: usize,
}

#[derive(Debug, PartialEq)]
enum Of {
    /// What the client sent.
    Sent(String),
    /// What was stored before.
    Stored(String),
    Constant(Constant),
    /// The first where there is one, else the second.
    Over(Origin, Origin),
    Computed(&'static str, Origin, Origin),
}

impl Origin {
    fn new(of: Of, parts: usize) -> Self {
        Self { of: Rc::new(of), parts }
    }

    pub(super) fn sent(name: &str) -> Self {
        Self::new(Of::Sent(name.to_owned()), 1)
    }

    pub(super) fn stored(name: &str) -> Self {
        Self::new(Of::Stored(name.to_owned()), 1)
    }

    pub(super) fn constant(value: &Constant) -> Self {
        Self::new(Of::Constant(value.clone()), 1)
    }

    pub(super) fn over(first: Option<&Self>, second: Option<&Self>) -> Option<Self> {
        Self::of_both(first?, second?, Of::Over)
    }

    pub(super) fn computed(
        sign: &'static str,
        first: Option<Self>,
        second: Option<Self>,
    ) -> Option<Self> {
        Self::of_both(&first?, &second?, |a, b| Of::Computed(sign, a, b))
    }

    fn of_both(first: &Self, second: &Self, of: impl FnOnce(Self, Self) -> Of) -> Option<Self> {
        let parts = first.parts + second.parts;
        (parts <= PARTS).then(|| Self::new(of(first.clone(), second.clone()), parts))
    }
}
