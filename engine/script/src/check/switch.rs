//! Switches: what is known in each case, and which never come.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Expr, SwitchCasesCollection};

use super::checker::{Checker, Value};
use super::effects::Term;
use super::expression::{is_vague, subject};
use super::finding;
use super::place::words;
use super::state::{Known, State};
use super::statement::with;
use super::types::{Base, Type};

impl Checker<'_> {
    pub(super) fn switch(&mut self, subject_of: &Expr, cases: &SwitchCasesCollection) -> Value {
        let value = self.value(subject_of);
        self.switch_subject(subject_of, &value, cases);
        let before = std::mem::replace(&mut self.state, State::new());
        let key = value.key.clone();
        let mut ends: Option<State> = None;
        let mut answer = Type::NEVER;
        for (index, is_present) in blocks(cases) {
            let Some(block) = cases.expressions.get(index) else { continue };
            let mut state = before.clone();
            if is_present && let Some(key) = &key {
                let known = Known { ty: value.ty.clone().present(), term: value.term.clone() };
                state.learn(key, known);
            }
            self.state = with(state, &Term::Unknown, true);
            if !matches!(block.lhs, Expr::BoolConstant(true, _)) {
                self.condition(&block.lhs);
                let state = std::mem::replace(&mut self.state, State::new());
                self.state = self.assumed(state, &block.lhs, true);
            }
            let value = self.value(&block.rhs);
            let state = std::mem::replace(&mut self.state, State::new());
            if state.is_reached {
                answer = answer.join(value.ty);
            }
            ends = Some(match ends {
                Some(ends) => ends.join(state),
                None => state,
            });
        }
        let has_default = cases.def_case.is_some();
        let mut end = match ends {
            Some(ends) if has_default => ends,
            Some(ends) => ends.join(before.clone()),
            None => before.clone(),
        };
        if end.is_reached {
            end.conditions = before.conditions;
        }
        self.state = end;
        if !has_default {
            answer = answer.join(Type::NULL);
        }
        answer.into()
    }

    /// Cases that never come.
    pub(super) fn switch_subject(
        &mut self,
        expression: &Expr,
        value: &Value,
        cases: &SwitchCasesCollection,
    ) {
        if let Some(Base::Choice(of)) = &value.ty.base {
            let text = format!("{} is an option, which no literal is", subject(expression));
            let help = format!(
                "write `switch {}.name`, with the names of `{}` as cases",
                words(expression).unwrap_or_default(),
                of.entity.name(of.ordinal)
            );
            self.find_help(finding::NEVER_EQUAL, expression.start_position(), (text, help));
            return;
        }
        let Some(of) = &value.named else {
            if is_vague(&value.ty) {
                self.unsure(expression.start_position());
            }
            return;
        };
        let kind = of.entity.attribute_at(of.ordinal).map(|it| &it.kind);
        let Some(set) = kind.and_then(|it| it.option_set()) else { return };
        for text in texts(cases) {
            if set.by_name(&text).is_none() {
                let names: Vec<&str> = set.options.iter().map(|it| it.name.as_str()).collect();
                let message = format!(
                    "`{}` has no option `{}`: this case never comes",
                    of.entity.name(of.ordinal),
                    text
                );
                let help = format!("its options are {}", names.join(", "));
                self.find_help(finding::NEVER_EQUAL, expression.start_position(), (message, help));
            }
        }
    }
}

/// The blocks, in the order of the text, and whether what is asked is present there.
#[expect(clippy::iter_over_hash_type, reason = "they are put in order")]
fn blocks(cases: &SwitchCasesCollection) -> BTreeMap<usize, bool> {
    let mut all = BTreeMap::new();
    // One block may stand for several cases: what is asked is present where it is in all of them.
    for case in cases.cases.values() {
        for block in &case.blocks {
            *all.entry(*block).or_insert(true) &= !case.value.is_unit();
        }
    }
    all.extend(cases.ranges.iter().map(|it| (it.index(), true)));
    all.extend(cases.def_case.map(|it| (it, false)));
    all
}

/// The texts that stand as cases.
#[expect(clippy::iter_over_hash_type, reason = "they are put in order")]
fn texts(cases: &SwitchCasesCollection) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for case in cases.cases.values() {
        all.extend(case.value.read_lock::<rhai::ImmutableString>().map(|it| it.to_string()));
    }
    all
}
