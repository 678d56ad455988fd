//! The configuration of a host under test.

use std::fmt::Write as _;

use simcam::Handle;

/// The key that all hosts under test sign with.
pub const SECRET: &str = "a-secret-of-the-tests-0123456789abcdef";

/// A `padelvar.toml` in the making: free ports, a club, as many terrains as
/// are added (their ids count from 1).
#[derive(Clone, Debug)]
pub struct Config {
    level: String,
    server: String,
    auth: String,
    video: String,
    more: String,
    clubs: Vec<u32>,
    terrains: Vec<Terrain>,
}

#[derive(Clone, Debug)]
struct Terrain {
    club: u32,
    camera: String,
    audio: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            level: "debug".to_owned(),
            server: String::new(),
            auth: format!("jwt_secret = \"{SECRET}\"\n"),
            video: String::new(),
            more: String::new(),
            clubs: vec![1],
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

    /// A line for the section `server`.
    #[must_use]
    pub fn server(mut self, line: &str) -> Self {
        self.server += line;
        self.server.push('\n');
        self
    }

    /// A further line for the section `auth`.
    #[must_use]
    pub fn auth(mut self, line: &str) -> Self {
        self.auth += line;
        self.auth.push('\n');
        self
    }

    /// Keys of tokens come from there, instead of a shared secret.
    #[must_use]
    pub fn jwks(mut self, url: &str) -> Self {
        self.auth = format!("jwks_url = {url:?}\n");
        self
    }

    /// A line for the section `video`.
    #[must_use]
    pub fn video(mut self, line: &str) -> Self {
        self.video += line;
        self.video.push('\n');
        self
    }

    /// Another policy than the default one: `cedar` with the rules that are shipped with it.
    #[must_use]
    pub fn policy(self, name: &str) -> Self {
        let rules = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/",
            "../plugins/cedar/club-roles.cedar"
        );
        let settings = match name {
            "cedar" => format!("settings_file = {rules:?}\n"),
            _ => String::new(),
        };
        self.more(&format!("[policy]\nplugin = {name:?}\n{settings}"))
    }

    /// Further sections, as they stand in the file.
    #[must_use]
    pub fn more(mut self, text: &str) -> Self {
        self.more += text;
        self.more.push('\n');
        self
    }

    /// The terrains that are added from now on are of this club.
    #[must_use]
    pub fn club(mut self, id: u32) -> Self {
        // The last one is the one that terrains are added to.
        self.clubs.retain(|club| *club != id);
        self.clubs.push(id);
        self
    }

    /// A terrain whose camera has these lines.
    #[must_use]
    pub fn camera(mut self, lines: &str) -> Self {
        let club = self.clubs.last().copied().unwrap_or(1);
        let camera = lines.to_owned();
        let audio = false;
        self.terrains.push(Terrain {
            club,
            camera,
            audio,
        });
        self
    }

    /// The terrain that was added last has sound.
    #[must_use]
    pub fn with_sound(mut self) -> Self {
        if let Some(terrain) = self.terrains.last_mut() {
            terrain.audio = true;
        }
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
        let (level, server, auth) = (&self.level, &self.server, &self.auth);
        let (video, more) = (&self.video, &self.more);
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n{server}\
             [log]\nlevel = \"{level}\"\n\
             [auth]\n{auth}\
             [proxy]\nlisten = \"127.0.0.1:0\"\n\
             [video]\nmin_free_bytes = 1_000_000\ndefault_duration_minutes = 5\n{video}\
             {more}"
        );
        // A string cannot fail to grow.
        for id in &self.clubs {
            let _ = write!(text, "[[clubs]]\nid = {id}\nname = \"Club {id}\"\n");
        }
        for (index, terrain) in self.terrains.iter().enumerate() {
            let id = index + 1;
            let Terrain {
                club,
                camera,
                audio,
            } = terrain;
            let _ = write!(
                text,
                "[[terrains]]\nid = {id}\nclub_id = {club}\nname = \"Court {id}\"\naudio = {audio}\n[terrains.camera]\n{camera}\n"
            );
        }
        text
    }
}
