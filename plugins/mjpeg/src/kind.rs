//! What an answer is, by its `Content-Type`.

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Multipart of any kind.
    Stream,
    /// One JPEG: not for this adapter.
    SinglePicture,
    /// A web page or other text.
    Text,
    /// Missing or odd: the bytes will tell.
    Unknown,
}

/// The kind that the header says.
pub fn kind(content_type: Option<&str>) -> Kind {
    let whole = content_type.unwrap_or_default().to_ascii_lowercase();
    match whole.split(';').next().unwrap_or_default().trim() {
        multipart if multipart.starts_with("multipart/") => Kind::Stream,
        "image/jpeg" | "image/jpg" | "image/pjpeg" => Kind::SinglePicture,
        "text/html" | "application/json" | "application/xml" | "text/xml" => Kind::Text,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_header() {
        for (value, expected) in [
            (
                Some("multipart/x-mixed-replace; boundary=--x"),
                Kind::Stream,
            ),
            (Some("Multipart/Mixed;boundary=\"x\""), Kind::Stream),
            (Some("image/JPEG; q=1"), Kind::SinglePicture),
            (Some("text/html; charset=utf-8"), Kind::Text),
            (Some("text/plain"), Kind::Unknown),
            (Some("video/x-motion-jpeg"), Kind::Unknown),
            (Some(""), Kind::Unknown),
            (None, Kind::Unknown),
        ] {
            assert_eq!(kind(value), expected, "{value:?}");
        }
    }
}
