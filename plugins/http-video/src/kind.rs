//! What an answer is, by its header and its first bytes.

use crate::ts::find_sync;

/// What this adapter reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MPEG transport stream.
    Ts,
    /// FLV.
    Flv,
    /// A playlist of HLS.
    Hls,
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One of ours.
    Is(Container),
    /// None of ours; the text says what it seems to be.
    Other(&'static str),
    /// Too few bytes yet.
    More,
}

/// Without a sign of a container in so many bytes there is none. A transport stream that begins
/// in the middle of a packet shows itself after three.
const ENOUGH_BYTES: usize = 4 * 1024;

/// Longest of the signs that stand at the very start.
const SIGN_BYTES: usize = 12;

/// Says for an answer's `Content-Type` that it is none of ours; none where the bytes decide.
pub fn refused_type(content_type: Option<&str>) -> Option<&'static str> {
    let whole = content_type.unwrap_or_default().to_ascii_lowercase();
    let kind = whole.split(';').next().unwrap_or_default().trim();
    if kind.starts_with("multipart/") {
        return Some("a stream of JPEG pictures");
    }
    if kind.starts_with("image/") {
        return Some("a single picture");
    }
    match kind {
        "text/html" | "application/json" | "application/xml" | "text/xml" => {
            Some("a text or a web page")
        }
        "application/dash+xml" => Some("a DASH manifest"),
        _ => None,
    }
}

/// Says for the ending of a URL's path that it is none of ours, so that such a camera need not
/// even be asked.
pub fn refused_ending(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    let ending = path
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'));
    let known = ["jpg", "jpeg", "mjpg", "mjpeg"];
    ending.is_some_and(|(_, ending)| known.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// What the bytes say; `ended` where no more will come.
pub fn judge(bytes: &[u8], ended: bool) -> Verdict {
    let text = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    if text.starts_with(b"#EXTM3U") {
        return Verdict::Is(Container::Hls);
    }
    if bytes.starts_with(b"FLV") {
        return Verdict::Is(Container::Flv);
    }
    let text = text.trim_ascii_start();
    if bytes.starts_with(&[0xff, 0xd8]) || text.starts_with(b"--") {
        return Verdict::Other("JPEG pictures");
    }
    if text.starts_with(b"<") {
        return Verdict::Other("a text or a web page");
    }
    if bytes.len() >= SIGN_BYTES && matches!(&bytes[4..8], b"ftyp" | b"styp" | b"moof" | b"moov") {
        return Verdict::Other("an MP4");
    }
    if find_sync(bytes).is_some() {
        return Verdict::Is(Container::Ts);
    }
    if ended || bytes.len() >= ENOUGH_BYTES {
        return Verdict::Other("none of MPEG-TS, FLV and HLS");
    }
    Verdict::More
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_bytes() {
        let mut ts = vec![0u8; 600];
        for at in [7, 195, 383] {
            ts[at] = 0x47;
        }
        for (bytes, expected) in [
            (&b"#EXTM3U\n"[..], Verdict::Is(Container::Hls)),
            (b"\xef\xbb\xbf#EXTM3U\r\n", Verdict::Is(Container::Hls)),
            (b"FLV\x01", Verdict::Is(Container::Flv)),
            (&ts, Verdict::Is(Container::Ts)),
            (&ts[..384], Verdict::Is(Container::Ts)),
            (&ts[..383], Verdict::More),
            (b"\xff\xd8\xff", Verdict::Other("JPEG pictures")),
            (b"<html>", Verdict::Other("a text or a web page")),
            (b"\0\0\0\x18ftypiso5", Verdict::Other("an MP4")),
            (b"", Verdict::More),
        ] {
            assert_eq!(judge(bytes, false), expected);
        }
        assert!(matches!(judge(&[0; 4096], false), Verdict::Other(_)));
        assert!(matches!(judge(&[], true), Verdict::Other(_)));
    }

    #[test]
    fn by_header_and_name() {
        assert!(refused_type(Some("Multipart/x-mixed-replace; boundary=x")).is_some());
        assert!(refused_type(Some("image/jpeg")).is_some());
        assert!(refused_type(Some("text/HTML; charset=utf-8")).is_some());
        assert_eq!(refused_type(Some("video/mp2t")), None);
        assert_eq!(refused_type(None), None);
        assert!(refused_ending("/a/snap.JPG?x=1.ts") && refused_ending("/v.mjpg"));
        assert!(
            !refused_ending("/live.ts") && !refused_ending("/jpg/x.cgi") && !refused_ending("/")
        );
    }
}
