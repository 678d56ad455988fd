//! Key pairs for tokens, and their public halves as a JWKS (RFC 7517).

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto, encode};
use serde_json::{Value, json};

/// What PKCS #8 puts before an RSA key of this size (RFC 5958): version, algorithm and the
/// heads of three fields; the key itself follows as PKCS #1 has it.
const PKCS8_RSA_2048: usize = 26;

/// A key pair, made for the test.
pub struct Key {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Its id in a set.
    pub id: String,
    private: EncodingKey,
    /// The public key as PEM (RSA only): what a confused verifier would take for a secret.
    pub public_pem: String,
}

impl Key {
    /// A new key for RS256, ES256 or `EdDSA`.
    ///
    /// # Panics
    /// For another algorithm.
    pub fn new(algorithm: Algorithm, id: &str) -> Self {
        crate::api::install_crypto();
        let mut public_pem = String::new();
        let private = match algorithm {
            Algorithm::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("its form");
                public_pem = pem(public.as_ref());
                let private: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
                let inside = private.as_ref().get(PKCS8_RSA_2048..).expect("a key");
                EncodingKey::from_rsa_der(inside)
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
                let private = pair.expect("a key").to_pkcs8v1().expect("its form");
                EncodingKey::from_ec_der(private.as_ref())
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().expect("a key");
                EncodingKey::from_ed_der(pair.to_pkcs8v1().expect("its form").as_ref())
            }
            other => panic!("no keys for {other:?}"),
        };
        Self {
            algorithm,
            id: id.to_owned(),
            private,
            public_pem,
        }
    }

    /// A token with these claims, naming this key.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(Some(&self.id), claims)
    }

    /// A token with these claims that names this key, or none.
    pub fn sign_as(&self, id: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = id.map(str::to_owned);
        encode(&header, claims, &self.private).expect("claims can be signed")
    }

    /// A token whose header says this.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = crypto::sign(message.as_bytes(), &self.private, self.algorithm);
        format!("{message}.{}", signature.expect("it can be signed"))
    }

    /// Its public half.
    pub fn public(&self) -> Value {
        let public = Jwk::from_encoding_key(&self.private, self.algorithm);
        let mut public = json!(public.expect("it has a public half"));
        public["kid"] = json!(self.id);
        public["use"] = json!("sig");
        public
    }
}

/// A set of public keys.
pub fn set(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys }).to_string()
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
}
