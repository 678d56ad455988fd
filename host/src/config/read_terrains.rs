//! From `[[clubs]]` and `[[terrains]]` to their structs.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeValue;

use super::convert::{self, Wrong};
use super::nearest::nearest_hint;
use super::secret_file;
use super::source::{Source, with_article};
use super::table::Table;
use super::{Camera, CameraUrl, Club, ClubId, HostPort, InvalidCameraUrl, Terrain, TerrainId};

/// Schemes whose adapter is built in. Others need `adapter`.
const KNOWN_SCHEMES: [&str; 4] = ["rtsp", "rtsps", "http", "https"];

pub(super) fn clubs(source: &Source<'_>) -> Vec<Club> {
    let mut clubs: Vec<Club> = Vec::new();
    for mut table in source.array_of_tables("clubs") {
        let id = required(&mut table, "id", |table| {
            table.value("id", |value| id(value, ClubId::new))
        });
        let name = table.text("name", convert::line);
        if let Some(id) = id {
            if clubs.iter().any(|club| club.id == id) {
                table.problem(
                    "id",
                    format!("there are two clubs with the id `{id}`"),
                    None,
                );
            } else {
                let name = name.unwrap_or_else(|| id.to_string());
                clubs.push(Club { id, name });
            }
        }
        table.finish();
    }
    clubs
}

pub(super) fn terrains(source: &Source<'_>, clubs: &[Club]) -> Vec<Terrain> {
    let mut terrains = Vec::new();
    // Also of those that are left out for another reason.
    let mut ids = BTreeSet::new();
    for mut table in source.array_of_tables("terrains") {
        let id = required(&mut table, "id", |table| {
            table.value("id", |value| id(value, TerrainId::new))
        });
        if let Some(id) = &id
            && !ids.insert(id.clone())
        {
            table.problem(
                "id",
                format!("there are two terrains with the id `{id}`"),
                None,
            );
        }
        let club_id = required(&mut table, "club_id", |table| {
            table.value("club_id", |value| self::id(value, ClubId::new))
        });
        if let Some(club_id) = &club_id {
            check_club(&table, club_id, clubs);
        }
        let name = table.text("name", convert::line);
        let audio = table.boolean("audio").unwrap_or(false);
        let camera = required(&mut table, "camera", |table| {
            let mut child = table.child("camera")?;
            let camera = camera(&mut child);
            child.finish();
            camera
        });
        table.finish();
        if let (Some(id), Some(club_id), Some(camera)) = (id, club_id, camera) {
            let name = name.unwrap_or_else(|| id.to_string());
            terrains.push(Terrain {
                id,
                club_id,
                name,
                audio,
                camera,
            });
        }
    }
    terrains
}

/// Reads a key and reports it where it is missing.
fn required<'s, 'a, T>(
    table: &mut Table<'s, 'a>,
    key: &'static str,
    read: impl FnOnce(&mut Table<'s, 'a>) -> Option<T>,
) -> Option<T> {
    if !table.is_in_file(key) {
        table.know(key);
        table.problem(key, format!("`{key}` is missing"), None);
        return None;
    }
    read(table)
}

fn check_club(table: &Table<'_, '_>, club_id: &ClubId, clubs: &[Club]) {
    if clubs.iter().any(|club| club.id == *club_id) {
        return;
    }
    let ids: Vec<&str> = clubs.iter().map(|club| club.id.as_str()).collect();
    let hint = nearest_hint("club", club_id.as_str(), &ids)
        .unwrap_or_else(|| "add it as `[[clubs]]` with `id` and `name`".to_owned());
    table.problem(
        "club_id",
        format!("there is no club with the id `{club_id}`"),
        Some(hint),
    );
}

fn id<T>(
    value: &DeValue<'_>,
    new: impl FnOnce(String) -> Result<T, super::InvalidId>,
) -> Result<T, Wrong> {
    let text = match value {
        DeValue::Integer(_) => convert::integer(value)?.to_string(),
        DeValue::String(text) => text.clone().into_owned(),
        other => {
            let found = with_article(other.type_str());
            return Err(Wrong::new(format!(
                "must be an integer or a string, not {found}"
            )));
        }
    };
    new(text).map_err(|error| Wrong::new(error.to_string()))
}

fn camera(table: &mut Table<'_, '_>) -> Option<Camera> {
    let url = required(table, "url", |table| {
        table.text("url", |text| {
            CameraUrl::parse(text).map_err(|error| Wrong {
                hint: url_hint(error),
                ..Wrong::new(error.to_string())
            })
        })
    });
    let adapter = table.text("adapter", convert::name);
    let username = secret_file::secret(table, "username", "username_file");
    let password = secret_file::secret(table, "password", "password_file");
    let tls = table.text("tls", |text| {
        text.parse()
            .map_err(|error: super::InvalidTlsMode| Wrong::new(error.to_string()))
    });
    let reach = table.texts("reach", |text| {
        text.parse::<HostPort>()
            .map_err(|error| Wrong::new(error.to_string()))
    });
    let options = options(table);
    let (url, (url_username, url_password)) = url?;
    if !KNOWN_SCHEMES.contains(&url.scheme()) && adapter.is_none() {
        let message = format!("no adapter is known for `{}://`", url.scheme());
        let hint = "name one with `adapter`, or use rtsp://, rtsps://, http:// or https://";
        table.problem("url", message, Some(hint.to_owned()));
    }
    for (key, twice) in [
        ("username", username.is_some() && url_username.is_some()),
        ("password", password.is_some() && url_password.is_some()),
    ] {
        if twice {
            let message = format!("the URL holds a {key}, and `{key}` is set too");
            table.problem("url", message, Some("take it out of the URL".to_owned()));
        }
    }
    if url_username.is_some() || url_password.is_some() {
        table.source.secret_in_text.set(true);
    }
    Some(Camera {
        url,
        adapter,
        username: username.or(url_username),
        password: password.or(url_password),
        tls: tls.unwrap_or_default(),
        reach: reach.unwrap_or_default(),
        options,
    })
}

fn url_hint(error: InvalidCameraUrl) -> Option<String> {
    let hint = match error {
        InvalidCameraUrl::Form | InvalidCameraUrl::NoHost | InvalidCameraUrl::Host => {
            "for example rtsp://10.0.0.11:554/stream1"
        }
        InvalidCameraUrl::Port => {
            "an IPv6 address stands in brackets; a password with `/`, `?` or `#` belongs in `username` and `password`"
        }
        InvalidCameraUrl::NoPort => "write it as scheme://host:port/path",
        InvalidCameraUrl::Characters => "percent-encode it, for example %20 for a space",
        InvalidCameraUrl::UserInfo => "use the keys `username` and `password`",
        InvalidCameraUrl::TooLong => return None,
    };
    Some(hint.to_owned())
}

/// Options are the adapter's: any names, plain values.
fn options(table: &mut Table<'_, '_>) -> BTreeMap<String, String> {
    let options = table.value("options", |value| {
        let Some(entries) = value.as_table() else {
            let found = with_article(value.type_str());
            return Err(Wrong::new(format!("must be a table, not {found}")));
        };
        let entries = entries.iter().map(|(key, value)| {
            let within = |wrong: Wrong, span| Wrong {
                span: Some(span),
                ..wrong.about(key.get_ref())
            };
            let name = convert::name(key.get_ref()).map_err(|wrong| within(wrong, key.span()))?;
            let text =
                convert::scalar(value.get_ref()).map_err(|wrong| within(wrong, value.span()))?;
            Ok((name, text))
        });
        entries.collect::<Result<BTreeMap<String, String>, Wrong>>()
    });
    options.unwrap_or_default()
}
