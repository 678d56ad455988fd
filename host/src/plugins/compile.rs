//! Compiling what came in a file, in a process of its own: a file that takes all memory or
//! never ends (a compile bomb) takes that process with it, and the host goes on.
//!
//! The process is this same program with a hidden command. It has nothing of the host: no
//! environment, no folder, no file but three pipes. One file is compiled at a time.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use thiserror::Error;
use wasmtime::component::Component;

use super::cache::{self, Cache};
use super::compile_child::{MAGIC, REFUSED};
use super::compile_limits::{CODE_BYTES, CPU_SECONDS, MEMORY_BYTES, SAID_BYTES, THREADS, WALL};
use super::engine::PluginEngine;
use super::loader::{LoadError, Origin, root};
use super::outline::Kind;
use super::text::reason;

/// The hidden command of this program that serves one component; the kind follows.
pub const COMMAND: &str = "compile-plugin";
/// How often the compiling process is looked after.
const BEAT: Duration = Duration::from_millis(3);

/// Compiled code for a component: out of the cache, or made. The built-in ones are the host's
/// own and are compiled within it.
pub(super) fn compile(
    engine: &PluginEngine,
    kind: Kind,
    cache: &Cache,
    origin: &Origin,
    digest: &str,
    wasm: &[u8],
) -> Result<Component, LoadError> {
    let engine = engine.of(kind);
    let refused = |error: &wasmtime::Error| LoadError::Component(root(error));
    if let Some(component) = cache.find(engine, digest) {
        return Ok(component);
    }
    if *origin == Origin::BuiltIn {
        let component = Component::from_binary(engine, wasm).map_err(|e| refused(&e))?;
        if cache.is_on() {
            let code = component.serialize().map_err(|e| refused(&e))?;
            cache.keep(engine, digest, &code);
        }
        return Ok(component);
    }
    let turn = cache.compiler().turn();
    // Another may have brought the same file while this one waited.
    if let Some(component) = cache.find(engine, digest) {
        return Ok(component);
    }
    let code = cache.compiler().code(kind, wasm)?;
    drop(turn);
    cache.keep(engine, digest, &code);
    cache::load_code(engine, &code).map_err(|e| refused(&e))
}

/// Who compiles files. Clones share their turn and their end.
#[derive(Debug, Clone)]
pub struct Compiler {
    way: Way,
    turn: Arc<Mutex<()>>,
    /// Until when all has to be finished.
    until: Option<Instant>,
    stopped: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
enum Way {
    Child {
        program: PathBuf,
        arguments: Vec<String>,
        wall: Duration,
    },
    #[cfg(test)]
    Within,
}

impl Compiler {
    /// Processes of this program, whose `main` must know [`COMMAND`].
    pub fn child() -> Self {
        // Not the program's path: an upgrade may have put another version there.
        Self::of(Way::Child {
            program: PathBuf::from("/proc/self/exe"),
            arguments: vec![COMMAND.to_owned()],
            wall: WALL,
        })
    }

    /// The threads of the caller: for tests, whose program is not the host's.
    #[cfg(test)]
    pub fn within() -> Self {
        Self::of(Way::Within)
    }

    fn of(way: Way) -> Self {
        Self {
            way,
            turn: Arc::default(),
            until: None,
            stopped: Arc::default(),
        }
    }

    /// The same in a hurry: what is not finished then fails with [`LoadError::Late`].
    #[must_use]
    pub fn until(&self, moment: Instant) -> Self {
        let mut hurried = self.clone();
        hurried.until = Some(moment);
        hurried
    }

    /// Ends what is being compiled, and lets nothing more begin: the host stops.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn turn(&self) -> impl Drop + '_ {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiled code.
    fn code(&self, kind: Kind, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        match &self.way {
            Way::Child {
                program,
                arguments,
                wall,
            } => {
                let mut command = Command::new(program);
                command.args(arguments).arg(kind.name());
                let left = self.until.map(|it| it.duration_since(Instant::now()));
                let hurried = left.filter(|left| left < wall);
                let output = self.run(command, wasm, hurried.unwrap_or(*wall));
                output
                    .and_then(Output::verdict)
                    .map_err(|failure| match failure {
                        Failure::Refused(why) => LoadError::Component(why),
                        Failure::Wall(_) if hurried.is_some() => LoadError::Late,
                        other => LoadError::Compile(other.to_string()),
                    })
            }
            #[cfg(test)]
            Way::Within => super::engine::bare(kind)
                .and_then(|engine| engine.precompile_component(wasm))
                .map_err(|error| LoadError::Component(root(&error))),
        }
    }

    /// Runs a process to its end.
    fn run(&self, mut command: Command, wasm: &[u8], wall: Duration) -> Result<Output, Failure> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Failure::Stopped);
        }
        command
            .arg0("padelvar")
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .current_dir("/")
            // Of its own, so that Ctrl-C at a terminal is the host's to deal with.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = Running(command.spawn().map_err(Failure::NoProcess)?);
        running.converse(wasm, wall, &self.stopped)
    }
}

/// A process that does not outlive this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has mostly ended; an error says so.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Hands it the component and takes what it has to say, until it has ended.
    fn converse(
        &mut self,
        wasm: &[u8],
        wall: Duration,
        stopped: &AtomicBool,
    ) -> Result<Output, Failure> {
        let child = &mut self.0;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // Where it has died meanwhile, its end says why.
                stdin.and_then(|mut stdin| stdin.write_all(wasm).ok())
            });
            let written = scope.spawn(move || take(stdout, OUTPUT_BYTES));
            let said = scope.spawn(move || take(stderr, SAID_BYTES));
            let status = self.end(wall, stopped);
            // A thread that panicked has nothing to tell.
            let written = written.join().unwrap_or_default();
            let said = said.join().unwrap_or_default();
            Ok(Output {
                status: status?,
                written,
                said: String::from_utf8_lossy(&said).into_owned(),
            })
        })
    }

    /// Waits for its end, or ends it.
    fn end(&mut self, wall: Duration, stopped: &AtomicBool) -> Result<ExitStatus, Failure> {
        let began = Instant::now();
        let failure = loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if stopped.load(Ordering::Relaxed) => break Failure::Stopped,
                Ok(None) if began.elapsed() >= wall => break Failure::Wall(wall),
                Ok(None) => std::thread::sleep(BEAT),
                Err(error) => break Failure::NoProcess(error),
            }
        };
        // Now and not when this is dropped: its pipes are being read.
        let _ = self.0.kill();
        Err(failure)
    }
}

/// Reads up to `most` bytes. What follows is swallowed, so that nobody is held up.
fn take(from: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        let read = from.by_ref().take(most).read_to_end(&mut bytes);
        let _ = read.and_then(|_| std::io::copy(&mut from, &mut std::io::sink()));
    }
    bytes
}

/// What a process left.
struct Output {
    status: ExitStatus,
    written: Vec<u8>,
    said: String,
}

/// Why there is no code. Continues a sentence that begins with "compiling it".
#[derive(Debug, Error)]
enum Failure {
    #[error("{0}")]
    Refused(String),
    #[error("took more than {CPU_SECONDS} s of processor time")]
    Processor,
    #[error("took more than {} MiB of memory", MEMORY_BYTES >> 20)]
    Memory,
    #[error("took more than {} s", .0.as_secs())]
    Wall(Duration),
    #[error("makes more than {} MiB of code", CODE_BYTES >> 20)]
    Code,
    #[error("was ended by the system, whose memory may be short")]
    Killed,
    #[error("was ended, since the host stops")]
    Stopped,
    #[error("failed: the process for it cannot be run: {0}")]
    NoProcess(std::io::Error),
    #[error("brought down the compiler ({status}): {said}")]
    Crash { status: ExitStatus, said: String },
}

impl Output {
    /// The code, or what the process's end means.
    fn verdict(self) -> Result<Vec<u8>, Failure> {
        let Self {
            status,
            mut written,
            said,
        } = self;
        if status.success() {
            let code = code_length(&written);
            return match code {
                Some(length) if length > CODE_BYTES => Err(Failure::Code),
                Some(length) if length == (written.len() - HEAD_BYTES) as u64 => {
                    written.drain(..HEAD_BYTES);
                    Ok(written)
                }
                _ => {
                    let said = "its answer is no code".to_owned();
                    Err(Failure::Crash { status, said })
                }
            };
        }
        let signal = status.signal().and_then(Signal::from_named_raw);
        Err(if status.code() == Some(i32::from(REFUSED)) {
            Failure::Refused(reason(&said))
        } else if signal == Some(Signal::XCPU) {
            Failure::Processor
        } else if signal == Some(Signal::KILL) {
            Failure::Killed
        } else if NO_MEMORY.iter().any(|words| said.contains(words)) {
            Failure::Memory
        } else {
            let said = reason(&said);
            Failure::Crash { status, said }
        })
    }
}

/// How Rust's allocator, and the system's error, speak of a lack of memory.
const NO_MEMORY: [&str; 2] = ["memory allocation of", "Cannot allocate memory"];
/// Before the code: the mark and the length.
const HEAD_BYTES: usize = MAGIC.len() + size_of::<u64>();
const OUTPUT_BYTES: u64 = CODE_BYTES + HEAD_BYTES as u64;

/// The length that is said before the code.
fn code_length(written: &[u8]) -> Option<u64> {
    let length = written.strip_prefix(&MAGIC)?.first_chunk()?;
    Some(u64::from_le_bytes(*length))
}

#[cfg(test)]
#[path = "compile_tests.rs"]
mod tests;
