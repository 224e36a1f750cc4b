//! What simple rules say: most of it can be lowered.

/// Signs that hardly any rule of few lines has, and that keep one from being lowered.
const STRANGE: [&str; 17] = [
    "[", "#{", "(|", " | ", " & ", " ^ ", "?.", "**", "<<", ">>", "in ", "::", "{a", "{p", "{r",
    "{m", "{c",
];

/// What simple rules ask of values.
const SIMPLE: [&str; 41] = [
    "len",
    "is_empty",
    "is_blank",
    "trim",
    "to_upper",
    "to_lower",
    "contains",
    "starts_with",
    "ends_with",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "weekday",
    "value",
    "name",
    "label",
    "entity",
    "id",
    "date",
    "add_days",
    "add_months",
    "days_until",
    "format",
    "round",
    "abs",
    "min",
    "max",
    "target",
    "has",
    "remove",
    "depth",
    "message",
    "stage",
    "now",
    "today",
    "user",
    "initiating_user",
    "changed",
];

/// Whether a simple rule would say so.
pub(crate) fn is_simple(template: &str) -> bool {
    let is_known = |after: &str| {
        let name: String =
            after.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
        name.is_empty() || SIMPLE.contains(&name.as_str())
    };
    let mut calls = template.match_indices('(').map(|it| template.get(..it.0).unwrap_or(""));
    !STRANGE.iter().any(|it| template.contains(it))
        && template.split('.').skip(1).all(is_known)
        && calls.all(|before| {
            let name = before.rsplit(|it: char| !(it.is_alphanumeric() || it == '_')).next();
            name.is_none_or(|it| is_known(it) || ["trace", "reject"].contains(&it))
        })
}
