//! The binary `rulegate`, as a library that its tests can drive: the only crate that prints.
//!
//! ```
//! use rulegate_cli::{Streams, Surroundings, run};
//!
//! let (mut out, mut err) = (Vec::new(), Vec::new());
//! let streams = Streams { input: &mut std::io::empty(), out: &mut out, err: &mut err };
//! let code = run(["--version"], &Surroundings::default(), streams);
//! assert_eq!((code, out.starts_with(b"rulegate ")), (0, true));
//! ```
//!
//! Invariants:
//!
//! - Results go to `out`, talk goes to `err`. A verb that has nothing to complain of is silent.
//! - With `--format json`, `out` holds one document of schema 1, whatever happens; `dev` writes one a save.
//! - A closed pipe ends a verb without a word.
//! - Every path that a person gives is relative to the working folder, or to that of `-C`.

mod arguments; // What people type.
mod command; // The verbs, one file each.

mod console; // What verbs say.
mod diff;
mod exit;
mod json;

mod files; // What verbs work on.
mod install;
mod place;
mod project;
mod runs;
mod snapshot;
mod watch;

use std::ffi::OsString;
use std::iter;

use clap::Parser;

use self::arguments::Arguments;
use self::console::Console;
pub use self::console::{Streams, Surroundings};
use self::exit::Exit;

/// Runs a command line, without the name of the binary, and answers its exit code.
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString>>,
    around: &Surroundings,
    streams: Streams<'_>,
) -> u8 {
    let args = args.into_iter().map(Into::into);
    match Arguments::try_parse_from(iter::once(OsString::from("rulegate")).chain(args)) {
        Ok(Arguments { options, verb }) => {
            let mut console = Console::new(options, around, streams);
            let outcome = command::run(verb, &mut console);
            console.close(outcome).code()
        }
        Err(refusal) => refused(&refusal, around, streams).code(),
    }
}

/// Help, the version, or what is wrong with the command line.
fn refused(refusal: &clap::Error, around: &Surroundings, streams: Streams<'_>) -> Exit {
    let text = refusal.render();
    let text = if around.is_colored() { text.ansi().to_string() } else { text.to_string() };
    let (stream, exit) =
        if refusal.use_stderr() { (streams.err, Exit::Usage) } else { (streams.out, Exit::Fine) };
    drop(stream.write_all(text.as_bytes())); // Nobody is left to hear that nobody listens.
    exit
}
