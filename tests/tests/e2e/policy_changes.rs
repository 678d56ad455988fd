//! Another policy while people watch.

use std::time::Duration;

use padelvar_tests::jpeg::Parts;
use padelvar_tests::{Config, Host, cameras, files, machine};
use reqwest::Method;
use simcam::RtspConfig;
use tokio::time::{Instant, sleep};

/// The configuration is read again every 10 s, where the change itself is not noticed.
const NOTICED: Duration = Duration::from_secs(20);
/// A policy that this host never had is compiled first: seconds, and in a debug build on a busy
/// machine many.
const COMPILED: Duration = Duration::from_mins(2);

#[tokio::test]
async fn links_and_open_streams_are_asked_again() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera);
    let host = Host::start(&config).await;
    let nobody = host.api.with_token(None);
    let id = host.api.create(1).await;
    let session = host.api.session(&id).await;
    let link = |name: &str| {
        session["preview"][name]
            .as_str()
            .expect("a link")
            .to_owned()
    };
    let (stream, snapshot) = (link("mjpeg_url"), link("snapshot_url"));
    let feed = session["proxy_url"].as_str().expect("a link");
    let mut watching = nobody.open(Method::GET, &stream, &[]).await;
    assert_eq!(watching.status(), 200);
    let mut client = nobody.client.get(feed).send().await.expect("it answers");
    assert_eq!(client.status(), 200);
    assert_eq!(nobody.get(&snapshot).await.status, 200);

    // All may do everything but watch.
    let rules = "permit(principal, action, resource);\n\
                 forbid(principal, action == Action::\"preview.view\", resource);\n";
    files::write_private(&host.path("rules.cedar"), rules);
    let other = "[policy]\nplugin = \"cedar\"\nsettings_file = \"rules.cedar\"\n";
    host.configure(&config.clone().more(other).text());
    let changed = Instant::now();
    let ended = async {
        while let Ok(Some(_)) = watching.chunk().await {}
        while let Ok(Some(_)) = client.chunk().await {}
    };
    tokio::time::timeout(COMPILED, ended)
        .await
        .expect("streams end when the policy changes");
    eprintln!("noticed after {:?}", changed.elapsed());
    nobody.get(&snapshot).await.problem(403);
    nobody.get(&stream).await.problem(403);
    let session = host.api.session(&id).await;
    assert!(session["preview"]["mjpeg_url"].is_null(), "{session}");
    assert!(session["preview"]["snapshot_url"].is_null(), "{session}");
    assert!(session["proxy_url"].is_null(), "{session}");

    // A mistake in the rules is told with its place, and the last good ones stay.
    let wrong = format!("{rules}\npermit(principal, action, resource) when {{ tru }};\n");
    files::write_private(&host.path("rules.cedar"), &wrong);
    let told = host.log.after("rules.cedar:4", NOTICED).await;
    assert!(told.is_some(), "it is not told:\n{}", host.log.text());
    nobody.get(&snapshot).await.problem(403);
    host.api.session(&id).await;

    // Back: the same link serves again, and whoever watches goes on.
    host.configure(&config.text());
    let since = Instant::now();
    while nobody.get(&snapshot).await.status != 200 {
        assert!(since.elapsed() < NOTICED, "the policy does not come back");
        sleep(Duration::from_millis(200)).await;
    }
    let mut parts = Parts::of(nobody.open(Method::GET, &stream, &[]).await);
    parts.next().await;
    host.end().await;
}
