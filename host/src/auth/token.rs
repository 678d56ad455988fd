//! JSON Web Tokens (RFC 7519): by a shared secret (HS256), or by the keys that an identity
//! provider publishes (RS256, ES256, EdDSA). Which of the two is the configuration's to say and
//! never the token's.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde_json::{Map, json};

use super::claims::{ClaimNames, expiry};
use super::jwks::{Miss, PublishedKeys};
use super::principal::Principal;
use super::token_keys::TokenKeys;
use super::unauthenticated::Unauthenticated;
use crate::config::Auth;

/// Longest token that is looked at: stops a header of megabytes from being decoded.
const TOKEN_BYTES: usize = 8 << 10;

/// What published keys may be used with. No HS256: whoever knows a public key could sign.
const BY_PUBLISHED_KEY: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// A good token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who it is of.
    pub principal: Principal,
    /// Its `exp`; past by at most the leeway.
    pub expires: Timestamp,
}

/// Checks tokens. The algorithm is fixed: what a token's header asks for is not followed.
pub struct TokenVerifier {
    keys: Keys,
    validation: Validation,
    names: ClaimNames,
}

enum Keys {
    Secret(DecodingKey),
    Published(Arc<PublishedKeys>),
}

impl TokenVerifier {
    /// A verifier by these keys, with the configured claims and checks.
    pub fn new(keys: &TokenKeys, auth: &Auth) -> Self {
        let keys = match keys {
            TokenKeys::Secret(secret) => Keys::Secret(DecodingKey::from_secret(secret)),
            TokenKeys::Published(keys) => Keys::Published(Arc::clone(keys)),
        };
        Self {
            keys,
            validation: validation(auth),
            names: ClaimNames::new(auth),
        }
    }

    /// The user that a token stands for, or why it stands for nobody. It waits only where the
    /// token names a published key that is not at hand, and no longer than a fetch may take.
    pub async fn verify(&self, token: &str) -> Result<Verified, Unauthenticated> {
        if token.len() > TOKEN_BYTES {
            return Err(Unauthenticated::Bad("the token is too long"));
        }
        let header = decode_header(token).map_err(|error| bad(error.kind()))?;
        // RFC 7515 section 4.1.11: extensions that must be understood, and are not.
        if header.crit.is_some() {
            let reason = "the token asks for an extension that is not known here";
            return Err(Unauthenticated::Bad(reason));
        }
        match &self.keys {
            Keys::Secret(key) => self.check(token, key, &self.validation),
            Keys::Published(_) if !BY_PUBLISHED_KEY.contains(&header.alg) => {
                Err(bad(&ErrorKind::InvalidAlgorithm))
            }
            Keys::Published(keys) => {
                let found = keys.find(header.kid.as_deref(), header.alg).await;
                let key = found.map_err(|miss| match miss {
                    Miss::Unavailable => Unauthenticated::KeysUnavailable,
                    Miss::Unknown => {
                        Unauthenticated::Bad("the token is signed with a key that is not published")
                    }
                })?;
                let mut validation = self.validation.clone();
                validation.algorithms = vec![header.alg];
                self.check(token, &key, &validation)
            }
        }
    }

    fn check(
        &self,
        token: &str,
        key: &DecodingKey,
        validation: &Validation,
    ) -> Result<Verified, Unauthenticated> {
        let claims = decode::<Map<_, _>>(token, key, validation)
            .map_err(|error| bad(error.kind()))?
            .claims;
        let principal = self.names.principal(&claims);
        Ok(Verified {
            principal: principal.map_err(Unauthenticated::Bad)?,
            expires: expiry(&claims),
        })
    }
}

/// What a token's claims must be like; with HS256.
fn validation(auth: &Auth) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = auth.leeway_seconds;
    validation.validate_nbf = true;
    validation.set_required_spec_claims(&["exp"]);
    if let Some(issuer) = &auth.issuer {
        validation.set_issuer(&[issuer]);
        validation.required_spec_claims.insert("iss".into());
    }
    match &auth.audience {
        Some(audience) => {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".into());
        }
        None => validation.validate_aud = false,
    }
    validation
}

fn bad(kind: &ErrorKind) -> Unauthenticated {
    Unauthenticated::Bad(match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token has another issuer",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            "the token has another algorithm"
        }
        ErrorKind::MissingRequiredClaim(_) => "the token lacks a claim that is required",
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        _ => "the token cannot be read",
    })
}

/// Signs a token for `padelvar token`.
pub fn mint(
    secret: &[u8],
    auth: &Auth,
    principal: &Principal,
    lifetime: Duration,
) -> Result<String, jsonwebtoken::errors::Error> {
    let now = Timestamp::now().as_second();
    let expires = now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
    let mut claims = Map::new();
    claims.insert("iat".into(), json!(now));
    claims.insert("exp".into(), json!(expires));
    if let Some(issuer) = &auth.issuer {
        claims.insert("iss".into(), json!(issuer));
    }
    if let Some(audience) = &auth.audience {
        claims.insert("aud".into(), json!(audience));
    }
    claims.insert(auth.user_claim.clone(), json!(principal.id));
    claims.insert(auth.role_claim.clone(), json!(principal.role));
    if let Some(club) = &principal.club {
        claims.insert(auth.club_claim.clone(), json!(club));
    }
    encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(secret),
    )
}

#[cfg(test)]
mod tests;
