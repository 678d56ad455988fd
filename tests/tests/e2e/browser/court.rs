//! The example page: a court's live pictures, record, stop, files.

use std::path::Path;
use std::time::Duration;

use padelvar_tests::browser::Browser;
use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::site::Site;
use padelvar_tests::{Config, Host, judge, machine};
use serde_json::json;
use simcam::RtspConfig;
use tokio::time::sleep;

use super::pictures;

/// A site that serves the page as it stands in the repository.
async fn site() -> Site {
    let site = Site::start().await;
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tests.with_file_name("examples").join("clients");
    for (name, kind) in [("court.html", "text/html"), ("court.js", "text/javascript")] {
        let page = std::fs::read(folder.join(name)).expect("it is there");
        site.put(&format!("/{name}"), &format!("{kind}; charset=utf-8"), page);
    }
    site
}

/// Signs in on the page of this host.
async fn enter(browser: &mut Browser, site: &Site, host: &Host, by_cookie: bool) {
    let page = site.url(&format!("/court.html?host={}", host.api.base));
    browser.open(&page).await;
    let fill = format!(
        "form.token.value = {}; form.cookie.checked = {by_cookie}; form.requestSubmit()",
        json!(host.api.token)
    );
    browser.eval(&fill).await;
    browser
        .until("!document.querySelector('main').hidden")
        .await;
}

async fn press(browser: &mut Browser, text: &str) {
    let press = format!(
        "[...document.querySelectorAll('button')].find(b => b.textContent === {}).click()",
        json!(text)
    );
    browser.eval(&press).await;
}

async fn says(browser: &mut Browser, text: &str) {
    let found = format!(
        "document.getElementById('status').textContent.includes({})",
        json!(text)
    );
    browser.until(&found).await;
}

#[tokio::test]
async fn a_court_is_watched_and_recorded_by_its_page() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    );
    let site = site().await;
    let origins = format!("cors_origins = [{:?}]", site.origin());
    let config = Config::of(&h264).url(mjpeg.url()).server(&origins);
    let host = Host::start(&config).await;
    let mut browser = Browser::start().await;
    for (court, by_cookie) in [(1, false), (2, true), (2, false), (1, true)] {
        enter(&mut browser, &site, &host, by_cookie).await;
        press(&mut browser, &format!("Court {court}")).await;
        browser.until_moving("#live").await;
        let source = browser.eval("document.getElementById('live').src").await;
        let ticket = source.as_str().expect("text").contains("ticket=");
        assert_eq!(ticket, !by_cookie, "{source}");
        press(&mut browser, "Record").await;
        says(&mut browser, "recording").await;
        let name = format!(
            "court-{court}-{}.png",
            if by_cookie { "cookie" } else { "ticket" }
        );
        browser.keep_screenshot(&pictures(), &name).await;
        sleep(Duration::from_secs(2)).await;
        let status = browser
            .eval("document.getElementById('status').textContent")
            .await;
        let id = status
            .as_str()
            .expect("text")
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        press(&mut browser, "Stop").await;
        says(&mut browser, "completed").await;
        says(&mut browser, ", whole").await;
        let link = format!(
            "[...document.querySelectorAll('#files a')].find(a => a.textContent === {})",
            json!(format!("{id}.mp4"))
        );
        browser.until(&link).await;
        judge::final_file(&host.video(&id)).await;
        // What the link leads to, and the player plays it.
        let length = browser
            .eval(&format!(
                "fetch({link}.href).then(a => a.arrayBuffer()).then(b => b.byteLength)"
            ))
            .await;
        assert_eq!(
            length,
            std::fs::metadata(host.video(&id))
                .expect("it is there")
                .len()
        );
        browser
            .eval(&format!(
                "{link}.parentElement.querySelector('button').click()"
            ))
            .await;
        browser
            .until("document.getElementById('player').readyState >= 2")
            .await;
        browser
            .eval("document.getElementById('player').play()")
            .await;
        browser
            .until("document.getElementById('player').currentTime > 0.2")
            .await;
        browser
            .keep_screenshot(
                &pictures(),
                &format!(
                    "files-{court}-{}.png",
                    if by_cookie { "cookie" } else { "ticket" }
                ),
            )
            .await;
        let failure = browser
            .eval("document.getElementById('failure').textContent")
            .await;
        assert_eq!(failure, "", "{:#?}", browser.complaints);
    }
    // The page shows the host's own words when something is refused.
    browser
        .eval("form.token.value = 'a.b.c'; form.requestSubmit()")
        .await;
    browser
        .until("document.getElementById('failure').textContent.length > 5")
        .await;
    host.end().await;
}
