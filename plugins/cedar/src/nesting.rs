//! How deep a rule may be. Cedar reads and evaluates an expression by recursion, and here
//! the stack has one megabyte: what is too deep would end the instance without a word.
//! Measured in the sandbox, with margin: 60 brackets around 200 joined parts do, 300 do not.

/// Brackets within brackets.
const MOST_DEPTH: usize = 32;
/// `&&`, `||`, `+`, `-`, `*`, `if`, `when` and `unless` in one rule: each is one deeper.
const MOST_JOINS: usize = 150;
/// Calls and attributes on one value, `a.b.c`.
const MOST_STEPS: usize = 32;

/// Where a text is too deep, in bytes from its start, and what is.
pub fn too_deep(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut joins = 0;
    // A row of steps for every bracket that is open.
    let mut steps = vec![0];
    let mut after_dot = false;
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        let start = position;
        let rest = &bytes[start..];
        let top = steps.len() - 1;
        position += 1;
        match byte {
            b'"' => {
                position = start + string(rest);
                steps[top] = 0;
            }
            b'/' if rest.starts_with(b"//") => {
                let end = rest.iter().position(|byte| *byte == b'\n');
                position = start + end.unwrap_or(rest.len());
                continue;
            }
            b'(' | b'[' | b'{' => {
                steps[top] += usize::from(byte == b'[');
                steps.push(0);
            }
            b')' | b']' | b'}' if top > 0 => {
                steps.pop();
            }
            b'.' => steps[top] += 1,
            b';' if top == 0 => (joins, steps[0]) = (0, 0),
            b'+' | b'-' | b'*' | b'&' | b'|' => {
                // `&&` and `||` are one.
                position += usize::from(rest.get(1) == Some(&byte) && b"&|".contains(&byte));
                joins += 1;
                steps[top] = 0;
            }
            b',' | b'=' | b'<' | b'>' | b'!' => steps[top] = 0,
            byte if word_part(byte) => {
                let end = rest.iter().position(|byte| !word_part(*byte));
                let word = &rest[..end.unwrap_or(rest.len())];
                position = start + word.len();
                joins += usize::from(matches!(word, b"if" | b"when" | b"unless"));
                if !after_dot {
                    steps[top] = 0;
                }
            }
            byte if byte.is_ascii_whitespace() => continue,
            _ => {}
        }
        after_dot = byte == b'.';
        if steps.len() > MOST_DEPTH + 1 {
            return Some((start, "brackets are nested more than 32 deep"));
        }
        if joins > MOST_JOINS {
            return Some((
                start,
                "a rule has more than 150 conditions joined (`&&`, `||`, `if`, …); make two of it, \
                 or compare with a set: `[\"a\", \"b\"].contains(…)`",
            ));
        }
        if steps.last().is_some_and(|steps| *steps > MOST_STEPS) {
            return Some((start, "more than 32 calls or attributes follow each other"));
        }
    }
    None
}

fn word_part(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Length of the string that a text begins with, quotes included.
fn string(text: &[u8]) -> usize {
    let mut escaped = false;
    for (index, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    fn words(text: &str) -> Option<&'static str> {
        too_deep(text).map(|(_, words)| words)
    }

    #[test]
    fn deep_rules_are_found() {
        let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(words(&nested(32)), None);
        assert_eq!(too_deep(&nested(33)).map(|(place, _)| place), Some(32));
        assert!(too_deep(&"[{".repeat(17)).is_some());
        for join in [" && ", "||", "+", "-", " * ", " if ", " when{", " unless{"] {
            let close = if join.ends_with('{') { "}" } else { "" };
            let rule = |parts: usize| format!("a{join}{close}").repeat(parts);
            assert_eq!(words(&rule(150)), None, "{join}");
            assert!(
                words(&rule(151)).is_some_and(|words| words.contains("150")),
                "{join}"
            );
            // Every rule has its own.
            assert_eq!(words(&format!("{};", rule(100)).repeat(5)), None, "{join}");
        }
        for step in [".a", ". a", ".a()", ".a(b.c(d))", "[\"a\"]"] {
            let value = |steps: usize| format!("x{}", step.repeat(steps));
            assert_eq!(words(&value(32)), None, "{step}");
            assert!(
                words(&value(33)).is_some_and(|words| words.contains("calls")),
                "{step}"
            );
            let several = format!("{}, ", value(20)).repeat(100);
            assert_eq!(words(&several), None, "{step}");
        }
    }

    #[test]
    fn strings_and_comments_are_not_deep() {
        let deep = "(".repeat(100);
        for text in [
            format!("\"{deep}\""),
            format!("\"\\\"{deep}\""),
            format!("// {deep}\n a"),
            format!("// {deep}"),
        ] {
            assert_eq!(words(&text), None, "{text}");
        }
        assert!(too_deep(&format!("\"\\\\\"{deep}")).is_some());
        assert!(too_deep(&format!("// \"\n{deep}")).is_some());
        assert_eq!(words(crate::CLUB_ROLES), None);
        assert_eq!(words("\"\\"), None);
        assert_eq!(words("é)]}\u{202e}"), None);
    }
}
