//! The answers: `ProbeMatches` (WS-Discovery, section 5.3), and what is kept of them.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::xml::{self, Element as _, XmlError};

/// Most addresses that are kept of one device.
const MAX_ADDRESSES: usize = 8;
/// Most devices in one answer: each answers for itself, a proxy for some.
const MAX_MATCHES: usize = 32;
/// Longest address, in bytes.
const MAX_ADDRESS_BYTES: usize = 512;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 120;

/// A device that answered. All texts are its own words: shown, never trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where the answer came from.
    pub from: IpAddr,
    /// The endpoint's UUID in lower case, where it has one.
    pub uuid: Option<String>,
    /// Its ONVIF device services, the ones that are best to reach first.
    pub services: Vec<Service>,
    /// From the scope `name`.
    pub name: Option<String>,
    /// From the scope `hardware`: mostly the model.
    pub hardware: Option<String>,
    /// From the scopes `location/…`.
    pub location: Option<String>,
    /// From the scopes `Profile/…`: `Streaming`, `G`, `T`.
    pub profiles: Vec<String>,
}

/// An address of a device's ONVIF service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `http://…` or `https://…`, without credentials.
    pub url: String,
    /// `169.254.0.0/16` (RFC 3927) or `fe80::/10` (RFC 4291, section 2.5.6): only reached on the
    /// same wire, the latter only with a zone.
    pub link_local: bool,
    /// Its host is the address that the answer came from.
    pub is_sender: bool,
}

/// Reads an answer to one of the questions with these UUIDs. An answer to another question is
/// no device; one that does not say what it answers is taken, as some cameras leave it out.
pub fn parse(bytes: &[u8], from: IpAddr, questions: &[String]) -> Result<Vec<Found>, XmlError> {
    let text = xml::text_of(bytes)?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    let relates_to = root.words_at(&["Header", "RelatesTo"]);
    if relates_to.is_some_and(|id| uuid_of(id).is_none_or(|id| !questions.contains(&id))) {
        return Ok(Vec::new());
    }
    let Some(matches) = root.at(&["Body", "ProbeMatches"]) else {
        return Ok(Vec::new());
    };
    let matches = matches.all("ProbeMatch");
    let found = matches.iter().take(MAX_MATCHES).map(|found| {
        let words = |name| found.words_at(&[name]).unwrap_or_default();
        let scopes = Scopes::of(words("Scopes"));
        Found {
            from,
            uuid: found
                .words_at(&["EndpointReference", "Address"])
                .and_then(uuid_of),
            services: services(words("XAddrs"), from),
            name: scopes.name,
            hardware: scopes.hardware,
            location: scopes.location,
            profiles: scopes.profiles,
        }
    });
    Ok(found.filter(|found| !found.services.is_empty()).collect())
}

/// Adds what was found to what is known: one entry a UUID, or an address where there is none.
pub fn merge(known: &mut Vec<Found>, new: Found, most: usize) {
    let same = known.iter_mut().find(|old| match (&old.uuid, &new.uuid) {
        (Some(old), Some(new)) => old == new,
        _ => old
            .services
            .iter()
            .any(|service| new.services.contains(service)),
    });
    let Some(old) = same else {
        if known.len() < most {
            known.push(new);
        }
        return;
    };
    for service in new.services {
        if !old.services.contains(&service) {
            old.services.push(service);
        }
    }
    sort(&mut old.services);
    old.uuid = old.uuid.take().or(new.uuid);
    old.name = old.name.take().or(new.name);
    old.hardware = old.hardware.take().or(new.hardware);
    old.location = old.location.take().or(new.location);
    for profile in new.profiles {
        if !old.profiles.contains(&profile) && old.profiles.len() < MAX_ADDRESSES {
            old.profiles.push(profile);
        }
    }
}

/// A UUID in any of the dresses that cameras give it: `urn:uuid:…`, `uuid:…`, bare, capitals.
fn uuid_of(text: &str) -> Option<String> {
    let bare = text.rsplit(':').next().unwrap_or(text).to_ascii_lowercase();
    let is_uuid = (8..=64).contains(&bare.len())
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_uuid.then_some(bare)
}

fn services(text: &str, from: IpAddr) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for address in text.split_whitespace().take(4 * MAX_ADDRESSES) {
        if let Some(service) = service(address, from)
            && !services.contains(&service)
        {
            services.push(service);
        }
    }
    sort(&mut services);
    services
}

fn service(text: &str, from: IpAddr) -> Option<Service> {
    if text.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    // A zone (`[fe80::1%25eth0]`, RFC 6874) is the camera's own name for its wire.
    let text = match (text.find('%'), text.find(']')) {
        (Some(zone), Some(end)) if zone < end => format!("{}{}", &text[..zone], &text[end..]),
        _ => text.to_owned(),
    };
    let mut url = Url::parse(&text).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let address = match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
    };
    let useless = |ip: IpAddr| {
        ip.is_unspecified() || ip.is_multicast() || (ip.is_loopback() && !from.is_loopback())
    };
    if address.is_some_and(useless) {
        return None;
    }
    let link_local = address.is_some_and(|address| match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    });
    Some(Service {
        url: url.into(),
        link_local,
        is_sender: address == Some(from),
    })
}

/// The sender's own address first, link-local ones last, IPv4 before IPv6.
fn sort(services: &mut Vec<Service>) {
    services.sort_by_key(|service| {
        (
            service.link_local,
            !service.is_sender,
            service.url.contains('['),
        )
    });
    services.truncate(MAX_ADDRESSES);
}

/// What ONVIF scopes say (ONVIF Core, section 7.3.3).
#[derive(Default)]
struct Scopes {
    name: Option<String>,
    hardware: Option<String>,
    location: Option<String>,
    profiles: Vec<String>,
}

impl Scopes {
    fn of(text: &str) -> Self {
        let mut scopes = Self::default();
        let mut places: Vec<String> = Vec::new();
        for scope in text.split_whitespace().take(64) {
            let Some(rest) = scope.strip_prefix("onvif://www.onvif.org/") else {
                continue;
            };
            let Some((kind, value)) = rest.split_once('/') else {
                continue;
            };
            let value = xml::line(
                &percent_decode_str(value).decode_utf8_lossy(),
                MAX_NAME_CHARS,
            );
            if value.is_empty() {
                continue;
            }
            match kind.to_ascii_lowercase().as_str() {
                "name" => scopes.name = scopes.name.or(Some(value)),
                "hardware" => scopes.hardware = scopes.hardware.or(Some(value)),
                "location" if places.len() < 4 => places.push(value),
                "profile" if scopes.profiles.len() < MAX_ADDRESSES => scopes.profiles.push(value),
                _ => {}
            }
        }
        if !places.is_empty() {
            scopes.location = Some(xml::line(&places.join(", "), MAX_NAME_CHARS));
        }
        scopes
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const QUESTION: &str = "0a0b0c0d-0000-4000-8000-000000000001";

    /// An answer as cameras send it.
    pub fn answer(relates_to: &str, endpoint: &str, addresses: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">\
             <e:Header><w:MessageID>uuid:1</w:MessageID>{relates_to}</e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>\
             <w:EndpointReference><w:Address>{endpoint}</w:Address></w:EndpointReference>\
             <d:Types>dn:NetworkVideoTransmitter</d:Types>\
             <d:Scopes>onvif://www.onvif.org/type/ptz onvif://www.onvif.org/name/Court%20North \
             onvif://www.onvif.org/hardware/X-100 onvif://www.onvif.org/location/country/france\n\
             onvif://www.onvif.org/location/city/lyon onvif://www.onvif.org/Profile/Streaming ftp://other</d:Scopes>\
             <d:XAddrs>{addresses}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>\
             </d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
        )
    }

    fn relates(id: &str) -> String {
        format!("<w:RelatesTo>{id}</w:RelatesTo>")
    }

    fn read(text: &str) -> Vec<Found> {
        let from = "192.168.1.20".parse().unwrap();
        parse(text.as_bytes(), from, &[QUESTION.to_owned()]).unwrap()
    }

    #[test]
    fn a_camera() {
        let addresses = "http://[fe80::1%25eth0]/onvif/device_service http://169.254.3.4/onvif/device_service \
                         http://[fd00::20]:8080/onvif/device_service http://192.168.1.20/onvif/device_service";
        let related = relates(&format!("urn:uuid:{}", QUESTION.to_uppercase()));
        let found = read(&answer(
            &related,
            "urn:uuid:ABCDEF01-0000-0000-0000-001122334455",
            addresses,
        ));
        assert_eq!(found.len(), 1);
        let found = &found[0];
        assert_eq!(
            found.uuid.as_deref(),
            Some("abcdef01-0000-0000-0000-001122334455")
        );
        assert_eq!(found.name.as_deref(), Some("Court North"));
        assert_eq!(found.hardware.as_deref(), Some("X-100"));
        assert_eq!(found.location.as_deref(), Some("country/france, city/lyon"));
        assert_eq!(found.profiles, ["Streaming"]);
        let urls: Vec<&str> = found
            .services
            .iter()
            .map(|service| service.url.as_str())
            .collect();
        assert_eq!(
            urls,
            [
                "http://192.168.1.20/onvif/device_service",
                "http://[fd00::20]:8080/onvif/device_service",
                "http://169.254.3.4/onvif/device_service",
                "http://[fe80::1]/onvif/device_service",
            ]
        );
        let flags: Vec<(bool, bool)> = found
            .services
            .iter()
            .map(|s| (s.link_local, s.is_sender))
            .collect();
        assert_eq!(
            flags,
            [(false, true), (false, false), (true, false), (true, false)]
        );
    }

    #[test]
    fn whose_answer_it_is() {
        let with = |relates_to: &str| {
            read(&answer(relates_to, "uuid:1234abcd", "http://192.168.1.20/")).len()
        };
        assert_eq!(with(&relates(&format!("uuid:{QUESTION}"))), 1);
        assert_eq!(with(""), 1);
        assert_eq!(
            with(&relates("uuid:0a0b0c0d-0000-4000-8000-000000000002")),
            0
        );
        assert_eq!(with(&relates("not a uuid")), 0);
    }

    #[test]
    fn addresses_that_are_none() {
        for addresses in [
            "",
            "ftp://h/",
            "http://",
            "http://0.0.0.0/",
            "http://127.0.0.1/",
            "http://239.1.1.1/",
            "javascript:x",
            "http://[::1]/",
        ] {
            assert!(
                read(&answer("", "uuid:1234abcd", addresses)).is_empty(),
                "{addresses}"
            );
        }
        let long = format!("http://h/{}", "x".repeat(MAX_ADDRESS_BYTES));
        assert!(read(&answer("", "x", &long)).is_empty());
        let many: Vec<String> = (0..1000).map(|n| format!("http://10.0.0.1/{n}")).collect();
        assert_eq!(
            read(&answer("", "x", &many.join(" ")))[0].services.len(),
            MAX_ADDRESSES
        );
        let with_password = read(&answer("", "x", "http://a:b@10.0.0.1/"));
        assert_eq!(with_password[0].services[0].url, "http://10.0.0.1/");
    }

    #[test]
    fn one_entry_a_device() {
        let mut known = Vec::new();
        let find =
            |endpoint: &str, addresses: &str| read(&answer("", endpoint, addresses)).remove(0);
        merge(&mut known, find("uuid:1234abcd", "http://10.0.0.1/a"), 3);
        merge(
            &mut known,
            find("urn:uuid:1234ABCD", "http://192.168.1.20/a"),
            3,
        );
        merge(&mut known, find("none at all", "http://10.0.0.1/a"), 3);
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].services.len(), 2);
        assert!(known[0].services[0].is_sender);
        for id in 0..9 {
            merge(
                &mut known,
                find(&format!("uuid:0000000{id}"), "http://10.0.0.2/"),
                3,
            );
        }
        assert_eq!(known.len(), 3);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let text = answer(
            &relates(QUESTION),
            "uuid:1",
            "http://[fe80::1%25e]/ http://h%/ %]",
        );
        let from = "10.0.0.1".parse().unwrap();
        for at in 0..text.len() {
            let _ = parse(&text.as_bytes()[..at], from, &[]);
            let _ = parse(&text.as_bytes()[at..], from, &[]);
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 0xa5;
            let _ = parse(&bytes, from, &[]);
        }
    }

    #[test]
    fn other_messages_are_no_devices() {
        assert!(read("<a/>").is_empty());
        let from = "10.0.0.1".parse().unwrap();
        for bytes in [&b""[..], b"\xff\xfe", b"<!DOCTYPE a><a/>"] {
            assert!(parse(bytes, from, &[]).is_err());
        }
    }
}
