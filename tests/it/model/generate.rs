//! Random sequences, weighted so that what is difficult happens often.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::catalog::{ACCOUNT_CONTACTS, ACCOUNT_TASKS, ENTITIES, RECORDS};
use super::compare::{Sent, Sequence};
use super::possible::{fitting, possible};
use super::script::{Act, Ask, Line, Picture, Plan, Source, Tie, User, Who};

const TEXTS: [&str; 2] = ["name", "note"];
const KEYS: [&str; 2] = ["x", "y"];
const SHOWN: [&str; 6] = ["aid", "credit", "modifiedon", "name", "note", "ownerid"];
const FILTERS: [&str; 7] = ["aid", "credit", "modifiedon", "name", "note", "ownerid", "statecode"];

pub(crate) fn sequence() -> impl Strategy<Value = Sequence> {
    let of_rules = prop_oneof![15 => Just(false), 1 => Just(true)];
    (of_rules, vec(plan().boxed(), 0..=8), vec(sent().boxed(), 1..=6)).prop_map(
        |(has_rules, plans, messages)| {
            let named = |(index, plan): (usize, Plan)| possible(plan, index, has_rules);
            Sequence { steps: plans.into_iter().enumerate().map(named).collect(), messages }
        },
    )
}

fn sent() -> impl Strategy<Value = Sent> {
    let user = prop_oneof![3 => Just(User::Default), 1 => Just(User::System)];
    (user, ask(&constant().boxed(), &record().boxed()))
        .prop_map(|(user, ask)| Sent { user, ask: outside(ask) })
}

/// A step; [`possible`] mends what would not be registered.
fn plan() -> impl Strategy<Value = Plan> {
    let message = prop_oneof![
        4 => Just("Create"),
        9 => Just("Update"),
        3 => Just("Delete"),
        2 => Just("Assign"),
        2 => Just("SetState"),
        1 => Just("Associate"),
        1 => Just("Disassociate"),
        3 => Just("Retrieve"),
        1 => Just("CreateMultiple"),
        2 => Just("UpdateMultiple"),
    ];
    let entity = prop_oneof![
        8 => Just(Some("account")),
        3 => Just(Some("contact")),
        2 => Just(Some("task")),
        2 => Just(None),
    ];
    let stage = prop_oneof![3 => Just(10_u16), 4 => Just(20), 5 => Just(40)];
    let place = (message, entity, stage, weighted(5, 1), -1..=2_i32);
    let relationship = option::weighted(0.5, select(vec![ACCOUNT_CONTACTS, ACCOUNT_TASKS]));
    let filtering = prop_oneof![
        2 => Just(Vec::new()),
        2 => subsequence(FILTERS.to_vec(), 1..=2),
    ];
    let user = option::weighted(0.25, select(vec![User::System, User::Default]));
    let more = (weighted(9, 1), weighted(1, 1), 0..26_u8, weighted(15, 1));
    let lines = prop_oneof![1 => vec(line(), 0..=1), 3 => vec(line(), 1..=4)];
    (place, filtering, relationship, pictures(), pictures(), user, more, lines).prop_map(
        |(place, mut filtering, relationship, pre, post, run_as, more, mut lines)| {
            let (message, entity, stage, is_async, rank) = place;
            let (is_disabled, is_rule, letter, by_identity) = more;
            if message == "Retrieve" && letter % 2 == 0 {
                // What a refused read does is seldom seen, for somebody has to catch it.
                lines.push(Line { down_to: None, act: Act::Reject });
            }
            if by_identity {
                filtering.push("accountid");
            }
            Plan {
                name: char::from(b'a' + letter).to_string(),
                message,
                entity,
                stage,
                is_async,
                rank,
                filtering,
                relationship,
                pre,
                post,
                run_as,
                is_enabled: !is_disabled,
                is_rule,
                lines,
            }
        },
    )
}

/// `true` so often, against so often `false`.
fn weighted(no: u32, yes: u32) -> impl Strategy<Value = bool> {
    prop_oneof![no => Just(false), yes => Just(true)]
}

fn pictures() -> impl Strategy<Value = Vec<Picture>> {
    let picture = || prop_oneof![1 => Just(Vec::new()), 2 => subsequence(SHOWN.to_vec(), 1..=3)];
    prop_oneof![
        2 => Just(Vec::new()),
        3 => picture().prop_map(|attributes| vec![Picture { alias: "", attributes }]),
        1 => (picture(), picture()).prop_map(|(first, second)| {
            let first = Picture { alias: "", attributes: first };
            vec![first, Picture { alias: "old", attributes: second }]
        }),
    ]
}

fn line() -> BoxedStrategy<Line> {
    let down_to = prop_oneof![
        4 => Just(None),
        5 => Just(Some(1)),
        2 => Just(Some(2)),
        1 => Just(Some(7)),
        1 => Just(Some(8)),
    ];
    (down_to, act()).prop_map(|(down_to, act)| Line { down_to, act }).boxed()
}

fn act() -> impl Strategy<Value = Act> {
    let who = prop_oneof![2 => Just(Who::Own), 3 => record()].boxed();
    let is_read = |it: &Ask| matches!(it, Ask::Retrieve(_) | Ask::Misread(_));
    let sent = (ask(&source().boxed(), &who), weighted(2, 1))
        .prop_map(move |(ask, swallows)| (is_read(&ask) || swallows, ask));
    prop_oneof![
        14 => value(source().boxed()).prop_map(|(name, source)| Act::Set(name, source)),
        2 => select(TEXTS.to_vec()).prop_map(Act::Remove),
        1 => Just(Act::Remove("credit")),
        10 => (select(KEYS.to_vec()), number()).prop_map(|(key, it)| Act::Share(key, it)),
        20 => sent.prop_map(|(swallows, ask)| Act::Send { ask, swallows }),
        2 => Just(Act::Reject),
        1 => Just(Act::Retry),
        1 => Just(Act::Fail),
        1 => Just(Act::Panic),
    ]
}

fn ask(source: &BoxedStrategy<Source>, who: &BoxedStrategy<Who>) -> BoxedStrategy<Ask> {
    let values = || vec(value(source.clone()), 0..=3).boxed();
    let entity = select(ENTITIES.to_vec());
    let create = (entity.clone(), option::weighted(0.3, any::<Index>()), values());
    let upsert = (entity.clone(), option::weighted(0.8, any::<Index>()), values());
    let single = || (option::weighted(0.3, any::<Index>()), values());
    let known = || (any::<Index>().prop_map(Some), values());
    let bulk = prop_oneof![
        (Just((true, "account")), vec(single(), 1..=3)),
        (entity.clone().prop_map(|it| (false, it)), vec(known(), 1..=3)),
    ];
    let owner = prop_oneof![Just(Source::User), Just(Source::Initiating)];
    let relationship = select(vec![ACCOUNT_CONTACTS, ACCOUNT_TASKS]);
    let link = (any::<bool>(), relationship, who.clone(), vec(any::<Index>(), 0..=2));
    prop_oneof![
        4 => create.prop_map(|(entity, index, values)| {
            Ask::Create(entity, index.map(|it| one_of(entity, it)), values)
        }),
        8 => (who.clone(), values()).prop_map(|(who, values)| Ask::Update(who, values)),
        1 => upsert.prop_map(|(entity, index, values)| {
            Ask::Upsert(entity, index.map(|it| one_of(entity, it)), values)
        }),
        2 => bulk.prop_map(|((is_new, entity), singles)| {
            let single = |(index, values): (Option<Index>, Vec<_>)| {
                let index = index.map(|it| one_of(entity, it));
                (index.or((!is_new).then_some(0)), values)
            };
            Ask::Bulk(is_new, entity, singles.into_iter().map(single).collect())
        }),
        3 => who.clone().prop_map(Ask::Delete),
        2 => who.clone().prop_map(Ask::Retrieve),
        2 => who.clone().prop_map(Ask::Misread),
        2 => (who.clone(), owner).prop_map(|(who, owner)| Ask::Assign(who, owner)),
        1 => (who.clone(), 0..=1_i32).prop_map(|(who, state)| Ask::SetState(who, state)),
        2 => link.prop_map(|(is_taken_away, relationship, who, others)| {
            let tie = Tie { is_taken_away, relationship };
            let other = other_end(relationship, who);
            let others = others.into_iter().map(|it| Who::Record(one_of(other, it))).collect();
            Ask::Link(tie, who, others)
        }),
    ]
    .boxed()
}

/// The entity at the other end of a relationship.
fn other_end(relationship: &str, who: Who) -> &'static str {
    match who {
        Who::Record(index) if RECORDS.get(index) == Some(&"account") => {
            if relationship == ACCOUNT_CONTACTS { "contact" } else { "task" }
        }
        Who::Own | Who::Record(_) => "account",
    }
}

/// A record of that entity.
fn one_of(entity: &str, index: Index) -> usize {
    let all: Vec<usize> =
        (0..RECORDS.len()).filter(|it| RECORDS.get(*it) == Some(&entity)).collect();
    *index.get(&all)
}

/// Any record, those that are there before the first message more often.
fn record() -> impl Strategy<Value = Who> {
    prop_oneof![4 => 0..2_usize, 4 => 0..super::catalog::SEEDED, 2 => 0..RECORDS.len()]
        .prop_map(Who::Record)
}

/// An attribute, and a value of its type.
fn value(source: BoxedStrategy<Source>) -> impl Strategy<Value = (&'static str, Source)> {
    let lookup = |entity: &'static str| {
        any::<Index>().prop_map(move |it| Source::Record(Who::Record(one_of(entity, it))))
    };
    let owner = prop_oneof![4 => Just(Source::User), 4 => Just(Source::Initiating), 1 => Just(Source::Null)];
    let texts = source.clone().prop_map(|it| typed(it, true));
    let numbers = source.prop_map(|it| typed(it, false));
    prop_oneof![
        6 => (select(TEXTS.to_vec()), texts),
        5 => (Just("credit"), numbers),
        2 => (Just("aid"), prop_oneof![3 => lookup("account"), 1 => Just(Source::Null)]),
        1 => (Just("cid"), prop_oneof![3 => lookup("contact"), 1 => Just(Source::Null)]),
        1 => (Just("ownerid"), owner),
        1 => (Just("modifiedon"), Just(Source::Moment)),
    ]
}

/// A source of a text, or of a number, whatever it was.
fn typed(source: Source, is_text: bool) -> Source {
    match source {
        Source::Number(number) if is_text => match number {
            0..=2 => Source::Text("a"),
            3..=5 => Source::Text("bb"),
            6..=8 => Source::Text("ccc"),
            9 => Source::Text(""),
            _ => Source::Text("long"),
        },
        Source::Depth | Source::Shared(_) | Source::Parent(_) if is_text => Source::Text("d"),
        Source::Target(_) => Source::Target(if is_text { "name" } else { "credit" }),
        Source::Stored(_) => Source::Stored(if is_text { "note" } else { "credit" }),
        Source::Pre(index, _) => Source::Pre(index, if is_text { "name" } else { "credit" }),
        Source::Post(index, _) => Source::Post(index, if is_text { "note" } else { "credit" }),
        Source::Null
        | Source::Number(_)
        | Source::Text(_)
        | Source::Moment
        | Source::Record(_)
        | Source::User
        | Source::Initiating
        | Source::Owner(_)
        | Source::Depth
        | Source::Shared(_)
        | Source::Parent(_) => source,
    }
}

fn constant() -> impl Strategy<Value = Source> {
    prop_oneof![
        12 => (0..=8_i64).prop_map(Source::Number),
        1 => Just(Source::Number(9)),
        1 => Just(Source::Number(10)),
        2 => Just(Source::Null),
    ]
}

/// A value as a step has it; [`typed`] says of which type.
fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        6 => constant(),
        1 => Just(Source::Depth),
        2 => select(KEYS.to_vec()).prop_map(Source::Shared),
        2 => select(KEYS.to_vec()).prop_map(Source::Parent),
        1 => Just(Source::Target("")),
        1 => (0..=1_usize).prop_map(|it| Source::Pre(it, "")),
        1 => (0..=1_usize).prop_map(|it| Source::Post(it, "")),
        1 => Just(Source::Stored("")),
    ]
}

fn number() -> impl Strategy<Value = Source> {
    source().prop_map(|it| typed(it, false))
}

/// A caller names the users themselves.
fn outside(ask: Ask) -> Ask {
    let named = |(name, source): (&'static str, Source)| {
        if let Source::User = source {
            return (name, Source::Owner(User::System));
        }
        if let Source::Initiating = source {
            return (name, Source::Owner(User::Default));
        }
        (name, source)
    };
    let values = |of: Vec<_>| of.into_iter().map(named).collect::<Vec<_>>();
    match ask {
        Ask::Assign(who, owner) => Ask::Assign(who, named(("ownerid", owner)).1),
        Ask::Create(entity, index, sources) => {
            Ask::Create(entity, index, fitting(values(sources), Some(entity)))
        }
        Ask::Upsert(entity, index, sources) => {
            Ask::Upsert(entity, index, fitting(values(sources), Some(entity)))
        }
        Ask::Update(who, sources) => Ask::Update(who, fitting(values(sources), entity_of(who))),
        Ask::Bulk(is_new, entity, singles) => {
            let single = |(index, sources)| (index, fitting(values(sources), Some(entity)));
            Ask::Bulk(is_new, entity, singles.into_iter().map(single).collect())
        }
        Ask::Delete(_) | Ask::Retrieve(_) | Ask::Misread(_) | Ask::SetState(..) | Ask::Link(..) => {
            ask
        }
    }
}

fn entity_of(who: Who) -> Option<&'static str> {
    match who {
        Who::Own => None,
        Who::Record(index) => RECORDS.get(index).copied(),
    }
}
