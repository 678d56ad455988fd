//! From the old text to the new one. Pure.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::super::{CameraUrl, Secret};
use super::Change;
use super::comments::{remove, set};
use super::terrain::{CameraEdit, SecretEdit, TerrainEdit};

/// A new text.
#[derive(Debug)]
pub(super) struct Edited {
    pub text: String,
    pub created: bool,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TextError {
    Exists,
    NoTerrain,
    Form {
        key: &'static str,
        form: &'static str,
    },
    Exposed,
    OtherHost,
    SecretInUrl,
    Toml(String),
}

pub(super) fn edited(
    old: &str,
    change: Change,
    terrain: &TerrainEdit,
    may_hold_secrets: bool,
) -> Result<Edited, TextError> {
    const MARK: char = '\u{feff}';
    let bare = old.strip_prefix(MARK).unwrap_or(old);
    let parsed = bare.parse::<DocumentMut>();
    let mut document = parsed.map_err(|error| TextError::Toml(error.message().to_owned()))?;
    let created = match index_of(&document, terrain)? {
        Some(_) if change == Change::Add => return Err(TextError::Exists),
        None if change == Change::Replace => return Err(TextError::NoTerrain),
        Some(index) => {
            if let Some(table) = array(&mut document)?.get_mut(index) {
                fill(table, terrain, may_hold_secrets)?;
            }
            false
        }
        None => {
            add(&mut document, terrain, may_hold_secrets)?;
            true
        }
    };
    let mut text = document.to_string();
    // The library ends lines its own way.
    let all_crlf = bare.contains("\r\n") && !bare.replace("\r\n", "").contains('\n');
    if all_crlf {
        text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if bare.len() < old.len() {
        text.insert(0, MARK);
    }
    Ok(Edited { text, created })
}

/// Where the terrain stands among the others.
fn index_of(document: &DocumentMut, terrain: &TerrainEdit) -> Result<Option<usize>, TextError> {
    let tables = match document.get("terrains") {
        None => return Ok(None),
        Some(Item::ArrayOfTables(tables)) => tables,
        // `terrains = []` says that there is none.
        Some(Item::Value(Value::Array(array))) if array.is_empty() => return Ok(None),
        Some(_) => return Err(FORM),
    };
    let is_it = |table: &Table| {
        let id = match table.get("id").and_then(Item::as_value) {
            Some(Value::Integer(id)) => id.value().to_string(),
            Some(Value::String(id)) => id.value().clone(),
            _ => return false,
        };
        id == terrain.id.as_str()
    };
    Ok(tables.iter().position(is_it))
}

const FORM: TextError = TextError::Form {
    key: "terrains",
    form: "[[terrains]]",
};

fn array(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, TextError> {
    let item = document
        .entry("terrains")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if item.as_array().is_some_and(Array::is_empty) {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    item.as_array_of_tables_mut().ok_or(FORM)
}

/// Behind the last terrain. Comments at the end of the text belong to what stands before
/// them, so that a new last table comes behind them.
fn add(
    document: &mut DocumentMut,
    terrain: &TerrainEdit,
    may_hold_secrets: bool,
) -> Result<(), TextError> {
    let last = last_position(document.as_table());
    let last_terrain = match document.get("terrains") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().filter_map(last_position).max(),
        _ => None,
    };
    let is_blank = document.to_string().trim().is_empty();
    let mut table = Table::new();
    fill(&mut table, terrain, may_hold_secrets)?;
    // Without a terrain the new one comes last; with one, behind it.
    let comes_last = last_terrain.is_none() || last_terrain == last;
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    if comes_last && !trailing.trim().is_empty() {
        let end = if trailing.ends_with('\n') { "" } else { "\n" };
        table.decor_mut().set_prefix(format!("{trailing}{end}\n"));
        document.set_trailing("");
    } else if is_blank {
        table.decor_mut().set_prefix("");
    } else {
        table.decor_mut().set_prefix("\n");
    }
    if let Some(Item::Value(_)) = document.get("terrains") {
        remove(document.as_table_mut(), "terrains");
    }
    array(document)?.push(table);
    Ok(())
}

/// The greatest position of a table's own and its children's headers.
fn last_position(table: &Table) -> Option<isize> {
    let children = table.iter().filter_map(|(_, item)| match item {
        Item::Table(table) => last_position(table),
        Item::ArrayOfTables(tables) => tables.iter().filter_map(last_position).max(),
        _ => None,
    });
    children.chain(table.position()).max()
}

fn fill(table: &mut Table, terrain: &TerrainEdit, may_hold_secrets: bool) -> Result<(), TextError> {
    set_id(table, "id", terrain.id.as_str());
    set_id(table, "club_id", terrain.club_id.as_str());
    set_text(table, "name", terrain.name.as_deref());
    let audio = terrain.audio;
    // What is not set means false, and a file that leaves it out stays without.
    if audio || table.contains_key("audio") {
        set(table, "audio", audio.into(), |old| {
            old.as_bool() == Some(audio)
        });
    }
    let camera = table
        .entry("camera")
        .or_insert_with(|| Item::Table(Table::new()));
    let camera = camera.as_table_like_mut().ok_or(TextError::Form {
        key: "camera",
        form: "[terrains.camera]",
    })?;
    fill_camera(camera, &terrain.camera, may_hold_secrets)
}

fn fill_camera(
    table: &mut dyn TableLike,
    camera: &CameraEdit,
    may_hold_secrets: bool,
) -> Result<(), TextError> {
    let old_url = table.get("url").and_then(Item::as_str).map(str::to_owned);
    let old = old_url
        .as_deref()
        .and_then(|url| CameraUrl::parse(url).ok());
    let new = CameraUrl::parse(&camera.url).ok();
    if matches!(&new, Some((_, (Some(_), _) | (_, Some(_))))) {
        return Err(TextError::SecretInUrl);
    }
    let other_host = match (&old, &new) {
        (Some((old, _)), Some((new, _))) => {
            (old.host(), old.port(), old.scheme()) != (new.host(), new.port(), new.scheme())
        }
        (None, _) => false,
        // The reader will say what is wrong with it.
        (_, None) => true,
    };
    let secrets_of_url = old.map_or((None, None), |(_, secrets)| secrets);
    let secrets = [
        (
            "username",
            "username_file",
            &camera.username,
            secrets_of_url.0,
        ),
        (
            "password",
            "password_file",
            &camera.password,
            secrets_of_url.1,
        ),
    ];
    for (key, file_key, edit, in_url) in &secrets {
        let is_there = in_url.is_some() || table.contains_key(key) || table.contains_key(file_key);
        if **edit == SecretEdit::Keep && is_there && other_host {
            return Err(TextError::OtherHost);
        }
    }
    set_text(table, "url", Some(&camera.url));
    set_text(table, "adapter", camera.adapter.as_deref());
    for (key, file_key, edit, in_url) in secrets {
        // A secret in the old URL would go with it.
        let kept = match (edit, in_url) {
            (SecretEdit::Keep, Some(secret)) => {
                set_text(table, key, Some(secret.expose()));
                continue;
            }
            (edit, _) => edit,
        };
        set_secret(
            table,
            (key, file_key),
            kept,
            old_url.as_deref(),
            may_hold_secrets,
        )?;
    }
    set_text(table, "tls", camera.tls.as_deref());
    set_reach(table, &camera.reach);
    set_options(table, camera)
}

fn set_secret(
    table: &mut dyn TableLike,
    (key, file_key): (&str, &str),
    edit: &SecretEdit,
    old_url: Option<&str>,
    may_hold_secrets: bool,
) -> Result<(), TextError> {
    match edit {
        SecretEdit::Keep => {}
        SecretEdit::Remove => {
            remove(table, key);
            remove(table, file_key);
        }
        SecretEdit::Inline(secret) => {
            // A user name alone opens nothing.
            let was_inline = table.contains_key(key) || old_url.is_some_and(has_password);
            if key == "password" && !may_hold_secrets && !was_inline {
                return Err(TextError::Exposed);
            }
            set_text(table, key, Some(Secret::expose(secret)));
            remove(table, file_key);
        }
        SecretEdit::File(path) => {
            set_text(table, file_key, Some(path));
            remove(table, key);
        }
    }
    Ok(())
}

fn has_password(url: &str) -> bool {
    matches!(CameraUrl::parse(url), Ok((_, (_, Some(_)))))
}

/// Ids that are numbers are written as numbers, as people do.
fn set_id(table: &mut Table, key: &str, id: &str) {
    let number = id
        .parse::<i64>()
        .ok()
        .filter(|number| number.to_string() == id);
    let new = number.map_or_else(|| Value::from(id), Value::from);
    set(table, key, new, |old| match old {
        Value::Integer(old) => old.value().to_string() == id,
        Value::String(old) => old.value() == id,
        _ => false,
    });
}

fn set_text(table: &mut dyn TableLike, key: &str, text: Option<&str>) {
    match text {
        Some(text) => set(table, key, text.into(), |old| old.as_str() == Some(text)),
        None => remove(table, key),
    }
}

fn set_reach(table: &mut dyn TableLike, reach: &[String]) {
    // `reach = []` says the same as nothing, and stays.
    let old = table.get("reach").and_then(Item::as_array);
    let is_same = old.map_or(reach.is_empty(), |old| {
        let texts = old.iter().map(Value::as_str);
        texts.eq(reach.iter().map(|text| Some(text.as_str())))
    });
    if is_same {
        return;
    }
    if reach.is_empty() {
        remove(table, "reach");
        return;
    }
    let new: Array = reach.iter().map(String::as_str).collect();
    set(table, "reach", new.into(), |_| false);
}

fn set_options(table: &mut dyn TableLike, camera: &CameraEdit) -> Result<(), TextError> {
    if !table.contains_key("options") {
        if camera.options.is_empty() {
            return Ok(());
        }
        table.insert("options", Item::Value(InlineTable::new().into()));
    }
    let options = table.get_mut("options").and_then(Item::as_table_like_mut);
    let options = options.ok_or(TextError::Form {
        key: "options",
        form: "options = { … }",
    })?;
    let gone: Vec<String> = options
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| !camera.options.contains_key(key))
        .collect();
    for key in gone {
        remove(options, &key);
    }
    for (key, text) in &camera.options {
        set(options, key, text.as_str().into(), |old| {
            scalar(old).as_ref() == Some(text)
        });
    }
    Ok(())
}

/// As the host's reader takes an option's value.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(truth) => Some(truth.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        _ => None,
    }
}
