//! Compiled code on disk, so that a start does not compile again.
//!
//! A file is named after the component's digest and the engine's compatibility hash, and holds
//! the SHA-256 of its content first: what is cut off or rotten is thrown away and made again.
//!
//! Loading compiled code is the one unsafe thing that the host does: whoever can write these
//! files owns the host. So the folder belongs to the host's user with mode 0700, and a folder
//! that others may write to is not used.
//!
//! The folder is bounded: what was not used for longest goes first.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};
use tracing::warn;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::compile::Compiler;
use super::compile_limits::{CACHE_BYTES, CACHE_FILES};

/// The folder, or nothing when it cannot be trusted; and who compiles what is not there.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: Option<PathBuf>,
    compiler: Compiler,
}

impl Cache {
    /// No cache: everything is compiled.
    pub fn off() -> Self {
        #[cfg(not(test))]
        let compiler = Compiler::child();
        // A test's program is not the host's.
        #[cfg(test)]
        let compiler = Compiler::within();
        Self {
            dir: None,
            compiler,
        }
    }

    /// A cache in `dir`, which is made when it is missing. A folder that cannot be made or
    /// that others may write to is left alone, with a warning.
    pub fn open(dir: &Path) -> Self {
        let mut cache = Self::off();
        match prepare(dir) {
            Ok(()) => cache.dir = Some(dir.to_owned()),
            Err(reason) => {
                warn!(folder = %dir.display(), reason, "compiled plugins are not cached");
            }
        }
        cache
    }

    /// The same, whose compiler has to be finished at this moment.
    #[must_use]
    pub fn until(&self, moment: Instant) -> Self {
        Self {
            dir: self.dir.clone(),
            compiler: self.compiler.until(moment),
        }
    }

    /// Who compiles.
    pub fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    /// Whether anything is kept.
    pub(super) fn is_on(&self) -> bool {
        self.dir.is_some()
    }

    /// The component with this digest, where its code is there.
    pub(super) fn find(&self, engine: &Engine, digest: &str) -> Option<Component> {
        load(engine, &self.place(engine, digest)?)
    }

    /// Keeps code for the next time. A disk that is full keeps none.
    pub(super) fn keep(&self, engine: &Engine, digest: &str, code: &[u8]) {
        let (Some(dir), Some(path)) = (&self.dir, self.place(engine, digest)) else {
            return;
        };
        if let Err(error) = store(dir, &path, code) {
            warn!(file = %path.display(), %error, "could not keep a compiled plugin");
        }
        prune(dir, SystemTime::now());
    }

    fn place(&self, engine: &Engine, digest: &str) -> Option<PathBuf> {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let name = format!("{digest}-{:016x}.{KEPT}", hasher.finish());
        Some(self.dir.as_ref()?.join(name))
    }
}

fn prepare(dir: &Path) -> Result<(), String> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| error.to_string())?;
    let metadata = std::fs::metadata(dir).map_err(|error| error.to_string())?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !own || metadata.permissions().mode() & 0o022 != 0 {
        return Err("the folder must belong to the host's user and be writable by it alone".into());
    }
    Ok(())
}

fn load(engine: &Engine, path: &Path) -> Option<Component> {
    let mut file = File::open(path).ok()?;
    let mut content = Vec::new();
    file.read_to_end(&mut content).ok()?;
    let (digest, code) = content.split_at_checked(32)?;
    if Sha256::digest(code).as_slice() != digest {
        warn!(file = %path.display(), "a compiled plugin is damaged and is made again");
        return None;
    }
    // What is used stays. Where the disk does not let this be noted, it may go sooner.
    let _ = file.set_modified(SystemTime::now());
    load_code(engine, code).ok()
}

/// A component out of code that `compile.rs` made, or that was kept of it.
pub(super) fn load_code(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes come from `Component::serialize` of this process, or from
    // `Engine::precompile_component` of a child process that is this same program: through a
    // pipe that only the two of them have, marked and whole (`compile.rs`); or they were kept
    // of these by `store` below, in a folder that only this user can write to (`prepare`), and
    // are complete (the digest in `load`). Whoever could turn the child's code against the host
    // could turn the host's: both run the same compiler over the same file. wasmtime itself
    // refuses code of another version or another configuration.
    #[expect(unsafe_code, reason = "the only way to load compiled code; see SAFETY")]
    unsafe {
        Component::deserialize(engine, code)
    }
}

fn store(dir: &Path, path: &Path, code: &[u8]) -> std::io::Result<()> {
    let temporary = dir.join(format!(
        "{}.{:?}.{WRITING}",
        std::process::id(),
        std::thread::current().id()
    ));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(&Sha256::digest(code))?;
        file.write_all(code)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    // A full disk is not to be filled further by halves of files.
    write().inspect_err(|_| drop(std::fs::remove_file(&temporary)))
}

/// Ending of a kept file, and of one that is being written.
const KEPT: &str = "cwasm";
const WRITING: &str = "tmp";
/// Age at which a file that is being written was forgotten by a process that died.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    used: SystemTime,
    bytes: u64,
    path: PathBuf,
}

/// Removes what the folder need not hold.
fn prune(dir: &Path, now: SystemTime) {
    let (mut kept, mut writing) = (Vec::new(), Vec::new());
    for file in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = file.path();
        let list = match path.extension().and_then(|ending| ending.to_str()) {
            Some(KEPT) => &mut kept,
            Some(WRITING) => &mut writing,
            _ => continue,
        };
        if let Ok(metadata) = file.metadata()
            && let Ok(used) = metadata.modified()
        {
            let bytes = metadata.len();
            list.push(Entry { used, bytes, path });
        }
    }
    let old = |entry: &Entry| {
        now.duration_since(entry.used)
            .is_ok_and(|age| age > FORGOTTEN)
    };
    writing.retain(old);
    for entry in excess(kept).into_iter().chain(writing) {
        if let Err(error) = std::fs::remove_file(&entry.path) {
            warn!(file = %entry.path.display(), %error, "an old compiled plugin stays");
        }
    }
}

/// What is too much, the longest unused first.
fn excess(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
    let mut bytes = 0_u64;
    let within = entries.iter().take(CACHE_FILES).take_while(|entry| {
        bytes = bytes.saturating_add(entry.bytes);
        bytes <= CACHE_BYTES
    });
    let within = within.count();
    entries.split_off(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(age: u64, bytes: u64) -> Entry {
        Entry {
            used: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age),
            bytes,
            path: PathBuf::from(format!("{age}.cwasm")),
        }
    }

    #[test]
    fn the_longest_unused_go() {
        assert_eq!(excess(vec![entry(1, 10), entry(2, CACHE_BYTES - 10)]), []);
        let large = CACHE_BYTES / 2;
        let gone = excess(vec![
            entry(3, large),
            entry(1, large),
            entry(2, large),
            entry(4, 1),
        ]);
        assert_eq!(gone, [entry(3, large), entry(4, 1)]);
        let many: Vec<Entry> = (0..CACHE_FILES as u64 + 3)
            .map(|age| entry(age, 1))
            .collect();
        assert_eq!(excess(many).len(), 3);
    }

    #[test]
    fn a_folder_is_kept_tidy() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, age: u64| {
            let path = dir.path().join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age))
                .unwrap();
            path
        };
        let (fresh, forgotten) = (file("1.tmp", 10), file("2.tmp", 7200));
        let foreign = file("notes.txt", 1_000_000);
        let many: Vec<PathBuf> = (0..=CACHE_FILES as u64)
            .map(|age| file(&format!("{age}.cwasm"), age))
            .collect();
        prune(dir.path(), SystemTime::now());
        assert!(fresh.exists() && foreign.exists() && !forgotten.exists());
        assert!(many[0].exists() && !many[CACHE_FILES].exists());
    }
}
