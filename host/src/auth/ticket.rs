//! Tickets: short-lived stand-ins for a token in a URL, so that `<img src>` works. A ticket
//! names its holder, one session and one purpose, and is signed with a key that signs nothing
//! else. The policy is asked again when it is used.

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::principal::Principal;

/// Longest ticket that is looked at. A principal with all the claims that there may be, all of
/// them escaped, stays well below.
const TICKET_BYTES: usize = 32 << 10;

/// What a ticket is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Live pictures of a session.
    Preview,
    /// The file of a session.
    Download,
}

impl Purpose {
    fn lifetime(self) -> Duration {
        match self {
            Self::Preview => Duration::from_mins(10),
            Self::Download => Duration::from_hours(6),
        }
    }
}

/// What a ticket says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    exp: i64,
    /// The session that it is for.
    pub session: String,
    /// What it is good for there.
    pub purpose: Purpose,
    /// Who it was given to.
    pub principal: Principal,
}

/// Makes and checks tickets. Its key lives as long as the host runs: after a restart, tickets of
/// before are good no more, and whoever holds one fetches a new one with a token.
pub struct TicketMint {
    key: [u8; 32],
}

impl Default for TicketMint {
    fn default() -> Self {
        Self::new()
    }
}

impl TicketMint {
    /// A mint with a fresh key.
    pub fn new() -> Self {
        let mut key = [0; 32];
        // Linux answers 32 bytes whole or not at all; all zeros would be a key that is known.
        let filled = rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty());
        assert!(filled == Ok(32), "the system has no randomness for a key");
        Self { key }
    }

    /// A ticket for a session; none if it cannot be signed.
    pub fn issue(&self, principal: &Principal, session: &str, purpose: Purpose) -> Option<String> {
        let claims = Ticket {
            exp: Timestamp::now().as_second() + purpose.lifetime().as_secs() as i64,
            session: session.to_owned(),
            purpose,
            principal: principal.clone(),
        };
        let key = EncodingKey::from_secret(&self.key);
        encode(&Header::new(Algorithm::HS256), &claims, &key).ok()
    }

    /// What a good ticket says; none for anything else.
    pub fn read(&self, ticket: &str) -> Option<Ticket> {
        if ticket.len() > TICKET_BYTES {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_aud = false;
        let key = DecodingKey::from_secret(&self.key);
        Some(decode(ticket, &key, &validation).ok()?.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_issued_is_read_by_its_own_mint_only() {
        crate::install_crypto();
        let mint = TicketMint::new();
        let principal = Principal {
            id: "1".into(),
            role: "PLAYER".into(),
            ..Principal::default()
        };
        let ticket = mint
            .issue(&principal, "sess_1_2", Purpose::Preview)
            .unwrap();
        let read = mint.read(&ticket).unwrap();
        assert_eq!(
            (read.principal, read.session.as_str()),
            (principal, "sess_1_2")
        );
        assert_eq!(read.purpose, Purpose::Preview);
        assert_eq!(TicketMint::new().read(&ticket), None);
        for bad in ["", "..", &ticket[..ticket.len() - 3], &"x".repeat(1 << 20)] {
            assert_eq!(mint.read(bad), None);
        }
        let over = Ticket {
            exp: Timestamp::now().as_second() - 1,
            ..mint.read(&ticket).unwrap()
        };
        let key = EncodingKey::from_secret(&mint.key);
        let over = encode(&Header::new(Algorithm::HS256), &over, &key).unwrap();
        assert_eq!(mint.read(&over), None);
    }

    #[test]
    fn the_longest_is_read() {
        crate::install_crypto();
        let mint = TicketMint::new();
        // Control characters take six bytes in JSON.
        let longest = "\u{1}".repeat(256);
        let principal = Principal {
            id: longest.clone(),
            role: longest.clone(),
            club: Some(longest.clone()),
            claims: (0..8).map(|_| (String::new(), longest.clone())).collect(),
        };
        let ticket = mint.issue(&principal, &"s".repeat(256), Purpose::Download);
        assert!(mint.read(&ticket.unwrap()).is_some());
    }
}
