//! The rules folder: reads what authors write, and shows them the place of everything that is wrong.
//!
//! ```
//! use rulegate_script::{SourceFile, read_catalog};
//!
//! let text = "[entity]\nownership = \"organization\"\n[attributes]\nname = { type = \"sting\" }";
//! let problems = read_catalog(&[SourceFile::new("rules/goal/entity.toml", text)], None).unwrap_err();
//!
//! let first = &problems[0];
//! assert_eq!(first.to_string(), "rules/goal/entity.toml:4:17: error: `type` cannot be `sting`");
//! assert_eq!(first.help.as_deref(), Some("did you mean `string`?"));
//! ```

mod check;
mod diagnostic;
mod entity_file;
mod folder;
mod interpret;
mod language;
mod limits;
mod lower;
mod registration;
mod rule;
mod rule_set;
mod run;
mod script;
mod text_value;

pub use self::check::{
    Check, FINDINGS, Finding, Level, Levels, Mended, Termination, UnknownFinding, mend,
};
pub use self::diagnostic::{Diagnostic, Fix, Severity, span_of_word};
pub use self::entity_file::{SourceFile, read_catalog};
pub use self::folder::{Gate, ReloadEvent, RuleFolder, WatchOptions, WatchStatus, Watcher};
pub use self::language::words::{WORDS, Word};
pub use self::limits::Limits;
pub use self::rule_set::{Execution, LoadOptions, RuleSet, Way};
pub use self::run::{Played, Playground, check_run};
pub use self::text_value::{
    TextValueError, parameter_from_text, reference_from_text, value_from_text,
};
