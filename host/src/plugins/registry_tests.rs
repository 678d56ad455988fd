//! Which files count as what.

use std::os::unix::fs::PermissionsExt;

use super::super::policy::testing::wasm;
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
    let (_, adapter) = ADAPTERS[2];
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
    let registry = Registry::load(&engine, &Cache::off(), dir.path()).unwrap();

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
            "is the name of a built-in adapter, and this is a policy",
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
        assert_eq!(registry.rejection(name), Some(reason));
    }
}

/// Listing does not compile a policy, and yet says of it what it says of itself.
#[test]
fn built_in_policies_are_listed_before_they_are_compiled() {
    let engine = PluginEngine::new().unwrap();
    let registry = Registry::load(&engine, &Cache::off(), Path::new("none")).unwrap();
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
