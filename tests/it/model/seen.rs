//! What a step sees of its message, in one line of text that hooks, rules and the model all write.

use std::fmt::Write as _;

use super::catalog::words;
use super::script::Row;

/// What a step sees.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) step: String,
    pub(crate) message: String,
    pub(crate) entity: String,
    pub(crate) stage: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) depth: u32,
    pub(crate) is_in_transaction: bool,
    pub(crate) user: String,
    pub(crate) initiating: String,
    pub(crate) shared: Row,
    pub(crate) aim: Aim,
    pub(crate) images: Vec<Shown>,
    pub(crate) parents: Vec<Enclosing>,
    /// What hooks can see and rules cannot.
    pub(crate) more: Option<More>,
}

/// The target of the message.
#[derive(Debug, Default)]
pub(crate) enum Aim {
    #[default]
    Nothing,
    Record(Row),
    Reference(String),
}

/// An image.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) alias: String,
    pub(crate) attributes: Row,
}

/// An enclosing message.
#[derive(Debug)]
pub(crate) struct Enclosing {
    pub(crate) message: String,
    pub(crate) entity: String,
    pub(crate) stage: &'static str,
    pub(crate) depth: u32,
    pub(crate) shared: Row,
    /// What its caller sent, and the identity of its record.
    pub(crate) input: String,
}

/// What hooks can see and rules cannot.
#[derive(Debug)]
pub(crate) struct More {
    /// The correlation: the number of the outermost message, once the identities are numbered.
    pub(crate) chain: String,
    pub(crate) primary_id: String,
    pub(crate) is_job: bool,
    /// The aliases of the images that are there.
    pub(crate) aliases: String,
}

impl Seen {
    pub(crate) fn line(&self) -> String {
        let mut line = format!(
            "{}: {} of {}, {}, {}, depth {}, transaction {}, {} for {};{} | {} |",
            self.step,
            self.message,
            self.entity,
            self.stage,
            self.mode,
            self.depth,
            self.is_in_transaction,
            self.user,
            self.initiating,
            variables(&self.shared),
            match &self.aim {
                Aim::Nothing => "()".to_owned(),
                Aim::Record(row) => fields(row),
                Aim::Reference(reference) => reference.clone(),
            },
        );
        for Shown { alias, attributes } in &self.images {
            let _ = write!(line, " {alias}:{}", fields(attributes));
        }
        for it in &self.parents {
            let shared = variables(&it.shared);
            let (message, entity, stage, depth) = (&it.message, &it.entity, it.stage, it.depth);
            let _ = write!(line, " < {message} of {entity}, {stage}, depth {depth};{shared}");
        }
        if let Some(more) = &self.more {
            let inputs: Vec<&str> = self.parents.iter().map(|it| it.input.as_str()).collect();
            let More { chain, primary_id, is_job, aliases } = more;
            let inputs = inputs.join(" < ");
            let _ = write!(line, " # {chain} {primary_id} job {is_job} [{aliases}] {inputs}");
        }
        line
    }
}

/// The attributes of a record.
pub(crate) fn fields(row: &Row) -> String {
    let text = |(name, value): (&String, &_)| format!(" {name}={}", words(value));
    row.iter().map(text).collect::<Vec<_>>().concat()
}

fn variables(row: &Row) -> String {
    let is_there = |it: &(&String, &rulegate::Value)| !it.1.is_null();
    let text = |(name, value): (&String, &_)| format!(" {name}={}", words(value));
    row.iter().filter(is_there).map(text).collect::<Vec<_>>().concat()
}
