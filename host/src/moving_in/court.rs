//! What is carried over from another program's file, before it is written as TOML.

/// One stream of the other program, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Court {
    /// Its name there.
    pub name: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its camera; `None` where nothing of it can be used, and the notes say why.
    pub camera: Option<Camera>,
    /// What was not carried over and why, what to look at. Without secrets.
    pub notes: Vec<String>,
}

/// A file's streams in its order, and what concerns all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// The streams.
    pub courts: Vec<Court>,
    /// Notes on the file as a whole. Without secrets.
    pub notes: Vec<String>,
}

/// `[terrains.camera]`, as far as other programs know it.
#[derive(Clone, PartialEq, Eq)]
pub struct Camera {
    /// Without credentials.
    pub url: String,
    /// Where the scheme alone does not say it.
    pub adapter: Option<&'static str>,
    /// The user.
    pub username: Option<Given>,
    /// The password.
    pub password: Option<Given>,
    /// How the certificate is checked.
    pub tls: Tls,
    /// `options.transport`.
    pub transport: Option<&'static str>,
}

/// How the camera's certificate is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tls {
    /// By the system's authorities.
    #[default]
    Verify,
    /// Not at all, as the other program did.
    Off,
    /// SHA-256 of the certificate, 64 hexadecimal digits.
    Pin(String),
}

/// A user name or password.
#[derive(Clone, PartialEq, Eq)]
pub enum Given {
    /// As it stood in the file, percent-decoded.
    Text(String),
    /// The file names a variable or secret that holds it: `FRIGATE_RTSP_PASSWORD`.
    Elsewhere(String),
}

/// Neither credentials nor the URL's path, where some cameras want them.
impl std::fmt::Debug for Camera {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Camera").finish_non_exhaustive()
    }
}

/// A name from the file as it may stand in a message: one line, not long.
pub(super) fn shown(text: &str) -> String {
    const MOST_CHARS: usize = 80;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let short: String = text.chars().take(MOST_CHARS).map(clean).collect();
    if text.chars().nth(MOST_CHARS).is_some() {
        short + "…"
    } else {
        short
    }
}
