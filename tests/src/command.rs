//! The binary's commands, run to their end.

use std::path::Path;

use tokio::process::Command;

use crate::{binary, judge};

/// How a command ended and what it said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Data.
    pub stdout: String,
    /// All else.
    pub stderr: String,
}

impl Said {
    /// Asserts the exit code.
    #[must_use]
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Runs `padelvar` with these words in a folder.
pub async fn padelvar(folder: &Path, words: &[&str]) -> Said {
    let mut command = Command::new(binary::path());
    command.args(words).current_dir(folder);
    let output = judge::run(&mut command).await;
    Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
