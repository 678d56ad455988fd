//! `padelvar token`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::auth::{Principal, mint, signing_key};
use crate::config::{self, process_environment};

/// What `token` is told.
#[derive(clap::Args)]
pub struct TokenArguments {
    /// The role, for example `SUPER_ADMIN`.
    #[arg(long)]
    role: String,
    /// The user's id.
    #[arg(long, default_value = "1", value_name = "ID")]
    user: String,
    /// The user's club.
    #[arg(long, value_name = "ID")]
    club: Option<String>,
    /// How long it is good: a number and s, m, h or d.
    #[arg(long, default_value = "12h", value_parser = lifetime)]
    ttl: Duration,
    /// The configuration file.
    #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
    config: PathBuf,
}

/// Prints a token on stdout.
pub fn run(arguments: &TokenArguments) -> Result<()> {
    let config = config::load(&arguments.config, &process_environment())?.config;
    if config.auth.jwks_url.is_some() {
        bail!(
            "the tokens of this host come from the identity provider that auth.jwks_url names\n  hint: log in there, or set auth.jwt_secret instead of auth.jwks_url"
        );
    }
    let (secret, made) = signing_key(&config, true)?;
    if made {
        eprintln!("a signing key was made beside the catalogue");
    }
    let principal = Principal {
        id: arguments.user.clone(),
        role: arguments.role.clone(),
        club: arguments.club.clone(),
        ..Principal::default()
    };
    let token = mint(&secret, &config.auth, &principal, arguments.ttl)
        .context("the token cannot be signed")?;
    println!("{token}");
    Ok(())
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and s, m, h or d, for example 12h".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number
        .checked_mul(seconds)
        .filter(|s| (1..=315_360_000).contains(s));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "between 1 second and 10 years".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        assert_eq!(lifetime("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(lifetime("90s"), Ok(Duration::from_secs(90)));
        for bad in ["", "h", "12", "12 h", "-1h", "0s", "99999999d", "1é"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
