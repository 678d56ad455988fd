//! The question: WS-Discovery's Probe (April 2005 version, section 5.2), as ONVIF Core
//! (section 7.3) asks for it.

/// Where to: the group and port of WS-Discovery over IPv4 (section 2.4).
pub const GROUP: std::net::Ipv4Addr = std::net::Ipv4Addr::new(239, 255, 255, 250);
/// The port.
pub const PORT: u16 = 3702;

/// What is looked for. Cameras answer to the one or to the other, rarely to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `dn:NetworkVideoTransmitter`: ONVIF cameras since the first version.
    NetworkVideoTransmitter,
    /// `tds:Device`: any ONVIF device, recorders too.
    Device,
}

/// The Probe for a kind. `id` (16 random bytes) becomes a version 4 UUID (RFC 9562, section 5.4).
pub fn message(kind: Kind, id: [u8; 16]) -> (String, String) {
    let id = uuid(id);
    let types = match kind {
        Kind::NetworkVideoTransmitter => {
            "<d:Types xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">dn:NetworkVideoTransmitter</d:Types>"
        }
        Kind::Device => {
            "<d:Types xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\">tds:Device</d:Types>"
        }
    };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">\
         <s:Header>\
         <a:Action s:mustUnderstand=\"1\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>\
         <a:MessageID>urn:uuid:{id}</a:MessageID>\
         <a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
         <a:To s:mustUnderstand=\"1\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\
         </s:Header>\
         <s:Body><d:Probe>{types}</d:Probe></s:Body>\
         </s:Envelope>"
    );
    (id, text)
}

fn uuid(mut id: [u8; 16]) -> String {
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = crate::hex::lower(&id);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::xml::{self, Element as _};

    #[test]
    fn it_is_a_soap_message() {
        for (kind, types) in [
            (Kind::NetworkVideoTransmitter, "dn:NetworkVideoTransmitter"),
            (Kind::Device, "tds:Device"),
        ] {
            let (id, text) = message(kind, [0xff; 16]);
            assert_eq!(id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
            let document = xml::parse(&text).unwrap();
            let root = document.root_element();
            assert_eq!(
                root.tag_name().namespace(),
                Some("http://www.w3.org/2003/05/soap-envelope")
            );
            assert_eq!(root.words_at(&["Body", "Probe", "Types"]), Some(types));
            assert_eq!(
                root.words_at(&["Header", "MessageID"]),
                Some(&*format!("urn:uuid:{id}"))
            );
        }
    }
}
