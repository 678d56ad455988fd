//! What is wrong with settings, and where.

use core::fmt;

use crate::Finding;

impl Finding {
    /// Something wrong with no place in the text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            line: None,
            column: None,
        }
    }

    /// The same at a place of `text`, given in bytes from its start; line and column
    /// (in characters) count from 1. A place behind the end is the end.
    #[must_use]
    pub fn at(mut self, text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let newlines = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before[line_start..].chars().count();
        self.line = u32::try_from(newlines + 1).ok();
        self.column = u32::try_from(column + 1).ok();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let text = "é = 1\nab\r\n\n";
        let place = |offset| {
            let finding = Finding::new("x").at(text, offset);
            (finding.line, finding.column)
        };
        assert_eq!(place(0), (Some(1), Some(1)));
        // In the middle of a character.
        assert_eq!(place(1), (Some(1), Some(1)));
        assert_eq!(place(2), (Some(1), Some(2)));
        assert_eq!(place(7), (Some(2), Some(1)));
        assert_eq!(place(8), (Some(2), Some(2)));
        assert_eq!(place(11), (Some(3), Some(1)));
        assert_eq!(place(usize::MAX), (Some(4), Some(1)));
    }

    #[test]
    fn readable() {
        assert_eq!(Finding::new("wrong").to_string(), "wrong");
        assert_eq!(
            Finding::new("wrong").at("a\nbc", 3).to_string(),
            "line 2, column 2: wrong"
        );
    }
}
