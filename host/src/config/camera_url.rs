//! A camera's URL, and `host:port` beside it.
//!
//! The URL is kept as it was written, since cameras are picky about it: parsing it
//! and printing it again would percent-encode the braces of `{password}` and turn
//! `/stream1?` into something else than what the manual says.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::Secret;

/// Longest URL that is taken; cameras' own are below 300 characters.
const MAX_URL_BYTES: usize = 2048;

/// A camera's URL without credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct CameraUrl {
    text: String,
    scheme: String,
    host: String,
    port: u16,
}

/// User name and password that stood in a URL, percent-decoded.
pub type UserInfo = (Option<Secret>, Option<Secret>);

/// Why a text is no camera's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCameraUrl {
    /// Not of the form `scheme://host/…`.
    #[error("not a URL of the form scheme://host/path")]
    Form,
    /// No host after `://`.
    #[error("the URL has no host")]
    NoHost,
    /// The host is no name and no address.
    #[error("the URL's host is not a name or an IP address")]
    Host,
    /// The port is not 1 to 65535.
    #[error("the URL's port is not a number from 1 to 65535")]
    Port,
    /// No port in it and none known for its scheme.
    #[error("the URL has no port, and none is known for its scheme")]
    NoPort,
    /// A space, a control character, or one outside ASCII.
    #[error("the URL holds a space, a control character or a letter outside ASCII")]
    Characters,
    /// Over 2048 bytes.
    #[error("the URL is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
    /// Percent-encoding that is no text.
    #[error("the URL's user name or password is not valid percent-encoded UTF-8")]
    UserInfo,
}

impl CameraUrl {
    /// Takes a URL apart: the URL without credentials, and the credentials.
    pub fn parse(text: &str) -> Result<(Self, UserInfo), InvalidCameraUrl> {
        use InvalidCameraUrl as Invalid;
        if text.len() > MAX_URL_BYTES {
            return Err(Invalid::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(Invalid::Form)?;
        let mut letters = scheme.bytes();
        let starts_well = letters
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic());
        if !starts_well
            || !letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return Err(Invalid::Form);
        }
        let scheme = scheme.to_ascii_lowercase();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user_info, host_port) = match authority.rsplit_once('@') {
            Some((user_info, host_port)) => (Some(user_info), host_port),
            None => (None, authority),
        };
        let (host, port) = split_port(host_port).ok_or(Invalid::Port)?;
        if host.is_empty() {
            return Err(Invalid::NoHost);
        }
        let host = normal_host(host).ok_or(Invalid::Host)?;
        let port = port
            .or_else(|| known_port(&scheme))
            .ok_or(Invalid::NoPort)?;
        let credentials = user_info.map_or(Ok((None, None)), split_user_info)?;
        Ok((
            Self {
                text: format!("{scheme}://{host_port}{tail}"),
                scheme,
                host,
                port,
            },
            credentials,
        ))
    }

    /// The URL as written, with the scheme in lower case and without credentials.
    /// Its query may still hold what a club wrote into it: not for logs.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme in lower case: `rtsp`, `https` …
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host: a name in lower case, or an address (IPv6 without brackets).
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, from the URL or else the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Path and query are left out: some cameras want their password there.
impl fmt::Debug for CameraUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}://{}/…",
            self.scheme,
            HostPort {
                host: self.host.clone(),
                port: self.port
            }
        )
    }
}

/// The port that a scheme stands for. 322 is RTSPS's (RFC 7826, section 21.2).
pub fn known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "rtsp" => Some(554),
        "rtsps" => Some(322),
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Splits `host`, `host:port` or `[v6]:port`. `None`: the port is no port.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let colon = match text.rfind(']') {
        Some(bracket) => text[bracket..].find(':').map(|at| bracket + at),
        None => text.find(':'),
    };
    let Some(colon) = colon else {
        return Some((text, None));
    };
    let digits = &text[colon + 1..];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.parse() {
        Ok(0) | Err(_) => None,
        Ok(port) => Some((&text[..colon], Some(port))),
    }
}

/// The host in the one form that it is compared in, by the rules of the URL
/// standard for http (so that `0x7f.1` is 127.0.0.1 here and not only in a resolver).
fn normal_host(host: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
    if !host.bytes().all(allowed) {
        return None;
    }
    let url = Url::parse(&format!("http://{host}/")).ok()?;
    Some(match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

fn split_user_info(text: &str) -> Result<UserInfo, InvalidCameraUrl> {
    let (username, password) = match text.split_once(':') {
        Some((username, password)) => (username, Some(password)),
        None => (text, None),
    };
    // `rtsp://{username}:{password}@…` says what happens anyway.
    let secret = |text: &str, placeholder: &str| match text {
        "" => Ok(None),
        text if text == placeholder => Ok(None),
        text => percent_decoded(text)
            .map(|text| Some(Secret::new(text)))
            .ok_or(InvalidCameraUrl::UserInfo),
    };
    Ok((
        secret(username, "{username}")?,
        password.map_or(Ok(None), |text| secret(text, "{password}"))?,
    ))
}

/// A `%` that starts no escape stands for itself: passwords are often pasted as they
/// are.
fn percent_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).and_then(|pair| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
        });
        match escape {
            Some(escaped) if byte == b'%' => {
                decoded.push(escaped);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

/// A host and a port: where an adapter may connect to, or a multicast group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// A name in lower case, or an address (IPv6 without brackets).
    pub host: String,
    /// The port, never 0.
    pub port: u16,
}

/// Why a text is no `host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form host:port (IPv6 in brackets: [fd00::1]:554)")]
pub struct InvalidHostPort;

impl FromStr for HostPort {
    type Err = InvalidHostPort;

    fn from_str(text: &str) -> Result<Self, InvalidHostPort> {
        let (host, port) = split_port(text).ok_or(InvalidHostPort)?;
        let port = port.ok_or(InvalidHostPort)?;
        let host = normal_host(host).ok_or(InvalidHostPort)?;
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_stays_but_for_the_credentials() {
        let rows = [
            (
                "rtsp://10.0.0.11/Streaming/Channels/101?transportmode=unicast",
                "10.0.0.11",
                554,
            ),
            (
                "http://cam.local/snap.cgi?usr={username}&pwd={password}",
                "cam.local",
                80,
            ),
            ("rtsps://[fd00::1]:8554/", "fd00::1", 8554),
            ("https://CAM", "cam", 443),
            ("http://0x7f.1:81/a@b", "127.0.0.1", 81),
        ];
        for (text, host, port) in rows {
            let (url, credentials) = CameraUrl::parse(text).unwrap();
            assert_eq!((url.as_str(), url.host(), url.port()), (text, host, port));
            assert_eq!(credentials, (None, None), "{text}");
        }
    }

    #[test]
    fn credentials() {
        let secret = |text: &str| Some(Secret::new(text));
        let rows = [
            ("rtsp://a:b@h/", secret("a"), secret("b")),
            ("rtsp://a@h/", secret("a"), None),
            ("rtsp://a:@h/", secret("a"), None),
            ("rtsp://{username}:{password}@h/", None, None),
            ("rtsp://a%3Ab:c:d%2f@h/", secret("a:b"), secret("c:d/")),
            ("rtsp://a:50%@h/", secret("a"), secret("50%")),
            ("rtsp://a:p@ss@h/", secret("a"), secret("p@ss")),
        ];
        for (text, username, password) in rows {
            let (url, credentials) = CameraUrl::parse(text).unwrap();
            assert_eq!(url.as_str(), "rtsp://h/");
            assert_eq!(credentials, (username, password), "{text}");
        }
        assert_eq!(
            CameraUrl::parse("rtsp://a:%ff@h/"),
            Err(InvalidCameraUrl::UserInfo)
        );
    }

    #[test]
    fn wrong_urls() {
        use InvalidCameraUrl as Invalid;
        let long = format!("rtsp://h/{}", "x".repeat(MAX_URL_BYTES));
        let rows = [
            ("", Invalid::Form),
            ("rtsp:/h/", Invalid::Form),
            ("1rtsp://h/", Invalid::Form),
            ("rtsp://", Invalid::NoHost),
            ("rtsp://:554/", Invalid::NoHost),
            ("rtsp://a@/", Invalid::NoHost),
            ("rtsp://h_%41/", Invalid::Host),
            ("rtsp://[fd00::1/", Invalid::Port),
            ("rtsp://fd00::1/", Invalid::Port),
            ("rtsp://h:/", Invalid::Port),
            ("rtsp://h:65536/", Invalid::Port),
            ("rtsp://h:+1/", Invalid::Port),
            ("x://h/", Invalid::NoPort),
            ("rtsp://caméra/", Invalid::Characters),
            ("rtsp://h/\n", Invalid::Characters),
            (&long, Invalid::TooLong),
        ];
        for (text, expected) in rows {
            assert_eq!(CameraUrl::parse(text).err(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn debug_leaves_path_and_query_out() {
        let (url, _) = CameraUrl::parse("http://[::1]/snap?pwd=hunter2").unwrap();
        assert_eq!(format!("{url:?}"), "http://[::1]:80/…");
    }

    #[test]
    fn host_and_port() {
        let parsed: HostPort = "CAM.local:80".parse().unwrap();
        assert_eq!(parsed.to_string(), "cam.local:80");
        assert_eq!(
            "[fd00::1]:9".parse::<HostPort>().unwrap().to_string(),
            "[fd00::1]:9"
        );
        for bad in [
            "",
            "cam",
            "cam:",
            "cam:0",
            ":80",
            "cam:80/x",
            "u@cam:80",
            "a b:80",
            "[::1]x:80",
        ] {
            assert_eq!(bad.parse::<HostPort>(), Err(InvalidHostPort), "{bad}");
        }
    }
}
