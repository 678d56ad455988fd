//! Faults at given times, as the binary's flags give them.

use std::str::FromStr;
use std::time::Duration;

use super::{Fault, ParseFaultError, seconds};

/// A fault and when it strikes.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledFault {
    /// Time since the camera's start.
    pub at: Duration,
    /// What happens then.
    pub fault: Fault,
}

impl FromStr for ScheduledFault {
    type Err = ParseFaultError;

    /// Reads `KIND@SECONDS[:ARG]`, for instance `stall@12.5:3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || ParseFaultError(format!("fault `{text}` is not KIND@SECONDS[:ARG]"));
        let (kind, rest) = text.split_once('@').ok_or_else(form)?;
        let (at, fault) = match rest.split_once(':') {
            Some((at, arg)) => (at, format!("{kind}:{arg}")),
            None => (rest, kind.to_owned()),
        };
        Ok(Self {
            at: seconds(at).ok_or_else(form)?,
            fault: fault.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ScheduledFault;
    use crate::fault::Fault;
    use std::time::Duration;

    #[test]
    fn reads_time_and_argument() {
        let read: ScheduledFault = "stall@12.5:3".parse().expect("it is well formed");
        assert_eq!(read.at, Duration::from_millis(12_500));
        assert_eq!(read.fault, Fault::Stall(Duration::from_secs(3)));
        let read: ScheduledFault = "password@1:a@b:c".parse().expect("it is well formed");
        assert_eq!(read.fault, Fault::Password("a@b:c".into()));
        for text in ["close", "close@", "close@x", "@1", "stall@1"] {
            assert!(text.parse::<ScheduledFault>().is_err(), "{text}");
        }
    }
}
