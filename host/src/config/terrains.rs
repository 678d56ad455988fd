//! Clubs, terrains and their cameras.

use std::collections::BTreeMap;
use std::fmt;

use super::{CameraUrl, ClubId, HostPort, Secret, TerrainId};

/// One `[[clubs]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Club {
    /// Its id, also the folder of its recordings.
    pub id: ClubId,
    /// Its name, for people.
    pub name: String,
}

/// One `[[terrains]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Terrain {
    /// Its id.
    pub id: TerrainId,
    /// The club it belongs to.
    pub club_id: ClubId,
    /// Its name, for people.
    pub name: String,
    /// Whether sound is recorded. Default false: clubs may not be allowed to record
    /// voices.
    pub audio: bool,
    /// Its camera.
    pub camera: Camera,
}

/// `[terrains.camera]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// The camera's URL, without credentials. `{username}` and `{password}` may stand
    /// in its path and query.
    pub url: CameraUrl,
    /// Name of the adapter. Default: the URL's scheme chooses.
    pub adapter: Option<String>,
    /// User name. Default none.
    pub username: Option<Secret>,
    /// Password. Default none.
    pub password: Option<Secret>,
    /// How the camera's certificate is checked. Default `verify`.
    pub tls: TlsMode,
    /// Further hosts that the adapter may use. Default none.
    pub reach: Vec<HostPort>,
    /// The adapter's own options; numbers and booleans in their TOML form. Default
    /// none.
    pub options: BTreeMap<String, String>,
}

/// How a camera's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// By the system's certificate authorities.
    #[default]
    Verify,
    /// It must have this SHA-256 (of the DER form); nothing else is checked.
    Pin([u8; 32]),
    /// Not at all.
    Off,
}

impl fmt::Display for TlsMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verify => formatter.write_str("verify"),
            Self::Pin(digest) => write!(formatter, "pin:{}", crate::hex::lower(digest)),
            Self::Off => formatter.write_str("off"),
        }
    }
}

impl std::str::FromStr for TlsMode {
    type Err = InvalidTlsMode;

    fn from_str(text: &str) -> Result<Self, InvalidTlsMode> {
        match text {
            "verify" => Ok(Self::Verify),
            "off" => Ok(Self::Off),
            _ => {
                let digest = text.strip_prefix("pin:").ok_or(InvalidTlsMode)?;
                Ok(Self::Pin(sha256_from_hex(digest).ok_or(InvalidTlsMode)?))
            }
        }
    }
}

/// Why a text is no `tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not verify, off, or pin:<SHA-256 of the certificate, 64 hexadecimal digits>")]
pub struct InvalidTlsMode;

/// 64 hexadecimal digits, with colons between bytes as OpenSSL prints them or without.
fn sha256_from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|character| *character != ':')
        .map(|character| character.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    if digits.len() == 64 {
        bytes.try_into().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_modes() {
        assert_eq!("verify".parse(), Ok(TlsMode::Verify));
        assert_eq!("off".parse(), Ok(TlsMode::Off));
        let plain = format!("pin:{}", "0aF1".repeat(16));
        let colons = format!("pin:{}", ["0A:f1"; 16].join(":"));
        let Ok(TlsMode::Pin(digest)) = plain.parse::<TlsMode>() else {
            panic!("{plain}")
        };
        assert_eq!(digest[..2], [0x0a, 0xf1]);
        assert_eq!(colons.parse(), Ok(TlsMode::Pin(digest)));
        for mode in [TlsMode::Verify, TlsMode::Pin(digest), TlsMode::Off] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        for bad in [
            "",
            "Verify",
            "pin:",
            "pin:00",
            &format!("{plain}0"),
            &format!("pin:{}", "g".repeat(64)),
        ] {
            assert_eq!(bad.parse::<TlsMode>(), Err(InvalidTlsMode), "{bad}");
        }
    }
}
