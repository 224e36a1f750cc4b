//! What is known at one point of a rule: of its variables, and of what was asked before.

use std::collections::BTreeMap;

use super::effects::{Condition, Term};
use super::types::Type;

/// What is known at one point of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// Whether the point is reached at all.
    pub(super) is_reached: bool,
    names: Vec<Name>,
    /// What a condition or an assignment told of something that is not a variable: `ctx.target.name`.
    facts: BTreeMap<String, Known>,
    /// The attributes of the target that may not be what they were when the rule began.
    written: Vec<String>,
    /// What must have held for the point to be reached.
    pub(super) conditions: Vec<Condition>,
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) ty: Type,
    pub(super) term: Term,
}

/// A variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) known: Known,
    /// What it is another name of: `ctx.target`.
    pub(super) alias: Option<String>,
    pub(super) is_constant: bool,
}

impl Known {
    pub(super) fn of(ty: Type) -> Self {
        Self { ty, term: Term::Unknown }
    }
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            is_reached: true,
            names: Vec::new(),
            facts: BTreeMap::new(),
            written: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// The same, where it is reached, or is not.
    pub(super) fn reaching(mut self, is_reached: bool) -> Self {
        self.is_reached = is_reached;
        self
    }

    /// How many variables there are: what to go back to at the end of a block.
    pub(super) fn depth(&self) -> usize {
        self.names.len()
    }

    /// Forgets the variables that were defined since, and what is known of what is in them.
    pub(super) fn leave(&mut self, depth: usize) {
        self.names.truncate(depth);
        self.facts.retain(|key, _| root(key).is_none_or(|it| it < depth));
    }

    pub(super) fn define(&mut self, name: Name) {
        self.names.push(name);
    }

    /// The variable of that name, and its number.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Name)> {
        self.names.iter().enumerate().rfind(|it| it.1.text == name)
    }

    pub(super) fn at(&mut self, index: usize) -> Option<&mut Name> {
        self.names.get_mut(index)
    }

    /// A variable has another value.
    pub(super) fn assign(&mut self, index: usize, known: Known) {
        if let Some(name) = self.names.get_mut(index) {
            name.known = known;
            name.alias = None;
        }
        self.facts.retain(|key, _| root(key) != Some(index));
    }

    pub(super) fn fact(&self, key: &str) -> Option<&Known> {
        self.facts.get(key)
    }

    /// Something is known of what stands there.
    pub(super) fn learn(&mut self, key: &str, known: Known) {
        match self.variable(key) {
            Some(index) => {
                if let Some(name) = self.names.get_mut(index) {
                    name.known = known;
                }
            }
            None => drop(self.facts.insert(key.to_owned(), known)),
        }
    }

    /// The variable that a key names whole.
    fn variable(&self, key: &str) -> Option<usize> {
        key.strip_prefix('$')?.parse().ok().filter(|it| *it < self.names.len())
    }

    /// An attribute of some record has another value: nothing is known of any attribute of that name.
    pub(super) fn forget(&mut self, attribute: &str) {
        let asked = format!("(\"{attribute}\")");
        self.facts
            .retain(|key, _| !key.contains(&asked) && key.split('.').all(|it| it != attribute));
        if !self.written.iter().any(|it| it == attribute) {
            self.written.push(attribute.to_owned());
        }
    }

    /// Anything may have changed in any record.
    pub(super) fn forget_all(&mut self) {
        self.facts.clear();
        self.written = vec![String::new()];
    }

    /// Whether the attribute of the target may not be what it was when the rule began.
    pub(super) fn is_written(&self, attribute: &str) -> bool {
        self.written.iter().any(|it| it.is_empty() || it == attribute)
    }

    /// What holds at a point that is reached from either.
    pub(super) fn join(self, other: Self) -> Self {
        match (self.is_reached, other.is_reached) {
            (true, false) => return self,
            (false, true) => return other,
            (_, _) => {}
        }
        let names = self.names.into_iter().zip(other.names).map(|(a, b)| Name {
            alias: if a.alias == b.alias { a.alias } else { None },
            known: a.known.join(b.known),
            ..a
        });
        let names = names.collect();
        let mut facts = BTreeMap::new();
        for (key, known) in self.facts {
            if let Some(too) = other.facts.get(&key) {
                facts.insert(key, known.join(too.clone()));
            }
        }
        let mut written = self.written;
        written.extend(other.written);
        written.sort();
        written.dedup();
        // What both ways have in common: the conditions of what came before them.
        let same =
            self.conditions.iter().zip(&other.conditions).take_while(|(a, b)| a == b).count();
        let mut conditions = self.conditions;
        conditions.truncate(same);
        Self { is_reached: self.is_reached, names, facts, written, conditions }
    }
}

impl Known {
    fn join(self, other: Self) -> Self {
        let term = if self.term == other.term { self.term } else { Term::Unknown };
        Self { ty: self.ty.join(other.ty), term }
    }
}

/// The number of the variable with which a key begins.
fn root(key: &str) -> Option<usize> {
    let digits = key.strip_prefix('$')?;
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}
