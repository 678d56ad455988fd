//! Finding the name that was meant.

/// The one of `known` that is nearest to `text`, and whether it is near enough to be
/// what was meant. `None` only where nothing is known.
pub(super) fn nearest<'a>(
    text: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<(&'a str, bool)> {
    let text = text.to_ascii_lowercase();
    let mut best: Option<(&str, usize)> = None;
    for name in known {
        let distance = distance(&text, name);
        if best.is_none_or(|(_, least)| distance < least) {
            best = Some((name, distance));
        }
    }
    let (name, distance) = best?;
    Some((name, distance <= (name.len().max(text.len()) / 3).max(1)))
}

/// Edits between the two; a beginning or an end of a name counts as near to it
/// (`ffmpeg` for `ffmpeg_path`, `secret` for `jwt_secret`).
fn distance(text: &str, name: &str) -> usize {
    let edits = strsim::damerau_levenshtein(text, name);
    let part = |part: &str, whole: &str| {
        part.len() >= 3 && (whole.starts_with(part) || whole.ends_with(part))
    };
    if part(text, name) || part(name, text) {
        edits.min(1 + edits / 4)
    } else {
        edits
    }
}

/// A hint that names the nearest, and all of them where it is not near.
pub(crate) fn nearest_hint(what: &str, text: &str, known: &[&str]) -> Option<String> {
    let (name, near) = nearest(text, known.iter().copied())?;
    Some(if near {
        format!("did you mean `{name}`?")
    } else {
        let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        format!(
            "the nearest {what} is `{name}`; there are {}",
            all.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 6] = [
        "fps",
        "crf",
        "ffmpeg_path",
        "ffprobe_path",
        "videos_dir",
        "jwt_secret",
    ];

    #[test]
    fn typing_errors_find_their_key() {
        let rows = [
            ("fpss", "fps"),
            ("FPS", "fps"),
            ("ffmpeg", "ffmpeg_path"),
            ("ffporbe_path", "ffprobe_path"),
            ("video_dir", "videos_dir"),
            ("videos_directory", "videos_dir"),
            ("secret", "jwt_secret"),
        ];
        for (typed, meant) in rows {
            assert_eq!(nearest(typed, KEYS), Some((meant, true)), "{typed}");
        }
    }

    #[test]
    fn something_else_is_named_but_not_taken_for_an_error_of_typing() {
        assert!(matches!(nearest("colour", KEYS), Some((_, false))));
        assert_eq!(nearest("x", []), None);
    }
}
