//! The configuration of a host under test.

use std::fmt::Write as _;

use simcam::Handle;

/// The key that all hosts under test sign with.
pub const SECRET: &str = "a-secret-of-the-tests-0123456789abcdef";

/// A `padelvar.toml` in the making: free ports, one club, as many terrains as
/// are added (their ids count from 1).
#[derive(Clone, Debug)]
pub struct Config {
    level: String,
    video: String,
    more: String,
    terrains: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            level: "debug".to_owned(),
            video: String::new(),
            more: String::new(),
            terrains: Vec::new(),
        }
    }
}

impl Config {
    /// No terrain yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One terrain with this camera, without credentials.
    pub fn of(camera: &Handle) -> Self {
        Self::new().url(camera.url())
    }

    /// Another level of the log.
    #[must_use]
    pub fn level(mut self, level: &str) -> Self {
        level.clone_into(&mut self.level);
        self
    }

    /// A line for the section `video`.
    #[must_use]
    pub fn video(mut self, line: &str) -> Self {
        self.video += line;
        self.video.push('\n');
        self
    }

    /// Further sections, as they stand in the file.
    #[must_use]
    pub fn more(mut self, text: &str) -> Self {
        self.more += text;
        self.more.push('\n');
        self
    }

    /// A terrain whose camera has these lines.
    #[must_use]
    pub fn camera(mut self, lines: &str) -> Self {
        self.terrains.push(lines.to_owned());
        self
    }

    /// A terrain with a camera at this URL.
    #[must_use]
    pub fn url(self, url: &str) -> Self {
        self.camera(&format!("url = {url:?}"))
    }

    /// A terrain with a camera that asks for a password.
    #[must_use]
    pub fn account(self, url: &str, user: &str, password: &str) -> Self {
        self.camera(&format!(
            "url = {url:?}\nusername = {user:?}\npassword = {password:?}"
        ))
    }

    /// The file.
    pub fn text(&self) -> String {
        let (level, video, more) = (&self.level, &self.video, &self.more);
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n\
             [log]\nlevel = \"{level}\"\n\
             [auth]\njwt_secret = \"{SECRET}\"\n\
             [proxy]\nlisten = \"127.0.0.1:0\"\n\
             [video]\nmin_free_bytes = 1_000_000\ndefault_duration_minutes = 5\n{video}\
             {more}[[clubs]]\nid = 1\nname = \"Club\"\n"
        );
        for (index, camera) in self.terrains.iter().enumerate() {
            let id = index + 1;
            // A string cannot fail to grow.
            let _ = write!(
                text,
                "[[terrains]]\nid = {id}\nclub_id = 1\nname = \"Court {id}\"\n[terrains.camera]\n{camera}\n"
            );
        }
        text
    }
}
