//! Which files count as what.

use std::os::unix::fs::PermissionsExt;

use super::super::builtin::POLICIES;
use super::super::policy::testing::{cache, wasm};
use super::*;

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name).with_extension("wasm");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    }
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    dir
}

#[test]
fn files_are_what_they_export() {
    let policy = wasm();
    let (_, adapter) = ADAPTERS[3];
    let core = [0, b'a', b's', b'm', 1, 0, 0, 0];
    let dir = folder(&[
        ("house-rules", &policy),
        ("vendor", adapter),
        ("rtsp", &policy),
        ("club-roles", &policy),
        ("cedar", b"whatever it is"),
        ("core", &core),
        ("empty", b""),
        ("cut", &policy[..policy.len() / 2]),
    ]);
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &cache(), &Trust::any(), dir.path()).unwrap();

    let policy = registry.policy("house-rules").unwrap();
    assert_eq!(policy.name(), "house-rules");
    assert!(registry.adapter("house-rules").is_none());
    assert!(registry.adapter("vendor").is_some() && registry.policy("vendor").is_none());
    assert_eq!(registry.adapter("rtsp").unwrap().origin(), &Origin::BuiltIn);

    let list = registry.list();
    let line = |name: &str, state| {
        let mut lines = list.iter();
        lines
            .find(|line| line.name == name && line.state == state)
            .unwrap()
    };
    let good = line("house-rules", PluginState::Active);
    assert_eq!((good.kind, good.built_in), ("policy", false));
    assert_eq!(good.version, policy.description().version);
    assert_eq!(line("vendor", PluginState::Active).kind, "adapter");
    for (name, kind, told) in [
        (
            "rtsp",
            "policy",
            "is the name of a built-in adapter, and this is no adapter",
        ),
        (
            "club-roles",
            "unknown",
            "never takes the place of the built-in policy",
        ),
        (
            "cedar",
            "unknown",
            "never takes the place of the built-in policy",
        ),
        ("core", "unknown", "a core module"),
        ("empty", "unknown", "not a WebAssembly component"),
        ("cut", "unknown", "not a WebAssembly component"),
    ] {
        let rejected = line(name, PluginState::Rejected);
        let reason = rejected.reason.as_deref().unwrap();
        assert!(reason.contains(told), "{name}: {reason}");
        assert_eq!(rejected.kind, kind, "{name}");
        assert_eq!(registry.rejection(name).as_deref(), Some(reason));
    }
}

/// Listing does not compile a policy, and yet says of it what it says of itself.
#[test]
fn built_in_policies_are_listed_before_they_are_compiled() {
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &cache(), &Trust::any(), Path::new("none")).unwrap();
    let line = |name: &str| {
        let mut lines = registry.list().into_iter();
        lines.find(|line| line.name == name).unwrap()
    };
    for (name, wasm) in POLICIES {
        let listed = line(name);
        assert_eq!((listed.kind, listed.state), ("policy", PluginState::Active));
        assert_eq!(listed.digest, digest_of(wasm));
        assert!(listed.built_in);
        assert_eq!(listed.memory_bytes, 0);
    }
    let listed = line("club-roles");
    let policy = registry.policy("club-roles").unwrap();
    assert_eq!(policy.description().version, listed.version);
    assert_eq!(policy.digest(), listed.digest);
    assert!(registry.policy("nobody").is_none());
    assert_eq!(registry.rejection("club-roles"), None);
}

/// A component with another digest: a custom section (component model, binary format) stands at
/// its end.
fn variant(wasm: &[u8], mark: &str) -> Vec<u8> {
    let name = format!("mark-{mark}");
    let (section, length) = (name.len() as u8 + 1, name.len() as u8);
    [wasm, &[0, section, length], name.as_bytes()].concat()
}

fn write(dir: &Path, name: &str, wasm: &[u8]) {
    let new = dir.join("new");
    std::fs::write(&new, wasm).unwrap();
    std::fs::set_permissions(&new, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::rename(&new, dir.join(name).with_extension("wasm")).unwrap();
}

/// States and reasons of a name's lines; an active one without its reason.
fn lines(registry: &Registry, name: &str) -> Vec<(PluginState, String)> {
    let list = registry.list().into_iter();
    let own = list.filter(|line| line.name == name);
    own.map(|line| (line.state, line.reason.unwrap_or_default()))
        .collect()
}

#[test]
fn files_come_change_and_go() {
    let (_, wasm) = ADAPTERS[3];
    let dir = folder(&[]);
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &cache(), &Trust::any(), dir.path()).unwrap();
    let changes = registry.changes();
    let digest = |name: &str| registry.adapter(name).unwrap().digest().to_owned();
    let own = digest("snapshot");
    assert_eq!(registry.refresh(), None);
    assert!(!changes.has_changed().unwrap(), "nothing is there");

    // It takes the place of a built-in one, changes, and gives it back.
    let (first, second) = (variant(wasm, "1"), variant(wasm, "2"));
    write(dir.path(), "snapshot", &first);
    assert_eq!(registry.refresh(), None);
    assert_eq!(digest("snapshot"), digest_of(&first));
    let told = registry.take_news();
    assert_eq!((told.len(), told[0].state), (1, PluginState::Active));
    write(dir.path(), "snapshot", &second);
    registry.refresh();
    assert_eq!(digest("snapshot"), digest_of(&second));
    let others = "http-video, mjpeg and this one";
    assert_eq!(registry.for_scheme("http").len(), 3, "{others}");

    // Written again as it is: no news.
    registry.take_news();
    write(dir.path(), "snapshot", &second);
    registry.refresh();
    assert!(registry.take_news().is_empty());

    std::fs::remove_file(dir.path().join("snapshot.wasm")).unwrap();
    registry.refresh();
    assert_eq!(digest("snapshot"), own);
    let told = registry.take_news();
    assert!(told.len() == 1 && told[0].built_in, "{told:?}");

    // A new name.
    write(dir.path(), "vendor", &first);
    registry.refresh();
    assert_eq!(registry.for_scheme("http").len(), 4);
    std::fs::remove_file(dir.path().join("vendor.wasm")).unwrap();
    registry.refresh();
    assert!(registry.adapter("vendor").is_none());
    assert_eq!(lines(&registry, "vendor"), []);
}

#[test]
fn what_does_not_load_waits_until_it_is_finished_and_leaves_the_old_in_force() {
    let (_, wasm) = ADAPTERS[3];
    let good = variant(wasm, "good");
    let dir = folder(&[("vendor", &good)]);
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &cache(), &Trust::any(), dir.path()).unwrap();
    write(dir.path(), "vendor", &wasm[..wasm.len() / 2]);
    let left = registry
        .refresh()
        .expect("somebody may still be writing it");
    assert!(left <= Duration::from_secs(2));
    assert_eq!(lines(&registry, "vendor").len(), 1, "nothing is said yet");
    std::thread::sleep(left + Duration::from_millis(20));
    assert_eq!(registry.refresh(), None);
    let told = lines(&registry, "vendor");
    assert_eq!(told[0].0, PluginState::Active);
    assert_eq!(told[1].0, PluginState::Rejected);
    assert!(
        told[1].1.contains("not a WebAssembly component"),
        "{told:?}"
    );
    assert_eq!(
        registry.adapter("vendor").unwrap().digest(),
        digest_of(&good)
    );
    // It is finished: no line is left of what it was.
    write(dir.path(), "vendor", &variant(wasm, "finished"));
    registry.refresh();
    assert_eq!(
        lines(&registry, "vendor"),
        [(PluginState::Active, String::new())]
    );
}

#[test]
fn a_version_that_fails_gives_way_to_the_one_before() {
    let (_, wasm) = ADAPTERS[3];
    let (old, new) = (variant(wasm, "old"), variant(wasm, "new"));
    let dir = folder(&[("vendor", &old)]);
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &cache(), &Trust::any(), dir.path()).unwrap();
    let digest = || registry.adapter("vendor").unwrap().digest().to_owned();
    write(dir.path(), "vendor", &new);
    registry.refresh();
    let failing = registry.adapter("vendor").unwrap();
    for _ in 0..4 {
        failing.accuse("panicked");
    }
    assert_eq!(digest(), digest_of(&new));
    failing.accuse("panicked");
    assert_eq!(digest(), digest_of(&old));
    assert_eq!(lines(&registry, "vendor")[1].0, PluginState::Quarantined);

    // Looking at the same file again changes nothing; an administrator does.
    registry.refresh();
    assert_eq!(digest(), digest_of(&old));
    assert_eq!(registry.release("vendor").unwrap(), [digest_of(&new)]);
    assert_eq!(digest(), digest_of(&new));
    assert!(registry.release("nobody").is_none());
    assert!(registry.release("rtsp").unwrap().is_empty());

    // The supervisor saw no picture of it.
    assert!(registry.fell_short(&failing, "it brought no picture for 10 s"));
    assert_eq!(digest(), digest_of(&old));
    assert!(!registry.fell_short(&failing, "again"));
    let reason = &lines(&registry, "vendor")[1].1;
    assert!(
        reason.contains("no picture") && reason.contains("hint"),
        "{reason}"
    );

    // A built-in one is the last to turn to: it only counts.
    let own = registry.adapter("rtsp").unwrap();
    for _ in 0..10 {
        own.accuse("panicked");
    }
    assert!(registry.adapter("rtsp").is_some());
}

#[test]
fn a_short_service_is_no_excuse() {
    let (_, wasm) = ADAPTERS[3];
    let dir = folder(&[("vendor", &variant(wasm, "one"))]);
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &cache(), &Trust::any(), dir.path()).unwrap();
    let adapter = registry.adapter("vendor").unwrap();
    let witness = adapter.witness();
    for _ in 0..5 {
        adapter.accuse("stumbled over one camera");
    }
    assert!(
        registry.adapter("vendor").is_none(),
        "it has not served for long"
    );
    drop(witness);
}
