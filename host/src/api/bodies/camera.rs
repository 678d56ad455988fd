//! Bodies about cameras: where to look for them, which to watch, what a terrain is to be.

use std::collections::BTreeMap;
use std::time::Duration;

use utoipa::ToSchema;

use super::Read;
use crate::api::input::{Fields, Said};
use crate::api::problem::Problem;
use crate::api::views::Id;
use crate::config::edit::SecretEdit;
use crate::config::{Camera, CameraUrl, ClubId, HostPort, Secret, TlsMode, Version};
use crate::discovery::{Interface, MAX_TIME};
use crate::probe::{LONGEST, SHORTEST, device_service};

/// How long is looked for cameras where nothing is said; the command's default.
const LOOK: Duration = Duration::from_secs(4);
/// How long a camera is watched where nothing is said: shorter than by the command, since
/// somebody waits for the answer.
const WATCH: Duration = Duration::from_secs(5);
/// Longest name of an adapter, an interface, a user, and longest password, bytes.
const MOST_TEXT: usize = 1024;

/// Where to look for cameras.
#[derive(Debug, ToSchema)]
#[schema(as = DiscoverCameras)]
pub struct Discover {
    /// One of the host's networks: an interface's name, such as `eth0`, or its IPv4 address.
    /// Default: the one of the default route.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub interface: Interface,
    /// How long to wait for answers.
    #[schema(value_type = Option<f64>, minimum = 0.1, maximum = 30, default = 4)]
    pub seconds: Duration,
}

impl Read for Discover {
    const MAY_BE_MISSING: bool = true;

    fn read(fields: &Fields) -> Result<Self, Problem> {
        let bounds = (Duration::from_millis(100), MAX_TIME);
        Ok(Self {
            interface: Interface::named(short(fields, "interface")?),
            seconds: fields.seconds("seconds", bounds)?.unwrap_or(LOOK),
        })
    }
}

/// Which camera to watch: one of `url` and `address`.
#[derive(Debug, ToSchema)]
#[schema(as = ProbeCamera)]
pub struct Probe {
    /// The stream's URL. `{username}` and `{password}` may stand in it.
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub url: Option<CameraUrl>,
    /// Only the camera's address or name: it is asked for its streams (ONVIF), and tried at the
    /// makers' usual paths.
    #[schema(value_type = Option<String>, max_length = 255)]
    pub address: Option<CameraUrl>,
    /// How long it is watched.
    #[schema(value_type = Option<f64>, minimum = 1, maximum = 60, default = 5)]
    pub seconds: Duration,
    /// The adapter's name. Default: the URL's scheme chooses.
    #[schema(max_length = 1024)]
    pub adapter: Option<String>,
    /// User name.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub username: Option<Secret>,
    /// Password.
    #[schema(value_type = Option<String>, max_length = 1024, format = Password)]
    pub password: Option<Secret>,
    /// Which certificates are good: `verify` (the default), `off`, or `pin:` and a SHA-256.
    #[schema(value_type = Option<String>)]
    pub tls: TlsMode,
    /// Further places that the adapter may use, as `host:port`.
    #[schema(value_type = Vec<String>, required = false, max_items = 64)]
    pub reach: Vec<HostPort>,
    /// The adapter's own options: texts, numbers and booleans.
    #[schema(required = false)]
    pub options: BTreeMap<String, String>,
}

impl Read for Probe {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let (url, (mut username, mut password)) = match fields.text_if_any("url")? {
            Some(text) => {
                let (url, account) = camera_url(fields, text)?;
                (Some(url), account)
            }
            None => (None, (None, None)),
        };
        let address = fields.text_if_any("address")?;
        let address = address.map(|text| service(fields, text)).transpose()?;
        if url.is_some() == address.is_some() {
            return Err(Problem::bad_value("url", "give one of url and address"));
        }
        if let Some(name) = short(fields, "username")? {
            username = Some(Secret::new(name));
        }
        if let Some(word) = short(fields, "password")? {
            password = Some(Secret::new(word));
        }
        Ok(Self {
            url,
            address,
            seconds: fields
                .seconds("seconds", (SHORTEST, LONGEST))?
                .unwrap_or(WATCH),
            adapter: short(fields, "adapter")?.map(str::to_owned),
            username,
            password,
            tls: fields.parsed("tls")?.unwrap_or_default(),
            reach: places(fields)?,
            options: fields.options("options")?,
        })
    }
}

impl Probe {
    /// The camera to ask, at its URL or at its ONVIF service.
    pub fn into_camera(self) -> Option<Camera> {
        Some(Camera {
            url: self.url.or(self.address)?,
            adapter: self.adapter,
            username: self.username,
            password: self.password,
            tls: self.tls,
            reach: self.reach,
            options: self.options,
        })
    }
}

/// What a terrain is to be: what is left out gets its default, but for secrets, which stay.
#[derive(Debug, ToSchema)]
pub struct EditTerrain {
    /// Its club. Default: as before, or the only club there is.
    #[schema(value_type = Option<Id>)]
    pub club_id: Option<ClubId>,
    /// Its name. Default: its id.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Whether sound is recorded.
    #[schema(value_type = Option<bool>, default = false)]
    pub audio: bool,
    /// Its camera.
    pub camera: EditCamera,
    /// The configuration's text that the change was made for, as `version` or the `ETag` of an
    /// answer told it. Default: the one that the host has in force.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{64}$")]
    pub version: Option<Version>,
}

/// How a camera is reached.
#[derive(Debug, ToSchema)]
pub struct EditCamera {
    /// Its URL. `{username}` and `{password}` may stand in it; a `user:password@` is taken out.
    #[schema(value_type = String, max_length = 2048)]
    pub url: CameraUrl,
    /// The adapter's name. Default: the URL's scheme chooses.
    #[schema(max_length = 1024)]
    pub adapter: Option<String>,
    /// User name. Left out: as before; null: none.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub username: SecretEdit,
    /// Password. Left out: as before; null: none.
    #[schema(value_type = Option<String>, max_length = 1024, format = Password)]
    pub password: SecretEdit,
    /// Which certificates are good: `verify` (the default), `off`, or `pin:` and a SHA-256.
    pub tls: Option<String>,
    /// Further places that the adapter may use, as `host:port`.
    #[schema(value_type = Vec<String>, required = false, max_items = 64)]
    pub reach: Vec<HostPort>,
    /// The adapter's own options: texts, numbers and booleans.
    #[schema(required = false)]
    pub options: BTreeMap<String, String>,
}

impl Read for EditTerrain {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        Ok(Self {
            club_id: fields.club_id()?,
            name: fields.text_if_any("name")?.map(str::to_owned),
            audio: fields.truth("audio")?.unwrap_or_default(),
            camera: EditCamera::read(&fields.object("camera", "camera.")?)?,
            version: fields.parsed("version")?,
        })
    }
}

impl Read for EditCamera {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let (url, (username, password)) = camera_url(fields, fields.text("url")?)?;
        let tls: Option<TlsMode> = fields.parsed("tls")?;
        Ok(Self {
            url,
            adapter: short(fields, "adapter")?.map(str::to_owned),
            username: secret(fields, "username", username)?,
            password: secret(fields, "password", password)?,
            tls: tls.map(|mode| mode.to_string()),
            reach: places(fields)?,
            options: fields.options("options")?,
        })
    }
}

type Account = (Option<Secret>, Option<Secret>);

fn camera_url(fields: &Fields, text: &str) -> Result<(CameraUrl, Account), Problem> {
    // The URL is not repeated: a password may stand in it.
    CameraUrl::parse(text).map_err(|error| fields.bad("url", &format!("cannot be used: {error}")))
}

/// The ONVIF service at an address, which is a host and nothing else.
fn service(fields: &Fields, text: &str) -> Result<CameraUrl, Problem> {
    let (host, service) = device_service(text);
    let parsed = CameraUrl::parse(&service);
    let same = parsed.ok().filter(|(url, (username, password))| {
        url.host().eq_ignore_ascii_case(&host) && username.is_none() && password.is_none()
    });
    let same = same.filter(|(url, _)| url.port() == 80);
    same.map(|(url, _)| url)
        .ok_or_else(|| fields.bad("address", "is a host's name or address, without a port"))
}

fn short<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a str>, Problem> {
    let text = fields.text_if_any(name)?;
    if text.is_some_and(|text| text.is_empty() || text.len() > MOST_TEXT) {
        return Err(fields.bad(name, &format!("has 1 to {MOST_TEXT} bytes")));
    }
    Ok(text)
}

/// What becomes of a secret; one in the URL counts where no other is given.
fn secret(fields: &Fields, name: &str, in_url: Option<Secret>) -> Result<SecretEdit, Problem> {
    short(fields, name)?;
    Ok(match (fields.said(name)?, in_url) {
        (Said::Text(text), _) => SecretEdit::Inline(Secret::new(text)),
        (Said::Nothing, Some(secret)) => SecretEdit::Inline(secret),
        (Said::Nothing, None) => SecretEdit::Keep,
        (Said::Null, _) => SecretEdit::Remove,
    })
}

fn places(fields: &Fields) -> Result<Vec<HostPort>, Problem> {
    let places = fields.texts("reach")?.into_iter();
    places
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| fields.bad("reach", &format!("holds what is {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: Read>(body: serde_json::Value) -> Result<T, String> {
        let read = T::read(&Fields::of(body));
        read.map_err(|problem| problem.body("")["field"].as_str().unwrap_or("").to_owned())
    }

    #[test]
    fn which_camera_to_watch() {
        let probe: Probe = read(json!({
            "url": "rtsp://admin:p%40ss@10.0.0.7/live", "reach": ["10.0.0.7:80"],
            "options": {"transport": "udp", "channel": 2, "deep": true}, "seconds": 1.5,
        }))
        .unwrap();
        assert_eq!(probe.seconds, Duration::from_millis(1500));
        let camera = probe.into_camera().unwrap();
        assert_eq!(camera.url.as_str(), "rtsp://10.0.0.7/live");
        assert_eq!(camera.password.unwrap().expose(), "p@ss");
        let options: Vec<&str> = camera.options.values().map(String::as_str).collect();
        assert_eq!(options, ["2", "true", "udp"]);
        for address in ["10.0.0.7", "cam.club", "[fd12::7]", "fd12::7"] {
            let probe: Probe = read(json!({ "address": address })).unwrap();
            let url = probe.into_camera().unwrap().url;
            assert!(url.as_str().ends_with("/onvif/device_service"), "{url:?}");
            assert_eq!(url.port(), 80);
        }
    }

    #[test]
    fn what_is_bad_is_named() {
        let url = "rtsp://10.0.0.7/live";
        let rows = [
            (json!({}), "url"),
            (json!({"url": url, "address": "10.0.0.7"}), "url"),
            (json!({"url": 7}), "url"),
            (json!({"url": "10.0.0.7"}), "url"),
            (json!({"address": "10.0.0.7:81"}), "address"),
            (json!({"address": "10.0.0.7/x"}), "address"),
            (json!({"address": "u@10.0.0.7"}), "address"),
            (json!({"address": "10.0.0.7?"}), "address"),
            (json!({"address": ""}), "address"),
            (json!({"url": url, "seconds": 61}), "seconds"),
            (json!({"url": url, "seconds": 0.5}), "seconds"),
            (json!({"url": url, "tls": "maybe"}), "tls"),
            (json!({"url": url, "reach": "10.0.0.7:80"}), "reach"),
            (json!({"url": url, "reach": ["10.0.0.7"]}), "reach"),
            (json!({"url": url, "options": {"a": []}}), "options"),
            (
                json!({"url": url, "password": "x".repeat(1025)}),
                "password",
            ),
            (json!({"url": url, "adapter": ""}), "adapter"),
        ];
        for (body, field) in rows {
            let read: Result<Probe, String> = read(body.clone());
            assert_eq!(read.map(drop), Err(field.to_owned()), "{body}");
        }
        let rows = [
            (json!({}), "camera"),
            (json!({"camera": {}}), "camera.url"),
            (json!({"camera": {"url": url}, "audio": 1}), "audio"),
            (json!({"camera": {"url": url}, "club_id": []}), "club_id"),
            (json!({"camera": {"url": url}, "version": "x"}), "version"),
            (
                json!({"camera": {"url": url, "password": 1}}),
                "camera.password",
            ),
        ];
        for (body, field) in rows {
            let read: Result<EditTerrain, String> = read(body.clone());
            assert_eq!(read.map(drop), Err(field.to_owned()), "{body}");
        }
    }

    #[test]
    fn secrets_are_kept_removed_or_set() {
        let edit = |camera: serde_json::Value| {
            let edit: EditTerrain = read(json!({ "camera": camera })).unwrap();
            (edit.camera.username, edit.camera.password)
        };
        let inline = |text: &str| SecretEdit::Inline(Secret::new(text));
        let bare = json!({"url": "rtsp://10.0.0.7/"});
        assert_eq!(edit(bare), (SecretEdit::Keep, SecretEdit::Keep));
        let set = json!({"url": "rtsp://a:b@10.0.0.7/", "password": "c"});
        assert_eq!(edit(set), (inline("a"), inline("c")));
        let null = json!({"url": "rtsp://10.0.0.7/", "username": null, "password": null});
        assert_eq!(edit(null), (SecretEdit::Remove, SecretEdit::Remove));
    }

    #[test]
    fn looking_needs_no_body() {
        let looking = Discover::read(&Fields::default()).unwrap();
        assert_eq!(looking.interface, Interface::Any);
        assert_eq!(looking.seconds, LOOK);
        assert!(read::<Discover>(json!({"seconds": 0})).is_err());
        assert!(read::<Discover>(json!({"interface": 1})).is_err());
    }
}
