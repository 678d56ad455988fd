//! Pain 12: passwords with characters that mean something to somebody on the way.

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, machine};
use simcam::{Auth, Handle, HttpConfig, RtspConfig, Scheme};

/// Each with what trips over it.
const PASSWORDS: [&str; 8] = [
    // The URL.
    "a:b@c/d?e#f&g=h",
    // A quoted string of a header.
    "quo\"te\\back'slash",
    // Percent-encoding that is none.
    "100%41%zz+%",
    // Whoever trims.
    "  blank at both ends ",
    // Latin-1 and UTF-8.
    "pässwörd-ñ",
    "パスワード",
    // A list of parameters.
    "realm=x, nonce=\"y\"",
    // Templates and shells.
    "{username}{password}$HOME`id`",
];
const USER: &str = "court 1@club";

async fn rtsp(scheme: Scheme, password: &str) -> Handle {
    cameras::rtsp(RtspConfig {
        auth: Some(Auth::new(scheme, USER, password)),
        ..RtspConfig::default()
    })
    .await
}

async fn http(scheme: Scheme, password: &str) -> Handle {
    cameras::http(HttpConfig {
        auth: Some(Auth::new(scheme, USER, password)),
        ..small_http()
    })
    .await
}

/// A text as it stands in a URL.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte| match byte {
        byte if keep(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[tokio::test]
async fn pain_12_odd_passwords_with_every_scheme() {
    let _shared = machine::shared().await;
    let schemes = [Scheme::DigestMd5, Scheme::DigestSha256, Scheme::Basic];
    let (mut cameras, mut config) = (Vec::new(), Config::new().level("info"));
    for (n, password) in PASSWORDS.iter().enumerate() {
        for (at, scheme) in schemes.into_iter().enumerate() {
            // Each password meets each scheme, over RTSP and HTTP by turns.
            let camera = match (n + at) % 2 {
                0 => rtsp(scheme, password).await,
                _ => http(scheme, password).await,
            };
            config = config.account(camera.url(), USER, password);
            cameras.push((format!("{password:?} with {scheme:?}"), camera));
        }
        // In the URL.
        let camera = rtsp(Scheme::DigestMd5, password).await;
        let account = format!("://{}:{}@", encoded(USER), encoded(password));
        config = config.url(&camera.url().replacen("://", &account, 1));
        cameras.push((format!("{password:?} in the URL"), camera));
    }
    let host = Host::start(&config).await;
    for (terrain, (name, _)) in (1..).zip(&cameras) {
        let body = host.api.try_create(terrain).await.ok(201);
        let id = body["session"]["session_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let known = |session: &serde_json::Value| {
            let camera = &session["camera"];
            camera["state"] == "live" || camera["last_error"].is_string()
        };
        let session = host.api.until(|| host.api.session(&id), known).await;
        assert_eq!(session["camera"]["state"], "live", "{name}: {session}");
        host.api.try_close(&id).await.ok(200);
    }
    host.end().await;
}
