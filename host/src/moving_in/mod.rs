//! `padelvar import`: the cameras of another program's configuration as `[[terrains]]`.
//!
//! Pure: text in, text out. Nothing is run, nothing connects, no variable is read. What
//! cannot be carried over is said, once as a comment in the TOML and once as a note.

mod command;
mod court;
mod frigate;
mod go2rtc;
mod kinds;
mod mediamtx;
mod placeholder;
mod source;
#[cfg(test)]
mod tests;
mod write;
mod yaml;

pub use yaml::{MAX_BYTES, YamlError};

use court::{Moved, shown};
use yaml::{Node, Value};

/// Whose configuration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// <https://github.com/AlexxIT/go2rtc>
    Go2rtc,
    /// <https://github.com/bluenviron/mediamtx>
    MediaMtx,
    /// <https://github.com/blakeblackshear/frigate>
    Frigate,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Go2rtc => "go2rtc",
            Self::MediaMtx => "MediaMTX",
            Self::Frigate => "Frigate",
        }
    }
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// `[[clubs]]` and `[[terrains]]`, with comments. **Holds passwords** where the file did.
    pub toml: String,
    /// What to look at, one line each. Without secrets.
    pub notes: Vec<String>,
    /// Terrains in it.
    pub terrains: usize,
    /// Streams that are left out.
    pub left_out: usize,
}

/// Why nothing came of a file. Holds nothing of its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Not read.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A list or a text.
    #[error("it is not a table of settings, as a configuration of {0} is")]
    NoTable(&'static str),
}

/// Translates a configuration.
pub fn import(program: Program, text: &str) -> Result<Import, ImportError> {
    let root = Node::parse(text)?;
    if !matches!(root.value, Value::Table(_)) {
        return Err(ImportError::NoTable(program.name()));
    }
    let moved = match program {
        Program::Go2rtc => go2rtc::translate(&root),
        Program::MediaMtx => mediamtx::translate(&root),
        Program::Frigate => frigate::translate(&root),
    };
    let terrains = moved
        .courts
        .iter()
        .filter(|court| court.camera.is_some())
        .count();
    Ok(Import {
        toml: write::toml(&moved, program.name()),
        notes: notes(&moved),
        terrains,
        left_out: moved.courts.len() - terrains,
    })
}

fn notes(moved: &Moved) -> Vec<String> {
    let mut notes = moved.notes.clone();
    for court in &moved.courts {
        let name = shown(&court.name);
        let left_out = if court.camera.is_some() {
            ""
        } else {
            "left out: "
        };
        for note in &court.notes {
            notes.push(format!("line {}: `{name}`: {left_out}{note}", court.line));
        }
    }
    notes
}

/// What to say where recordings were kept for some days.
fn keep_days(days: u64) -> String {
    format!(
        "recordings were kept for up to {days} day(s): `keep_days = {days}` under `[video]` does the same for all courts"
    )
}
