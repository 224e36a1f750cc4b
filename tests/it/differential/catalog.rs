//! The entities on which random rules run: one attribute of each kind, and an entity of children.

use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::{Catalog, Engine, EntityReference};
use rulegate_script::SourceFile;
use uuid::Uuid;

use super::kind::Kind;
use crate::engines::now;

/// The entity on which the rules run.
pub(crate) const THING: &str = "thing";
/// The entities whose records are compared.
pub(crate) const ENTITIES: [&str; 5] = [THING, "child", "account", "contact", PAIRS];
/// Links a thing with accounts.
pub(crate) const THING_ACCOUNTS: &str = "thing_accounts";
const PAIRS: &str = "thing_account_pairs";

/// An attribute that rules and records name.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether rules and callers set it.
    pub(crate) is_set: bool,
}

const fn set(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, is_set: true }
}

const fn read(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, is_set: false }
}

/// The attributes of a thing.
pub(crate) const ATTRIBUTES: [Attribute; 21] = [
    set("whole", Kind::Whole),
    set("small", Kind::Whole),
    set("big", Kind::Whole),
    set("ratio", Kind::Decimal),
    set("amount", Kind::Decimal),
    set("score", Kind::Double),
    set("flag", Kind::Flag),
    set("name", Kind::Text),
    set("notes", Kind::Text),
    set("code", Kind::Text),
    set("day", Kind::Date),
    set("due", Kind::Moment),
    set("rating", Kind::Option),
    set("tags", Kind::Options),
    set("parentid", Kind::Lookup),
    set("customerid", Kind::Lookup),
    set("ownerid", Kind::Lookup),
    read("statuscode", Kind::Option),
    read("statecode", Kind::Option),
    read("createdon", Kind::Moment),
    read("thingid", Kind::Text),
];

/// The attributes of a child.
pub(crate) const CHILD: [Attribute; 6] = [
    set("name", Kind::Text),
    set("count", Kind::Whole),
    set("price", Kind::Decimal),
    set("weight", Kind::Double),
    set("due", Kind::Moment),
    set("thingid", Kind::Lookup),
];

/// A record that is there before the first message.
pub(crate) fn record(entity: &str, index: usize) -> EntityReference {
    EntityReference::new(entity, identity(entity, index))
}

/// The identity of a record that messages name.
pub(crate) fn identity(entity: &str, index: usize) -> Uuid {
    let tag = ENTITIES.iter().position(|it| *it == entity).unwrap_or(0) as u128;
    Uuid::from_u128((0xE << 124) | (tag << 64) | (index as u128 + 1))
}

/// An engine over the catalog whose clock stands still and whose identities count from one.
pub(crate) fn builder(catalog: Catalog) -> EngineBuilder {
    Engine::builder(catalog).clock(ManualClock::at(now())).ids(CountingIds::default())
}

/// The entity files, and the functions that rules share.
pub(crate) fn files() -> Vec<SourceFile> {
    let entities = [
        (THING, THING_TEXT),
        ("child", CHILD_TEXT),
        ("account", ACCOUNT),
        ("contact", CONTACT),
        ("systemuser", USER),
        ("team", TEAM),
    ];
    let file = |(name, text): (&str, &str)| {
        SourceFile::new(format!("rules/{name}/entity.toml").as_str(), text)
    };
    let mut files: Vec<SourceFile> = entities.into_iter().map(file).collect();
    files.push(SourceFile::new("rules/lib/tools.rhai", TOOLS));
    files
}

/// The functions of the library, which rules call as `tools::name`.
const TOOLS: &str = r#"//! Functions that rules share.

fn twice(number) {
    number * 2
}

fn between(number, low, high) {
    if number < low { return low; }
    if number > high { high } else { number }
}

fn initials(text) {
    let found = "";
    for part in text.split(" ") {
        if !part.is_empty() { found += part.sub_string(0, 1); }
    }
    found
}

fn factorial(number) {
    if number <= 1 { 1 } else { number * factorial(number - 1) }
}

fn sum(numbers) {
    let all = 0;
    for it in numbers { all += it; }
    all
}

fn demand(found, text) {
    if found == () { reject("tools.demand", `${text} is missing`); }
    found
}
"#;

const THING_TEXT: &str = r#"[entity]
primary_name = "name"
ownership = "user"

[attributes]
thingid = { type = "unique-identifier", required = "system", update = false }
name = { type = "string", max_length = 40 }
code = { type = "string", max_length = 10, required = "application" }
notes = { type = "memo", max_length = 100000 }
whole = { type = "whole-number" }
small = { type = "whole-number", min = 0, max = 100 }
big = { type = "big-integer" }
ratio = { type = "decimal", precision = 4 }
amount = { type = "money" }
score = { type = "double", precision = 5 }
flag = { type = "boolean" }
day = { type = "date-time", behavior = "date-only", format = "date-only" }
due = { type = "date-time" }
rating = { type = "choice" }
tags = { type = "multi-choice" }
parentid = { type = "lookup", targets = ["account", "thing"] }
customerid = { type = "customer", targets = ["account", "contact"] }
ownerid = { type = "owner", targets = ["systemuser", "team"], required = "system" }
statecode = { type = "state", create = false, default = 0 }
statuscode = { type = "status" }
createdon = { type = "date-time", create = false, update = false }
modifiedon = { type = "date-time", create = false, update = false }
versionnumber = { type = "big-integer", create = false, update = false }

[options.rating]
Hot = { value = 1, label = "Very hot" }
Warm = { value = 2 }
Cold = { value = 300000000, label = "Cold" }

[options.tags]
Red = { value = 1 }
Green = { value = 2 }
Blue = { value = 4 }

[options.statecode]
Active = { value = 0, default_status = 1 }
Inactive = { value = 1, default_status = 2 }

[options.statuscode]
Open = { value = 1, state = 0 }
Waiting = { value = 3, state = 0 }
Closed = { value = 2, state = 1 }

[[many_to_many]]
schema_name = "thing_accounts"
intersect = "thing_account_pairs"
first = { entity = "thing", attribute = "thingid" }
second = { entity = "account", attribute = "accountid" }
"#;

const CHILD_TEXT: &str = r#"[entity]
primary_name = "name"
ownership = "organization"

[attributes]
childid = { type = "unique-identifier", required = "system", update = false }
name = { type = "string", max_length = 40 }
count = { type = "whole-number" }
price = { type = "money" }
weight = { type = "double" }
due = { type = "date-time" }
thingid = { type = "lookup", targets = ["thing", "account"] }
"#;

const ACCOUNT: &str = r#"[entity]
primary_name = "name"
ownership = "organization"

[attributes]
accountid = { type = "unique-identifier", required = "system", update = false }
name = { type = "string", max_length = 40 }
whole = { type = "whole-number" }
"#;

const CONTACT: &str = r#"[entity]
primary_name = "name"
ownership = "organization"

[attributes]
contactid = { type = "unique-identifier", required = "system", update = false }
name = { type = "string", max_length = 40 }
"#;

const USER: &str = r#"[entity]
primary_name = "fullname"
ownership = "none"

[attributes]
fullname = { type = "string", max_length = 50 }
name = { type = "string", max_length = 50 }
"#;

const TEAM: &str = r#"[entity]
primary_name = "name"
ownership = "none"

[attributes]
name = { type = "string", max_length = 50 }
"#;
