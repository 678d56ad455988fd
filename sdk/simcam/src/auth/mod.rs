//! Who may see the camera: Basic (RFC 7617) and Digest (RFC 2069, 7616).

mod digest;
mod header;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rng::Rng;
pub(crate) use digest::hex;
use digest::{Algorithm, Digest};

/// Nonces that are remembered; a client that only asks cannot fill the memory.
const MAX_NONCES: usize = 256;

/// A way to prove the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// User and password in base64.
    Basic,
    /// Digest with MD5.
    DigestMd5,
    /// Digest with SHA-256.
    DigestSha256,
}

/// The camera's account and how it asks for it.
#[derive(Debug, Clone)]
pub struct Auth {
    /// The only user.
    pub user: String,
    /// The password at the start; see [`Fault::Password`](crate::Fault::Password).
    pub password: String,
    /// Offered in this order, one `WWW-Authenticate` header each; any is taken.
    pub schemes: Vec<Scheme>,
    /// The realm, without quotes.
    pub realm: String,
    /// Whether Digest offers `qop="auth"`. Without it is as in RFC 2069, which
    /// most cameras with MD5 still speak; SHA-256 came with RFC 7616, where it
    /// is obligatory.
    pub qop: bool,
    /// After so many uses a nonce is stale and a new one is handed out.
    pub nonce_uses: Option<u32>,
}

impl Auth {
    /// An account with one scheme, and `qop` as is usual with it.
    pub fn new(scheme: Scheme, user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            schemes: vec![scheme],
            realm: "simcam".to_owned(),
            qop: scheme == Scheme::DigestSha256,
            nonce_uses: None,
        }
    }
}

/// Checks what clients present.
#[derive(Debug)]
pub(crate) struct Gate {
    auth: Auth,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    password: String,
    nonces: VecDeque<(String, u32)>,
    rng: Rng,
}

/// Why a request may not pass: the `WWW-Authenticate` headers of the answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) Vec<String>);

impl Gate {
    pub(crate) fn new(auth: Auth, seed: u64) -> Self {
        let state = State {
            password: auth.password.clone(),
            nonces: VecDeque::new(),
            rng: Rng::new(seed),
        };
        Self {
            auth,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_password(&self, password: String) {
        self.state().password = password;
    }

    /// Judges the value of an `Authorization` header.
    pub(crate) fn check(&self, method: &str, uri: &str, value: Option<&str>) -> Result<(), Denied> {
        let mut state = self.state();
        let stale = match value.map(|v| self.judge(&mut state, method, uri, v)) {
            Some(Verdict::Good) => return Ok(()),
            Some(Verdict::Stale) => true,
            Some(Verdict::Wrong) | None => false,
        };
        Err(Denied(self.challenges(&mut state, stale)))
    }

    fn judge(&self, state: &mut State, method: &str, uri: &str, value: &str) -> Verdict {
        let Some((scheme, rest)) = value.trim().split_once(' ') else {
            return Verdict::Wrong;
        };
        if scheme.eq_ignore_ascii_case("basic") {
            let wanted = STANDARD.encode(format!("{}:{}", self.auth.user, state.password));
            let good = self.auth.schemes.contains(&Scheme::Basic) && rest.trim() == wanted;
            return if good { Verdict::Good } else { Verdict::Wrong };
        }
        if !scheme.eq_ignore_ascii_case("digest") {
            return Verdict::Wrong;
        }
        let Some(given) = Digest::parse(rest) else {
            return Verdict::Wrong;
        };
        let scheme = match given.algorithm {
            Algorithm::Md5 => Scheme::DigestMd5,
            Algorithm::Sha256 => Scheme::DigestSha256,
        };
        let known = self.auth.schemes.contains(&scheme)
            && given.username == self.auth.user
            && given.realm == self.auth.realm
            && given.uri == uri
            && given.qop.is_some() == self.auth.qop;
        if !known || given.answer(&state.password, method) != given.response.to_ascii_lowercase() {
            return Verdict::Wrong;
        }
        let limit = self.auth.nonce_uses.unwrap_or(u32::MAX);
        let nonce = state.nonces.iter_mut().find(|(n, _)| *n == given.nonce);
        match nonce {
            Some((_, uses)) if *uses < limit => {
                *uses += 1;
                Verdict::Good
            }
            _ => Verdict::Stale,
        }
    }

    fn challenges(&self, state: &mut State, stale: bool) -> Vec<String> {
        let realm = &self.auth.realm;
        let nonce = format!("{:016x}{:016x}", state.rng.next(), state.rng.next());
        let digest = |algorithm: &str| {
            let mut text = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\"{algorithm}");
            if self.auth.qop {
                text += ", qop=\"auth\"";
            }
            if stale {
                text += ", stale=true";
            }
            text
        };
        let text = self.auth.schemes.iter().map(|scheme| match scheme {
            Scheme::Basic => format!("Basic realm=\"{realm}\""),
            // MD5 is what a missing algorithm means; old cameras leave it out.
            Scheme::DigestMd5 if !self.auth.qop => digest(""),
            Scheme::DigestMd5 => digest(", algorithm=MD5"),
            Scheme::DigestSha256 => digest(", algorithm=SHA-256"),
        });
        let text = text.collect();
        if state.nonces.len() >= MAX_NONCES {
            state.nonces.pop_front();
        }
        state.nonces.push_back((nonce, 0));
        text
    }
}

enum Verdict {
    Good,
    Wrong,
    Stale,
}

#[cfg(test)]
mod tests {
    use super::digest::{Algorithm, Digest};
    use super::{Auth, Denied, Gate, Scheme};

    /// What a client with this password answers to the first challenge.
    fn answer(denied: &Denied, password: &str, method: &str, uri: &str) -> String {
        let challenge = &denied.0[0];
        let nonce = challenge
            .split("nonce=\"")
            .nth(1)
            .and_then(|t| t.split('"').next());
        let mut digest = Digest {
            username: "admin".into(),
            realm: "simcam".into(),
            nonce: nonce.expect("a nonce").into(),
            uri: uri.into(),
            response: String::new(),
            algorithm: if challenge.contains("SHA-256") {
                Algorithm::Sha256
            } else {
                Algorithm::Md5
            },
            qop: challenge
                .contains("qop")
                .then(|| ("auth".into(), "00000001".into(), "c".into())),
        };
        digest.response = digest.answer(password, method);
        let mut text = format!(
            "Digest username=\"admin\", realm=\"simcam\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\"",
            digest.nonce, digest.response
        );
        if digest.algorithm == Algorithm::Sha256 {
            text += ", algorithm=SHA-256";
        }
        if digest.qop.is_some() {
            text += ", qop=auth, nc=00000001, cnonce=\"c\"";
        }
        text
    }

    fn gate(auth: Auth) -> (Gate, Denied) {
        let gate = Gate::new(auth, 1);
        let denied = gate
            .check("DESCRIBE", "rtsp://c/1", None)
            .expect_err("no credentials");
        (gate, denied)
    }

    #[test]
    fn digest_with_both_algorithms_and_qop() {
        for scheme in [Scheme::DigestMd5, Scheme::DigestSha256] {
            for qop in [false, true] {
                let auth = Auth {
                    qop,
                    ..Auth::new(scheme, "admin", "pä:ss")
                };
                let (gate, denied) = gate(auth);
                let good = answer(&denied, "pä:ss", "DESCRIBE", "rtsp://c/1");
                assert_eq!(gate.check("DESCRIBE", "rtsp://c/1", Some(&good)), Ok(()));
                assert!(gate.check("PLAY", "rtsp://c/1", Some(&good)).is_err());
                assert!(gate.check("DESCRIBE", "rtsp://c/2", Some(&good)).is_err());
                let bad = answer(&denied, "other", "DESCRIBE", "rtsp://c/1");
                let denied = gate
                    .check("DESCRIBE", "rtsp://c/1", Some(&bad))
                    .expect_err("wrong");
                assert!(!denied.0[0].contains("stale"));
            }
        }
    }

    #[test]
    fn a_used_up_nonce_is_stale() {
        let auth = Auth {
            nonce_uses: Some(1),
            ..Auth::new(Scheme::DigestMd5, "admin", "x")
        };
        let (gate, denied) = gate(auth);
        let good = answer(&denied, "x", "PLAY", "u");
        assert_eq!(gate.check("PLAY", "u", Some(&good)), Ok(()));
        let denied = gate.check("PLAY", "u", Some(&good)).expect_err("stale");
        assert!(denied.0[0].contains("stale=true"));
        let again = answer(&denied, "x", "PLAY", "u");
        assert_eq!(gate.check("PLAY", "u", Some(&again)), Ok(()));
    }

    #[test]
    fn basic_and_a_changed_password() {
        let (gate, denied) = gate(Auth::new(Scheme::Basic, "admin", "secret"));
        assert_eq!(denied.0, ["Basic realm=\"simcam\""]);
        let value = Some("Basic YWRtaW46c2VjcmV0");
        assert_eq!(gate.check("GET", "/", value), Ok(()));
        gate.set_password("new".into());
        assert!(gate.check("GET", "/", value).is_err());
    }

    #[test]
    fn a_scheme_that_was_not_offered_is_refused() {
        let (gate, denied) = gate(Auth::new(Scheme::DigestSha256, "admin", "x"));
        let value = answer(&denied, "x", "GET", "/").replace(", algorithm=SHA-256", "");
        assert!(gate.check("GET", "/", Some(&value)).is_err());
        assert!(gate.check("GET", "/", Some("Basic YWRtaW46eA==")).is_err());
        for junk in [
            "",
            "Digest",
            "Digest ",
            "Digest \"",
            "Digest a=\"\\",
            "Bearer x",
        ] {
            assert!(gate.check("GET", "/", Some(junk)).is_err());
        }
    }
}
