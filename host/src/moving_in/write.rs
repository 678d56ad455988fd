//! From what was carried over to TOML.

use std::fmt::Write as _;

use super::court::{Camera, Court, Given, Moved, Tls, shown};

/// The club that all terrains are put in.
const CLUB: &str = "[[clubs]]\nid = 1\nname = \"Club\"\n";
/// Longest name of a terrain, in bytes; the configuration takes 1024.
const MAX_NAME_CHARS: usize = 200;

/// The tables, with every note as a comment where it belongs. Terrains are numbered from 1.
pub(super) fn toml(moved: &Moved, from: &str) -> String {
    let mut out = format!("# Carried over from a configuration of {from}.\n");
    for note in &moved.notes {
        comment(&mut out, note);
    }
    out.push('\n');
    out.push_str(CLUB);
    let mut id = 0;
    for court in &moved.courts {
        out.push('\n');
        if let Some(camera) = &court.camera {
            id += 1;
            table(&mut out, id, court, camera);
        } else {
            comment(
                &mut out,
                &format!("{}, line {}, is left out:", shown(&court.name), court.line),
            );
            for note in &court.notes {
                comment(&mut out, &format!("- {note}"));
            }
        }
    }
    out
}

fn table(out: &mut String, id: usize, court: &Court, camera: &Camera) {
    comment(out, &format!("{}, line {}", shown(&court.name), court.line));
    for note in &court.notes {
        comment(out, &format!("- {note}"));
    }
    let name = terrain_name(&court.name, id);
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "[[terrains]]\nid = {id}\nclub_id = 1\nname = {}\naudio = false",
        quoted(&name)
    );
    let _ = writeln!(out, "\n[terrains.camera]\nurl = {}", quoted(&camera.url));
    if let Some(adapter) = camera.adapter {
        let _ = writeln!(out, "adapter = {}", quoted(adapter));
    }
    given(out, id, "username", camera.username.as_ref());
    given(out, id, "password", camera.password.as_ref());
    match &camera.tls {
        Tls::Verify => {}
        Tls::Off => out.push_str("tls = \"off\"\n"),
        Tls::Pin(digest) => {
            let _ = writeln!(out, "tls = {}", quoted(&format!("pin:{digest}")));
        }
    }
    if let Some(transport) = camera.transport {
        let _ = writeln!(out, "options = {{ transport = {} }}", quoted(transport));
    }
}

fn given(out: &mut String, id: usize, key: &str, given: Option<&Given>) {
    match given {
        None => {}
        Some(Given::Text(text)) => {
            let _ = writeln!(out, "{key} = {}", quoted(text));
            if key == "password" {
                comment(
                    out,
                    &format!("or, in a file with mode 600: {key}_file = \"secrets/terrain-{id}\""),
                );
            }
        }
        Some(Given::Elsewhere(name)) => {
            comment(
                out,
                &format!(
                    "was filled in from {}; put it into a file with mode 600:",
                    shown(name)
                ),
            );
            comment(out, &format!("{key}_file = \"secrets/terrain-{id}-{key}\""));
        }
    }
}

/// One line, never empty: what the configuration takes for a name.
fn terrain_name(name: &str, id: usize) -> String {
    let name: String = name
        .chars()
        .take(MAX_NAME_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if name.trim().is_empty() {
        format!("Court {id}")
    } else {
        name
    }
}

/// A comment cannot hold control characters (TOML 1.0, "Comment"), so that nothing from the
/// file gets out of it.
fn comment(out: &mut String, text: &str) {
    out.push_str("# ");
    out.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    out.push('\n');
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
