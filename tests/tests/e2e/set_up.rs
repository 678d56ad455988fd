//! Setting cameras up over the API: find one, try it, make it a terrain, record it. In a network
//! of the test's own, so that nothing is asked outside.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use padelvar_tests::{Config, Host, Take, cameras, files, machine, namespace};
use serde_json::{Value, json};
use simcam::{RtspConfig, Scheme};
use tokio::net::UdpSocket;

/// The camera's, which is no loopback address.
const CAMERA: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// WS-Discovery's group and port.
const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 3702);
/// Where the proxy listens; nobody else is in this network.
const PROXY: u16 = 8080;
const NAMES: &str = "127.0.0.1 localhost loopback.club\n169.254.169.254 metadata.club\n";
const DISCOVER: &str = "/api/cameras/discover";
const PROBE: &str = "/api/cameras/probe";

#[tokio::test]
async fn a_camera_is_found_tried_and_becomes_a_terrain() {
    let _shared = machine::shared().await;
    namespace::run("set_up::inside", &["10.77.0.1", "169.254.169.254"], NAMES).await;
}

/// Answers as an ONVIF camera at [`CAMERA`] does (WS-Discovery, section 5.3), until it is dropped.
async fn discoverable() -> tokio::task::JoinHandle<()> {
    let socket = UdpSocket::bind(("0.0.0.0", GROUP.1)).await.expect("a port");
    let joined = socket.join_multicast_v4(GROUP.0, CAMERA);
    joined.expect("a group can be joined");
    tokio::spawn(async move {
        let mut question = vec![0; 64 << 10];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let text = String::from_utf8_lossy(&question[..length]).into_owned();
            let id = text.split("MessageID>").nth(1).unwrap_or_default();
            let id = id.split('<').next().unwrap_or_default();
            let answer = format!(
                "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
                 xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
                 xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><e:Header>\
                 <a:RelatesTo>{id}</a:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>\
                 <a:EndpointReference><a:Address>urn:uuid:0b5c4f4e-1111-2222-3333-444455556666\
                 </a:Address></a:EndpointReference>\
                 <d:Scopes>onvif://www.onvif.org/name/Court%201</d:Scopes>\
                 <d:XAddrs>http://{CAMERA}/onvif/device_service</d:XAddrs>\
                 </d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
            );
            // Who asked may be gone.
            let _ = socket.send_to(answer.as_bytes(), from).await;
        }
    })
}

/// Only to be run by the test above.
#[tokio::test]
#[ignore = "runs in namespaces that another test makes"]
async fn inside() {
    let (user, password) = cameras::ACCOUNT;
    let camera = cameras::rtsp(RtspConfig {
        listen: SocketAddr::from((CAMERA, 554)),
        auth: cameras::account(Scheme::DigestMd5),
        ..RtspConfig::default()
    })
    .await;
    let config = Config::new();
    let folder = Host::folder_for(&config);
    let file = folder.path().join("padelvar.toml");
    // The proxy listens at the camera's address too.
    let text = config.text();
    let text = text.replace(
        "[proxy]\nlisten = \"127.0.0.1:0\"",
        &format!("# Ours.\n[proxy] # here\nlisten = \"0.0.0.0:{PROXY}\""),
    );
    files::write_private(&file, &text);
    let host = Host::start_in(folder.clone()).await;
    let api = &host.api;

    // Found.
    let responder = discoverable().await;
    let look = json!({"interface": CAMERA.to_string(), "seconds": 2});
    let found = api.post(DISCOVER, look.clone()).await.ok(200);
    assert_eq!(
        found["cameras"][0]["address"],
        CAMERA.to_string(),
        "{found}"
    );
    assert_eq!(found["cameras"][0]["name"], "Court 1", "{found}");
    responder.abort();
    let bad = json!({"interface": "nosuch0", "seconds": 1});
    let refused = api.post(DISCOVER, bad).await.problem(422);
    assert_eq!(refused["field"], "interface");

    // Tried: at its address alone, then at the URL that came of it.
    let account = json!({"username": user, "password": password});
    let ask = |more: Value| {
        let mut body = account.clone();
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        body
    };
    let body = ask(json!({"address": CAMERA.to_string(), "seconds": 2}));
    let tried = api.post(PROBE, body).await.ok(200);
    let tried = &tried["probe"];
    assert_eq!(tried["works"], true, "{tried}");
    assert!(tried["onvif"].is_string(), "nobody answers there: {tried}");
    assert_eq!(
        (&tried["codec"], &tried["width"]),
        (&json!("h264"), &json!(640))
    );
    assert_eq!(tried["streams_allowed"], 3, "{tried}");
    let url = tried["url"].as_str().expect("a URL").to_owned();
    assert!(url.ends_with("/stream1"), "{url}");
    let wrong = json!({"url": url, "username": user, "password": "wrong"});
    let tried = api.post(PROBE, wrong).await.ok(200);
    assert_eq!(tried["probe"]["works"], false, "{tried}");
    assert!(!tried.to_string().contains("wrong"), "{tried}");

    the_forbidden_is_not_reached(&host).await;

    // A terrain.
    let shown = api
        .get("/api/video/terrains/1")
        .await
        .refused(404, "unknown_terrain");
    assert!(shown["detail"].is_string());
    let terrain = json!({
        "name": "Court 1",
        "camera": {"url": url, "username": user, "password": password},
    });
    let path = "/api/video/terrains/1";
    let before = camera.sent().len();
    let made = api.put(path, terrain).await;
    let tag = made.header("etag").to_owned();
    let made = made.ok(201);
    assert_eq!(made["in_force"], true, "{made}");
    assert_eq!(
        tag,
        format!("\"{}\"", made["version"].as_str().expect("text"))
    );
    assert!(!made.to_string().contains(password), "{made}");
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert!(text.contains("# Ours.\n[proxy] # here\n"), "{text}");
    assert!(
        text.contains("Court 1") && !text.contains(password),
        "{text}"
    );
    assert_eq!(files::entries(&folder.path().join("secrets")).len(), 1);
    assert_eq!(camera.sent().len(), before, "nobody asked for pictures");

    // Recorded.
    let take = Take::record(&host, 1, Duration::from_secs(3)).await;
    take.check_copied(&camera).await;

    // A camera that is in use is watched by one session only.
    let id = api.create(1).await;
    api.until_camera(&id, "live").await;
    let clients = camera.sent().len();
    let body = ask(json!({"url": url, "seconds": 1}));
    let tried = api.post(PROBE, body).await.ok(200);
    assert_eq!(tried["probe"]["works"], true, "{tried}");
    assert_eq!(tried["probe"]["streams_allowed"], Value::Null, "{tried}");
    assert_eq!(camera.sent().len(), clients + 1, "{tried}");
    api.try_close(&id).await.ok(200);

    edits_are_for_the_text_they_know(&host, &file, &url).await;
    host.end().await;
}

/// What leads to this machine, to metadata, or to the host itself.
async fn the_forbidden_is_not_reached(host: &Host) {
    let own = format!("http://{CAMERA}:{PROXY}/health");
    let literal = [
        "http://127.0.0.1/",
        "rtsp://localhost:554/stream1",
        "http://[::ffff:127.0.0.1]/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "rtsp://0.0.0.0/",
        own.as_str(),
    ];
    for url in literal {
        let body = json!({"url": url, "seconds": 1});
        let refused = host.api.post(PROBE, body).await;
        let refused = refused.refused(422, "address_not_allowed");
        assert_eq!(refused["field"], "url", "{url}");
        let body = json!({"club_id": 1, "camera": {"url": url}});
        let refused = host.api.put("/api/video/terrains/9", body).await;
        let refused = refused.refused(422, "address_not_allowed");
        assert_eq!(refused["field"], "camera.url", "{url}");
    }
    let far = format!("rtsp://{CAMERA}/stream1");
    let body = json!({"url": far, "reach": ["169.254.169.254:80"], "seconds": 1});
    let refused = host.api.post(PROBE, body).await;
    assert_eq!(
        refused.refused(422, "address_not_allowed")["field"],
        "reach"
    );
    for address in ["127.0.0.1", "localhost", "169.254.169.254", "::1"] {
        let body = json!({"address": address, "seconds": 1});
        let refused = host.api.post(PROBE, body).await;
        let refused = refused.refused(422, "address_not_allowed");
        assert_eq!(refused["field"], "address", "{address}");
    }
    // Names are asked for when they are connected to.
    for name in ["loopback.club", "metadata.club"] {
        for body in [
            json!({"url": format!("http://{name}/"), "seconds": 1}),
            json!({"url": format!("rtsp://{name}/stream1"), "seconds": 1}),
        ] {
            let tried = host.api.post(PROBE, body).await.ok(200);
            let error = tried["probe"]["error"].as_str().unwrap_or_default();
            assert!(error.contains("leads to"), "{name}: {tried}");
        }
    }
}

async fn edits_are_for_the_text_they_know(host: &Host, file: &std::path::Path, url: &str) {
    let api = &host.api;
    let path = "/api/video/terrains/1";
    let shown = api.get(path).await;
    let tag = shown.header("etag").to_owned();
    let shown = shown.ok(200);
    let terrain = &shown["terrain"];
    assert_eq!(terrain["camera"]["has_password"], true, "{shown}");
    assert!(!shown.to_string().contains(cameras::ACCOUNT.1), "{shown}");
    let version = shown["version"].clone();
    assert_eq!(tag, format!("\"{}\"", version.as_str().expect("text")));
    let edit = |name: &str, version: Value| json!({"name": name, "audio": true, "camera": {"url": url}, "version": version});

    // Somebody edits it by hand: what was made for the text before is refused.
    let text = std::fs::read_to_string(file).expect("it is there") + "\n# By hand.\n";
    files::write_private(file, &text);
    let refused = api.put(path, edit("Lost", version.clone())).await;
    refused.refused(409, "configuration_changed");
    assert_eq!(std::fs::read_to_string(file).expect("it is there"), text);

    // Read again, it is taken, and the password stays.
    let again = |shown: &Value| shown["version"] != version;
    let look = async || api.get(path).await.ok(200);
    let shown = api.until(look, again).await;
    let edited = api
        .put(path, edit("Centre", shown["version"].clone()))
        .await;
    let edited = edited.ok(200);
    assert_eq!(edited["created"], false, "{edited}");
    let terrain = &edited["terrain"];
    assert_eq!(
        (&terrain["name"], &terrain["audio"]),
        (&json!("Centre"), &json!(true))
    );
    assert_eq!(terrain["camera"]["has_password"], true, "{edited}");
    let text = std::fs::read_to_string(file).expect("it is there");
    assert!(
        text.contains("# By hand.") && text.contains("\"Centre\""),
        "{text}"
    );

    // Bad values are named, and leave the file as it is.
    let rows = [
        (json!({"camera": {}}), "camera.url"),
        (json!({"camera": {"url": "x"}}), "camera.url"),
        (
            json!({"camera": {"url": url, "adapter": "nosuch"}}),
            "camera.adapter",
        ),
        (
            json!({"camera": {"url": "gopher://10.0.0.1/"}}),
            "camera.url",
        ),
        (
            json!({"camera": {"url": "rtsp://10.0.0.2/"}}),
            "camera.password",
        ),
        (json!({"club_id": [], "camera": {"url": url}}), "club_id"),
    ];
    for (body, field) in rows {
        let refused = api.put(path, body.clone()).await.problem(422);
        assert_eq!(refused["field"], field, "{body}: {refused}");
    }
    let body = json!({"club_id": 77, "camera": {"url": url}});
    let refused = api.put(path, body).await;
    refused.refused(422, "invalid_configuration");
    let bad_id = api.put("/api/video/terrains/a_b", json!({"camera": {"url": url}}));
    assert_eq!(bad_id.await.problem(422)["field"], "id");
    assert_eq!(std::fs::read_to_string(file).expect("it is there"), text);
}
