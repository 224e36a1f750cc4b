//! The binary `rulegate`: streams, surroundings and an exit code around the library.

use std::io::{self, BufReader, IsTerminal};
use std::process::ExitCode;
use std::{env, process};

use rulegate_cli::{Streams, Surroundings};

/// What Ctrl-C leaves behind, as shells have it: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    // Where no handler can be set, the signal ends the program, too.
    drop(ctrlc::set_handler(interrupted));
    let is_terminal = io::stdout().is_terminal();
    let around = Surroundings {
        folder: env::current_dir().unwrap_or_default(),
        variables: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        is_interactive: is_terminal && io::stdin().is_terminal(),
        is_terminal,
    };
    let streams = Streams {
        input: &mut BufReader::new(io::stdin()),
        out: &mut io::stdout(),
        err: &mut io::stderr(),
    };
    ExitCode::from(rulegate_cli::run(env::args_os().skip(1), &around, streams))
}

#[expect(clippy::exit, reason = "a handler of signals has nowhere to return to")]
fn interrupted() {
    process::exit(INTERRUPTED);
}
