//! The text of a transcript.

use std::fmt::Write;

use super::{Event, StepOutcome};

/// Where the names of steps end, and their outcomes begin.
const NAME_WIDTH: usize = 34;
/// Where what is said of a whole message stands.
const RIGHT: usize = 84;

/// The events as lines.
pub(super) fn render(events: &[Event]) -> String {
    let mut text = String::new();
    for (index, event) in events.iter().enumerate() {
        let line = match event {
            Event::Opened { .. } => opened(event, short(events, index)),
            Event::Closed { .. } | Event::Main { .. } if is_inside_short(events, index) => continue,
            Event::Closed { level, failure } => match failure {
                Some(failure) => format!("{:1$}✘ {failure}", "", level * 2),
                None => format!("{:1$}✔", "", level * 2),
            },
            Event::Stage { level, number, name } => {
                format!("{:1$}{number} {name}", "", level * 2 + 2)
            }
            Event::Target { level, index, name } => {
                format!("{:1$}[{index}] {name}", "", level * 2 + 3)
            }
            Event::Step { level, name, outcome, changes } => step(*level, (name, outcome), changes),
            Event::Trace { level, line } => {
                let indent = level * 2 + 7;
                line.lines()
                    .map(|it| format!("{:indent$}· {it}", ""))
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            Event::Main { level, result } => {
                let indent = level * 2 + 2;
                format!("{:indent$}30 main {:width$}{result}", "", "", width = NAME_WIDTH - 4)
            }
            Event::Job { name, outcome } => match word(outcome) {
                it if it == "✓" => format!("⧗ {name}"),
                it => format!("⧗ {name}  {it}"),
            },
        };
        for line in line.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

fn opened(event: &Event, answer: Option<&str>) -> String {
    let Event::Opened { level, message, parameters, user, depth, .. } = event else {
        return String::new();
    };
    let mut line = format!("{:1$}▶ {message} {parameters}", "", level * 2);
    if let Some(answer) = answer {
        let _ = write!(line, " ✔ {answer}");
    }
    let right = match user {
        Some(user) if *level == 0 => format!("as {user}"),
        Some(user) => format!("as {user}, depth {depth}"),
        None if *level == 0 => String::new(),
        None => format!("depth {depth}"),
    };
    if !right.is_empty() {
        let width = RIGHT.saturating_sub(line.chars().count()).max(2);
        let _ = write!(line, "{:width$}{right}", "");
    }
    line
}

fn step(
    level: usize,
    (name, outcome): (&str, &StepOutcome),
    changes: &[(String, String, String)],
) -> String {
    let indent = level * 2 + 5;
    let mut text = format!("{:indent$}{name:<NAME_WIDTH$} {}", "", word(outcome));
    for (attribute, before, after) in changes {
        let width = NAME_WIDTH - 2;
        let _ = write!(text, "\n{:1$}{attribute:<width$} {before} → {after}", "", indent + 2);
    }
    text
}

fn word(outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Pending => "…".to_owned(),
        StepOutcome::Ran => "✓".to_owned(),
        StepOutcome::Skipped(reason) => format!("– skipped: {reason}"),
        StepOutcome::Rejected(reason) | StepOutcome::Failed(reason) => format!("✘ {reason}"),
        StepOutcome::Queued => "⧗ queued".to_owned(),
    }
}

/// The answer of a message that only read, where no step had anything to say: it takes one line.
fn short(events: &[Event], opened: usize) -> Option<&str> {
    match events.get(opened..) {
        Some(
            [
                Event::Opened { is_read: true, .. },
                Event::Main { result, .. },
                Event::Closed { failure: None, .. },
                ..,
            ],
        ) => Some(result),
        Some(_) | None => None,
    }
}

fn is_inside_short(events: &[Event], index: usize) -> bool {
    [1, 2].iter().any(|back| index.checked_sub(*back).is_some_and(|it| short(events, it).is_some()))
}
