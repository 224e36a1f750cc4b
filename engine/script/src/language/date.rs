//! Dates and moments, and what can be asked of them. None of it knows what time it is.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use rhai::{Engine, INT, ImmutableString};

use super::error::{Raise, Raised};

type Moment = DateTime<Utc>;

/// Registers dates and moments.
pub(super) fn register(rhai: &mut Engine) {
    rhai.register_type_with_name::<NaiveDate>("date")
        .register_fn("to_string", |it: &mut NaiveDate| it.to_string())
        .register_fn("to_debug", |it: &mut NaiveDate| it.to_string())
        .register_fn("add_days", |it: &mut NaiveDate, days: INT| add_days(*it, days))
        .register_fn("add_months", |it: &mut NaiveDate, months: INT| add_months(*it, months))
        .register_fn("days_until", |it: &mut NaiveDate, to: NaiveDate| days(*it, to))
        .register_fn("days_until", |it: &mut NaiveDate, to: Moment| days(*it, to.date_naive()))
        .register_fn("date", |it: &mut NaiveDate| *it)
        .register_fn("format", |it: &mut NaiveDate, pattern: &str| format(midnight(*it), pattern))
        .register_fn("date", parse_date);

    rhai.register_type_with_name::<Moment>("date-time")
        .register_fn("to_string", |it: &mut Moment| text(*it))
        .register_fn("to_debug", |it: &mut Moment| text(*it))
        .register_fn("add_days", |it: &mut Moment, days: INT| add_days_to_moment(*it, days))
        .register_fn("add_months", |it: &mut Moment, months: INT| add_months_to_moment(*it, months))
        .register_fn("days_until", |it: &mut Moment, to: Moment| {
            days(it.date_naive(), to.date_naive())
        })
        .register_fn("days_until", |it: &mut Moment, to: NaiveDate| days(it.date_naive(), to))
        .register_fn("date", |it: &mut Moment| it.date_naive())
        .register_fn("format", |it: &mut Moment, pattern: &str| format(*it, pattern))
        .register_fn("datetime", parse_moment);

    for (name, part) in PARTS_OF_DATES {
        rhai.register_get(name, move |it: &mut NaiveDate| part(*it));
        rhai.register_get(name, move |it: &mut Moment| part(it.date_naive()));
    }
    for (name, part) in PARTS_OF_MOMENTS {
        rhai.register_get(name, move |it: &mut Moment| part(*it));
    }
    register_order(rhai);
    refuse_texts(rhai);
}

/// A property by its name.
type Part<T> = (&'static str, fn(T) -> INT);

/// What a date, and a moment, can be asked.
const PARTS_OF_DATES: [Part<NaiveDate>; 4] = [
    ("year", |it| it.year().into()),
    ("month", |it| it.month().into()),
    ("day", |it| it.day().into()),
    ("weekday", weekday),
];

/// What only a moment can be asked.
const PARTS_OF_MOMENTS: [Part<Moment>; 3] = [
    ("hour", |it| it.hour().into()),
    ("minute", |it| it.minute().into()),
    ("second", |it| it.second().into()),
];

/// The part of a date, or of the date of a moment, that has this name.
pub(crate) fn part_of_date(name: &str) -> Option<fn(NaiveDate) -> INT> {
    PARTS_OF_DATES.iter().find(|it| it.0 == name).map(|it| it.1)
}

/// The part of a moment's time that has this name.
pub(crate) fn part_of_time(name: &str) -> Option<fn(Moment) -> INT> {
    PARTS_OF_MOMENTS.iter().find(|it| it.0 == name).map(|it| it.1)
}

/// Registers the six comparisons between all pairs of the two.
fn register_order(rhai: &mut Engine) {
    macro_rules! order {
        ($($A:ty, $B:ty;)*) => {
            $(rhai
                .register_fn("==", |a: $A, b: $B| a.moment() == b.moment())
                .register_fn("!=", |a: $A, b: $B| a.moment() != b.moment())
                .register_fn("<", |a: $A, b: $B| a.moment() < b.moment())
                .register_fn("<=", |a: $A, b: $B| a.moment() <= b.moment())
                .register_fn(">", |a: $A, b: $B| a.moment() > b.moment())
                .register_fn(">=", |a: $A, b: $B| a.moment() >= b.moment());)*
        };
    }
    order! {
        NaiveDate, NaiveDate;
        NaiveDate, Moment;
        Moment, NaiveDate;
        Moment, Moment;
    }
}

/// Rhai finds that a date is neither before nor after a text: a rule that forgot `date(…)` would not hear of it.
fn refuse_texts(rhai: &mut Engine) {
    fn no<T>() -> Raised<T> {
        Err(Raise::text("a date does not compare with a text: write it as `date(\"2026-01-31\")`"))
    }
    for sign in ["==", "!=", "<", "<=", ">", ">="] {
        rhai.register_fn(sign, |_: NaiveDate, _: ImmutableString| no::<bool>())
            .register_fn(sign, |_: ImmutableString, _: NaiveDate| no::<bool>())
            .register_fn(sign, |_: Moment, _: ImmutableString| no::<bool>())
            .register_fn(sign, |_: ImmutableString, _: Moment| no::<bool>());
    }
}

/// A date stands for its midnight where it meets a moment.
trait AsMoment {
    fn moment(&self) -> Moment;
}

impl AsMoment for NaiveDate {
    fn moment(&self) -> Moment {
        midnight(*self)
    }
}

impl AsMoment for Moment {
    fn moment(&self) -> Moment {
        *self
    }
}

pub(crate) fn midnight(date: NaiveDate) -> Moment {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// A moment in words.
pub(crate) fn text(moment: Moment) -> String {
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// 1 for Monday to 7 for Sunday.
fn weekday(date: NaiveDate) -> INT {
    date.weekday().number_from_monday().into()
}

/// How many days lie between two dates.
pub(crate) fn days(from: NaiveDate, to: NaiveDate) -> INT {
    to.signed_duration_since(from).num_days()
}

pub(crate) fn add_days(date: NaiveDate, days: INT) -> Raised<NaiveDate> {
    let moved = TimeDelta::try_days(days).and_then(|by| date.checked_add_signed(by));
    moved.ok_or_else(|| too_far(days, "days"))
}

pub(crate) fn add_months(date: NaiveDate, months: INT) -> Raised<NaiveDate> {
    let count = u32::try_from(months.unsigned_abs()).map_err(|_| too_far(months, "months"))?;
    let moved = if months < 0 {
        date.checked_sub_months(Months::new(count))
    } else {
        date.checked_add_months(Months::new(count))
    };
    moved.ok_or_else(|| too_far(months, "months"))
}

pub(crate) fn add_days_to_moment(moment: Moment, days: INT) -> Raised<Moment> {
    let moved = TimeDelta::try_days(days).and_then(|by| moment.checked_add_signed(by));
    moved.ok_or_else(|| too_far(days, "days"))
}

pub(crate) fn add_months_to_moment(moment: Moment, months: INT) -> Raised<Moment> {
    Ok(add_months(moment.date_naive(), months)?.and_time(moment.time()).and_utc())
}

#[expect(clippy::unnecessary_box_returns, reason = "Rhai's errors are boxed everywhere")]
fn too_far(count: INT, unit: &str) -> Box<rhai::EvalAltResult> {
    Raise::text(format!("{count} {unit} lead to no date"))
}

pub(crate) fn format(moment: Moment, pattern: &str) -> Raised<ImmutableString> {
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    if items.contains(&Item::Error) {
        return Err(Raise::text(format!(
            "{pattern:?} is no date format: write it like \"%Y-%m-%d\""
        )));
    }
    Ok(moment.format_with_items(items.iter()).to_string().into())
}

pub(crate) fn parse_date(text: &str) -> Raised<NaiveDate> {
    text.parse()
        .map_err(|_| Raise::text(format!("{text:?} is no date: write it like \"2026-01-31\"")))
}

pub(crate) fn parse_moment(text: &str) -> Raised<Moment> {
    let parsed = DateTime::parse_from_rfc3339(text).map(|it| it.to_utc());
    parsed.map_err(|_| {
        Raise::text(format!("{text:?} is no date and time: write it like \"2026-01-31T09:00:00Z\""))
    })
}
