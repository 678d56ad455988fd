//! `${NAME}`, `{NAME}` and `$NAME`: what other programs fill in when they start.
//!
//! go2rtc fills in `${NAME}` and `${NAME:default}`; Frigate `{FRIGATE_NAME}`; files that a
//! template makes hold `$NAME`. The values are not known here, so each is one character of
//! a private area until the URL is taken apart: a default may hold `:` and `@`.

/// First code point that stands for a placeholder (Unicode's private use area).
const FIRST: u32 = 0xE000;
/// As many as that area holds.
const MOST: usize = 6400;

/// A text with its placeholders replaced.
#[derive(Debug)]
pub(super) struct Marked {
    /// The text, one private character a placeholder.
    pub text: String,
    names: Vec<String>,
}

impl Marked {
    /// `None` where the text itself holds private characters, or too many placeholders.
    pub fn new(text: &str) -> Option<Self> {
        if text.chars().any(is_mark) {
            return None;
        }
        let mut marked = Self {
            text: String::with_capacity(text.len()),
            names: Vec::new(),
        };
        let mut rest = text;
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            if let Some((name, after)) = placeholder(rest, before) {
                let mark = u32::try_from(marked.names.len()).ok()?;
                if marked.names.len() == MOST {
                    return None;
                }
                marked.text.push(char::from_u32(FIRST + mark)?);
                marked.names.push(name.to_owned());
                before = rest[..rest.len() - after.len()].chars().next_back();
                rest = after;
            } else {
                marked.text.push(first);
                before = Some(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        Some(marked)
    }

    /// The names of the placeholders in a part of the text, in order.
    pub fn names_in(&self, part: &str) -> Vec<&str> {
        let marks = part.chars().filter(|c| is_mark(*c));
        let index = |mark: char| (mark as u32 - FIRST) as usize;
        marks
            .filter_map(|mark| self.names.get(index(mark)).map(String::as_str))
            .collect()
    }
}

fn is_mark(c: char) -> bool {
    (FIRST..FIRST + MOST as u32).contains(&(c as u32))
}

/// The name of the placeholder that a text begins with, and what follows it.
fn placeholder(text: &str, before: Option<char>) -> Option<(&str, &str)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(inner) = text.strip_prefix("${") {
        let (inside, after) = inner.split_once('}')?;
        let name = inside.split(':').next().unwrap_or(inside);
        return is_name(name).then_some((name, after));
    }
    // Frigate's `{{` is a brace that is meant.
    if let Some(inner) = text.strip_prefix('{')
        && before != Some('{')
    {
        let (name, after) = inner.split_once('}')?;
        return is_name(name).then_some((name, after));
    }
    // A `$` is common in passwords: only a whole part in capitals is taken for a name.
    let inner = text.strip_prefix('$')?;
    let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let end = inner.find(|c| !capital(c)).unwrap_or(inner.len());
    let (name, after) = inner.split_at(end);
    let edge = |c: Option<char>| c.is_none_or(|c| ":/@?&=#".contains(c));
    (name.len() >= 2 && is_name(name) && edge(before) && edge(after.chars().next()))
        .then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let marked = Marked::new(text).unwrap();
        let names = marked.names_in(&marked.text);
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_one() {
        assert_eq!(
            names("rtsp://{FRIGATE_USER}:{FRIGATE_PW}@h/"),
            ["FRIGATE_USER", "FRIGATE_PW"]
        );
        assert_eq!(names("rtsp://a:${PW:x:y@z}@h/"), ["PW"]);
        assert_eq!(names("rtsp://a:$CAM_PW@h/"), ["CAM_PW"]);
        assert_eq!(names("rtsp://$USER:$PASS@$HOST/"), ["USER", "PASS", "HOST"]);
        assert_eq!(Marked::new("a{B}c").unwrap().text, "a\u{e000}c");
    }

    #[test]
    fn what_is_none() {
        for text in [
            "rtsp://a:pa$WORD@h/",
            "rtsp://a:$word@h/",
            "{",
            "${",
            "{a b}",
            "{}",
            "$",
            "{é}",
            "{{AB}}",
        ] {
            assert!(names(text).is_empty(), "{text}");
        }
        assert!(Marked::new("\u{e000}").is_none());
        assert!(Marked::new(&"{A}".repeat(MOST + 1)).is_none());
    }
}
