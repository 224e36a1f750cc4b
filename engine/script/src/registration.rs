//! Registrations: `const STEP = #{ … }`, read from the syntax tree without running the script.

mod literal;

use std::ops::Range;
use std::sync::Arc;

use rulegate::metadata::suggestion;
use rulegate::{Catalog, Message, Stage, Step};

pub(crate) use self::literal::Entry;
use self::literal::Reader;
pub(crate) use self::literal::problem;
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;
use crate::rule::Shared;

/// What a step of a script says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// One step for each message.
    steps: Vec<Step>,
    /// The name of the step: `opportunity/keep_won_revenue`.
    name: String,
    pub(crate) handler: String,
    pub(crate) pre_aliases: Vec<String>,
    pub(crate) post_aliases: Vec<String>,
    told: Told,
}

/// What a registration is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) catalog: &'a Catalog,
    /// The names of all messages, the engine's and the custom ones.
    pub(crate) messages: &'a [String],
}

/// Reads what the script says of its steps, and everything that is wrong with it.
pub(crate) fn read(
    file: &SourceFile,
    ast: &rhai::AST,
    known: Known<'_>,
) -> Result<Vec<Registration>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let literals = literal::steps(file, ast, &mut problems);
    let mut registrations = Vec::new();
    for literal in &literals {
        let mut reader = Reader::new(file, literal, &mut problems);
        if let Some(registration) = registration(file, &mut reader, known) {
            registrations.push(registration);
        }
        reader.finish();
    }
    if literals.is_empty() && problems.is_empty() {
        problems.push(
            Diagnostic::error("no-step", "this script says of no step when it runs")
                .at(&file.path, Arc::clone(&file.text), 0..0)
                .help(
                    "begin with `const STEP = #{ message: \"Update\", stage: \"pre-operation\" };`",
                ),
        );
    }
    if problems.is_empty() { Ok(registrations) } else { Err(problems) }
}

/// The name of a rule's step: its folder and its file.
pub(crate) fn step_name(path: &str) -> String {
    let path = path.strip_suffix(".rhai").unwrap_or(path);
    let mut parts = path.rsplit('/');
    let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

/// The folder of a rule, which names its entity.
fn folder(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}

/// The values of a STEP, as they stand there.
#[derive(Debug, Clone)]
struct Told {
    /// Where the map begins.
    span: Range<usize>,
    messages: Vec<Message>,
    entity: Option<String>,
    stage: Stage,
    mode: &'static str,
    rank: i32,
    filtering: Vec<Entry>,
    pre: Images,
    post: Images,
    relationship: Option<String>,
    run_as: Option<uuid::Uuid>,
    is_enabled: bool,
    configuration: Option<String>,
    description: String,
}

fn registration(
    file: &SourceFile,
    reader: &mut Reader<'_>,
    known: Known<'_>,
) -> Option<Registration> {
    let messages = messages(reader, known)?;
    let mode = reader.word("mode", &["sync", "async"]).unwrap_or("sync");
    let told = Told {
        span: reader.span(),
        entity: entity(file, reader, (&messages, known)),
        stage: stage(reader, mode)?,
        mode,
        rank: reader.whole("rank").unwrap_or(1),
        filtering: reader.texts("filtering"),
        pre: reader.images("pre_image"),
        post: reader.images("post_image"),
        relationship: relationship(reader, (&messages, known)),
        run_as: run_as(reader),
        is_enabled: reader.flag("enabled").unwrap_or(true),
        configuration: reader.text("configuration").map(|it| it.0),
        description: reader.text("description").map(|it| it.0).unwrap_or_default(),
        messages,
    };
    let handler = reader.text("handler").map_or_else(|| "run".to_owned(), |it| it.0);
    check_stage(reader, &told);
    check_images(reader, (&told.messages, told.stage), (&told.pre, &told.post));
    let attributes = (told.filtering.as_slice(), &told.pre, &told.post);
    if !check_attributes(reader, attributes, (told.entity.as_deref(), known)) {
        return None;
    }
    let mut name = step_name(&file.path);
    if handler != "run" {
        name = format!("{name}:{handler}");
    }
    Some(Registration {
        steps: told.messages.iter().map(|message| step(message, &told)).collect(),
        name,
        handler,
        pre_aliases: told.pre.iter().map(|it| it.0.clone()).collect(),
        post_aliases: told.post.iter().map(|it| it.0.clone()).collect(),
        told,
    })
}

/// The step on one of the messages.
fn step(message: &Message, told: &Told) -> Step {
    let mut step = match told.entity.as_deref().filter(|_| !message.is_association()) {
        Some(entity) => Step::on(message.clone(), entity),
        None => Step::on_any(message.clone()),
    };
    step = step.sandboxed().at(told.stage).rank(told.rank).described(told.description.clone());
    if told.mode == "async" {
        step = step.asynchronous();
    }
    if *message == Message::Update {
        step = step.filtering(told.filtering.iter().map(|it| it.0.as_str()));
    }
    if let Some(relationship) = &told.relationship {
        step = step.relationship(relationship.clone());
    }
    if let Some(user) = told.run_as {
        step = step.run_as(user);
    }
    if let Some(configuration) = &told.configuration {
        step = step.configured(configuration.as_str());
    }
    if !told.is_enabled {
        step = step.disabled();
    }
    // Images that another message of the list has are empty on this one, and no error.
    for (alias, attributes) in told.pre.iter().filter(|_| *message != Message::Create) {
        step = step.pre_image_as(alias, attributes.iter().map(|it| it.0.as_str()));
    }
    for (alias, attributes) in told.post.iter().filter(|_| *message != Message::Delete) {
        step = step.post_image_as(alias, attributes.iter().map(|it| it.0.as_str()));
    }
    step
}

fn check_stage(reader: &mut Reader<'_>, told: &Told) {
    if told.mode == "async" && told.stage != Stage::PostOperation {
        let text = "an asynchronous step runs in post-operation (P-43)";
        reader.problem("stage", "async-before-post", text);
    }
    if !told.filtering.is_empty() && !told.messages.contains(&Message::Update) {
        let text = "only Update can be filtered by attributes (I-47)";
        reader.problem("filtering", "useless-filtering", text);
    }
}

impl Registration {
    /// The steps, with the hook that they run.
    pub(crate) fn into_steps(self, hook: &Shared) -> Vec<Step> {
        let Self { steps, name, .. } = self;
        steps.into_iter().map(|it| it.run(name.as_str(), hook.clone())).collect()
    }

    /// Where it stands in the text: the beginning of its map.
    pub(crate) fn span(&self) -> Range<usize> {
        self.told.span.clone()
    }

    /// The messages on which it runs.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.told.messages.iter()
    }

    /// Whether it runs as a job.
    pub(crate) fn is_async(&self) -> bool {
        self.told.mode == "async"
    }

    /// Whether it runs before the record is saved.
    pub(crate) fn is_before_main(&self) -> bool {
        self.told.stage < Stage::MainOperation
    }

    /// The attributes that it names as filter, and where.
    pub(crate) fn filtering(&self) -> &[Entry] {
        &self.told.filtering
    }

    /// The attributes that its images show, by kind and alias, and where it names them.
    pub(crate) fn images(&self) -> impl Iterator<Item = (bool, &str, &[Entry])> {
        let pre = self.told.pre.iter().map(|it| (true, it.0.as_str(), it.1.as_slice()));
        pre.chain(self.told.post.iter().map(|it| (false, it.0.as_str(), it.1.as_slice())))
    }

    /// Whether an image shows an attribute. One that names none shows all.
    pub(crate) fn shows(&self, (alias, is_pre): (&str, bool), name: &str) -> bool {
        let mut of_alias = self.images().filter(|it| it.0 == is_pre && it.1 == alias);
        of_alias.any(|it| it.2.is_empty() || it.2.iter().any(|it| it.0 == name))
    }

    /// The entity at whose records its messages are aimed.
    pub(crate) fn entity(&self) -> Option<&str> {
        self.steps.first()?.entity().map(rulegate::LogicalName::as_str)
    }
}

/// Messages of many records, whose hooks are written in Rust.
const BULK: [&str; 4] = ["CreateMultiple", "UpdateMultiple", "UpsertMultiple", "DeleteMultiple"];

fn messages(reader: &mut Reader<'_>, known: Known<'_>) -> Option<Vec<Message>> {
    let names = reader.texts("message");
    if names.is_empty() {
        reader.missing("message", "which message the step runs on, such as `message: \"Update\"`");
        return None;
    }
    let mut messages = Vec::new();
    for (name, span) in names {
        if !known.messages.contains(&name) {
            let proposal = suggestion(&name, known.messages.iter().map(String::as_str));
            reader.unknown(("message", &name, span), proposal);
        } else if name == "Upsert" {
            let text =
                "no step runs on Upsert: take what it becomes, `[\"Create\", \"Update\"]` (M-30)";
            reader.at(span, "no-event", text);
        } else if BULK.contains(&name.as_str()) {
            let text = format!(
                "no rule runs on {name}: take what it raises for each record, Create or Update (M-40)"
            );
            reader.at(span, "no-event", &text);
        } else {
            messages.push(Message::from(name.as_str()));
        }
    }
    (!messages.is_empty()).then_some(messages)
}

/// The entity: the one that the step names, else the folder's; none for links, and for `"none"`.
fn entity(
    file: &SourceFile,
    reader: &mut Reader<'_>,
    (messages, known): (&[Message], Known<'_>),
) -> Option<String> {
    let entities = || known.catalog.entities().map(|it| it.logical_name().as_str());
    if let Some((name, span)) = reader.text("entity") {
        if name == "none" {
            return None;
        }
        if known.catalog.entity(&name).is_err() {
            reader.unknown(("entity", &name, span), suggestion(&name, entities()));
        }
        return Some(name);
    }
    if messages.iter().all(Message::is_association) {
        return None;
    }
    let folder = folder(&file.path);
    if known.catalog.entity(folder).is_err() {
        let text = format!(
            "the folder `{folder}` is no entity: name one with `entity: \"…\"`, or `\"none\"`"
        );
        reader.problem("", "unknown-entity", &text);
    }
    Some(folder.to_owned())
}

fn stage(reader: &mut Reader<'_>, mode: &str) -> Option<Stage> {
    const NAMES: &[&str] = &["pre-validation", "pre-operation", "post-operation"];
    let given = reader.word("stage", NAMES);
    match given {
        Some(name) => Stage::named(name),
        None if reader.has("stage") => None,
        None if mode == "async" => Some(Stage::PostOperation),
        None => {
            reader.missing("stage", "when the step runs, such as `stage: \"pre-operation\"`");
            None
        }
    }
}

fn relationship(
    reader: &mut Reader<'_>,
    (messages, known): (&[Message], Known<'_>),
) -> Option<String> {
    let (name, span) = reader.text("relationship")?;
    if !messages.iter().all(Message::is_association) {
        reader.at(
            span,
            "useless-relationship",
            "only Associate and Disassociate can be filtered by relationship",
        );
        return None;
    }
    if known.catalog.relationship(&name).is_err() {
        let names = known.catalog.relationships().map(|it| it.schema_name());
        let proposal = suggestion(&name, names).map(str::to_owned);
        reader.unknown(("relationship", &name, span), proposal.as_deref());
        return None;
    }
    Some(name)
}

/// In whose name the step runs: `"system"`, or a user's identity.
fn run_as(reader: &mut Reader<'_>) -> Option<uuid::Uuid> {
    let (name, span) = reader.text("run_as")?;
    if name == "system" {
        return Some(rulegate::bootstrap::SYSTEM_USER);
    }
    let user = name.parse().ok();
    if user.is_none() {
        reader.at(span, "unknown-user", "`run_as` takes `\"system\"`, or the identity of a user");
    }
    user
}

type Images = Vec<(String, Vec<Entry>)>;

/// Whether every attribute is one of the entity's.
fn check_attributes(
    reader: &mut Reader<'_>,
    (filtering, pre, post): (&[Entry], &Images, &Images),
    (entity, known): (Option<&str>, Known<'_>),
) -> bool {
    let images = pre.iter().chain(post).flat_map(|it| &it.1);
    let names: Vec<Entry> = filtering.iter().chain(images).cloned().collect();
    let Some(entity) = entity.and_then(|it| known.catalog.entity(it).ok()) else {
        if let Some((_, span)) = names.first() {
            let text = "a step without an entity cannot name attributes";
            reader.at(span.clone(), "attributes-without-entity", text);
        }
        return names.is_empty();
    };
    let mut is_known = true;
    for (name, span) in names {
        if entity.ordinal(&name).is_none() {
            let attributes = entity.attributes().map(|(_, it)| it.logical_name.as_str());
            reader.unknown(("attribute", &name, span), suggestion(&name, attributes));
            is_known = false;
        }
    }
    is_known
}

/// Which images exist where (spec §3.1). An image that one message of several has is legal.
fn check_images(
    reader: &mut Reader<'_>,
    (messages, stage): (&[Message], Stage),
    (pre, post): (&Images, &Images),
) {
    let have = |wanted: &[Message]| messages.iter().any(|it| wanted.contains(it));
    let both = [Message::Update, Message::Assign, Message::SetState];
    if !pre.is_empty() && !have(&both) && !have(&[Message::Delete]) {
        reader.problem(
            "pre_image",
            "no-such-image",
            "there is no record before this message: it has no pre-image (I-1)",
        );
    }
    if !post.is_empty() && stage != Stage::PostOperation {
        reader.problem(
            "post_image",
            "no-such-image",
            "there is no post-image before the write: take post-operation (I-7)",
        );
    } else if !post.is_empty() && !have(&both) && !have(&[Message::Create]) {
        reader.problem(
            "post_image",
            "no-such-image",
            "there is no record after this message: it has no post-image (I-1)",
        );
    }
}

/// The keys that a STEP can have.
const KEYS: [&str; 14] = [
    "message",
    "entity",
    "stage",
    "mode",
    "rank",
    "filtering",
    "relationship",
    "pre_image",
    "post_image",
    "handler",
    "run_as",
    "enabled",
    "configuration",
    "description",
];
