//! Arrays: what more is known of their methods than the language says.

use rhai::{Expr, FnCallExpr, Position};

use super::chain::Receiver;
use super::checker::{Checker, Value};
use super::state::Known;
use super::types::{Base, Type};

impl Checker<'_> {
    /// A method of an array of which more is known than Rhai says; none where the language knows it all.
    pub(super) fn method_of_array(
        &mut self,
        of: &Type,
        before: &Receiver<'_>,
        call: &FnCallExpr,
    ) -> Option<Value> {
        let position = call.args.first().map_or(Position::NONE, Expr::position);
        let with_index = || vec![of.clone(), Base::WholeNumber.into()];
        let own = Type::array(of.clone());
        let value = match (call.name.as_str(), call.args.as_slice()) {
            ("push" | "append" | "insert", [.., last]) => {
                for argument in &call.args {
                    let value = self.value(argument);
                    if std::ptr::eq(argument, last) {
                        let added = match (call.name.as_str(), value.ty.base.clone()) {
                            ("append", Some(Base::Array(of))) => *of,
                            ("append", _) => Type::ANY,
                            (_, _) => value.ty,
                        };
                        self.widen(before, Type::array(of.clone().join(added)));
                    }
                }
                Type::NULL
            }
            ("filter" | "drain", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                own
            }
            ("retain", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                Type::array(of.clone())
            }
            ("find", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                of.clone().nullable()
            }
            ("map", [function]) => {
                let function = self.value(function);
                Type::array(self.handed(&function, with_index(), position))
            }
            ("for_each", [function]) => {
                let function = self.value(function);
                self.handed(&function, vec![Type::ANY], position);
                Type::NULL
            }
            ("some" | "all", [function]) => {
                let function = self.value(function);
                let answer = self.handed(&function, with_index(), position);
                self.must_decide(&answer, position);
                Base::Boolean.into()
            }
            ("index_of", [function]) => {
                let function = self.value(function);
                if let Some(Base::Function(..)) = function.ty.base {
                    let answer = self.handed(&function, with_index(), position);
                    self.must_decide(&answer, position);
                }
                Base::WholeNumber.into()
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
            (
                "reduce" | "reduce_rev" | "find_map" | "dedup" | "splice" | "chop" | "pad" | "set",
                _,
            ) => {
                self.arguments(call);
                self.unsure(position);
                self.widen(before, Type::array(Type::ANY));
                Type::ANY
            }
            (_, _) => return None,
        };
        Some(value.into())
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
