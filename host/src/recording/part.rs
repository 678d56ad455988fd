//! The file while it is being recorded: `<session_id>.mp4.part`. Whole boxes are appended and
//! brought to the disk about once a second, so that a power cut takes no more than that.
//!
//! Room is taken ahead of what is written (`fallocate`), so that the end of the disk's space
//! is met while the file can still be finished: other recordings, and whoever fills the disk,
//! cannot have that room. The final form gives back what is left of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tracing::debug;

use super::room::Room;
use crate::disk::{self, Disk};
use crate::mp4;

/// An open part file.
pub struct Part {
    file: File,
    /// The same open file, for what tokio has no words for.
    raw: Arc<std::fs::File>,
    growing: PathBuf,
    target: PathBuf,
    /// Bytes appended so far.
    pub size_bytes: u64,
    room: Room,
    /// The file system knows no room that is taken ahead: what is free is watched.
    watches: bool,
    /// Bytes that should stay free.
    min_free_bytes: u64,
    low: bool,
}

impl Part {
    /// Makes the folder and the file. There must be none of that name yet. The file tells when
    /// less than `min_free_bytes` are free beside it.
    pub async fn create(
        videos_dir: &Path,
        club: &str,
        session: &str,
        min_free_bytes: u64,
    ) -> io::Result<Self> {
        let dir = videos_dir.join(club);
        tokio::fs::create_dir_all(&dir).await?;
        let target = dir.join(format!("{session}.mp4"));
        let growing = dir.join(format!("{session}.mp4.part"));
        let made = growing.clone();
        let raw = blocking(move || {
            let mut options = std::fs::File::options();
            options.read(true).write(true).create_new(true).open(made)
        })
        .await?;
        sync_dir(&dir).await?;
        let mut part = Self::of(raw, growing, target, min_free_bytes)?;
        if let Err(error) = part.keep_room().await {
            part.remove().await;
            return Err(error);
        }
        Ok(part)
    }

    /// Opens a file that an earlier run of the host left and that can be appended to, of which
    /// `size_bytes` are whole, with so many pictures. A disk that is full is met by what is
    /// appended: what is there can be finished.
    pub async fn reopen(
        videos_dir: &Path,
        club: &str,
        session: &str,
        size_bytes: u64,
        pictures: u64,
        min_free_bytes: u64,
    ) -> io::Result<Self> {
        let dir = videos_dir.join(club);
        let growing = dir.join(format!("{session}.mp4.part"));
        let left = growing.clone();
        let raw = blocking(move || {
            use std::io::Seek;
            let mut file = std::fs::File::options().read(true).write(true).open(left)?;
            file.seek(io::SeekFrom::Start(size_bytes))?;
            Ok(file)
        })
        .await?;
        let target = dir.join(format!("{session}.mp4"));
        let mut part = Self::of(raw, growing, target, min_free_bytes)?;
        part.size_bytes = size_bytes;
        part.room.wrote(0, pictures);
        Ok(part)
    }

    fn of(
        raw: std::fs::File,
        growing: PathBuf,
        target: PathBuf,
        min_free_bytes: u64,
    ) -> io::Result<Self> {
        Ok(Self {
            file: File::from_std(raw.try_clone()?),
            raw: Arc::new(raw),
            growing,
            target,
            size_bytes: 0,
            room: Room::default(),
            watches: false,
            min_free_bytes,
            low: false,
        })
    }

    /// Appends; the bytes are in the system's hands when this returns. After an error the file
    /// may be torn behind what was appended before.
    pub async fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = match self.file.write_all(bytes).await {
            Ok(()) => self.file.flush().await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            // What is appended next, if anything, takes the place of the torn piece.
            let _ = self.file.seek(io::SeekFrom::Start(self.size_bytes)).await;
            return Err(error);
        }
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// A fragment with so many pictures was appended: takes room for what comes. An error that
    /// [`is_full`](disk::is_full) says that the recording has to end; what FFmpeg still holds
    /// and the index have room.
    pub async fn make_room(&mut self, bytes: u64, pictures: u64) -> io::Result<()> {
        self.room.wrote(bytes, pictures);
        self.keep_room().await
    }

    async fn keep_room(&mut self) -> io::Result<()> {
        let Some(wanted) = self.room.wanted(self.size_bytes) else {
            return Ok(());
        };
        if !self.watches {
            let file = Arc::clone(&self.raw);
            let taken = blocking(move || {
                let [(from, best), (_, least)] = wanted;
                match disk::reserve(&file, from, best) {
                    Ok(()) => Ok(best),
                    Err(error) if disk::is_full(&error) => {
                        disk::reserve(&file, from, least).map(|()| least)
                    }
                    Err(error) => Err(error),
                }
            });
            match taken.await {
                Ok(until) => {
                    self.room.took(until);
                    return Ok(());
                }
                Err(error) if disk::is_full(&error) => return Err(error),
                // What is really wrong with the disk shows when it is written to.
                Err(error) => {
                    debug!(%error, file = %self.growing.display(), "no room can be taken ahead");
                    self.watches = true;
                }
            }
        }
        // The next best thing: to stop before everything is used up.
        if self.disk().await?.free_bytes < self.room.ahead() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Whether the disk is nearly full, for people; none while it is not. Nothing is stopped
    /// for it: there is room until [`make_room`](Self::make_room) says that there is none.
    pub async fn warning(&mut self) -> Option<String> {
        // A disk that does not tell is no fuller than it was.
        if let Ok(disk) = self.disk().await {
            self.low = disk.is_low(self.min_free_bytes, self.low);
        }
        let mb = self.min_free_bytes.div_ceil(1_000_000);
        self.low.then(|| {
            format!(
                "the disk is nearly full: less than {mb} MB are left; the recording ends well when it is full; hint: delete recordings"
            )
        })
    }

    async fn disk(&self) -> io::Result<Disk> {
        let file = Arc::clone(&self.raw);
        blocking(move || Disk::of_file(&*file)).await
    }

    /// Brings what was appended to the disk, and looks whether the file is still where it was
    /// made: one that was deleted, or whose folder was moved, can be written and is lost.
    pub async fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data().await?;
        let (file, path) = (Arc::clone(&self.raw), self.growing.clone());
        blocking(move || still_at(&file, &path)).await
    }

    /// Brings it into its final form; see [`mp4::finalize_file`].
    pub async fn finalize(&self, end_us: Option<i64>) -> Result<mp4::Summary, mp4::Error> {
        let file = Arc::clone(&self.raw);
        let work = move || mp4::finalize_file(&file, true, end_us);
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => Err(mp4::Error::Io {
                doing: "finishing the recording",
                source: io::Error::other(error),
            }),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.growing
    }

    /// Gives it its final name.
    pub async fn publish(self) -> io::Result<PathBuf> {
        let (file, path) = (Arc::clone(&self.raw), self.growing.clone());
        blocking(move || still_at(&file, &path)).await?;
        publish(&self.growing, &self.target).await?;
        Ok(self.target)
    }

    /// Takes it away: there is nothing in it.
    pub async fn remove(self) {
        let _ = tokio::fs::remove_file(&self.growing).await;
    }
}

/// Renames a finished part, and brings the folder to the disk.
pub async fn publish(part: &Path, target: &Path) -> io::Result<()> {
    tokio::fs::rename(part, target).await?;
    match target.parent() {
        Some(dir) => sync_dir(dir).await,
        None => Ok(()),
    }
}

async fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir).await?.sync_all().await
}

fn still_at(file: &std::fs::File, path: &Path) -> io::Result<()> {
    if disk::lies_at(file, path)? {
        return Ok(());
    }
    let reason = format!(
        "{} is not there any more: it, or its folder, was deleted, moved or unmounted",
        path.display()
    );
    Err(io::Error::new(io::ErrorKind::NotFound, reason))
}

/// Runs what waits for the disk off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(io::Error::other(error)),
    }
}
