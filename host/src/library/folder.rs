//! The videos folder. Everything here blocks.
//!
//! A club's folder may be a link: an admin may have moved it to another disk, and the recorder
//! follows it too. A file may not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::errors::LibraryError;
use super::ids;

/// Entries of a folder that are looked at: a folder of millions is none of ours.
const MOST_ENTRIES: usize = 1_000_000;

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub session_id: String,
    pub size_bytes: u64,
}

/// Where a file would lie; none for what is no id.
pub(super) fn path(videos_dir: &Path, club: &str, session_id: &str) -> Option<PathBuf> {
    ids::parse(session_id).filter(|_| ids::is_club(club))?;
    Some(videos_dir.join(club).join(format!("{session_id}.mp4")))
}

/// Size of a file in bytes; none for a link, a folder, or nothing.
pub(super) fn size(path: &Path) -> Option<u64> {
    let found = fs::symlink_metadata(path).ok()?;
    found.is_file().then_some(found.len())
}

/// Ids of the clubs that have a folder, sorted. A videos folder that is not there yet has none.
pub(super) fn clubs(videos_dir: &Path) -> Result<Vec<String>, LibraryError> {
    let mut clubs = Vec::new();
    for entry in entries(videos_dir)? {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        if ids::is_club(&name) && entry.path().is_dir() {
            clubs.push(name);
        }
    }
    clubs.sort();
    Ok(clubs)
}

/// A club's files, sorted by id. Links and other names are left out.
pub(super) fn files(videos_dir: &Path, club: &str) -> Result<Vec<Entry>, LibraryError> {
    let mut files = Vec::new();
    for entry in entries(&videos_dir.join(club))? {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".mp4"));
        let Some(session_id) = id.filter(|id| ids::parse(id).is_some()) else {
            continue;
        };
        if let Some(size_bytes) = size(&entry.path()) {
            let session_id = session_id.to_owned();
            files.push(Entry {
                session_id,
                size_bytes,
            });
        }
    }
    files.sort_by(|a, b| a.session_id.cmp(&b.session_id));
    Ok(files)
}

fn entries(folder: &Path) -> Result<impl Iterator<Item = fs::DirEntry>, LibraryError> {
    let read = match fs::read_dir(folder) {
        Ok(read) => Some(read),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(failed("reading", folder, source)),
    };
    Ok(read.into_iter().flatten().flatten().take(MOST_ENTRIES))
}

/// Deletes a file; tells whether it was there.
pub(super) fn remove(path: &Path) -> Result<bool, LibraryError> {
    if size(path).is_none() {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(failed("deleting", path, source)),
    }
}

/// Brings the folder of a file that has gone to the disk.
pub(super) fn sync_parent(path: &Path) -> Result<(), LibraryError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| failed("syncing", folder, source))
}

pub(super) fn failed(doing: &'static str, path: &Path, source: io::Error) -> LibraryError {
    LibraryError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
