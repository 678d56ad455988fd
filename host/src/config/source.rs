//! The text and the environment that a configuration is read from, and the list of
//! what is wrong with them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::nearest::{nearest, nearest_hint};
use super::problem::{Place, Problem};
use super::table::Table;

/// Environment variables by name.
pub type Environment = BTreeMap<String, String>;

const PREFIX: &str = "PADELVAR_";

/// Names that came before `PADELVAR_<SECTION>__<KEY>`. `PROXY_BASE_PORT` is the third;
/// it is a part of a value only.
const OLD_NAMES: [(&str, &str, &str); 2] = [
    ("FFMPEG_PATH", "video", "ffmpeg_path"),
    ("FFPROBE_PATH", "video", "ffprobe_path"),
];

/// The variables of this process that a configuration may look at.
pub fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            Some((
                name.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            ))
        })
        .filter(|(name, _)| {
            name.starts_with(PREFIX)
                || name == "PROXY_BASE_PORT"
                || OLD_NAMES.iter().any(|(old, ..)| name == old)
        })
        .collect()
}

/// Everything a configuration is read from, and what was found on the way.
pub(super) struct Source<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    pub text: &'a str,
    /// What relative paths are relative to; absolute.
    pub base_dir: &'a Path,
    pub root: &'a DeTable<'a>,
    pub environment: &'a Environment,
    pub problems: RefCell<Vec<Problem>>,
    pub warnings: RefCell<Vec<String>>,
    /// Other files that were read, or that belong to the configuration.
    pub files: RefCell<Vec<PathBuf>>,
    /// Whether a secret stands in the text itself.
    pub secret_in_text: Cell<bool>,
    /// Every (table, key) that was asked for: the known ones.
    pub known: RefCell<Vec<(String, &'static str)>>,
}

impl<'a> Source<'a> {
    pub fn new(
        file: &'a str,
        text: &'a str,
        base_dir: &'a Path,
        root: &'a DeTable<'a>,
        environment: &'a Environment,
    ) -> Self {
        Self {
            file,
            text,
            base_dir,
            root,
            environment,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            files: RefCell::default(),
            secret_in_text: Cell::default(),
            known: RefCell::default(),
        }
    }

    /// The section `[name]`, whether it is there or not.
    pub fn section(&self, name: &'static str) -> Table<'_, 'a> {
        let entries = match self.root.iter().find(|(key, _)| key.get_ref() == name) {
            Some((_, value)) => match value.get_ref() {
                DeValue::Table(table) => Some(table),
                other => {
                    let message = format!(
                        "`{name}` must be a table, not {}",
                        with_article(other.type_str())
                    );
                    self.problem(
                        self.place(value.span()),
                        message,
                        Some(format!("write `[{name}]`")),
                    );
                    None
                }
            },
            None => None,
        };
        Table::section(self, name, entries)
    }

    /// The tables of `[[name]]`.
    pub fn array_of_tables(&self, name: &'static str) -> Vec<Table<'_, 'a>> {
        let Some((_, value)) = self.root.iter().find(|(key, _)| key.get_ref() == name) else {
            return Vec::new();
        };
        let hint = Some(format!("write `[[{name}]]`"));
        let DeValue::Array(items) = value.get_ref() else {
            self.problem(
                self.place(value.span()),
                format!("`{name}` must be an array of tables"),
                hint,
            );
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(Table::nested(self, name.to_owned(), table, item.span()));
                }
                _ => self.problem(
                    self.place(item.span()),
                    format!("`{name}` must hold tables"),
                    hint.clone(),
                ),
            }
        }
        tables
    }

    /// Adds a problem.
    pub fn problem(&self, place: Place, message: impl Into<String>, hint: Option<String>) {
        self.problems.borrow_mut().push(Problem {
            place,
            message: message.into(),
            hint,
        });
    }

    /// Line and column of a place in the text.
    pub fn place(&self, span: Range<usize>) -> Place {
        place(self.file, self.text, span.start)
    }

    /// The variable that overrides a key, with its value.
    pub fn variable(&self, section: &str, key: &str) -> Option<(String, &'a str)> {
        let name = variable_name(section, key);
        let old = || {
            let (old, ..) = OLD_NAMES
                .iter()
                .find(|(_, of, name)| *of == section && *name == key)?;
            let value = self
                .environment
                .get(*old)
                .filter(|value| !value.is_empty())?;
            Some(((*old).to_owned(), value.as_str()))
        };
        match self.environment.get(&name) {
            Some(value) => Some((name, value)),
            None => old(),
        }
    }

    /// Where `key` of `[section]` is set, or else where it would be.
    pub fn place_of(&self, section: &str, key: &str) -> Place {
        if let Some((name, _)) = self.variable(section, key) {
            return Place::Variable(name);
        }
        let section = self
            .root
            .iter()
            .find(|(name, _)| name.get_ref() == section)
            .map(|(_, value)| value);
        let value = section.and_then(|section| {
            let table = section.get_ref().as_table()?;
            table
                .iter()
                .find(|(name, _)| name.get_ref() == key)
                .map(|(_, value)| value)
        });
        self.place(value.or(section).map_or(0..0, toml::Spanned::span))
    }

    /// Reports top-level keys and variables that nothing asked for.
    pub fn report_unknown(&self, sections: &[&'static str], arrays: &[&'static str]) {
        let all: Vec<&str> = sections.iter().chain(arrays).copied().collect();
        for (key, _) in self.root {
            let name = key.get_ref();
            if all.contains(&name.as_ref()) {
                continue;
            }
            let place = self.place(key.span());
            let known = self.known.borrow();
            let hint = match known.iter().find(|(_, known)| known == name) {
                Some((section, _)) => Some(format!("`{name}` belongs under `[{section}]`")),
                None => nearest_hint("section", name, &all),
            };
            self.problem(place, format!("unknown key `{name}`"), hint);
        }
        for name in self.environment.keys() {
            let Some((section, key)) = name
                .strip_prefix(PREFIX)
                .and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            self.check_variable(
                name,
                &section.to_ascii_lowercase(),
                &key.to_ascii_lowercase(),
                sections,
                arrays,
            );
        }
    }

    fn check_variable(
        &self,
        name: &str,
        section: &str,
        key: &str,
        sections: &[&str],
        arrays: &[&str],
    ) {
        let place = Place::Variable(name.to_owned());
        if arrays.contains(&section) {
            let hint = Some("clubs and terrains are set in the file only".to_owned());
            self.problem(
                place,
                format!("`{section}` cannot be set by a variable"),
                hint,
            );
            return;
        }
        if !sections.contains(&section) {
            let message = format!("unknown section `{section}`");
            self.problem(place, message, nearest_hint("section", section, sections));
            return;
        }
        let known = self.known.borrow();
        let keys: Vec<&str> = known
            .iter()
            .filter(|(of, _)| of == section)
            .map(|(_, key)| *key)
            .collect();
        if !keys.contains(&key) {
            let hint = nearest(key, keys)
                .map(|(key, _)| format!("did you mean {}?", variable_name(section, key)));
            self.problem(place, format!("unknown key `{key}` of `[{section}]`"), hint);
        } else if name != variable_name(section, key) {
            let hint = Some(format!("write {}", variable_name(section, key)));
            self.problem(place, "the name of the variable must be in capitals", hint);
        }
    }
}

/// Line and column of a byte of a text.
pub(crate) fn place(file: &str, text: &str, offset: usize) -> Place {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place::File {
        file: file.to_owned(),
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// `PADELVAR_<SECTION>__<KEY>`.
fn variable_name(section: &str, key: &str) -> String {
    format!(
        "{PREFIX}{}__{}",
        section.to_ascii_uppercase(),
        key.to_ascii_uppercase()
    )
}

/// "an integer", "a string".
pub(super) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
