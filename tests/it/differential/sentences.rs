//! What statements say, with the holes of [`super::words`].

use super::kind::Kind;

/// What a statement can be, beside those that have a form of their own.
pub(crate) const STATEMENTS: &[&str] = &[
    "trace({s,});",
    "trace({x,});",
    "trace(`${{x,}} ${{x?,}}`);",
    "{x,};",
    "ctx.variables[\"number\"] = {i,};",
    "ctx.variables.number = {i,};",
    "ctx.variables[\"text\"] = {s,};",
    "ctx.variables[\"any\"] = {x,};",
    "ctx.target.remove(\"{@}\");",
    "create(\"child\", #{ name: {s,}, count: {i,} });",
    "create(\"child\", #{ name: {s,}, price: {d,}, weight: {f,}, due: {t,} });",
    "create(\"child\", #{ price: {i,}, thingid: ctx.target });",
    "create(\"account\", #{ name: {s,}, whole: {i?,} });",
    "create(\"child\", #{ name: {x,} });",
    "update({l,}, #{ name: {s,} });",
    "update({r,}, #{ count: {i,} });",
    "update(ctx.target, #{ small: {n} });",
    "delete({r,});",
    "delete({l,});",
    "trace(retrieve({l,}).name);",
    "trace(try_retrieve({l,}, [\"name\"])?.name);",
    "trace(retrieve({l,}, [\"name\"]).name);",
    "associate(ctx.target, \"thing_accounts\", {l,});",
    "disassociate(ctx.target, \"thing_accounts\", {l,});",
    "assign(ctx.target, {l,});",
    "set_state(ctx.target, 1);",
    "trace(ctx.target);",
    "trace(ctx.output[\"id\"]);",
    "trace(ctx.input.Target);",
    "trace(ctx.parent?.message);",
    "trace(ctx.related.len());",
    "print({s,});",
];

/// How a rule ends in the middle.
pub(crate) const ENDS: &[&str] = &[
    "return;",
    "reject({s,});",
    "reject(\"thing.code\", {s,});",
    "throw {s,};",
    "throw #{ code: \"thing.thrown\", message: {s,} };",
    "throw {x,};",
    "throw;",
    "return {x,};",
    "ctx.pre.whole = {i,};",
    "ctx.target = {x,};",
    "tools::twice({x,});",
];

/// What is written where it does not belong.
pub(crate) const MISTAKES: &[&str] = &[
    "ctx.target.nothing",
    "ctx.nothing",
    "{x}.wrong()",
    "{x}.wrong",
    "{x}?.wrong",
    "wrong({x,})",
    "thing::rating::Lukewarm",
    "{x}[{x,}]",
    "{x}()",
    "ctx.post.whole",
    "ctx.pre.modifiedon",
    "ctx.changed({x,})",
    "ctx.after({x,})",
    "ctx.target.has(\"nothing\")",
    "reject({x,})",
    "tools::wrong({x,})",
    "tools::twice({x,}, {x,})",
    "-{x}",
    "!{x}",
    "{x} + {x}",
    "{x} * {x}",
    "()",
];

/// What changes a variable of the kind: its value, a part of it, or a call.
pub(crate) const fn changes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Whole => &[
            "= {i,}", "+= {i,}", "-= {i,}", "*= {i,}", "/= {i,}", "%= {i,}", "**= {n}", "+= 1",
            "&= {i,}", "<<= {n}",
        ],
        Kind::Decimal => {
            &["= {d,}", "+= {d,}", "-= {d,}", "*= {d,}", "/= {d,}", "+= {i,}", "*= {f,}"]
        }
        Kind::Double => &["= {f,}", "+= {f,}", "-= {i,}", "*= {f,}", "/= {f,}", "%= {f,}"],
        Kind::Text => OF_TEXTS,
        Kind::Flag => &["= {b,}", "= !{b}", "&= {b,}", "|= {b,}"],
        Kind::Wholes => OF_ARRAYS,
        Kind::Texts => &["= {p,}", ".push({s,})", "[{k}] = {s,}", ".sort()", "[{k}] += {s,}"],
        Kind::Map => &[
            "= {m,}",
            ".a = {i,}",
            "[\"a\"] = {i,}",
            ".b += {s,}",
            ".a += {i,}",
            ".remove(\"a\")",
            ".c = {x,}",
        ],
        Kind::Record => &[
            "= {r,}",
            ".count = {i,}",
            ".name = {s,}",
            ".price = {d,}",
            ".count += {i,}",
            ".thingid = ctx.target",
        ],
        Kind::Date => &["= {y,}", "= {y,}.add_days({n})"],
        Kind::Moment => &["= {t,}", "= {t,}.add_months({n})"],
        Kind::Option => &["= {o,}"],
        Kind::Options => &["= {O,}", ".push({o,})"],
        Kind::Lookup => &["= {l,}"],
        Kind::Char => &["= {c,}"],
    }
}

const OF_TEXTS: &[&str] = &[
    "= {s,}",
    "+= {s,}",
    "+= {i,}",
    "+= {c,}",
    ".pad({n}, 'x')",
    ".replace({s,}, {s,})",
    ".crop({n})",
    ".truncate({n})",
    ".clear()",
    ".make_upper()",
    "-= {s,}",
    "[{k}] = {c,}",
    ".pad(30000, \"long \")",
    ".append({x,})",
    ".remove({s,})",
    ".pop({n})",
];

const OF_ARRAYS: &[&str] = &[
    "= {a,}",
    ".push({i,})",
    "[{k}] = {i,}",
    "[{k}] += {i,}",
    "+= {a,}",
    ".insert({n}, {i,})",
    ".pop()",
    ".remove({n})",
    ".reverse()",
    ".retain(|it| it {#} {i})",
    ".sort()",
    ".for_each(|it| trace(it))",
    ".pad({n}, {i,})",
    ".clear()",
    ".truncate({n})",
    ".sort(|a, b| b - a)",
    ".dedup()",
    ".drain({n}..{n})",
    ".for_each(|| this += {i})",
];
