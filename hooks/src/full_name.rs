//! People have a full name, made of their first and last names (C-131).

use rulegate::metadata::{AttributeType, EntityMetadata};
use rulegate::{Context, Fault, Message, Stage, Step, Value};

use crate::{AFTER_RULES, has};

const PARTS: [&str; 2] = ["firstname", "lastname"];

pub(crate) fn steps() -> impl Iterator<Item = Step> {
    let step = |message, entity: &'static str| {
        Step::on(message, entity)
            .at(Stage::PreOperation)
            .rank(AFTER_RULES)
            .only_for(has(&["firstname", "fullname", "lastname"]))
            .described("Composes the full name of its parts.")
            .run("full-name", compose)
    };
    ["contact", "lead", "systemuser"].into_iter().flat_map(move |entity| {
        let update = step(Message::Update, entity).filtering(PARTS).pre_image(PARTS);
        [step(Message::Create, entity), update]
    })
}

/// A new record without any part keeps whatever full name a rule gave it.
fn compose(ctx: &mut Context) -> Result<(), Fault> {
    let Some(target) = ctx.target() else { return Ok(()) };
    if !PARTS.iter().any(|it| target.has(it)) {
        return Ok(());
    }
    let parts = PARTS.map(|it| ctx.after(it).and_then(Value::as_text).unwrap_or_default().trim());
    let name = parts.join(" ").trim().to_owned();
    let longest = max_length(target.metadata());
    let name = Some(name.chars().take(longest).collect::<String>()).filter(|it| !it.is_empty());
    ctx.target_mut()?.set("fullname", name)?;
    Ok(())
}

/// The parts of a user may be longer than the whole: the rest is cut off, for nobody sent too long a text.
fn max_length(entity: &EntityMetadata) -> usize {
    match entity.attribute("fullname").map(|it| &it.kind) {
        Some(AttributeType::Text { max_length, .. }) => *max_length as usize,
        _ => usize::MAX,
    }
}
