//! `padelvar import`

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use crate::moving_in::{Import, MAX_BYTES, Program, import};

/// Whose configuration is read.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// go2rtc's `streams`.
    Go2rtc(FileArgument),
    /// MediaMTX's `paths`.
    Mediamtx(FileArgument),
    /// Frigate's `cameras`, and the streams of the go2rtc inside it.
    Frigate(FileArgument),
}

/// Which file.
#[derive(clap::Args)]
pub struct FileArgument {
    /// The program's YAML file.
    file: PathBuf,
}

/// Prints the `[[clubs]]` and `[[terrains]]` that a file comes to; what was not carried over
/// goes to stderr.
pub fn run(command: &ImportCommand) -> Result<()> {
    let (program, file) = match command {
        ImportCommand::Go2rtc(argument) => (Program::Go2rtc, &argument.file),
        ImportCommand::Mediamtx(argument) => (Program::MediaMtx, &argument.file),
        ImportCommand::Frigate(argument) => (Program::Frigate, &argument.file),
    };
    let shown = file.display();
    let text = read(file).with_context(|| format!("cannot read {shown}"))?;
    let Import {
        toml,
        notes,
        terrains,
        left_out,
    } = import(program, &text).with_context(|| format!("cannot import {shown}"))?;
    for note in notes {
        eprintln!("{shown}: {note}");
    }
    if terrains == 0 {
        bail!("no camera of {shown} can be carried over");
    }
    std::io::stdout()
        .write_all(toml.as_bytes())
        .context("cannot write to stdout")?;
    eprintln!("{terrains} terrain(s) carried over, {left_out} left out");
    eprintln!(
        "  hint: add them to padelvar.toml (mode 600, it may hold passwords), then `padelvar check`"
    );
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    // Before it is opened: a FIFO would hold the command up.
    if !std::fs::metadata(file)?.is_file() {
        bail!("it is not a file");
    }
    let mut text = String::new();
    // One byte more than is taken, so that what is too large is told from what just fits.
    let limit = MAX_BYTES as u64 + 1;
    File::open(file)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let told = |file: &Path| {
            let file = file.to_owned();
            let command = ImportCommand::Go2rtc(FileArgument { file });
            format!("{:#}", run(&command).unwrap_err())
        };
        assert!(told(folder.path()).contains("it is not a file"));
        assert!(told(&folder.path().join("no.yaml")).contains("cannot read"));
        let file = folder.path().join("x.yaml");
        std::fs::write(&file, "streams: { a: 'webrtc:x' }").unwrap();
        assert!(told(&file).contains("no camera"));
        std::fs::write(&file, "a: [").unwrap();
        assert!(told(&file).contains("cannot import"));
        std::fs::write(&file, " ".repeat(MAX_BYTES + 9)).unwrap();
        assert!(told(&file).contains("larger than"));
    }

    #[test]
    fn a_file_that_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.yml");
        std::fs::write(&file, "paths: { a: { source: 'rtsp://h/' } }").unwrap();
        run(&ImportCommand::Mediamtx(FileArgument { file })).unwrap();
    }
}
