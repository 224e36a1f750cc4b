//! The entities on which the rules run: three that point at each other, and one that nobody listens to.

use rulegate_script::SourceFile;

/// The entities on which rules listen.
pub(crate) const ENTITIES: [&str; 3] = ["deal", "account", "task"];

/// What of an entity can be set: its name, and values that rules and clients give it.
pub(crate) const ATTRIBUTES: [(&str, &[&str]); 9] = [
    ("stage", &["1", "2", "3", "4"]),
    ("amount", &["0", "10", "250"]),
    ("visits", &["0", "1", "2", "5"]),
    ("level", &["-60", "0", "1", "3"]),
    ("isurgent", &["true", "false"]),
    ("isdone", &["true", "false"]),
    ("note", &["\"seen\"", "\"new\""]),
    ("code", &["\"A\"", "\"B\""]),
    ("total", &["0", "4", "20"]),
];

/// The definitions of all entities.
pub(crate) fn definitions() -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> = ENTITIES.iter().map(|it| definition(it)).collect();
    let log = "[entity]\nownership = \"organization\"\nprimary_name = \"text\"\n[attributes]\n\
        logid = { type = \"unique-identifier\", required = \"system\" }\n\
        text = { type = \"string\", max_length = 200 }\n";
    files.push(SourceFile::new("rules/log/entity.toml", log));
    files.push(SourceFile::new("rules/external.toml", "external = [\"systemuser\", \"team\"]\n"));
    files
}

fn definition(entity: &str) -> SourceFile {
    let lookups = ENTITIES.map(|it| {
        format!("{} = {{ type = \"lookup\", targets = [\"{it}\"] }}\n", lookup(entity, it))
    });
    let lookups = lookups.concat();
    // A task goes with its deal.
    let relationship = if entity == "task" {
        "[[relationship]]\nschema_name = \"deal_tasks\"\nreferenced = \"deal\"\nattribute = \"dealid\"\n\
            cascade = { delete = \"cascade\" }\n"
    } else {
        ""
    };
    let text = format!(
        r#"[entity]
ownership = "user"
primary_name = "name"

[attributes]
{entity}id = {{ type = "unique-identifier", required = "system" }}
name = {{ type = "string", max_length = 200 }}
stage = {{ type = "choice" }}
amount = {{ type = "decimal" }}
visits = {{ type = "whole-number", min = 0, max = 100 }}
level = {{ type = "whole-number" }}
total = {{ type = "whole-number" }}
isurgent = {{ type = "boolean" }}
isdone = {{ type = "boolean" }}
note = {{ type = "memo", max_length = 2000 }}
code = {{ type = "string", max_length = 20 }}
number = {{ type = "string", max_length = 20 }}
modifiedon = {{ type = "date-time", create = false, update = false }}
ownerid = {{ type = "owner", targets = ["systemuser", "team"], required = "system" }}
statecode = {{ type = "state" }}
statuscode = {{ type = "status" }}
{lookups}
[keys]
{entity}_number = {{ attributes = ["number"] }}

[options.stage]
New = {{ value = 1 }}
Open = {{ value = 2 }}
Won = {{ value = 3 }}
Lost = {{ value = 4 }}

[options.statecode]
Active = {{ value = 0, default_status = 1 }}
Inactive = {{ value = 1, default_status = 2 }}

[options.statuscode]
Running = {{ value = 1, state = 0 }}
Ended = {{ value = 2, state = 1 }}

{relationship}"#
    );
    SourceFile::new(format!("rules/{entity}/entity.toml"), text)
}

/// The lookup by which a record of the one points at one of the other.
pub(crate) fn lookup(from: &str, to: &str) -> String {
    let name = if from == to { "parent" } else { to };
    format!("{name}id")
}
