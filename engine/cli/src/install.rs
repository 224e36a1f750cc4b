//! What the binary brings along beside the rules: hooks in Rust.

use rulegate::engine::{BuildError, EngineBuilder};
use rulegate::{Catalog, Engine, Message};

/// Installs the hooks that the binary links.
pub(crate) fn install(builder: &mut EngineBuilder) {
    hooks::install(builder);
}

/// The custom messages that [`install`] registers: rules can run on them.
pub(crate) fn messages() -> Result<Vec<String>, BuildError> {
    let mut builder = Engine::builder(Catalog::default());
    install(&mut builder);
    let mut messages = builder.build()?.messages();
    messages.retain(|name| matches!(Message::from(name.as_str()), Message::Custom(_)));
    Ok(messages)
}
