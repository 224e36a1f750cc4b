//! Diffs: what a transcript says otherwise than its snapshot, for people.

use similar::{ChangeTag, TextDiff};

use crate::console::{Console, Tone};

/// Lines around a change that say where it is.
const CONTEXT: usize = 3;

/// The lines that differ, with some around them, each with a sign and indented.
pub(crate) fn render(old: &str, new: &str, console: &Console<'_>) -> String {
    // Space at the end makes no difference to snapshots, so it is none here.
    let (old, new) = (format!("{}\n", old.trim_end()), format!("{}\n", new.trim_end()));
    let old = if old.trim().is_empty() { "" } else { &old };
    let diff = TextDiff::from_lines(old, &*new);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if 0 < index {
            text.push_str("    …\n");
        }
        for change in group.iter().flat_map(|it| diff.iter_changes(it)) {
            let line = change.value().trim_end_matches(['\n', '\r']);
            let line = match change.tag() {
                ChangeTag::Delete => console.paint(Tone::Bad, &format!("  - {line}")),
                ChangeTag::Insert => console.paint(Tone::Good, &format!("  + {line}")),
                ChangeTag::Equal => format!("    {line}"),
            };
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}
