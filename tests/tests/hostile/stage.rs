//! A host with plugins in its folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use padelvar_tests::command::padelvar;
use padelvar_tests::{Config, Host, files, versions};
use serde_json::Value;
use tempfile::TempDir;

/// The password of the hostile cameras: nowhere to be found afterwards.
pub const PASSWORD: &str = "hunter22secret";

/// A data folder with a folder for plugins that only its owner may write to.
pub struct Stage(Arc<TempDir>);

impl Stage {
    /// No plugin yet.
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("padelvar-hostile-").expect("a folder can be made");
        let stage = Self(Arc::new(folder));
        fs::create_dir(stage.plugins()).expect("a folder can be made");
        mode(&stage.plugins(), 0o755);
        stage
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Where the plugins are.
    pub fn plugins(&self) -> PathBuf {
        self.folder().join("plugins")
    }

    /// Adds a plugin that only its owner may write to.
    pub fn plugin(&self, name: &str, wasm: &[u8]) -> PathBuf {
        let file = self.plugins().join(name).with_extension("wasm");
        fs::write(&file, wasm).expect("a file can be written");
        mode(&file, 0o644);
        file
    }

    /// Adds so many versions of the hostile adapter, each with a digest of its own.
    pub fn hostiles(&self, count: usize) {
        let wasm = crate::guests::hostile();
        for n in 0..count {
            self.plugin(&nth(n), &versions::another(&wasm, n as u32));
        }
    }

    /// Writes the configuration, with the folder of the plugins in it.
    pub fn configure(&self, config: &Config) {
        let text = config.clone().more("[plugins]\ndir = \"plugins\"").text();
        files::write_private(&self.folder().join("padelvar.toml"), &text);
    }

    /// Writes the configuration and starts the host.
    pub async fn start(&self, config: &Config) -> Host {
        self.configure(config);
        Host::start_in(Arc::clone(&self.0)).await
    }
}

/// The plugins that a host with this configuration has.
pub async fn list(stage: &Stage) -> Vec<Value> {
    let said = padelvar(stage.folder(), &["plugin", "list", "--json"]).await;
    let said = said.ended(0);
    serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said:?}"))
}

/// The reason for which a file is not used.
#[track_caller]
pub fn rejected(plugins: &[Value], name: &str) -> String {
    let found = plugins
        .iter()
        .find(|plugin| plugin["name"] == name && plugin["state"] == "rejected");
    let found = found.unwrap_or_else(|| panic!("{name} is not rejected: {plugins:#?}"));
    let reason = found["reason"].as_str().unwrap_or_default().to_owned();
    assert_presentable(&reason);
    reason
}

/// Sets a file's permissions.
pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("the file is ours");
}

/// Lines of a camera whose adapter is the hostile one. `options`: as in TOML.
pub fn hostile_camera(url: &str, options: &str, reach: &str) -> String {
    format!(
        "url = {url:?}\nadapter = \"hostile\"\nusername = \"admin\"\npassword = {PASSWORD:?}\n\
         reach = [{reach}]\noptions = {{ {options} }}"
    )
}

/// As [`hostile_camera`], of the adapter [`nth`]: what fails too often is quarantined by its digest,
/// and one misdeed must not hide another.
pub fn nth_hostile_camera(n: usize, url: &str, options: &str, reach: &str) -> String {
    let name = format!("adapter = {:?}", nth(n));
    hostile_camera(url, options, reach).replace("adapter = \"hostile\"", &name)
}

/// Waits until so many versions of the hostile adapter are in force: files are compiled one by
/// one, and not all of them before the host is ready.
pub async fn until_hostiles(host: &Host, count: usize) {
    let mut left = 600;
    loop {
        let body = host.api.get("/api/plugins").await.ok(200);
        let plugins = body["plugins"].as_array().expect("a list").iter();
        let ours = plugins.filter(|plugin| {
            let name = plugin["name"].as_str().unwrap_or_default();
            name.starts_with("hostile-") && plugin["state"] == "active"
        });
        if ours.count() == count {
            return;
        }
        left -= 1;
        assert!(left > 0, "{body}");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

/// The name of the hostile adapter's version with this number.
pub fn nth(n: usize) -> String {
    format!("hostile-{n:03}")
}

/// A session's `last_error`; empty where there is none.
pub fn last_error(session: &Value) -> &str {
    session["camera"]["last_error"].as_str().unwrap_or_default()
}

/// Asserts that a reason is fit for people, and holds no secret.
#[track_caller]
pub fn assert_presentable(reason: &str) {
    assert!(!reason.contains("NOT STOPPED"), "{reason}");
    assert!(!reason.contains(char::is_control), "{reason:?}");
    assert!(reason.chars().count() <= 400, "{reason}");
    assert_no_secret(reason);
}

/// Asserts that the password is not there in any form.
#[track_caller]
pub fn assert_no_secret(text: &str) {
    // Plain, base64 of it and of `admin:` with it, hexadecimal.
    for form in [
        PASSWORD,
        "aHVudGVyMjJzZWNyZX",
        "YWRtaW46aHVudGVyMjJzZWNyZX",
        "68756e7465723232",
    ] {
        if let Some(at) = text.find(form) {
            let from = text[..at]
                .char_indices()
                .rev()
                .nth(200)
                .map_or(0, |(i, _)| i);
            panic!("the password is in: {}", &text[from..at + form.len()]);
        }
    }
}
