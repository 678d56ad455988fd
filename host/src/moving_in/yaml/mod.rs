//! YAML as a tree that keeps the order and the lines of its file.
//!
//! The parser gives events only; what an alias costs, how deep a file may go and what `<<`
//! means is decided here (see [`build`]), because the files come from elsewhere.

mod build;
#[cfg(test)]
mod tests;

use std::rc::Rc;

/// Largest file that is read, in bytes. The largest that a club would have is below 100 KiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most levels within each other: a file of brackets only must not use up the stack.
const MAX_DEPTH: usize = 64;
/// Most values, those counted again that an alias repeats: a few lines of aliases of aliases
/// ("billion laughs") would fill the memory otherwise.
const MAX_NODES: usize = 400_000;

/// Why a text is no YAML that is read here. Holds nothing of the text: it may hold passwords.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// Over [`MAX_BYTES`].
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// No YAML.
    #[error("line {line}: not YAML: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// Over 64 levels.
    #[error("line {line}: more than {MAX_DEPTH} levels within each other")]
    TooDeep {
        /// From 1.
        line: usize,
    },
    /// Too many values, aliases written out.
    #[error("line {line}: more than {MAX_NODES} values, aliases counted as what they repeat")]
    TooMany {
        /// From 1.
        line: usize,
    },
    /// An alias of nothing before it, or of what it stands in itself.
    #[error("line {line}: an alias of an anchor that is not complete before it")]
    Alias {
        /// From 1.
        line: usize,
    },
    /// Twice the same key: programs differ in which they take.
    #[error("line {line}: the key `{key}` stands twice in one table")]
    Twice {
        /// From 1.
        line: usize,
        /// The key.
        key: String,
    },
    /// A list or a table as a key.
    #[error("line {line}: a key must be a plain text")]
    Key {
        /// From 1.
        line: usize,
    },
    /// `<<` with something else than a table or a list of tables.
    #[error("line {line}: `<<` needs a table or a list of tables")]
    Merge {
        /// From 1.
        line: usize,
    },
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// From 1; in a table, its key's.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// A value. Numbers and booleans are texts here: what `yes` means is the reader's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A scalar.
    Text(Rc<str>),
    /// A list.
    List(Vec<Node>),
    /// A table in the order of the file, keys unique.
    Table(Vec<(Rc<str>, Node)>),
}

impl Node {
    /// Reads the first document of a text.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        build::parse(text)
    }

    /// The value of a key, where this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .find(|(name, _)| *name == key)
            .map(|(_, node)| node)
    }

    /// The value at the end of a way of keys.
    pub fn at(&self, way: &[&str]) -> Option<&Self> {
        way.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the scalar at the end of a way of keys.
    pub fn text_at(&self, way: &[&str]) -> Option<&str> {
        self.at(way)?.text()
    }

    /// Entries of a table; of anything else none.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = match &self.value {
            Value::Table(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, node)| (key.as_ref(), node))
    }

    /// Items of a list; anything else but nothing is a list of itself, as the programs
    /// that write these files take it.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// Whether it is one of the words that YAML 1.1 (`yes`, `on`) and 1.2 say true with.
    pub fn is_true(&self) -> bool {
        let words = ["true", "yes", "on"];
        self.text()
            .is_some_and(|text| words.contains(&text.to_ascii_lowercase().as_str()))
    }

    /// As [`Self::is_true`], for false.
    pub fn is_false(&self) -> bool {
        let words = ["false", "no", "off"];
        self.text()
            .is_some_and(|text| words.contains(&text.to_ascii_lowercase().as_str()))
    }
}
