//! Limits: how much one rule may use, and the budget that counts it.
//!
//! Rhai counts operations anew in every closure that a native function calls back, so its own limit can be
//! escaped. The budget is kept per thread instead, and charged at every step that Rhai takes. Rhai bounds
//! the size of each value; what all values of a rule come to, the budget weighs from time to time.
//!
//! What was exceeded stays exceeded until the rule ends, whoever swallows the error: Rhai's `sort` does.

mod budget;
mod weight;

use std::time::Duration;

pub(crate) use self::budget::{
    Exceeded, Use, charge, current, exceed, is_due, keep, on_budget, pause, weigh, write,
};

/// How much one rule may use. Each can be changed by the embedder.
///
/// Memory is estimated, for a library cannot count what is allocated. The estimate does not see what a rule
/// adds between two looks, nor what an expression holds while it waits for a call: up to `arguments` values
/// for each of `expression_depth` levels in each of `call_depth` functions, each as large as a value may be.
/// Under the defaults, no hostile rule of the tests holds more than 32 MiB, by an allocator that counts.
///
/// Rhai's own limits differ between debug and release builds, so every one is set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Steps of the interpreter: a rule of ten lines takes a few hundred.
    pub operations: u64,
    /// The time that one rule may take, without that of the messages it sends.
    pub time: Duration,
    /// Bytes that one rule may hold, together with the rules that wait for it: its variables, its records,
    /// and what it writes. Looked at every few steps; in between, a rule can add some values more.
    pub memory: usize,
    /// How deeply functions may call each other. Rules run on threads of 2 MiB, too.
    pub call_depth: usize,
    /// Bytes of a text, and of all texts within one value.
    pub text_size: usize,
    /// Elements of an array, and of all arrays within one value.
    pub array_size: usize,
    /// Entries of a map, and of all maps within one value.
    pub map_size: usize,
    /// How deeply arrays and maps may lie within each other.
    pub value_depth: usize,
    /// Variables of one function.
    pub variables: usize,
    /// How deeply an expression may nest: at the top, and within functions.
    pub expression_depth: (usize, usize),
    /// Functions of one file.
    pub functions: usize,
    /// Arguments of one call: each is held until all are there.
    pub arguments: usize,
    /// Bytes of one file.
    pub file_size: usize,
    /// Records that one query may answer.
    pub query_size: u32,
    /// Records that one rule may hold.
    pub records: usize,
    /// Shared variables of one message.
    pub shared_variables: usize,
}

/// A kind of size that a value has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    Text,
    Array,
    Map,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 1_000_000,
            time: Duration::from_secs(1),
            memory: 8 * 1024 * 1024,
            call_depth: 12,
            text_size: 32 * 1024,
            array_size: 1_000,
            map_size: 500,
            value_depth: 32,
            variables: 48,
            expression_depth: (48, 32),
            functions: 128,
            arguments: 16,
            file_size: 256 * 1024,
            query_size: 1_000,
            records: 5_000,
            shared_variables: 100,
        }
    }
}

impl Limits {
    /// Limits for runs: a tester's script sends many messages, and each has limits of its own.
    #[must_use]
    pub fn for_runs(&self) -> Self {
        Self {
            operations: self.operations.saturating_mul(10),
            time: self.time.saturating_mul(60),
            memory: self.memory.saturating_mul(8),
            variables: 256,
            ..self.clone()
        }
    }

    /// What a value had too much of, with the limit.
    pub(crate) fn too_much(&self, of: Size) -> String {
        match of {
            Size::Text => format!("{} bytes of text in one value", self.text_size),
            Size::Array => format!("{} elements of arrays in one value", self.array_size),
            Size::Map => format!("{} entries of maps in one value", self.map_size),
        }
    }

    pub(crate) fn apply(&self, rhai: &mut rhai::Engine) {
        rhai.set_max_operations(0); // The budget counts: see above.
        rhai.set_max_call_levels(self.call_depth);
        rhai.set_max_string_size(self.text_size);
        rhai.set_max_array_size(self.array_size);
        rhai.set_max_map_size(self.map_size);
        rhai.set_max_variables(self.variables);
        rhai.set_max_functions(self.functions);
        rhai.set_max_modules(0);
        rhai.set_max_strings_interned(0); // An engine-wide lock, and no gain.
        rhai.set_max_expr_depths(self.expression_depth.0, self.expression_depth.1);
    }
}
