//! `padelvar camera add`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::cli::plugin::desk::camera::CameraArguments;
use crate::config::edit::{
    CameraEdit, Change, SecretEdit, TerrainEdit, store_secret, write_terrain,
};
use crate::config::{self, ClubId, Secret, TerrainId, Version, process_environment};

/// What to add.
#[derive(Args)]
pub struct AddArguments {
    /// The camera's URL.
    url: String,
    /// The configuration file.
    #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
    config: PathBuf,
    /// The new terrain's id. Default: the next free number.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Its club's id. May be left out where there is one club.
    #[arg(long, value_name = "ID")]
    club: Option<String>,
    /// Its name.
    #[arg(long)]
    name: Option<String>,
    /// Record its sound. Clubs may not be allowed to.
    #[arg(long)]
    audio: bool,
    /// The adapter by name. Default: the URL's scheme chooses.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    #[command(flatten)]
    camera: CameraArguments,
}

/// Writes the terrain, and its password into a file of its own.
pub fn run(arguments: &AddArguments) -> Result<()> {
    let path = &arguments.config;
    let environment = process_environment();
    let version = Version::of_file(path)?;
    let loaded = config::load(path, &environment)?;
    let id = match &arguments.id {
        Some(id) => TerrainId::new(id.as_str())?,
        None => next_id(&loaded.config)?,
    };
    let club_id = match (&arguments.club, loaded.config.clubs.as_slice()) {
        (Some(id), _) => ClubId::new(id.as_str())?,
        (None, [club]) => club.id.clone(),
        (None, clubs) => bail!(
            "there are {} clubs\n  hint: say which with --club",
            clubs.len()
        ),
    };
    let spec = arguments.camera.spec(&arguments.url)?;
    let (username, password) = match spec.credentials {
        Some(known) => (known.username, known.password),
        None => Default::default(),
    };
    let stored = if password.is_empty() {
        None
    } else {
        let secret = Secret::new(password);
        Some(store_secret(path, &id, "password", &secret)?)
    };
    let terrain = TerrainEdit {
        id: id.clone(),
        club_id,
        name: arguments.name.clone(),
        audio: arguments.audio,
        camera: CameraEdit {
            url: spec.url,
            adapter: arguments.adapter.clone(),
            username: match username {
                none if none.is_empty() => SecretEdit::Remove,
                name => SecretEdit::Inline(Secret::new(name)),
            },
            password: match &stored {
                None => SecretEdit::Remove,
                Some(file) => SecretEdit::File(file.name().to_owned()),
            },
            tls: arguments.camera.tls_if_said(),
            reach: arguments.camera.reach().to_vec(),
            options: spec.options.into_iter().collect::<BTreeMap<_, _>>(),
        },
    };
    let absolute = std::path::absolute(path)?;
    let base_dir = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    let file = path.display().to_string();
    let reads = |text: &str| config::parse(text, &base_dir, &file, &environment).map(drop);
    write_terrain(path, version, Change::Add, &terrain, reads)?;
    if let Some(stored) = stored {
        let file = base_dir.join(stored.name());
        // The configuration names it from here on, whoever reads the next line.
        stored.keep();
        println!("{}", file.display());
    }
    eprintln!(
        "terrain {id} is in {}; a running host takes it within seconds",
        path.display()
    );
    Ok(())
}

/// The next number that no terrain has.
fn next_id(config: &config::Config) -> Result<TerrainId> {
    let numbers = config.terrains.iter();
    let numbers = numbers.filter_map(|terrain| terrain.id.to_string().parse::<u64>().ok());
    let next = numbers.max().unwrap_or(0).saturating_add(1);
    Ok(TerrainId::new(next.to_string())?)
}
