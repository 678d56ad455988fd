//! The commented configuration that `padelvar init` writes.

use std::io::{self, Write as _};
use std::path::Path;

/// The example: every key with its unit and default, and no club yet. As it stands it
/// means the same as an empty file.
pub fn example() -> &'static str {
    include_str!("padelvar.example.toml")
}

/// Writes the example to `path`, readable by its owner only, since secrets may be
/// written into it. Never overwrites: [`io::ErrorKind::AlreadyExists`].
pub fn write_example(path: &Path) -> io::Result<()> {
    let mut file = private().create_new(true).write(true).open(path)?;
    file.write_all(example().as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn private() -> std::fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> std::fs::OpenOptions {
    std::fs::OpenOptions::new()
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, parse, scratch};
    use super::*;

    fn parsed(text: &str) -> super::super::Loaded {
        match parse(
            text,
            Path::new("/etc/padelvar"),
            "padelvar.toml",
            &Environment::new(),
        ) {
            Ok(loaded) => loaded,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn it_says_the_defaults() {
        assert_eq!(parsed(example()).config, parsed("").config);
    }

    #[test]
    fn its_club_and_terrain_are_right_once_uncommented() {
        let from = example().find("# [[clubs]]").unwrap();
        let uncommented: Vec<&str> = example()[from..]
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| {
                !line.starts_with(|first: char| first.is_uppercase())
                    && !line.starts_with("the URL")
            })
            .map(|line| {
                if line.starts_with("password_file") {
                    "password = \"x\""
                } else {
                    line
                }
            })
            .collect();
        let config = parsed(&uncommented.join("\n")).config;
        assert_eq!(config.clubs.len(), 1);
        assert_eq!(config.terrains[0].camera.options["transport"], "auto");
    }

    #[test]
    fn it_names_every_key() {
        let root = toml::de::DeTable::new();
        let environment = Environment::new();
        let text = example();
        for (section, key) in super::super::load::known_keys(&root, &environment) {
            let set = text.lines().any(|line| {
                let line = line.trim_start_matches(['#', ' ']);
                line.strip_prefix(key)
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            });
            let either = key.ends_with("_file") || matches!(key, "jwt_secret" | "password");
            assert!(set || either, "{section}.{key}");
        }
    }

    #[test]
    fn writing_it_overwrites_nothing() {
        let folder = scratch::Folder::new();
        let path = folder.path().join("padelvar.toml");
        write_example(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), example());
        assert_eq!(
            write_example(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        let metadata = std::fs::metadata(&path).unwrap();
        assert!(!super::super::secret_file::others_may_read(&metadata));
    }
}
