//! Shapes: the types that Rhai tells apart, and what its functions and operators make of them.
//!
//! Nothing here is a list of what the language has: the functions are those that an engine has registered, and the
//! operators were tried on samples of every shape. So the checker knows what the language knows.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate, Utc};
use rhai::{Array, Dynamic, Engine, FnPtr, ImmutableString, Map, Scope};
use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
use rulegate::{Catalog, EntityReference};
use rust_decimal::Decimal;

use super::types::{Base, Type};
use crate::language;
use crate::language::context::ContextHandle;
use crate::language::frame::{Place, RecordHandle};
use crate::language::option::OptionValue;
use crate::limits::Limits;

/// A type that Rhai tells from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    Null,
    Boolean,
    WholeNumber,
    Double,
    Decimal,
    Text,
    Letter,
    Date,
    Moment,
    Choice,
    Lookup,
    Record,
    Array,
    Map,
    Context,
    Function,
    Blob,
    /// What no rule can name.
    Other,
    /// Any of them.
    Dynamic,
}

/// What an engine has registered, and what its operators answer.
pub(super) struct Language {
    functions: BTreeMap<String, Vec<Signature>>,
    operators: BTreeMap<(&'static str, Shape, Shape), Shape>,
}

struct Signature {
    parameters: Vec<Shape>,
    returns: Option<Type>,
}

/// What a call comes to.
pub(super) enum Resolved {
    /// It answers that.
    Answers(Type),
    /// There is no function of that name.
    NoName,
    /// It takes other numbers of arguments.
    Arity(BTreeSet<usize>),
    /// It takes other arguments.
    Arguments,
}

/// The operators between two values.
pub(super) const OPERATORS: [&str; 18] = [
    "+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">=", "&", "|", "^", "<<", ">>",
    "in",
];

impl Language {
    /// The language of rules.
    pub(super) fn get() -> &'static Self {
        static LANGUAGE: OnceLock<Language> = OnceLock::new();
        LANGUAGE.get_or_init(|| {
            let rhai = language::engine(&Catalog::default(), &BTreeSet::new(), &Limits::default());
            Self { functions: functions(&rhai), operators: operators(&rhai) }
        })
    }

    /// The names of all functions that scripts can call.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions
            .keys()
            .map(String::as_str)
            .filter(|it| it.starts_with(|first: char| first.is_alphabetic()) && !it.contains('$'))
    }

    /// What a function answers to arguments of these shapes; `Dynamic` is a shape of which nothing is known.
    pub(super) fn call(&self, name: &str, arguments: &[Shape]) -> Resolved {
        let Some(all) = self.functions.get(name) else { return Resolved::NoName };
        let fits: Vec<&Signature> = all.iter().filter(|it| it.takes(arguments)).collect();
        if fits.is_empty() {
            let arities: BTreeSet<usize> = all.iter().map(|it| it.parameters.len()).collect();
            return if arities.contains(&arguments.len()) {
                Resolved::Arguments
            } else {
                Resolved::Arity(arities)
            };
        }
        // The one that says most of its parameters is taken.
        let vague =
            |it: &&Signature| it.parameters.iter().filter(|it| **it == Shape::Dynamic).count();
        let least = fits.iter().map(vague).min();
        let taken = fits.iter().filter(|it| Some(vague(it)) == least);
        let answers = taken.map(|it| it.returns.clone().unwrap_or(Type::ANY));
        Resolved::Answers(answers.reduce(Type::join).unwrap_or(Type::ANY))
    }

    /// What an operator answers; none where it raises an error for these shapes.
    pub(super) fn operator(&self, sign: &str, a: Shape, b: Shape) -> Option<Type> {
        let (sign, _, _) = self.operators.keys().find(|it| it.0 == sign)?;
        let tried = self.operators.get(&(*sign, a, b)).map(|it| it.sample_type());
        // What no sample stands for is different from everything else.
        let is_rare = |it| matches!(it, Shape::Function | Shape::Other);
        let differs = matches!(*sign, "==" | "!=") && a != b && (is_rare(a) || is_rare(b));
        tried.or_else(|| differs.then(|| Base::Boolean.into()))
    }

    /// Whether two shapes are compared by what they are, and not only found to be different.
    pub(super) fn compares(&self, sign: &str, a: Shape, b: Shape) -> bool {
        let is_number = |it| matches!(it, Shape::WholeNumber | Shape::Double | Shape::Decimal);
        let is_text = |it| matches!(it, Shape::Text | Shape::Letter);
        let signatures = self.functions.get(sign).into_iter().flatten();
        a == b
            || is_number(a) && is_number(b)
            || is_text(a) && is_text(b)
            || signatures.into_iter().any(|it| it.parameters == [a, b])
    }
}

impl Signature {
    fn takes(&self, arguments: &[Shape]) -> bool {
        self.parameters.len() == arguments.len()
            && self.parameters.iter().zip(arguments).all(|(parameter, argument)| {
                parameter == argument || *parameter == Shape::Dynamic || *argument == Shape::Dynamic
            })
    }
}

impl Shape {
    fn of(id: TypeId) -> Self {
        let shapes = [
            (TypeId::of::<()>(), Self::Null),
            (TypeId::of::<bool>(), Self::Boolean),
            (TypeId::of::<rhai::INT>(), Self::WholeNumber),
            (TypeId::of::<rhai::FLOAT>(), Self::Double),
            (TypeId::of::<Decimal>(), Self::Decimal),
            (TypeId::of::<ImmutableString>(), Self::Text),
            (TypeId::of::<String>(), Self::Text),
            (TypeId::of::<&str>(), Self::Text),
            (TypeId::of::<char>(), Self::Letter),
            (TypeId::of::<NaiveDate>(), Self::Date),
            (TypeId::of::<DateTime<Utc>>(), Self::Moment),
            (TypeId::of::<OptionValue>(), Self::Choice),
            (TypeId::of::<EntityReference>(), Self::Lookup),
            (TypeId::of::<RecordHandle>(), Self::Record),
            (TypeId::of::<Array>(), Self::Array),
            (TypeId::of::<Map>(), Self::Map),
            (TypeId::of::<ContextHandle>(), Self::Context),
            (TypeId::of::<FnPtr>(), Self::Function),
            (TypeId::of::<rhai::Blob>(), Self::Blob),
            (TypeId::of::<Dynamic>(), Self::Dynamic),
        ];
        shapes.iter().find(|it| it.0 == id).map_or(Self::Other, |it| it.1)
    }

    /// The type of a value of which no more is known than its shape.
    fn sample_type(self) -> Type {
        let base = match self {
            Self::Null => return Type::NULL,
            Self::Boolean => Base::Boolean,
            Self::WholeNumber => Base::WholeNumber,
            Self::Double => Base::Double,
            Self::Decimal => Base::Decimal,
            Self::Text => Base::Text,
            Self::Letter => Base::Letter,
            Self::Date => Base::Date,
            Self::Moment => Base::Moment,
            Self::Lookup => Base::Lookup(None),
            Self::Array => Base::Array(Type::ANY.into()),
            Self::Map => Base::Map(None),
            Self::Blob => Base::Blob,
            Self::Choice
            | Self::Record
            | Self::Context
            | Self::Function
            | Self::Other
            | Self::Dynamic => return Type::ANY,
        };
        base.into()
    }
}

fn functions(rhai: &Engine) -> BTreeMap<String, Vec<Signature>> {
    let signature = |info: rhai::FuncInfo<'_>| {
        let metadata = info.metadata;
        let parameters: Vec<Shape> = metadata.param_types.iter().map(|it| Shape::of(*it)).collect();
        let returns = returned(&metadata.return_type).map(Shape::sample_type);
        Some((metadata.name.to_string(), Signature { parameters, returns }))
    };
    let mut functions: BTreeMap<String, Vec<Signature>> = BTreeMap::new();
    for (name, signature) in rhai.collect_fn_metadata(None, signature, true) {
        let known = functions.entry(name).or_default();
        // One of the engine's own stands before Rhai's, and hides it where it takes the same.
        if !known.iter().any(|it| it.parameters == signature.parameters) {
            known.push(signature);
        }
    }
    functions
}

/// The shape of what a function says that it returns; none where that can be anything.
fn returned(text: &str) -> Option<Shape> {
    let mut text = text.trim();
    for wrapper in ["RhaiResultOf<", "core::result::Result<"] {
        if let Some(inner) = text.strip_prefix(wrapper) {
            text = inner.split([',', '>']).next().unwrap_or_default().trim();
        }
    }
    let last = text.rsplit("::").next().unwrap_or(text);
    Some(match (text, last) {
        ("()", _) => Shape::Null,
        (_, "bool") => Shape::Boolean,
        (_, "INT" | "i64") => Shape::WholeNumber,
        (_, "FLOAT" | "f64") => Shape::Double,
        (_, "Decimal" | "decimal") => Shape::Decimal,
        (_, "ImmutableString" | "string" | "String") | ("&str", _) => Shape::Text,
        (_, "char") => Shape::Letter,
        (_, "NaiveDate" | "date") => Shape::Date,
        (_, "DateTime<Utc>" | "date-time") => Shape::Moment,
        (it, _) if it.starts_with("chrono::datetime::DateTime<") => Shape::Moment,
        (_, "Array") => Shape::Array,
        (it, _) if it.starts_with("alloc::vec::Vec<rhai::types::dynamic::Dynamic") => Shape::Array,
        (_, "Map") => Shape::Map,
        (_, "Blob") => Shape::Blob,
        _ => return None,
    })
}

/// Tries every operator on samples of every shape.
fn operators(rhai: &Engine) -> BTreeMap<(&'static str, Shape, Shape), Shape> {
    let samples = samples();
    let mut found = BTreeMap::new();
    for sign in OPERATORS {
        let Ok(ast) =
            rhai.compile_with_scope(&scope(&Dynamic::UNIT, &Dynamic::UNIT), format!("a {sign} b"))
        else {
            continue;
        };
        let pairs = samples.iter().flat_map(|a| samples.iter().map(move |b| (a, b)));
        for ((a, first), (b, second)) in pairs {
            let answer = rhai.eval_ast_with_scope::<Dynamic>(&mut scope(first, second), &ast);
            found.extend(answer.map(|it| ((sign, *a, *b), Shape::of(it.type_id()))));
        }
    }
    found
}

fn scope(a: &Dynamic, b: &Dynamic) -> Scope<'static> {
    let mut scope = Scope::new();
    scope.push_dynamic("a", a.clone()).push_dynamic("b", b.clone());
    scope
}

/// A value of every shape that operators take without an error of their own.
fn samples() -> Vec<(Shape, Dynamic)> {
    let date = NaiveDate::MIN;
    let moment = DateTime::<Utc>::UNIX_EPOCH;
    let mut samples = vec![
        (Shape::Null, Dynamic::UNIT),
        (Shape::Boolean, true.into()),
        (Shape::WholeNumber, Dynamic::from(2_i64)),
        (Shape::Double, Dynamic::from(2.0_f64)),
        (Shape::Decimal, Dynamic::from_decimal(Decimal::TWO)),
        (Shape::Text, "b".into()),
        (Shape::Letter, 'b'.into()),
        (Shape::Date, Dynamic::from(date)),
        (Shape::Moment, Dynamic::from(moment)),
        (
            Shape::Lookup,
            Dynamic::from(EntityReference::new("systemuser", rulegate::bootstrap::SYSTEM_USER)),
        ),
        (Shape::Record, Dynamic::from(RecordHandle { frame: 0, place: Place::Target })),
        (Shape::Context, Dynamic::from(ContextHandle(0))),
        (Shape::Array, Array::new().into()),
        (Shape::Map, Map::new().into()),
        (Shape::Blob, Dynamic::from_blob(Vec::new())),
    ];
    samples.extend(option().map(|it| (Shape::Choice, Dynamic::from(it))));
    samples
}

/// An option of a choice, as a sample.
fn option() -> Option<OptionValue> {
    let entity =
        EntityDefinition::new("sample").attribute("kind", AttributeType::choice([(1, "One")]));
    let catalog = CatalogDraft::default().entity(entity).check().ok()?;
    let entity = catalog.entity("sample").ok()?;
    Some(OptionValue::new(&Arc::clone(entity), entity.ordinal("kind")?, 1))
}
