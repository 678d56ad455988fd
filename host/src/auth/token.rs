//! JSON Web Tokens by a shared secret (HS256, RFC 7519).

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Map, Value, json};

use super::principal::{Principal, id_text};
use crate::config::Auth;

/// Longest token that is looked at: stops a header of megabytes from being decoded.
const TOKEN_BYTES: usize = 8 << 10;

/// Checks tokens. The algorithm is fixed: what a token's header asks for is not followed.
pub struct TokenVerifier {
    key: DecodingKey,
    validation: Validation,
    user_claim: String,
    role_claim: String,
    club_claim: String,
}

impl TokenVerifier {
    /// A verifier for a shared secret.
    pub fn new(secret: &[u8], auth: &Auth) -> Self {
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
        Self {
            key: DecodingKey::from_secret(secret),
            validation,
            user_claim: auth.user_claim.clone(),
            role_claim: auth.role_claim.clone(),
            club_claim: auth.club_claim.clone(),
        }
    }

    /// The caller that a token stands for, or why it stands for nobody. The reason never holds
    /// a part of the token.
    pub fn verify(&self, token: &str) -> Result<Principal, &'static str> {
        if token.len() > TOKEN_BYTES {
            return Err("the token is too long");
        }
        let claims = decode::<Map<String, Value>>(token, &self.key, &self.validation)
            .map_err(|error| reason(error.kind()))?
            .claims;
        let id = claims.get(&self.user_claim).and_then(id_text);
        let id = id
            .filter(|id| !id.is_empty())
            .ok_or("the token names no user")?;
        let role = claims
            .get(&self.role_claim)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let club = claims.get(&self.club_claim).and_then(id_text);
        Ok(Principal {
            id,
            role: role.to_owned(),
            club,
            claims: Vec::new(),
        })
    }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
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
    }
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
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn signed(header: &Header, secret: &[u8], claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    #[test]
    fn what_is_minted_is_accepted() {
        crate::install_crypto();
        let auth = Auth {
            issuer: Some("club".into()),
            audience: Some("tv".into()),
            ..Auth::default()
        };
        let principal = Principal {
            id: "7".into(),
            role: "PLAYER".into(),
            club: Some("3".into()),
            ..Principal::default()
        };
        let token = mint(SECRET, &auth, &principal, Duration::from_mins(1)).unwrap();
        assert_eq!(
            TokenVerifier::new(SECRET, &auth).verify(&token),
            Ok(principal)
        );
        let other = Auth {
            audience: Some("radio".into()),
            ..auth
        };
        assert!(TokenVerifier::new(SECRET, &other).verify(&token).is_err());
    }

    #[test]
    fn bad_tokens() {
        crate::install_crypto();
        let verifier = TokenVerifier::new(SECRET, &Auth::default());
        let now = Timestamp::now().as_second();
        let hs256 = Header::new(Algorithm::HS256);
        let good = json!({"sub": 5, "role": "PLAYER", "club_id": 1, "exp": now + 60});
        let token = signed(&hs256, SECRET, &good);
        let principal = verifier.verify(&token).unwrap();
        assert_eq!(
            (principal.id.as_str(), principal.club.as_deref()),
            ("5", Some("1"))
        );

        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiI1IiwiZXhwIjo5OTk5OTk5OTk5fQ.";
        let cases = [
            signed(&hs256, SECRET, &json!({"sub": "5", "exp": now - 60})),
            signed(
                &hs256,
                SECRET,
                &json!({"sub": "5", "exp": now + 60, "nbf": now + 50}),
            ),
            signed(&hs256, b"another secret of enough bytes!!", &good),
            signed(&Header::new(Algorithm::HS512), SECRET, &good),
            signed(&hs256, SECRET, &json!({"sub": "5"})),
            signed(&hs256, SECRET, &json!({"sub": null, "exp": now + 60})),
            signed(&hs256, SECRET, &json!({"sub": "5", "exp": "soon"})),
            none.to_owned(),
            token[..token.len() - 4].to_owned(),
            format!("{token}{}", "x".repeat(1 << 20)),
            String::new(),
            "....".to_owned(),
        ];
        for (number, case) in cases.iter().enumerate() {
            assert!(verifier.verify(case).is_err(), "case {number}");
        }
    }
}
