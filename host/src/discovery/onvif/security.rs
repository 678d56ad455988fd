//! WS-UsernameToken with a password digest (OASIS Web Services Security `UsernameToken` Profile
//! 1.0, section 3.1; ONVIF Core, section 5.9.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use sha1::{Digest as _, Sha1};

use super::super::xml::escaped;

const SECEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const UTILITY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const DIGEST: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";
const BASE64: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// Proves once that the password is known. Each request needs a new one: cameras refuse a
/// nonce that they have seen.
pub struct UsernameToken {
    username: String,
    digest: String,
    nonce: String,
    created: String,
}

impl UsernameToken {
    /// `offset` is what the camera's clock is ahead of this one's ([`Clock`]): cameras refuse
    /// what was made more than some seconds from their own time. `nonce`: 16 random bytes.
    ///
    /// [`Clock`]: super::Clock
    pub fn new(
        username: &str,
        password: &str,
        now: Timestamp,
        offset: SignedDuration,
        nonce: [u8; 16],
    ) -> Self {
        let there = now.saturating_add(offset).unwrap_or(now);
        // Whole seconds: some cameras do not read fractions.
        let created = there.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self {
            username: username.to_owned(),
            digest: digest(&nonce, &created, password),
            nonce: STANDARD.encode(nonce),
            created,
        }
    }

    /// The `Security` header.
    pub(super) fn header(&self) -> String {
        let username = escaped(&self.username);
        let Self {
            digest,
            nonce,
            created,
            ..
        } = self;
        format!(
            "<wsse:Security s:mustUnderstand=\"1\" xmlns:wsse=\"{SECEXT}\" xmlns:wsu=\"{UTILITY}\">\
             <wsse:UsernameToken><wsse:Username>{username}</wsse:Username>\
             <wsse:Password Type=\"{DIGEST}\">{digest}</wsse:Password>\
             <wsse:Nonce EncodingType=\"{BASE64}\">{nonce}</wsse:Nonce>\
             <wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
        )
    }
}

/// Base64(SHA-1(nonce + created + password)).
fn digest(nonce: &[u8], created: &str, password: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(created.as_bytes());
    hash.update(password.as_bytes());
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of ONVIF's Application Programmer's Guide 1.0, section 6.1.1.3.
    #[test]
    fn the_guides_example() {
        let nonce = STANDARD.decode("LKqI6G/AikKCQrN0zqZFlg==").unwrap();
        let digest = digest(&nonce, "2010-09-16T07:50:45Z", "userpassword");
        assert_eq!(digest, "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
    }

    #[test]
    fn the_cameras_time_and_an_escaped_name() {
        let now: Timestamp = "2026-03-01T10:00:00.7Z".parse().unwrap();
        let offset = SignedDuration::from_secs(-3600);
        let header = UsernameToken::new("a<b", "secret&", now, offset, [7; 16]).header();
        assert!(
            header.contains("<wsu:Created>2026-03-01T09:00:00Z</wsu:Created>"),
            "{header}"
        );
        assert!(header.contains("<wsse:Username>a&lt;b</wsse:Username>"));
        assert!(!header.contains("secret"));
    }
}
