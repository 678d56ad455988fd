//! Tables in a document, between marks: what is around them is written by hand.

use std::fs;
use std::io::{Error, Result};
use std::path::Path;

/// Puts a section's text into a file, in the place of what stands there.
///
/// # Errors
/// Where the file cannot be read or written, or has no place for the section.
pub fn write(file: &Path, section: &str, text: &str) -> Result<()> {
    let old = fs::read_to_string(file)?;
    let new = replaced(&old, section, text)
        .ok_or_else(|| Error::other(format!("there are no marks for `{section}`")))?;
    fs::write(file, new)
}

/// None where the marks are not there, or not in order.
fn replaced(old: &str, section: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- {section}: begin -->\n"),
        format!("<!-- {section}: end -->\n"),
    );
    let (before, rest) = old.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    let text = text.trim();
    Some(format!("{before}{begin}\n{text}\n\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let old = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n<!-- y: begin -->\n";
        let new = replaced(old, "x", "new\n").expect("the marks are there");
        let expected = "a\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\nb\n<!-- y: begin -->\n";
        assert_eq!(new, expected);
        assert_eq!(replaced(&new, "x", "new").as_deref(), Some(expected));
    }

    #[test]
    fn without_marks_nothing_is_written() {
        assert_eq!(replaced("a\n", "x", "new"), None);
        assert_eq!(replaced("<!-- x: begin -->\nold\n", "x", "new"), None);
    }
}
