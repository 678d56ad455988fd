//! In which way to ask for media, and what to try next. Pure.
//!
//! `auto` asks for TCP first: nothing is lost in it, no firewall stands between, and nearly
//! every camera does it. UDP is next, where the camera refuses TCP (status 461, which costs
//! one round trip) or accepts it and sends nothing for some seconds. A camera that was silent
//! over TCP and refuses UDP may only be slow: TCP is tried again, with more patience. That UDP
//! worked is remembered: the next session asks for it first, and for TCP where it fails.

use core::time::Duration;

use padelvar_sdk::Error;

use super::settings::Choice;

/// How media comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Within the connection.
    Interleaved,
    /// By UDP to ports of ours.
    Unicast,
    /// By UDP to a group.
    Multicast,
}

/// See the module.
#[derive(Debug)]
pub struct Plan {
    choice: Choice,
    way: Way,
    /// What `auto` knows of TCP.
    tcp: Tcp,
    fresh_starts: u32,
    /// Whether it is remembered that UDP worked.
    knows_udp: bool,
}

/// What is remembered where video came over UDP in the way of `auto`.
const UDP: &[u8] = b"udp";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tcp {
    Untried,
    /// UDP worked in an earlier session.
    Skipped,
    Refused,
    Silent,
    /// It is tried for the second time.
    Again,
}

/// New connections after refusals that leftovers of an older session may explain.
const FRESH_STARTS: u32 = 1;

/// How long to wait for the first video where there is another way to try.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);

impl Plan {
    /// `encrypted`: the URL's scheme is `rtsps`. `memory`: what [`worked`](Self::worked) gave
    /// an earlier session to remember.
    pub fn new(choice: Choice, encrypted: bool, memory: &[u8]) -> Result<Self, Error> {
        let skips = choice == Choice::Auto && !encrypted && memory == UDP;
        let way = match choice {
            Choice::Auto if skips => Way::Unicast,
            Choice::Auto | Choice::Tcp | Choice::Http => Way::Interleaved,
            Choice::Udp => Way::Unicast,
            Choice::Multicast => Way::Multicast,
        };
        if encrypted && way != Way::Interleaved {
            return Err(Error::unsupported(
                "rtsps:// with media over UDP would send the video unencrypted; \
                 use transport = \"tcp\" or an rtsp:// URL",
            ));
        }
        let choice = match choice {
            Choice::Auto if encrypted => Choice::Tcp,
            other => other,
        };
        Ok(Self {
            choice,
            way,
            tcp: if skips { Tcp::Skipped } else { Tcp::Untried },
            fresh_starts: 0,
            knows_udp: skips,
        })
    }

    /// Video comes in this way. What to remember now, where that is news.
    pub fn worked(&mut self) -> Option<&'static [u8]> {
        let knew = std::mem::replace(&mut self.knows_udp, self.way == Way::Unicast);
        let is_news = self.choice == Choice::Auto && knew != self.knows_udp;
        is_news.then_some(if self.knows_udp { UDP } else { b"" })
    }

    /// The way to go.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Whether everything goes through HTTP.
    pub fn is_tunnelled(&self) -> bool {
        self.choice == Choice::Http
    }

    /// The camera refuses the way. Whether there is another one now.
    pub fn refused(&mut self) -> bool {
        (self.way, self.tcp) = match (self.choice, self.way, self.tcp) {
            (Choice::Auto, Way::Interleaved, Tcp::Untried) => (Way::Unicast, Tcp::Refused),
            (Choice::Auto, Way::Unicast, Tcp::Silent) => (Way::Interleaved, Tcp::Again),
            (Choice::Auto, Way::Unicast, Tcp::Skipped) => (Way::Interleaved, Tcp::Untried),
            _ => return false,
        };
        true
    }

    /// The camera agreed to the way and sends nothing. Whether there is another one now.
    pub fn silent(&mut self) -> bool {
        (self.way, self.tcp) = match (self.choice, self.way, self.tcp) {
            (Choice::Auto, Way::Interleaved, Tcp::Untried) => (Way::Unicast, Tcp::Silent),
            (Choice::Auto, Way::Unicast, Tcp::Skipped) => (Way::Interleaved, Tcp::Again),
            _ => return false,
        };
        true
    }

    /// How long to wait for the first video.
    pub fn patience(&self) -> Duration {
        match (self.choice, self.way, self.tcp) {
            (Choice::Auto, Way::Interleaved, Tcp::Untried)
            | (Choice::Auto, Way::Unicast, Tcp::Skipped) => PATIENCE_WITH_OTHERS,
            _ => PATIENCE,
        }
    }

    /// Whether a new connection may be tried after a refusal that leftovers explain.
    pub fn start_afresh(&mut self) -> bool {
        self.fresh_starts += 1;
        self.fresh_starts <= FRESH_STARTS
    }

    /// Why the camera's refusal is final, and what the operator can do. `said`: what the
    /// camera said, such as 461.
    pub fn refusal(&self, said: &str) -> Error {
        let text = match (self.choice, self.way) {
            // A camera that offers something else now than before is odd, not unsuitable.
            (Choice::Auto, _) if self.tcp == Tcp::Again => return self.silence(),
            (Choice::Auto, _) => "neither over TCP nor over UDP",
            (_, Way::Interleaved) => "over TCP; hint: transport = \"auto\" or \"udp\"",
            (_, Way::Unicast) => "over UDP; hint: transport = \"auto\" or \"tcp\"",
            (_, Way::Multicast) => {
                "by multicast; hint: switch it on in the camera's settings, or use transport = \
                 \"auto\""
            }
        };
        let not = if self.choice == Choice::Auto {
            "sends"
        } else {
            "does not send"
        };
        Error::unsupported(format!("the camera {not} RTP {text} ({said})"))
    }

    /// Nothing came although PLAY was accepted.
    pub fn silence(&self) -> Error {
        let more = match (self.choice, self.way) {
            (Choice::Auto, Way::Unicast) if self.tcp == Tcp::Silent => {
                ", neither over TCP nor over UDP"
            }
            (_, Way::Unicast) => {
                " over UDP; hint: a firewall may hold it up, transport = \"tcp\" passes it"
            }
            (_, Way::Multicast) => {
                " to its group; hint: a switch may hold it up, transport = \"tcp\" passes it"
            }
            (_, Way::Interleaved) => "",
        };
        Error::unreachable(format!("the camera accepted PLAY but sends no video{more}"))
    }
}

#[cfg(test)]
mod tests {
    use padelvar_sdk::FailureClass;

    use super::*;

    fn auto() -> Plan {
        let plan = Plan::new(Choice::Auto, false, b"").unwrap();
        assert_eq!(
            (plan.way(), plan.patience().as_secs()),
            (Way::Interleaved, 5)
        );
        plan
    }

    #[test]
    fn auto_turns_to_udp() {
        let mut plan = auto();
        assert!(plan.refused());
        assert_eq!((plan.way(), plan.patience().as_secs()), (Way::Unicast, 10));
        assert!(!plan.refused());
        assert!(plan.refusal("461").message.contains("neither"));
        assert!(!plan.silent());
        assert!(plan.silence().message.contains("UDP; hint"));

        let mut plan = auto();
        assert!(plan.silent());
        assert_eq!((plan.way(), plan.patience().as_secs()), (Way::Unicast, 10));
        assert!(!plan.silent());
        assert!(plan.silence().message.contains("neither"));
    }

    #[test]
    fn what_worked_is_remembered() {
        let mut plan = auto();
        assert_eq!(plan.worked(), None);
        assert!(plan.refused());
        let memory = plan.worked().expect("that UDP works is news");
        assert_eq!(plan.worked(), None);
        let again = || Plan::new(Choice::Auto, false, memory).unwrap();
        assert_eq!(
            (again().way(), again().patience().as_secs()),
            (Way::Unicast, 5)
        );
        assert_eq!(again().worked(), None);
        // The camera has changed: TCP, and UDP after it, as at first.
        let mut plan = again();
        assert!(plan.refused());
        assert_eq!(plan.way(), Way::Interleaved);
        assert!(plan.refused() && !plan.refused());
        let mut plan = again();
        assert!(plan.silent() && !plan.silent() && !plan.refused());
        assert_eq!(plan.worked(), Some(&b""[..]), "it is forgotten");
        // Only `auto` remembers, and only in the clear.
        for (choice, encrypted) in [(Choice::Tcp, false), (Choice::Auto, true)] {
            let plan = Plan::new(choice, encrypted, memory).unwrap();
            assert_eq!(plan.way(), Way::Interleaved);
        }
        assert_eq!(Plan::new(Choice::Udp, false, b"").unwrap().worked(), None);
    }

    #[test]
    fn a_slow_camera_that_knows_tcp_only() {
        let mut plan = auto();
        assert!(plan.silent() && plan.refused());
        assert_eq!(
            (plan.way(), plan.patience().as_secs()),
            (Way::Interleaved, 10)
        );
        assert!(!plan.silent() && !plan.refused());
        for error in [plan.silence(), plan.refusal("461")] {
            assert_eq!(error.class, FailureClass::Unreachable);
        }
    }

    #[test]
    fn what_is_said_is_kept_to() {
        for (choice, way, hint) in [
            (Choice::Tcp, Way::Interleaved, "\"udp\""),
            (Choice::Udp, Way::Unicast, "\"tcp\""),
            (Choice::Multicast, Way::Multicast, "settings"),
            (Choice::Http, Way::Interleaved, "\"auto\""),
        ] {
            let mut plan = Plan::new(choice, false, b"").unwrap();
            assert_eq!(plan.way(), way);
            assert!(!plan.refused() && !plan.silent());
            let message = plan.refusal("461").message;
            assert!(
                message.contains(hint) && message.contains("461"),
                "{message}"
            );
        }
    }

    #[test]
    fn encrypted_media_stays_within_the_connection() {
        for choice in [Choice::Udp, Choice::Multicast] {
            let error = Plan::new(choice, true, b"").unwrap_err();
            assert!(error.message.contains("unencrypted"), "{error}");
        }
        let mut plan = Plan::new(Choice::Auto, true, b"").unwrap();
        assert!(!plan.refused() && !plan.silent());
        assert!(Plan::new(Choice::Http, true, b"").unwrap().is_tunnelled());
    }
}
