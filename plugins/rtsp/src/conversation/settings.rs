//! The adapter's options.

use padelvar_sdk::Error;

/// What the operator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings;

impl Settings {
    /// `transport`: `auto` and `tcp` both mean interleaved TCP today.
    pub fn parse(options: &[(String, String)]) -> Result<Self, Error> {
        let transport = options.iter().find(|(name, _)| name == "transport");
        match transport.map(|(_, value)| value.as_str()) {
            None | Some("auto" | "tcp") => Ok(Self),
            Some(planned @ ("udp" | "multicast" | "http")) => Err(Error::unsupported(format!(
                "transport = {planned:?} comes later; use \"auto\" or \"tcp\""
            ))),
            Some(other) => Err(Error::unsupported(format!(
                "transport = {other:?} is unknown; use \"auto\" or \"tcp\""
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports() {
        let parse = |value: &str| Settings::parse(&[("transport".to_owned(), value.to_owned())]);
        assert!(Settings::parse(&[]).is_ok() && parse("auto").is_ok() && parse("tcp").is_ok());
        assert!(parse("udp").unwrap_err().message.contains("comes later"));
        assert!(parse("x").unwrap_err().message.contains("unknown"));
    }
}
