//! The shipped entities against the facts: every row of the tables in `facts/`, and nothing missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use rulegate::metadata::{
    AssociatedMenu, AttributeMetadata, AttributeType, CdmAttribute, EntityMetadata, MenuBehavior,
    MenuGroup, OneToMany, RelationshipMetadata,
};
use rulegate_script::read_catalog;

/// The rows of a table of facts: what it is about, the property, the value.
fn facts(name: &str) -> Vec<[String; 3]> {
    let path = support::root().join("tests/facts").join(name);
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        cells.try_into().unwrap_or_else(|it| panic!("{name}: {it:?}"))
    };
    text.lines().skip(1).map(row).collect()
}

/// Every fact is as the table says, and the catalog has no fact more.
fn assert_same_facts(table: &[[String; 3]], found: &[[String; 3]]) {
    let (table, found): (BTreeSet<_>, BTreeSet<_>) =
        (table.iter().collect(), found.iter().collect());
    assert_eq!(table.difference(&found).collect::<Vec<_>>(), Vec::<&&[String; 3]>::new());
    assert_eq!(found.difference(&table).collect::<Vec<_>>(), Vec::<&&[String; 3]>::new());
}

#[test]
fn opportunity_relationship_has_every_attribute_of_the_common_data_model() {
    let table = facts("opportunity_relationship_attributes.tsv");
    assert_eq!(table.len(), 128);

    let catalog = support::shipped_catalog();
    let entity = catalog.entity("customeropportunityrole").unwrap();
    let mut found = Vec::new();
    for (_, attribute) in entity.attributes() {
        if let Some(cdm) = attribute.cdm.as_ref().filter(|it| it.first_included_in.is_some()) {
            for (property, value) in cdm_properties(attribute, cdm) {
                found.push([cdm.name.clone(), property.to_owned(), value]);
            }
        }
    }

    assert_same_facts(&table, &found);
    assert_eq!(found.len(), table.len());
    let attributes: BTreeSet<_> = table.iter().map(|[attribute, ..]| attribute).collect();
    assert_eq!(attributes.len(), 24);
}

fn cdm_properties(
    attribute: &AttributeMetadata,
    cdm: &CdmAttribute,
) -> Vec<(&'static str, String)> {
    let format = cdm.data_format();
    let mut all = vec![
        ("firstIncludedIn", cdm.first_included_in.clone().unwrap_or_default()),
        ("displayName", attribute.display_name.clone()),
        ("dataFormat", format.to_owned()),
        ("sourceName", attribute.logical_name.to_string()),
    ];
    for (property, holds) in [
        ("isNullable", cdm.is_nullable),
        ("isReadOnly", cdm.is_read_only),
        ("isPrimaryKey", cdm.is_primary_key),
    ] {
        if holds {
            all.push((property, "true".to_owned()));
        }
    }
    if let AttributeType::WholeNumber { min, max, .. } = attribute.kind {
        all.push(("minimumValue", cdm.min.unwrap_or(min).to_string()));
        all.push(("maximumValue", cdm.max.unwrap_or(max).to_string()));
    }
    if let AttributeType::Text { max_length, .. } = attribute.kind {
        all.push(("maximumLength", cdm.max_length.unwrap_or(max_length).to_string()));
    }
    all
}

#[test]
fn opportunity_has_every_relationship_of_its_activities() {
    // O-46
    let table = facts("opportunity_relationships.tsv");
    assert_eq!(table.len(), 36);
    let names: BTreeSet<&str> = table.iter().map(|[name, ..]| name.as_str()).collect();
    assert_eq!(names.len(), 3);

    let catalog = support::shipped_catalog();
    let mut found = Vec::new();
    for it in catalog.children_of("opportunity").filter(|it| names.contains(&*it.schema_name)) {
        for (property, value) in relationship_properties(it) {
            found.push([it.schema_name.clone(), property.to_owned(), value]);
        }
    }

    assert_same_facts(&table, &found);
    assert_eq!(found.len(), table.len());
}

fn relationship_properties(it: &OneToMany) -> Vec<(&'static str, String)> {
    let AssociatedMenu {
        behavior,
        group,
        label,
        order,
        menu_id,
        query_api,
        view_id,
        is_available_offline,
    } = &it.menu;
    let behavior = behavior.map(|it| match it {
        MenuBehavior::UseCollectionName => "UseCollectionName",
        MenuBehavior::UseLabel => "UseLabel",
        MenuBehavior::DoNotDisplay => "DoNotDisplay",
    });
    let group = group.map(|it| match it {
        MenuGroup::Details => "Details",
        MenuGroup::Sales => "Sales",
        MenuGroup::Service => "Service",
        MenuGroup::Marketing => "Marketing",
    });
    let truth = |it: bool| if it { "True" } else { "False" }.to_owned();
    vec![
        ("ReferencingEntity", it.referencing_entity.to_string()),
        ("ReferencingAttribute", it.referencing_attribute.to_string()),
        ("ReferencedEntityNavigationPropertyName", it.referenced_navigation.clone()),
        ("IsCustomizable", truth(it.is_customizable)),
        ("AssociatedMenuConfiguration.AvailableOffline", truth(*is_available_offline)),
        ("AssociatedMenuConfiguration.Behavior", behavior.unwrap_or_default().to_owned()),
        ("AssociatedMenuConfiguration.Group", group.unwrap_or_default().to_owned()),
        ("AssociatedMenuConfiguration.Label", label.clone()),
        ("AssociatedMenuConfiguration.MenuId", menu_id.clone().unwrap_or("null".to_owned())),
        ("AssociatedMenuConfiguration.Order", order.map_or(String::new(), |it| it.to_string())),
        ("AssociatedMenuConfiguration.QueryApi", query_api.clone()),
        ("AssociatedMenuConfiguration.ViewId", view_id.map_or(String::new(), |it| it.to_string())),
    ]
}

#[test]
fn every_shipped_entity_loads_whole() {
    let catalog = support::shipped_catalog();
    let mut children: BTreeMap<&str, usize> = BTreeMap::new();
    let mut pairs: BTreeMap<&str, usize> = BTreeMap::new();
    for relationship in catalog.relationships() {
        match &**relationship {
            RelationshipMetadata::OneToMany(it) => {
                *children.entry(&it.referencing_entity).or_default() += 1;
            }
            RelationshipMetadata::ManyToMany(it) => {
                *pairs.entry(&it.first.entity).or_default() += 1;
            }
        }
    }
    let mut table = String::new();
    for entity in catalog.entities() {
        let name = entity.logical_name();
        let of = |counts: &BTreeMap<&str, usize>| counts.get(name.as_str()).copied().unwrap_or(0);
        writeln!(
            table,
            "{name:24}{:4} attributes {:3} options {:3} many-to-one {:2} many-to-many {:2} keys",
            entity.attributes().count(),
            options(entity),
            of(&children),
            of(&pairs),
            entity.keys().len(),
        )
        .unwrap();
    }
    writeln!(table, "{:24}{:4}", "external", catalog.external().len()).unwrap();
    insta::assert_snapshot!(table, @r"
    account                  268 attributes 122 options  14 many-to-one  1 many-to-many  0 keys
    accountleads               3 attributes   0 options   0 many-to-one  0 many-to-many  1 keys
    annotation                42 attributes   0 options  18 many-to-one  0 many-to-many  0 keys
    asyncoperation            32 attributes  13 options   0 many-to-one  0 many-to-many  0 keys
    businessunit              89 attributes   4 options   6 many-to-one  0 many-to-many  0 keys
    competitor                94 attributes   4 options   5 many-to-one  0 many-to-many  0 keys
    contact                  295 attributes 115 options  13 many-to-one  1 many-to-many  0 keys
    contactleads               3 attributes   0 options   0 many-to-one  0 many-to-many  1 keys
    contactquotes              3 attributes   0 options   0 many-to-one  0 many-to-many  1 keys
    customeropportunityrole   39 attributes   0 options  11 many-to-one  0 many-to-many  0 keys
    lead                     313 attributes  88 options  15 many-to-one  1 many-to-many  0 keys
    leadcompetitors            3 attributes   0 options   0 many-to-one  0 many-to-many  1 keys
    msdyn_bookingalert        85 attributes  37 options  13 many-to-one  0 many-to-many  0 keys
    msdyn_ocoutboundmessage   96 attributes  56 options  13 many-to-one  0 many-to-many  0 keys
    msdyn_ocvoicemail         92 attributes  37 options  15 many-to-one  0 many-to-many  0 keys
    opportunity              200 attributes  97 options  14 many-to-one  1 many-to-many  0 keys
    opportunityclose         118 attributes  43 options  13 many-to-one  0 many-to-many  0 keys
    opportunitycompetitors     9 attributes   0 options   0 many-to-one  0 many-to-many  1 keys
    plugintracelog            25 attributes   5 options   2 many-to-one  0 many-to-many  0 keys
    quote                    159 attributes  86 options  13 many-to-one  1 many-to-many  0 keys
    relationshiprole          23 attributes   4 options   4 many-to-one  0 many-to-many  0 keys
    systemuser               171 attributes  59 options   7 many-to-one  0 many-to-many  0 keys
    task                      71 attributes  12 options  13 many-to-one  0 many-to-many  0 keys
    team                      50 attributes   8 options   8 many-to-one  1 many-to-many  0 keys
    teammembership             3 attributes   0 options   0 many-to-one  0 many-to-many  1 keys
    transactioncurrency       32 attributes   6 options   4 many-to-one  0 many-to-many  0 keys
    external                 261
    ");
}

fn options(entity: &EntityMetadata) -> usize {
    let sets = entity.attributes().filter_map(|(_, it)| it.kind.option_set());
    sets.map(|it| it.options.len()).sum()
}

#[test]
fn a_reload_keeps_the_places_of_attributes() {
    let mut files = support::entity_files().unwrap();
    let before = read_catalog(&files, None).unwrap();
    for file in &mut files {
        file.text = file
            .text
            .replace("[attributes]\n", "[attributes]\naaa = { type = \"boolean\" }\n")
            .into();
    }

    let after = read_catalog(&files, Some(&before)).unwrap();

    for entity in before.entities() {
        let changed = after.entity(entity.logical_name()).unwrap();
        for (ordinal, attribute) in entity.attributes() {
            assert_eq!(changed.ordinal(&attribute.logical_name), Some(ordinal));
        }
    }
    let account = after.entity("account").unwrap();
    assert_eq!(account.ordinal("aaa").unwrap().index(), account.attributes().count() - 1);
}
