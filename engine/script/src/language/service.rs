//! The service as scripts see it: functions that send messages.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, INT, ImmutableString, Map};
use rulegate::message::{
    Assign, Associate, Create, Custom, Delete, Disassociate, Link, Parameter, Retrieve,
    RetrieveMultiple, SetState, Update, Upsert,
};
use rulegate::metadata::EntityMetadata;
use rulegate::record::{ColumnSet, Condition, Filter, Operator, OrderBy, Page};
use rulegate::{
    Catalog, EntityReference, Error, ErrorCode, Message, OrganizationService, Query, Record,
    Request, Response, Service, Value,
};

use super::error::{Raise, Raised};
use super::frame::{self, Frame, RecordHandle, Scene};
use super::record::{self, converted};
use super::related;
use super::value::{
    describe, from_parameter, parameter_bytes, record_bytes, references, required_reference,
    to_parameter, to_value,
};
use crate::limits::{self, pause};
use crate::run;

/// Whoever carries the script's messages.
pub(crate) enum Sender {
    /// The service of the message in which a rule runs.
    Rule(Service),
    /// The client of a run.
    Run(Arc<Catalog>),
}

impl OrganizationService for Sender {
    fn execute(&self, request: Request) -> Result<Response, Error> {
        match self {
            Self::Rule(service) => pause(|| service.execute(request)),
            Self::Run(_) => run::send(request),
        }
    }

    fn catalog(&self) -> Arc<Catalog> {
        match self {
            Self::Rule(service) => service.catalog(),
            Self::Run(catalog) => Arc::clone(catalog),
        }
    }
}

/// Whoever carries the messages of the script that runs on this thread.
pub(crate) fn sender() -> Raised<Sender> {
    frame::top(|frame| match &frame.scene {
        Scene::Rule(scene) => Ok(Sender::Rule(scene.ctx.service())),
        Scene::Run(scene) => Ok(Sender::Run(scene.catalog())),
    })
}

impl Frame {
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        match &self.scene {
            Scene::Rule(scene) => scene.ctx.service().catalog(),
            Scene::Run(scene) => scene.catalog(),
        }
    }
}

/// Registers the functions that send messages.
pub(super) fn register(rhai: &mut Engine) {
    rhai.register_fn("record", |entity: &str, values: Map| -> Raised<Dynamic> {
        let record = filled(Record::new(&entity_named(entity)?), &values)?;
        frame::top(|it| it.keep(record))
    })
    .register_fn("create", |entity: &str, values: Map| {
        create(related::filled(Record::new(&entity_named(entity)?), &values)?)
    })
    .register_fn("create", |it: RecordHandle| create(record::record(it)?.into()))
    .register_fn("update", |of: Dynamic, values: Map| -> Raised<()> {
        let target = required_reference(&of, "update")?;
        let change = Record::of(&entity_named(&target.entity)?, target.id);
        let Create { target, related } = related::filled(change, &values)?;
        send(Update { related, ..Update::new(target) }).map(drop)
    })
    .register_fn("upsert", upsert)
    .register_fn("delete", |of: Dynamic| -> Raised<()> {
        send(Delete::new(required_reference(&of, "delete")?)).map(drop)
    })
    .register_fn("assign", |of: Dynamic, owner: Dynamic| -> Raised<()> {
        let target = required_reference(&of, "assign")?;
        let assignee = required_reference(&owner, "assign")?;
        send(Assign { target, assignee }).map(drop)
    })
    .register_fn("set_state", |of: Dynamic, state: Dynamic| set_state(&of, &state, None))
    .register_fn("set_state", |of: Dynamic, state: Dynamic, status: Dynamic| {
        set_state(&of, &state, Some(&status))
    })
    .register_fn("retrieve", |of: Dynamic| retrieve("retrieve", &of, ColumnSet::All))
    .register_fn("retrieve", |of: Dynamic, names: Array| retrieve("retrieve", &of, columns(&names)))
    .register_fn("try_retrieve", |of: Dynamic| {
        missing_is_unit(retrieve("try_retrieve", &of, ColumnSet::All))
    })
    .register_fn("try_retrieve", |of: Dynamic, names: Array| {
        missing_is_unit(retrieve("try_retrieve", &of, columns(&names)))
    })
    .register_fn("query", |entity: &str, filter: Map| query(entity, &filter, &Map::new()))
    .register_fn("query", |entity: &str, filter: Map, options: Map| {
        query(entity, &filter, &options)
    })
    .register_fn("count", count)
    .register_fn("associate", |of: Dynamic, relationship: &str, related: Dynamic| -> Raised<()> {
        send(Associate { link: link(&of, relationship, &related)? }).map(drop)
    })
    .register_fn(
        "disassociate",
        |of: Dynamic, relationship: &str, related: Dynamic| -> Raised<()> {
            send(Disassociate { link: link(&of, relationship, &related)? }).map(drop)
        },
    )
    .register_fn("send", |message: &str| custom(message, &Map::new()))
    .register_fn("send", |message: &str, parameters: Map| custom(message, &parameters));
}

fn send(request: impl Into<Request>) -> Raised<Response> {
    let request = request.into();
    Raise::within(limits::write(request_bytes(&request)))?;
    sender()?.execute(request).map_err(Raise::error)
}

/// About how many bytes are held until the outermost message is over because of a message.
fn request_bytes(request: &Request) -> usize {
    /// What the transaction remembers of a record that was read.
    const READ: usize = 128;
    /// What a row weighs beside the attributes that were sent: those that the engine fills, and its indexes.
    const ROW: usize = 2 * 1024;
    if let Request::Upsert(Upsert { target }) = request {
        return ROW + record_bytes(target);
    }
    if let Request::Create(create) = request {
        return ROW + record_bytes(&create.target) + related::bytes(&create.related);
    }
    if let Request::Update(update) = request {
        return ROW + record_bytes(&update.target) + related::bytes(&update.related);
    }
    if let Some(link) = request.link() {
        return ROW * link.related.len().max(1);
    }
    if let Request::Custom(custom) = request {
        let parameters = custom.parameters.iter();
        return parameters.fold(ROW, |sum, (name, it)| sum + name.len() + parameter_bytes(it));
    }
    if let Request::Retrieve(_) = request {
        return READ;
    }
    // What a search answers is counted where it is kept.
    if request.message().is_read() { 0 } else { ROW }
}

fn entity_named(name: &str) -> Raised<Arc<EntityMetadata>> {
    let catalog = frame::top(|frame| Ok(frame.catalog()))?;
    catalog.entity(name).cloned().map_err(Raise::error)
}

/// The record with the values of a map.
fn filled(mut record: Record, values: &Map) -> Raised<Record> {
    let entity = Arc::clone(record.metadata());
    for (name, value) in values {
        let (ordinal, value) = converted(&entity, name, value)?;
        record.put(ordinal, value);
    }
    Ok(record)
}

fn create(create: Create) -> Raised<Dynamic> {
    let response = send(create)?;
    Ok(if let Response::Created(created) = response {
        Dynamic::from(created)
    } else {
        Dynamic::UNIT
    })
}

/// Upserts by alternate key: the key's attributes, then the others.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands its arguments over by value")]
fn upsert(entity: &str, key: Map, values: Map) -> Raised<Dynamic> {
    let entity = entity_named(entity)?;
    let mut target = filled(Record::new(&entity), &values)?;
    for (name, value) in &key {
        let (_, value) = converted(&entity, name, value)?;
        target = target.with_key(name, value).map_err(Raise::error)?;
    }
    let Response::Upserted(upserted) = send(Upsert { target })? else { return Ok(Dynamic::UNIT) };
    Ok(Dynamic::from(upserted.target))
}

fn set_state(of: &Dynamic, state: &Dynamic, status: Option<&Dynamic>) -> Raised<()> {
    let target = required_reference(of, "set_state")?;
    let entity = entity_named(&target.entity)?;
    let number = |name: &str, value: &Dynamic| -> Raised<i32> {
        let attribute = entity.attribute(name);
        let value = attribute.map(|it| to_value(value, it)).transpose()?;
        let number = value.as_ref().and_then(Value::as_choice);
        number.ok_or_else(|| Raise::text(format!("`set_state` takes options of `{name}`")))
    };
    let state = number("statecode", state)?;
    let status = status.map(|it| number("statuscode", it)).transpose()?;
    send(SetState { target, state, status }).map(drop)
}

fn retrieve(word: &str, of: &Dynamic, columns: ColumnSet) -> Raised<Dynamic> {
    let target = required_reference(of, word)?;
    let response = send(Retrieve { target, columns })?;
    let Response::Retrieved(record) = response else { return Ok(Dynamic::UNIT) };
    frame::top(|it| it.keep(record))
}

/// A record that is not there is `()`, and any other error stays one.
fn missing_is_unit(found: Raised<Dynamic>) -> Raised<Dynamic> {
    found.or_else(|error| {
        if let rhai::EvalAltResult::ErrorRuntime(value, _) = &*error
            && let Some(thrown) = value.read_lock::<super::error::Thrown>()
            && thrown.code == ErrorCode::NotFound.name()
        {
            return Ok(Dynamic::UNIT);
        }
        Err(error)
    })
}

fn columns(names: &Array) -> ColumnSet {
    ColumnSet::only(names.iter().map(ToString::to_string))
}

fn query(entity: &str, filter: &Map, options: &Map) -> Raised<Dynamic> {
    let mut query = filtered(entity, filter)?;
    for (name, value) in options {
        match name.as_str() {
            "select" => query.columns = columns(&value.clone().cast_array("select")?),
            "order" => query.order = order(value),
            "top" => query.top = Some(whole(value, "top")?),
            _ => {
                return Err(Raise::text(format!(
                    "`query` has no option `{name}`: it has select, order and top"
                )));
            }
        }
    }
    let limit = frame::top(|it| Ok(it.query_limit))?;
    let is_bounded = query.top.is_some_and(|it| it <= limit);
    if !is_bounded {
        query.top = Some(limit.saturating_add(1));
    }
    let page = find(query)?;
    if limit < u32::try_from(page.records.len()).unwrap_or(u32::MAX) {
        return Err(Raise::limit(format!(
            "{limit} records of one query (take `top`, or a narrower filter)"
        )));
    }
    let records = page.records.into_iter().map(|it| frame::top(|frame| frame.keep(it)));
    Ok(records.collect::<Raised<Array>>()?.into())
}

#[expect(clippy::needless_pass_by_value, reason = "Rhai hands its arguments over by value")]
fn count(entity: &str, filter: Map) -> Raised<INT> {
    let query = filtered(entity, &filter)?.top(1).with_total();
    let total = find(query)?.total.unwrap_or(0);
    Ok(INT::try_from(total).unwrap_or(INT::MAX))
}

fn find(query: Query) -> Raised<Page> {
    let response = send(RetrieveMultiple { query })?;
    Ok(if let Response::Found(page) = response { page } else { Page::default() })
}

/// The conditions of a map: a value to equal, an array of such values, or a map of operators.
fn filtered(entity: &str, filter: &Map) -> Raised<Query> {
    let entity = entity_named(entity)?;
    let mut all = Vec::new();
    for (name, wanted) in filter {
        if let Some(operators) = wanted.read_lock::<Map>() {
            for (word, value) in operators.iter() {
                all.push(condition(&entity, name, (operator(word)?, value))?);
            }
        } else {
            let operator = if wanted.is_unit() {
                Operator::Null
            } else if wanted.is_array() {
                Operator::In
            } else {
                Operator::Equal
            };
            all.push(condition(&entity, name, (operator, wanted))?);
        }
    }
    let mut query = Query::new(entity.logical_name().clone());
    query.filter = Filter::All(all);
    Ok(query)
}

fn condition(
    entity: &Arc<EntityMetadata>,
    name: &str,
    (operator, wanted): (Operator, &Dynamic),
) -> Raised<Filter> {
    let values = match wanted.read_lock::<Array>() {
        _ if matches!(operator, Operator::Null | Operator::NotNull) => Vec::new(),
        Some(array) => {
            array.iter().map(|it| Ok(converted(entity, name, it)?.1)).collect::<Raised<_>>()?
        }
        None => vec![converted(entity, name, wanted)?.1],
    };
    entity.find(name).map_err(Raise::error)?;
    Ok(Filter::Is(Condition { attribute: name.into(), operator, values }))
}

fn operator(word: &str) -> Raised<Operator> {
    Operator::named(&word.replace('_', "-")).ok_or_else(|| {
        let known: Vec<String> =
            Operator::ALL.iter().map(|it| it.name().replace('-', "_")).collect();
        Raise::text(format!("there is no operator `{word}`: there are {}", known.join(", ")))
    })
}

/// One attribute or several, each ascending, or descending where a `-` stands before it.
fn order(value: &Dynamic) -> Vec<OrderBy> {
    let words = match value.read_lock::<Array>() {
        Some(array) => array.iter().map(ToString::to_string).collect(),
        None => vec![value.to_string()],
    };
    words
        .iter()
        .map(|word| match word.strip_prefix('-') {
            Some(name) => OrderBy { attribute: name.into(), is_descending: true },
            None => OrderBy { attribute: word.as_str().into(), is_descending: false },
        })
        .collect()
}

fn whole(value: &Dynamic, name: &str) -> Raised<u32> {
    let number = value.as_int().ok().and_then(|it| u32::try_from(it).ok());
    number.ok_or_else(|| {
        Raise::text(format!("`{name}` takes a whole number, and got the {}", describe(value)))
    })
}

fn link(of: &Dynamic, relationship: &str, related: &Dynamic) -> Raised<Link> {
    let target = required_reference(of, "associate")?;
    Ok(Link::new(target, relationship, references(related, "associate")?))
}

/// Sends a custom message. A map is a record of the entity that its parameter is named after.
fn custom(message: &str, parameters: &Map) -> Raised<Dynamic> {
    if Message::STANDARD.iter().any(|it| it.name() == message) {
        if message.ends_with("Multiple") && message != "RetrieveMultiple" {
            let text = "scripts send a message for each record: no bulk message is sent within another (M-54)";
            return Err(Raise::text(text.to_owned()));
        }
        let word = message.to_lowercase();
        return Err(Raise::text(format!(
            "`send` is for custom messages: {message} has a word of its own, `{word}`"
        )));
    }
    let mut request = Custom::new(message);
    for (name, value) in parameters {
        request = request.with(name, parameter(name, value)?);
    }
    let Response::Custom(output) = send(request)? else { return Ok(Dynamic::UNIT) };
    let mut answer = Map::new();
    for (name, value) in output {
        answer.insert(name.as_str().into(), from_parameter(&value)?);
    }
    Ok(answer.into())
}

fn parameter(name: &str, value: &Dynamic) -> Raised<Parameter> {
    if let Some(handle) = value.read_lock::<RecordHandle>() {
        return Ok(Parameter::Record(record::record(*handle)?));
    }
    if let Some(values) = value.read_lock::<Map>() {
        let entity = entity_named(&name.to_lowercase())?;
        return Ok(Parameter::Record(filled(Record::new(&entity), &values)?));
    }
    to_parameter(value)
}

/// Takes an array out of a value, or says what is wrong.
trait CastArray {
    fn cast_array(self, name: &str) -> Raised<Array>;
}

impl CastArray for Dynamic {
    fn cast_array(self, name: &str) -> Raised<Array> {
        let found = describe(&self);
        self.try_cast::<Array>()
            .ok_or_else(|| Raise::text(format!("`{name}` takes an array, and got the {found}")))
    }
}

/// The words of a refusal that a script gave as a code and a message.
pub(super) fn reject(code: Option<ImmutableString>, message: &str) -> Raised<()> {
    let fault = match code {
        Some(code) => rulegate::Fault::reject_with(code.as_str(), message),
        None => rulegate::Fault::reject(message),
    };
    Err(Raise::fault(fault))
}

/// A user by identity: what `as_user` and `run_as` take.
pub(crate) fn user(of: &Dynamic) -> Raised<EntityReference> {
    required_reference(of, "as_user")
}
