//! Values as far as they are known before anything runs: sets of what an attribute can be.

use std::collections::BTreeSet;

use rulegate::metadata::{AttributeMetadata, AttributeType, OptionSet};
use rust_decimal::Decimal;

use super::origin::Origin;

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    /// Whether the record may lack the attribute.
    pub(super) is_absent: bool,
    /// Whether it may be null.
    pub(super) is_null: bool,
    /// What else it may be.
    pub(super) values: Values,
    /// Where it comes from, where that tells anything.
    pub(super) origin: Option<Origin>,
}

/// The values that are neither absent nor null.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    /// One of these; none where there are none.
    Among(BTreeSet<Constant>),
    /// A number between these, both included.
    Between(Range),
    /// Whatever.
    Any,
}

/// The numbers between two, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) low: Option<Decimal>,
    pub(super) high: Option<Decimal>,
    /// Whether they are whole.
    pub(super) is_whole: bool,
}

/// A value that stands in a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Constant {
    Boolean(bool),
    /// A number, or an option by its number.
    Number(Decimal),
    Text(String),
}

/// Whether a value is stored as it is given.
pub(super) fn is_kept(kind: &AttributeType) -> bool {
    kind.is_reference()
        || matches!(
            kind,
            AttributeType::WholeNumber { .. }
                | AttributeType::BigInteger { .. }
                | AttributeType::Boolean { .. }
                | AttributeType::Choice(_)
                | AttributeType::State(_)
                | AttributeType::Status(_)
        )
}

/// How many values are told apart.
const TOLD_APART: usize = 24;

impl Known {
    pub(super) const ABSENT: Self = Self::nothing(true, false);
    pub(super) const NULL: Self = Self::nothing(false, true);
    /// A value, of which nothing is known.
    pub(super) const VALUE: Self =
        Self { is_absent: false, is_null: false, values: Values::Any, origin: None };
    /// A value or null.
    pub(super) const ANYTHING: Self =
        Self { is_absent: false, is_null: true, values: Values::Any, origin: None };

    const fn nothing(is_absent: bool, is_null: bool) -> Self {
        Self { is_absent, is_null, values: Values::Among(BTreeSet::new()), origin: None }
    }

    /// One of these values.
    pub(super) fn of(values: Values) -> Self {
        Self { values, ..Self::nothing(false, false) }
    }

    pub(super) fn constant(value: Constant) -> Self {
        Self::of(Values::Among(BTreeSet::from([value])))
    }

    pub(super) fn boolean(can: (bool, bool)) -> Self {
        let all = [(true, can.0), (false, can.1)].into_iter().filter(|it| it.1);
        let values = Values::Among(all.map(|it| Constant::Boolean(it.0)).collect());
        Self::of(values)
    }

    /// What an attribute can be of a record that is stored.
    pub(super) fn stored(attribute: &AttributeMetadata) -> Self {
        let is_vital = matches!(
            attribute.kind,
            AttributeType::Owner { .. } | AttributeType::State(_) | AttributeType::Status(_)
        );
        Self { is_null: !is_vital, ..Self::of(Values::stored(&attribute.kind)) }
    }

    /// What an attribute can be of a record that a client sends: it is checked at the write.
    pub(super) fn sent(attribute: &AttributeMetadata) -> Self {
        Self { is_absent: true, is_null: true, ..Self::of(Values::sent(&attribute.kind)) }
    }

    /// Whether it can be nothing at all: who would see it is never there.
    pub(super) fn is_impossible(&self) -> bool {
        !self.is_absent && !self.is_null && self.values.is_none()
    }

    /// Whether it may be there, be it null.
    pub(super) fn may_be_present(&self) -> bool {
        self.is_null || !self.values.is_none()
    }

    /// The one value that it can be.
    pub(super) fn single(&self) -> Option<&Constant> {
        let Values::Among(all) = &self.values else { return None };
        let mut all = all.iter();
        let first = all.next().filter(|_| !self.is_absent && !self.is_null)?;
        all.next().is_none().then_some(first)
    }

    /// As a script sees it: absent is null.
    pub(super) fn read(self) -> Self {
        Self { is_absent: false, is_null: self.is_null || self.is_absent, ..self }
    }

    /// What one or the other can be.
    pub(super) fn or(&self, other: &Self) -> Self {
        Self {
            is_absent: self.is_absent || other.is_absent,
            is_null: self.is_null || other.is_null,
            values: self.values.or(&other.values),
            origin: self.origin.clone().filter(|it| other.origin.as_ref() == Some(it)),
        }
    }

    /// The attribute of a record that is written over another.
    pub(super) fn over(&self, before: &Self) -> Self {
        if !self.is_absent {
            return self.clone();
        }
        if !self.may_be_present() {
            return before.clone();
        }
        let own = Self { is_absent: false, ..self.clone() };
        let origin = Origin::over(self.origin.as_ref(), before.origin.as_ref());
        Self { origin, ..own.or(before) }
    }

    /// By what it is known to be the same as another.
    pub(super) fn identity(&self) -> Option<Origin> {
        self.origin.clone().or_else(|| self.single().map(Origin::constant))
    }

    /// As the main operation leaves it.
    pub(super) fn written(&self, attribute: &AttributeMetadata) -> Self {
        let has_empty = matches!(&self.values, Values::Among(all)
            if all.contains(&Constant::Text(String::new())));
        let values = self.values.rounded(&attribute.kind).and(&Values::stored(&attribute.kind));
        // Other values are rounded, emptied or cut to a date.
        let origin = self.origin.clone().filter(|_| is_kept(&attribute.kind));
        Self { is_absent: self.is_absent, is_null: self.is_null || has_empty, values, origin }
    }

    /// What a script makes of it when it gives it to the attribute.
    pub(super) fn given(self, attribute: &AttributeMetadata) -> Self {
        let named = |set: &OptionSet, it: &Constant| match it {
            Constant::Text(name) => {
                set.by_name(name).map(|it| Constant::Number(Decimal::from(it.value)))
            }
            Constant::Boolean(_) | Constant::Number(_) => Some(it.clone()),
        };
        let (Some(set), Values::Among(all)) = (attribute.kind.option_set(), &self.values) else {
            return self;
        };
        let all: Option<BTreeSet<Constant>> = all.iter().map(|it| named(set, it)).collect();
        Self { values: all.map_or(Values::Any, Values::Among), ..self }
    }
}

impl Values {
    pub(super) const NONE: Self = Self::Among(BTreeSet::new());

    pub(super) fn is_none(&self) -> bool {
        match self {
            Self::Among(all) => all.is_empty(),
            Self::Between(range) => range.is_empty(),
            Self::Any => false,
        }
    }

    fn stored(kind: &AttributeType) -> Self {
        let range = |low, high, is_whole| {
            Self::Between(Range { low: Some(low), high: Some(high), is_whole })
        };
        if let AttributeType::WholeNumber { min, max, .. }
        | AttributeType::BigInteger { min, max } = kind
        {
            return range(Decimal::from(*min), Decimal::from(*max), true);
        }
        if let AttributeType::Decimal { min, max, .. } | AttributeType::Money { min, max, .. } =
            kind
        {
            return range(*min, *max, false);
        }
        if let AttributeType::MultiChoice(_) = kind {
            return Self::Any;
        }
        if let Some(set) = kind.option_set().filter(|it| it.options.len() <= TOLD_APART) {
            let number = |value: i32| Constant::Number(Decimal::from(value));
            return Self::Among(set.options.iter().map(|it| number(it.value)).collect());
        }
        Self::sent(kind)
    }

    fn sent(kind: &AttributeType) -> Self {
        let numbers = |is_whole| Self::Between(Range { low: None, high: None, is_whole });
        if let AttributeType::WholeNumber { .. } | AttributeType::BigInteger { .. } = kind {
            numbers(true)
        } else if let AttributeType::Decimal { .. } | AttributeType::Money { .. } = kind {
            numbers(false)
        } else if let AttributeType::Boolean { .. } = kind {
            Self::Among([true, false].map(Constant::Boolean).into())
        } else {
            Self::Any
        }
    }

    fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Among(a), b) | (b, Self::Among(a)) if a.is_empty() => b.clone(),
            (Self::Among(a), Self::Among(b)) if a.union(b).count() <= TOLD_APART => {
                Self::Among(a | b)
            }
            (a, b) => match (a.range(), b.range()) {
                (Some(a), Some(b)) => Self::Between(a.or(b)),
                _ => Self::Any,
            },
        }
    }

    /// What is one and the other.
    pub(super) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, it) | (it, Self::Any) => it.clone(),
            (Self::Among(a), Self::Among(b)) if is_of_one_kind(a.iter().chain(b)) => {
                Self::Among(a & b)
            }
            (Self::Among(a), Self::Among(_)) => Self::Among(a.clone()),
            (Self::Among(all), Self::Between(range)) | (Self::Between(range), Self::Among(all)) => {
                let is_in = |it: &&Constant| it.number().is_none_or(|it| range.holds(it));
                Self::Among(all.iter().filter(is_in).cloned().collect())
            }
            (Self::Between(a), Self::Between(b)) => Self::Between(a.and(*b)),
        }
    }

    /// The numbers among which it is, where it is a number.
    pub(super) fn range(&self) -> Option<Range> {
        match self {
            Self::Any => None,
            Self::Between(range) => Some(*range),
            Self::Among(all) => {
                let numbers: Option<Vec<Decimal>> = all.iter().map(Constant::number).collect();
                let numbers = numbers.filter(|it| !it.is_empty())?;
                let is_whole = numbers.iter().all(Decimal::is_integer);
                Some(Range {
                    low: numbers.iter().min().copied(),
                    high: numbers.iter().max().copied(),
                    is_whole,
                })
            }
        }
    }

    /// Rounded as the attribute is: what is no whole number can become another.
    fn rounded(&self, kind: &AttributeType) -> Self {
        let is_rounded = matches!(
            kind,
            AttributeType::Decimal { .. }
                | AttributeType::Double { .. }
                | AttributeType::Money { .. }
        );
        match self.range().filter(|it| is_rounded && !it.is_of_whole_ends()) {
            Some(range) => Self::Between(range.rounded()),
            None => self.clone(),
        }
    }
}

fn is_of_one_kind<'a>(mut all: impl Iterator<Item = &'a Constant>) -> bool {
    let first = all.next().map(std::mem::discriminant);
    all.all(|it| Some(std::mem::discriminant(it)) == first)
}

impl Range {
    pub(super) fn is_empty(self) -> bool {
        self.low.zip(self.high).is_some_and(|(low, high)| high < low)
    }

    fn holds(self, number: Decimal) -> bool {
        self.low.is_none_or(|it| it <= number) && self.high.is_none_or(|it| number <= it)
    }

    fn or(self, other: Self) -> Self {
        Self {
            low: self.low.zip(other.low).map(|(a, b)| a.min(b)),
            high: self.high.zip(other.high).map(|(a, b)| a.max(b)),
            is_whole: self.is_whole && other.is_whole,
        }
    }

    fn and(self, other: Self) -> Self {
        let tightest = |a: Option<Decimal>,
                        b: Option<Decimal>,
                        of: fn(Decimal, Decimal) -> Decimal| match (a, b) {
            (Some(a), Some(b)) => Some(of(a, b)),
            (one, other) => one.or(other),
        };
        Self {
            low: tightest(self.low, other.low, Decimal::max),
            high: tightest(self.high, other.high, Decimal::min),
            is_whole: self.is_whole || other.is_whole,
        }
    }

    fn is_of_whole_ends(self) -> bool {
        self.is_whole || [self.low, self.high].iter().flatten().all(Decimal::is_integer)
    }

    fn rounded(self) -> Self {
        Self { low: self.low.map(|it| it.floor()), high: self.high.map(|it| it.ceil()), ..self }
    }

    /// The sum, difference or product; none where it is not known.
    pub(super) fn computed(self, sign: &str, other: Self) -> Option<Self> {
        let is_whole = self.is_whole && other.is_whole;
        let pair = |a: Option<Decimal>,
                    b: Option<Decimal>,
                    of: fn(Decimal, Decimal) -> Option<Decimal>| {
            a.zip(b).and_then(|(a, b)| of(a, b))
        };
        let (low, high) = match sign {
            "+" => (
                pair(self.low, other.low, Decimal::checked_add),
                pair(self.high, other.high, Decimal::checked_add),
            ),
            "-" => (
                pair(self.low, other.high, Decimal::checked_sub),
                pair(self.high, other.low, Decimal::checked_sub),
            ),
            "*" => {
                let ends = [
                    (self.low, other.low),
                    (self.low, other.high),
                    (self.high, other.low),
                    (self.high, other.high),
                ];
                let all: Option<Vec<Decimal>> =
                    ends.iter().map(|(a, b)| pair(*a, *b, Decimal::checked_mul)).collect();
                let all = all.unwrap_or_default();
                (all.iter().min().copied(), all.iter().max().copied())
            }
            _ => return None,
        };
        Some(Self { low, high, is_whole })
    }
}

impl Constant {
    pub(super) fn number(&self) -> Option<Decimal> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}
