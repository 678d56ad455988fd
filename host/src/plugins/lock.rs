//! `plugins.lock`: which plugin files were approved, by name and digest. Its text only; see
//! `lock_file.rs` for the file.
//!
//! It is read strictly. A file that is not understood approves nothing, since half of a list of
//! what is trusted is no such list.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::text::one_line;

/// The form that is written and read.
const VERSION: u32 = 1;
/// Characters of a plugin's name; a file's name has no more on any file system.
const NAME_CHARS: usize = 255;

const HEAD: &str = "\
# Plugin files that this host may load where `trust = \"pinned\"` stands in padelvar.toml:
# a file counts with exactly this name and content. Written by `padelvar plugin approve FILE`;
# whoever can write to this file decides what runs beside the cameras.
";

/// A file that may be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// SHA-256 of the file, lower case hexadecimal.
    pub sha256: String,
    /// Its length, bytes.
    pub size_bytes: u64,
    /// When somebody approved it.
    pub approved_at: Timestamp,
}

/// All approvals, by the plugin's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock(BTreeMap<String, Approval>);

/// What is wrong with a lock's text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{line}:{column}: {message}")]
pub struct LockProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: Spanned<u32>,
    #[serde(default)]
    plugin: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    name: Spanned<String>,
    sha256: Spanned<String>,
    size_bytes: u64,
    approved_at: Timestamp,
}

impl Lock {
    /// Reads a lock's text.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LockProblem> {
        let at = |span: Range<usize>, message: String| problem(text, span.start, message);
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            at(span, one_line(error.message(), 200))
        })?;
        if *raw.version.get_ref() != VERSION {
            let message = format!("this host knows version {VERSION} of this file only");
            return Err(at(raw.version.span(), message));
        }
        let mut approvals = BTreeMap::new();
        for entry in raw.plugin {
            let span = entry.name.span();
            let name = entry.name.into_inner();
            if !is_name(&name) {
                let message = "not the name of a plugin: it is its file's, without .wasm";
                return Err(at(span, message.to_owned()));
            }
            let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let digest = entry.sha256.get_ref();
            if digest.len() != 64 || !digest.bytes().all(hex) {
                let message = "a SHA-256 digest has 64 digits of 0-9 and a-f";
                return Err(at(entry.sha256.span(), message.to_owned()));
            }
            let approval = Approval {
                sha256: entry.sha256.into_inner(),
                size_bytes: entry.size_bytes,
                approved_at: entry.approved_at,
            };
            if approvals.contains_key(&name) {
                return Err(at(span, format!("`{name}` stands here twice")));
            }
            approvals.insert(name, approval);
        }
        Ok(Self(approvals))
    }

    /// The text that [`parse`](Self::parse) reads; equal locks have equal texts.
    pub fn text(&self) -> String {
        let mut text = format!("{HEAD}version = {VERSION}\n");
        for (name, approval) in &self.0 {
            let name = toml::Value::String(name.clone());
            // Writing to a String does not fail.
            let _ = write!(
                text,
                "\n[[plugin]]\nname = {name}\nsha256 = \"{}\"\nsize_bytes = {}\napproved_at = \"{}\"\n",
                approval.sha256, approval.size_bytes, approval.approved_at
            );
        }
        text
    }

    /// The approval of a name.
    pub fn get(&self, name: &str) -> Option<&Approval> {
        self.0.get(name)
    }

    /// All, by name.
    pub fn approvals(&self) -> impl Iterator<Item = (&str, &Approval)> {
        self.0
            .iter()
            .map(|(name, approval)| (name.as_str(), approval))
    }

    /// Approves a file; returns what was approved by this name before.
    pub fn approve(&mut self, name: &str, approval: Approval) -> Option<Approval> {
        self.0.insert(name.to_owned(), approval)
    }

    /// Takes an approval back.
    pub fn remove(&mut self, name: &str) -> Option<Approval> {
        self.0.remove(name)
    }
}

/// Whether a plugin can have this name: it is a file's name without its ending.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= NAME_CHARS
        && !name.contains('/')
        && name == one_line(name, NAME_CHARS)
}

fn problem(text: &str, offset: usize, message: String) -> LockProblem {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    LockProblem {
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(digit: char) -> Approval {
        Approval {
            sha256: String::from(digit).repeat(64),
            size_bytes: 150_000,
            approved_at: "2026-05-01T18:30:00Z".parse().unwrap(),
        }
    }

    fn wrong(text: &str) -> String {
        Lock::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut lock = Lock::default();
        assert_eq!(Lock::parse(&lock.text()).unwrap(), lock);
        assert_eq!(lock.approve("vendor", approval('a')), None);
        assert_eq!(lock.approve("a \"b\" \\é", approval('b')), None);
        let text = lock.text();
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        assert!(
            text.find("é").unwrap() < text.find("vendor").unwrap(),
            "sorted"
        );
        assert_eq!(lock.approve("vendor", approval('c')), Some(approval('a')));
        assert_eq!(lock.get("vendor"), Some(&approval('c')));
        assert_eq!(lock.remove("vendor"), Some(approval('c')));
        assert_eq!(lock.remove("vendor"), None);
        assert_eq!(lock.approvals().count(), 1);
    }

    #[test]
    fn the_rest_is_refused_with_its_place() {
        let mut lock = Lock::default();
        lock.approve("vendor", approval('a'));
        let good = lock.text();
        assert!(wrong("").contains("version"));
        assert!(wrong("version = 1\nnonsense").starts_with("2:"));
        assert!(wrong("version = 2\n").starts_with("1:11: this host knows version 1"));
        assert!(wrong("version = 1\nfurther = 3\n").contains("unknown field"));
        let twice = format!("{good}{}", &good[good.find("[[").unwrap()..]);
        assert!(
            wrong(&twice).starts_with("12:8: `vendor` stands here twice"),
            "{}",
            wrong(&twice)
        );
        for (from, to, told) in [
            ("\"vendor\"", "\"../vendor\"", "7:8: not the name"),
            ("\"vendor\"", "\"a\\u001b\"", "7:8: not the name"),
            ("\"aaaa", "\"AAAA", "8:10: a SHA-256"),
            ("\"aaaa", "\"aaa", "8:10: a SHA-256"),
            ("150000", "-1", "9:14: "),
            ("150000", "\"1\"", "9:14: "),
            ("2026-05", "2026-50", "10:15: "),
            ("size_bytes = 150000\n", "", "missing field"),
        ] {
            let found = wrong(&good.replace(from, to));
            assert!(found.contains(told), "{to}: {found}");
        }
    }
}
