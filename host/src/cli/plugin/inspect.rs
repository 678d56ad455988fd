//! `padelvar plugin inspect`

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};

use crate::plugins::{
    Adapter, Cache, Kind, LoadError, Origin, Outline, PluginEngine, PolicyPlugin, digest_of,
};

/// Prints what a file is, and whether this host accepts it.
pub fn run(file: &Path) -> Result<()> {
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("plugin");
    println!("name:    {name}");
    println!("size:    {} bytes", wasm.len());
    println!("sha256:  {}", digest_of(&wasm));
    let refused = |error: LoadError| anyhow!("{} is not accepted: {error}", file.display());
    let outline = Outline::read(&wasm).map_err(refused)?;
    println!("imports: {}", lines(&outline.imports));
    println!("exports: {}", lines(&outline.exports));
    let kind = outline.kind().map_err(refused)?;
    println!("kind:    {kind}");
    println!("world:   {}", kind.world());
    let engine = PluginEngine::new().map_err(|error| anyhow!("{error:#}"))?;
    let origin = Origin::File(file.to_owned());
    match kind {
        Kind::Adapter => {
            let adapter = Adapter::load(&engine, &Cache::off(), name, origin, &wasm);
            let adapter = adapter.map_err(refused)?;
            let description = adapter.description();
            println!("title:   {}", description.title);
            println!("version: {}", description.version);
            println!("schemes: {}", description.schemes.join(", "));
            println!("options: {}", description.options.join(", "));
        }
        Kind::Policy => {
            let policy = PolicyPlugin::load(&engine, &Cache::off(), name, origin, &wasm);
            let policy = policy.map_err(refused)?;
            let description = policy.description();
            println!("title:   {}", description.title);
            println!("version: {}", description.version);
        }
    }
    println!("accepted");
    Ok(())
}

/// Names under each other, beside the column of keys.
fn lines(names: &[String]) -> String {
    names.join("\n         ")
}
