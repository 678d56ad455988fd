//! Tickets: short-lived stand-ins for a token in a URL, so that `<img src>` works. A ticket
//! names its holder, one session and one purpose, and is signed with a key that signs nothing
//! else. The policy is asked again when it is used.

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::principal::Principal;

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

#[derive(Serialize, Deserialize)]
struct Claims {
    exp: i64,
    session: String,
    purpose: Purpose,
    principal: Principal,
}

/// Makes and checks tickets. Its key lives as long as the host runs.
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
        let claims = Claims {
            exp: Timestamp::now().as_second() + purpose.lifetime().as_secs() as i64,
            session: session.to_owned(),
            purpose,
            principal: principal.clone(),
        };
        let key = EncodingKey::from_secret(&self.key);
        encode(&Header::new(Algorithm::HS256), &claims, &key).ok()
    }

    /// The holder of a ticket for exactly this session and purpose.
    pub fn redeem(&self, ticket: &str, session: &str, purpose: Purpose) -> Option<Principal> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_aud = false;
        let key = DecodingKey::from_secret(&self.key);
        let claims = decode::<Claims>(ticket, &key, &validation).ok()?.claims;
        (claims.session == session && claims.purpose == purpose).then_some(claims.principal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_session_one_purpose_one_mint() {
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
        assert_eq!(
            mint.redeem(&ticket, "sess_1_2", Purpose::Preview),
            Some(principal)
        );
        assert_eq!(mint.redeem(&ticket, "sess_1_3", Purpose::Preview), None);
        assert_eq!(mint.redeem(&ticket, "sess_1_2", Purpose::Download), None);
        assert_eq!(
            TicketMint::new().redeem(&ticket, "sess_1_2", Purpose::Preview),
            None
        );
        assert_eq!(mint.redeem("", "sess_1_2", Purpose::Preview), None);
    }
}
