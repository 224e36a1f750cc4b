//! The verbs, one file each.

pub(crate) mod run; // Playing.
pub(crate) mod send;
pub(crate) mod test;

pub(crate) mod accept; // Deciding.
pub(crate) mod reject;
pub(crate) mod review;

pub(crate) mod check; // Looking.
pub(crate) mod entities;
pub(crate) mod explain;
pub(crate) mod steps;

pub(crate) mod dev; // Writing.
pub(crate) mod init;
pub(crate) mod new;

use crate::arguments::Verb;
use crate::console::Console;
use crate::exit::{Outcome, Stop};

/// Does what was asked for.
pub(crate) fn run(verb: Verb, console: &mut Console<'_>) -> Outcome {
    console.begin(name(&verb));
    if !matches!(verb, Verb::Check(_)) && console.format().is_of_check() {
        return Err(Stop::usage("only `check` writes its results so: take `human` or `json`"));
    }
    match verb {
        Verb::Run(arguments) => run::run(&arguments, console),
        Verb::Send(arguments) => send::send(&arguments, console),
        Verb::Test(arguments) => test::test(&arguments, console),
        Verb::Review(filter) => review::review(&filter, console),
        Verb::Accept(filter) => accept::accept(&filter, console),
        Verb::Reject(filter) => reject::reject(&filter, console),
        Verb::Check(arguments) => check::check(&arguments, console),
        Verb::Explain(arguments) => explain::explain(&arguments, console),
        Verb::Steps(arguments) => steps::steps(&arguments, console),
        Verb::Entities(arguments) => entities::entities(&arguments, console),
        Verb::Dev(arguments) => dev::dev(&arguments, console),
        Verb::New(arguments) => new::new(&arguments, console),
        Verb::Init(arguments) => init::init(&arguments, console),
    }
}

fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Run(_) => "run",
        Verb::Send(_) => "send",
        Verb::Test(_) => "test",
        Verb::Review(_) => "review",
        Verb::Accept(_) => "accept",
        Verb::Reject(_) => "reject",
        Verb::Check(_) => "check",
        Verb::Explain(_) => "explain",
        Verb::Steps(_) => "steps",
        Verb::Entities(_) => "entities",
        Verb::Dev(_) => "dev",
        Verb::New(_) => "new",
        Verb::Init(_) => "init",
    }
}
