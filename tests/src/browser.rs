//! Chromium without a window, driven over its `DevTools` protocol.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::log::Log;
use crate::processes;

/// Bound of a start and of every call, on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);
/// What it says once it can be driven.
const MARK: &str = "DevTools listening on ";
/// No sandbox, since tests may run as root; no name is resolved, so that nothing leaves this
/// machine.
const ARGUMENTS: [&str; 16] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1000,900",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// A browser with one page. Dropping it kills it.
pub struct Browser {
    child: Child,
    _profile: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    page: String,
    calls: u64,
    /// What the page complained of: exceptions, errors of the console and of the network.
    pub complaints: Vec<String>,
}

impl Browser {
    /// Starts it with an empty page.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start() -> Self {
        let profile = TempDir::with_prefix("padelvar-browser-").expect("a folder");
        let mut child = Command::new("chromium")
            .args(ARGUMENTS)
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium starts; `cargo xtask setup` installs it");
        let said = Log::of(child.stderr.take().expect("it is piped"));
        let url = said.after(MARK, PATIENCE).await;
        let Some(url) = url else {
            kill(&mut child);
            panic!("chromium does not get ready:\n{}", said.text());
        };
        let connected = timeout(PATIENCE, connect_async(&url)).await;
        let (socket, _) = connected.expect("in time").expect("it listens");
        let mut browser = Self {
            child,
            _profile: profile,
            socket,
            page: String::new(),
            calls: 0,
            complaints: Vec::new(),
        };
        let page = browser
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach).await;
        let session = attached["sessionId"].as_str().expect("a session");
        session.clone_into(&mut browser.page);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        browser
    }

    /// A call of the protocol.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if !self.page.is_empty() {
            message["sessionId"] = json!(self.page);
        }
        let message = Message::text(message.to_string());
        self.socket.send(message).await.expect("it listens");
        let answer = timeout(PATIENCE, self.answer(id)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{method}: no answer"));
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.socket.next().await.expect("it goes on");
            let Message::Text(text) = message.expect("it goes on") else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["id"] == id {
                return message;
            }
            self.hear(&message);
        }
    }

    fn hear(&mut self, message: &Value) {
        let parameters = &message["params"];
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => Some(parameters["exceptionDetails"].to_string()),
            Some("Log.entryAdded") if parameters["entry"]["level"] == "error" => {
                Some(parameters["entry"].to_string())
            }
            _ => None,
        };
        self.complaints.extend(complaint);
    }

    /// Opens a page and waits until its document is there (pictures that never end are not
    /// waited for).
    pub async fn open(&mut self, url: &str) {
        let went = self.call("Page.navigate", json!({"url": url})).await;
        assert!(went["errorText"].is_null(), "{url}: {went}");
        let there = format!(
            "document.readyState !== 'loading' && location.href === {}",
            json!(url)
        );
        self.until(&there).await;
    }

    /// What an expression, or the promise that it is, comes to.
    pub async fn eval(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let result = self.call("Runtime.evaluate", parameters).await;
        let failed = &result["exceptionDetails"];
        assert!(failed.is_null(), "{expression}: {failed}");
        result["result"]["value"].clone()
    }

    /// Asks again until an expression is true.
    pub async fn until(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.eval(&format!("Boolean({expression})")).await != true {
            if Instant::now() > deadline {
                let body = self.eval("document.body.innerText").await;
                panic!("{expression} stays false: {body}\n{:#?}", self.complaints);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// A picture of the page.
    pub async fn screenshot(&mut self) -> Vec<u8> {
        let taken = self
            .call("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        decode(&taken)
    }

    /// A picture of what a selector finds first.
    pub async fn picture(&mut self, selector: &str) -> Vec<u8> {
        let place = format!(
            "(() => {{ const r = document.querySelector({}).getBoundingClientRect(); \
             return {{x: r.x, y: r.y, width: r.width, height: r.height, scale: 1}}; }})()",
            json!(selector)
        );
        let clip = self.eval(&place).await;
        let parameters = json!({"format": "png", "clip": clip});
        let taken = self.call("Page.captureScreenshot", parameters).await;
        decode(&taken)
    }

    /// Waits until an `<img>` shows pictures that change.
    pub async fn until_moving(&mut self, selector: &str) {
        let wide = format!(
            "document.querySelector({}).naturalWidth > 0",
            json!(selector)
        );
        self.until(&wide).await;
        let first = self.picture(selector).await;
        let deadline = Instant::now() + PATIENCE;
        while self.picture(selector).await == first {
            assert!(Instant::now() < deadline, "{selector} shows one picture");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Writes a screenshot for people into a folder.
    pub async fn keep_screenshot(&mut self, folder: &Path, name: &str) {
        let bytes = self.screenshot().await;
        let written =
            std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(name), bytes));
        written.unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        kill(&mut self.child);
    }
}

/// It and its children, which else would notice a moment later and write into a folder that is
/// gone.
fn kill(child: &mut Child) {
    let children = processes::below(child.id());
    let _ = child.kill();
    let _ = child.wait();
    for process in children {
        processes::signal(process.pid, Signal::KILL);
    }
}

fn decode(taken: &Value) -> Vec<u8> {
    let text = taken["data"].as_str().expect("a picture");
    STANDARD.decode(text).expect("base64")
}
