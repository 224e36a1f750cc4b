//! Conditions: what a filter says, in the words of a database.
//!
//! Null meets `null` and the negations alone. So no condition here depends on what a database makes of
//! `NOT` before an unknown: each answers for null by itself, or is unknown, which selects nothing.

use rulegate::record::{Operator, Subject, Test};
use rulegate::{EntityReference, Value};

use crate::draft::{Draft, Side};
use crate::{Column, ColumnKind};

/// How deep filters may lie in each other: databases bound it, and so do threads.
const DEPTH_LIMIT: usize = 100;
/// A condition that every record meets.
const ALWAYS: &str = "(1=1)";
/// A condition that no record meets.
const NEVER: &str = "(1=0)";

/// Writes the condition that a filter is; `None` where it lies too deep.
pub(crate) fn condition(
    test: &Test,
    side: Side<'_>,
    draft: &mut Draft,
    depth: usize,
) -> Option<()> {
    if DEPTH_LIMIT < depth {
        return None;
    }
    let each = |it: &Test, draft: &mut Draft| condition(it, side, draft, depth + 1);
    match test {
        Test::All(tests) => join(tests, &ALL, draft, &each),
        Test::Any(tests) => join(tests, &ANY, draft, &each),
        Test::Is { attribute, operator, values } => {
            let column = match attribute {
                Subject::Identity => Some(side.table.identity()),
                Subject::Attribute(place) => side.table.column_of(*place),
            };
            match column {
                Some(column) => Comparison { side, column, draft }.holds(*operator, values),
                None => draft.words(absent(*operator)),
            }
            Some(())
        }
    }
}

/// How conditions are joined.
pub(crate) struct Joint {
    word: &'static str,
    none: &'static str,
}

/// Every one of them.
pub(crate) const ALL: Joint = Joint { word: " AND ", none: ALWAYS };
/// At least one of them.
pub(crate) const ANY: Joint = Joint { word: " OR ", none: NEVER };

/// Joins conditions as a tree that is as flat as can be: a chain of a thousand would be too deep.
pub(crate) fn join<T>(
    conditions: &[T],
    joint: &Joint,
    draft: &mut Draft,
    each: &dyn Fn(&T, &mut Draft) -> Option<()>,
) -> Option<()> {
    match conditions {
        [] => draft.words(joint.none),
        [one] => each(one, draft)?,
        several => {
            let (left, right) = several.split_at(several.len() / 2);
            draft.words("(");
            join(left, joint, draft, each)?;
            draft.words(joint.word);
            join(right, joint, draft, each)?;
            draft.words(")");
        }
    }
    Some(())
}

/// What is so of an attribute that is never stored.
fn absent(operator: Operator) -> &'static str {
    let is_met = matches!(
        operator,
        Operator::Null | Operator::NotEqual | Operator::NotIn | Operator::NotLike
    );
    if is_met { ALWAYS } else { NEVER }
}

/// How one value stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Sign {
    const fn word(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
            Self::Greater => " > ",
            Self::GreaterOrEqual => " >= ",
        }
    }
}

/// A condition on one column.
struct Comparison<'a> {
    side: Side<'a>,
    column: &'a Column,
    draft: &'a mut Draft,
}

impl Comparison<'_> {
    fn holds(&mut self, operator: Operator, values: &[Value]) {
        match (operator, values) {
            (Operator::Null, _) => self.is_null(),
            (Operator::NotNull, _) => {
                self.draft.column(self.side, self.column);
                self.draft.words(" IS NOT NULL");
            }
            (Operator::In, _) => self.is_one_of(values),
            (Operator::NotIn, _) => self.denied(|it| it.is_one_of(values)),
            (Operator::Between, [low, high]) => {
                self.draft.words("(");
                self.compares(Sign::GreaterOrEqual, low);
                self.draft.words(" AND ");
                self.compares(Sign::LessOrEqual, high);
                self.draft.words(")");
            }
            (Operator::NotEqual, [value]) => self.denied(|it| it.compares(Sign::Equal, value)),
            (Operator::NotLike, [value]) => self.denied(|it| it.finds(operator, value)),
            (
                Operator::Like | Operator::BeginsWith | Operator::EndsWith | Operator::Contains,
                [value],
            ) => self.finds(operator, value),
            (Operator::Equal, [value]) => self.compares(Sign::Equal, value),
            (Operator::LessThan, [value]) => self.compares(Sign::Less, value),
            (Operator::LessEqual, [value]) => self.compares(Sign::LessOrEqual, value),
            (Operator::GreaterThan, [value]) => self.compares(Sign::Greater, value),
            (Operator::GreaterEqual, [value]) => self.compares(Sign::GreaterOrEqual, value),
            _ => self.never(), // INVARIANT: a plan has as many values as the operator takes.
        }
    }

    fn never(&mut self) {
        self.draft.words(NEVER);
    }

    fn is_null(&mut self) {
        self.draft.column(self.side, self.column);
        self.draft.words(" IS NULL");
    }

    /// Null, or not so.
    fn denied(&mut self, condition: impl FnOnce(&mut Self)) {
        self.draft.words("(");
        self.is_null();
        self.draft.words(" OR NOT ");
        condition(self);
        self.draft.words(")");
    }

    fn is_one_of(&mut self, values: &[Value]) {
        let kind = self.column.kind;
        if matches!(kind, ColumnKind::Choices | ColumnKind::Reference) {
            let (side, column) = (self.side, self.column);
            let each = |it: &Value, draft: &mut Draft| {
                Comparison { side, column, draft }.compares(Sign::Equal, it);
                Some(())
            };
            let _ = join(values, &ANY, self.draft, &each); // INVARIANT: each is said.
            return;
        }
        let mut before = None;
        for value in values.iter().filter(|it| kind.holds(it) && !it.is_null()) {
            if before.is_none() {
                self.draft.words("(");
                self.draft.compared(self.side, self.column);
            }
            self.draft.words(before.unwrap_or(" IN ("));
            self.draft.value(value.clone(), kind);
            before = Some(", ");
        }
        self.draft.words(if before.is_some() { "))" } else { NEVER });
    }

    /// How a value stands to that of the column.
    fn compares(&mut self, sign: Sign, value: &Value) {
        let kind = self.column.kind;
        match (kind, value) {
            (ColumnKind::Choices, Value::Choice(_)) => match sign {
                // A list equals each of its options, and has no order beside one.
                Sign::Less | Sign::Greater => self.never(),
                Sign::Equal | Sign::LessOrEqual | Sign::GreaterOrEqual => self.has(value),
            },
            (ColumnKind::Reference, Value::Id(_)) => self.is(sign, value, ColumnKind::Identity),
            (ColumnKind::Reference, Value::Lookup(reference)) => self.points(sign, reference),
            _ if kind.holds(value) && !value.is_null() && kind != ColumnKind::Parties => {
                self.is(sign, value, kind);
            }
            _ => self.never(),
        }
    }

    fn is(&mut self, sign: Sign, value: &Value, kind: ColumnKind) {
        self.draft.words("(");
        self.draft.compared(self.side, self.column);
        self.draft.words(sign.word());
        self.draft.value(value.clone(), kind);
        self.draft.words(")");
    }

    /// How a reference stands to that of the column: by identity, then by entity.
    fn points(&mut self, sign: Sign, reference: &EntityReference) {
        let (id, entity) = (Value::Id(reference.id), Value::from(&*reference.entity));
        let (between, end) = if sign == Sign::Equal { (" AND ", ")") } else { (", ", "))") };
        let draft = &mut *self.draft;
        if sign == Sign::Equal {
            draft.words("(");
            draft.column(self.side, self.column);
            draft.words(sign.word());
            draft.value(id, ColumnKind::Identity);
            draft.words(between);
            draft.type_column(self.side, self.column);
            draft.words(sign.word());
        } else {
            draft.words("((");
            draft.column(self.side, self.column);
            draft.words(between);
            draft.type_column(self.side, self.column);
            draft.words(")");
            draft.words(sign.word());
            draft.words("(");
            draft.value(id, ColumnKind::Identity);
            draft.words(between);
        }
        draft.value(entity, ColumnKind::Name);
        draft.words(end);
    }

    /// Whether the column holds a text, an option or a party that is looked for.
    fn finds(&mut self, operator: Operator, value: &Value) {
        match (self.column.kind, value, operator) {
            (ColumnKind::Choices, Value::Choice(_), Operator::Contains)
            | (ColumnKind::Parties, Value::Lookup(_), Operator::Contains) => self.has(value),
            (ColumnKind::Text, Value::Text(_), _) => {
                let wanted = self.draft.add(value.clone(), ColumnKind::Text);
                let (side, column, dialect) = (self.side, self.column, self.draft.dialect());
                self.draft.say(|| dialect.finds(operator, &side.column(column), &wanted));
            }
            _ => self.never(),
        }
    }

    fn has(&mut self, value: &Value) {
        let wanted = self.draft.add(value.clone(), self.column.kind);
        let (side, column, dialect) = (self.side, self.column, self.draft.dialect());
        self.draft.say(|| dialect.has(&side.column(column), &wanted));
    }
}
