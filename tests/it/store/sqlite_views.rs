//! Views: what people read who open the file with a tool of their own.

use rulegate::metadata::{AttributeType, EntityDefinition};
use rulegate::record::Record;
use rulegate::store::Store;
use rulegate::{Catalog, EntityReference, Value};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use uuid::Uuid;

use super::{BriefSqlite, World};

/// What a view shows of its rows, to a connection that knows nothing of us.
fn shown(store: &BriefSqlite, view: &str) -> Vec<String> {
    let connection = Connection::open(store.path()).unwrap();
    let mut statement = connection.prepare(&format!("SELECT * FROM {view}")).unwrap();
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([]).unwrap();
    let mut all = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cell = |index: usize| match row.get_ref(index).unwrap() {
            ValueRef::Null => None,
            ValueRef::Integer(it) => Some(it.to_string()),
            ValueRef::Real(it) => Some(it.to_string()),
            ValueRef::Text(it) => Some(String::from_utf8(it.to_vec()).unwrap()),
            ValueRef::Blob(it) => Some(format!("{it:?}")),
        };
        let cells = names.iter().enumerate().filter_map(|(index, name)| Some((name, cell(index)?)));
        all.push(cells.map(|(name, it)| format!("{name}={it}")).collect::<Vec<_>>().join(" "));
    }
    all
}

fn goals(attribute: AttributeType) -> Catalog {
    let goal = EntityDefinition::new("goal").attribute("it", attribute);
    support::bare().entity(goal).check().unwrap()
}

#[test]
fn every_value_can_be_read_without_us() {
    let store = BriefSqlite::new();
    let world = World::new(&store);
    let other = EntityReference::new("account", Uuid::from_u128(0x1234_5678_9abc_def0_1234));
    let values: [(&str, Value); 12] = [
        ("text", "it's".into()),
        ("whole", 7.into()),
        ("decimal", Value::Decimal("1.50".parse().unwrap())),
        ("money", Value::Decimal("1234567890123.4567".parse().unwrap())),
        ("double", 0.5.into()),
        ("flag", true.into()),
        ("date", Value::Date("2026-01-31".parse().unwrap())),
        ("moment", Value::Moment("2026-01-31T09:00:00Z".parse().unwrap())),
        ("choice", Value::Choice(2)),
        ("lookup", other.into()),
        ("identity", Value::Id(Uuid::from_u128(5))),
        ("picture", Value::Bytes([0_u8, 1].into())),
    ];
    let mut thing = Record::of(&world.thing, Uuid::from_u128(1));
    values.into_iter().for_each(|(name, value)| thing.set(name, value).unwrap());
    let mut tx = store.begin().unwrap();
    tx.insert(&thing).unwrap();
    tx.commit().unwrap();

    insta::assert_snapshot!(shown(&store, "v$thing").join("\n"));
}

#[test]
fn a_view_is_searched_and_sorted_also_where_a_key_compares_as_we_do() {
    let store = BriefSqlite::new();
    let goal = EntityDefinition::new("goal").attribute("it", AttributeType::text(9));
    let catalog = support::bare().entity(goal.key("it", ["it"])).check().unwrap();
    store.adopt(&catalog).unwrap();
    let mut tx = store.begin().unwrap();
    for (id, text) in [(1, "b"), (2, "a")] {
        let goal = Record::of(catalog.entity("goal").unwrap(), Uuid::from_u128(id));
        tx.insert(&goal.with("it", text).unwrap()).unwrap();
    }
    tx.commit().unwrap();

    let all = shown(&store, "v$goal ORDER BY it");
    assert!(all.first().unwrap().contains("it=a") && all.len() == 2, "{all:?}");
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(shown(&store, &format!("v$goal WHERE goalid = '{id}' AND it = 'b'")).len(), 1);
}

#[test]
fn a_view_follows_the_catalog() {
    let store = BriefSqlite::new();
    store.adopt(&goals(AttributeType::choice([(1, "one")]))).unwrap();
    let catalog = goals(AttributeType::choice([(1, "first")]));
    store.adopt(&catalog).unwrap();
    let goal = Record::of(catalog.entity("goal").unwrap(), Uuid::from_u128(1));
    let mut tx = store.begin().unwrap();
    tx.insert(&goal.with("it", Value::Choice(1)).unwrap()).unwrap();
    tx.commit().unwrap();

    let rows = shown(&store, "v$goal");
    assert!(rows.iter().any(|it| it.contains("it=1 it$label=first")), "{rows:?}");
}

#[test]
fn a_view_does_not_keep_an_empty_attribute_from_changing_its_type() {
    let store = BriefSqlite::new();
    store.adopt(&goals(AttributeType::text(9))).unwrap();
    store.adopt(&goals(AttributeType::lookup(["account"]))).unwrap();

    assert_eq!(shown(&store, "v$goal"), [""; 0]);
}
