//! Arguments: what people type, and what `--help` says of it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::command::{check, dev, entities, explain, init, new, review, run, send, steps, test};

/// The rules engine: checks, plays and watches a folder of rules.
#[derive(Debug, Parser)]
#[command(
    name = "rulegate",
    version,
    term_width = 100,
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs",
    after_help = "Exit codes: 0 fine · 1 unexpected failure · 2 usage · 3 rules, entities or runs do not \
                  check · 4 tests failed or snapshots pending · 5 a rule rejected the message · 130 \
                  interrupted"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of all verbs")]
pub(crate) struct Options {
    /// Work in this folder
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Whether to color what is said
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, global = true)]
    pub(crate) color: Color,
    /// How to write results: `json` is one document, with `"schema": 1`; `check` has three more
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Human, global = true)]
    pub(crate) format: Format,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// Whether to color what is said: where a terminal shows it, everywhere, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// How to write results: for people, or for programs. Problems can also be a line each, SARIF 2.1.0, which code
/// hosts and editors read, or annotations of GitHub Actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
    Short,
    Sarif,
    Github,
}

impl Format {
    /// Whether it shows problems of files, and nothing else.
    pub(crate) fn is_of_check(self) -> bool {
        matches!(self, Self::Short | Self::Sarif | Self::Github)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Play runs, and print their transcripts
    Run(run::Arguments),
    /// Send one message, and print its transcript
    Send(send::Arguments),
    /// Play all runs, and compare their transcripts with the snapshots beside them
    Test(test::Arguments),
    /// Look at the snapshots that wait for a decision
    Review(review::Filter),
    /// Accept the snapshots that wait for a decision
    Accept(review::Filter),
    /// Throw the snapshots away that wait for a decision
    Reject(review::Filter),
    /// Say everything that is known to be wrong before a rule runs
    Check(check::Arguments),
    /// Tell what a finding of `check` is, why it is bad, and what to write instead
    Explain(explain::Arguments),
    /// List the steps, in the order in which they run
    Steps(steps::Arguments),
    /// List the entities, or show one
    Entities(entities::Arguments),
    /// Watch the files: check, play what is affected, say one line a save
    Dev(dev::Arguments),
    /// Write a new rule, run or entity that works, to be changed
    New(new::Arguments),
    /// Write a new project into an empty or new folder
    Init(init::Arguments),
}
