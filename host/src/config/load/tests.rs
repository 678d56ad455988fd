use std::net::SocketAddr;

use super::super::scratch::{Folder, set_mode};
use super::super::{CatalogueUrl, Encode, PolicySettings, PolicyTable, Secret, TerrainId, TlsMode};
use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn try_parse(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    parse(
        text,
        Path::new("/srv/club"),
        "padelvar.toml",
        &environment(variables),
    )
}

fn config(text: &str, variables: &[(&str, &str)]) -> Config {
    match try_parse(text, variables) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{error}"),
    }
}

fn errors(text: &str, variables: &[(&str, &str)]) -> String {
    match try_parse(text, variables) {
        Ok(loaded) => panic!("valid: {:?}", loaded.config),
        Err(error) => error.to_string(),
    }
}

const TERRAIN: &str = "[[clubs]]\nid = 1\nname = \"Padel Club\"\n\n[[terrains]]\nid = 1\nclub_id = \"1\"\nname = \"Court 1\"\n[terrains.camera]\n";

fn camera(lines: &str) -> super::super::Camera {
    config(&format!("{TERRAIN}{lines}"), &[])
        .terrains
        .remove(0)
        .camera
}

fn camera_errors(lines: &str) -> String {
    errors(&format!("{TERRAIN}{lines}"), &[])
}

#[test]
fn an_empty_file_is_the_defaults_with_absolute_paths() {
    let config = config("", &[]);
    assert_eq!(
        config.server.listen,
        SocketAddr::from(([127, 0, 0, 1], 5000))
    );
    assert_eq!(
        config.video.videos_dir,
        Path::new("/srv/club/static/videos")
    );
    assert_eq!(config.video.ffmpeg_path, Path::new("ffmpeg"));
    assert_eq!(config.plugins.dir, Path::new("/srv/club/plugins"));
    assert_eq!(
        config.catalogue.url,
        CatalogueUrl::Sqlite("/srv/club/padelvar.db".into())
    );
}

#[test]
fn paths_are_relative_to_the_file() {
    let text = "[video]\nvideos_dir = \"/mnt/v\"\nlogs_dir = \"l\"\nffmpeg_path = \"bin/ffmpeg\"\n[catalogue]\nurl = \"sqlite:///var/p.db\"";
    let config = config(text, &[]);
    assert_eq!(config.video.videos_dir, Path::new("/mnt/v"));
    assert_eq!(config.video.logs_dir, Path::new("/srv/club/l"));
    assert_eq!(config.video.ffmpeg_path, Path::new("/srv/club/bin/ffmpeg"));
    assert_eq!(config.catalogue.url.path(), Path::new("/var/p.db"));
}

#[test]
fn all_problems_come_at_once_with_place_and_hint() {
    let text = "\
[server]
listen = \"localhost:5000\"
listn = 1

[video]
fps = 0
crf = 52
encode = \"allways\"
default_duration_minutes = 0
codec = 5

[auth]
jwt_secret = \"short\"
jwks_url = \"https://id.example/jwks.json\"

[proxy]
listen = \"0.0.0.0:5000\"
open = true

[vidoe]
";
    let expected = "\
padelvar.toml:2:10: `listen`: must be an IP address and a port
  hint: for example 127.0.0.1:5000 (this machine only) or 0.0.0.0:5000 (every network)
padelvar.toml:3:1: unknown key `listn` in `[server]`
  hint: did you mean `listen`?
padelvar.toml:6:7: `fps`: must be from 1 to 120
padelvar.toml:7:7: `crf`: must be from 0 to 51
padelvar.toml:8:10: `encode`: must be one of auto, h264, always
  hint: did you mean `always`?
padelvar.toml:9:28: `default_duration_minutes`: must be over 0 and at most 1440
padelvar.toml:10:9: `codec`: must be a string, not an integer
  hint: put it in quotes
padelvar.toml:13:14: `jwt_secret`: the secret has 5 bytes, it needs at least 32
  hint: make one with `openssl rand -hex 32`, or leave it out: the host then makes its own
padelvar.toml:14:12: both `jwt_secret` and `jwks_url` are set
  hint: keep `jwt_secret` for tokens signed with it, or `jwks_url` for tokens of an identity provider
padelvar.toml:17:10: `proxy.listen` (0.0.0.0:5000) and `server.listen` (127.0.0.1:5000) cannot have the same port
  hint: give the proxy another port, for example 8080
padelvar.toml:18:8: `open = true` lets anyone who reaches 0.0.0.0:5000 watch every camera
  hint: listen on 127.0.0.1, or leave `open` false: clients then need a token
padelvar.toml:20:2: unknown key `vidoe`
  hint: did you mean `video`?";
    assert_eq!(errors(text, &[]), expected);
}

#[test]
fn a_key_at_the_top_is_told_its_section() {
    let expected = "padelvar.toml:1:1: unknown key `fps`\n  hint: `fps` belongs under `[video]`";
    assert_eq!(errors("fps = 30", &[]), expected);
}

#[test]
fn toml_errors_have_a_place_and_do_not_repeat_the_line() {
    let text = "[auth]\njwt_secret = \"hunter2-hunter2\n[video]\nfps = = 3";
    let message = errors(text, &[]);
    assert!(message.starts_with("padelvar.toml:2:"), "{message}");
    assert!(message.contains("padelvar.toml:4:7"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn wrong_shapes() {
    let rows = [
        (
            "server = 1",
            "padelvar.toml:1:10: `server` must be a table, not an integer",
        ),
        (
            "[clubs]\nid = 1",
            "padelvar.toml:1:1: `clubs` must be an array of tables",
        ),
        (
            "terrains = [1]",
            "padelvar.toml:1:13: `terrains` must hold tables",
        ),
        (
            "[server]\ncors_origins = [\"https://a.example\", 5]",
            "padelvar.toml:2:38: `cors_origins`: must be a string",
        ),
        (
            "[server]\ncors_origins = [\"*\"]",
            "padelvar.toml:2:17: `cors_origins`: must be an origin",
        ),
        (
            "[server]\ncors_origins = [\"https://a.example/\"]",
            "hint: write it as https://a.example",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/40\"]",
            "not an IP address or a network",
        ),
        (
            "[video]\nmin_free_bytes = 99999999999999999999999",
            "padelvar.toml:2:18: `min_free_bytes`: must be from 0",
        ),
        ("[video]\nkeep_days = nan", "`keep_days`: must be over 0"),
        (
            "[auth]\nleeway_seconds = -1",
            "`leeway_seconds`: must be from 0 to 300",
        ),
        (
            "[auth]\njwks_url = \"http://id.example/\"",
            "`jwks_url`: must be an https:// URL",
        ),
        (
            "[catalogue]\nurl = \"postgres://x\"",
            "only SQLite is built in",
        ),
        ("[plugins]\ntrust = \"signed\"", "trusts nothing"),
        (
            "[policy]\nsettings = {}\nsettings_file = \"x\"",
            "both `settings` and `settings_file` are set",
        ),
        ("[video]\npreset = \"-y\"", "`preset`: must be a name"),
    ];
    for (text, expected) in rows {
        let message = errors(text, &[]);
        assert!(message.contains(expected), "{text}\n{message}");
    }
}

#[test]
fn clubs_and_terrains_must_fit_together() {
    let text = "\
[[clubs]]
id = 1
[[clubs]]
id = \"1\"
[[terrains]]
id = \"court/1\"
club_id = 1
camera = { url = \"rtsp://10.0.0.11/\" }
[[terrains]]
id = 2
club_id = \"padel-nord\"
[terrains.camera]
url = \"rtsp://10.0.0.11/\"
[[terrains]]
id = \"2\"
[terrains.camera]
urll = \"rtsp://10.0.0.11/\"
";
    let expected = "\
padelvar.toml:4:6: there are two clubs with the id `1`
padelvar.toml:6:6: `id`: an id is an integer or 1 to 32 of the characters A-Z a-z 0-9 -
padelvar.toml:11:11: there is no club with the id `padel-nord`
  hint: the nearest club is `1`; there are `1`
padelvar.toml:14:1: `club_id` is missing
padelvar.toml:15:6: there are two terrains with the id `2`
padelvar.toml:16:1: `url` is missing
padelvar.toml:17:1: unknown key `urll` in `[terrains.camera]`
  hint: did you mean `url`?";
    assert_eq!(errors(text, &[]), expected);
}

#[test]
fn a_terrain_as_in_the_manual() {
    let pin = "ab".repeat(32);
    let camera = camera(&format!(
        "url = \"rtsp://10.0.0.11:554/stream1\"\nusername = \"admin\"\npassword = \"p\"\ntls = \"pin:{pin}\"\nreach = [\"239.1.1.1:5000\", \"[fd00::1]:80\"]\noptions = {{ transport = \"tcp\", rate = 1.5, n = 0x10, on = true }}"
    ));
    assert_eq!(camera.url.as_str(), "rtsp://10.0.0.11:554/stream1");
    assert_eq!(camera.password, Some(Secret::new("p")));
    assert_eq!(camera.tls, TlsMode::Pin([0xab; 32]));
    let reach: Vec<String> = camera.reach.iter().map(ToString::to_string).collect();
    assert_eq!(reach, ["239.1.1.1:5000", "[fd00::1]:80"]);
    let options: Vec<(&str, &str)> = camera
        .options
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        options,
        [
            ("n", "16"),
            ("on", "true"),
            ("rate", "1.5"),
            ("transport", "tcp")
        ]
    );
    let config = config(&format!("{TERRAIN}url = \"http://cam/\""), &[]);
    assert!(config.terrain(&TerrainId::from(1)).is_some());
    assert_eq!(
        config.club(&config.terrains[0].club_id),
        Some(&config.clubs[0])
    );
}

#[test]
fn credentials_are_taken_out_of_the_url() {
    let camera = camera("url = \"rtsp://ad%6Din:p%40ss:x@10.0.0.11/s\"");
    assert_eq!(camera.url.as_str(), "rtsp://10.0.0.11/s");
    assert_eq!(camera.username, Some(Secret::new("admin")));
    assert_eq!(camera.password, Some(Secret::new("p@ss:x")));
    assert!(!format!("{camera:?}").contains("p@ss"));
    let message = camera_errors("url = \"rtsp://admin:hunter2@10.0.0.11/s\"\npassword = \"x\"");
    assert!(
        message.contains("padelvar.toml:10:7: the URL holds a password, and `password` is set too"),
        "{message}"
    );
    assert!(!message.contains("hunter2"));
}

#[test]
fn wrong_cameras() {
    let rows = [
        ("url = \"10.0.0.11\"", "not a URL of the form"),
        ("url = \"rtsp:///stream\"", "the URL has no host"),
        ("url = \"rtsp://cam/str eam\"", "percent-encode it"),
        ("url = \"rtsp://cam:0/\"", "the URL's port is not a number"),
        (
            "url = \"rtsp://admin:hunter/2@cam/\"",
            "belongs in `username` and `password`",
        ),
        (
            "url = \"dvrip://cam:34567/\"",
            "no adapter is known for `dvrip://`",
        ),
        (
            "url = \"dvrip://cam/\"",
            "write it as scheme://host:port/path",
        ),
        (
            "url = \"rtsp://cam/\"\ntls = \"yes\"",
            "`tls`: not verify, off, or pin:",
        ),
        (
            "url = \"rtsp://cam/\"\nreach = [\"cam\"]",
            "padelvar.toml:11:10: `reach`: not of the form host:port",
        ),
        (
            "url = \"rtsp://cam/\"\noptions = { a = [1] }",
            "padelvar.toml:11:17: `options`: `a`: must be a string",
        ),
        (
            "url = \"rtsp://cam/\"\npassword_file = \"none\"",
            "cannot read /srv/club/none",
        ),
        (
            "url = \"rtsp://cam/\"\npassword_file = \"none\"\npassword = \"a\"",
            "both `password` and `password_file` are set",
        ),
    ];
    for (lines, expected) in rows {
        let message = camera_errors(lines);
        assert!(message.contains(expected), "{lines}\n{message}");
        assert!(!message.contains("hunter"), "{message}");
    }
    assert_eq!(
        camera("url = \"dvrip://cam:34567/\"\nadapter = \"dvrip\"")
            .url
            .port(),
        34567
    );
}

#[test]
fn variables_go_before_the_file() {
    let text = "[video]\nfps = 30\nencode = \"h264\"\n[server]\nlisten = \"127.0.0.1:1\"";
    let variables = [
        ("PADELVAR_VIDEO__FPS", "50"),
        ("PADELVAR_VIDEO__ENCODE", "always"),
        (
            "PADELVAR_SERVER__CORS_ORIGINS",
            "[\"https://club.example\"]",
        ),
        ("PADELVAR_AUTH__ISSUER", "\"quoted\""),
        ("PADELVAR_POLICY__SETTINGS", "{ a = 1 }"),
        ("FFMPEG_PATH", "/opt/ffmpeg"),
        ("PADELVAR_VIDEO__FFPROBE_PATH", "/a"),
        ("FFPROBE_PATH", "/b"),
        ("PROXY_BASE_PORT", "9000"),
        ("PADELVAR_TOKEN", "not ours"),
    ];
    let config = config(text, &variables);
    assert_eq!(
        (config.video.fps, config.video.encode),
        (50, Encode::Always)
    );
    assert_eq!(config.server.cors_origins, ["https://club.example"]);
    assert_eq!(config.auth.issuer.as_deref(), Some("\"quoted\""));
    assert_eq!(
        config.policy.settings,
        PolicySettings::Inline(serde_json::json!({ "a": 1 }))
    );
    assert_eq!(config.video.ffmpeg_path, Path::new("/opt/ffmpeg"));
    assert_eq!(config.video.ffprobe_path, Path::new("/a"));
    assert_eq!(config.proxy.listen.port(), 9000);
}

#[test]
fn wrong_variables_are_named() {
    let variables = [
        ("PADELVAR_VIDEO__FPS", "many"),
        ("PADELVAR_VIDEO__FPSS", "5"),
        ("PADELVAR_VIDOE__FPS", "5"),
        ("PADELVAR_CLUBS__ID", "5"),
        ("PROXY_BASE_PORT", "99999"),
    ];
    let message = errors("", &variables);
    for expected in [
        "environment variable PADELVAR_VIDEO__FPS: `fps`: not a TOML value",
        "environment variable PADELVAR_VIDEO__FPSS: unknown key `fpss` of `[video]`\n  hint: did you mean PADELVAR_VIDEO__FPS?",
        "environment variable PADELVAR_VIDOE__FPS: unknown section `vidoe`\n  hint: did you mean `video`?",
        "environment variable PADELVAR_CLUBS__ID: `clubs` cannot be set by a variable",
        "environment variable PROXY_BASE_PORT: must be a port",
    ] {
        assert!(message.contains(expected), "{expected}\n{message}");
    }
}

#[test]
fn secrets_come_from_files() {
    let folder = Folder::new();
    folder.write("secrets/jwt", &format!("{}\r\n", "k".repeat(40)));
    let file = folder.write("padelvar.toml", "[auth]\njwt_secret_file = \"secrets/jwt\"");
    let loaded = load(&file, &Environment::new()).unwrap();
    assert_eq!(
        loaded.config.auth.jwt_secret,
        Some(Secret::new("k".repeat(40)))
    );
    assert_eq!(loaded.files, [folder.path().join("secrets/jwt")]);
    assert_eq!(loaded.warnings, [""; 0]);
    let other = "x".repeat(32);
    let loaded = load(
        &file,
        &environment(&[("PADELVAR_AUTH__JWT_SECRET", &other)]),
    )
    .unwrap();
    assert_eq!(
        loaded.config.auth.jwt_secret,
        Some(Secret::new(other)),
        "a variable goes before the file's file"
    );
}

#[cfg(unix)]
#[test]
fn secrets_that_others_may_read_are_warned_of() {
    let folder = Folder::new();
    let secret = folder.write("jwt", &"k".repeat(32));
    let file = folder.write("padelvar.toml", "[auth]\njwt_secret_file = \"jwt\"");
    set_mode(&secret, 0o640);
    let warnings = load(&file, &Environment::new()).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("chmod 600"), "{warnings:?}");
    let file = folder.write(
        "inline.toml",
        &format!("[auth]\njwt_secret = \"{}\"", "k".repeat(32)),
    );
    assert_eq!(load(&file, &Environment::new()).unwrap().warnings, [""; 0]);
    set_mode(&file, 0o644);
    assert_eq!(load(&file, &Environment::new()).unwrap().warnings.len(), 1);
}

#[test]
fn a_missing_file_says_how_to_make_it() {
    let folder = Folder::new();
    let message = load(&folder.path().join("padelvar.toml"), &Environment::new())
        .unwrap_err()
        .to_string();
    assert!(message.contains("padelvar init"), "{message}");
    let message = load(folder.path(), &Environment::new())
        .unwrap_err()
        .to_string();
    assert!(message.contains("it is not a file"), "{message}");
}

#[test]
fn a_policys_settings_file_is_read() {
    let folder = Folder::new();
    let path = folder.write("rules.cedar", "permit(principal, action, resource);");
    let file = folder.write(
        "padelvar.toml",
        "[policy]\nplugin = \"cedar\"\nsettings_file = \"rules.cedar\"",
    );
    let loaded = load(&file, &Environment::new()).unwrap();
    let text = "permit(principal, action, resource);".to_owned();
    assert_eq!(
        loaded.config.policy.settings,
        PolicySettings::File { path, text }
    );
}

#[test]
fn a_candidate_may_have_settings_of_its_own() {
    let folder = Folder::new();
    let path = folder.write("new.cedar", "permit(principal, action, resource);");
    let file = folder.write(
        "padelvar.toml",
        "[policy]\nshadow = \"cedar\"\nshadow_settings_file = \"new.cedar\"",
    );
    let loaded = load(&file, &Environment::new()).unwrap();
    assert!(loaded.files.contains(&path));
    let text = "permit(principal, action, resource);".to_owned();
    assert_eq!(
        loaded.config.policy.shadow_settings,
        Some(PolicySettings::File { path, text })
    );
    let config = config("[policy]\nshadow = \"x\"\nshadow_settings = { a = 1 }", &[]);
    let inline = PolicySettings::Inline(serde_json::json!({"a": 1}));
    assert_eq!(config.policy.shadow_settings, Some(inline));
}

#[test]
fn a_table_of_expectations_is_read_and_followed() {
    let folder = Folder::new();
    let path = folder.write("expectations.toml", "# None yet.");
    let file = folder.write("padelvar.toml", "[policy]\ntable = \"expectations.toml\"");
    let loaded = load(&file, &Environment::new()).unwrap();
    let text = "# None yet.".to_owned();
    assert!(loaded.files.contains(&path));
    assert_eq!(loaded.config.policy.table, Some(PolicyTable { path, text }));
    let file = folder.write("padelvar.toml", "[policy]\ntable = \"nothing.toml\"");
    let told = load(&file, &Environment::new()).unwrap_err().to_string();
    assert!(
        told.contains("padelvar.toml:2:9: `table`: cannot read"),
        "{told}"
    );
}

#[test]
fn a_thousand_terrains_are_read_at_once() {
    use std::fmt::Write as _;
    let mut text = "[[clubs]]\nid = 1\n".to_owned();
    for id in 0..1000 {
        let camera = "[terrains.camera]\nurl = \"rtsp://10.0.0.11/stream\"\nusername = \"admin\"";
        writeln!(
            text,
            "[[terrains]]\nid = {id}\nclub_id = 1\nname = \"Court {id}\"\n{camera}"
        )
        .unwrap();
    }
    assert_eq!(config(&text, &[]).terrains.len(), 1000);
}

#[test]
fn no_text_makes_it_panic() {
    let whole = super::super::example();
    for end in (0..whole.len())
        .filter(|end| whole.is_char_boundary(*end))
        .step_by(7)
    {
        let _ = try_parse(&whole[..end], &[]);
    }
    let nested = format!("[policy]\nsettings = {}", "[".repeat(100_000));
    for text in [
        "\0",
        "\u{feff}[server]",
        "é = é",
        "[server]\r\nlisten = \"é",
        "[[clubs]]\n[clubs]",
        &nested,
    ] {
        let _ = try_parse(text, &[]);
        let _ = try_parse(
            "",
            &[
                ("PADELVAR_POLICY__SETTINGS", text),
                ("PADELVAR_SERVER__LISTEN", text),
            ],
        );
    }
}
