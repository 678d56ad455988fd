//! The two previews of the reference document, as they stand there: a picture that is a stream,
//! and a picture that is asked for five times a second.

use padelvar_tests::browser::Browser;
use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::site::Site;
use padelvar_tests::{Config, Host, machine};
use serde_json::json;
use simcam::RtspConfig;

use super::pictures;

/// A page whose relative links lead to the host, as they do behind a club's reverse proxy.
fn page(host: &Host, body: &str) -> String {
    format!(
        "<!doctype html><base href=\"{}/\"><meta charset=\"utf-8\"><title>Preview</title>\n{body}",
        host.api.base
    )
}

/// The first preview, with this in the place of the stream's address.
fn stream(address: &str) -> String {
    format!("<img src=\"{address}\" alt=\"Live Preview\" />")
}

/// The second preview; `more` goes behind the address.
fn snapshots(id: &str, more: &str) -> String {
    format!(
        "<img id=\"preview\" />\n<script>\n  const sessionId = \"{id}\";\n  setInterval(() => {{\n    \
         document.getElementById('preview').src = \n      \
         `/api/preview/${{sessionId}}/snapshot.jpg?t=${{Date.now()}}{more}`;\n  }}, 200); // 5 FPS\n</script>"
    )
}

#[tokio::test]
async fn both_previews_by_ticket_and_by_cookie() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(mjpeg.url())).await;
    let site = Site::start().await;
    let mut browser = Browser::start().await;
    let cookie = host.api.cookie().await;
    let (name, value) = cookie.split_once('=').expect("a name and a value");
    for terrain in [1, 2] {
        let id = host.api.create(terrain).await;
        let session = host.api.session(&id).await;
        let link = |name: &str| {
            session["preview"][name]
                .as_str()
                .expect("a link")
                .to_owned()
        };
        let snapshot = link("snapshot_url");
        let (_, ticket) = snapshot.split_once("ticket=").expect("a ticket");
        let path = format!("/api/preview/{id}/stream.mjpeg");
        for (what, by, body) in [
            ("stream", "ticket", stream(&link("mjpeg_url"))),
            (
                "snapshots",
                "ticket",
                snapshots(&id, &format!("&ticket={ticket}")),
            ),
            ("stream", "cookie", stream(&path)),
            ("snapshots", "cookie", snapshots(&id, "")),
        ] {
            browser.call("Network.clearBrowserCookies", json!({})).await;
            if by == "cookie" {
                // Set as the host sets it.
                let set = json!({
                    "name": name, "value": value, "url": host.api.base,
                    "httpOnly": true, "sameSite": "Strict",
                });
                browser.call("Network.setCookie", set).await;
            }
            let at = format!("/{what}-{by}-{terrain}.html");
            site.put(&at, "text/html", page(&host, &body));
            browser.open(&site.url(&at)).await;
            browser.until_moving("img").await;
            let name = format!("{what}-{by}-{terrain}.png");
            browser.keep_screenshot(&pictures(), &name).await;
        }
        // Without either there is nothing to see.
        browser.call("Network.clearBrowserCookies", json!({})).await;
        site.put("/none.html", "text/html", page(&host, &stream(&path)));
        browser.open(&site.url("/none.html")).await;
        browser
            .until("document.querySelector('img').complete")
            .await;
        assert_eq!(
            browser
                .eval("document.querySelector('img').naturalWidth")
                .await,
            0
        );
    }
    host.end().await;
}
