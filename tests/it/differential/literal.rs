//! Literals of rules: ordinary ones first, and those at which something ends.

use super::choices::Choices;
use super::kind::Kind;

const WHOLES: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "5",
    "10",
    "100",
    "(-1)",
    "(-7)",
    "42",
    "1_000",
    "0xff",
    "2147483647",
    "(-2147483648)",
    "4294967296",
    "9223372036854775807",
    "(-9223372036854775807)",
    "(-9223372036854775807 - 1)",
    "9007199254740993",
    "300000000",
];

const DECIMALS: &[&str] = &[
    "0.0",
    "1.0",
    "0.5",
    "0.1",
    "2.50",
    "(-0.5)",
    "99.99",
    "100000.00",
    "1.5",
    "0.3",
    "2.675",
    "0.0000000000000000000000000001",
    "79228162514264337593543950335.0",
    "(-79228162514264337593543950335.0)",
    "12345678901234567890.12345678",
    "1.5e3",
    "3.3333333333333333333333333333",
    "9223372036854775807.0",
];

const DOUBLES: &[&str] = &[
    "0.to_float()",
    "1.to_float()",
    "0.5.to_float()",
    "(0.1.to_float() + 0.2.to_float())",
    "0.3.to_float()",
    "(0.to_float() / 0.to_float())",
    "(1.to_float() / 0.to_float())",
    "((-1).to_float() / 0.to_float())",
    "(0.to_float() * (-1).to_float())",
    "PI()",
    "(1e20).to_float()",
    "9007199254740993.to_float()",
    "0.00000001.to_float()",
    "100.to_float()",
    "(1.to_float() + 0.0000000000000002.to_float())",
    "(-2.5).to_float()",
];

const TEXTS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"Acme\"",
    "\"A b c\"",
    "\"Hot\"",
    "\"Very hot\"",
    "\"12\"",
    "\"-3.50\"",
    "\"  padded\\t\"",
    "\"Ünï ©ôdé 🚀\"",
    "\"a\\x00b\"",
    "\"line\\nbreak \\\"quoted\\\"\"",
    "\"2026-01-31\"",
    "\"2026-01-31T09:00:00Z\"",
    "\"0123456789012345678901234567890123456789\"",
    "`raw ${1 + 1}`",
    "\"Update\"",
    "\"string\"",
    "\"{}\"",
    "\"ß İ ǅ\"",
];

const CHARS: &[&str] = &["'a'", "' '", "'é'", "'\\x00'", "'🚀'", "'A'"];

const DATES: &[&str] = &[
    "ctx.today",
    "date(\"2026-03-04\")",
    "date(\"2024-02-29\")",
    "date(\"2026-01-31\")",
    "date(\"1999-12-31\")",
    "date(\"0001-01-01\")",
    "date(\"9999-12-31\")",
    "date(\"1753-01-01\")",
    "date(\"2026-12-31\")",
    "date(\"2026-13-01\")",
];

const MOMENTS: &[&str] = &[
    "ctx.now",
    "datetime(\"2026-03-04T05:06:07Z\")",
    "datetime(\"2026-03-04T00:00:00Z\")",
    "datetime(\"2024-02-29T23:59:59Z\")",
    "datetime(\"2026-01-31T09:00:00+02:00\")",
    "datetime(\"1999-12-31T23:59:59.999Z\")",
    "datetime(\"2100-01-01T00:00:00Z\")",
    "datetime(\"2026-03-05T05:06:07Z\")",
    "datetime(\"no moment\")",
];

const OPTIONS: &[&str] = &[
    "thing::rating::Hot",
    "thing::rating::Warm",
    "thing::rating::Cold",
    "thing::statuscode::Open",
    "thing::statecode::Active",
    "thing::statecode::Inactive",
    "thing::tags::Red",
];

/// A literal of the kind. What is no literal of Rhai's is the shortest expression.
pub(crate) fn random(choices: &mut Choices, kind: Kind) -> String {
    let ordinary: &[&str] = match kind {
        Kind::Whole => WHOLES,
        Kind::Decimal => DECIMALS,
        Kind::Double => DOUBLES,
        Kind::Flag => &["true", "false"],
        Kind::Text => TEXTS,
        Kind::Char => CHARS,
        Kind::Date => DATES,
        Kind::Moment => MOMENTS,
        Kind::Option => OPTIONS,
        Kind::Options => &["[thing::tags::Red, thing::tags::Blue]", "[]", "[1, 2]"],
        Kind::Lookup => &["ctx.user", "query(\"account\", #{})[0].lookup()"],
        Kind::Wholes => &["[1, 2, 3]", "[]", "[5]", "[3, 1, 2, 3, (-1)]"],
        Kind::Texts => &["[\"a\", \"b\"]", "[]", "[\"Acme\"]"],
        Kind::Record => &["query(\"child\", #{})[0]", "record(\"child\", #{ name: \"new\" })"],
        Kind::Map => &["#{ a: 1, b: \"x\" }", "#{ b: \"\", a: (-1) }"],
    };
    // Most of the time one of the first, which are the ordinary ones.
    let end = if choices.chance(40) { ordinary.len() } else { ordinary.len().min(6) };
    ordinary.get(choices.below(end)).map_or_else(String::new, |it| (*it).to_owned())
}
