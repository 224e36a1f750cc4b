//! Nodes: expressions on their way to closures, with what is known of their values.
//!
//! An expression is pure. It answers `None` where it does not know: then Rhai evaluates the same
//! syntax tree and finds the value, or says what is wrong with it, in its own words and at its own place. So no
//! error is made twice, and none differs.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rulegate::metadata::Ordinal;
use rulegate::{EntityReference, Value};
use rust_decimal::Decimal;

use super::kind::{Kind, Options};
use super::view::{Local, Scalar, Source, View};

/// A lowered expression.
pub(super) type Eval<T> = Box<dyn Fn(&View<'_>) -> Option<T> + Send + Sync>;

/// Where a value of one kind comes from; null is `None`.
pub(super) enum Get<T> {
    Constant(T),
    Attribute(Source, Ordinal),
    Local(usize),
    Computed(Eval<Option<T>>),
}

/// Where a value lies.
enum Place {
    Attribute(Source, Ordinal),
    Local(usize),
}

/// An expression with its kind.
pub(super) enum Node {
    Null,
    Boolean(Get<bool>),
    WholeNumber(Get<i64>),
    Double(Get<f64>),
    Decimal(Get<Decimal>),
    Text(Get<Arc<str>>),
    Date(Get<NaiveDate>),
    Moment(Get<DateTime<Utc>>),
    Choice(Get<i32>, Options),
    Lookup(Get<EntityReference>),
}

/// Does the same with what is in a node, whatever its kind.
macro_rules! each {
    ($node:expr, null => $null:expr, $get:ident => $body:expr) => {
        match $node {
            Node::Null => $null,
            Node::Boolean($get) => $body,
            Node::WholeNumber($get) => $body,
            Node::Double($get) => $body,
            Node::Decimal($get) => $body,
            Node::Text($get) => $body,
            Node::Date($get) => $body,
            Node::Moment($get) => $body,
            Node::Choice($get, _) => $body,
            Node::Lookup($get) => $body,
        }
    };
}
pub(super) use each;

impl<T: Scalar> Get<T> {
    /// What a function makes of the value: one closure for each kind of source, so that nothing is copied.
    pub(super) fn over<R: 'static>(
        self,
        f: impl Fn(&View<'_>, Option<&T>) -> Option<R> + Send + Sync + 'static,
    ) -> Eval<R> {
        match self {
            Self::Constant(it) => Box::new(move |view| f(view, Some(&it))),
            Self::Attribute(Source::Target, ordinal) => {
                Box::new(move |view| match view.target(ordinal)? {
                    Some(value) => f(view, Some(T::in_value(value)?)),
                    None => f(view, None),
                })
            }
            Self::Attribute(source, ordinal) => {
                Box::new(move |view| match view.attribute(&source, ordinal)? {
                    Some(value) => f(view, Some(T::in_value(value)?)),
                    None => f(view, None),
                })
            }
            Self::Local(index) => Box::new(move |view| match view.locals.get(index)? {
                Local::Value(Value::Null) => f(view, None),
                Local::Value(value) => f(view, Some(T::in_value(value)?)),
                Local::Other(_) => None,
            }),
            Self::Computed(eval) => Box::new(move |view| f(view, eval(view)?.as_ref())),
        }
    }

    /// The value, or null.
    pub(super) fn eval(self) -> Eval<Option<T>> {
        match self {
            Self::Computed(eval) => eval,
            other => other.over(|_, it| Some(it.cloned())),
        }
    }

    /// The value, where it is not null: what null means there is left to Rhai.
    pub(super) fn present(self) -> Eval<T> {
        self.over(|_, it| it.cloned())
    }

    /// Another value, where it is not null.
    pub(super) fn map<U: Scalar>(
        self,
        f: impl Fn(&T) -> Option<U> + Send + Sync + 'static,
    ) -> Get<U> {
        Get::Computed(self.over(move |_, it| f(it?).map(Some)))
    }

    /// The same in another type; null stays null.
    pub(super) fn convert<U: Scalar>(
        self,
        f: impl Fn(&T) -> Option<U> + Send + Sync + 'static,
    ) -> Option<Get<U>> {
        Some(match self {
            Self::Constant(it) => Get::Constant(f(&it)?),
            other => Get::Computed(other.over(move |_, it| match it {
                Some(it) => f(it).map(Some),
                None => Some(None),
            })),
        })
    }

    /// The first of two that is not null.
    fn or(self, other: Self) -> Self {
        let other = other.eval();
        Self::Computed(self.over(move |view, it| match it {
            Some(it) => Some(Some(it.clone())),
            None => other(view),
        }))
    }

    /// One of two.
    fn select(condition: Eval<bool>, then: Self, otherwise: Self) -> Self {
        let (then, otherwise) = (then.eval(), otherwise.eval());
        Self::Computed(Box::new(
            move |view| {
                if condition(view)? { then(view) } else { otherwise(view) }
            },
        ))
    }

    fn null() -> Self {
        Self::Computed(Box::new(|_| Some(None)))
    }

    /// What a function reads, if it is of this kind.
    fn read(read: impl Fn(&View<'_>) -> Option<Value> + Send + Sync + 'static) -> Self {
        Self::Computed(Box::new(move |view| match read(view)? {
            Value::Null => Some(None),
            value => Some(Some(T::in_value(&value)?.clone())),
        }))
    }
}

/// Applies a function to two nodes of one kind; null is of every kind.
macro_rules! same_kind {
    ($a:expr, $b:expr, $a_get:ident, $b_get:ident => $body:expr) => {
        match ($a, $b) {
            (Node::Null, Node::Null) => Some(Node::Null),
            (Node::Boolean($a_get), Node::Boolean($b_get)) => Some(Node::Boolean($body)),
            (Node::WholeNumber($a_get), Node::WholeNumber($b_get)) => {
                Some(Node::WholeNumber($body))
            }
            (Node::Double($a_get), Node::Double($b_get)) => Some(Node::Double($body)),
            (Node::Decimal($a_get), Node::Decimal($b_get)) => Some(Node::Decimal($body)),
            (Node::Text($a_get), Node::Text($b_get)) => Some(Node::Text($body)),
            (Node::Date($a_get), Node::Date($b_get)) => Some(Node::Date($body)),
            (Node::Moment($a_get), Node::Moment($b_get)) => Some(Node::Moment($body)),
            (Node::Choice($a_get, of), Node::Choice($b_get, other)) if of == other => {
                Some(Node::Choice($body, of))
            }
            (Node::Lookup($a_get), Node::Lookup($b_get)) => Some(Node::Lookup($body)),
            (_, _) => None,
        }
    };
}

impl Node {
    /// What a variable of that kind holds.
    pub(super) fn local(index: usize, kind: &Kind) -> Option<Self> {
        Self::at(kind, &Place::Local(index))
    }

    /// What an attribute of that kind holds.
    pub(super) fn attribute(source: &Source, ordinal: Ordinal, kind: &Kind) -> Option<Self> {
        Self::at(kind, &Place::Attribute(source.clone(), ordinal))
    }

    fn at(kind: &Kind, place: &Place) -> Option<Self> {
        macro_rules! get {
            () => {
                match place {
                    Place::Attribute(source, ordinal) => Get::Attribute(source.clone(), *ordinal),
                    Place::Local(index) => Get::Local(*index),
                }
            };
        }
        Some(match kind {
            Kind::Boolean => Self::Boolean(get!()),
            Kind::WholeNumber => Self::WholeNumber(get!()),
            Kind::Double => Self::Double(get!()),
            Kind::Decimal => Self::Decimal(get!()),
            Kind::Text => Self::Text(get!()),
            Kind::Date => Self::Date(get!()),
            Kind::Moment => Self::Moment(get!()),
            Kind::Choice(of) => Self::Choice(get!(), of.clone()),
            Kind::Lookup => Self::Lookup(get!()),
            Kind::Record(_) | Kind::Records(_) | Kind::Unknown => return None,
        })
    }

    /// What a function reads, if it is of that kind.
    pub(super) fn computed(
        kind: &Kind,
        read: impl Fn(&View<'_>) -> Option<Value> + Send + Sync + 'static,
    ) -> Option<Self> {
        Some(match kind {
            Kind::Boolean => Self::Boolean(Get::read(read)),
            Kind::WholeNumber => Self::WholeNumber(Get::read(read)),
            Kind::Double => Self::Double(Get::read(read)),
            Kind::Decimal => Self::Decimal(Get::read(read)),
            Kind::Text => Self::Text(Get::read(read)),
            Kind::Date => Self::Date(Get::read(read)),
            Kind::Moment => Self::Moment(Get::read(read)),
            Kind::Choice(of) => Self::Choice(Get::read(read), of.clone()),
            Kind::Lookup => Self::Lookup(Get::read(read)),
            Kind::Record(_) | Kind::Records(_) | Kind::Unknown => return None,
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Unknown,
            Self::Boolean(_) => Kind::Boolean,
            Self::WholeNumber(_) => Kind::WholeNumber,
            Self::Double(_) => Kind::Double,
            Self::Decimal(_) => Kind::Decimal,
            Self::Text(_) => Kind::Text,
            Self::Date(_) => Kind::Date,
            Self::Moment(_) => Kind::Moment,
            Self::Choice(_, of) => Kind::Choice(of.clone()),
            Self::Lookup(_) => Kind::Lookup,
        }
    }

    /// The value, whatever its kind.
    pub(super) fn value(self) -> Eval<Value> {
        macro_rules! value {
            ($get:expr, $variant:ident) => {
                $get.over(|_, it| Some(it.map_or(Value::Null, |it| Value::$variant(it.clone()))))
            };
        }
        match self {
            Self::Null => Box::new(|_| Some(Value::Null)),
            Self::Boolean(get) => value!(get, Boolean),
            Self::WholeNumber(get) => value!(get, WholeNumber),
            Self::Double(get) => value!(get, Double),
            Self::Decimal(get) => value!(get, Decimal),
            Self::Text(get) => value!(get, Text),
            Self::Date(get) => value!(get, Date),
            Self::Moment(get) => value!(get, Moment),
            Self::Choice(get, _) => value!(get, Choice),
            Self::Lookup(get) => value!(get, Lookup),
        }
    }

    /// The same, where an expression is looked at in another view.
    pub(super) fn within(
        self,
        enter: impl Fn(&View<'_>, &mut dyn FnMut(&View<'_>) -> Option<()>) -> Option<()>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        macro_rules! entered {
            ($get:expr) => {{
                let eval = $get.eval();
                Get::Computed(Box::new(move |view| {
                    let mut found = None;
                    enter(view, &mut |inner| {
                        found = Some(eval(inner)?);
                        Some(())
                    })?;
                    found
                }))
            }};
        }
        match self {
            Self::Null => Self::Null,
            Self::Boolean(get) => Self::Boolean(entered!(get)),
            Self::WholeNumber(get) => Self::WholeNumber(entered!(get)),
            Self::Double(get) => Self::Double(entered!(get)),
            Self::Decimal(get) => Self::Decimal(entered!(get)),
            Self::Text(get) => Self::Text(entered!(get)),
            Self::Date(get) => Self::Date(entered!(get)),
            Self::Moment(get) => Self::Moment(entered!(get)),
            Self::Choice(get, of) => Self::Choice(entered!(get), of),
            Self::Lookup(get) => Self::Lookup(entered!(get)),
        }
    }

    /// A boolean that is never null.
    pub(super) fn truth(eval: Eval<bool>) -> Self {
        Self::Boolean(Get::Computed(Box::new(move |view| eval(view).map(Some))))
    }

    /// `a ?? b`
    pub(super) fn or(self, other: Self) -> Option<Self> {
        let (a, b) = self.with_kind_of(other);
        same_kind!(a, b, a, b => a.or(b))
    }

    /// `if condition { a } else { b }`
    pub(super) fn select(condition: Eval<bool>, then: Self, otherwise: Self) -> Option<Self> {
        let (a, b) = then.with_kind_of(otherwise);
        same_kind!(a, b, a, b => Get::select(condition, a, b))
    }

    /// Two nodes, of which one that is null has the other's kind.
    fn with_kind_of(self, other: Self) -> (Self, Self) {
        let null_of = |kind: &Kind| match kind {
            Kind::Boolean => Self::Boolean(Get::null()),
            Kind::WholeNumber => Self::WholeNumber(Get::null()),
            Kind::Double => Self::Double(Get::null()),
            Kind::Decimal => Self::Decimal(Get::null()),
            Kind::Text => Self::Text(Get::null()),
            Kind::Date => Self::Date(Get::null()),
            Kind::Moment => Self::Moment(Get::null()),
            Kind::Choice(of) => Self::Choice(Get::null(), of.clone()),
            Kind::Lookup => Self::Lookup(Get::null()),
            Kind::Record(_) | Kind::Records(_) | Kind::Unknown => Self::Null,
        };
        match (self, other) {
            (Self::Null, other) => (null_of(&other.kind()), other),
            (this, Self::Null) => {
                let null = null_of(&this.kind());
                (this, null)
            }
            both => both,
        }
    }
}
