//! The URLs of a stream and of all streams together.

use core::fmt::Write as _;

/// Resolves an `a=control` against the base URL. Unlike RFC 3986, the reference is
/// hung on the whole base with its query, as all cameras and players do:
/// `rtsp://cam/realmonitor?channel=1/trackID=0`.
///
/// Nothing that could end a request's line comes out: such bytes are percent-encoded.
pub fn resolve(base: &str, control: Option<&str>) -> String {
    let control = control.unwrap_or("*").trim();
    let url = if control == "*" || control.is_empty() {
        base.to_owned()
    } else if is_absolute(control) {
        control.to_owned()
    } else {
        let slash = if base.ends_with('/') || control.starts_with('/') {
            ""
        } else {
            "/"
        };
        let base = if control.starts_with('/') {
            base.trim_end_matches('/')
        } else {
            base
        };
        format!("{base}{slash}{control}")
    };
    harmless(&url)
}

/// The base URL of a description: `Content-Base`, else `Content-Location`, else the URL
/// that was asked for (RFC 2326, appendix C.1.1).
pub fn base<'a>(
    content_base: Option<&'a str>,
    location: Option<&'a str>,
    asked: &'a str,
) -> &'a str {
    let absolute = |url: &&str| is_absolute(url);
    content_base
        .filter(absolute)
        .or(location.filter(absolute))
        .unwrap_or(asked)
}

fn is_absolute(url: &str) -> bool {
    let scheme = url.split("://").next().unwrap_or_default();
    scheme.len() < url.len() && scheme.to_ascii_lowercase().starts_with("rtsp")
}

fn harmless(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for letter in url.chars() {
        if letter <= ' ' || letter == '\u{7f}' {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{:02X}", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_cameras_mean_it() {
        for (base, control, whole) in [
            ("rtsp://c/a/", Some("track1"), "rtsp://c/a/track1"),
            ("rtsp://c/a", Some("track1"), "rtsp://c/a/track1"),
            ("rtsp://c/a/", Some("/track1"), "rtsp://c/a/track1"),
            (
                "rtsp://c/a?x=1/",
                Some("trackID=0"),
                "rtsp://c/a?x=1/trackID=0",
            ),
            ("rtsp://c/a?x=1", Some("video"), "rtsp://c/a?x=1/video"),
            ("rtsp://c/a", Some("RTSP://d/e?f"), "RTSP://d/e?f"),
            ("rtsp://c/a", Some("*"), "rtsp://c/a"),
            ("rtsp://c/a", Some(""), "rtsp://c/a"),
            ("rtsp://c/a", None, "rtsp://c/a"),
            (
                "rtsp://c/a",
                Some("x\r\nEvil: 1"),
                "rtsp://c/a/x%0D%0AEvil:%201",
            ),
        ] {
            assert_eq!(resolve(base, control), whole);
        }
    }

    #[test]
    fn bases() {
        assert_eq!(
            base(Some("rtsp://b/"), Some("rtsp://l/"), "rtsp://a"),
            "rtsp://b/"
        );
        assert_eq!(base(Some("/b"), Some("rtsp://l/"), "rtsp://a"), "rtsp://l/");
        assert_eq!(base(None, None, "rtsp://a"), "rtsp://a");
    }
}
