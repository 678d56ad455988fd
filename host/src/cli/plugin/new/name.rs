//! The name of a plugin that is begun: it becomes a crate's, a file's and one in the
//! configuration.

use std::str::FromStr;

/// Characters of a name: longer ones fill file names and lines of tables.
const LONGEST: usize = 40;

/// Strict and reserved words of Rust 2024, which no library may be called.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names of crates that the project uses itself, or that Rust comes with.
const TAKEN: &[&str] = &[
    "alloc",
    "core",
    "padelvar-policy-sdk",
    "padelvar-sdk",
    "proc-macro",
    "std",
    "strsim",
    "serde-json",
    "test",
    "thiserror",
    "wit-bindgen",
];

/// A name that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The library's name: hyphens are none in Rust, and capital letters are warned of.
    pub fn library(&self) -> String {
        self.0.replace('-', "_").to_ascii_lowercase()
    }

    /// The component's file name below the target folder.
    pub fn file(&self) -> String {
        format!("{}.wasm", self.library())
    }
}

impl FromStr for Name {
    type Err = String;

    /// The error says what a name has to be, with a hint.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(good) {
            return Err(format!(
                "a name is 1 to {LONGEST} letters, digits and `-`{}",
                suggestion(text)
            ));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) || text.ends_with('-') {
            return Err(format!(
                "a name begins with a letter and does not end with `-`{}",
                suggestion(text)
            ));
        }
        let lower = text.to_ascii_lowercase();
        if KEYWORDS.contains(&lower.as_str()) {
            return Err(format!(
                "`{text}` is a word of Rust and cannot be a crate's name; hint: {lower}-cam"
            ));
        }
        if TAKEN.contains(&lower.as_str()) {
            return Err(format!(
                "a crate called `{text}` is used by the project itself; hint: my-{lower}"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The same with what is not allowed left out, where something of it is left.
fn suggestion(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let joined: String = words.join("-").chars().take(LONGEST).collect();
    let name = joined.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    match name.trim_end_matches('-') {
        "" => String::new(),
        name => format!("; hint: {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        text.parse::<Name>().unwrap_err()
    }

    #[test]
    fn good_names() {
        for (text, library) in [
            ("court-cam", "court_cam"),
            ("a", "a"),
            ("Cam2000", "cam2000"),
            ("rtsp", "rtsp"),
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!((name.as_str(), name.library().as_str()), (text, library));
        }
    }

    #[test]
    fn all_else_is_refused_with_a_hint() {
        assert!(wrong("my cam").ends_with("hint: my-cam"));
        assert!(wrong("my_cam").ends_with("hint: my-cam"));
        assert!(wrong("../../etc").ends_with("hint: etc"));
        assert!(wrong("4k-cam").ends_with("hint: k-cam"));
        assert!(wrong("-cam").contains("begins with a letter"));
        assert!(wrong("cam-").ends_with("hint: cam"));
        assert!(wrong("caméra").contains("letters, digits"));
        assert!(!wrong("").contains("hint"));
        assert!(!wrong("///").contains("hint"));
        assert!(wrong(&"x".repeat(41)).contains("1 to 40"));
        assert!(wrong("Loop").contains("word of Rust"));
        assert!(wrong("std").contains("hint: my-std"));
    }
}
