//! The adapter's options.

use padelvar_sdk::Error;

/// `transport`: how media comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// `auto`: within the connection; by UDP where the camera does not do that.
    Auto,
    /// `tcp`: within the connection (RFC 2326, section 10.12).
    Tcp,
    /// `udp`: to ports of ours.
    Udp,
    /// `multicast`: to a group, which `reach` must grant.
    Multicast,
    /// `http`: all of it within two HTTP connections.
    Http,
}

/// What the operator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `transport`
    pub transport: Choice,
}

impl Settings {
    /// `auto` where nothing is said.
    pub fn parse(options: &[(String, String)]) -> Result<Self, Error> {
        let transport = options.iter().find(|(name, _)| name == "transport");
        let transport = match transport.map(|(_, value)| value.as_str()) {
            None | Some("auto") => Choice::Auto,
            Some("tcp") => Choice::Tcp,
            Some("udp") => Choice::Udp,
            Some("multicast") => Choice::Multicast,
            Some("http") => Choice::Http,
            Some(other) => {
                return Err(Error::unsupported(format!(
                    "transport = {other:?} is unknown; use \"auto\", \"tcp\", \"udp\", \
                     \"multicast\" or \"http\""
                )));
            }
        };
        Ok(Self { transport })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports() {
        let parse = |value: &str| {
            Settings::parse(&[("transport".to_owned(), value.to_owned())])
                .map(|settings| settings.transport)
        };
        let none = Settings::parse(&[]).map(|settings| settings.transport);
        assert_eq!(none, Ok(Choice::Auto));
        assert_eq!(parse("auto"), Ok(Choice::Auto));
        assert_eq!(parse("tcp"), Ok(Choice::Tcp));
        assert_eq!(parse("udp"), Ok(Choice::Udp));
        assert_eq!(parse("multicast"), Ok(Choice::Multicast));
        assert_eq!(parse("http"), Ok(Choice::Http));
        assert!(parse("UDP").unwrap_err().message.contains("unknown"));
    }
}
