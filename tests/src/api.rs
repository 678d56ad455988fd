//! A client of the REST API.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::token;

/// Bound of every call, on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes TLS's one crypto provider known; without, no client can be made.
pub fn install_crypto() {
    // An error means that another test was first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub bytes: Vec<u8>,
    /// Its body as JSON; null where it is none.
    pub json: Value,
}

impl Answer {
    /// A header, where it is text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or("")
    }

    /// Asserts the form of a success with this status, and returns the body.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.json["success"], true, "{}", self.text());
        self.json
    }

    /// Asserts the form of a failure with this status (RFC 9457 and the contract's
    /// own members), and returns the body.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let kind = self.header("content-type");
        assert_eq!(kind, "application/problem+json", "{}", self.text());
        let body = &self.json;
        for member in ["type", "title", "detail", "code", "request_id"] {
            let text = body[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {member}: {}", self.text());
        }
        assert_eq!(body["status"], status, "{}", self.text());
        assert_eq!(body["success"], false, "{}", self.text());
        let code = body["code"].as_str().unwrap_or_default();
        let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(code.chars().all(snake), "{}", self.text());
        self.json
    }

    /// As [`problem`](Self::problem), with this code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let body = self.problem(status);
        assert_eq!(body["code"], code, "{body}");
        body
    }

    /// The body for a message.
    pub fn text(&self) -> String {
        let shown = &self.bytes[..self.bytes.len().min(2000)];
        format!("{} {}", self.status, String::from_utf8_lossy(shown))
    }
}

/// A client with a token.
#[derive(Clone, Debug)]
pub struct Api {
    /// The client, for calls that are none of the API.
    pub client: Client,
    /// `http://host:port`
    pub base: String,
    /// What it shows; none: nothing.
    pub token: Option<String>,
}

impl Api {
    /// A client that calls as a `SUPER_ADMIN`.
    pub fn new(base: &str) -> Self {
        install_crypto();
        let client = Client::builder().no_proxy().timeout(PATIENCE).build();
        Self {
            client: client.expect("a client can be made"),
            base: base.to_owned(),
            token: Some(token::of("SUPER_ADMIN")),
        }
    }

    /// The same as this user of a club.
    #[must_use]
    pub fn user(&self, role: &str, user: &str, club: u32) -> Self {
        self.with_token(Some(&token::of_user(role, user, club)))
    }

    /// The same with another token, or none.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            ..self.clone()
        }
    }

    /// The same from another address of this machine, `127.0.0.n`: to the host another client.
    #[must_use]
    pub fn from(&self, n: u8) -> Self {
        let address = Ipv4Addr::new(127, 0, 0, n);
        let client = Client::builder().no_proxy().timeout(PATIENCE);
        let client = client.local_address(IpAddr::V4(address)).build();
        Self {
            client: client.expect("a client can be made"),
            ..self.clone()
        }
    }

    /// Any call.
    pub async fn call(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, &url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((kind, body)) = body {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        let answer = request
            .send()
            .await
            .unwrap_or_else(|e| panic!("{url}: {e:?}"));
        read(answer).await
    }

    /// A call with these headers and no body, with the token where there is one.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        read(self.open(method, path, headers).await).await
    }

    /// As [`send`](Self::send), the body not yet read.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Response {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, &url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = request.send().await;
        sent.unwrap_or_else(|e| panic!("{url}: {e:?}"))
    }

    /// GET of a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let body = body.to_string().into_bytes();
        let body = Some(("application/json", body));
        self.call(Method::POST, path, body).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        let body = body.to_string().into_bytes();
        let body = Some(("application/json", body));
        self.call(Method::PUT, path, body).await
    }

    /// GET of a URL without the token; a ticket may be in it.
    pub async fn fetch(&self, url: &str) -> Answer {
        let sent = self.client.get(url).send().await;
        read(sent.unwrap_or_else(|e| panic!("{e:?}"))).await
    }

    /// All pages of the list of files.
    pub async fn files(&self, query: &str) -> Vec<Value> {
        let (mut files, mut after) = (Vec::new(), String::new());
        for _ in 0..100 {
            let path = format!("/api/video/files/list?{query}{after}");
            let page = self.get(&path).await.ok(200);
            files.extend(page["files"].as_array().expect("a list").clone());
            match &page["next"] {
                Value::Null => return files,
                Value::String(next) => after = format!("&after={next}"),
                other => panic!("no cursor: {other}"),
            }
        }
        panic!("the list does not end");
    }

    /// The cookie that a browser is given for the token: `name=value`.
    pub async fn cookie(&self) -> String {
        let answer = self.send(Method::POST, "/api/auth/cookie", &[]).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next();
        cookie.unwrap_or_default().to_owned()
    }

    /// `session/create`, as it is.
    pub async fn try_create(&self, terrain: impl Into<Value>) -> Answer {
        let body = json!({"terrain_id": terrain.into()});
        self.post("/api/video/session/create", body).await
    }

    /// A new session's id, its camera being live.
    pub async fn create(&self, terrain: impl Into<Value>) -> String {
        let body = self.try_create(terrain).await.ok(201);
        let id = body["session"]["session_id"].as_str();
        let id = id.unwrap_or_else(|| panic!("no id: {body}")).to_owned();
        self.until_camera(&id, "live").await;
        id
    }

    /// A session.
    pub async fn session(&self, id: &str) -> Value {
        let path = format!("/api/video/session/{id}");
        self.get(&path).await.ok(200)["session"].clone()
    }

    /// Waits until a session's camera is in this state, and returns the session.
    pub async fn until_camera(&self, id: &str, state: &str) -> Value {
        let wanted = |session: &Value| session["camera"]["state"] == state;
        self.until(|| self.session(id), wanted).await
    }

    /// `record/start`, as it is.
    pub async fn try_start(&self, id: &str, minutes: impl Into<Value>) -> Answer {
        let body = json!({"session_id": id, "duration_minutes": minutes.into()});
        self.post("/api/video/record/start", body).await
    }

    /// Starts a recording that is planned longer than any test.
    pub async fn start(&self, id: &str) -> Value {
        self.try_start(id, 5).await.ok(200)["recording"].clone()
    }

    /// `record/stop`, as it is.
    pub async fn try_stop(&self, id: &str) -> Answer {
        let body = json!({"session_id": id});
        self.post("/api/video/record/stop", body).await
    }

    /// Stops a recording and returns the whole answer.
    pub async fn stop(&self, id: &str) -> Value {
        let body = self.try_stop(id).await.ok(200);
        assert_eq!(body["recording"]["status"], "completed", "{body}");
        assert_eq!(body["recording"]["error"], Value::Null, "{body}");
        body
    }

    /// `session/close`, as it is.
    pub async fn try_close(&self, id: &str) -> Answer {
        let body = json!({"session_id": id});
        self.post("/api/video/session/close", body).await
    }

    /// A recording.
    pub async fn recording(&self, id: &str) -> Value {
        let path = format!("/api/video/record/status/{id}");
        self.get(&path).await.ok(200)["recording"].clone()
    }

    /// The report on a recording.
    pub async fn report(&self, id: &str) -> Value {
        let path = format!("/api/video/record/report/{id}");
        self.get(&path).await.ok(200)["report"].clone()
    }

    /// Waits until a recording is in this state, and returns it.
    pub async fn until_recording(&self, id: &str, status: &str) -> Value {
        let wanted = |recording: &Value| recording["status"] == status;
        self.until(|| self.recording(id), wanted).await
    }

    /// Asks again until the answer is as wanted.
    pub async fn until<F>(&self, ask: impl Fn() -> F, wanted: impl Fn(&Value) -> bool) -> Value
    where
        F: Future<Output = Value>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = ask().await;
            if wanted(&found) {
                return found;
            }
            assert!(Instant::now() < deadline, "it stays so: {found}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn read(answer: reqwest::Response) -> Answer {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await.expect("the answer ends").to_vec();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer {
        status,
        headers,
        bytes,
        json,
    }
}
