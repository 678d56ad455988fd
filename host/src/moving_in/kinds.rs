//! Sources of other programs that no adapter here speaks, and what to do instead.

/// Prefix, what it is, what to do.
const KINDS: [(&str, &str, &str); 27] = [
    ("alsa", "a sound card", ""),
    (
        "bubble",
        "a maker's own protocol",
        "look for the camera's RTSP address",
    ),
    ("doorbird", "a maker's own protocol", "DoorBird offers RTSP"),
    (
        "dvrip",
        "a maker's own protocol",
        "switch RTSP on in the camera; its path is often /user=…&password=…&channel=1&stream=0.sdp",
    ),
    (
        "echo",
        "a command that prints the address",
        "run it and write the address in",
    ),
    ("eseecloud", "a maker's own protocol", ""),
    (
        "exec",
        "a command",
        "PadelVar runs none; name the camera's address",
    ),
    (
        "expr",
        "a script that finds the address",
        "write the address in",
    ),
    (
        "flussonic",
        "a media server's own protocol",
        "it offers RTSP",
    ),
    ("gopro", "a maker's own protocol", ""),
    (
        "hass",
        "a camera of Home Assistant",
        "name the camera's own address",
    ),
    ("homekit", "HomeKit", "name the camera's RTSP address"),
    ("isapi", "two-way sound only", ""),
    ("ivideon", "a cloud service", ""),
    (
        "kasa",
        "a maker's own protocol",
        "TP-Link Tapo models offer rtsp://HOST:554/stream1",
    ),
    ("multitrans", "two-way sound only", ""),
    ("nest", "a cloud service", ""),
    (
        "onvif",
        "ONVIF",
        "find the stream's RTSP address with the camera search",
    ),
    ("ring", "a cloud service", ""),
    ("roborock", "a cloud service", ""),
    ("rtmp", "RTMP", "most cameras offer RTSP as well"),
    ("srt", "SRT", "look for the camera's RTSP address"),
    (
        "tapo",
        "a maker's own protocol",
        "use rtsp://HOST:554/stream1 with the camera account",
    ),
    ("tuya", "a cloud service", ""),
    ("v4l2", "a camera on a USB port", ""),
    ("webrtc", "WebRTC", "look for the camera's RTSP address"),
    ("wyze", "a cloud service", ""),
];

/// Other spellings of the above.
const ALSO: [(&str, &str); 9] = [
    ("rtmps", "rtmp"),
    ("rtmpx", "rtmp"),
    ("vigi", "tapo"),
    ("whep", "webrtc"),
    ("wheps", "webrtc"),
    ("webtorrent", "webrtc"),
    ("ws", "webrtc"),
    ("wss", "webrtc"),
    ("ffmpeg", "exec"),
];

/// Whether a text may stand before `://` or `:` (RFC 3986, section 3.1).
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 20
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Why a source is not taken. Nothing of it but its kind is in the answer: the rest may hold
/// a password.
pub(super) fn why_not(text: &str) -> String {
    let prefix = text.split(':').next().unwrap_or_default();
    if prefix.len() == text.len() || !is_scheme(prefix) {
        return "it is no URL".to_owned();
    }
    let prefix = prefix.to_ascii_lowercase();
    let name = ALSO
        .iter()
        .find(|(other, _)| *other == prefix)
        .map_or(prefix.as_str(), |(_, name)| name);
    match KINDS.iter().find(|(kind, ..)| *kind == name) {
        Some((_, what, "")) => format!("`{prefix}:` is {what}, which no built-in adapter speaks"),
        Some((_, what, hint)) => {
            format!("`{prefix}:` is {what}, which no built-in adapter speaks; {hint}")
        }
        // What stands before the colon may be a user's name where the scheme was forgotten.
        None if text[prefix.len()..].starts_with("://") => {
            format!("no built-in adapter speaks `{prefix}://`")
        }
        None => "no built-in adapter speaks it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_name_the_kind_and_what_to_do() {
        assert!(why_not("tapo://p@h").contains("stream1"));
        assert!(why_not("wss://h").contains("WebRTC"));
        assert!(why_not("isapi://h").ends_with("speaks"));
        assert_eq!(
            why_not("gopher://h"),
            "no built-in adapter speaks `gopher://`"
        );
        assert_eq!(why_not("admin:secret@h"), "no built-in adapter speaks it");
        assert_eq!(why_not("garden"), "it is no URL");
    }
}
