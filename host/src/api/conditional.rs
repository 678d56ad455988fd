//! Whether a client has what it asks for already (RFC 9110, 13.1). Pure.

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, header};

/// Whether the client's copy is the one that would be sent: by `If-None-Match`, and only where
/// that is missing by `If-Modified-Since`. `tag` is a strong one with its quotes.
pub fn has_it(headers: &HeaderMap, tag: &str, modified: SystemTime) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(str::trim)
            // Compared weakly (13.1.2).
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag);
    }
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    // These times have whole seconds.
    since.is_some_and(|since| modified < since + Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(header::HeaderName, &str)]) -> bool {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        has_it(&headers.collect(), "\"abc\"", modified)
    }

    #[test]
    fn tags_before_times() {
        let tag = |value| asked(&[(header::IF_NONE_MATCH, value)]);
        assert!(tag("\"abc\"") && tag("*") && tag("W/\"abc\"") && tag("\"x\", \"abc\""));
        assert!(!tag("\"abcd\"") && !tag("abc") && !tag(""));
        let time = |value| asked(&[(header::IF_MODIFIED_SINCE, value)]);
        assert!(time("Sun, 06 Nov 1994 08:49:37 GMT"), "of the same second");
        assert!(time("Sunday, 06-Nov-94 08:49:38 GMT"));
        assert!(!time("Sun, 06 Nov 1994 08:49:36 GMT"));
        assert!(!time("yesterday") && !asked(&[]));
        assert!(!asked(&[
            (header::IF_NONE_MATCH, "\"x\""),
            (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 2094 08:49:37 GMT"),
        ]));
    }
}
