//! A host with a folder of plugins.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use padelvar_tests::events::Events;
use padelvar_tests::{Config, Host, files};
use reqwest::Method;
use tempfile::TempDir;

/// Bound of the wait for a plugin.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder for a host, with plugins in it.
pub fn folder(config: &Config, plugins: &[(&str, &[u8])]) -> Arc<TempDir> {
    let folder = Host::empty_folder();
    let dir = folder.path().join("plugins");
    fs::create_dir(&dir).expect("a folder can be made");
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("it is ours");
    for (name, wasm) in plugins {
        rename(&prepare(folder.path(), name, wasm), name);
    }
    let text = config.clone().more("[plugins]\ndir = \"plugins\"").text();
    files::write_private(&folder.path().join("padelvar.toml"), &text);
    folder
}

/// Writes a plugin beside its place.
pub fn prepare(folder: &Path, name: &str, wasm: &[u8]) -> PathBuf {
    let new = folder.join("plugins").join(format!("{name}.new"));
    fs::write(&new, wasm).expect("a file can be written");
    fs::set_permissions(&new, Permissions::from_mode(0o644)).expect("it is ours");
    new
}

/// Puts it there.
pub fn rename(new: &Path, name: &str) {
    let file = new.with_file_name(format!("{name}.wasm"));
    fs::rename(new, file).expect("a file can be renamed");
}

/// The host's events.
pub async fn listen(host: &Host) -> Events {
    let accept = [("accept", "text/event-stream")];
    // The client of the API gives every call a minute; this one is open for long.
    let client = reqwest::Client::builder().no_proxy().build();
    let mut api = host.api.clone();
    api.client = client.expect("a client can be made");
    Events::of(api.open(Method::GET, "/api/video/events", &accept).await)
}

/// Reads on until the plugin is in force.
pub async fn until_active(events: &mut Events, name: &str) {
    let told = events
        .until(PATIENCE, |event| {
            event.kind == "plugin" && event.data["name"] == name
        })
        .await;
    let state = told.last().map(|event| event.data["state"].clone());
    assert_eq!(state, Some("active".into()), "{told:?}");
}
