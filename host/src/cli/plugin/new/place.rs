//! Puts a project on disk: all of it, or nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// Path below the project, and content.
pub type File = (PathBuf, String);

/// Writes the files below `folder`, which must be new or empty. They are written aside and then
/// moved, so that nothing half-written is left behind.
pub fn write(folder: &Path, files: &[File]) -> Result<()> {
    let shown = folder.display();
    let context = || format!("cannot make a project in {shown}");
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                bail!("{shown} is not empty; hint: name another folder with --out");
            }
            fill(folder, files).with_context(context)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(folder, files).with_context(context)
        }
        Err(error) => Err(error).with_context(context),
    }
}

/// Makes the folder, with those that it is in.
fn make(folder: &Path, files: &[File]) -> Result<()> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let outer = parent.ancestors();
    let missing: Vec<&Path> = outer.take_while(|place| !place.exists()).collect();
    let made = || {
        fs::create_dir_all(parent)?;
        let draft = Draft::beside(parent, files)?;
        // Takes the place of an empty folder at most.
        fs::rename(draft.path(), folder)?;
        Ok(())
    };
    made().inspect_err(|_| {
        for place in missing {
            // Only what is still empty goes, so nothing of anybody else's is lost.
            let _ = fs::remove_dir(place);
        }
    })
}

/// Fills a folder that is there and empty: it may be the one that the user is in, or its
/// permissions may be set on purpose, so it is not replaced.
fn fill(folder: &Path, files: &[File]) -> Result<()> {
    let draft = Draft::beside(folder, files)?;
    let mut moved = Vec::new();
    let mut all = || -> io::Result<()> {
        for entry in fs::read_dir(draft.path())? {
            let entry = entry?;
            let place = folder.join(entry.file_name());
            fs::rename(entry.path(), &place)?;
            moved.push(place);
        }
        Ok(())
    };
    let done = all();
    if done.is_err() {
        for place in moved {
            let _ = fs::remove_dir_all(&place).or_else(|_| fs::remove_file(&place));
        }
    }
    Ok(done?)
}

/// All files, in a folder that goes when it is not moved away.
struct Draft(TempDir);

impl Draft {
    fn beside(parent: &Path, files: &[File]) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        let draft = Self(builder.prefix(".padelvar-new-").tempdir_in(parent)?);
        fs::create_dir(draft.path())?;
        for (path, text) in files {
            let path = draft.path().join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(draft)
    }

    /// A folder in it, since that of a temporary one is for its owner only.
    fn path(&self) -> PathBuf {
        self.0.path().join("project")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<File> {
        vec![
            (PathBuf::from("a.txt"), "a".to_owned()),
            (PathBuf::from("b/c/d.txt"), "d".to_owned()),
        ]
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn new_and_empty_folders_are_filled() {
        let temp = tempfile::tempdir().unwrap();
        let new = temp.path().join("x/y/new");
        write(&new, &files()).unwrap();
        assert_eq!(fs::read_to_string(new.join("b/c/d.txt")).unwrap(), "d");
        assert_eq!(entries(new.parent().unwrap()), 1, "and nothing beside it");
        let empty = temp.path().join("empty");
        fs::create_dir(&empty).unwrap();
        write(&empty, &files()).unwrap();
        assert_eq!(entries(&empty), 2);
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let full = temp.path().join("full");
        fs::create_dir(&full).unwrap();
        fs::write(full.join("mine"), "mine").unwrap();
        let told = write(&full, &files()).unwrap_err().to_string();
        assert!(told.contains("--out"), "{told}");
        assert_eq!(entries(&full), 1);
        let file = temp.path().join("full/mine");
        assert!(write(&file, &files()).is_err());
        assert!(write(&file.join("below"), &files()).is_err());
        assert_eq!(entries(temp.path()), 1);
    }

    #[test]
    fn nothing_half_written_is_left() {
        let temp = tempfile::tempdir().unwrap();
        // The second file cannot be written: its folder is a file.
        let mut files = files();
        files.push((PathBuf::from("a.txt/e.txt"), String::new()));
        assert!(write(&temp.path().join("p/q/new"), &files).is_err());
        assert_eq!(entries(temp.path()), 0);
        assert!(write(temp.path(), &files).is_err());
        assert_eq!(entries(temp.path()), 0);
    }
}
