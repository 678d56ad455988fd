//! Tokens that are signed with keys of a JWKS.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use padelvar_tests::config::SECRET;
use padelvar_tests::keys::{self, Key};
use padelvar_tests::site::Site;
use padelvar_tests::{Api, Config, Host, machine, token};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const SET: &str = "/jwks.json";
/// The contract: a key that is not known is asked for no more often.
const REFRESH: Duration = Duration::from_secs(30);

fn publish(site: &Site, keys: &[&Key]) {
    site.put(SET, "application/json", keys::set(keys));
}

async fn status(api: &Api, token: &str) -> u16 {
    let api = api.with_token(Some(token));
    api.get("/api/video/session/list").await.status
}

#[tokio::test]
async fn every_kind_of_key_and_no_confusion_of_them() {
    let _shared = machine::shared().await;
    let algorithms = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
    let keys = algorithms.map(|algorithm| Key::new(algorithm, &format!("{algorithm:?}-1")));
    let site = Site::start().await;
    publish(&site, &[&keys[0], &keys[1], &keys[2]]);
    let host = Host::start(&Config::new().jwks(&site.url(SET))).await;
    let claims = token::claims("SUPER_ADMIN");
    for key in &keys {
        let good = status(&host.api, &key.sign(&claims)).await;
        assert_eq!(good, 200, "{:?}", key.algorithm);
    }
    // Those claims with a signature of something else.
    let mut bad = vec![
        ("the shared secret of other hosts", token::of("SUPER_ADMIN")),
        ("unsigned", token::UNSIGNED.to_owned()),
    ];
    for key in &keys {
        let impostor = Key::new(key.algorithm, &key.id);
        bad.push(("another key of that name", impostor.sign(&claims)));
        for other in keys.iter().filter(|other| other.id != key.id) {
            bad.push((
                "a key of another kind",
                key.sign_as(Some(&other.id), &claims),
            ));
        }
        let mut expired = claims.clone();
        expired["exp"] = json!(token::now() - 3600);
        bad.push(("expired", key.sign(&expired)));
    }
    let public = &keys[0].public_pem;
    let der: String = public.lines().filter(|l| !l.starts_with('-')).collect();
    let der = STANDARD.decode(der).expect("base64");
    let modulus = keys[0].public()["n"].as_str().expect("text").to_owned();
    for secret in [
        public.as_bytes(),
        public.trim().as_bytes(),
        &der,
        modulus.as_bytes(),
    ] {
        bad.push((
            "a public key as secret",
            token::with_secret(secret, &keys[0].id, &claims),
        ));
    }
    // Keys that a token brings along itself.
    let impostor = Key::new(Algorithm::ES256, "mine");
    let header = json!({"alg": "ES256", "kid": "mine", "jwk": impostor.public()});
    bad.push((
        "a key in the header",
        impostor.sign_with_header(&header, &claims),
    ));
    let other = Site::start().await;
    publish(&other, &[&impostor]);
    let header = json!({"alg": "ES256", "kid": "mine", "jku": other.url(SET)});
    bad.push((
        "a set in the header",
        impostor.sign_with_header(&header, &claims),
    ));
    for (what, token) in &bad {
        assert_eq!(status(&host.api, token).await, 401, "{what}: {token}");
    }
    assert_eq!(other.asked(SET), 0);
    host.end().await;
}

#[tokio::test]
async fn keys_change_and_the_publisher_fails() {
    let _shared = machine::shared().await;
    let (old, new) = (
        Key::new(Algorithm::ES256, "old"),
        Key::new(Algorithm::RS256, "new"),
    );
    let site = Site::start().await;
    publish(&site, &[&old]);
    let host = Host::start(&Config::new().jwks(&site.url(SET))).await;
    let claims = token::claims("SUPER_ADMIN");
    let good = old.sign(&claims);
    assert_eq!(status(&host.api, &good).await, 200);
    let before = site.asked(SET);
    for number in 0..20 {
        let unknown = old.sign_as(Some(&format!("unknown-{number}")), &claims);
        assert_eq!(status(&host.api, &unknown).await, 401);
    }
    let asked = site.asked(SET) - before;
    assert!(asked <= 1, "asked {asked} times for 20 unknown keys");

    // Another key is published: a token of it makes the host look, at most 30 s later.
    publish(&site, &[&old, &new]);
    let changed = Instant::now();
    let fresh = new.sign(&claims);
    while status(&host.api, &fresh).await != 200 {
        assert!(changed.elapsed() < REFRESH * 2, "the new key stays unknown");
        sleep(Duration::from_secs(1)).await;
    }
    let asked = site.asked(SET) - before;
    assert!(asked <= 3, "asked {asked} times in {:?}", changed.elapsed());

    // Nothing, then garbage, then nobody: what is known stays.
    site.remove(SET);
    sleep(REFRESH).await;
    let unknown = old.sign_as(Some("unknown"), &claims);
    assert_eq!(status(&host.api, &unknown).await, 401);
    site.put(
        SET,
        "application/json",
        "{\"keys\": [{}, 7, {\"kty\": \"RSA\"}",
    );
    for token in [&good, &fresh] {
        assert_eq!(status(&host.api, token).await, 200);
    }
    drop(site);
    for token in [&good, &fresh] {
        assert_eq!(status(&host.api, token).await, 200);
    }
    host.end().await;
}

#[tokio::test]
async fn a_set_with_other_keys_in_it_serves_and_a_late_one_is_waited_for() {
    let _shared = machine::shared().await;
    let key = Key::new(Algorithm::EdDSA, "signing");
    let site = Site::start().await;
    let host = Host::start(&Config::new().jwks(&site.url(SET))).await;
    let good = key.sign(&token::claims("SUPER_ADMIN"));
    // Nobody can say yet whether it is good.
    let early = status(&host.api, &good).await;
    assert!(matches!(early, 401 | 503), "{early}");
    let secret = URL_SAFE_NO_PAD.encode(SECRET);
    let others: [Value; 4] = [
        json!({"kty": "oct", "kid": "shared", "k": secret, "alg": "HS256"}),
        json!({"kty": "RSA", "kid": "encrypting", "use": "enc", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "new", "kid": "future"}),
        key.public(),
    ];
    site.put(SET, "application/json", json!({"keys": others}).to_string());
    let since = Instant::now();
    while status(&host.api, &good).await != 200 {
        assert!(since.elapsed() < REFRESH * 2, "the set is not fetched");
        sleep(Duration::from_secs(1)).await;
    }
    // A secret that stands in a public set is none.
    let claims = token::claims("SUPER_ADMIN");
    let confused = token::with_secret(SECRET.as_bytes(), "shared", &claims);
    assert_eq!(status(&host.api, &confused).await, 401);
    host.end().await;
}
