//! FFmpeg and ffprobe as commands.

use std::path::Path;

use tokio::process::Command;

/// What of the host's environment the programs need. All else stays with the host: its own
/// settings may hold secrets, and every user of the machine can be shown a process's environment.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "FONTCONFIG_PATH",
];
/// Settings of the drivers of hardware encoders.
const KEPT_PREFIXES: &[&str] = &["LIBVA_", "VDPAU_", "CUDA_", "NVIDIA_", "ONEVPL_"];

/// A command without the host's environment, in a process group of its own (a Ctrl-C at the
/// terminal is the host's to answer), killed when it is dropped.
pub fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().process_group(0).kill_on_drop(true);
    command.envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    command
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_with_the_host() {
        for name in [
            "PADELVAR_AUTH__JWT_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "FFMPEG_PATH",
        ] {
            assert!(!is_kept(name), "{name}");
        }
        assert!(is_kept("PATH") && is_kept("LIBVA_DRIVER_NAME"));
    }
}
