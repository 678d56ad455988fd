//! No secret is ever in a log, an answer, a process list or a file.

use std::sync::Arc;
use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::config::SECRET;
use padelvar_tests::{Answer, Config, Host, files, machine, processes};
use serde_json::{Value, json};
use simcam::{Auth, Handle, HttpConfig, RtspConfig, Scheme};
use tempfile::TempDir;
use tokio::time::sleep;

const USER: &str = "cam/7-us@r%";
const PASSWORD: &str = "p@ss:w/\u{f6}%";
/// The same in a URL (RFC 3986 2.1: all but the unreserved characters).
const USER_IN_URL: &str = "cam%2F7-us%40r%25";
const PASSWORD_IN_URL: &str = "p%40ss%3Aw%2F%C3%B6%25";
/// `user:password` in base64, as Basic sends it, without what padding changes.
const BASIC: &str = "Y2FtLzctdXNAciU6cEBzczp3L8O2";
/// A password that is wrong is a secret all the same: often it is the right one of another.
const WRONG: &str = "the-wr0ng-one";

/// What must not be found, and where it was looked for.
struct Search {
    needles: Vec<(&'static str, String)>,
    found: Vec<String>,
}

impl Search {
    fn new(token: &str) -> Self {
        let signature = token.rsplit('.').next().expect("three parts");
        let needles = [
            ("the user", USER),
            ("the user", USER_IN_URL),
            ("the password", PASSWORD),
            ("the password", PASSWORD_IN_URL),
            ("the account", BASIC),
            ("the wrong password", WRONG),
            ("the key", SECRET),
            ("the token", signature),
        ];
        Self {
            needles: needles.map(|(name, text)| (name, text.to_owned())).into(),
            found: Vec::new(),
        }
    }

    fn ticket(&mut self, url: &Value) {
        let url = url.as_str().expect("a URL");
        let (_, ticket) = url.split_once("ticket=").expect("a ticket");
        let signature = ticket.rsplit('.').next().expect("three parts");
        self.needles.push(("a ticket", signature.to_owned()));
    }

    fn look(&mut self, place: &str, bytes: &[u8]) {
        // What is no text becomes one: the needles all are.
        let text = String::from_utf8_lossy(bytes);
        for (name, needle) in &self.needles {
            let Some(at) = text.find(needle) else {
                continue;
            };
            let before: String = text[..at].chars().rev().take(160).collect();
            let before: String = before.chars().rev().collect();
            let after: String = text[at..].chars().take(60).collect();
            // One line for each kind of place is enough.
            let what = format!("{name} in {place}");
            if !self.found.iter().any(|found| found.starts_with(&what)) {
                self.found.push(format!("{what}: …{before}{after}…"));
            }
        }
    }

    /// An answer, in which tickets may stand in the members that are meant to carry one.
    fn answer(&mut self, place: &str, answer: &Answer) {
        let mut json = answer.json.clone();
        if json.is_null() {
            return self.look(place, &answer.bytes);
        }
        let mut inside = vec![&mut json];
        while let Some(value) = inside.pop() {
            match value {
                Value::Object(object) => {
                    for member in ["preview", "proxy_url", "download_url"] {
                        object.remove(member);
                    }
                    inside.extend(object.values_mut());
                }
                Value::Array(array) => inside.extend(array),
                _ => {}
            }
        }
        self.look(place, json.to_string().as_bytes());
    }

    fn children(&mut self, host: &Host) -> usize {
        let children = processes::below(host.pid());
        for child in &children {
            let place = format!("the process {}", child.command);
            self.look(&place, &processes::start_of(child.pid));
        }
        children.len()
    }
}

fn account(scheme: Scheme) -> Auth {
    Auth::new(scheme, USER, PASSWORD)
}

/// RTSP: Digest, Basic, in the query; HTTP: Digest, Basic and in the query at once.
async fn cameras() -> Vec<Handle> {
    let rtsp = |auth| RtspConfig {
        auth,
        ..RtspConfig::default()
    };
    let in_query = RtspConfig {
        path: format!("/live?user={USER_IN_URL}&password={PASSWORD_IN_URL}"),
        ..RtspConfig::default()
    };
    let http = |auth| HttpConfig {
        auth,
        ..small_http()
    };
    vec![
        cameras::rtsp(rtsp(Some(account(Scheme::DigestMd5)))).await,
        cameras::rtsp(rtsp(Some(account(Scheme::Basic)))).await,
        cameras::rtsp(in_query).await,
        cameras::http(http(Some(account(Scheme::DigestSha256)))).await,
        cameras::http(http(Some(account(Scheme::Basic)))).await,
    ]
}

/// Where they are, and cameras that refuse or are not there; the latter come last.
fn urls(cameras: &[Handle]) -> Vec<(String, &'static str)> {
    let query = "user={username}&password={password}";
    let address = cameras[2].addr();
    let plain = cameras[0].url().replacen("rtsp://", "", 1);
    let inline = format!("rtsp://{USER_IN_URL}:{PASSWORD_IN_URL}@{plain}");
    vec![
        (cameras[0].url().to_owned(), PASSWORD),
        (cameras[1].url().to_owned(), PASSWORD),
        (format!("rtsp://{address}/live?{query}"), PASSWORD),
        (cameras[3].url().to_owned(), PASSWORD),
        (format!("{}?{query}", cameras[4].url()), PASSWORD),
        (inline, ""),
        (cameras[0].url().to_owned(), WRONG),
        (format!("{}?{query}", cameras[4].url()), WRONG),
        (
            format!("http://{}/nothing?{query}", cameras[4].addr()),
            PASSWORD,
        ),
        (format!("rtsp://127.0.0.1:1/live?{query}"), PASSWORD),
        (format!("http://127.0.0.1:1/live?{query}"), PASSWORD),
        (format!("https://127.0.0.1:1/live?{query}"), PASSWORD),
    ]
}

/// How many of them work.
const GOOD: u32 = 6;

fn config(cameras: &[Handle]) -> Config {
    let urls = urls(cameras).into_iter();
    urls.fold(Config::new().level("trace"), |config, (url, password)| {
        if password.is_empty() {
            config.url(&url)
        } else {
            config.account(&url, USER, password)
        }
    })
}

#[tokio::test]
async fn nowhere_but_where_they_belong() {
    let _shared = machine::shared().await;
    let cameras = cameras().await;
    let text = config(&cameras).text();
    // The key comes from where children could inherit it.
    let key = format!("jwt_secret = \"{SECRET}\"\n");
    assert!(text.contains(&key));
    let folder = Arc::new(TempDir::with_prefix("padelvar-e2e-").expect("a folder"));
    let file = folder.path().join("padelvar.toml");
    files::write_private(&file, &text.replace(&key, ""));
    let host = Host::start_with(folder, &[("PADELVAR_AUTH__JWT_SECRET", SECRET)]).await;
    let api = &host.api;
    let nobody = api.with_token(None);
    let mut search = Search::new(api.token.as_deref().expect("a token"));

    let mut sessions = Vec::new();
    for terrain in 1..=urls(&cameras).len() as u32 {
        let created = api.try_create(terrain).await;
        let body = created.clone().ok(201);
        let session = &body["session"];
        for url in ["/preview/mjpeg_url", "/preview/snapshot_url", "/proxy_url"] {
            search.ticket(session.pointer(url).expect("a link"));
        }
        search.answer("create", &created);
        sessions.push(session["session_id"].as_str().expect("an id").to_owned());
        if terrain > GOOD {
            let told = |s: &Value| s["camera"]["last_error"].is_string();
            let id = sessions.last().expect("one was added");
            api.until(|| api.session(id), told).await;
        }
    }
    let good = &sessions[..GOOD as usize];
    let mut viewers = Vec::new();
    for id in good {
        let live = api.until_camera(id, "live").await;
        search.answer("start", &api.try_start(id, 5).await);
        for url in ["/preview/mjpeg_url", "/proxy_url"] {
            let url = live.pointer(url).and_then(Value::as_str).expect("a URL");
            search.ticket(&json!(url));
            let whole = if url.starts_with('/') {
                format!("{}{url}", api.base)
            } else {
                url.to_owned()
            };
            let answer = api.client.get(whole).send().await.expect("it answers");
            assert_eq!(answer.status(), 200, "{id}");
            viewers.push(answer);
        }
    }
    // The placeholders were filled in, or this shows nothing.
    let asked = |camera: &Handle| {
        let asked = camera.sent().into_iter().flat_map(|c| c.requests);
        asked.map(|r| r.uri).collect::<Vec<_>>()
    };
    for camera in [&cameras[2], &cameras[4]] {
        let query = format!("user={USER_IN_URL}&password={PASSWORD_IN_URL}");
        let asked = asked(camera);
        assert!(asked.iter().any(|uri| uri.contains(&query)), "{asked:?}");
    }
    for _ in 0..4 {
        let children = search.children(&host);
        assert!(children >= good.len(), "{children}");
        sleep(Duration::from_millis(500)).await;
    }
    for id in &sessions {
        let paths = [
            format!("/api/video/session/{id}"),
            format!("/api/video/record/status/{id}"),
            format!("/api/video/record/report/{id}"),
            format!("/api/video/files/{id}/download"),
        ];
        for path in paths {
            search.answer(&path, &api.get(&path).await);
        }
        let session = api.session(id).await;
        let snapshot = session["preview"]["snapshot_url"].as_str().expect("a URL");
        search.ticket(&json!(snapshot));
        search.answer("snapshot", &nobody.get(snapshot).await);
        search.children(&host);
        // A good ticket at the wrong place.
        let (_, ticket) = snapshot.split_once("ticket=").expect("a ticket");
        let path = format!("/api/video/files/{id}/download?ticket={ticket}");
        search.answer("a wrong place", &nobody.get(&path).await);
        search.answer(
            "a wrong place",
            &api.get(&format!("/nothing?ticket={ticket}")).await,
        );
    }
    let token = api.token.as_deref().expect("a token");
    let bad = api.with_token(Some(&format!("{token}x")));
    search.answer("a bad token", &bad.get("/api/video/session/list").await);
    for path in [
        "/api/video/health",
        "/api/video/session/list?status=all",
        "/healthz",
        "/readyz",
    ] {
        search.answer(path, &api.get(path).await);
    }
    drop(viewers);
    for id in good {
        let stopped = api.try_stop(id).await;
        let body = stopped.clone().ok(200);
        let url = &body["file"]["download_url"];
        search.ticket(url);
        assert_eq!(nobody.get(url.as_str().expect("a URL")).await.status, 200);
        search.answer("stop", &stopped);
        assert!(host.ffmpeg_log(id).is_some(), "no log of {id}");
    }
    for id in &sessions[GOOD as usize..] {
        search.answer("close", &api.try_close(id).await);
    }
    // A configuration that is wrong is reported without its secrets.
    let wrong = text.replace("password = ", "pasword = ");
    host.configure(&wrong);
    let found = host.log.after("pasword", Duration::from_secs(15)).await;
    assert!(found.is_some(), "the wrong configuration is not told");
    files::write_private(&file, "");

    let (log, folder) = (host.log.clone(), host.folder());
    host.end().await;
    let log = log.text();
    assert!(log.contains("DEBUG"), "nothing is told at a fine level");
    search.look("the log", log.as_bytes());
    for file in files::below(folder.path()) {
        let bytes = std::fs::read(&file).expect("it can be read");
        search.look(&file.display().to_string(), &bytes);
    }
    assert!(search.found.is_empty(), "{:#?}", search.found);
}
