//! Parameters of an authentication header (RFC 9110 11.2).

/// Splits `name=value, name="quoted \" value"`. Names come back as written.
/// What cannot be read is left out; the caller misses it then.
pub(super) fn parameters(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim().to_owned();
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_string(quoted),
            None => match after.split_once(',') {
                Some((value, after)) => (value.trim().to_owned(), after),
                None => (after.trim().to_owned(), ""),
            },
        };
        out.push((name, value));
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    out
}

/// A quoted string without its opening quote, and what follows the closing one.
fn quoted_string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn quoted_and_plain_values() {
        let found = parameters(r#" a="x, \"y\"" ,b=z,  c="", d"#);
        let wanted = [("a", r#"x, "y""#), ("b", "z"), ("c", "")];
        assert_eq!(found, wanted.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(parameters("").is_empty());
        assert_eq!(parameters("a=\"open").len(), 1);
    }
}
