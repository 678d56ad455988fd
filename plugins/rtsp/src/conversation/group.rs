//! The multicast group that a session description names (RFC 8866, section 5.7; RFC 4570).

use std::net::Ipv4Addr;

use super::transport::{Group, Transport};

/// What the description says about the group of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    address: Option<String>,
    port: Option<u16>,
    source: Option<String>,
}

/// Of the first section of that kind (`video`) whose `a=control` is that one.
pub fn described(sdp: &[u8], kind: &str, control: Option<&str>) -> Described {
    let text = String::from_utf8_lossy(sdp);
    let mut session = Section::default();
    let mut current: Option<Section<'_>> = None;
    let mut found: Option<Section<'_>> = None;
    let wanted = |section: &Section<'_>| {
        section.kind.eq_ignore_ascii_case(kind) && section.control == control
    };
    for line in text.split(['\r', '\n']).map(str::trim) {
        match line.split_once('=') {
            Some(("m", value)) => {
                let before = current.replace(Section::new(value));
                found = found.or(before.filter(wanted));
            }
            Some((name, value)) => {
                current.as_mut().unwrap_or(&mut session).line(name, value);
            }
            None => {}
        }
    }
    let found = found.or(current.filter(wanted)).unwrap_or_default();
    Described {
        address: found.described.address.or(session.described.address),
        port: found.described.port,
        source: found.described.source.or(session.described.source),
    }
}

/// What is collected of one section.
#[derive(Default)]
struct Section<'a> {
    kind: &'a str,
    control: Option<&'a str>,
    described: Described,
}

impl<'a> Section<'a> {
    /// `video 5000/2 RTP/AVP 96`
    fn new(value: &'a str) -> Self {
        let mut words = value.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default();
        let port = words.next().and_then(|port| port.split('/').next());
        let port = port.and_then(|port| port.parse().ok());
        Self {
            kind,
            control: None,
            described: Described {
                port: port.filter(|port| *port > 0),
                ..Described::default()
            },
        }
    }

    fn line(&mut self, name: &str, value: &'a str) {
        let (attribute, rest) = value.split_once(':').unwrap_or((value, ""));
        match (name, attribute.trim()) {
            ("c", _) => {
                self.described.address = group_address(value.split_ascii_whitespace().nth(2));
            }
            ("a", "source-filter") => self.described.source = source_filter(rest),
            ("a", "control") => self.control = Some(rest.trim()),
            _ => {}
        }
    }
}

/// `239.1.1.1/127`
fn group_address(word: Option<&str>) -> Option<String> {
    let address: Ipv4Addr = word?.split('/').next()?.parse().ok()?;
    address.is_multicast().then(|| address.to_string())
}

/// ` incl IN IP4 239.1.1.1 10.0.0.9`, with one source.
fn source_filter(value: &str) -> Option<String> {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    match words[..] {
        ["incl", _, _, _, source] => {
            let address: Ipv4Addr = source.parse().ok()?;
            Some(address.to_string())
        }
        _ => None,
    }
}

/// The group: what the camera answered to SETUP, else what its description says. None
/// where neither says enough.
pub fn agreed(answer: &Transport, described: &Described) -> Option<Group> {
    let answered = group_address(answer.destination.as_deref());
    // Of an answer and a description that disagree, the parts do not mix.
    let source = match &answered {
        Some(address) if described.address.as_ref() != Some(address) => None,
        _ => described.source.clone(),
    };
    Some(Group {
        address: answered.or(described.address.clone())?,
        rtp_port: answer.port.map(|(rtp, _)| rtp).or(described.port)?,
        source,
    })
}

#[cfg(test)]
mod tests {
    use padelvar_sdk::testing::{Edit, edited};

    use super::*;

    const SDP: &[u8] = b"v=0\r\nc=IN IP4 239.0.0.1/32\r\nm=audio 4000 RTP/AVP 0\r\n\
        a=control:a\r\nm=video 5000/2 RTP/AVP 96\r\nc=IN IP4 239.0.0.2/127\r\n\
        a=source-filter: incl IN IP4 239.0.0.2 10.0.0.9\r\na=control:v\r\n";

    #[test]
    fn groups() {
        let group = |answer: &str, kind, control| {
            agreed(
                &Transport::parse(answer),
                &described(SDP, kind, Some(control)),
            )
            .map(|group| (group.address, group.rtp_port, group.source))
        };
        let ten = Some("10.0.0.9".to_owned());
        assert_eq!(
            group("", "video", "v"),
            Some(("239.0.0.2".to_owned(), 5000, ten))
        );
        assert_eq!(
            group("", "audio", "a"),
            Some(("239.0.0.1".to_owned(), 4000, None))
        );
        assert_eq!(
            group("destination=239.9.9.9;port=7000-7001", "video", "v"),
            Some(("239.9.9.9".to_owned(), 7000, None))
        );
        assert_eq!(group("", "video", "other"), None);
        // A camera's own address is no group.
        let unicast = described(
            b"c=IN IP4 0.0.0.0\r\nm=video 0 RTP/AVP 96\r\n",
            "video",
            None,
        );
        assert_eq!(unicast, Described::default());
        assert_eq!(agreed(&Transport::parse("port=5000"), &unicast), None);
    }

    #[test]
    fn any_text_is_taken() {
        bolero::check!().with_type::<Vec<Edit>>().for_each(|edits| {
            let described = described(&edited(SDP, edits), "video", Some("v"));
            let group = agreed(&Transport::parse("port=7000"), &described);
            assert!(group.is_none_or(|group| group.address.starts_with('2')));
        });
    }
}
