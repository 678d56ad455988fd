//! Finding the name that was meant.

/// Characters of a name that are looked at and shown: a hostile name costs no more.
const SHOWN: usize = 40;

/// A hint that names the nearest of `known`, and all of them where none is near. Empty
/// where nothing is known.
pub fn hint(text: &str, known: &[&str]) -> String {
    let typed: String = text.chars().take(SHOWN).collect::<String>().to_lowercase();
    let distance = |name: &str| strsim::osa_distance(&typed, &name.to_lowercase());
    let Some(nearest) = known.iter().min_by_key(|name| distance(name)) else {
        return String::new();
    };
    let longest = nearest.len().max(typed.len());
    if known.len() == 1 || distance(nearest) <= (longest / 3).max(1) {
        format!("did you mean `{nearest}`?")
    } else {
        let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        format!("the nearest is `{nearest}`; there are {}", all.join(", "))
    }
}

/// A name from outside, fit for a message: bounded, and on one line.
pub fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told() {
        let known = ["max_concurrent", "max_duration_minutes"];
        assert_eq!(
            hint("max_concurent", &known),
            "did you mean `max_concurrent`?"
        );
        assert_eq!(hint("player", &["PLAYER"]), "did you mean `PLAYER`?");
        assert!(hint("colour", &known).starts_with("the nearest is"));
        assert_eq!(hint("colour", &["policies"]), "did you mean `policies`?");
        assert_eq!(hint("x", &[]), "");
        assert!(hint(&"é".repeat(1_000_000), &known).contains("there are"));
    }

    #[test]
    fn names_in_messages_are_harmless() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(4096)), format!("{}…", "x".repeat(40)));
    }
}
