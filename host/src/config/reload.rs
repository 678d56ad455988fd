//! Reading a configuration again, and what a change of it means.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::load::{self, Loaded};
use super::{Config, ConfigError, Environment};

/// The keys whose change takes effect only after a restart.
pub fn restart_needed(old: &Config, new: &Config) -> Vec<&'static str> {
    let changes = [
        ("server.listen", old.server.listen != new.server.listen),
        ("proxy.listen", old.proxy.listen != new.proxy.listen),
        ("auth", old.auth.kind() != new.auth.kind()),
        ("catalogue.url", old.catalogue.url != new.catalogue.url),
    ];
    changes
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(key, _)| key)
        .collect()
}

/// What reading again brought.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The same as before.
    Unchanged,
    /// Something else, which is valid.
    Changed {
        config: Arc<Config>,
        warnings: Vec<String>,
        /// Keys in which it differs from what the host was started with, and that
        /// wait for a restart.
        restart: Vec<&'static str>,
    },
    /// Something wrong that was not reported yet.
    Invalid(ConfigError),
    /// The wrong thing that was reported already.
    StillInvalid,
}

/// Reads a configuration again and again.
pub(super) struct Reloader {
    path: PathBuf,
    environment: Environment,
    started_with: Arc<Config>,
    current: Arc<Config>,
    files: Vec<PathBuf>,
    /// What was reported as invalid last.
    reported: Option<u64>,
}

impl Reloader {
    pub fn new(loaded: Loaded, environment: Environment) -> Self {
        let config = Arc::new(loaded.config);
        Self {
            path: loaded.path,
            environment,
            started_with: Arc::clone(&config),
            current: config,
            files: loaded.files,
            reported: None,
        }
    }

    /// Every file whose change matters, under the names it has and where links lead.
    pub fn files(&self) -> BTreeSet<PathBuf> {
        let named = std::iter::once(&self.path).chain(&self.files);
        named
            .flat_map(|path| [Some(path.clone()), path.canonicalize().ok()])
            .flatten()
            .collect()
    }

    pub fn reload(&mut self) -> Outcome {
        let error = match load::load(&self.path, &self.environment) {
            Ok(loaded) => {
                self.reported = None;
                self.files = loaded.files;
                if loaded.config == *self.current {
                    return Outcome::Unchanged;
                }
                self.current = Arc::new(loaded.config);
                return Outcome::Changed {
                    config: Arc::clone(&self.current),
                    warnings: loaded.warnings,
                    restart: restart_needed(&self.started_with, &self.current),
                };
            }
            Err(error) => error,
        };
        let mark = self.mark(&error);
        if self.reported == Some(mark) {
            return Outcome::StillInvalid;
        }
        self.reported = Some(mark);
        Outcome::Invalid(error)
    }

    /// Tells one invalid state from another: by what is wrong (a secret's file may be
    /// the cause) and by the file's content (whoever edits it wants an answer).
    fn mark(&self, error: &ConfigError) -> u64 {
        let mut hasher = DefaultHasher::new();
        error.to_string().hash(&mut hasher);
        load::text(&self.path).ok().hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Folder;
    use super::*;

    fn reloader(folder: &Folder, text: &str) -> Reloader {
        let path = folder.write("padelvar.toml", text);
        Reloader::new(
            load::load(&path, &Environment::new()).unwrap(),
            Environment::new(),
        )
    }

    #[test]
    fn a_valid_change_is_handed_on_once() {
        let folder = Folder::new();
        let mut reloader = reloader(&folder, "");
        assert!(matches!(reloader.reload(), Outcome::Unchanged));
        folder.write("padelvar.toml", "[video]\nfps = 50");
        let Outcome::Changed {
            config, restart, ..
        } = reloader.reload()
        else {
            panic!("changed")
        };
        assert_eq!(config.video.fps, 50);
        assert!(restart.is_empty());
        assert!(matches!(reloader.reload(), Outcome::Unchanged));
    }

    #[test]
    fn an_invalid_file_is_reported_once_a_content_and_the_last_good_stays() {
        let folder = Folder::new();
        let mut reloader = reloader(&folder, "[video]\nfps = 30");
        folder.write("padelvar.toml", "[video]\nfps = 0");
        assert!(matches!(reloader.reload(), Outcome::Invalid(_)));
        assert!(matches!(reloader.reload(), Outcome::StillInvalid));
        folder.write("padelvar.toml", "[video]\nfps = 0 # edited");
        assert!(matches!(reloader.reload(), Outcome::Invalid(_)));
        assert_eq!(reloader.current.video.fps, 30);
        folder.write("padelvar.toml", "[video]\nfps = 30");
        assert!(matches!(reloader.reload(), Outcome::Unchanged));
        folder.write("padelvar.toml", "[video]\nfps = 0 # edited");
        assert!(
            matches!(reloader.reload(), Outcome::Invalid(_)),
            "reported again after it was right"
        );
        std::fs::remove_file(folder.path().join("padelvar.toml")).unwrap();
        assert!(matches!(
            reloader.reload(),
            Outcome::Invalid(ConfigError::Missing { .. })
        ));
    }

    #[test]
    fn a_changed_secret_is_a_change_and_its_file_is_watched() {
        let folder = Folder::new();
        let secret = folder.write("jwt", &"a".repeat(32));
        let mut reloader = reloader(&folder, "[auth]\njwt_secret_file = \"jwt\"");
        assert!(reloader.files().contains(&secret));
        folder.write("jwt", &"b".repeat(32));
        assert!(matches!(reloader.reload(), Outcome::Changed { .. }));
    }

    #[test]
    fn what_waits_for_a_restart_is_compared_with_the_start() {
        let folder = Folder::new();
        let mut reloader = reloader(&folder, "");
        folder.write("padelvar.toml", "[server]\nlisten = \"127.0.0.1:5001\"");
        let Outcome::Changed { restart, .. } = reloader.reload() else {
            panic!("changed")
        };
        assert_eq!(restart, ["server.listen"]);
        folder.write(
            "padelvar.toml",
            "[server]\nlisten = \"127.0.0.1:5001\"\n[log]\nlevel = \"debug\"",
        );
        let Outcome::Changed { restart, .. } = reloader.reload() else {
            panic!("changed")
        };
        assert_eq!(restart, ["server.listen"]);
    }

    #[test]
    fn each_kind_of_change_that_needs_a_restart() {
        let old = Config::default();
        let mut new = Config::default();
        new.video.fps = 50;
        assert_eq!(restart_needed(&old, &new), [""; 0]);
        new.server.listen.set_port(1);
        new.proxy.listen.set_port(2);
        new.auth.jwks_url = Some("https://id.example/jwks.json".to_owned());
        new.catalogue.url = super::super::CatalogueUrl::Sqlite("/other.db".into());
        assert_eq!(
            restart_needed(&old, &new),
            ["server.listen", "proxy.listen", "auth", "catalogue.url"]
        );
        let mut rotated = Config::default();
        rotated.auth.jwt_secret = Some(super::super::Secret::new("a"));
        let mut again = rotated.clone();
        again.auth.jwt_secret = Some(super::super::Secret::new("b"));
        assert_eq!(
            restart_needed(&rotated, &again),
            [""; 0],
            "a new secret of the same kind applies at once"
        );
    }
}
