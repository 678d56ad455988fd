//! A self-signed certificate, as cameras have them.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A certificate of this machine's loopback address, with its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    pem: String,
    sha256: String,
}

impl Certificate {
    /// A fresh one.
    pub fn new() -> Self {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("the names are good");
        let sum = digest::digest(&digest::SHA256, made.cert.der());
        Self {
            pem: pem("CERTIFICATE", made.cert.der())
                + &pem("PRIVATE KEY", &made.signing_key.serialize_der()),
            sha256: hex(sum.as_ref()),
        }
    }

    /// Certificate and key in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 of the certificate's DER form, hexadecimal: what a configuration pins.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string cannot fail to grow.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The textual form (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    let text = lines.join("\n");
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::pem;

    #[test]
    fn lines_of_64() {
        let text = pem("X", &[0; 50]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "-----BEGIN X-----");
        assert_eq!((lines[1].len(), lines[2]), (64, "AAA="));
        assert_eq!(lines[3], "-----END X-----");
    }
}
