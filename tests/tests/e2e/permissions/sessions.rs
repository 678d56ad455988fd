//! Sessions, recordings and previews.

use padelvar_tests::Api;
use padelvar_tests::permissions::Ownership;
use reqwest::Method;
use serde_json::json;

use super::files;
use super::stage::Stage;

/// Tries everything on sessions of this ownership.
pub async fn cells(stage: &Stage, role: &str, of: Ownership) {
    let me = stage.me(role);
    let id = stage.session(of).await;
    let seen = me.get(&format!("/api/video/session/{id}")).await;
    stage.check(role, "session.view", of, seen);
    previews(stage, role, of, &id).await;
    let closed = me.try_close(&id).await;
    let id = if stage.check(role, "session.close", of, closed) {
        stage.session(of).await
    } else {
        let session = stage.host.api.session(&id).await;
        assert_eq!(session["status"], "active", "{session}");
        id
    };
    recording(stage, role, of, &id).await;
    files::cells(stage, role, of, &id).await;
}

async fn previews(stage: &Stage, role: &str, of: Ownership, id: &str) {
    let me = stage.me(role);
    for name in ["info", "snapshot.jpg"] {
        let answer = me.get(&format!("/api/preview/{id}/{name}")).await;
        stage.check(role, "preview.view", of, answer);
    }
    let session = stage.host.api.session(id).await;
    let feed = session["proxy_url"].as_str().expect("a URL");
    let feed = feed.split('?').next().unwrap_or_default();
    let at_proxy = Api {
        base: String::new(),
        ..me.clone()
    };
    let stream = format!("/api/preview/{id}/stream.mjpeg");
    for (api, url) in [(&me, stream.as_str()), (&at_proxy, feed)] {
        let answer = api.open(Method::GET, url, &[]).await;
        // A stream does not end: only a refusal is read.
        let may = padelvar_tests::permissions::allowed(role, "preview.view", of);
        let status = answer.status().as_u16();
        if status != if may { 200 } else { 403 } {
            stage.note(format!("{role} {of:?} {url}: {status}"));
        }
    }
}

async fn recording(stage: &Stage, role: &str, of: Ownership, id: &str) {
    let (me, admin) = (stage.me(role), &stage.host.api);
    let started = me.try_start(id, 5).await;
    if !stage.check(role, "recording.start", of, started) {
        admin.try_start(id, 5).await.ok(200);
    }
    admin.until_recording(id, "recording").await;
    let seen = me.get(&format!("/api/video/record/status/{id}")).await;
    stage.check(role, "recording.view", of, seen);
    let report = format!("/api/video/record/report/{id}");
    let seen = me.get(&report).await;
    stage.check(role, "recording.view", of, seen);
    let stopped = me.try_stop(id).await;
    let body = stopped.json.clone();
    if !stage.check(role, "recording.stop", of, stopped) {
        admin.stop(id).await;
        let seen = me.get(&report).await;
        stage.check(role, "recording.view", of, seen);
        return;
    }
    let seen = me.get(&report).await;
    let given = seen.json["report"]["file"]["download_url"].is_string();
    stage.check(role, "recording.view", of, seen);
    // A link that does not work for whoever holds it is not given.
    let link = &body["file"]["download_url"];
    let may = padelvar_tests::permissions::allowed(role, "file.download", of);
    if link.is_string() != may
        || given != may
        || body["file"].get("download_url") != Some(&json!(link))
    {
        stage.note(format!("{role} {of:?} gets the link {link}"));
    }
}
