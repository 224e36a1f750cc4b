//! Effects: what a rule can do to other rules, as far as its text tells.

use std::collections::BTreeMap;

use rhai::Position;
use rulegate::Message;

/// What a rule can do to others, and what it can see of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effects {
    /// The messages that it can send.
    pub(crate) sends: Vec<Sent>,
    /// The attributes of the target that it can set or remove.
    pub(crate) writes: Vec<Write>,
    /// The attributes of the target that it can read, and where it does first.
    pub(crate) reads: BTreeMap<String, Position>,
    /// The shared variables that it can read, and where it does first.
    pub(crate) variables_read: BTreeMap<String, Position>,
    /// The shared variables that it can set, and where it does first.
    pub(crate) variables_set: BTreeMap<String, Position>,
    /// What it does that is not in this list: an attribute whose name is computed, a target that was handed on.
    pub(crate) unknown: Vec<(String, Position)>,
}

/// A message that a rule can send. Upsert is one, too, and so are reads.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) message: Message,
    /// The entities of the record at which it is aimed; none where that is not known.
    pub(crate) entities: Option<Vec<String>>,
    /// The record, where it is the one at which the rule's own message is aimed.
    pub(crate) is_own_record: bool,
    /// The attributes that it carries, and under their names the relationships over which records come along; none
    /// where they are not known. A change of state carries `statecode` and what it says of `statuscode`, an Assign
    /// the attribute of the owner.
    pub(crate) values: Option<BTreeMap<String, Term>>,
    /// The relationship of an Associate or Disassociate, where it is known.
    pub(crate) relationship: Option<String>,
    /// Whether it stands in a loop, so that it can be sent more than once.
    pub(crate) is_repeated: bool,
    /// What must hold for it to be sent.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) position: Position,
}

/// An attribute of the target that a rule can set.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) attribute: String,
    /// The value; null where it is set to null, unknown where it is removed.
    pub(crate) value: Term,
    /// What must hold for it to be set.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) position: Position,
}

/// Something that must be so, or must not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) term: Term,
    pub(crate) holds: bool,
}

/// The value of an expression, as far as it can be followed. Two equal terms of one moment are one value, unless
/// they are unknown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// Nothing is known.
    Unknown,
    Null,
    Boolean(bool),
    /// A whole number or a decimal.
    Number(rust_decimal::Decimal),
    Text(String),
    /// An option of a choice, by its number.
    Choice(i64),
    /// An attribute of the target as it stands there when the rule begins: null where it is absent.
    Target(String),
    /// An attribute of a pre-image, by alias and name.
    Pre(String, String),
    /// An attribute of a post-image, by alias and name.
    Post(String, String),
    /// `ctx.after("name")`.
    After(String),
    /// `ctx.changed("name")`.
    Changed(String),
    /// `ctx.target.has("name")`.
    Has(String),
    /// `ctx.depth`.
    Depth,
    /// `ctx.message`.
    Message,
    /// The record at which the message is aimed, as a lookup.
    OwnRecord,
    Not(Box<Term>),
    /// `&&`, `||`, a comparison, or arithmetic, by its sign.
    Operation(&'static str, Box<Term>, Box<Term>),
}
