//! The cookie `padelvar_token`: a token for pages that cannot set headers, `<img>` for one.

use axum::http::{HeaderMap, header};

/// Its name.
const NAME: &str = "padelvar_token";
/// Browsers drop a cookie whose name and value are longer, without a word.
const MOST_BYTES: usize = 4096;

/// The token in a request's cookie. What else stands in the headers is passed over.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == NAME)?;
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let value = bare.unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The value of `Set-Cookie`; none where browsers would not keep it. A checked token holds
/// nothing that a cookie could not.
pub fn set(token: &str, max_age_s: u64, https: bool) -> Option<String> {
    if NAME.len() + token.len() > MOST_BYTES {
        return None;
    }
    let secure = if https { "; Secure" } else { "" };
    Some(format!(
        "{NAME}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_s}{secure}"
    ))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (name.clone(), value)
        });
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn tokens() {
        let rows: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["padelvar_token=a.b.c"], Some("a.b.c")),
            (&["x=1; padelvar_token=a.b.c; y=2"], Some("a.b.c")),
            (&["x=1;padelvar_token=\"a=b\""], Some("a=b")),
            (&["x", "ü=ü", "padelvar_token=a"], Some("a")),
            (
                &["padelvar_token=first; padelvar_token=second"],
                Some("first"),
            ),
            (&["padelvar_token="], None),
            (&["padelvar_token"], None),
            (&["my_padelvar_token=a; PADELVAR_TOKEN=a"], None),
            (&[";;;=;= ;"], None),
        ];
        for (lines, expected) in rows {
            let lines: Vec<_> = lines.iter().map(|line| (header::COOKIE, *line)).collect();
            assert_eq!(token(&headers(&lines)).as_deref(), *expected, "{lines:?}");
        }
    }

    #[test]
    fn setting() {
        assert_eq!(
            set("a.b.c", 60, false).unwrap(),
            "padelvar_token=a.b.c; HttpOnly; SameSite=Strict; Path=/; Max-Age=60"
        );
        let secure = set("a.b.c", 0, true).unwrap();
        assert!(secure.ends_with("; Max-Age=0; Secure"), "{secure}");
        assert!(set(&"x".repeat(4082), 60, false).is_some());
        assert!(set(&"x".repeat(4083), 60, false).is_none());
    }
}
