//! The child's side of compiling: a process that binds itself to its limits, reads a component
//! from its stdin, and writes compiled code to its stdout. It is this same program, so what it
//! makes fits; see `compile.rs` for the host's side.

use std::io::{Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};

use super::compile_limits::{CHILD_NICENESS, CPU_SECONDS, MEMORY_BYTES, OPEN_FILES};
use super::engine;
use super::limits::FILE_BYTES;
use super::outline::Kind;

/// What stands before the code and its length: another program's output is no code.
pub(super) const MAGIC: [u8; 8] = *b"PVCODE1\n";
/// The exit code of a child that did its work and found no component; stderr says why.
pub(super) const REFUSED: u8 = 3;

/// Serves one component. What is wrong goes to stderr, for the host.
pub fn serve(kind: Kind) -> ExitCode {
    if let Err(error) = bind_self() {
        eprintln!("cannot set the limits of a compiling process: {error}");
        return ExitCode::FAILURE;
    }
    let mut wasm = Vec::new();
    let read = std::io::stdin().take(FILE_BYTES + 1).read_to_end(&mut wasm);
    if read.is_err() || wasm.len() as u64 > FILE_BYTES {
        eprintln!("the component did not arrive");
        return ExitCode::FAILURE;
    }
    let code = engine::bare(kind).and_then(|engine| engine.precompile_component(&wasm));
    let code = match code {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", super::loader::root(&error));
            return ExitCode::from(REFUSED);
        }
    };
    let mut stdout = std::io::stdout().lock();
    let length = (code.len() as u64).to_le_bytes();
    let written = [&MAGIC[..], &length, &code]
        .into_iter()
        .try_for_each(|part| stdout.write_all(part))
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => ExitCode::SUCCESS,
        // The host has gone or wants no more.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Limits before a byte of the component is read.
fn bind_self() -> rustix::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Where memory is short this process goes and not the host. Not everywhere may this be
    // said, and the limits hold without.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = nice(CHILD_NICENESS);
    let limit = |resource, most: u64| {
        let both = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, both)
    };
    // What is written counts and not what is set aside: allocators set much aside a thread.
    limit(Resource::Data, MEMORY_BYTES)?;
    // The first is a signal that says which limit it was, the second ends it in any case.
    let cpu = Rlimit {
        current: Some(CPU_SECONDS),
        maximum: Some(CPU_SECONDS + 2),
    };
    setrlimit(Resource::Cpu, cpu)?;
    // A dump of its memory would hold the component, and be as large as the limit.
    limit(Resource::Core, 0)?;
    // It writes to pipes only, and opens nothing of note.
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, OPEN_FILES)
}
