//! Slots: the values of a record, packed, and the bits that say which are there.

use crate::metadata::{AttributeSet, Ordinal};
use crate::record::Value;

/// Values in the order of their places. `contact` has some 300 attributes and a Create sends three.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Slots {
    present: AttributeSet,
    /// INVARIANT: one value for each bit of `present`, in the same order.
    values: Vec<Value>,
}

impl Slots {
    pub(super) fn present(&self) -> &AttributeSet {
        &self.present
    }

    pub(super) fn get(&self, ordinal: Ordinal) -> Option<&Value> {
        if !self.present.contains(ordinal) {
            return None;
        }
        self.values.get(self.present.rank(ordinal))
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.values.reserve(count);
    }

    pub(super) fn put(&mut self, ordinal: Ordinal, value: Value) {
        let index = self.present.rank(ordinal);
        if self.present.insert(ordinal) {
            self.values.insert(index, value);
        } else if let Some(slot) = self.values.get_mut(index) {
            *slot = value;
        }
    }

    pub(super) fn take(&mut self, ordinal: Ordinal) -> Option<Value> {
        self.present.remove(ordinal).then(|| self.values.remove(self.present.rank(ordinal)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Ordinal, &Value)> {
        self.present.iter().zip(&self.values)
    }
}
