//! MediaMTX's `paths:`.
//!
//! A path takes what it does not set itself from `pathDefaults` (in older files from the path
//! `all`). Without a `source` it waits for a publisher.

use super::command;
use super::court::{Court, Moved, Tls, shown};
use super::source;
use super::yaml::Node;

/// A path's settings, its own before the file's.
struct Path<'f> {
    own: &'f Node,
    defaults: &'f [&'f Node],
}

impl<'f> Path<'f> {
    fn get(&self, key: &str) -> Option<&'f Node> {
        let own = self.own.get(key);
        own.or_else(|| self.defaults.iter().find_map(|node| node.get(key)))
    }

    fn text(&self, key: &str) -> &'f str {
        self.get(key).and_then(Node::text).unwrap_or_default()
    }

    fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(Node::is_true)
    }
}

/// Translates a MediaMTX file.
pub(super) fn translate(root: &Node) -> Moved {
    let mut moved = Moved::default();
    let paths = root.get("paths");
    let defaults: Vec<&Node> = [
        root.get("pathDefaults"),
        paths.and_then(|paths| paths.get("all")),
    ]
    .into_iter()
    .flatten()
    .collect();
    for key in [
        "authInternalUsers",
        "authHTTPAddress",
        "authJWTJWKS",
        "externalAuthenticationURL",
    ] {
        if let Some(node) = root.get(key).filter(|node| !node.items().is_empty()) {
            moved.notes.push(format!(
                "line {}: `{key}` is not carried over: who may watch is the policy's to say",
                node.line
            ));
        }
    }
    for node in &defaults {
        hooks(node, &mut moved.notes);
    }
    let mut kept_days = Vec::new();
    for (name, own) in paths.into_iter().flat_map(Node::entries) {
        let path = Path {
            own,
            defaults: &defaults,
        };
        if let Some(why) = pattern(name) {
            // `all` without a source of its own is no path but the defaults of others.
            moved.courts.push(Court {
                name: name.to_owned(),
                line: own.line,
                camera: None,
                notes: vec![why.to_owned()],
            });
            continue;
        }
        if path.is_true("record")
            && let Some(days) = days(path.text("recordDeleteAfter"))
        {
            kept_days.push(days);
        }
        moved.courts.push(court(name, &path));
    }
    if let Some(most) = kept_days.iter().max() {
        moved.notes.push(super::keep_days(*most));
    }
    if moved.courts.is_empty() {
        moved.notes.push("it has no `paths`".to_owned());
    }
    moved
}

/// Why a path's name stands for no single stream.
fn pattern(name: &str) -> Option<&'static str> {
    match name {
        "all" | "all_others" => Some("it stands for every other path, not for one camera"),
        name if name.starts_with('~') => {
            Some("its name is a regular expression; write a table for each camera it stands for")
        }
        _ => None,
    }
}

fn court(name: &str, path: &Path<'_>) -> Court {
    let mut notes = Vec::new();
    let source = path.text("source");
    let found = match source {
        "" | "publisher" => published(path),
        "redirect" => Err("it redirects to another server; import that one's file".to_owned()),
        "rpiCamera" => {
            Err("it is a camera on a ribbon cable, which no built-in adapter reads".to_owned())
        }
        url => source::camera(url),
    };
    let camera = match found {
        Ok((mut camera, its_notes)) => {
            notes.extend(its_notes);
            let transport = match path.text("rtspTransport") {
                "" => path.text("sourceProtocol"),
                transport => transport,
            };
            camera.transport = match transport {
                "udp" => Some("udp"),
                "tcp" => Some("tcp"),
                "multicast" => Some("multicast"),
                _ => None,
            };
            let pin = fingerprint(path.text("sourceFingerprint"));
            match pin {
                Some(pin)
                    if camera.url.starts_with("rtsps:") || camera.url.starts_with("https:") =>
                {
                    notes.retain(|note| !note.contains("certificate"));
                    camera.tls = Tls::Pin(pin);
                }
                None if !path.text("sourceFingerprint").is_empty() => {
                    notes.push("its `sourceFingerprint` is no SHA-256: the certificate is checked as usual".into());
                }
                _ => {}
            }
            Some(camera)
        }
        Err(why) => {
            notes.push(why);
            None
        }
    };
    if camera.is_some() {
        if path.is_true("sourceOnDemand") {
            notes
                .push("`sourceOnDemand`: PadelVar connects for a session only, in any case".into());
        }
        if path.is_true("record") {
            notes.push("`record`: PadelVar records when a session asks for it".into());
        }
        for key in [
            "fallback",
            "sourceAnyPortEnable",
            "rtspAnyPort",
            "rtspRangeType",
            "maxReaders",
        ] {
            let set = path
                .own
                .get(key)
                .is_some_and(|node| !node.is_false() && node.text() != Some(""));
            if set {
                notes.push(format!("`{key}` is not carried over"));
            }
        }
        for key in ["readUser", "publishUser", "readPass", "publishPass"] {
            if path.own.get(key).is_some() {
                notes.push(format!(
                    "`{key}` is not carried over: who may watch is the policy's to say"
                ));
            }
        }
    }
    hooks(path.own, &mut notes);
    Court {
        name: name.to_owned(),
        line: path.own.line,
        camera,
        notes,
    }
}

/// A path that waits for a publisher may start that publisher itself.
fn published(path: &Path<'_>) -> source::Found {
    for key in ["runOnInit", "runOnDemand"] {
        if let Some(url) = command::input_of(path.text(key)) {
            let (camera, mut notes) = source::camera(&url)?;
            notes.push(format!(
                "a command of `{key}` published it: its FFmpeg input is taken"
            ));
            return Ok((camera, notes));
        }
    }
    Err("it has no source: a program publishes into it; name the camera's address".to_owned())
}

fn hooks(node: &Node, notes: &mut Vec<String>) {
    for (key, value) in node.entries() {
        let runs = key.starts_with("runOn")
            && !key.ends_with("Restart")
            && !key.ends_with("Timeout")
            && !key.ends_with("CloseAfter");
        if runs && value.text().is_some_and(|text| !text.is_empty()) {
            notes.push(format!(
                "line {}: `{}` is not carried over: PadelVar runs no commands",
                value.line,
                shown(key)
            ));
        }
    }
}

/// 64 hexadecimal digits, colons left out.
fn fingerprint(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| digits.to_ascii_lowercase())
}

/// Whole days of a duration as Go writes them (`24h`, `7d`, `90m`), rounded up.
fn days(text: &str) -> Option<u64> {
    let (unit, hours_of) = match text.chars().next_back()? {
        'h' => ('h', 1),
        'd' => ('d', 24),
        'w' => ('w', 168),
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let hours = number.checked_mul(hours_of)?;
    (hours > 0).then(|| hours.div_ceil(24))
}
