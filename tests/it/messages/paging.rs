//! Paging: records are searched page by page.

use rulegate::record::{Page, PageRequest};
use rulegate::{Engine, ErrorCode, OrganizationService, Query, Record};

use crate::engines::{create, engine, update};

fn accounts(names: impl IntoIterator<Item = &'static str>) -> Engine {
    let engine = engine([]);
    for name in names {
        create(&engine, "account", [("name", name.into())]);
    }
    engine
}

fn names(page: &Page) -> String {
    page.records.iter().filter_map(Record::primary_name).collect::<Vec<_>>().join("")
}

fn by_name() -> Query {
    Query::new("account").order_by("name")
}

fn page(engine: &Engine, number: u32, cookie: Option<String>) -> Page {
    let page = PageRequest { number, size: 2, cookie };
    engine.retrieve_multiple(by_name().page(page)).unwrap()
}

#[test]
fn the_first_records_come_where_there_is_a_top() {
    // M-12
    let engine = accounts(["c", "a", "b"]);
    let top = |count| engine.retrieve_multiple(by_name().top(count)).unwrap();

    assert_eq!(names(&top(2)), "ab");
    assert_eq!(names(&top(9)), "abc");
    assert_eq!(names(&top(0)), "");
    assert!(!top(2).has_more && top(2).cookie.is_none());
}

#[test]
fn a_page_says_whether_there_is_more() {
    // M-12
    let engine = accounts(["a", "b", "c", "d"]);

    let first = page(&engine, 1, None);
    let second = page(&engine, 2, None);
    let third = page(&engine, 3, None);

    assert_eq!([&first, &second, &third].map(names), ["ab", "cd", ""]);
    assert_eq!([&first, &second, &third].map(|it| it.has_more), [true, false, false]);
    assert!(third.cookie.is_none());
}

#[test]
fn a_cookie_goes_on_where_the_page_before_ended() {
    // M-12
    let engine = accounts(["a", "b", "c", "d", "e"]);

    let first = page(&engine, 1, None);
    let second = page(&engine, 2, first.cookie);
    let third = page(&engine, 3, second.cookie.clone());

    assert_eq!([&second, &third].map(names), ["cd", "e"]);
}

#[test]
fn a_record_that_comes_in_between_shifts_no_page() {
    // PageRequest::cookie
    let engine = accounts(["b", "c", "d", "e"]);

    let first = page(&engine, 1, None);
    create(&engine, "account", [("name", "a".into())]);
    let second = page(&engine, 2, first.cookie);

    assert_eq!(names(&second), "de");
}

#[test]
fn a_record_that_goes_in_between_shifts_no_page() {
    // PageRequest::cookie
    let engine = accounts(["a", "b", "c", "d", "e"]);

    let first = page(&engine, 1, None);
    for gone in &first.records {
        engine.delete(&gone.reference().unwrap()).unwrap();
    }
    let second = page(&engine, 2, first.cookie);

    assert_eq!(names(&second), "cd");
}

#[test]
fn a_record_that_moves_in_between_shifts_no_page() {
    // PageRequest::cookie
    let engine = accounts(["a", "b", "c", "d", "e"]);

    let first = page(&engine, 1, None);
    let last = first.records.last().and_then(Record::reference).unwrap();
    update(&engine, &last, [("name", "z".into())]);
    let second = page(&engine, 2, first.cookie);

    assert_eq!(names(&second), "cd");
}

#[test]
fn a_cookie_remembers_every_kind_of_value() {
    // PageRequest::cookie: what was seen goes, so that the cookie alone knows where the page ended.
    for attribute in [
        "name",
        "score",
        "contactedon",
        "estimatedclosedate",
        "customerid",
        "budgetamount",
        "closeprobability",
        "opportunityratingcode",
        "opportunityid",
    ] {
        let engine = opportunities();
        let all = || Query::new("opportunity").order_by_descending(attribute);
        let whole = ids(&engine.retrieve_multiple(all()).unwrap().records);
        let (mut seen, mut cookie) = (Vec::new(), None);
        for _ in &whole {
            let request = PageRequest { cookie, ..PageRequest::new(1, 1) };
            let page = engine.retrieve_multiple(all().page(request)).unwrap();
            for record in &page.records {
                engine.delete(&record.reference().unwrap()).unwrap();
            }
            seen.extend(ids(&page.records));
            cookie = page.cookie;
        }
        assert_eq!(seen, whole, "{attribute}");
    }
}

fn ids(records: &[Record]) -> Vec<Option<uuid::Uuid>> {
    records.iter().map(Record::id).collect()
}

/// Opportunities that have values of every kind, or none.
fn opportunities() -> Engine {
    let engine = engine([]);
    let texts = [None, Some("a\nb"), Some("a\"b\\"), Some("ä;,:|"), Some("zz")];
    for (index, text) in (0_i32..).zip(texts) {
        let days = chrono::TimeDelta::days(i64::from(index / 2));
        let close = crate::engines::now() + days;
        let account = create(&engine, "account", []);
        let values = [
            ("name", text.into()),
            ("score", (index % 2 == 0).then_some(0.1 * f64::from(index)).into()),
            ("contactedon", close.into()),
            ("estimatedclosedate", close.into()),
            ("customerid", account.into()),
            ("budgetamount", rust_decimal::Decimal::new(index.into(), 1).into()),
            ("closeprobability", index.into()),
        ];
        create(&engine, "opportunity", values);
    }
    engine
}

#[test]
fn a_cookie_of_another_query_is_refused() {
    // STYLE §3: loud, never silent.
    let engine = accounts(["a", "b"]);
    let of = |cookie: &str| {
        let page = PageRequest { number: 2, size: 1, cookie: Some(cookie.to_owned()) };
        engine.retrieve_multiple(by_name().page(page)).map(|it| names(&it)).map_err(|it| it.code())
    };
    let first = PageRequest::new(1, 1);
    let unordered = engine.retrieve_multiple(Query::new("account").page(first)).unwrap();

    assert_eq!(of("nonsense"), Err(ErrorCode::InvalidQuery));
    assert_eq!(of(&unordered.cookie.unwrap()), Err(ErrorCode::InvalidQuery));
}

#[test]
fn the_total_counts_all_that_match() {
    // M-12
    let engine = accounts(["a", "b", "c"]);
    let total = |query: Query| engine.retrieve_multiple(query).unwrap().total;

    assert_eq!(total(by_name()), None);
    assert_eq!(total(by_name().with_total()), Some(3));
    assert_eq!(total(by_name().top(1).with_total()), Some(3));
    assert_eq!(total(by_name().page(PageRequest::new(2, 2)).with_total()), Some(3));
    assert_eq!(total(by_name().equal("name", "a").with_total()), Some(1));
}

#[test]
fn pages_count_from_one_and_hold_up_to_five_thousand() {
    // M-12, on both sides of the limits
    let engine = accounts(["a"]);
    let of = |number, size| {
        let query = by_name().page(PageRequest::new(number, size));
        engine.retrieve_multiple(query).map(|it| names(&it)).map_err(|it| it.code())
    };
    let impossible = Err(ErrorCode::InvalidQuery);

    assert_eq!(of(1, 1), Ok("a".to_owned()));
    assert_eq!(of(1, 5_000), Ok("a".to_owned()));
    assert_eq!(of(u32::MAX, 5_000), Ok(String::new()));
    assert_eq!(of(0, 1), impossible);
    assert_eq!(of(1, 0), impossible);
    assert_eq!(of(1, 5_001), impossible);
}

#[test]
fn a_query_takes_either_a_top_or_a_page() {
    // M-12
    let engine = accounts([]);
    let both = by_name().top(1).page(PageRequest::new(1, 1));

    assert_eq!(engine.retrieve_multiple(both).unwrap_err().code(), ErrorCode::InvalidQuery);
}
