//! Arrays: what more is known of their methods than the language says.

use rhai::{Expr, FnCallExpr, Position};

use super::chain::Receiver;
use super::checker::{Checker, Value};
use super::state::Known;
use super::types::{Base, Type};

/// Methods that ask a function about each item.
const CHOOSERS: [&str; 7] = ["filter", "drain", "retain", "find", "some", "all", "index_of"];
/// Methods after which an array holds what nobody knows.
const REBUILDERS: [&str; 8] =
    ["reduce", "reduce_rev", "find_map", "dedup", "splice", "chop", "pad", "set"];

impl Checker<'_> {
    /// A method of an array of which more is known than Rhai says; none where the language knows it all.
    pub(super) fn method_of_array(
        &mut self,
        of: &Type,
        before: &Receiver<'_>,
        call: &FnCallExpr,
    ) -> Option<Value> {
        let position = call.args.first().map_or(Position::NONE, Expr::position);
        let own = Type::array(of.clone());
        let value = match (call.name.as_str(), call.args.as_slice()) {
            ("push" | "insert", [.., last]) => {
                let added = self.last_of(call, last);
                self.widen(before, Type::array(of.clone().join(added)));
                Type::NULL
            }
            ("append", [more]) => {
                let added = match self.value(more).ty.base {
                    Some(Base::Array(of)) => *of,
                    _ => Type::ANY,
                };
                self.widen(before, Type::array(of.clone().join(added)));
                Type::NULL
            }
            (name, [function]) if CHOOSERS.contains(&name) || name == "map" => {
                let function = self.value(function);
                if name == "index_of" && !matches!(function.ty.base, Some(Base::Function(..))) {
                    return Some(Base::WholeNumber.into());
                }
                let items = vec![of.clone(), Base::WholeNumber.into()];
                let answer = self.handed(&function, items, position);
                if name == "map" {
                    Type::array(answer)
                } else {
                    self.chosen(name, of, (&answer, position))
                }
            }
            ("for_each", [function]) => {
                let function = self.value(function);
                self.handed(&function, vec![Type::ANY], position);
                Type::NULL
            }
            ("sort" | "sort_by" | "order" | "order_by", [function]) => {
                let function = self.value(function);
                self.handed(&function, vec![of.clone(), of.clone()], position);
                if call.name.starts_with("sort") { Type::NULL } else { own }
            }
            ("get" | "remove", [index]) => {
                self.value(index);
                of.clone().nullable()
            }
            ("pop" | "shift", []) => of.clone().nullable(),
            ("order" | "order_desc" | "extract", _) => {
                self.arguments(call);
                own
            }
            (name, _) if REBUILDERS.contains(&name) => {
                self.arguments(call);
                self.unsure(position);
                self.widen(before, Type::array(Type::ANY));
                Type::ANY
            }
            (_, _) => return None,
        };
        Some(value.into())
    }

    fn last_of(&mut self, call: &FnCallExpr, last: &Expr) -> Type {
        let mut added = Type::NEVER;
        for argument in &call.args {
            let value = self.value(argument);
            if std::ptr::eq(argument, last) {
                added = value.ty;
            }
        }
        added
    }

    /// What a method answers that asks a function about each item.
    fn chosen(&mut self, name: &str, of: &Type, (answer, position): (&Type, Position)) -> Type {
        self.must_decide(answer, position);
        match name {
            "find" => of.clone().nullable(),
            "some" | "all" => Base::Boolean.into(),
            "index_of" => Base::WholeNumber.into(),
            _ => Type::array(of.clone()),
        }
    }

    /// A function that chooses answers a boolean.
    pub(super) fn must_decide(&mut self, answer: &Type, position: Position) {
        if answer.is_any() {
            self.unsure(position);
        }
    }

    /// The variable in which an array or a map lies holds more from now on.
    pub(super) fn widen(&mut self, before: &Receiver<'_>, ty: Type) {
        let found = before.variable.and_then(|it| self.variable(it)).map(|it| it.0);
        match found {
            Some(index) => self.state.assign(index, Known::of(ty)),
            None => self.state.forget_all(),
        }
    }
}
