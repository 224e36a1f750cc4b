//! When a random rule runs: the message, the stage, the images.

use super::catalog::{ATTRIBUTES, THING_ACCOUNTS};
use super::choices::Choices;

/// When a rule runs, and what it can look at.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) messages: &'static [&'static str],
    pub(crate) stage: &'static str,
    pub(crate) is_async: bool,
    pub(crate) filtering: Vec<&'static str>,
    /// The attributes of the pre-image; none where the step asks for no image.
    pub(crate) pre: Vec<&'static str>,
    pub(crate) post: Vec<&'static str>,
}

const STAGES: [&str; 3] = ["pre-operation", "pre-validation", "post-operation"];
const MESSAGES: [&[&str]; 6] = [
    &["Create"],
    &["Update"],
    &["Create", "Update"],
    &["Delete"],
    &["Associate"],
    &["Disassociate"],
];

impl Scene {
    pub(crate) fn random(choices: &mut Choices) -> Self {
        let of = choices.weighted(&[30, 40, 12, 8, 6, 4]);
        let messages = MESSAGES.get(of).copied().unwrap_or(&["Create"]);
        let stage = STAGES.get(choices.weighted(&[60, 15, 25])).copied().unwrap_or("pre-operation");
        let is_async = stage == "post-operation" && choices.chance(25);
        let has_target = messages.iter().all(|it| ["Create", "Update"].contains(it));
        let has_pre = messages.iter().any(|it| ["Update", "Delete"].contains(it));
        let has_post = has_target && stage == "post-operation";
        Self {
            messages,
            stage,
            is_async,
            filtering: if messages.contains(&"Update") && choices.chance(20) {
                attributes(choices, 4)
            } else {
                Vec::new()
            },
            pre: if has_pre && choices.chance(60) { attributes(choices, 14) } else { Vec::new() },
            post: if has_post && choices.chance(60) { attributes(choices, 14) } else { Vec::new() },
        }
    }

    /// Whether the target is a record with attributes.
    pub(crate) fn has_target(&self) -> bool {
        !self.is_link() && !self.messages.contains(&"Delete")
    }

    pub(crate) fn is_link(&self) -> bool {
        self.messages.iter().any(|it| it.ends_with("ssociate"))
    }

    /// Whether the target can be changed.
    pub(crate) fn is_changeable(&self) -> bool {
        self.has_target() && self.stage != "post-operation"
    }

    /// What the rule says of itself.
    pub(crate) fn header(&self) -> String {
        let quoted = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|it| format!("\"{it}\"")).collect();
            format!("[{}]", names.join(", "))
        };
        let mut lines = vec![
            format!("    message: {},", quoted(self.messages)),
            format!("    stage: \"{}\",", self.stage),
        ];
        if self.is_link() {
            lines.push(format!("    relationship: \"{THING_ACCOUNTS}\","));
        }
        if self.is_async {
            lines.push("    mode: \"async\",".to_owned());
        }
        for (key, names) in
            [("filtering", &self.filtering), ("pre_image", &self.pre), ("post_image", &self.post)]
        {
            if !names.is_empty() {
                lines.push(format!("    {key}: {},", quoted(names)));
            }
        }
        format!("const STEP = #{{\n{}\n}};\n", lines.join("\n"))
    }
}

/// Some attributes, at least one.
fn attributes(choices: &mut Choices, most: usize) -> Vec<&'static str> {
    let count = 1 + choices.below(most);
    let mut names: Vec<&str> = (0..count).map(|_| choices.pick(&ATTRIBUTES).name).collect();
    names.sort_unstable();
    names.dedup();
    names
}
