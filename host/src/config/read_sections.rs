//! From the tables of the file to the structs of the sections.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::convert::{self, Wrong};
use super::secret_file::{self, settings_text};
use super::source::Source;
use super::table::Table;
use super::{
    Auth, Catalogue, CatalogueUrl, Encode, Log, LogFormat, LogLevel, Network, Plugins, Policy,
    PolicySettings, PolicyTable, Proxy, Server, Trust, Video,
};

/// Shortest HS256 secret: RFC 7518, section 3.2.
const MIN_JWT_SECRET_BYTES: usize = 32;
/// Longest recording that a user may ask for, in minutes.
pub(super) const MAX_DURATION_MINUTES: f64 = 1440.0;

pub(super) fn server(source: &Source<'_>) -> Server {
    let default = Server::default();
    let mut table = source.section("server");
    let server = Server {
        listen: table.text("listen", address).unwrap_or(default.listen),
        cors_origins: table.texts("cors_origins", origin).unwrap_or_default(),
        trusted_proxies: table.texts("trusted_proxies", network).unwrap_or_default(),
    };
    table.finish();
    server
}

pub(super) fn log(source: &Source<'_>) -> Log {
    use LogLevel::{Debug, Error, Info, Off, Trace, Warn};
    let levels = [Off, Error, Warn, Info, Debug, Trace].map(|level| (level.as_str(), level));
    let mut table = source.section("log");
    let log = Log {
        level: table.choice("level", &levels).unwrap_or_default(),
        format: table
            .choice(
                "format",
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            )
            .unwrap_or_default(),
    };
    table.finish();
    log
}

pub(super) fn auth(source: &Source<'_>) -> Auth {
    let default = Auth::default();
    let mut table = source.section("auth");
    let jwt_secret = jwt_secret(&mut table);
    let auth = Auth {
        jwt_secret,
        jwks_url: table.text("jwks_url", jwks_url),
        issuer: table.text("issuer", convert::line),
        audience: table.text("audience", convert::line),
        user_claim: table
            .text("user_claim", convert::line)
            .unwrap_or(default.user_claim),
        role_claim: table
            .text("role_claim", convert::line)
            .unwrap_or(default.role_claim),
        club_claim: table
            .text("club_claim", convert::line)
            .unwrap_or(default.club_claim),
        leeway_seconds: table
            .integer("leeway_seconds", 0..=300)
            .unwrap_or(default.leeway_seconds),
    };
    if auth.jwt_secret.is_some() && auth.jwks_url.is_some() {
        let hint = "keep `jwt_secret` for tokens signed with it, or `jwks_url` for tokens of an identity provider";
        table.problem(
            "jwks_url",
            "both `jwt_secret` and `jwks_url` are set",
            Some(hint.to_owned()),
        );
    }
    table.finish();
    auth
}

fn jwt_secret(table: &mut Table<'_, '_>) -> Option<super::Secret> {
    let secret = secret_file::secret(table, "jwt_secret", "jwt_secret_file")?;
    let bytes = secret.expose().len();
    if bytes < MIN_JWT_SECRET_BYTES {
        let is_file = table.is_variable("jwt_secret_file")
            || (table.is_in_file("jwt_secret_file") && !table.is_variable("jwt_secret"));
        let key = if is_file {
            "jwt_secret_file"
        } else {
            "jwt_secret"
        };
        let message = format!(
            "`{key}`: the secret has {bytes} bytes, it needs at least {MIN_JWT_SECRET_BYTES}"
        );
        let hint =
            "make one with `openssl rand -hex 32`, or leave it out: the host then makes its own";
        table.problem(key, message, Some(hint.to_owned()));
    }
    Some(secret)
}

pub(super) fn video(source: &Source<'_>) -> Video {
    let default = Video::default();
    let encodes = [
        ("auto", Encode::Auto),
        ("h264", Encode::H264),
        ("always", Encode::Always),
    ];
    let absolute = |path: PathBuf| source.base_dir.join(path);
    let mut table = source.section("video");
    let video = Video {
        videos_dir: table
            .path("videos_dir")
            .unwrap_or_else(|| absolute(default.videos_dir)),
        logs_dir: table
            .path("logs_dir")
            .unwrap_or_else(|| absolute(default.logs_dir)),
        ffmpeg_path: program(&mut table, "ffmpeg_path").unwrap_or(default.ffmpeg_path),
        ffprobe_path: program(&mut table, "ffprobe_path").unwrap_or(default.ffprobe_path),
        encode: table.choice("encode", &encodes).unwrap_or_default(),
        codec: table.text("codec", convert::name).unwrap_or(default.codec),
        preset: table
            .text("preset", convert::name)
            .unwrap_or(default.preset),
        crf: table.integer("crf", 0..=51).unwrap_or(default.crf),
        fps: table.integer("fps", 1..=120).unwrap_or(default.fps),
        default_duration_minutes: table
            .positive("default_duration_minutes", MAX_DURATION_MINUTES)
            .unwrap_or(default.default_duration_minutes),
        max_concurrent_recordings: table
            .integer("max_concurrent_recordings", 1..=1000)
            .unwrap_or(default.max_concurrent_recordings),
        session_idle_minutes: table
            .positive("session_idle_minutes", 525_600.0)
            .unwrap_or(default.session_idle_minutes),
        min_free_bytes: table
            .integer("min_free_bytes", 0..=i128::from(i64::MAX))
            .unwrap_or(default.min_free_bytes),
        keep_days: table.positive("keep_days", 36_500.0),
        keep_bytes: table.integer("keep_bytes", 1..=i128::from(i64::MAX)),
    };
    table.finish();
    video
}

pub(super) fn proxy(source: &Source<'_>) -> Proxy {
    let default = Proxy::default();
    let mut table = source.section("proxy");
    let mut listen: SocketAddr = table.text("listen", address).unwrap_or(default.listen);
    if !table.is_variable("listen")
        && let Some(port) = source
            .environment
            .get("PROXY_BASE_PORT")
            .filter(|port| !port.is_empty())
    {
        if let Ok(port) = port.parse() {
            listen.set_port(port);
        } else {
            let place = super::Place::Variable("PROXY_BASE_PORT".to_owned());
            source.problem(place, "must be a port, 0 to 65535", None);
        }
    }
    let open = table.boolean("open").unwrap_or(default.open);
    if open && !listen.ip().is_loopback() {
        let message = format!("`open = true` lets anyone who reaches {listen} watch every camera");
        let hint = "listen on 127.0.0.1, or leave `open` false: clients then need a token";
        table.problem("open", message, Some(hint.to_owned()));
    }
    table.finish();
    Proxy { listen, open }
}

pub(super) fn catalogue(source: &Source<'_>) -> Catalogue {
    let mut table = source.section("catalogue");
    let path = table
        .text("url", sqlite_path)
        .unwrap_or_else(|| Catalogue::default().url.path().to_owned());
    table.finish();
    Catalogue {
        url: CatalogueUrl::Sqlite(source.base_dir.join(path)),
    }
}

pub(super) fn plugins(source: &Source<'_>) -> Plugins {
    let trusts = [
        ("any", Trust::Any),
        ("pinned", Trust::Pinned),
        ("signed", Trust::Signed),
    ];
    let mut table = source.section("plugins");
    let plugins = Plugins {
        dir: table
            .path("dir")
            .unwrap_or_else(|| source.base_dir.join(Plugins::default().dir)),
        trust: table.choice("trust", &trusts).unwrap_or_default(),
        public_keys: table.texts("public_keys", minisign_key).unwrap_or_default(),
        lock: source.base_dir.join(Plugins::default().lock),
    };
    if plugins.trust == Trust::Signed && plugins.public_keys.is_empty() {
        let hint = "add the minisign public keys that you trust to `public_keys`";
        table.problem(
            "trust",
            "`trust = \"signed\"` without `public_keys` trusts nothing",
            Some(hint.to_owned()),
        );
    }
    table.finish();
    plugins
}

pub(super) fn policy(source: &Source<'_>) -> Policy {
    let default = Policy::default();
    let mut table = source.section("policy");
    let policy = Policy {
        plugin: table
            .text("plugin", convert::name)
            .unwrap_or(default.plugin),
        settings: policy_settings(&mut table, "settings", "settings_file")
            .unwrap_or(default.settings),
        shadow: table.text("shadow", convert::name),
        shadow_settings: policy_settings(&mut table, "shadow_settings", "shadow_settings_file"),
        table: policy_table(&mut table),
    };
    table.finish();
    policy
}

/// The table's text is part of the configuration, so that a change of it is one.
fn policy_table(table: &mut Table<'_, '_>) -> Option<PolicyTable> {
    let path = table.path("table")?;
    table.source.files.borrow_mut().push(path.clone());
    match settings_text(&path) {
        Ok(text) => Some(PolicyTable { path, text }),
        Err(wrong) => {
            table.problem("table", wrong.about("table").message, None);
            None
        }
    }
}

/// Settings as a table under `key`, or the text of the file under `file_key`.
fn policy_settings(
    table: &mut Table<'_, '_>,
    key: &'static str,
    file_key: &'static str,
) -> Option<PolicySettings> {
    let inline = table.value(key, convert::json).map(PolicySettings::Inline);
    let Some(path) = table.path(file_key) else {
        return inline;
    };
    let variable = |key| table.is_variable(key);
    // As with secrets, a variable for one hides what the file says of the other.
    if inline.is_some() && variable(key) == variable(file_key) {
        let hint = Some("remove one of them".to_owned());
        let message = format!("both `{key}` and `{file_key}` are set");
        table.problem(file_key, message, hint);
        return None;
    }
    if variable(key) {
        return inline;
    }
    table.source.files.borrow_mut().push(path.clone());
    match settings_text(&path) {
        Ok(text) => Some(PolicySettings::File { path, text }),
        Err(wrong) => {
            table.problem(file_key, wrong.about(file_key).message, None);
            None
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new("must be an IP address and a port")
            .hint("for example 127.0.0.1:5000 (this machine only) or 0.0.0.0:5000 (every network)")
    })
}

fn origin(text: &str) -> Result<String, Wrong> {
    let wrong =
        || Wrong::new("must be an origin").hint("for example https://club.example, without a path");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong());
    }
    let origin = url.origin().ascii_serialization();
    if origin == text {
        Ok(origin)
    } else {
        Err(wrong().hint(format!("write it as {origin}")))
    }
}

fn network(text: &str) -> Result<Network, Wrong> {
    text.parse()
        .map_err(|error: super::InvalidNetwork| Wrong::new(error.to_string()))
}

fn jwks_url(text: &str) -> Result<String, Wrong> {
    let url = url::Url::parse(text).map_err(|error| Wrong::new(format!("not a URL: {error}")))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(text.to_owned()),
        "http" if loopback => Ok(text.to_owned()),
        _ => Err(Wrong::new("must be an https:// URL")
            .hint("whoever can change these keys can make any token")),
    }
}

/// A bare name stays: it is looked up in `PATH`.
fn program(table: &mut Table<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let base_dir = table.source.base_dir;
    let path = table.text(key, convert::path)?;
    Some(if path.components().count() > 1 {
        base_dir.join(path)
    } else {
        path
    })
}

fn sqlite_path(text: &str) -> Result<PathBuf, Wrong> {
    match text.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() && !path.contains(['?', '#', '\0']) => {
            Ok(PathBuf::from(path))
        }
        Some(("sqlite", _)) => {
            Err(Wrong::new("must name a file").hint("for example sqlite://padelvar.db"))
        }
        _ => Err(Wrong::new("only SQLite is built in").hint("for example sqlite://padelvar.db")),
    }
}

/// Base64 of the algorithm (`Ed`), a key number of 8 bytes and a key of 32.
fn minisign_key(text: &str) -> Result<String, Wrong> {
    // The length too: what decodes base64 may take it without its padding, or with more.
    if text.len() == 56 && minisign_verify::PublicKey::from_base64(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("must be a minisign public key")
        .hint("the line of 56 characters that starts with RW"))
}
