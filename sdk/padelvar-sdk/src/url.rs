//! The little of URLs that cameras need (RFC 3986).

use core::fmt;

use crate::error::Error;

/// Longer ones are refused; no camera has such a URL.
const MAX_LENGTH: usize = 8 * 1024;

/// Why a text is not a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No `scheme://`.
    #[error("the URL has no scheme such as rtsp://")]
    Scheme,
    /// Nothing between `//` and the path, or a bracket without its partner.
    #[error("the URL has no host")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the URL's port is not a number from 1 to 65535")]
    Port,
    /// A space or control character, which would break the request it is put in.
    #[error("the URL holds a space or a control character")]
    Character,
    /// Longer than 8 KiB.
    #[error("the URL is longer than 8 KiB")]
    Length,
}

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Self {
        Self::unsupported(error.to_string())
    }
}

/// An absolute URL without user information and fragment. Its path and query are
/// kept as they were written: cameras compare them byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    host: String,
    port: Option<u16>,
    target: String,
}

impl Url {
    /// Parses an absolute URL. User information in it is dropped.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(UrlError::Length);
        }
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(UrlError::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme.bytes().all(valid)
        {
            return Err(UrlError::Scheme);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = split_port(authority)?;
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_owned(),
            port,
            target: target.to_owned(),
        })
    }

    /// In lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Name or literal address, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, or the scheme's own that the caller knows.
    pub fn port_or(&self, default: u16) -> u16 {
        self.port.unwrap_or(default)
    }

    /// Path and query as in a request line: at least `/`.
    pub fn target(&self) -> String {
        match self.target.as_bytes().first() {
            None => "/".to_owned(),
            Some(b'?') => format!("/{}", self.target),
            Some(_) => self.target.clone(),
        }
    }

    /// Whether both name the same scheme, host and port.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
    }

    /// Resolves a reference, such as a `Location` header, against this URL
    /// (RFC 3986, section 5.2).
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = reference.trim();
        if let Some((scheme, _)) = reference.split_once("://")
            && !scheme.contains(['/', '?', '#'])
        {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let reference = reference.split('#').next().unwrap_or_default();
        let target = self.target();
        let path = target.split('?').next().unwrap_or_default();
        let joined = match reference.as_bytes().first() {
            None => target,
            Some(b'/') => without_dots(reference),
            Some(b'?') => format!("{path}{reference}"),
            Some(_) => {
                let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
                without_dots(&format!("{folder}{reference}"))
            }
        };
        Self::parse(&format!("{}{joined}", self.origin()))
    }

    fn origin(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match self.port {
            Some(port) => format!("{}://{host}:{port}", self.scheme),
            None => format!("{}://{host}", self.scheme),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.origin(), self.target)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), UrlError> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(UrlError::Host)?;
        (
            host,
            after
                .strip_prefix(':')
                .or(after.is_empty().then_some(""))
                .ok_or(UrlError::Port)?,
        )
    } else {
        authority.split_once(':').unwrap_or((authority, ""))
    };
    if host.is_empty() || host.contains(['[', ']']) {
        return Err(UrlError::Host);
    }
    if port.is_empty() {
        return Ok((host, None));
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    match port.parse() {
        Ok(0) | Err(_) => Err(UrlError::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

/// RFC 3986, section 5.2.4, on a path with or without a query.
fn without_dots(target: &str) -> String {
    let (path, query) = match target.find('?') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Edit, edited};

    #[test]
    fn takes_urls_apart() {
        let url = Url::parse("RTSP://admin:p@ss@[fe80::1]:8554/a?b=1@2#x").unwrap();
        assert_eq!(
            (url.scheme(), url.host(), url.port_or(554)),
            ("rtsp", "fe80::1", 8554)
        );
        assert_eq!(url.target(), "/a?b=1@2");
        assert_eq!(url.to_string(), "rtsp://[fe80::1]:8554/a?b=1@2");
        let url = Url::parse("http://cam?x").unwrap();
        assert_eq!((url.port_or(80), url.target().as_str()), (80, "/?x"));
        assert_eq!(url.to_string(), "http://cam?x");
        assert_eq!(Url::parse("rtsp://cam:").unwrap().port_or(554), 554);
    }

    #[test]
    fn refuses_what_is_none() {
        for (text, error) in [
            ("", UrlError::Scheme),
            ("cam/1", UrlError::Scheme),
            ("1x://cam", UrlError::Scheme),
            ("rtsp:///x", UrlError::Host),
            ("rtsp://a@/x", UrlError::Host),
            ("rtsp://[::1/x", UrlError::Host),
            ("rtsp://[::1]5/x", UrlError::Port),
            ("rtsp://cam:0/", UrlError::Port),
            ("rtsp://cam:65536/", UrlError::Port),
            ("rtsp://cam:+5/", UrlError::Port),
            ("rtsp://cam/a\r\nX: y", UrlError::Character),
            ("rtsp://cam/a b", UrlError::Character),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(
            Url::parse(&format!("a://{}", "b".repeat(9000))),
            Err(UrlError::Length)
        );
    }

    #[test]
    fn joins_references() {
        let base = Url::parse("http://cam:81/a/b.cgi?q=1").unwrap();
        for (reference, whole) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "http://other/x"),
            ("/login?to=http://x", "http://cam:81/login?to=http://x"),
            ("c.cgi", "http://cam:81/a/c.cgi"),
            ("../c", "http://cam:81/c"),
            ("../../..", "http://cam:81/"),
            ("./", "http://cam:81/a/"),
            ("?q=2", "http://cam:81/a/b.cgi?q=2"),
            ("", "http://cam:81/a/b.cgi?q=1"),
        ] {
            assert_eq!(
                base.join(reference).unwrap().to_string(),
                whole,
                "{reference}"
            );
        }
        assert!(base.join("a b").is_err());
    }

    #[test]
    fn any_text_is_parsed_or_refused() {
        let good = b"RTSP://admin:p@ss@[fe80::1]:8554/a/./../b?b=1@2#x";
        let other = b"//cam:1/../x;y?z";
        bolero::check!()
            .with_type::<(String, Vec<Edit>, Vec<Edit>)>()
            .for_each(|(text, first, second)| {
                let of = |bytes: &[u8], edits| {
                    String::from_utf8_lossy(&edited(bytes, edits)).into_owned()
                };
                let reference = of(other, second);
                for candidate in [text.clone(), format!("rtsp://{text}"), of(good, first)] {
                    if let Ok(url) = Url::parse(&candidate) {
                        assert_eq!(Url::parse(&url.to_string()), Ok(url.clone()));
                        for reference in [text, &reference] {
                            if let Ok(joined) = url.join(reference) {
                                assert_eq!(Url::parse(&joined.to_string()), Ok(joined.clone()));
                            }
                        }
                    }
                }
            });
    }
}
