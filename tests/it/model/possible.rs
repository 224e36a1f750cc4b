//! Mends random steps, so that every one of them can be registered and means something.

use super::catalog::{RECORDS, has, identity_of};
use super::script::{Act, Ask, Line, Picture, Plan, Source, Who};

/// The step, as it can be registered.
pub(crate) fn possible(mut plan: Plan, index: usize, has_rules: bool) -> Plan {
    let is_association = ["Associate", "Disassociate"].contains(&plan.message);
    plan.is_rule &= has_rules && !is_bulk(&plan);
    if is_association {
        plan.entity = None;
    } else {
        plan.relationship = None;
    }
    if plan.is_async {
        plan.stage = 40;
    }
    plan.name = format!("{}/{}{index}", plan.entity.unwrap_or("any"), plan.name);
    plan.filtering = filtering(&plan);
    pictures(&mut plan);
    let lines = std::mem::take(&mut plan.lines);
    plan.lines = lines.into_iter().map(|it| line(it, &plan)).collect();
    plan
}

/// Attributes that the entity has. Other messages than Update ignore them, and rules must not say them.
fn filtering(plan: &Plan) -> Vec<&'static str> {
    let Some(entity) = plan.entity else { return Vec::new() };
    if plan.is_rule && plan.message != "Update" {
        return Vec::new();
    }
    let own = |name: &&'static str| match *name {
        "accountid" => Some(identity_of(entity)),
        name => has(entity, name).then_some(name),
    };
    plan.filtering.iter().filter_map(own).collect()
}

/// The images that the message has at its stage (I-1).
fn pictures(plan: &mut Plan) {
    let has_both = ["Update", "UpdateMultiple", "Assign", "SetState"].contains(&plan.message);
    if !has_both && plan.message != "Delete" {
        plan.pre.clear();
    }
    let is_create = ["Create", "CreateMultiple"].contains(&plan.message);
    if plan.stage != 40 || !has_both && !is_create {
        plan.post.clear();
    }
    let entity = plan.entity;
    let mend = |it: &mut Picture| {
        it.attributes.retain(|name| entity.is_some_and(|entity| has(entity, name)));
    };
    plan.pre.iter_mut().for_each(mend);
    plan.post.iter_mut().for_each(mend);
    for picture in plan.post.iter_mut().filter(|it| it.alias == "old") {
        picture.alias = "new";
    }
}

fn line(line: Line, plan: &Plan) -> Line {
    let Line { mut down_to, act } = line;
    if plan.is_async && matches!(act, Act::Send { .. } | Act::Set(..) | Act::Remove(_)) {
        // Jobs that queue jobs that queue jobs: without end, for all that a limit of messages could do.
        down_to = down_to.map(|it| it.min(2)).or(Some(2));
    }
    let has_target = ["Create", "Update"].contains(&plan.message) && plan.stage != 40;
    // Now and then a step may try what it cannot.
    let can_change = has_target || !plan.is_async && down_to == Some(2);
    let act = match act {
        Act::Set(name, source) if can_change => {
            let (name, source) = kept((name, source), plan.entity);
            Act::Set(name, value(source, plan))
        }
        Act::Set(name, source) => {
            let own = who(Who::Own, plan);
            let (name, source) = kept((name, source), entity_of(own, plan.entity));
            let ask = Ask::Update(own, vec![(name, value(source, plan))]);
            Act::Send { ask, swallows: false }
        }
        Act::Remove(name) if !can_change => {
            let ask = Ask::Update(who(Who::Own, plan), vec![(name, Source::Null)]);
            Act::Send { ask, swallows: true }
        }
        Act::Share(key, source) => Act::Share(key, value(source, plan)),
        Act::Send { ask, swallows } => Act::Send { ask: asked(ask, plan), swallows },
        Act::Panic if plan.is_rule => Act::Fail,
        Act::Retry if plan.is_rule => Act::Reject,
        other @ (Act::Remove(_) | Act::Reject | Act::Retry | Act::Fail | Act::Panic) => other,
    };
    Line { down_to, act }
}

/// Before it is there, a new record can be no record of a message, and a bulk message has no single one.
fn is_unborn(plan: &Plan) -> bool {
    plan.message == "Create" && plan.stage != 40 || is_bulk(plan)
}

fn is_bulk(plan: &Plan) -> bool {
    ["CreateMultiple", "UpdateMultiple"].contains(&plan.message)
}

fn who(who: Who, plan: &Plan) -> Who {
    if who == Who::Own && is_unborn(plan) { Who::Record(0) } else { who }
}

fn value(source: Source, plan: &Plan) -> Source {
    if let Source::Stored(name) = source
        && is_unborn(plan)
    {
        return Source::Target(name);
    }
    source
}

/// An attribute that the entity has, with a value of its type.
fn kept((name, source): (&'static str, Source), entity: Option<&str>) -> (&'static str, Source) {
    if has(entity.unwrap_or("account"), name) {
        (name, source)
    } else {
        ("note", Source::Text("a"))
    }
}

fn asked(ask: Ask, plan: &Plan) -> Ask {
    let values = |sources: Vec<(&'static str, Source)>, entity: Option<&str>| {
        let sources = sources.into_iter().map(|(name, it)| (name, value(it, plan))).collect();
        fitting(sources, entity)
    };
    match ask {
        Ask::Create(entity, index, sources) => {
            Ask::Create(entity, index, values(sources, Some(entity)))
        }
        Ask::Upsert(entity, index, sources) => {
            Ask::Upsert(entity, index, values(sources, Some(entity)))
        }
        Ask::Update(it, sources) => {
            let it = who(it, plan);
            Ask::Update(it, values(sources, entity_of(it, plan.entity)))
        }
        Ask::Bulk(is_new, entity, singles) => {
            let single = |(index, sources)| (index, values(sources, Some(entity)));
            let mut singles: Vec<_> = singles.into_iter().map(single).collect();
            // A rule has no word for bulk messages.
            match (plan.is_rule, singles.pop()) {
                (true, Some((index, sources))) => Ask::Create(entity, index, sources),
                (_, last) => Ask::Bulk(is_new, entity, singles.into_iter().chain(last).collect()),
            }
        }
        Ask::Delete(it) => Ask::Delete(who(it, plan)),
        Ask::Retrieve(it) => Ask::Retrieve(who(it, plan)),
        Ask::Misread(it) => Ask::Misread(who(it, plan)),
        Ask::Assign(it, owner) => Ask::Assign(who(it, plan), owner),
        Ask::SetState(it, state) => Ask::SetState(who(it, plan), state),
        Ask::Link(tie, it, others) => Ask::Link(tie, who(it, plan), others),
    }
}

fn entity_of(who: Who, own: Option<&'static str>) -> Option<&'static str> {
    match who {
        Who::Own => own,
        Who::Record(index) => RECORDS.get(index).copied(),
    }
}

/// The values of attributes that the entity has, each once. Without an entity, those that all have.
pub(crate) fn fitting(
    sources: Vec<(&'static str, Source)>,
    entity: Option<&str>,
) -> Vec<(&'static str, Source)> {
    let mut kept: Vec<(&'static str, Source)> = Vec::new();
    for (name, source) in sources {
        if has(entity.unwrap_or("account"), name) && kept.iter().all(|it| it.0 != name) {
            kept.push((name, source));
        }
    }
    kept
}
