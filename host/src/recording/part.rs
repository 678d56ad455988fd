//! The file while it is being recorded: `<session_id>.mp4.part`. Whole boxes are appended and
//! brought to the disk about once a second, so that a power cut takes no more than that.

use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// An open part file.
pub struct Part {
    file: File,
    growing: PathBuf,
    target: PathBuf,
    /// Bytes appended so far.
    pub size_bytes: u64,
}

impl Part {
    /// Makes the folder and the file. There must be none of that name yet.
    pub async fn create(videos_dir: &Path, club: &str, session: &str) -> std::io::Result<Self> {
        let dir = videos_dir.join(club);
        tokio::fs::create_dir_all(&dir).await?;
        let target = dir.join(format!("{session}.mp4"));
        let growing = dir.join(format!("{session}.mp4.part"));
        let file = File::options()
            .write(true)
            .create_new(true)
            .open(&growing)
            .await?;
        sync_dir(&dir).await?;
        Ok(Self {
            file,
            growing,
            target,
            size_bytes: 0,
        })
    }

    /// Opens a file that an earlier run of the host left and that can be appended to, of which
    /// `size_bytes` are whole.
    pub async fn reopen(
        videos_dir: &Path,
        club: &str,
        session: &str,
        size_bytes: u64,
    ) -> std::io::Result<Self> {
        let dir = videos_dir.join(club);
        let target = dir.join(format!("{session}.mp4"));
        let growing = dir.join(format!("{session}.mp4.part"));
        let file = File::options().append(true).open(&growing).await?;
        Ok(Self {
            file,
            growing,
            target,
            size_bytes,
        })
    }

    /// Appends; the bytes are in the system's hands when this returns.
    pub async fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes).await?;
        self.file.flush().await?;
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Brings what was appended to the disk.
    pub async fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync_data().await
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.growing
    }

    /// Gives it its final name.
    pub async fn publish(self) -> std::io::Result<PathBuf> {
        drop(self.file);
        publish(&self.growing, &self.target).await?;
        Ok(self.target)
    }

    /// Takes it away: there is nothing in it.
    pub async fn remove(self) {
        drop(self.file);
        let _ = tokio::fs::remove_file(&self.growing).await;
    }
}

/// Renames a finished part, and brings the folder to the disk.
pub async fn publish(part: &Path, target: &Path) -> std::io::Result<()> {
    tokio::fs::rename(part, target).await?;
    match target.parent() {
        Some(dir) => sync_dir(dir).await,
        None => Ok(()),
    }
}

async fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir).await?.sync_all().await
}
