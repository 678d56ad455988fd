//! The sums of Digest authentication (RFC 7616 3.4).

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::header;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha256,
}

/// What a client presents.
#[derive(Debug)]
pub(super) struct Digest {
    pub(super) username: String,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) uri: String,
    pub(super) response: String,
    pub(super) algorithm: Algorithm,
    /// `qop`, `nc` and `cnonce`.
    pub(super) qop: Option<(String, String, String)>,
}

impl Digest {
    /// Reads what follows the word `Digest`; `None` where something is missing
    /// or an algorithm is unknown.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let params = header::parameters(text);
        let get = |name: &str| {
            let found = params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let algorithm = match get("algorithm") {
            None => Algorithm::Md5,
            Some(name) if name.eq_ignore_ascii_case("md5") => Algorithm::Md5,
            Some(name) if name.eq_ignore_ascii_case("sha-256") => Algorithm::Sha256,
            Some(_) => return None,
        };
        let qop = match get("qop") {
            None => None,
            Some(qop) if qop == "auth" => Some((qop, get("nc")?, get("cnonce")?)),
            Some(_) => return None,
        };
        Some(Self {
            username: get("username")?,
            realm: get("realm")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            response: get("response")?,
            algorithm,
            qop,
        })
    }

    /// The response that this password gives.
    pub(super) fn answer(&self, password: &str, method: &str) -> String {
        let hash = |text: String| match self.algorithm {
            Algorithm::Md5 => hex(&Md5::digest(text)),
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
        };
        let a1 = hash(format!("{}:{}:{password}", self.username, self.realm));
        let a2 = hash(format!("{method}:{}", self.uri));
        let nonce = &self.nonce;
        match &self.qop {
            None => hash(format!("{a1}:{nonce}:{a2}")),
            Some((qop, nc, cnonce)) => hash(format!("{a1}:{nonce}:{nc}:{cnonce}:{qop}:{a2}")),
        }
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::Digest;

    /// The example of RFC 7616 3.9.1 with both algorithms.
    #[test]
    fn the_example_of_the_rfc() {
        let common = "username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
                      nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
                      cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"\"";
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let digest = Digest::parse(&format!("{common}, algorithm={algorithm}"));
            let answer = digest
                .expect("it is complete")
                .answer("Circle of Life", "GET");
            assert_eq!(answer, response);
        }
    }
}
