//! Processes that do not do what they should, played by a shell.

use std::path::Path;

use super::super::builtin::ADAPTERS;
use super::super::policy::PolicyPlugin;
use super::super::policy::testing::wasm;
use super::*;

/// A compiler whose process is a line of shell.
fn shell(line: &str, wall: Duration) -> Compiler {
    Compiler::of(Way::Child {
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), line.to_owned()],
        wall,
    })
}

fn refused(line: &str) -> String {
    let compiler = shell(line, Duration::from_secs(20));
    let error = compiler.code(Kind::Adapter, b"component").unwrap_err();
    error.to_string()
}

#[test]
fn code_comes_after_mark_and_length() {
    let answer = "cat >/dev/null; printf 'PVCODE1\\n\\003\\0\\0\\0\\0\\0\\0\\0abc'";
    let code = shell(answer, Duration::from_secs(20)).code(Kind::Adapter, &vec![7; 1 << 20]);
    assert_eq!(code.unwrap(), b"abc");
    for other in [
        "true",
        "echo hello",
        "printf 'PVCODE1\\n\\004\\0\\0\\0\\0\\0\\0\\0abc'",
        "printf 'PVCODE1\\n\\002\\0\\0\\0\\0\\0\\0\\0abc'",
    ] {
        assert!(refused(other).contains("its answer is no code"), "{other}");
    }
    let told = refused("printf 'PVCODE1\\n\\0\\0\\0\\377\\0\\0\\0\\0abc'");
    assert_eq!(told, "compiling it makes more than 256 MiB of code");
}

#[test]
fn every_end_has_its_reason() {
    for (line, told) in [
        (
            "echo 'no component' >&2; exit 3",
            "host can load: no component",
        ),
        (
            "kill -XCPU $$",
            "compiling it took more than 360 s of processor time",
        ),
        (
            "echo 'memory allocation of 99 bytes failed' >&2; kill -ABRT $$",
            "compiling it took more than 2048 MiB of memory",
        ),
        ("kill -KILL $$", "compiling it was ended by the system"),
        (
            "echo oh >&2; exit 101",
            "brought down the compiler (exit status: 101): oh",
        ),
        ("kill -SEGV $$", "brought down the compiler (signal: 11"),
    ] {
        let found = refused(line);
        assert!(found.contains(told), "{line}: {found}");
    }
    let flood = refused("yes >&2 & sleep 0.2; kill $!; exit 9");
    assert!(flood.len() < 1000, "{flood}");
}

#[test]
fn a_process_that_waits_is_ended() {
    let began = Instant::now();
    let slow = shell("exec sleep 60", Duration::from_millis(100));
    let error = slow.code(Kind::Policy, b"").unwrap_err().to_string();
    assert_eq!(error, "compiling it took more than 0 s");
    let hurried = shell("exec sleep 60", WALL).until(Instant::now());
    let error = hurried.code(Kind::Policy, b"").unwrap_err();
    assert!(matches!(error, LoadError::Late));
    let stopped = shell("exec sleep 60", WALL);
    let other = stopped.clone();
    let ender = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        other.stop();
    });
    let error = stopped.code(Kind::Policy, b"").unwrap_err().to_string();
    assert_eq!(error, "compiling it was ended, since the host stops");
    ender.join().unwrap();
    assert!(
        stopped.code(Kind::Policy, b"").is_err(),
        "and nothing begins"
    );
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn nothing_of_the_host_is_in_it() {
    let told = refused("env | sort | tr '\\n' ' ' >&2; pwd >&2; exit 101");
    assert!(!told.contains("HOME=") && !told.contains("CARGO"), "{told}");
    let told =
        refused("ls -l /proc/$$/fd | wc -l >&2; cat /proc/$$/stat | cut -d' ' -f1,5 >&2; exit 101");
    let words: Vec<&str> = told.split_whitespace().rev().take(2).collect();
    assert_eq!(words[0], words[1], "a process group of its own: {told}");
}

#[test]
fn a_program_that_is_not_there_is_told_of() {
    let compiler = Compiler::of(Way::Child {
        program: PathBuf::from("/not/there"),
        arguments: Vec::new(),
        wall: WALL,
    });
    let told = compiler.code(Kind::Adapter, b"").unwrap_err().to_string();
    assert!(
        told.starts_with("compiling it failed: the process"),
        "{told}"
    );
}

#[test]
fn files_are_kept_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = PluginEngine::new().unwrap();
    let cache = Cache::open(&dir.path().join("cache"));
    let file = Origin::File(Path::new("a.wasm").to_owned());
    let wasm = wasm();
    PolicyPlugin::load(&engine, &cache, "a", file.clone(), &wasm).unwrap();
    // Nothing can be compiled any more, and nothing has to be.
    cache.compiler().stop();
    PolicyPlugin::load(&engine, &cache, "b", file, &wasm).unwrap();
    assert_eq!(
        std::fs::read_dir(dir.path().join("cache")).unwrap().count(),
        1
    );
    let core = &ADAPTERS[0].1[..9];
    let error = Compiler::within().code(Kind::Adapter, core).unwrap_err();
    assert!(matches!(error, LoadError::Component(_)));
}
