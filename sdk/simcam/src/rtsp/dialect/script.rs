//! A real camera's texts as answers of this one.

use std::net::IpAddr;

use crate::message::Answer;

/// What the simulated camera and its client are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    /// `rtsp` or `rtsps`.
    pub(crate) scheme: &'a str,
    /// Host and port.
    pub(crate) authority: &'a str,
}

/// Where a stream of the real camera began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) url: String,
    pub(crate) sequence: Option<u16>,
    pub(crate) timestamp: Option<u32>,
}

/// The body of a whole answer.
pub(crate) fn body(text: &str) -> &str {
    let ends = ["\r\n\r\n", "\n\n"].into_iter();
    let first = ends
        .filter_map(|end| Some((text.find(end)?, end.len())))
        .min();
    first.map_or("", |(at, length)| &text[at + length..])
}

/// A header of a whole answer.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = &text[..text.len() - body(text).len()];
    let mut all = head.lines().filter_map(|line| line.split_once(':'));
    let found = all.find(|(n, _)| n.trim().eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}

/// The text as an answer to the request with this number. `Transport`, where the text has one, is
/// replaced by what was agreed on.
pub(crate) fn answer(text: &str, cseq: &str, transport: Option<&str>, own: Own<'_>) -> Answer {
    let body = body(text);
    let head = &text[..text.len() - body.len()];
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let mut answer = Answer::new(status.and_then(|s| s.parse().ok()).unwrap_or(200));
    let mut numbered = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        // More than one space is some makes' habit.
        let value = value.strip_prefix(' ').unwrap_or(value);
        let value = match name.to_ascii_lowercase().as_str() {
            "content-length" => continue,
            "cseq" => {
                numbered = true;
                cseq.to_owned()
            }
            "transport" => transport.unwrap_or(value).to_owned(),
            _ => readdress(value, own),
        };
        answer = answer.with(name, value);
    }
    if !numbered {
        answer = answer.with("CSeq", cseq);
    }
    let mut lines = readdress(body, own)
        .lines()
        .collect::<Vec<_>>()
        .join("\r\n");
    if !lines.is_empty() {
        lines += "\r\n";
    }
    answer.body = lines.into_bytes();
    answer
}

/// RTSP URLs with this camera's scheme, host and port in place of the real one's.
pub(crate) fn readdress(text: &str, own: Own<'_>) -> String {
    let mut pieces = text.split("rtsp://");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = |c: char| c == '/' || c == ';' || c == ',' || c.is_whitespace();
        let rest = &piece[piece.find(end).unwrap_or(piece.len())..];
        out.extend([own.scheme, "://", own.authority, rest]);
    }
    out
}

/// The real camera's Transport header with what was agreed on: `agreed` is the header of this
/// camera without the SSRC.
pub(crate) fn transport(text: &str, agreed: &str, [own, peer]: [IpAddr; 2]) -> String {
    let mut agreed = agreed.split(';');
    let profile = agreed.next().unwrap_or_default();
    let places: Vec<&str> = agreed.filter(|part| part.contains('=')).collect();
    let mut places = Some(places.join(";"));
    let mut out = vec![profile.to_owned()];
    for part in header(text, "Transport")
        .unwrap_or_default()
        .split(';')
        .skip(1)
    {
        match part.trim().split('=').next().unwrap_or_default() {
            "interleaved" | "client_port" | "server_port" => out.extend(places.take()),
            "source" => out.push(format!("source={own}")),
            "destination" => out.push(format!("destination={peer}")),
            _ => out.push(part.to_owned()),
        }
    }
    out.extend(places);
    out.join(";")
}

/// The SSRC in a real camera's answer to SETUP. Some makes pad it with spaces.
pub(crate) fn announced_ssrc(text: &str) -> Option<u32> {
    let mut parts = header(text, "Transport")?.split(';').map(str::trim);
    let value = parts.find_map(|part| part.strip_prefix("ssrc="))?;
    u32::from_str_radix(value.trim(), 16).ok()
}

/// Where the streams begin by an answer to PLAY (RFC 2326 12.33).
pub(crate) fn starts(text: &str) -> Vec<Begin> {
    let info = header(text, "RTP-Info").unwrap_or_default();
    let begin = |entry: &str| {
        let mut parts = entry.split(';').map(str::trim);
        let url = parts.next()?.strip_prefix("url=")?.to_owned();
        let (mut sequence, mut timestamp) = (None, None);
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name {
                "seq" => sequence = value.parse().ok(),
                "rtptime" => timestamp = value.parse().ok(),
                _ => {}
            }
        }
        Some(Begin {
            url,
            sequence,
            timestamp,
        })
    };
    info.split(',').filter_map(begin).collect()
}

/// The place of the control that a URL ends with; the longest where several fit. Clients join
/// base and control in different ways, so that nothing but the end is looked at.
pub(crate) fn track_of<'a>(url: &str, controls: impl Iterator<Item = &'a str>) -> Option<usize> {
    let fits = controls.enumerate().filter_map(|(i, control)| {
        let end = match control.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/').unwrap_or(rest.len())..],
            None => control,
        };
        (end.is_empty() || url.ends_with(end)).then_some((end.len(), i))
    });
    // Of equal ones the first.
    fits.max_by_key(|(length, i)| (*length, std::cmp::Reverse(*i)))
        .map(|(_, i)| i)
}

#[cfg(test)]
mod tests {
    use super::{Own, announced_ssrc, answer, body, header, starts, track_of, transport};
    use std::net::{IpAddr, Ipv4Addr};

    const OWN: Own<'static> = Own {
        scheme: "rtsp",
        authority: "127.0.0.1:7",
    };

    const SETUP: &str = "RTSP/1.0 200 OK\nCseq: 2\nSession:        708;timeout=60\n\
        Transport: RTP/AVP/TCP;unicast;destination=1.2.3.4;interleaved=0-1;ssrc= d6d6627\n";

    #[test]
    fn words_stay_and_addresses_change() {
        let text = "RTSP/1.0 200 OK\nContent-Base: rtsp://cam:554/a?b=1/\nContent-Length: 99\n\n\
                    v=0\na=control:rtsp://10.0.0.1/a/t=1\n";
        let made = answer(text, "5", None, OWN);
        let bytes = made.bytes("RTSP/1.0");
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            "RTSP/1.0 200 OK\r\nContent-Base: rtsp://127.0.0.1:7/a?b=1/\r\nCSeq: 5\r\n\r\n\
             v=0\r\na=control:rtsp://127.0.0.1:7/a/t=1\r\n"
        );
        let made = answer(SETUP, "9", Some("RTP/AVP"), OWN).bytes("RTSP/1.0");
        let made = String::from_utf8_lossy(&made).into_owned();
        assert!(
            made.contains("Cseq: 9\r\nSession:        708;timeout=60\r\nTransport: RTP/AVP\r\n")
        );
        assert_eq!((body("a"), body("a\r\n\r\nb\n\nc")), ("", "b\n\nc"));
        assert_eq!(header(SETUP, "session"), Some("708;timeout=60"));
    }

    #[test]
    fn transports_as_agreed() {
        let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let made = |agreed| transport(SETUP, agreed, [home, home]);
        assert_eq!(
            made("RTP/AVP/TCP;unicast;interleaved=2-3"),
            "RTP/AVP/TCP;unicast;destination=127.0.0.1;interleaved=2-3;ssrc= d6d6627"
        );
        assert_eq!(
            made("RTP/AVP;unicast;client_port=6-7;server_port=8-9"),
            "RTP/AVP;unicast;destination=127.0.0.1;client_port=6-7;server_port=8-9;ssrc= d6d6627"
        );
        assert_eq!(announced_ssrc(SETUP), Some(0x0D6D_6627));
    }

    #[test]
    fn starts_and_tracks() {
        let play =
            "RTSP/1.0 200 OK\nRTP-Info: url=trackID=0;seq=4;rtptime=9,url=rtsp://h/x/b;seq=5\n";
        let found = starts(play);
        assert_eq!((found[0].sequence, found[0].timestamp), (Some(4), Some(9)));
        assert_eq!(found[1].url, "rtsp://h/x/b");
        assert_eq!((found[1].sequence, found[1].timestamp), (Some(5), None));
        let controls = ["trackID=0", "rtsp://real/x/trackID=10?a=b", ""];
        let track = |url| track_of(url, controls.into_iter());
        assert_eq!(track("rtsp://me/y?z/trackID=0"), Some(0));
        assert_eq!(track("rtsp://me/x/trackID=10?a=b"), Some(1));
        assert_eq!(track("rtsp://me/x"), Some(2));
        assert_eq!(track_of("rtsp://me/x", ["y"].into_iter()), None);
    }
}
