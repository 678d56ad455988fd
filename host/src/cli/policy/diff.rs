//! `padelvar policy diff`

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::source::{self, Loader};
use crate::auth::{Change, Changes, Circumstances, Differs};

/// The roles of the default policy.
const ROLES: [&str; 3] = ["SUPER_ADMIN", "CLUB_ADMIN", "PLAYER"];

/// What `policy diff` is told.
#[derive(clap::Args)]
pub struct DiffArguments {
    /// A `.wasm` file, or the name of a built-in policy.
    old: String,
    /// The one that is to follow it; the same one may be compared with other settings.
    new: String,
    /// Settings of OLD: `.json` and `.toml` are the object in `[policy] settings`, any other file
    /// is its `settings_file`. None unless told.
    #[arg(long, value_name = "FILE")]
    old_settings: Option<PathBuf>,
    /// Settings of NEW.
    #[arg(long, value_name = "FILE")]
    new_settings: Option<PathBuf>,
    /// A further role beside `SUPER_ADMIN`, `CLUB_ADMIN` and `PLAYER`; may be repeated.
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// When they are asked, for example 2026-06-01T23:30:00Z; may be repeated. Noon of a winter's
    /// Thursday in UTC unless told.
    #[arg(long, value_name = "TIME")]
    at: Vec<Timestamp>,
    /// Leave out denials that only have another code.
    #[arg(long)]
    ignore_codes: bool,
    /// A configuration, for the place where its host keeps compiled plugins; it need not be there.
    #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Compares two policies.
pub fn run(arguments: &DiffArguments) -> Result<()> {
    let DiffArguments { old, new, .. } = arguments;
    let loader = Loader::new(&arguments.config)?;
    let old_plugin = loader.plugin(old)?;
    // The same one is compiled once.
    let new_plugin = if new == old {
        Arc::clone(&old_plugin)
    } else {
        loader.plugin(new)?
    };
    let old_policy = source::with_settings(old_plugin, arguments.old_settings.as_deref())?;
    let new_policy = source::with_settings(new_plugin, arguments.new_settings.as_deref())?;
    let mut roles: Vec<String> = ROLES.map(str::to_owned).to_vec();
    for role in &arguments.role {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    let times = times(&arguments.at);
    let found = Changes::between(&old_policy, &new_policy, &roles, &times);
    let mut found = found.map_err(|(cell, second, trap)| {
        let policy = if second { new } else { old };
        anyhow!("the policy {policy} does not answer ({cell}): it {trap}")
    })?;
    if arguments.ignore_codes {
        found.changes.retain(|c| c.differs != Differs::Code);
    }
    if arguments.json {
        let changes: Vec<Value> = found.changes.iter().map(Change::json).collect();
        println!(
            "{}",
            json!({
                "ok": changes.is_empty(),
                "cells": found.cells,
                "roles": roles,
                "changes": changes,
            })
        );
    } else {
        for change in &found.changes {
            println!("{change}");
        }
        if found.changes.is_empty() {
            println!("ok: {} cells, and none changes", found.cells);
        }
    }
    if found.changes.is_empty() {
        return Ok(());
    }
    let [permissions, obligations, codes] =
        [Differs::Permission, Differs::Obligations, Differs::Code].map(|d| found.count(d));
    bail!(
        "{} of {} cells change: {permissions} in what is allowed, {obligations} in its conditions, \
         {codes} in the code of a denial",
        found.changes.len(),
        found.cells
    );
}

fn times(at: &[Timestamp]) -> Vec<Circumstances> {
    let usual = Circumstances::default();
    if at.is_empty() {
        return vec![usual];
    }
    let at = at.iter();
    at.map(|at| Circumstances {
        at: *at,
        at_is_told: true,
        ..usual.clone()
    })
    .collect()
}
