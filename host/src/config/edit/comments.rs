//! Setting and removing keys such that no comment goes with them.

use toml_edit::{Item, TableLike, Value};

/// Sets a key. A value that is the same stays as it is written, a new one gets the old one's
/// blanks and comments.
pub(super) fn set(table: &mut dyn TableLike, key: &str, new: Value, same: impl Fn(&Value) -> bool) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            if !same(old) {
                let decor = old.decor().clone();
                *old = new;
                *old.decor_mut() = decor;
            }
        }
        Some(item) => *item = Item::Value(new),
        None => {
            table.insert(key, Item::Value(new));
        }
    }
}

/// Removes a key. Its comments go to the key after it, or else to the one before it.
pub(super) fn remove(table: &mut dyn TableLike, key: &str) {
    let comments = comments_of(table, key);
    let keys: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    let Some(at) = keys.iter().position(|name| name == key) else {
        return;
    };
    table.remove(key);
    if comments.is_empty() {
        return;
    }
    // A sub-table has its comments in its own header, which is far from here.
    let takes = |name: &&String| table.get(name).is_some_and(Item::is_value);
    let after = keys[at + 1..].iter().find(takes);
    let heir = after
        .or_else(|| keys[..at].iter().rev().find(takes))
        .cloned();
    if let Some(mut heir) = heir.and_then(|name| table.key_mut(&name)) {
        let decor = heir.leaf_decor_mut();
        let own = decor
            .prefix()
            .and_then(|raw| raw.as_str())
            .unwrap_or_default();
        let both = format!("{comments}{own}");
        decor.set_prefix(both);
    }
}

/// The comments before a key and behind its value, a line each.
fn comments_of(table: &dyn TableLike, key: &str) -> String {
    let before = table
        .key(key)
        .and_then(|key| key.leaf_decor().prefix()?.as_str());
    let behind = match table.get(key) {
        Some(Item::Value(value)) => value.decor().suffix().and_then(|raw| raw.as_str()),
        _ => None,
    };
    let lines = [before, behind].into_iter().flatten().flat_map(str::lines);
    let comments = lines.map(str::trim).filter(|line| line.starts_with('#'));
    comments.flat_map(|line| [line, "\n"]).collect()
}
