//! Reading one table of TOML strictly: what nobody asked for is a problem, and so is every value
//! that is not what it has to be. All problems of a file come out at once.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::config::{Place, Problem, nearest_hint, place};

/// A value with its place.
pub type Spanned<'a> = toml::Spanned<DeValue<'a>>;

/// A text that is read, and what was found wrong with it.
pub struct Reader<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub problems: RefCell<Vec<Problem>>,
}

impl Reader<'_> {
    /// Adds a problem.
    pub fn problem(&self, at: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.problems.borrow_mut().push(Problem {
            place: place(self.file, self.text, at.start),
            message: message.into(),
            hint,
        });
    }

    /// Line and column.
    pub fn line_and_column(&self, at: &Range<usize>) -> (usize, usize) {
        match place(self.file, self.text, at.start) {
            Place::File { line, column, .. } => (line, column),
            Place::Variable(_) => (1, 1),
        }
    }

    /// A text.
    pub fn text_of<'v>(&self, what: &str, value: &'v Spanned<'_>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(what, "a text in quotes", value);
        }
        text
    }

    /// A text or a list of them, each with its place. Empty lists are a problem: they would
    /// expect nothing.
    pub fn texts<'v>(&self, what: &str, value: &'v Spanned<'_>) -> Vec<(&'v str, Range<usize>)> {
        let items = self.items(what, value);
        items
            .into_iter()
            .filter_map(|item| Some((self.text_of(what, item)?, item.span())))
            .collect()
    }

    /// The items of a list, or the one thing that stands there instead of one.
    pub fn items<'v, 'i>(&self, what: &str, value: &'v Spanned<'i>) -> Vec<&'v Spanned<'i>> {
        match value.get_ref().as_array() {
            Some(list) if list.is_empty() => {
                self.problem(&value.span(), format!("`{what}` is empty"), None);
                Vec::new()
            }
            Some(list) => list.iter().collect(),
            None => vec![value],
        }
    }

    /// An id, number or text.
    pub fn id(&self, what: &str, value: &Spanned<'_>) -> Option<String> {
        let id = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            _ => {
                self.wrong_type(what, "an id, a number or a text", value);
                return None;
            }
        };
        if id.is_empty() {
            self.problem(&value.span(), format!("`{what}` is empty"), None);
            return None;
        }
        Some(id)
    }

    /// Says that a value is of another type.
    pub fn wrong_type(&self, what: &str, wanted: &str, value: &Spanned<'_>) {
        let found = value.get_ref().type_str();
        let message = format!("`{what}` must be {wanted}, and this is of the type {found}");
        self.problem(&value.span(), message, None);
    }

    /// One of some names, told with the nearest where it is none of them.
    pub fn one_of<T: Copy>(
        &self,
        what: &str,
        (text, at): (&str, &Range<usize>),
        known: &[(&str, T)],
    ) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!("there is no {what} `{}`", shown(text));
            self.problem(at, message, nearest_hint(what, text, &names));
        }
        found.map(|(_, value)| *value)
    }
}

/// A name from the file, fit for a message.
pub fn shown(text: &str) -> String {
    crate::plugins::one_line(text, 40)
}

/// A table that is being read.
pub struct Section<'r, 'v, 'a> {
    pub reader: &'r Reader<'r>,
    /// As in a header: `matrix`. Empty for the whole file.
    name: &'static str,
    entries: &'v DeTable<'a>,
    /// Where it begins.
    pub span: Range<usize>,
    known: Vec<&'static str>,
}

impl<'r, 'v, 'a> Section<'r, 'v, 'a> {
    pub fn new(
        reader: &'r Reader<'r>,
        name: &'static str,
        entries: &'v DeTable<'a>,
        span: Range<usize>,
    ) -> Self {
        Self {
            reader,
            name,
            entries,
            span,
            known: Vec::new(),
        }
    }

    /// The value of a key, which from now on is a known one.
    pub fn get(&mut self, key: &'static str) -> Option<&'v Spanned<'a>> {
        self.known.push(key);
        let mut entries = self.entries.iter();
        entries
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    /// Ends the reading: reports what nobody asked for.
    pub fn finish(self) {
        for (key, _) in self.entries {
            let name = key.get_ref();
            if self.known.contains(&name.as_ref()) {
                continue;
            }
            let place = match self.name {
                "" => String::new(),
                section => format!(" in `{section}`"),
            };
            let message = format!("unknown key `{}`{place}", shown(name));
            let hint = nearest_hint("key", name, &self.known);
            self.reader.problem(&key.span(), message, hint);
        }
    }
}
