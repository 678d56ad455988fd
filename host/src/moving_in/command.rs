//! Command lines in other programs' files: never run, but looked at for the camera's URL.

/// The one URL that an FFmpeg command reads, where it reads just one and it is a camera's.
/// Such a command mostly stands there to copy or convert, which the host does by itself.
pub(super) fn input_of(command: &str) -> Option<String> {
    let words = words(command)?;
    let mut words = words.iter().map(String::as_str);
    let program = words.next()?.rsplit('/').next()?;
    if program != "ffmpeg" {
        return None;
    }
    let mut input = None;
    while let Some(word) = words.next() {
        if word == "-i" && input.replace(words.next()?).is_some() {
            return None;
        }
    }
    let schemes = ["rtsp://", "rtsps://", "http://", "https://"];
    input
        .filter(|url| schemes.iter().any(|scheme| url.starts_with(scheme)))
        .map(str::to_owned)
}

/// The words of a command as a shell would have them, quotes only. `None`: a quote is open.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_input_of_ffmpeg() {
        let rows = [
            (
                "ffmpeg -i rtsp://h/1 -c copy -f rtsp {output}",
                Some("rtsp://h/1"),
            ),
            (
                "/usr/bin/ffmpeg -re -i 'http://h/a b' -f rtsp x",
                Some("http://h/a b"),
            ),
            ("ffmpeg -i rtsp://h/1 -i rtsp://h/2 x", None),
            ("ffmpeg -f v4l2 -i /dev/video0 x", None),
            ("gst-launch-1.0 rtspsrc location=rtsp://h/1", None),
            ("ffmpeg -i", None),
            ("ffmpeg -i 'rtsp://h/1", None),
            ("", None),
        ];
        for (command, url) in rows {
            assert_eq!(input_of(command).as_deref(), url, "{command}");
        }
    }
}
