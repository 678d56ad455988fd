//! Tables for people, in Markdown.

use std::fmt::Write as _;

/// Named rows with a column for each name.
pub fn columns(names: &[&str], columns: &[Vec<(&'static str, String)>]) -> String {
    let mut text = String::from("| |");
    // Writing to a string cannot fail.
    for name in names {
        let _ = write!(text, " {name} |");
    }
    text += "\n|---|";
    text += &"---:|".repeat(names.len());
    text.push('\n');
    let Some(first) = columns.first() else {
        return text;
    };
    for (index, (row, _)) in first.iter().enumerate() {
        let _ = write!(text, "| {row} |");
        for column in columns {
            let _ = write!(text, " {} |", column[index].1);
        }
        text.push('\n');
    }
    text
}
