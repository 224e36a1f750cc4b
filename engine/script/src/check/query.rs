//! Queries: what the words that read records take and answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Expr, Position};
use rulegate::metadata::EntityMetadata;
use rulegate::record::Operator;

use super::checker::{Checker, Value};
use super::expression::{article, is_vague};
use super::finding;
use super::types::{Base, Origin, Row, Type};

impl Checker<'_> {
    pub(super) fn retrieve(
        &mut self,
        word: &str,
        (record, columns): (&Expr, Option<&Expr>),
        position: Position,
    ) -> Value {
        self.search_in_loop(word, position);
        let aim = self.aimed(record, &format!("`{word}`"));
        let selected = columns.and_then(|it| self.columns(aim.entity.as_ref(), it));
        let Some(entity) = aim.entity else { return Type::ANY.into() };
        let selected = if columns.is_some() && selected.is_none() { None } else { selected };
        let ty = Type::from(Base::Record(Row { entity, of: Origin::Read(selected) }));
        if word == "try_retrieve" { ty.nullable().into() } else { ty.into() }
    }

    /// The attributes that an array names, where they are literals.
    pub(super) fn columns(
        &mut self,
        entity: Option<&Arc<EntityMetadata>>,
        columns: &Expr,
    ) -> Option<BTreeSet<String>> {
        let value = self.value(columns);
        if !matches!(value.ty.base, Some(Base::Array(_))) && !is_vague(&value.ty) {
            let text = format!(
                "the attributes to read are an array of names, and not {}",
                article(&value.ty)
            );
            self.find(finding::WRONG_TYPE, columns.start_position(), text);
            return None;
        }
        let Expr::Array(items, _) = columns else {
            self.unsure(columns.position());
            return None;
        };
        let mut names = BTreeSet::new();
        for item in items {
            let Expr::StringConstant(name, position) = item else {
                self.unsure(item.position());
                return None;
            };
            if let Some(entity) = entity {
                self.attribute(entity, (name, *position));
            }
            names.insert(name.to_string());
        }
        Some(names)
    }

    pub(super) fn query(
        &mut self,
        entity: &Expr,
        (filter, options): (&Expr, Option<&Expr>),
        position: Position,
    ) -> Value {
        self.search_in_loop("query", position);
        let Some(entity) = self.entity_named(entity) else {
            self.value(filter);
            options.map(|it| self.value(it));
            return Type::array(Type::ANY).into();
        };
        self.filter(&entity, filter);
        let mut selected = None;
        if let Some(options) = options {
            selected = self.options(&entity, options);
        }
        Type::array(Base::Record(Row { entity, of: Origin::Read(selected) }).into()).into()
    }

    /// The options of a query; answers the attributes that it reads.
    pub(super) fn options(
        &mut self,
        entity: &Arc<EntityMetadata>,
        options: &Expr,
    ) -> Option<BTreeSet<String>> {
        let Expr::Map(map, _) = options else {
            self.must_be_map(options);
            return None;
        };
        let mut selected = None;
        for (name, value) in &map.0 {
            match name.name.as_str() {
                "select" => selected = self.columns(Some(entity), value),
                "order" => self.order(entity, value),
                "top" => {
                    let top = self.value(value);
                    self.takes(&top, Base::WholeNumber, ("`top`", value));
                }
                other => {
                    self.value(value);
                    let text =
                        format!("`query` has no option `{other}`: it has select, order and top");
                    let known = ["select", "order", "top"];
                    self.find_unknown((finding::UNKNOWN_PROPERTY, name.pos), (other, text), known);
                }
            }
        }
        selected
    }

    pub(super) fn order(&mut self, entity: &Arc<EntityMetadata>, value: &Expr) {
        let items = if let Expr::Array(items, _) = value {
            items.as_slice()
        } else {
            std::slice::from_ref(value)
        };
        for item in items {
            let Expr::StringConstant(name, position) = item else {
                self.value(item);
                self.unsure(item.position());
                continue;
            };
            let name = name.strip_prefix('-').unwrap_or(name);
            self.attribute(entity, (name, *position));
        }
    }

    /// The conditions of a query.
    pub(super) fn filter(&mut self, entity: &Arc<EntityMetadata>, filter: &Expr) {
        let Expr::Map(map, _) = filter else {
            self.must_be_map(filter);
            return;
        };
        for (name, wanted) in &map.0 {
            let known = self.attribute(entity, (&name.name, name.pos)).is_some();
            let Expr::Map(operators, _) = wanted else {
                self.wanted(entity, (&name.name, known), (wanted, true));
                continue;
            };
            for (word, value) in &operators.0 {
                let operator = self.operator(word);
                let is_null = matches!(operator, Some(Operator::Null | Operator::NotNull));
                let is_known = known && !is_null;
                let base = self.wanted(entity, (&name.name, is_known), (value, false));
                self.must_be_as_many((operator, word), (value, base));
            }
        }
    }

    fn operator(&mut self, word: &rhai::Ident) -> Option<Operator> {
        let found = Operator::named(&word.name.replace('_', "-"));
        if found.is_none() {
            let text = format!("there is no operator `{}`", word.name);
            let all: Vec<String> =
                Operator::ALL.iter().map(|it| it.name().replace('-', "_")).collect();
            let known = all.iter().map(String::as_str);
            self.find_unknown((finding::UNKNOWN_PROPERTY, word.pos), (&word.name, text), known);
        }
        found
    }

    /// An operator takes one value, or two, or as many as there are.
    fn must_be_as_many(
        &mut self,
        (operator, word): (Option<Operator>, &rhai::Ident),
        (value, base): (&Expr, Option<Base>),
    ) {
        let expected = match operator {
            None | Some(Operator::Null | Operator::NotNull | Operator::In | Operator::NotIn) => {
                return;
            }
            Some(Operator::Between) => 2,
            Some(_) => 1,
        };
        let found = match (value, base) {
            (Expr::Array(items, _), _) => items.len(),
            (_, Some(Base::Array(_) | Base::Any)) => return self.unsure(value.position()),
            _ => 1,
        };
        if found != expected {
            let values = if expected == 1 { "one value" } else { "two values" };
            let text = format!("`{}` takes {values}, and not {found}", word.name);
            self.find(finding::WRONG_TYPE, value.start_position(), text);
        }
    }

    /// A value, or an array of values, with which an attribute is compared. Null stands by itself, as in
    /// `#{ name: () }`: no operator and no array takes it. Answers what the last of it is.
    pub(super) fn wanted(
        &mut self,
        entity: &Arc<EntityMetadata>,
        (name, is_known): (&str, bool),
        (value, is_alone): (&Expr, bool),
    ) -> Option<Base> {
        let mut last = None;
        let items = if let Expr::Array(items, _) = value {
            items.as_slice()
        } else {
            std::slice::from_ref(value)
        };
        for item in items {
            let known = self.value(item);
            last.clone_from(&known.ty.base);
            // An array in a variable stands for its items.
            let (known, is_alone) = match known.ty.base.clone() {
                _ if matches!(value, Expr::Array(..)) => (known, false),
                Some(Base::Array(of)) => (Value::from(*of), false),
                _ => (known, is_alone),
            };
            if !is_known || known.ty == Type::NEVER {
                continue;
            }
            self.comparable(entity, (name, item.start_position()), (item, &known));
            if !is_alone {
                let what = "a condition of this kind";
                self.must_be_present((item, &known.ty), what, item.start_position());
            }
        }
        last
    }

    pub(super) fn must_be_map(&mut self, expression: &Expr) {
        let value = self.value(expression);
        if let Some(Base::Map(_) | Base::Any) = &value.ty.base {
            self.unsure(expression.position());
        } else {
            let text = format!("a map stands here, `#{{ … }}`, and not {}", article(&value.ty));
            self.find(finding::WRONG_TYPE, expression.start_position(), text);
        }
    }

    /// A search for each turn of a loop.
    pub(super) fn search_in_loop(&mut self, word: &str, position: Position) {
        if self.is_in_loop || !self.exits.is_empty() {
            let text = format!("`{word}` searches in each turn of the loop");
            let help =
                "search once before the loop, with an array of values as a condition".to_owned();
            self.find_help(finding::QUERY_IN_LOOP, position, (text, help));
        }
    }
}
