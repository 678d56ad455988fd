//! In which way to ask for media, and what to try next. Pure.
//!
//! `auto` asks for TCP first: nothing is lost in it, no firewall stands between, and nearly
//! every camera does it. UDP is next, where the camera refuses TCP (status 461, which costs
//! one round trip) or accepts it and sends nothing for some seconds. A camera that was silent
//! over TCP and refuses UDP may only be slow: TCP is tried again, with more patience. What
//! worked is kept for the session; an adapter has no memory beyond it, so the next session
//! decides anew.

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tcp {
    Untried,
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
    /// `encrypted`: the URL's scheme is `rtsps`.
    pub fn new(choice: Choice, encrypted: bool) -> Result<Self, Error> {
        let way = match choice {
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
            tcp: Tcp::Untried,
            fresh_starts: 0,
        })
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
            _ => return false,
        };
        true
    }

    /// The camera agreed to the way and sends nothing. Whether there is another one now.
    pub fn silent(&mut self) -> bool {
        let more =
            (self.choice, self.way, self.tcp) == (Choice::Auto, Way::Interleaved, Tcp::Untried);
        if more {
            (self.way, self.tcp) = (Way::Unicast, Tcp::Silent);
        }
        more
    }

    /// How long to wait for the first video.
    pub fn patience(&self) -> Duration {
        if (self.choice, self.way, self.tcp) == (Choice::Auto, Way::Interleaved, Tcp::Untried) {
            PATIENCE_WITH_OTHERS
        } else {
            PATIENCE
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
        let plan = Plan::new(Choice::Auto, false).unwrap();
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
            let mut plan = Plan::new(choice, false).unwrap();
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
            let error = Plan::new(choice, true).unwrap_err();
            assert!(error.message.contains("unencrypted"), "{error}");
        }
        let mut plan = Plan::new(Choice::Auto, true).unwrap();
        assert!(!plan.refused() && !plan.silent());
        assert!(Plan::new(Choice::Http, true).unwrap().is_tunnelled());
    }
}
