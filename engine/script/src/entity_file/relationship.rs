//! Relationships: the tables `[[relationship]]`, of which the entity is the child, and `[[many_to_many]]`.

use rulegate::metadata::{
    AssociatedMenu, Cascade, Cascades, LogicalName, ManyToMany, OneToMany, RelationshipEnd,
    RelationshipMetadata,
};

use super::reader::Reader;

/// Reads the relationships of both kinds.
pub(super) fn read(entity: &LogicalName, file: &mut Reader<'_>) -> Vec<RelationshipMetadata> {
    let mut all = file.tables("relationship", "a relationship", |keys| {
        RelationshipMetadata::OneToMany(one_to_many(entity, keys))
    });
    all.extend(file.tables("many_to_many", "a many-to-many relationship", |keys| {
        RelationshipMetadata::ManyToMany(many_to_many(keys))
    }));
    all
}

fn one_to_many(entity: &LogicalName, keys: &mut Reader<'_>) -> OneToMany {
    let schema_name: String = keys.required("schema_name").unwrap_or_default();
    let referenced = name(keys, "referenced");
    let attribute = name(keys, "attribute");
    let mut it = OneToMany::new(&schema_name, referenced, entity, attribute);
    it.referenced_attribute = keys.or("referenced_attribute", it.referenced_attribute);
    keys.table("navigation", "`navigation` of a relationship", |keys| {
        if let Some(name) = keys.optional("referencing") {
            it.referencing_navigation = name;
        }
        if let Some(name) = keys.optional("referenced") {
            it.referenced_navigation = name;
        }
    });
    it.cascades =
        keys.table("cascade", "`cascade` of a relationship", cascades).unwrap_or_default();
    it.is_hierarchical = keys.or("hierarchical", false);
    it.is_customizable = keys.or("customizable", true);
    it.menu = menu(keys);
    it
}

fn many_to_many(keys: &mut Reader<'_>) -> ManyToMany {
    let schema_name: String = keys.required("schema_name").unwrap_or_default();
    let mut end = |key| {
        let end = keys.required_table(key, "an end of a many-to-many relationship", |keys| {
            RelationshipEnd {
                entity: name(keys, "entity"),
                attribute: name(keys, "attribute"),
                navigation: keys.or("navigation", schema_name.clone()),
                menu: menu(keys),
            }
        });
        end.unwrap_or_else(|| RelationshipEnd {
            entity: "".into(),
            attribute: "".into(),
            navigation: String::new(),
            menu: AssociatedMenu::default(),
        })
    };
    let (first, second) = (end("first"), end("second"));
    ManyToMany {
        intersect_entity: name(keys, "intersect"),
        first,
        second,
        is_customizable: keys.or("customizable", true),
        schema_name,
    }
}

fn cascades(keys: &mut Reader<'_>) -> Cascades {
    let mut on = |action| keys.or(action, Cascade::NoCascade);
    Cascades {
        assign: on("assign"),
        delete: on("delete"),
        merge: on("merge"),
        reparent: on("reparent"),
        share: on("share"),
        unshare: on("unshare"),
        archive: on("archive"),
        rollup_view: on("rollup_view"),
    }
}

fn menu(keys: &mut Reader<'_>) -> AssociatedMenu {
    let menu = keys.table("menu", "`menu` of a relationship", |keys| AssociatedMenu {
        behavior: keys.optional("behavior"),
        group: keys.optional("group"),
        label: keys.or("label", String::new()),
        order: keys.optional("order"),
        menu_id: keys.optional("menu_id"),
        query_api: keys.or("query_api", String::new()),
        view_id: keys.optional("view_id"),
        is_available_offline: keys.or("available_offline", true),
    });
    menu.unwrap_or_default()
}

/// A name that must be there; an empty one stands for it until the file is mended.
fn name(keys: &mut Reader<'_>, key: &'static str) -> LogicalName {
    keys.required(key).unwrap_or_else(|| "".into())
}
