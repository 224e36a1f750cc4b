//! `rulegate explain`: tells what a finding is, why it is bad, and what to write instead.

use clap::Args;
use rulegate::metadata::suggestion;
use rulegate_script::{FINDINGS, Finding};
use serde_json::{Value as Json, json};

use crate::console::{Console, Tone};
use crate::exit::{Exit, Outcome, Stop};

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The finding, as `check` names it; all of them in a line each where there is none
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Where the names of findings end.
const NAME_WIDTH: usize = 24;

/// Prints the page of a finding, or the list of all.
pub(crate) fn explain(arguments: &Arguments, console: &mut Console<'_>) -> Outcome {
    let Some(name) = &arguments.name else { return list(console) };
    let Some(finding) = Finding::named(name) else {
        let meant = suggestion(name, FINDINGS.iter().map(|it| it.name));
        let meant = meant.map_or_else(
            || "`rulegate explain` lists them".to_owned(),
            |it| format!("did you mean `{it}`?"),
        );
        return Err(Stop::usage(format!("there is no finding `{name}`: {meant}")));
    };
    console.text(finding.page)?;
    console.answer(json!({ "findings": [document(finding)] }))?;
    Ok(Exit::Fine)
}

fn list(console: &mut Console<'_>) -> Outcome {
    for finding in FINDINGS {
        let name = console.paint(Tone::Strong, &format!("{:<NAME_WIDTH$}", finding.name));
        console.result(format!("{name}{:<9}{}", finding.severity, finding.summary))?;
    }
    let all: Vec<Json> = FINDINGS.iter().map(|it| document(it)).collect();
    console.answer(json!({ "findings": all }))?;
    Ok(Exit::Fine)
}

fn document(finding: &Finding) -> Json {
    json!({
        "name": finding.name,
        "severity": finding.severity.to_string(),
        "summary": finding.summary,
        "page": finding.page,
    })
}
