//! Tokens, good and bad.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::config::SECRET;

/// Seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Claims of a token that is good for an hour.
pub fn claims(role: &str) -> Value {
    json!({"sub": "7", "role": role, "club_id": 1, "exp": now() + 3600})
}

/// A good token of this role.
pub fn of(role: &str) -> String {
    signed(Algorithm::HS256, SECRET, &claims(role))
}

/// A good token of this role for so many seconds.
pub fn lasting(role: &str, seconds: i64) -> String {
    let mut claims = claims(role);
    claims["exp"] = json!(now() + seconds);
    signed(Algorithm::HS256, SECRET, &claims)
}

/// A good token of this role, user and club.
pub fn of_user(role: &str, user: &str, club: u32) -> String {
    let mut claims = claims(role);
    claims["sub"] = json!(user);
    claims["club_id"] = json!(club);
    signed(Algorithm::HS256, SECRET, &claims)
}

/// A token with these claims, signed so.
pub fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    crate::api::install_crypto();
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).expect("claims can be signed")
}

/// An HS256 token of any key, naming it.
pub fn with_secret(secret: &[u8], key_id: &str, claims: &Value) -> String {
    crate::api::install_crypto();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key_id.to_owned());
    let key = EncodingKey::from_secret(secret);
    encode(&header, claims, &key).expect("claims can be signed")
}

/// An unsigned token, `alg` being `none`: header and claims in base64url.
pub const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\
     eyJzdWIiOiI3Iiwicm9sZSI6IlNVUEVSX0FETUlOIiwiZXhwIjo5OTk5OTk5OTk5fQ.";
