//! Weights: about how many bytes a value of the language holds.

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

/// A value of the language, in its place.
const PLACE: usize = size_of::<Dynamic>();
/// What lies in a box of its own: a date, a lookup, a record; with what an allocator adds.
const BOX: usize = 64;
/// An entry of a map: its key, its value, and its part of a node that may be half empty.
const ENTRY: usize = 2 * (24 + PLACE);

/// What a value weighs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    /// About how many bytes it holds.
    pub(super) bytes: usize,
    /// How many values it is made of.
    pub(super) values: usize,
    /// Elements of all arrays and blobs within it.
    pub(super) elements: usize,
    /// Entries of all maps within it.
    pub(super) entries: usize,
    /// Bytes of all texts within it.
    pub(super) text: usize,
    /// Whether arrays and maps lie within each other too deeply, so that it was not weighed to its end.
    pub(super) is_too_deep: bool,
}

/// Weighs a value in which arrays and maps may lie within each other so deeply.
pub(super) fn weight(value: &Dynamic, depth: usize) -> Weight {
    let mut weight = Weight { bytes: PLACE, values: 1, ..Weight::default() };
    if value.is_array() {
        if let Some(array) = value.read_lock::<Array>() {
            weight.bytes += BOX;
            weight.elements += array.len();
            array.iter().for_each(|it| weight.add(it, depth));
        }
    } else if value.is_map() {
        if let Some(map) = value.read_lock::<Map>() {
            weight.bytes += BOX;
            weight.entries += map.len();
            for (key, it) in map.iter() {
                weight.bytes += ENTRY + key.len();
                weight.add(it, depth);
            }
        }
    } else if value.is_string() {
        weight.text += value.read_lock::<ImmutableString>().map_or(0, |it| it.len());
        weight.bytes += weight.text + BOX;
    } else if value.is_blob() {
        weight.elements += value.read_lock::<Blob>().map_or(0, |it| it.len());
        weight.bytes += weight.elements + BOX;
    } else if value.is_fnptr() {
        weight.bytes += 2 * BOX;
        if let Some(function) = value.read_lock::<FnPtr>() {
            weight.bytes += function.fn_name().len();
            function.iter_curry().for_each(|it| weight.add(it, depth));
        }
    } else if value.is_variant() || value.is_decimal() {
        weight.bytes += BOX;
    }
    weight
}

impl Weight {
    fn add(&mut self, value: &Dynamic, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            self.is_too_deep |= value.is_array() || value.is_map();
            return;
        };
        let inner = weight(value, depth);
        self.bytes = self.bytes.saturating_add(inner.bytes);
        self.values += inner.values;
        self.elements += inner.elements;
        self.entries += inner.entries;
        self.text += inner.text;
        self.is_too_deep |= inner.is_too_deep;
    }
}
