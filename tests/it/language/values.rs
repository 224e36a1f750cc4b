//! Values: numbers, dates, texts and options, and what an attribute of each kind makes of them.

use super::{said_at, table, thrown};

#[test]
fn decimals_are_exact_and_go_with_all_numbers() {
    let said = table(
        &[
            "0.1 + 0.2",
            "0.1 + 0.2 == 0.3",
            "19.99 * 0.1",
            "(19.99 * 0.1).round(2)",
            "2.5.round()",
            "(-2.5).round()",
            "1.005.round(2)",
            "1.5.round(29)",
            "1.5.round(-1)",
            "10 / 4",
            "10 / 4.0",
            "decimal(10) / 4",
            "1.0 / 0",
            "1.0 / 0.0",
            "1.0 % 0.0",
            "1 / 0",
            "1 % 0",
            "9223372036854775807 + 1",
            "-9223372036854775807 - 2",
            "79228162514264337593543950335.0 + 1.0",
            "79228162514264337593543950335.0 * 2",
            "79228162514264337593543950336.0",
            "0.12345678901234567890123456789012345",
            "1e400",
            "1e10",
            "1.5.to_float() * 0.1",
            "1.5.to_float() == 1.5",
            "1.5 == 1.5.to_float()",
            "1.5 < 2",
            "2 > 1.5",
            "1 == 1.0",
            "min(1.5, 1)",
            "max(1, 1.5)",
            "decimal(\"12.50\")",
            "decimal(\" 12,50 \")",
            "decimal(\"\")",
            "abs(-1.5)",
            "2.0 ** 3",
            "2.0 ** 1000",
            "2 ** 64",
            "1.5 + \"a\"",
            "1.5 + ()",
            "-\"a\"",
            "!1",
            "1.5 && true",
            "1_000.5",
        ],
        thrown,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn dates_end_where_months_end() {
    let said = table(
        &[
            "date(\"2026-01-31\").add_months(1)",
            "date(\"2024-01-31\").add_months(1)",
            "date(\"2026-03-31\").add_months(-1)",
            "date(\"2026-12-31\").add_months(2)",
            "date(\"2026-01-31\").add_months(9223372036854775807)",
            "date(\"2026-01-31\").add_days(9223372036854775807)",
            "date(\"2026-01-31\").add_days(-1)",
            "date(\"2026-02-30\")",
            "date(\"31.01.2026\")",
            "date(\"\")",
            "datetime(\"2026-01-31\")",
            "datetime(\"2026-01-31T25:00:00Z\")",
            "datetime(\"2026-01-31T09:00:00+02:00\")",
            "datetime(\"2026-01-31T09:00:00Z\").add_months(1)",
            "date(\"2026-01-31\").format(\"%d.%m.%Y\")",
            "date(\"2026-01-31\").format(\"%Q\")",
            "date(\"2026-01-31\").format(\"%\")",
            "date(\"2026-01-31\").format(\"\")",
            "date(\"2026-01-31\").weekday",
            "date(\"2026-01-31\").days_until(date(\"2026-03-01\"))",
            "date(\"2026-01-31\") < datetime(\"2026-01-31T00:00:01Z\")",
            "date(\"2026-01-31\") == datetime(\"2026-01-31T00:00:00Z\")",
            "date(\"2026-01-31\") + 1",
            "date(\"2026-01-31\") < \"2026-02-01\"",
            "date(\"2026-01-31\") == ()",
            "date(\"2026-01-31\").hour",
            "date(\"2026-01-31\").nonsense",
            "ctx.now.date() == ctx.today",
        ],
        thrown,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn texts_and_options_compare_both_ways() {
    let said = table(
        &[
            "\"  a b \".trim() + \"|\"",
            "\"\".is_blank()",
            "\" \\t\".is_blank()",
            "().is_blank()",
            "1.is_blank()",
            "\"a\" + 1",
            "\"a\" < 1",
            "\"a\"[5]",
            "\"äöü\"[1]",
            "\"äöü\".sub_string(1, 100)",
            "\"a\".nonsense()",
            "[1, 2][5]",
            "[1, 2][-1]",
            "map.a",
            "map.b",
            "map[\"b\"]",
            "map.b = 1",
            "#{ a: 1 }.b",
            "[3, 1, 2].order(|a, b| a - b)",
            "[3, 1, 2].order(|a, b| a > b)",
            "[3, 1, 2].order(|a, b| a < b)",
            "[3, 1, 2].order(|a, b| \"x\")",
            "[3, 1, 2].order(|a, b| throw \"no\")",
            "account::rating::Hot",
            "account::rating::Hot.value",
            "account::rating::Hot.label",
            "account::rating::Hot == 1",
            "1 == account::rating::Hot",
            "account::rating::Hot != 2",
            "account::rating::Hot == \"Hot\"",
            "\"Really Hot\" == account::rating::Hot",
            "account::rating::Hot == account::rating::Cold",
            "account::rating::Hot == ()",
            "account::rating::Hot + 1",
            "account::rating::Warm",
            "account::nothing::Hot",
            "nothing::rating::Hot",
            "switch account::rating::Hot.name { \"Hot\" => 1, _ => 2 }",
            "switch account::rating::Hot { 1 => 1, _ => 2 }",
            "ctx.user == ctx.initiating_user",
            "ctx.user.entity",
            "ctx.user.nonsense",
            "type_of(ctx)",
            "if () { 1 } else { 2 }",
            "unknown",
            "unknown::name",
            "unknown()",
            "sales::errand(1)",
            "let x",
            "for",
            "1 +",
            "\"open",
            "`${1",
            "'ab'",
            "@",
            "\u{0}",
        ],
        |it| format!("let map = #{{ a: 1 }}; {}", thrown(it)),
    );
    insta::assert_snapshot!(said);
}

#[test]
fn every_kind_of_attribute_says_what_it_cannot_hold() {
    const ATTRIBUTES: [&str; 13] = [
        "name",
        "description",
        "employees",
        "visits",
        "discount",
        "score",
        "revenue",
        "onhold",
        "rating",
        "channels",
        "foundedon",
        "calledon",
        "parentid",
    ];
    const VALUES: [&str; 18] = [
        "()",
        "1",
        "-1",
        "9223372036854775807",
        "1.256",
        "1.5.to_float()",
        "true",
        "\"text\"",
        "'c'",
        "[]",
        "[1, 2]",
        "#{}",
        "ctx.now",
        "ctx.today",
        "ctx.user",
        "account::rating::Cold",
        "blob(2)",
        "|x| x",
    ];
    let mut lines = Vec::new();
    for attribute in ATTRIBUTES {
        for value in VALUES {
            let body = format!("ctx.target.{attribute} = {value};");
            lines.push(format!("{attribute} = {value}\n    {}", said_at("pre-operation", &body)));
        }
    }
    let said = lines.join("\n");
    insta::assert_snapshot!(said);
}
