//! Reading a configuration as a whole.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::problem::{ConfigError, Problem};
use super::secret_file::others_may_read;
use super::source::{self, Environment, Source};
use super::{Config, Version, read_sections, read_terrains};

/// Largest configuration file; a thousand terrains need a tenth of it.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// A text that is no TOML at all has an error a line; nobody reads more than this.
const MAX_SYNTAX_PROBLEMS: usize = 20;

const SECTIONS: [&str; 8] = [
    "server",
    "log",
    "auth",
    "video",
    "proxy",
    "catalogue",
    "plugins",
    "policy",
];
const ARRAYS: [&str; 2] = ["clubs", "terrains"];

/// A configuration and what came with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file, absolute.
    pub path: PathBuf,
    /// What works but should be looked at.
    pub warnings: Vec<String>,
    /// Other files that were read for it: secrets, a policy's settings and table.
    pub files: Vec<PathBuf>,
}

/// Reads `path` with the variables of `environment` over it.
pub fn load(path: &Path, environment: &Environment) -> Result<Loaded, ConfigError> {
    let (text, metadata) = text_and_metadata(path)?;
    let absolute = std::path::absolute(path).map_err(|error| unreadable(path, error))?;
    let base_dir = absolute.parent().unwrap_or(Path::new("/"));
    let (mut loaded, secret_in_text) =
        read(&text, base_dir, &path.display().to_string(), environment)?;
    if secret_in_text && others_may_read(&metadata) {
        loaded.warnings.push(format!(
            "{} holds a secret and others may read it: chmod 600 it",
            path.display()
        ));
    }
    loaded.config.version = Some(Version::of(&text));
    Ok(Loaded {
        path: absolute,
        ..loaded
    })
}

/// The text of a configuration file.
pub(super) fn text(path: &Path) -> Result<String, ConfigError> {
    text_and_metadata(path).map(|(text, _)| text)
}

fn text_and_metadata(path: &Path) -> Result<(String, Metadata), ConfigError> {
    let unreadable = |source| unreadable(path, source);
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    // Before it is opened: a FIFO would hold the host up.
    if !metadata.is_file() {
        return Err(unreadable(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a file",
        )));
    }
    let mut text = String::new();
    File::open(path)
        .map_err(unreadable)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        let message = format!("it is larger than {MAX_FILE_BYTES} bytes");
        return Err(unreadable(io::Error::new(
            io::ErrorKind::FileTooLarge,
            message,
        )));
    }
    Ok((text, metadata))
}

fn unreadable(path: &Path, source: io::Error) -> ConfigError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing { path },
        _ => ConfigError::Read { path, source },
    }
}

/// Reads a configuration from a text.
///
/// `base_dir` (absolute) is what relative paths are relative to; `file` names the
/// text in messages.
pub fn parse(
    text: &str,
    base_dir: &Path,
    file: &str,
    environment: &Environment,
) -> Result<Loaded, ConfigError> {
    read(text, base_dir, file, environment).map(|(loaded, _)| loaded)
}

fn read(
    text: &str,
    base_dir: &Path,
    file: &str,
    environment: &Environment,
) -> Result<(Loaded, bool), ConfigError> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problems = errors.iter().map(|error| Problem {
            place: source::place(file, text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
            hint: None,
        });
        let mut problems: Vec<Problem> = problems.collect();
        problems.sort();
        problems.truncate(MAX_SYNTAX_PROBLEMS);
        return Err(ConfigError::Invalid(problems));
    }
    let source = Source::new(file, text, base_dir, root.get_ref(), environment);
    let config = read_all(&source);
    check_listeners(&source, &config);
    source.report_unknown(&SECTIONS, &ARRAYS);
    let mut problems = source.problems.into_inner();
    if problems.is_empty() {
        let (warnings, files) = (source.warnings.into_inner(), source.files.into_inner());
        let loaded = Loaded {
            config,
            path: base_dir.join(file),
            warnings,
            files,
        };
        return Ok((loaded, source.secret_in_text.into_inner()));
    }
    problems.sort();
    problems.dedup();
    Err(ConfigError::Invalid(problems))
}

fn read_all(source: &Source<'_>) -> Config {
    let clubs = read_terrains::clubs(source);
    Config {
        server: read_sections::server(source),
        log: read_sections::log(source),
        auth: read_sections::auth(source),
        video: read_sections::video(source),
        proxy: read_sections::proxy(source),
        catalogue: read_sections::catalogue(source),
        plugins: read_sections::plugins(source),
        policy: read_sections::policy(source),
        terrains: read_terrains::terrains(source, &clubs),
        version: None,
        clubs,
    }
}

/// Every key outside clubs and terrains, with its section.
#[cfg(test)]
pub(super) fn known_keys(
    root: &DeTable<'_>,
    environment: &Environment,
) -> Vec<(String, &'static str)> {
    let source = Source::new("", "", Path::new("/"), root, environment);
    read_all(&source);
    source.known.into_inner()
}

/// Two listeners cannot have one port, unless on different addresses.
fn check_listeners(source: &Source<'_>, config: &Config) {
    let (api, proxy) = (config.server.listen, config.proxy.listen);
    let overlap =
        api.ip() == proxy.ip() || api.ip().is_unspecified() || proxy.ip().is_unspecified();
    // Port 0 takes any free one.
    if api.port() == proxy.port() && api.port() != 0 && overlap {
        let message = format!(
            "`proxy.listen` ({proxy}) and `server.listen` ({api}) cannot have the same port"
        );
        let hint = "give the proxy another port, for example 8080";
        source.problem(
            source.place_of("proxy", "listen"),
            message,
            Some(hint.to_owned()),
        );
    }
}

#[cfg(test)]
mod tests;
