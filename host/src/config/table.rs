//! Reading one table: every key that is asked for is a known one, the rest is
//! reported. A wrong value is reported and read as if it were absent, so that all
//! problems of a file come out at once.

use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::convert::{self, Wrong};
use super::nearest::nearest_hint;
use super::problem::Place;
use super::source::Source;

/// A table that is being read.
pub(super) struct Table<'s, 'a> {
    pub source: &'s Source<'a>,
    /// As in a header: `video`, `terrains.camera`.
    name: String,
    entries: Option<&'s DeTable<'a>>,
    span: Range<usize>,
    /// Whether variables override its keys.
    has_variables: bool,
    known: Vec<&'static str>,
}

/// A value and where it came from.
enum Found<'v, 'a> {
    InFile(&'v DeValue<'a>, Range<usize>),
    Variable(&'a str, String),
}

impl Found<'_, '_> {
    /// Only worked out where something is wrong: it means counting lines.
    fn place(&self, source: &Source<'_>) -> Place {
        match self {
            Self::InFile(_, span) => source.place(span.clone()),
            Self::Variable(_, name) => Place::Variable(name.clone()),
        }
    }
}

impl<'s, 'a> Table<'s, 'a> {
    pub fn section(
        source: &'s Source<'a>,
        name: &'static str,
        entries: Option<&'s DeTable<'a>>,
    ) -> Self {
        Self {
            source,
            name: name.to_owned(),
            entries,
            span: 0..0,
            has_variables: true,
            known: Vec::new(),
        }
    }

    pub fn nested(
        source: &'s Source<'a>,
        name: String,
        entries: &'s DeTable<'a>,
        span: Range<usize>,
    ) -> Self {
        Self {
            source,
            name,
            entries: Some(entries),
            span,
            has_variables: false,
            known: Vec::new(),
        }
    }

    /// The table `key` in this one. `None` where there is none, or something else.
    pub fn child(&mut self, key: &'static str) -> Option<Table<'s, 'a>> {
        self.known.push(key);
        let (_, value) = self
            .entries?
            .iter()
            .find(|(name, _)| name.get_ref() == key)?;
        let name = format!("{}.{key}", self.name);
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Table::nested(self.source, name, table, value.span()));
        }
        self.source.problem(
            self.source.place(value.span()),
            format!("`{key}` must be a table"),
            None,
        );
        None
    }

    /// Whether `key` is set in the file, whatever to.
    pub fn is_in_file(&self, key: &str) -> bool {
        self.entries
            .is_some_and(|entries| entries.iter().any(|(name, _)| name.get_ref() == key))
    }

    /// Whether a variable sets `key`.
    pub fn is_variable(&self, key: &str) -> bool {
        self.has_variables && self.source.variable(&self.name, key).is_some()
    }

    /// Where `key` is set, or else where the table begins.
    pub fn place(&self, key: &str) -> Place {
        if self.has_variables {
            return self.source.place_of(&self.name, key);
        }
        let entry = self
            .entries
            .and_then(|entries| entries.iter().find(|(name, _)| name.get_ref() == key));
        self.source
            .place(entry.map_or(self.span.clone(), |(_, value)| value.span()))
    }

    /// Reports that something is wrong with `key`.
    pub fn problem(&self, key: &str, message: impl Into<String>, hint: Option<String>) {
        self.source.problem(self.place(key), message, hint);
    }

    /// Notes `key` as known without reading it.
    pub fn know(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    fn find(&mut self, key: &'static str) -> Option<Found<'s, 'a>> {
        self.know(key);
        if self.has_variables
            && let Some((name, text)) = self.source.variable(&self.name, key)
        {
            return Some(Found::Variable(text, name));
        }
        let (_, value) = self
            .entries?
            .iter()
            .find(|(name, _)| name.get_ref() == key)?;
        Some(Found::InFile(value.get_ref(), value.span()))
    }

    fn report(&self, found: &Found<'_, '_>, wrong: Wrong) {
        let place = match (wrong.span, found) {
            (Some(span), Found::InFile(..)) => self.source.place(span),
            _ => found.place(self.source),
        };
        self.source.problem(place, wrong.message, wrong.hint);
    }

    /// A value of any type; a variable's text is read as TOML.
    pub fn value<T>(
        &mut self,
        key: &'static str,
        convert: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let found = self.find(key)?;
        let converted = match &found {
            Found::InFile(value, _) => convert(value),
            Found::Variable(text, _) => match DeValue::parse(text) {
                Ok(value) => convert(value.get_ref()),
                Err(error) => Err(Wrong::new(format!("not a TOML value: {}", error.message()))),
            },
        };
        converted
            .map_err(|wrong| self.report(&found, wrong.about(key)))
            .ok()
    }

    /// A text; a variable's is taken as it is.
    pub fn text<T>(
        &mut self,
        key: &'static str,
        convert: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let found = self.find(key)?;
        let converted = match &found {
            Found::InFile(value, _) => convert::text(value).and_then(convert),
            Found::Variable(text, _) => convert(text),
        };
        converted
            .map_err(|wrong| self.report(&found, wrong.about(key)))
            .ok()
    }

    /// One of some words.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        self.text(key, |text| {
            choices
                .iter()
                .find(|(name, _)| *name == text)
                .map(|(_, value)| *value)
                .ok_or_else(|| {
                    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                    let wrong = Wrong::new(format!("must be one of {}", names.join(", ")));
                    match nearest_hint("value", text, &names) {
                        Some(hint) if hint.starts_with("did") => wrong.hint(hint),
                        _ => wrong,
                    }
                })
        })
    }

    /// A whole number.
    pub fn integer<T: TryFrom<i128>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i128>,
    ) -> Option<T> {
        self.value(key, |value| {
            let number = convert::integer(value)?;
            let wrong = || Wrong::new(format!("must be from {} to {}", range.start(), range.end()));
            if !range.contains(&number) {
                return Err(wrong());
            }
            T::try_from(number).map_err(|_| wrong())
        })
    }

    /// A number over 0.
    pub fn positive(&mut self, key: &'static str, most: f64) -> Option<f64> {
        self.value(key, |value| match convert::number(value)? {
            number if number > 0.0 && number <= most => Ok(number),
            _ => Err(Wrong::new(format!("must be over 0 and at most {most}"))),
        })
    }

    /// True or false.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.value(key, convert::boolean)
    }

    /// A list of texts.
    pub fn texts<T>(
        &mut self,
        key: &'static str,
        convert: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        self.value(key, |value| {
            convert::list(value, |value| convert::text(value).and_then(&convert))
        })
    }

    /// A path, made absolute.
    pub fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let base_dir = self.source.base_dir;
        self.text(key, |text| {
            convert::path(text).map(|path| base_dir.join(path))
        })
    }

    /// Ends the reading: reports what nobody asked for.
    pub fn finish(self) {
        self.source
            .known
            .borrow_mut()
            .extend(self.known.iter().map(|key| (self.name.clone(), *key)));
        for (key, _) in self.entries.into_iter().flatten() {
            let name = key.get_ref();
            if self.known.contains(&name.as_ref()) {
                continue;
            }
            let message = format!("unknown key `{name}` in `[{}]`", self.name);
            self.source.problem(
                self.source.place(key.span()),
                message,
                nearest_hint("key", name, &self.known),
            );
        }
    }
}
