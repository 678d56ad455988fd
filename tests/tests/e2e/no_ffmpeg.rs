//! Without FFmpeg the host runs, and says what is missing.

use padelvar_tests::{Config, Host, cameras, machine};
use simcam::RtspConfig;

#[tokio::test]
async fn the_host_is_degraded_and_recordings_are_refused() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera).video("ffmpeg_path = \"/nonexistent/ffmpeg\"");
    let host = Host::start(&config).await;
    let nobody = host.api.with_token(None);
    let health = nobody.get("/api/video/health").await.ok(200);
    assert_eq!(health["status"], "degraded", "{health}");
    assert_eq!(health["ffmpeg_available"], false, "{health}");
    assert_eq!(health["ffmpeg_path"], "/nonexistent/ffmpeg", "{health}");
    nobody.get("/healthz").await.ok(200);
    nobody.get("/readyz").await.problem(503);
    // The camera itself needs none.
    let id = host.api.create(1).await;
    let refused = host.api.try_start(&id, 1).await;
    assert!(!refused.header("retry-after").is_empty());
    let refused = refused.problem(503);
    let detail = refused["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("hint") && detail.contains("/nonexistent/ffmpeg"),
        "{detail}"
    );
    host.api
        .get(&format!("/api/video/record/status/{id}"))
        .await
        .problem(404);
    assert_eq!(host.api.session(&id).await["status"], "active");
    host.api.try_stop(&id).await.refused(409, "not_recording");
    host.end().await;
}

#[tokio::test]
async fn with_ffmpeg_the_host_is_healthy() {
    let _shared = machine::shared().await;
    let host = Host::start(&Config::new()).await;
    let health = host.api.get("/api/video/health").await.ok(200);
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["ffmpeg_available"], true, "{health}");
    assert_eq!(health["active_sessions"], 0, "{health}");
    assert_eq!(health["active_recordings"], 0, "{health}");
    assert_eq!(health["max_concurrent"], 10, "{health}");
    for key in ["proxy_type", "pipeline", "ffmpeg_path"] {
        assert!(health[key].is_string(), "{key}: {health}");
    }
    host.api.get("/readyz").await.ok(200);
    host.end().await;
}
