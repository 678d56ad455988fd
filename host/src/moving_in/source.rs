//! A URL of another program as a camera of this one.

use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

use crate::config::{CameraUrl, InvalidCameraUrl};

use super::court::{Camera, Given, Tls, shown};
use super::kinds;
use super::placeholder::Marked;

/// Names of query parameters that cameras take a user in (Reolink, Foscam, Vivotek, XM).
const USER_KEYS: [&str; 5] = ["user", "username", "usr", "loginuse", "userid"];
/// As above, for a password.
const PASSWORD_KEYS: [&str; 6] = ["password", "pwd", "pass", "passwd", "loginpas", "psw"];

/// A camera and what to say about it, or why it is none. No text of this holds a secret.
pub(super) type Found = Result<(Camera, Vec<String>), String>;

/// Takes a URL: its scheme must be one that a built-in adapter speaks.
pub(super) fn camera(text: &str) -> Found {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if kinds::is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => return Err(kinds::why_not(text)),
    };
    let mut notes = Vec::new();
    let (scheme, tls) = match scheme.as_str() {
        "rtsp" | "rtsps" | "http" | "https" => (scheme.as_str(), Tls::Verify),
        "rtspx" => ("rtsps", Tls::Off),
        "httpx" => ("https", Tls::Off),
        _ => return Err(kinds::why_not(text)),
    };
    if tls == Tls::Off {
        notes.push("its certificate is not checked, as before; `tls = \"pin:…\"` is safer".into());
    } else if scheme.ends_with('s') {
        notes.push(
            "its certificate is checked; a camera with one of its own needs `tls = \"pin:…\"`"
                .into(),
        );
    }
    let marked = Marked::new(rest).ok_or("the URL holds characters that no URL has")?;
    let parts = Parts::of(&marked)?;
    let url = format!("{scheme}://{}{}", parts.host, parts.tail);
    let (parsed, _) = CameraUrl::parse(&url).map_err(|error| wrong(error, &parts))?;
    let adapter = match scheme {
        "http" | "https" => Some(adapter(&parsed, &mut notes)?),
        _ => None,
    };
    if parts.srtp {
        notes.push("`enableSrtp` is taken out: encrypted RTP inside TLS is not spoken".into());
    }
    let camera = Camera {
        url,
        adapter,
        username: parts.username,
        password: parts.password,
        tls,
        transport: None,
    };
    Ok((camera, notes))
}

/// A URL's parts after the scheme.
struct Parts {
    host: String,
    tail: String,
    username: Option<Given>,
    password: Option<Given>,
    srtp: bool,
}

impl Parts {
    fn of(marked: &Marked) -> Result<Self, String> {
        let text = marked.text.as_str();
        let end = text.find(['/', '?', '#']).unwrap_or(text.len());
        let (authority, tail) = text.split_at(end);
        let (user_info, host) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info), host),
            None => (None, authority),
        };
        let (username, password) =
            match user_info.map(|text| text.split_once(':').unwrap_or((text, ""))) {
                Some((username, password)) => (given(marked, username)?, given(marked, password)?),
                None => (None, None),
            };
        known(marked, host, "host")?;
        let mut parts = Self {
            host: host.to_owned(),
            tail: String::with_capacity(tail.len()),
            username,
            password,
            srtp: false,
        };
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (tail, None),
        };
        // Some makers' RTSP paths are written like a query: `/user=a&password=b&channel=1`.
        let path: Vec<String> = path
            .split('/')
            .map(|segment| parts.pairs(marked, segment))
            .collect::<Result<_, _>>()?;
        parts.tail = path.join("/");
        if let Some(query) = query {
            let query = parts.pairs(marked, query)?;
            if !query.is_empty() {
                parts.tail.push('?');
                parts.tail.push_str(&query);
            }
        }
        Ok(parts)
    }

    /// Takes credentials out of `key=value&…`.
    fn pairs(&mut self, marked: &Marked, text: &str) -> Result<String, String> {
        let mut kept: Vec<String> = Vec::new();
        for pair in text.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let lower = key.to_ascii_lowercase();
            if lower == "enablesrtp" {
                self.srtp = true;
                continue;
            }
            let (slot, stands) = if USER_KEYS.contains(&lower.as_str()) {
                (&mut self.username, "{username}")
            } else if PASSWORD_KEYS.contains(&lower.as_str()) {
                (&mut self.password, "{password}")
            } else {
                known(marked, pair, "path")?;
                kept.push(escaped(pair));
                continue;
            };
            match given(marked, value)? {
                // The URL names two users, which a terrain has no keys for.
                Some(value) if slot.as_ref().is_some_and(|known| *known != value) => {
                    if let Given::Elsewhere(name) = value {
                        return Err(format!(
                            "the URL names two accounts, one of them in `{name}`"
                        ));
                    }
                    kept.push(escaped(pair));
                }
                Some(value) => {
                    *slot = Some(value);
                    kept.push(format!("{key}={stands}"));
                }
                None => kept.push(escaped(pair)),
            }
        }
        Ok(kept.join("&"))
    }
}

/// Refuses a part that only the other program's environment knows.
fn known(marked: &Marked, part: &str, what: &str) -> Result<(), String> {
    match marked.names_in(part).first() {
        Some(name) => Err(format!(
            "its {what} is filled in from `{}`, which is not known here; write it in and import again",
            shown(name)
        )),
        None => Ok(()),
    }
}

fn given(marked: &Marked, part: &str) -> Result<Option<Given>, String> {
    if part.is_empty() {
        return Ok(None);
    }
    let names = marked.names_in(part);
    if names.is_empty() {
        let text = decoded(part).ok_or("its user name or password is not valid UTF-8")?;
        return Ok(Some(Given::Text(text)));
    }
    Ok(Some(Given::Elsewhere(names.join(", "))))
}

/// Percent-decoded (RFC 3986, section 2.1). A `%` that starts no escape stands for itself.
fn decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// Spaces and letters outside ASCII, which no URL has, in their percent form.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn wrong(error: InvalidCameraUrl, parts: &Parts) -> String {
    let hint = match error {
        InvalidCameraUrl::Port | InvalidCameraUrl::Host if parts.username.is_none() => {
            "; a password with `/`, `?` or `#` must be percent-encoded before it is imported"
        }
        _ => "",
    };
    format!("{error}{hint}")
}

/// Two built-in adapters speak HTTP: the path says which one is meant.
fn adapter(url: &CameraUrl, notes: &mut Vec<String>) -> Result<&'static str, String> {
    let text = url.as_str().to_ascii_lowercase();
    let path = text.split(['?', '#']).next().unwrap_or_default();
    for (end, what) in [
        (".m3u8", "HLS"),
        (".flv", "HTTP-FLV"),
        (".ts", "MPEG-TS"),
        (".mp4", "MP4"),
    ] {
        if path.ends_with(end) || (end == ".flv" && path.ends_with("/flv")) {
            return Err(format!(
                "{what} over HTTP is not spoken; most cameras offer RTSP as well"
            ));
        }
    }
    let is_picture = [
        ".jpg",
        ".jpeg",
        "/picture",
        "/snapshot",
        "/snap.cgi",
        "/snapshot.cgi",
    ]
    .iter()
    .any(|end| path.ends_with(end))
        || text.contains("cmd=snap");
    if is_picture {
        notes.push("taken for single pictures by its path, a few a second; RTSP is better".into());
        Ok("snapshot")
    } else {
        notes.push("taken for MJPEG".into());
        Ok("mjpeg")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> Camera {
        match camera(text) {
            Ok((camera, _)) => camera,
            Err(why) => panic!("{text}: {why}"),
        }
    }

    fn text(text: &str) -> Option<Given> {
        Some(text).map(|text| Given::Text(text.to_owned()))
    }

    #[test]
    fn credentials_become_keys() {
        let rows = [
            (
                "rtsp://a:b@10.0.0.1/x",
                "rtsp://10.0.0.1/x",
                text("a"),
                text("b"),
            ),
            (
                "rtsp://a%40b:p%2Fw%25@h:8554/x?y=1",
                "rtsp://h:8554/x?y=1",
                text("a@b"),
                text("p/w%"),
            ),
            ("rtsp://a:p@ss@h/", "rtsp://h/", text("a"), text("p@ss")),
            ("rtsp://admin@h/", "rtsp://h/", text("admin"), None),
            (
                "http://h/video.mjpg?usr=a&pwd=b&x=1",
                "http://h/video.mjpg?usr={username}&pwd={password}&x=1",
                text("a"),
                text("b"),
            ),
            (
                "rtsp://h/user=a&password=b&channel=1",
                "rtsp://h/user={username}&password={password}&channel=1",
                text("a"),
                text("b"),
            ),
            ("rtsp://h/a b/é", "rtsp://h/a%20b/%C3%A9", None, None),
            ("RTSP://[fd00::1]/", "rtsp://[fd00::1]/", None, None),
        ];
        for (from, url, username, password) in rows {
            let camera = ok(from);
            assert_eq!(camera.url, url);
            assert!(camera.username == username, "{from}");
            assert!(camera.password == password, "{from}");
        }
    }

    #[test]
    fn placeholders() {
        let camera = ok("rtsp://{FRIGATE_RTSP_USER}:${PW:a:b@c}@h/live");
        assert_eq!(camera.url, "rtsp://h/live");
        assert!(camera.username == Some(Given::Elsewhere("FRIGATE_RTSP_USER".into())));
        assert!(camera.password == Some(Given::Elsewhere("PW".into())));
        let camera = ok("http://h/snap.jpg?user=a&password={FRIGATE_PW}");
        assert_eq!(
            camera.url,
            "http://h/snap.jpg?user={username}&password={password}"
        );
        for (text, part) in [
            ("rtsp://a:b@${HOST}/x", "host"),
            ("rtsp://h/{FRIGATE_PATH}", "path"),
        ] {
            let why = super::camera(text).unwrap_err();
            assert!(why.contains(&format!("its {part} is filled in")), "{why}");
        }
    }

    #[test]
    fn schemes_and_adapters() {
        assert!(ok("rtspx://h:7441/key").tls == Tls::Off);
        assert_eq!(ok("rtspx://h:7441/key").url, "rtsps://h:7441/key");
        assert_eq!(
            ok("rtsps://h:7441/key?enableSrtp").url,
            "rtsps://h:7441/key"
        );
        assert_eq!(ok("rtsp://h/").adapter, None);
        assert_eq!(
            ok("http://h/axis-cgi/jpg/image.cgi.jpg").adapter,
            Some("snapshot")
        );
        assert_eq!(
            ok("http://h/cgi-bin/api.cgi?cmd=Snap&channel=0").adapter,
            Some("snapshot")
        );
        assert_eq!(
            ok("http://h/axis-cgi/mjpg/video.cgi").adapter,
            Some("mjpeg")
        );
        for text in [
            "http://h/live.m3u8",
            "http://h/flv?port=1935&app=bcs",
            "rtmp://h/x",
            "webrtc:ws://h",
            "onvif://h",
            "rtsp://",
            "rtsp://a:b/c@h/",
            "rtsp://h:99999/",
            "",
            "garden",
            "dvrip://h",
            "unknown:thing",
        ] {
            assert!(camera(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_reason_holds_a_secret() {
        for text in [
            "rtsp://admin:hunter2/x@h/",
            "rtmp://admin:hunter2@h/",
            "admin:hunter2@h",
            "exec:run --password hunter2",
            "rtsp://a:hunter2@{HOST}/",
            "rtsp://a:hunter2%ff@h/",
        ] {
            let why = camera(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
