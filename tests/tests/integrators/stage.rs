//! A host with plugins in its folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use padelvar_tests::judge::{self, Video};
use padelvar_tests::{Api, Config, Host, Take, files};
use tempfile::TempDir;

/// Starts a host with these plugins.
pub async fn host(config: &Config, plugins: &[(&str, &[u8])]) -> Host {
    Host::start_in(folder(config, plugins)).await
}

/// A folder with this configuration and these plugins. They may be written to by their owner
/// only, whatever the umask.
pub fn folder(config: &Config, plugins: &[(&str, &[u8])]) -> Arc<TempDir> {
    let folder = Host::empty_folder();
    let dir = folder.path().join("plugins");
    fs::create_dir(&dir).expect("a folder can be made");
    mode(&dir, 0o755);
    for (name, wasm) in plugins {
        let file = dir.join(name).with_extension("wasm");
        fs::write(&file, wasm).expect("a file can be written");
        mode(&file, 0o644);
    }
    let text = config.clone().more("[plugins]\ndir = \"plugins\"").text();
    files::write_private(&folder.path().join("padelvar.toml"), &text);
    folder
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("the file is ours");
}

/// Records the terrain for three seconds once its camera is live; what ffprobe says of the file.
pub async fn record(host: &Host, terrain: u32) -> Video {
    let id = host.api.create(terrain).await;
    host.api.until_camera(&id, "live").await;
    let start = padelvar_tests::clock::now();
    host.api.start(&id).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let take = Take::stop(host, id, start).await;
    judge::final_file(&take.file).await
}

/// Opens a session whose camera need not be there; its id.
pub async fn open(api: &Api, terrain: u32) -> String {
    let opened = api.try_create(terrain).await.ok(201);
    let id = opened["session"]["session_id"].as_str();
    id.expect("a session has an id").to_owned()
}

/// What every policy here says with `player_minutes = 3`: a coach sees what happens in their own
/// club and no more, and a player records for three minutes. The coach, and the player's session.
pub async fn coaches_and_three_minutes(host: &Host) -> (Api, String) {
    let (coach, player) = (
        host.api.user("COACH", "1", 1),
        host.api.user("PLAYER", "2", 1),
    );
    let stranger = host.api.user("COACH", "3", 2);
    stranger.try_create(1).await.refused(403, "not_your_club");
    let id = open(&player, 1).await;
    coach.session(&id).await;
    coach
        .get("/api/plugins")
        .await
        .refused(403, "role_not_allowed");
    let recording = player.try_start(&id, 30).await.ok(200);
    assert_eq!(
        recording["recording"]["planned_seconds"], 180.0,
        "{recording}"
    );
    (coach, id)
}
