use serde_json::Value;

use super::super::test_keys::TestKey;
use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn by_secret(secret: &[u8], auth: &Auth) -> TokenVerifier {
    TokenVerifier::new(&TokenKeys::Secret(secret.to_vec()), auth)
}

fn signed(header: &Header, secret: &[u8], claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

#[tokio::test]
async fn what_is_minted_is_accepted() {
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
    let verified = by_secret(SECRET, &auth).verify(&token).await.unwrap();
    assert_eq!(verified.principal, principal);
    assert!((58..=60).contains(&(verified.expires.as_second() - now())));
    let other = Auth {
        audience: Some("radio".into()),
        ..auth
    };
    let told = by_secret(SECRET, &other).verify(&token).await;
    let reason = "the token is for another audience";
    assert_eq!(told, Err(Unauthenticated::Bad(reason)));
}

#[tokio::test]
async fn bad_tokens() {
    crate::install_crypto();
    let auth = Auth {
        issuer: Some("club".into()),
        audience: Some("tv".into()),
        ..Auth::default()
    };
    let verifier = by_secret(SECRET, &auth);
    let now = now();
    let hs256 = Header::new(Algorithm::HS256);
    let good = json!({"sub": 5, "role": "PLAYER", "club_id": 1, "exp": now + 60, "iss": "club", "aud": ["x", "tv"]});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&hs256, SECRET, &claims)
    };
    let token = signed(&hs256, SECRET, &good);
    for (name, value) in [
        ("sub", json!("5")),
        ("exp", json!(now - 10)),
        ("nbf", json!(now + 10)),
        ("level", json!(3)),
    ] {
        let verified = verifier.verify(&with(name, value)).await.unwrap();
        let principal = verified.principal;
        assert_eq!(
            (&*principal.id, principal.club.as_deref()),
            ("5", Some("1")),
            "{name}"
        );
    }

    let critical = Header {
        crit: Some(vec!["b64".into()]),
        ..hs256.clone()
    };
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiI1IiwiZXhwIjo5OTk5OTk5OTk5fQ.";
    let cases = [
        (with("exp", json!(now - 60)), "expired"),
        (with("exp", json!(null)), "lacks a claim"),
        (with("exp", json!("soon")), "lacks a claim"),
        (with("exp", json!(-1)), "lacks a claim"),
        (with("nbf", json!(now + 60)), "not valid yet"),
        (with("nbf", json!("now")), "cannot be read"),
        (with("iss", json!("other")), "another issuer"),
        (with("iss", json!(null)), "lacks a claim"),
        (with("aud", json!("radio")), "another audience"),
        (with("aud", json!([])), "another audience"),
        (with("aud", json!(null)), "lacks a claim"),
        (with("sub", json!(null)), "names no user"),
        (with("sub", json!("x".repeat(300))), "too long"),
        (
            signed(&hs256, b"another secret of enough bytes!!", &good),
            "signature",
        ),
        (
            signed(&Header::new(Algorithm::HS512), SECRET, &good),
            "another algorithm",
        ),
        (TestKey::ed().token(None, &good), "another algorithm"),
        (TestKey::rsa().token(None, &good), "another algorithm"),
        (signed(&critical, SECRET, &good), "extension"),
        (signed(&hs256, SECRET, &json!([1])), "cannot be read"),
        (none.to_owned(), "cannot be read"),
        (token[..token.len() - 3].to_owned(), "signature"),
        (format!("{token}{}", "x".repeat(1 << 20)), "too long"),
        (format!("{token}."), "cannot be read"),
        (String::new(), "cannot be read"),
        ("....".to_owned(), "cannot be read"),
        ("..".to_owned(), "cannot be read"),
        ("é.é.é".to_owned(), "cannot be read"),
    ];
    for (number, (case, expected)) in cases.iter().enumerate() {
        let told = verifier.verify(case).await.unwrap_err();
        assert!(matches!(told, Unauthenticated::Bad(_)), "case {number}");
        let told = told.to_string();
        assert!(told.contains(expected), "case {number}: {told}");
        assert!(!told.contains(['"', '\\']), "a header holds it");
    }
}

#[tokio::test]
async fn by_published_keys() {
    crate::install_crypto();
    let (rsa, ec, ed, stranger) = (TestKey::rsa(), TestKey::ec(), TestKey::ed(), TestKey::ec());
    let oct = json!({"kty": "oct", "kid": "o", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"});
    let set = json!({"keys": [rsa.jwk("r"), ec.jwk("e"), ed.jwk("d"), oct]}).to_string();
    let keys = TokenKeys::Published(PublishedKeys::holding(set.as_bytes()));
    let verifier = TokenVerifier::new(&keys, &Auth::default());
    let claims = json!({"sub": "5", "exp": now() + 60});
    for (token, id) in [
        (rsa.token(Some("r"), &claims), "r"),
        (ec.token(Some("e"), &claims), "e"),
        (ed.token(Some("d"), &claims), "d"),
        (rsa.token(None, &claims), "r without id"),
        (ed.token(None, &claims), "d without id"),
    ] {
        let verified = verifier.verify(&token).await;
        assert_eq!(verified.unwrap().principal.id, "5", "{id}");
    }
    let hs256 = |kid: &str, secret: &[u8]| {
        let header = Header {
            kid: Some(kid.into()),
            ..Header::new(Algorithm::HS256)
        };
        signed(&header, secret, &claims)
    };
    let public = rsa.jwk("r")["n"].as_str().unwrap().to_owned();
    let embedded = json!({"alg": "ES256", "kid": "e", "jwk": stranger.jwk("e")});
    let good = ec.token(Some("e"), &claims);
    let cases = [
        // The public key is no secret, and neither is one that was published by mistake.
        (hs256("r", public.as_bytes()), "another algorithm"),
        (hs256("o", SECRET), "another algorithm"),
        (
            rsa.sign(&json!({"alg": "none", "kid": "r"}), &claims),
            "cannot be read",
        ),
        (
            rsa.sign(&json!({"alg": "RS512", "kid": "r"}), &claims),
            "another algorithm",
        ),
        (
            rsa.sign(&json!({"alg": "PS256", "kid": "r"}), &claims),
            "another algorithm",
        ),
        (
            ec.sign(&json!({"alg": "ES384", "kid": "e"}), &claims),
            "another algorithm",
        ),
        (
            rsa.sign(&json!({"alg": "RS256", "kid": 1}), &claims),
            "cannot be read",
        ),
        // The key's own algorithm counts.
        (
            rsa.sign(&json!({"alg": "RS256", "kid": "e"}), &claims),
            "not published",
        ),
        (
            ec.sign(&json!({"alg": "EdDSA", "kid": "e"}), &claims),
            "not published",
        ),
        (ed.token(Some("x"), &claims), "not published"),
        // A key in the token's own header is nobody's.
        (stranger.sign(&embedded, &claims), "signature"),
        (stranger.token(Some("e"), &claims), "signature"),
        (good[..good.len() - 2].to_owned(), "signature"),
        (
            ec.token(Some("e"), &json!({"sub": "5", "exp": now() - 60})),
            "expired",
        ),
        (ec.token(Some("e"), &json!({"sub": "5"})), "lacks a claim"),
        (
            ec.token(Some("e"), &json!({"exp": now() + 60})),
            "names no user",
        ),
    ];
    for (number, (case, expected)) in cases.iter().enumerate() {
        let told = verifier.verify(case).await.unwrap_err().to_string();
        assert!(told.contains(expected), "case {number}: {told}");
    }
}
