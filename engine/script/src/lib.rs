//! The rules folder: reads what authors write, and shows them the place of everything that is wrong.

mod diagnostic;

pub use self::diagnostic::{Diagnostic, Fix, Severity, span_of_word};
