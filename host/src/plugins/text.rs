//! What a guest says, made fit for a log line, an answer, a terminal.

/// Longest reason of a failure that is shown, characters: a page of it helps nobody.
pub const REASON_CHARS: usize = 300;

/// One line of at most `most` characters. Whatever could forge a further line, move a
/// terminal's cursor or turn the direction of writing becomes a blank; blanks in a row become
/// one.
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut left = most;
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() || is_invisible(c) {
            blank = !line.is_empty();
            continue;
        }
        let needed = if blank { 2 } else { 1 };
        if left < needed {
            break;
        }
        if std::mem::take(&mut blank) {
            line.push(' ');
        }
        line.push(c);
        left -= needed;
    }
    line
}

/// [`one_line`] with the length of a reason, and a mark where it was cut.
pub fn reason(text: &str) -> String {
    let mut line = one_line(text, REASON_CHARS + 1);
    if let Some((end, _)) = line.char_indices().nth(REASON_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Control characters, and the format characters that hide or turn text (Unicode Cf, as far as
/// they do that).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_forges_a_line() {
        let text = "\u{1b}[2Jall is\r\n\r\nwell \u{202e}desrever\u{0}\u{2028}x  ";
        assert_eq!(one_line(text, 100), "[2Jall is well desrever x");
        assert_eq!(one_line("\r\n \u{7}", 100), "");
    }

    #[test]
    fn it_is_cut_between_characters() {
        assert_eq!(one_line("ééé éé", 100), "ééé éé");
        assert_eq!(one_line("ééé éé", 5), "ééé é");
        assert_eq!(one_line("ééé éé", 4), "ééé");
        assert_eq!(one_line("ééé éé", 2), "éé");
        assert_eq!(one_line("é", 0), "");
    }

    #[test]
    fn reasons_are_short_and_say_when_they_were_cut() {
        assert_eq!(reason("brief"), "brief");
        assert_eq!(reason(&"x".repeat(300)).chars().count(), 300);
        let cut = reason(&"very ".repeat(20_000));
        assert!(cut.ends_with('…') && cut.chars().count() <= 301, "{cut}");
    }
}
