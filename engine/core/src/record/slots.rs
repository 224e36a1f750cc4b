//! Slots: the values of a record, packed, and the bits that say which are there.

use std::mem;

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
        if self.present.contains(ordinal) {
            self.values.get(self.present.count_before(ordinal))
        } else {
            None
        }
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.values.reserve(count);
    }

    /// The same, with room for so many more.
    pub(super) fn with_room(&self, count: usize) -> Self {
        let mut values = Vec::with_capacity(self.values.len() + count);
        values.extend(self.values.iter().cloned());
        Self { present: self.present.clone(), values }
    }

    /// Puts what it is made into in the place of each value; takes out what is made nothing.
    pub(super) fn revise<E>(
        &mut self,
        mut revise: impl FnMut(Ordinal, Value) -> Result<Option<Value>, E>,
    ) -> Result<(), E> {
        let mut gone = AttributeSet::default();
        for (ordinal, slot) in self.present.iter().zip(&mut self.values) {
            match revise(ordinal, mem::replace(slot, Value::Null))? {
                Some(value) => *slot = value,
                None => drop(gone.insert(ordinal)),
            }
        }
        self.drop_all(&gone);
        Ok(())
    }

    /// Takes all these out.
    pub(super) fn drop_all(&mut self, unwanted: &AttributeSet) {
        if self.present.intersects(unwanted) {
            unwanted.iter().for_each(|it| drop(self.take(it)));
        }
    }

    /// What of it is null.
    pub(super) fn nulls(&self) -> AttributeSet {
        self.iter().filter(|(_, value)| value.is_null()).map(|(it, _)| it).collect()
    }

    pub(super) fn put(&mut self, ordinal: Ordinal, value: Value) {
        let index = self.present.count_before(ordinal);
        if self.present.contains(ordinal) {
            if let Some(slot) = self.values.get_mut(index) {
                *slot = value;
            }
            return;
        }
        self.present.insert(ordinal);
        if index == self.values.len() {
            self.values.push(value); // As where a store reads a row from left to right.
        } else {
            self.values.insert(index, value);
        }
    }

    pub(super) fn take(&mut self, ordinal: Ordinal) -> Option<Value> {
        self.present.remove(ordinal).then(|| self.values.remove(self.present.count_before(ordinal)))
    }

    /// Where the two differ: in a value, or in whether there is one.
    pub(super) fn differing(&self, other: &Self) -> AttributeSet {
        let differs = |it: &Ordinal| self.get(*it) != other.get(*it);
        if self == other {
            AttributeSet::default()
        } else {
            self.present.iter().chain(other.present.iter()).filter(differs).collect()
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Ordinal, &Value)> {
        self.present.iter().zip(&self.values)
    }
}
