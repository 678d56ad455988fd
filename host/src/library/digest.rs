//! SHA-256 of finished files, one after the other, in the background.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::errors::LibraryError;
use super::{Library, blocking, folder};
use crate::catalogue::{Change, FileQuery, FileRecord};

/// What is read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// Files up to this size, bytes, have their digest at once: some hundredths of a second.
const AT_ONCE_BYTES: u64 = 8 << 20;
/// After so much the disk is left to the recordings for as long as the reading took.
const STRETCH_CHUNKS: u32 = 64;
const LEAST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause: the host's end waits for it.
const MOST_PAUSE: Duration = Duration::from_secs(2);
/// Files without a digest that are asked for at once.
const PAGE: u32 = 32;
/// How long after its end, or after a failure, the search begins anew by itself.
const AGAIN_AFTER: Duration = Duration::from_mins(10);

/// The digest of a file so small that whoever stopped its recording can wait for it: then a
/// repeated stop answers the same. Others get theirs in the background. Blocks.
pub(super) fn at_once(path: &Path, size_bytes: u64) -> Option<String> {
    if size_bytes > AT_ONCE_BYTES {
        return None;
    }
    let (digest, read_bytes) = sha256(path, &CancellationToken::new()).ok()??;
    (read_bytes == size_bytes).then_some(digest)
}

impl Library {
    /// A task: computes the digests of files that have none, the newest first, and waits for
    /// more, until `stopping`.
    pub async fn compute_digests(self: Arc<Self>, stopping: CancellationToken) {
        let mut given_up = HashSet::new();
        while !stopping.is_cancelled() {
            if let Err(error) = self.sweep(&stopping, &mut given_up).await {
                warn!(%error, "digests of files are computed later");
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.new_file.notified() => {}
                () = tokio::time::sleep(AGAIN_AFTER) => {}
            }
        }
    }

    /// Goes once through the files that have no digest.
    async fn sweep(
        self: &Arc<Self>,
        stopping: &CancellationToken,
        given_up: &mut HashSet<String>,
    ) -> Result<(), LibraryError> {
        // A file that was just added may still be on its way into the catalogue.
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = self.journal.flush() => {}
        }
        let mut query = FileQuery {
            limit: PAGE,
            ..FileQuery::default()
        };
        loop {
            let page = self.catalogue.files_without_digest(&query).await?;
            for file in page.files {
                if stopping.is_cancelled() {
                    return Ok(());
                }
                let id = file.session_id.clone();
                if given_up.contains(&id) {
                    continue;
                }
                if let Err(error) = self.digest(file, stopping).await {
                    // Deleted in the meantime, mostly.
                    debug!(session_id = id, %error, "no digest");
                    given_up.insert(id);
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn digest(
        self: &Arc<Self>,
        file: FileRecord,
        stopping: &CancellationToken,
    ) -> Result<(), LibraryError> {
        let videos_dir = self.videos_dir();
        let path = folder::path(&videos_dir, &file.club_id, &file.session_id)
            .ok_or(LibraryError::NotAFile(videos_dir))?;
        let stopping = stopping.clone();
        let found = blocking(move || sha256(&path, &stopping)).await?;
        if let Some((sha256, size_bytes)) = found {
            let queued = self.journal.put(Change::FileDigest {
                session_id: file.session_id,
                club_id: file.club_id,
                size_bytes,
                sha256,
            });
            self.journal.written(queued).await;
        }
        Ok(())
    }
}

/// Digest and size of a file; none when told to stop. Blocks, and takes its time: recordings
/// need the disk more.
fn sha256(
    path: &Path,
    stopping: &CancellationToken,
) -> Result<Option<(String, u64)>, LibraryError> {
    if folder::size(path).is_none() {
        return Err(LibraryError::NotAFile(path.to_owned()));
    }
    let reading = |source| folder::failed("reading", path, source);
    let mut file = File::open(path).map_err(reading)?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut size_bytes, mut chunks) = (0, 0);
    let mut begun = Instant::now();
    loop {
        if stopping.is_cancelled() {
            return Ok(None);
        }
        let count = file.read(&mut chunk).map_err(reading)?;
        if count == 0 {
            return Ok(Some((crate::hex::lower(&digest.finalize()), size_bytes)));
        }
        digest.update(&chunk[..count]);
        size_bytes += count as u64;
        chunks += 1;
        if chunks % STRETCH_CHUNKS == 0 {
            std::thread::sleep(begun.elapsed().clamp(LEAST_PAUSE, MOST_PAUSE));
            begun = Instant::now();
        }
    }
}
