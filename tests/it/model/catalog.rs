//! The entities on which sequences are played, and the records that are there before the first message.
//!
//! ```text
//! account ◀─ contact  aid   children go with their parent, and follow its owner
//! account ◀─ task     aid   the link is removed with the parent
//! contact ◀─ task     cid   restricts
//! account ◀▶ task           pairs
//! ```

use rulegate::{EntityReference, Value};
use rulegate_script::SourceFile;
use uuid::Uuid;

/// The relationships, one of each kind.
pub(crate) const ACCOUNT_CONTACTS: &str = "account_contacts";
pub(crate) const ACCOUNT_TASKS: &str = "account_tasks";
/// The entity of the pairs, and its attributes: its identity and its ends.
pub(crate) const PAIRS: &str = "account_task_pairs";

/// The entities whose records messages name.
pub(crate) const ENTITIES: [&str; 3] = ["account", "contact", "task"];

/// The longest text, and the greatest number, that a record can hold.
pub(crate) const TEXT_LIMIT: usize = 3;
pub(crate) const CREDIT_LIMIT: i64 = 9;

/// The records that messages name. The first seven are there before the first message.
pub(crate) const RECORDS: [&str; 10] = [
    "account", "account", "contact", "contact", "task", "task", "contact", "account", "contact",
    "task",
];
pub(crate) const SEEDED: usize = 7;

/// A record that messages name.
pub(crate) fn record(index: usize) -> EntityReference {
    let entity = RECORDS.get(index).copied().unwrap_or("account");
    EntityReference::new(entity, Uuid::from_u128((0xE << 124) | (index as u128 + 1)))
}

/// The lookups that records have before the first message: record, attribute, record.
pub(crate) const LINKS: [(usize, &str, usize); 6] =
    [(2, "aid", 0), (3, "aid", 1), (4, "aid", 0), (5, "aid", 1), (5, "cid", 3), (6, "aid", 0)];

/// The pair that is there before the first message.
pub(crate) const PAIR: (usize, usize) = (0, 4);

/// A moment at which no message is sent.
pub(crate) const LONG_AGO: &str = "2001-02-03T04:05:06Z";

pub(crate) fn long_ago() -> Value {
    LONG_AGO.parse().map_or(Value::Null, Value::Moment)
}

/// The name of an entity's identity.
pub(crate) fn identity_of(entity: &str) -> &'static str {
    match entity {
        "contact" => "contactid",
        "task" => "taskid",
        PAIRS => "account_task_pairsid",
        _ => "accountid",
    }
}

/// Whether an entity has the attribute.
pub(crate) fn has(entity: &str, attribute: &str) -> bool {
    match attribute {
        "aid" => entity != "account",
        "cid" => entity == "task",
        _ => true,
    }
}

/// A value in the words that rules have for it, too.
pub(crate) fn words(value: &Value) -> String {
    if value.is_null() {
        return "()".to_owned();
    }
    value.as_text().map_or_else(|| value.to_string(), str::to_owned)
}

/// The entity files.
pub(crate) fn entity_files() -> Vec<SourceFile> {
    let files = [
        ("account", owned("account", "", "") + PAIR_TABLE),
        ("contact", owned("contact", AID, "") + CONTACT_PARENT),
        ("task", owned("task", AID, CID) + TASK_PARENTS),
        ("systemuser", USER.to_owned()),
        ("team", TEAM.to_owned()),
    ];
    let file = |(name, text): (&str, String)| {
        SourceFile::new(format!("rules/{name}/entity.toml").as_str(), text.as_str())
    };
    files.into_iter().map(file).collect()
}

/// An entity with owner, state and stamps. Its attributes stand in the order of their names, in which
/// values are checked.
fn owned(name: &str, aid: &str, cid: &str) -> String {
    format!(
        r#"[entity]
primary_name = "name"
ownership = "user"

[attributes]
{aid}{cid}createdby = {{ type = "lookup", targets = ["systemuser"], create = false, update = false }}
createdon = {{ type = "date-time", create = false, update = false }}
credit = {{ type = "whole-number", min = 0, max = {CREDIT_LIMIT} }}
modifiedby = {{ type = "lookup", targets = ["systemuser"], create = false, update = false }}
modifiedon = {{ type = "date-time", create = false, update = false }}
name = {{ type = "string", max_length = {TEXT_LIMIT} }}
note = {{ type = "string", max_length = {TEXT_LIMIT} }}
ownerid = {{ type = "owner", required = "system", targets = ["systemuser", "team"] }}
statecode = {{ type = "state", create = false, default = 0 }}
statuscode = {{ type = "status" }}
versionnumber = {{ type = "big-integer", create = false, update = false }}
{name}id = {{ type = "unique-identifier", required = "system", update = false }}

[options.statecode]
Active = {{ value = 0, label = "Active", default_status = 1 }}
Inactive = {{ value = 1, label = "Inactive", default_status = 2 }}

[options.statuscode]
Active = {{ value = 1, label = "Active", state = 0 }}
Inactive = {{ value = 2, label = "Inactive", state = 1 }}

"#
    )
}

const AID: &str = "aid = { type = \"lookup\", targets = [\"account\"] }\n";
const CID: &str = "cid = { type = \"lookup\", targets = [\"contact\"] }\n";

const PAIR_TABLE: &str = r#"[[many_to_many]]
schema_name = "account_tasks"
intersect = "account_task_pairs"
first = { entity = "account", attribute = "accountid" }
second = { entity = "task", attribute = "taskid" }
"#;

const CONTACT_PARENT: &str = r#"[[relationship]]
schema_name = "account_contacts"
attribute = "aid"
referenced = "account"
cascade = { assign = "cascade", delete = "cascade" }
"#;

const TASK_PARENTS: &str = r#"[[relationship]]
schema_name = "account_errands"
attribute = "aid"
referenced = "account"
cascade = { delete = "remove-link" }

[[relationship]]
schema_name = "contact_errands"
attribute = "cid"
referenced = "contact"
cascade = { delete = "restrict" }
"#;

const USER: &str = r#"[entity]
primary_name = "fullname"
ownership = "none"

[attributes]
fullname = { type = "string", max_length = 50 }
"#;

const TEAM: &str = r#"[entity]
primary_name = "name"
ownership = "none"

[attributes]
name = { type = "string", max_length = 50 }
"#;
