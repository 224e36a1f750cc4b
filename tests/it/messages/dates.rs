//! Dates and moments: what is stored of them.

use chrono::{DateTime, NaiveDate, Utc};
use rulegate::{ErrorCode, OrganizationService, Value};

use crate::engines::{create, engine, record, stored};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn kept(attribute: &str, sent: impl Into<Value>) -> Value {
    let engine = engine([]);
    let opportunity = create(&engine, "opportunity", [(attribute, sent.into())]);
    stored(&engine, &opportunity, attribute).unwrap()
}

#[test]
fn a_moment_has_whole_seconds() {
    // C-125
    let kept = kept("contactedon", moment("2024-05-01T15:00:00.999Z"));

    assert_eq!(kept, moment("2024-05-01T15:00:00Z").into());
}

#[test]
fn a_date_sent_as_a_moment_is_its_midnight() {
    // C-121
    let kept = kept("contactedon", date("2024-05-01"));

    assert_eq!(kept, moment("2024-05-01T00:00:00Z").into());
}

#[test]
fn dates_begin_in_1753_and_end_in_9999() {
    // C-35
    let engine = engine([]);
    let of = |attribute, value: Value| {
        engine
            .create(record(&engine, "opportunity", [(attribute, value)]))
            .map_err(|it| (it.code(), it.number()))
    };
    let outside = Err((ErrorCode::InvalidDate, 0x8004_0239));

    assert!(of("contactedon", moment("1753-01-01T00:00:00Z").into()).is_ok());
    assert!(of("contactedon", moment("9999-12-31T23:59:59Z").into()).is_ok());
    assert!(of("estimatedclosedate", date("1753-01-01").into()).is_ok());
    assert_eq!(of("contactedon", moment("1752-12-31T23:59:59Z").into()), outside);
    assert_eq!(of("contactedon", moment("+10000-01-01T00:00:00Z").into()), outside);
    assert_eq!(of("estimatedclosedate", date("1752-12-31").into()), outside);
}
